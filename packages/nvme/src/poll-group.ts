/**
 * Hot path: allocates only in the constructor.
 */
import { assert } from '@phasebit/core';
import { GroupWait, type GroupWaitOptions } from './group-wait.js';
import { addStatistics, type QueuePairStatistics } from './queue-pair-statistics.js';
import type { QueuePair } from './queue-pair.js';
import {
  type CompletionMode,
  type PollGroupOptions,
  type PollGroupSettings,
  settlePollGroupOptions,
} from './poll-group-options.js';

/**
 * Queue pairs, of one controller or of several, that one thread polls together, or waits for together.
 *
 * G1. Each poll begins with another pair than the one before, so that none is always the last.
 * G2. A pair that was disconnected leaves the group and is reported, once.
 */
export class PollGroup {
  /** the choices this group was made with */
  readonly settings: PollGroupSettings;
  private readonly onDisconnected: (pair: QueuePair) => void;
  private readonly members: QueuePair[] = [];
  private readonly waiter: GroupWait;
  private first = 0;
  private isPolling = false;
  private lost = 0;

  constructor(options: PollGroupOptions) {
    this.settings = settlePollGroupOptions(options);
    this.onDisconnected = options.onDisconnected ?? (() => undefined);
    this.waiter = new GroupWait(this, options.clock, this.settings);
  }

  /** How completions are waited for. */
  get mode(): CompletionMode {
    return this.settings.mode;
  }

  /** The queue pairs in the group. */
  get pairs(): readonly QueuePair[] {
    return this.members;
  }

  /** The statistics of all queue pairs in the group, added up. */
  get statistics(): QueuePairStatistics {
    return addStatistics(this.members.map(statisticsOf));
  }

  /**
   * Adds a queue pair. Not from a callback of a pair of the group.
   *
   * @throws RangeError when it is there already, or has no interrupt vector in a group that waits for interrupts
   */
  add(pair: QueuePair): void {
    assert(!this.isPolling, 'a group changes between polls');
    if (this.members.includes(pair)) failAdd(pair.qid, 'that is not in the group yet');
    if (this.settings.mode !== 'poll' && pair.settings.interruptVector === undefined) {
      failAdd(pair.qid, 'with an interruptVector');
    }
    this.members.push(pair);
    this.waiter.added(pair);
  }

  /** Takes a queue pair out. Gives whether it was in. Not from a callback of a pair of the group. */
  remove(pair: QueuePair): boolean {
    assert(!this.isPolling, 'a group changes between polls');
    const at = this.members.indexOf(pair);
    if (at < 0) return false;
    this.members.splice(at, 1);
    this.waiter.removed(pair);
    return true;
  }

  /**
   * Polls every queue pair once.
   *
   * @param maxPerPair - most completions to take from each, 1 and up; default as each pair was made
   * @returns the number of completions taken
   */
  poll(maxPerPair = 0): number {
    assert(!this.isPolling, 'a callback must not poll the group of its queue pair');
    const { members } = this;
    const count = members.length;
    if (count === 0) return 0;
    const first = this.first < count ? this.first : 0;
    this.first = first + 1; // G1
    let found = 0;
    this.isPolling = true;
    // eslint-disable-next-line no-restricted-syntax -- a callback may throw
    try {
      for (let i = 0; i < count; i++) {
        const at = first + i;
        const pair = members[at < count ? at : at - count];
        const taken = maxPerPair === 0 ? pair.poll() : pair.pollAtMost(maxPerPair);
        found += taken;
        if (taken === 0 && !pair.connected) this.lost++;
      }
    } finally {
      this.isPolling = false;
    }
    if (this.lost !== 0) this.reportLost();
    return found;
  }

  /**
   * Polls until something completes, in the way of the group's mode, without holding up the event loop. It keeps the process alive while
   * commands are outstanding. A controller that is lost meanwhile is noticed by its `tick`, and its pairs leave: a caller without a deadline
   * has a timer call that.
   *
   * @returns the number of completions taken; 0 when the deadline came first, or the group is empty
   * @throws DriverError ABORTED when it is given up, with the signal's reason as cause
   */
  wait(options: GroupWaitOptions = {}): Promise<number> {
    return this.waiter.wait(options);
  }

  /** G2 */
  private reportLost(): void {
    this.lost = 0;
    for (let i = this.members.length - 1; i >= 0; i--) {
      const pair = this.members[i];
      if (pair.connected) continue;
      this.remove(pair);
      this.onDisconnected(pair);
    }
  }
}

function statisticsOf(pair: QueuePair): QueuePairStatistics {
  return pair.statistics;
}

function failAdd(qid: number, expected: string): never {
  throw new RangeError(`pair: expected one ${expected}, got queue pair ${qid}`);
}
