/**
 * A program: puts the load that its argument describes on a stack and prints what was allocated. It needs `--expose-gc`.
 */
import { type Medium, NAND_SLC, NandMedium, NullMedium, RamMedium } from '@phasebit/controller';
import { type Clock, Prng } from '@phasebit/core';
import { IoVector, type Namespace, PollGroup, type QueuePair, Trace, Transfer } from '@phasebit/nvme';
import { NVM_READ, NVM_WRITE } from '@phasebit/nvme-spec';
import { PerformanceObserver, performance } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { InlineStack, NSID } from './inline-stack.js';
import type { ProbeResult, ProbeSpec } from './probe-spec.js';

/** I/Os before those that are looked at: a part of those, and enough for V8 to have compiled what they need. */
const WARM_UP_PART = 0.4;
const WARM_UP_IOS_MIN = 400_000;
/** The load goes on in slices, between which promises have their turn, as in a program's loop. */
const SLICE_IOS = 20_000;
/**
 * The I/Os that are looked at are so many equal windows of whole slices, and what the best of them left counts: what an I/O allocates is in each window,
 * what V8 allocates once, when it compiles a function anew, is in one.
 */
const WINDOWS = 5;
const BLOCKS = 2048;
/** A vendor's opcode: commands are looked at, and none is hit. */
const NEVER_SENT = 0xff;

type Submit = (address: number, lba: number, blocks: number, callback: typeof done, context: number) => number;

interface Target {
  readonly read: Submit;
  readonly write: Submit;
  readonly poll: () => number;
  readonly tick: (nowNs: number) => void;
}

/** Each turn takes the same time on every machine: the real clock makes garbage when it is looked at, and a slow machine looks more often. */
const NS_PER_TURN = 500;
const times = new Float64Array(1);
const clock: Clock = { nowNs: () => times[0] };
const spec = JSON.parse(process.argv[2]) as ProbeSpec;
const { blocks, writeEvery, depth, mdts, lbaBase, leaks } = spec;
/** Memory of a slot: with extended blocks more than their data. */
const slotBytes = spec.format.isExtended === true ? blocks * 8192 : blocks * 4096;
/** Behind the slots: what is written, so that it stays zeros, and a page that pieces may reach into. */
const ZEROS = depth * slotBytes;
/** Behind that: a page of metadata for each slot, and one that is written. */
const METADATA = ZEROS + slotBytes + 4096;
const ZERO_METADATA = METADATA + depth * 4096;
const stack = await InlineStack.open({
  clock,
  controllers: spec.controllers,
  medium: openMedium(),
  dataBytes: ZERO_METADATA + 4096,
  namespace: spec.format,
  device: { mdts, ...(spec.controllers > 1 ? { anaGroups: 1 } : {}), ...spec.device },
  driver: spec.driver,
});
const target = await openTarget();
// Numbers past 2^31 are boxed in an array that holds something else too, so that handing one out makes no other box.
const lbas: unknown[] = [undefined];
const prng = new Prng(1);
for (let i = 1; i < BLOCKS; i++) lbas.push(lbaBase + prng.below(BLOCKS - blocks));
let left = 0;
let inFlight = 0;
let issued = 0;
let kept: object = {};

function next(slot: number): void {
  if (left === 0) return;
  left--;
  inFlight++;
  const address = stack.data + slot * slotBytes;
  const lba = lbas[1 + (issued++ & (BLOCKS - 2))] as number;
  if (leaks) kept = { slot };
  const isWrite = writeEvery !== 0 && issued % writeEvery === 0;
  const answer = isWrite
    ? target.write(address, lba, blocks, done, slot)
    : target.read(address, lba, blocks, done, slot);
  if (answer !== 0) throw new Error(`not accepted: ${answer}`);
}

function done(context: unknown, status: number): void {
  inFlight--;
  if (status !== 0) throw new Error(`failed: ${status}`);
  next(context as number);
}

function slice(ios: number): void {
  left = ios;
  for (let slot = 0; slot < depth; slot++) next(slot);
  while (inFlight > 0) {
    times[0] += NS_PER_TURN;
    target.poll();
    stack.step();
  }
}

async function run(ios: number): Promise<void> {
  for (let all = 0; all < ios; all += SLICE_IOS) {
    slice(SLICE_IOS);
    for (const controller of stack.controllers) controller.tick();
    target.tick(clock.nowNs());
    await nextTurn();
  }
}

function openMedium(): Medium {
  // Metadata has its place behind the data.
  const bytes = (lbaBase + BLOCKS) * (4096 + (spec.format.metadataBytes ?? 0));
  if (spec.medium === 'null') return new NullMedium(bytes);
  const medium = new RamMedium({ bytes });
  return spec.medium === 'ram' ? medium : new NandMedium({ medium, clock, ...NAND_SLC });
}

async function openTarget(): Promise<Target> {
  if (spec.layer === 'bdev') {
    const { channel } = await stack.openBdev({ ioCount: 1024, queuePair: spec.queuePair });
    return {
      read: (address, lba, count, callback, context) => channel.read(address, lba, count, callback, context),
      write: (address, lba, count, callback, context) => channel.write(address, lba, count, callback, context),
      poll: () => channel.poll(),
      tick: (nowNs) => channel.tick(nowNs),
    };
  }
  const pair = await stack.openPair(spec.queuePair);
  const group = new PollGroup({ clock });
  if (spec.extra === 'trace') pair.setTrace(new Trace(clock));
  if (spec.extra === 'injection') pair.injectError({ opcode: NEVER_SENT, status: 0 });
  if (spec.extra === 'group') group.add(pair);
  const namespace = stack.controllers[0].namespace(NSID);
  if (spec.extra === 'transfer' || spec.extra === 'vector') return openTransfers(pair, namespace);
  return {
    read: (address, lba, count, callback, context) => pair.read(namespace, address, lba, count, 0, callback, context),
    write: (address, lba, count, callback, context) => pair.write(namespace, address, lba, count, 0, callback, context),
    poll: spec.extra === 'group' ? () => group.poll() : () => pair.poll(),
    tick: () => undefined,
  };
}

/**
 * One transfer and one vector for all I/Os: both are free again as soon as a submission returns. Zeros are written, with metadata of
 * zeros, which is right for a 16-bit guard of type 3.
 */
function openTransfers(pair: QueuePair, namespace: Namespace): Target {
  const transfer = new Transfer();
  const vector = new IoVector(2);
  const isSeparate = spec.format.metadataBytes !== undefined && spec.format.isExtended !== true;
  const submit = (
    opcode: number,
    address: number,
    metadata: number,
    lba: number,
    count: number,
    slot: number,
  ): number => {
    transfer.set(address, lba, count, spec.flags);
    transfer.dsm = spec.dsm;
    transfer.metadata = isSeparate ? metadata : 0;
    if (spec.extra === 'vector') {
      vector.clear();
      vector.add(address, 4096);
      vector.add(address + 8192, (count - 1) * 4096);
      transfer.scatter = vector;
    }
    return pair.submitTransfer(opcode, namespace, transfer, done, slot);
  };
  return {
    read: (address, lba, count, _, slot) =>
      submit(NVM_READ, address, stack.data + METADATA + slot * 4096, lba, count, slot),
    write: (_, lba, count, __, slot) =>
      submit(NVM_WRITE, stack.data + ZEROS, stack.data + ZERO_METADATA, lba, count, slot),
    poll: () => pair.poll(),
    tick: () => undefined,
  };
}

function sumOf(field: 'split' | 'queued'): number {
  const pairs: QueuePair[] = stack.controllers.flatMap((controller) => [...controller.queuePairs]);
  return pairs.reduce((sum, pair) => sum + pair.statistics[field], 0);
}

const collections: { startTime: number }[] = [];
const observer = new PerformanceObserver((list) => void collections.push(...list.getEntries()));
observer.observe({ entryTypes: ['gc'] });

await run(Math.max(WARM_UP_IOS_MIN, WARM_UP_PART * spec.ios));
const splitBefore = sumOf('split');
const queuedBefore = sumOf('queued');
globalThis.gc!();
await nextTurn();
let leastBytes = Infinity;
const startedMs = performance.now();
for (let window = 0; window < WINDOWS; window++) {
  const before = process.memoryUsage().heapUsed;
  await run(spec.ios / WINDOWS);
  leastBytes = Math.min(leastBytes, process.memoryUsage().heapUsed - before);
}
const endedMs = performance.now();
// What the observer is told comes in a later turn.
await nextTurn();
await nextTurn();
observer.disconnect();
const result: ProbeResult = {
  ios: spec.ios,
  bytesPerIo: (leastBytes * WINDOWS) / spec.ios,
  collections: collections.filter(({ startTime }) => startTime >= startedMs && startTime <= endedMs).length,
  nsPerIo: ((endedMs - startedMs) * 1e6) / spec.ios,
  splitPerIo: (sumOf('split') - splitBefore) / spec.ios,
  queuedPerIo: (sumOf('queued') - queuedBefore) / spec.ios,
};
process.stdout.write(JSON.stringify({ ...result, kept: undefined, keptIsUsed: kept !== undefined }));
