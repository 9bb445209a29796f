import type { PcieFunction } from '@phasebit/pcie';
import { REQUESTS_MAX, RING_ENTRIES_MAX, RING_ENTRIES_MIN, TRACKERS_MAX } from './limits.js';

/** The memory and the place of one queue pair. */
export interface QueuePairPlace {
  /** queue identifier */
  readonly qid: number;
  /** the function whose doorbells and memory they are */
  readonly function: PcieFunction;
  /** host address of the submission ring, contiguous on the bus and zeroed */
  readonly sqAddress: number;
  /** host address of the completion ring, contiguous on the bus and zeroed */
  readonly cqAddress: number;
  /** most bytes of one command */
  readonly transferBytesMax: number;
}

/** The choices of one queue pair. Each of the four tricks of the fast path can be turned off, to see what it is worth. */
export interface QueuePairOptions {
  /** entries of both rings, 2 to CAP.MQES + 1; default 256, or MQES + 1 if that is less */
  readonly entries?: number;
  /** requests: commands in flight, waiting and split, together; default twice the entries */
  readonly requests?: number;
  /**
   * When the submission tail doorbell is written: after each command, or once for all that was submitted since the last poll.
   * With `poll`, a command without a later poll never reaches the device. Default `poll`.
   */
  readonly sqDoorbell?: 'command' | 'poll';
  /**
   * When the completion head doorbell is written: after each poll that found something, or once half of the ring was consumed, which is
   * always before the device could run out of entries. Default `half`.
   */
  readonly cqDoorbell?: 'poll' | 'half';
  /** Where the callback waits for its completion: beside the tracker, so that the request need not be loaded, or in the request. Default `tracker`. */
  readonly callbackIn?: 'tracker' | 'request';
  /** Load the next completion entry before the callback of this one runs. Default true. */
  readonly lookAhead?: boolean;
  /** Most completions that one poll takes; default all there are. */
  readonly completionsPerPollMax?: number;
}

/** {@link QueuePairOptions} with every choice made. */
export type QueuePairSettings = Required<QueuePairOptions>;

/**
 * Makes every choice and checks it.
 *
 * @param entriesMax - CAP.MQES + 1
 * @throws RangeError saying which option was expected to be what
 */
export function settleQueuePairOptions(options: QueuePairOptions, entriesMax: number): QueuePairSettings {
  const entries = options.entries ?? Math.min(256, entriesMax);
  const limit = Math.min(entriesMax, RING_ENTRIES_MAX);
  check('entries', entries, RING_ENTRIES_MIN, limit, limit === entriesMax ? ' (CAP.MQES + 1)' : '');
  const requests = options.requests ?? Math.min(REQUESTS_MAX, entries * 2);
  check('requests', requests, 1, REQUESTS_MAX, '');
  const completionsPerPollMax = options.completionsPerPollMax ?? RING_ENTRIES_MAX;
  check('completionsPerPollMax', completionsPerPollMax, 1, RING_ENTRIES_MAX, '');
  return {
    entries,
    requests,
    sqDoorbell: options.sqDoorbell ?? 'poll',
    cqDoorbell: options.cqDoorbell ?? 'half',
    callbackIn: options.callbackIn ?? 'tracker',
    lookAhead: options.lookAhead ?? true,
    completionsPerPollMax,
  };
}

/**
 * Trackers of a queue pair: one less than the ring has entries, so that neither ring can overflow whatever the device does: a submission
 * entry is free again before its command completes, and the device owes at most this many completions.
 */
export function trackersOf(settings: QueuePairSettings): number {
  return Math.min(settings.entries - 1, settings.requests, TRACKERS_MAX);
}

function check(name: string, value: number, from: number, to: number, why: string): void {
  if (!(Number.isInteger(value) && value >= from && value <= to)) {
    throw new RangeError(`${name}: expected ${from} to ${to}${why}, got ${value}`);
  }
}
