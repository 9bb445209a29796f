import { type PcieFunction, WAIT_SLICE_MS } from '@phasebit/pcie';
import type { QueuePair } from './queue-pair.js';

/** A vector that queue pairs of a group use. */
interface UsedVector {
  readonly fn: PcieFunction;
  readonly vector: number;
  /** queue pairs that use it */
  users: number;
  /** a wait that has not ended, and what it was told to have seen */
  pending: Promise<void> | undefined;
  pendingSeen: number;
  /** no message comes any more: the function was closed, or its device is lost */
  isOver: boolean;
}

/**
 * The MSI-X vectors of a group of queue pairs, waited for together. At most one wait is open for each of them: the wait for all ends with the
 * first, and the others are taken up again by the next.
 */
export class VectorSet {
  private readonly used: UsedVector[] = [];

  /** A queue pair with a vector joins. @param isMasked - what becomes of its vector, if nobody here used it yet */
  add(pair: QueuePair, isMasked: boolean): void {
    const fn = pair.function;
    const vector = pair.settings.interruptVector!;
    const known = this.find(fn, vector);
    if (known !== undefined) {
      known.users++;
      return;
    }
    this.used.push({ fn, vector, users: 1, pending: undefined, pendingSeen: 0, isOver: false });
    if (isMasked) fn.vectors.setMasked(vector, true);
  }

  /** A queue pair leaves; the vector that nobody here uses any more is not masked then. */
  remove(pair: QueuePair): void {
    const vector = pair.settings.interruptVector;
    const known = vector === undefined ? undefined : this.find(pair.function, vector);
    if (known === undefined || --known.users !== 0) return;
    this.used.splice(this.used.indexOf(known), 1);
    known.fn.vectors.setMasked(known.vector, false);
  }

  /** Masks all vectors, or none. */
  setMasked(isMasked: boolean): void {
    for (const { fn, vector } of this.used) fn.vectors.setMasked(vector, isMasked);
  }

  /** Messages received on each vector: to be taken before the poll that decides whether to wait. */
  messages(): number[] {
    return this.used.map(({ fn, vector }) => fn.vectors.received(vector));
  }

  /**
   * Waits for a message on any vector since `seen`. It may end early without one.
   *
   * @param seen - what {@link VectorSet.messages} gave
   * @param leftMs - milliseconds that the caller has left, or undefined to wait as long as it takes; with it the wait ends after a short
   *   while at the latest, so that the caller can look around
   * @param isBusy - whether commands are outstanding: the process is kept alive for them
   */
  async wait(seen: readonly number[], leftMs: number | undefined, isBusy: boolean): Promise<void> {
    const timeoutMs = leftMs === undefined ? undefined : Math.min(leftMs, WAIT_SLICE_MS);
    const { used } = this;
    if (used.length !== seen.length) return;
    const polled = used.filter((each) => this.isPolled(each));
    if (polled.length > 0) {
      for (const { fn } of polled) await fn.pause();
      return;
    }
    const release = isBusy ? this.keepAlive() : undefined;
    try {
      await Promise.race(used.map((each, i) => this.waitOne(each, seen[i], timeoutMs)));
    } finally {
      release?.();
    }
  }

  /**
   * A wait for a device that is stepped takes every turn there is, and cannot be left open beside another. A device that is lost sends
   * nothing: turns pass until its controller's tick has noticed, and its queue pairs leave.
   */
  private isPolled({ fn, isOver }: UsedVector): boolean {
    return isOver || (this.used.length > 1 && fn.memoryOrder === 'same-thread');
  }

  /** Any function that can keeps the process alive for all. */
  private keepAlive(): (() => void) | undefined {
    return this.used.find(({ fn }) => fn.vectors.keepAlive !== undefined)?.fn.vectors.keepAlive?.();
  }

  private waitOne(each: UsedVector, seen: number, timeoutMs: number | undefined): Promise<void> {
    const isOpen = each.pending !== undefined && each.pendingSeen === seen;
    if (each.pending !== undefined && isOpen) return each.pending;
    const pending = each.fn.vectors
      .wait(each.vector, seen, { timeoutMs })
      .catch(() => (each.isOver = true))
      .then(() => {
        if (each.pending === pending) each.pending = undefined;
      });
    each.pending = pending;
    each.pendingSeen = seen;
    return pending;
  }

  private find(fn: PcieFunction, vector: number): UsedVector | undefined {
    return this.used.find((each) => each.fn === fn && each.vector === vector);
  }
}
