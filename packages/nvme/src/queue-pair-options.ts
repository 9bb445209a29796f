import {
  QUEUE_PRIORITY_HIGH,
  QUEUE_PRIORITY_LOW,
  QUEUE_PRIORITY_MEDIUM,
  QUEUE_PRIORITY_URGENT,
} from '@phasebit/nvme-spec';
import { PAGE_BYTES, type PcieFunction } from '@phasebit/pcie';
import { oneOf } from './choice.js';
import { REQUESTS_MAX, RING_ENTRIES_MAX, RING_ENTRIES_MIN, TRACKERS_MAX } from './limits.js';
import type { PayloadChoice } from './pointer-rules.js';
import { RETRIES_MAX_DEFAULT, RETRIES_MAX_LIMIT, type RetryDelays } from './retry-policy.js';

/** Host addresses of rings that the caller has set aside. */
export interface RingMemory {
  /** submission ring: entries x 64 bytes, page-aligned, contiguous on the bus; its content is overwritten */
  readonly sqAddress: number;
  /** completion ring: entries x 16 bytes, likewise */
  readonly cqAddress: number;
}

/** Priority class of a submission queue. Only weighted round robin arbitration looks at it. [Base] 3.4.4 */
export type QueuePriority = 'urgent' | 'high' | 'medium' | 'low';

/** The value of QPRIO for each class. */
export const QUEUE_PRIORITIES: Readonly<Record<QueuePriority, number>> = {
  urgent: QUEUE_PRIORITY_URGENT,
  high: QUEUE_PRIORITY_HIGH,
  medium: QUEUE_PRIORITY_MEDIUM,
  low: QUEUE_PRIORITY_LOW,
};

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
  /** whether the rings are the caller's, who frees them; default false */
  readonly ringsAreGiven?: boolean;
  /** host address of the memory for lists, of a queue pair that comes from another thread; default is to set it aside */
  readonly listAddress?: number;
  /** host address of the word that says that its queues are gone, of a queue pair that comes from another thread */
  readonly lossAddress?: number;
  /** SGLS of Identify Controller: which SGLs the controller takes; default 0, none */
  readonly sgls?: number;
  /** what CRD 1, 2 and 3 stand for, in the queue pair's ticks; default no delay. CRDT1 to CRDT3 are in units of 100 ms */
  readonly retryDelaysTicks?: RetryDelays;
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
  /** How payloads are described: see {@link PayloadChoice}. Default `auto`. Admin commands always have PRPs. */
  readonly payload?: PayloadChoice;
  /** Elements of a scattered payload that follow each other on the bus share an SGL descriptor. Default true. */
  readonly sglMerge?: boolean;
  /** Most completions that one poll takes; default all there are. */
  readonly completionsPerPollMax?: number;
  /** How often a command is sent again by the rule of `isRetryStatus`, 0 to 255; default 4. */
  readonly retriesMax?: number;
  /** Priority class; anything but `urgent`, the default, needs a controller that was brought up with weighted round robin. */
  readonly priority?: QueuePriority;
  /** MSI-X vector that tells of completions; default none, completions are polled for. */
  readonly interruptVector?: number;
  /** Rings that the caller has set aside, and frees after the queue pair is deleted; default is to set them aside. */
  readonly ringMemory?: RingMemory;
}

/** {@link QueuePairOptions} with every choice made: no vector and no memory are choices too. */
export type QueuePairSettings = Required<Omit<QueuePairOptions, 'interruptVector' | 'ringMemory'>> &
  Pick<QueuePairOptions, 'interruptVector' | 'ringMemory'>;

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
  const retriesMax = options.retriesMax ?? RETRIES_MAX_DEFAULT;
  check('retriesMax', retriesMax, 0, RETRIES_MAX_LIMIT, '');
  const priority = options.priority ?? 'urgent';
  oneOf<string>('priority', priority, Object.keys(QUEUE_PRIORITIES));
  const { interruptVector, ringMemory } = options;
  if (interruptVector !== undefined) check('interruptVector', interruptVector, 0, 0xffff, '');
  if (ringMemory !== undefined) checkRingMemory(ringMemory);
  return {
    entries,
    requests,
    sqDoorbell: oneOf('sqDoorbell', options.sqDoorbell ?? 'poll', ['poll', 'command']),
    cqDoorbell: oneOf('cqDoorbell', options.cqDoorbell ?? 'half', ['half', 'poll']),
    callbackIn: oneOf('callbackIn', options.callbackIn ?? 'tracker', ['tracker', 'request']),
    lookAhead: options.lookAhead ?? true,
    payload: oneOf('payload', options.payload ?? 'auto', ['auto', 'prp', 'sgl']),
    sglMerge: options.sglMerge ?? true,
    completionsPerPollMax,
    retriesMax,
    priority,
    ...(interruptVector === undefined ? {} : { interruptVector }),
    ...(ringMemory === undefined ? {} : { ringMemory }),
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

function checkRingMemory(memory: RingMemory): void {
  for (const [name, address] of Object.entries(memory)) {
    if (!(Number.isSafeInteger(address) && address > 0 && address % PAGE_BYTES === 0)) {
      throw new RangeError(`ringMemory.${name}: expected a multiple of ${PAGE_BYTES}, got ${address}`);
    }
  }
}
