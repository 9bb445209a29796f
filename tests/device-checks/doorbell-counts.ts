import type { MmioCounters } from '@phasebit/pcie';
import type { QueuePair } from '@phasebit/nvme';
import type { DeviceBench } from './device-bench.js';

/** Accesses to registers and to the shadow page. */
export interface DoorbellFacts {
  readonly depth: number;
  readonly ios: number;
  /** reads in a second, polled for */
  readonly iops: number;
  /** identifier of the queue pair */
  readonly qid: number;
  readonly counters: MmioCounters;
}

const ENTRIES = 256;
const WAIT_MS = 20_000;
const POLLS_PER_LOOK = 4096;

/** Reads single blocks, `depth` at a time, and counts accesses. */
export async function countDoorbells(
  bench: DeviceBench,
  nsid: number,
  depth: number,
  ios: number,
): Promise<DoorbellFacts> {
  const pair = await bench.controller.createQueuePair({ entries: ENTRIES });
  const { counters } = bench.fn;
  const before = { ...counters };
  const beginNs = bench.clock.nowNs();
  readBlocks(bench, pair, nsid, depth, ios);
  const iops = Math.round(ios / ((bench.clock.nowNs() - beginNs) / 1e9));
  const since = Object.fromEntries(
    Object.entries(counters).map(([name, count]) => [name, (count as number) - before[name as keyof MmioCounters]]),
  ) as unknown as MmioCounters;
  const { qid } = pair;
  await bench.controller.deleteQueuePair(pair);
  return { depth, ios, iops, qid, counters: since };
}

/**
 * Reads single blocks, each completion issuing the next. Only the queue pair is polled, without a turn of the event loop, so that nothing
 * else is counted.
 */
function readBlocks(bench: DeviceBench, pair: QueuePair, nsid: number, depth: number, ios: number): void {
  const namespace = bench.controller.namespace(nsid);
  const data = bench.allocate(depth * namespace.blockBytes);
  let issued = 0;
  let ended = 0;
  let failed = 0;
  const next = (slot: unknown, status: number): void => {
    ended++;
    if (status !== 0) failed++;
    issue(slot as number);
  };
  const issue = (slot: number): void => {
    if (issued === ios) return;
    const lba = Math.imul(issued++, 0x9e37_79b1) >>> 0;
    pair.read(namespace, data + slot * namespace.blockBytes, lba % namespace.blocks, 1, 0, next, slot);
  };
  for (let slot = 0; slot < depth; slot++) issue(slot);
  const lateNs = bench.clock.nowNs() + WAIT_MS * 1e6;
  for (let polls = 1; ended < ios; polls++) {
    pair.poll();
    if (polls % POLLS_PER_LOOK !== 0 || bench.clock.nowNs() < lateNs) continue;
    throw new Error(`expected ${ios} reads in ${WAIT_MS} ms, got ${ended}`);
  }
  bench.dma.free(data);
  if (failed !== 0) throw new Error(`expected ${ios} reads to succeed, ${failed} failed`);
}
