import type { Clock, WaitOptions } from '@phasebit/core';
import type { PcieFunction } from '@phasebit/pcie';
import { DriverError } from './errors.js';
import type { PollGroupSettings } from './poll-group-options.js';
import type { QueuePair } from './queue-pair.js';
import { VectorSet } from './vector-set.js';

/** How long a poll group waits. */
export interface GroupWaitOptions extends WaitOptions {
  /** most completions to take from each queue pair, 1 and up; default as each pair was made */
  readonly maxPerPair?: number;
}

/** What is waited for. */
export interface Pollable {
  /** the queue pairs that are polled */
  readonly pairs: readonly QueuePair[];
  /** Polls each of them once. Gives the number of completions taken. */
  poll(maxPerPair?: number): number;
}

/**
 * Waiting for completions of a poll group, in one of three modes.
 *
 * W1. Messages are counted before the poll that finds nothing, so that one which comes between that poll and the wait ends the wait.
 * W2. In mode `adaptive` the vectors are masked but while a message is waited for, and the poll that W1 speaks of comes after the mask
 *     has gone: what was held back by the mask is a message then, or was found by the poll.
 */
export class GroupWait {
  private readonly group: Pollable;
  private readonly clock: Clock;
  private readonly settings: PollGroupSettings;
  private readonly vectors = new VectorSet();
  private idlePolls = 0;

  constructor(group: Pollable, clock: Clock, settings: PollGroupSettings) {
    this.group = group;
    this.clock = clock;
    this.settings = settings;
  }

  /** A queue pair has joined the group. */
  added(pair: QueuePair): void {
    if (this.settings.mode === 'poll') return;
    this.vectors.add(pair, this.settings.mode === 'adaptive');
  }

  /** A queue pair has left the group. */
  removed(pair: QueuePair): void {
    this.vectors.remove(pair);
  }

  /** Polls until something completes, the deadline comes, or the group is empty. */
  async wait(options: GroupWaitOptions): Promise<number> {
    const { deadlineMs = Infinity, maxPerPair, signal } = options;
    const untilNs = this.clock.nowNs() + deadlineMs * 1e6;
    for (;;) {
      if (signal?.aborted === true) throw new DriverError('ABORTED', {}, { cause: signal.reason });
      const seen = this.vectors.messages();
      const found = this.group.poll(maxPerPair);
      if (found !== 0) this.idlePolls = 0;
      else this.idlePolls++;
      const leftMs = (untilNs - this.clock.nowNs()) / 1e6;
      if (found !== 0 || leftMs <= 0 || this.group.pairs.length === 0) return found;
      const isBounded = signal !== undefined || deadlineMs !== Infinity;
      if (this.settings.mode === 'interrupt') await this.message(seen, isBounded ? leftMs : undefined);
      else if (this.mustPoll()) await this.pause();
      else {
        const late = await this.sleep(maxPerPair, isBounded ? leftMs : undefined);
        if (late !== 0) return late;
      }
    }
  }

  /** Waits for a message. A process in which nothing else happens stays alive for it while commands are outstanding, and ends otherwise. */
  private message(seen: readonly number[], leftMs: number | undefined): Promise<void> {
    const isBusy = this.group.pairs.some((pair) => pair.outstanding > 0);
    return this.vectors.wait(seen, leftMs, isBusy);
  }

  private mustPoll(): boolean {
    return this.settings.mode === 'poll' || this.idlePolls < this.settings.idlePollsMax;
  }

  /** Takes the masks away for as long as a message is waited for. Gives what the last poll before the wait took. W2 */
  private async sleep(maxPerPair: number | undefined, leftMs: number | undefined): Promise<number> {
    this.vectors.setMasked(false);
    try {
      const seen = this.vectors.messages();
      const found = this.group.poll(maxPerPair);
      if (found === 0) await this.message(seen, leftMs);
      return found;
    } finally {
      this.vectors.setMasked(true);
      this.idlePolls = 0;
    }
  }

  /** Every function gets its moment: each steps a device of its own, where devices are stepped. */
  private async pause(): Promise<void> {
    const functions = new Set<PcieFunction>(this.group.pairs.map((pair) => pair.function));
    for (const fn of functions) await fn.pause();
  }
}
