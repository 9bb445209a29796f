/**
 * Hot path: allocates only in the constructor.
 */
import { assert } from '@phasebit/core';

/** Outcome of a request that is parked to be sent again, instead of a status to complete with. */
export const SEND_AGAIN = -1;

/**
 * Requests that are neither in the ring nor in the software queue: they are due at a tick, to be sent again or to complete with a status.
 * Their number is small or nought; walking all of them is fine.
 */
export class ParkedRequests {
  private readonly requests: Int32Array;
  private readonly dueTicks: Int32Array;
  private readonly outcomes: Int32Array;
  private readonly results: Int32Array;
  private count = 0;

  /** @param capacity - number of requests that there are */
  constructor(capacity: number) {
    this.requests = new Int32Array(capacity);
    this.dueTicks = new Int32Array(capacity);
    this.outcomes = new Int32Array(capacity);
    this.results = new Int32Array(capacity);
  }

  /** How many are parked. */
  get length(): number {
    return this.count;
  }

  /**
   * Parks a request.
   *
   * @param dueTick - 32 bits, compared modulo 2^32
   * @param outcome - a status of 15 bits, or {@link SEND_AGAIN}
   * @param dw0 - completion dword 0 to complete with
   */
  park(request: number, dueTick: number, outcome: number, dw0: number): void {
    assert(this.count < this.requests.length, 'a request is parked once');
    this.requests[this.count++] = request;
    this.dueTicks[request] = dueTick;
    this.outcomes[request] = outcome;
    this.results[request] = dw0;
  }

  /** Takes the one parked first of those that are due and to be sent again, or gives -1. */
  takeToSend(tickNow: number): number {
    return this.takeDue(tickNow, true);
  }

  /** Takes the one parked first of those that are due and to complete, or gives -1. */
  takeToComplete(tickNow: number): number {
    return this.takeDue(tickNow, false);
  }

  /** Takes the one parked first, whatever it is parked for, or gives -1. */
  takeAny(): number {
    return this.count === 0 ? -1 : this.removeAt(0);
  }

  /** The request parked `position` places after the first. */
  at(position: number): number {
    return this.requests[position];
  }

  /** What a request that is, or was just, parked is to complete with, or {@link SEND_AGAIN}. */
  outcomeOf(request: number): number {
    return this.outcomes[request];
  }

  /** Completion dword 0 of a request that is, or was just, parked. */
  resultOf(request: number): number {
    return this.results[request];
  }

  /** Whether the time of a parked request has come. */
  isDue(request: number, tickNow: number): boolean {
    return ((tickNow - this.dueTicks[request]) | 0) >= 0;
  }

  /** Has a parked request complete with `status` at once. */
  settle(request: number, status: number, tickNow: number): void {
    this.outcomes[request] = status;
    this.results[request] = 0;
    this.dueTicks[request] = tickNow;
  }

  private takeDue(tickNow: number, isToBeSent: boolean): number {
    for (let i = 0; i < this.count; i++) {
      const request = this.requests[i];
      const isSent = this.outcomes[request] === SEND_AGAIN;
      if (isSent === isToBeSent && this.isDue(request, tickNow)) return this.removeAt(i);
    }
    return -1;
  }

  private removeAt(position: number): number {
    const request = this.requests[position];
    this.requests.copyWithin(position, position + 1, this.count);
    this.count--;
    return request;
  }
}
