/**
 * A program for a worker: takes a queue pair over, runs a verified load through it, and hands it back.
 */
import type { IdentifyNamespace } from '@phasebit/nvme-spec';
import { adoptQueuePair, DriverError, Namespace, type QueuePairDescription } from '@phasebit/nvme';
import { type DmaRange, type LinkDescription, type MemoryOrder, reopenLink } from '@phasebit/pcie';
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { VerifiedLoad } from './verified-load.js';

/** What the worker is started with. All of its memory is shared. */
export interface PairThreadStart {
  readonly link: LinkDescription;
  readonly pair: QueuePairDescription;
  readonly identify: IdentifyNamespace;
  readonly transferBytesMax: number;
  /** memory that only this thread allocates from */
  readonly range: DmaRange;
  readonly memoryOrder: MemoryOrder;
  readonly depth: number;
  readonly blocks: number;
  readonly ios: number;
}

/** What the worker says when it ends. */
export interface PairThreadEnd {
  readonly pair: QueuePairDescription;
  readonly completed: number;
  readonly failures: readonly number[];
  readonly refusals: readonly number[];
  readonly surplus: number;
  readonly spurious: number;
  readonly doorbellWrites: number;
  /** what came of a poll after the pair was handed back */
  readonly afterwards: string;
}

const {
  blocks,
  depth,
  identify,
  ios,
  link,
  memoryOrder,
  pair: description,
  range,
  transferBytesMax,
} = workerData as PairThreadStart;
const clock = { nowNs: () => performance.now() * 1e6 };
const fn = reopenLink(link, { clock, pause: () => nextTurn(), memoryOrder, ranges: [range] });
const pair = adoptQueuePair(fn, description);
const namespace = new Namespace(1, identify, '', transferBytesMax);
const load = new VerifiedLoad({
  target: {
    read: (address, lba, count, callback, context) => pair.read(namespace, address, lba, count, 0, callback, context),
    write: (address, lba, count, callback, context) => pair.write(namespace, address, lba, count, 0, callback, context),
  },
  dma: fn.dma,
  data: fn.dma.allocate(depth * 4096),
  depth,
  blocks,
  seed: 17,
});
load.start(ios);
while (!load.isIdle) pair.poll();
load.startReadBack();
while (!load.isIdle) pair.poll();
const { spurious } = pair.statistics;
const back = pair.release();
let afterwards = 'polled';
try {
  pair.poll();
} catch (error) {
  afterwards = error instanceof DriverError ? error.code : String(error);
}
const { completed, failures, refusals, surplus } = load;
const doorbellWrites = fn.counters.sqDoorbellWrites + fn.counters.cqDoorbellWrites;
const end: PairThreadEnd = { pair: back, completed, failures, refusals, surplus, spurious, doorbellWrites, afterwards };
parentPort!.postMessage(end);
