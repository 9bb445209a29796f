import type { WaitOptions } from '@phasebit/core';
import { describeNvmOpcode, describeStatus } from '@phasebit/nvme-spec';
import type { DmaAllocateOptions, DmaSpace } from '@phasebit/pcie';
import type { CompletionCallback } from '../completion.js';
import { Deadline } from '../deadline.js';
import { DriverError, type DriverErrorFacts } from '../errors.js';
import type { Surroundings } from '../events/surroundings.js';
import type { QueuePair } from '../queue-pair.js';
import { SUBMIT_ACCEPTED, SUBMIT_AGAIN, SUBMIT_NEVER } from '../submit-result.js';

/** What a promise pair is made of. */
export interface PromisePairParts extends Surroundings {
  readonly dma: DmaSpace;
  /** milliseconds that a command may take unless its caller says otherwise */
  readonly deadlineMs: number;
  createPair(): Promise<QueuePair>;
  deletePair(pair: QueuePair): Promise<void>;
}

/** A command that was sent and has come back. */
export interface Outcome {
  /** 15 bits, 0 is success */
  readonly status: number;
  /** completion dword 0 */
  readonly dw0: number;
}

/** Sends one command. @returns one of the SUBMIT answers */
export type Submission = (pair: QueuePair, callback: CompletionCallback) => number;

/**
 * The queue pair behind all namespace handles of a controller: made for the first, deleted after the last. Whoever waits for a command polls
 * it, for all the others too, and gives the controller its ticks, so that neither a loop nor a timer is needed.
 */
export class PromisePair {
  private users = 0;
  private pair: QueuePair | undefined;
  private creation: Promise<QueuePair> | undefined;
  /** pieces of memory that commands have */
  private held = 0;
  /** calls that have not returned */
  private calls = 0;

  constructor(private readonly parts: PromisePairParts) {}

  /** where bounce buffers come from */
  get dma(): DmaSpace {
    return this.parts.dma;
  }

  /** One user more. @throws DriverError when there is no queue pair to be had */
  async acquire(): Promise<void> {
    this.users++;
    try {
      await this.open();
    } catch (error) {
      this.users--;
      throw error;
    }
  }

  /** One user less; with the last one the queue pair is deleted, once no call goes on and no reset either. */
  async release(): Promise<void> {
    while (this.users === 1 && this.calls > 0) await this.pause();
    if (--this.users > 0) return;
    const { pair } = this;
    this.pair = undefined;
    const deadline = this.deadline({});
    while (pair !== undefined && !this.parts.isOver()) {
      try {
        await this.parts.deletePair(pair);
        return;
      } catch (error) {
        if (!(error instanceof DriverError && error.code === 'NOT_READY')) throw error;
      }
      await this.turn(deadline, { waitedFor: 'a reset' });
    }
  }

  /** Counts a call of a user, from its first command to its last. */
  async during<T>(call: () => Promise<T>): Promise<T> {
    this.calls++;
    try {
      return await call();
    } finally {
      this.calls--;
    }
  }

  /**
   * Sets memory aside for a command. When there is none, it waits for that of other commands.
   *
   * @throws RangeError when there is none and nobody will give any back
   */
  async allocate(bytes: number, wait: WaitOptions, options: DmaAllocateOptions = {}): Promise<number> {
    const deadline = this.deadline(wait);
    for (;;) {
      try {
        const address = this.parts.dma.allocate(bytes, options);
        this.held++;
        return address;
      } catch (error) {
        if (!(error instanceof RangeError) || this.held === 0) throw error;
      }
      await this.turn(deadline, { waitedFor: `${bytes} bytes of DMA memory` });
      this.poll();
    }
  }

  /** Gives back what {@link PromisePair.allocate} gave. */
  free(address: number): void {
    this.held--;
    this.parts.dma.free(address);
  }

  /**
   * Sends a command and waits until it has come back, whatever the status.
   *
   * @param opcode - NVM_*, for the errors
   * @param facts - more for the errors
   * @param onDone - called once when the device no longer uses the command's memory, also when nobody waits any more
   * @throws DriverError NOT_SUPPORTED with the reason for which the command was refused, NOT_READY, COMMAND_TIMEOUT or ABORTED
   */
  async run(
    opcode: number,
    facts: DriverErrorFacts,
    submit: Submission,
    wait: WaitOptions,
    onDone: () => void = () => undefined,
  ): Promise<Outcome> {
    const deadline = this.deadline(wait);
    const box: { outcome: Outcome | undefined } = { outcome: undefined };
    const callback: CompletionCallback = (_, status, dw0) => {
      onDone();
      box.outcome = { status, dw0: dw0 >>> 0 };
    };
    const named = { opcode: describeNvmOpcode(opcode), ...facts };
    try {
      await this.submit(submit, callback, deadline, named);
    } catch (error) {
      onDone();
      throw error;
    }
    for (;;) {
      this.poll();
      if (box.outcome !== undefined) return box.outcome;
      await this.turn(deadline, named);
    }
  }

  private async submit(
    submit: Submission,
    callback: CompletionCallback,
    deadline: Deadline,
    facts: DriverErrorFacts,
  ): Promise<void> {
    for (;;) {
      const pair = await this.open();
      const answer = submit(pair, callback);
      if (answer === SUBMIT_ACCEPTED) return;
      if (answer === SUBMIT_NEVER) throw new DriverError('NOT_SUPPORTED', { ...facts, reason: pair.lastRefusal });
      if (answer !== SUBMIT_AGAIN) throw new DriverError('NOT_READY', facts);
      await this.turn(deadline, facts);
      this.poll();
    }
  }

  /** The queue pair: a new one when the last was lost. */
  private async open(): Promise<QueuePair> {
    if (this.pair?.connected === true) return this.pair;
    if (this.users === 0) throw new DriverError('NOT_READY', { expected: 'an open namespace' });
    this.creation ??= this.parts.createPair();
    try {
      this.pair = await this.creation;
      return this.pair;
    } finally {
      this.creation = undefined;
    }
  }

  private poll(): void {
    if (this.pair?.connected === true) this.pair.poll();
  }

  private async turn(deadline: Deadline, facts: DriverErrorFacts): Promise<void> {
    deadline.check(() => new DriverError('COMMAND_TIMEOUT', { ...facts, deadlineMs: deadline.deadlineMs }));
    await this.pause();
  }

  private async pause(): Promise<void> {
    await this.parts.pause();
    this.parts.tick();
  }

  private deadline(wait: WaitOptions): Deadline {
    return new Deadline(this.parts.clock, wait.deadlineMs ?? this.parts.deadlineMs, wait.signal);
  }
}

/** @throws DriverError COMMAND_FAILED unless the status is success */
export function demandOutcome(opcode: number, facts: DriverErrorFacts, { status }: Outcome): void {
  if (status === 0) return;
  throw new DriverError('COMMAND_FAILED', {
    opcode: describeNvmOpcode(opcode),
    ...facts,
    status: describeStatus(status),
    statusCode: status,
  });
}
