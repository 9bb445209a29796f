/**
 * A program for a worker: owns queue pairs that it is given, one after the other. It runs a load through the first until a reset takes it, and a
 * verified one through the second, which it hands back.
 */
import type { IdentifyNamespace } from '@phasebit/nvme-spec';
import { adoptQueuePair, Namespace, type QueuePairDescription } from '@phasebit/nvme';
import { type DmaRange, type LinkDescription, reopenLink } from '@phasebit/pcie';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { VerifiedLoad } from './verified-load.js';

/** What the worker is started with. All of its memory is shared. */
export interface LostPairThreadStart {
  readonly link: LinkDescription;
  readonly pair: QueuePairDescription;
  readonly identify: IdentifyNamespace;
  readonly transferBytesMax: number;
  /** memory that only this thread allocates from */
  readonly range: DmaRange;
  readonly depth: number;
  /** blocks of each of the two loads */
  readonly blocks: number;
  readonly ios: number;
}

/** What the worker says when its first pair is lost. Another is to be posted to it. */
export interface PairLoss {
  readonly completed: number;
  readonly failures: readonly number[];
  readonly outstanding: number;
}

/** What the worker says when it ends. */
export interface LostPairThreadEnd {
  readonly pair: QueuePairDescription;
  readonly completed: number;
  readonly failures: readonly number[];
  readonly refusals: readonly number[];
}

/** I/Os before the first load says that it is running. */
const RUNNING = 500;
const POLLS_PER_TURN = 100;

const start = workerData as LostPairThreadStart;
const port = parentPort!;
const clock = { nowNs: () => performance.now() * 1e6 };
const fn = reopenLink(start.link, { clock, pause: () => nextTurn(), ranges: [start.range] });
const namespace = new Namespace(1, start.identify, '', start.transferBytesMax);
const data = fn.dma.allocate(start.depth * 4096);
let pair = adoptQueuePair(fn, start.pair);

function makeLoad(firstLba: number): VerifiedLoad {
  return new VerifiedLoad({
    target: {
      read: (address, lba, count, done, context) =>
        pair.read(namespace, address, firstLba + lba, count, 0, done, context),
      write: (address, lba, count, done, context) =>
        pair.write(namespace, address, firstLba + lba, count, 0, done, context),
    },
    dma: fn.dma,
    data,
    depth: start.depth,
    blocks: start.blocks,
    seed: 23,
  });
}

const first = makeLoad(0);
first.start(Number.MAX_SAFE_INTEGER);
let isRunning = false;
while (!pair.checkLost()) {
  for (let i = 0; i < POLLS_PER_TURN; i++) pair.poll();
  if (!isRunning && first.completed >= RUNNING) port.postMessage('running');
  isRunning ||= first.completed >= RUNNING;
  await nextTurn();
}
const given = once(port, 'message') as Promise<[QueuePairDescription]>;
const { completed, failures } = first;
port.postMessage({ completed, failures, outstanding: pair.outstanding } satisfies PairLoss);

pair = adoptQueuePair(fn, (await given)[0]);
const second = makeLoad(start.blocks);
second.start(start.ios);
while (!second.isIdle) pair.poll();
second.startReadBack();
while (!second.isIdle) pair.poll();
const end: LostPairThreadEnd = {
  pair: pair.release(),
  completed: second.completed,
  failures: second.failures,
  refusals: second.refusals,
};
port.postMessage(end);
