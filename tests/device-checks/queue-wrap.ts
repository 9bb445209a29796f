import { Prng } from '@phasebit/core';
import type { Namespace, QueuePair } from '@phasebit/nvme';
import { demand } from './demand.js';
import type { DeviceBench } from './device-bench.js';

/** Which ring is gone around, and how often. */
export interface WrapPlan {
  /** entries of both rings; `most` is CAP.MQES + 1 */
  readonly entries: number | 'most';
  /** each lap inverts the phase */
  readonly laps: number;
  /** commands outstanding */
  readonly depth: number;
}

/** What was done. */
export interface WrapFacts {
  readonly entries: number;
  readonly completions: number;
  /** commands that waited for a place in the ring */
  readonly queued: number;
}

const WORDS_SHOWN = [0, 1, 63, 127];

/** Writes blocks with numbers that are given once, and reads them back. Each slot has blocks of its own. */
class NumberedLoad {
  completed = 0;
  failure = '';
  private issued = 0;
  private readonly numbers: Uint32Array;
  private readonly words: Uint32Array[] = [];
  private readonly prng = new Prng(11);

  constructor(
    bench: DeviceBench,
    private readonly pair: QueuePair,
    private readonly namespace: Namespace,
    private readonly data: number,
    private readonly depth: number,
    private readonly total: number,
  ) {
    this.numbers = new Uint32Array(namespace.blocks);
    for (let slot = 0; slot < depth; slot++) {
      const address = data + slot * namespace.blockBytes;
      const { buffer, byteOffset } = bench.dma.words(address, namespace.blockBytes / 4);
      this.words.push(new Uint32Array(buffer, byteOffset, namespace.blockBytes / 4));
    }
  }

  start(): void {
    for (let slot = 0; slot < this.depth; slot++) this.next(slot);
  }

  private next(slot: number): void {
    if (this.issued === this.total || this.failure !== '') return;
    this.issued++;
    const { depth, namespace, pair, numbers } = this;
    const lba = slot + depth * this.prng.below(Math.floor(namespace.blocks / depth));
    const address = this.data + slot * namespace.blockBytes;
    const words = this.words[slot];
    const isWrite = numbers[lba] === 0 || this.prng.below(2) === 0;
    if (isWrite) numbers[lba] = this.issued;
    words.fill(isWrite ? this.issued : 0);
    const onDone = (_: unknown, status: number): void => {
      const found = WORDS_SHOWN.map((at) => words[at]);
      if (status !== 0 || found.some((word) => word !== numbers[lba])) {
        this.failure = `block ${lba}: status ${status}, expected ${numbers[lba]}, got ${found.join(' ')}`;
      }
      this.completed++;
      this.next(slot);
    };
    const answer = isWrite
      ? pair.write(namespace, address, lba, 1, 0, onDone, undefined)
      : pair.read(namespace, address, lba, 1, 0, onDone, undefined);
    demand(answer === 0, 'the command to be accepted', answer);
  }
}

/** Goes around a ring, with more outstanding than it holds where it is small. @throws Error when a block is not what was written last */
export async function checkQueueWrap(bench: DeviceBench, nsid: number, plan: WrapPlan): Promise<WrapFacts> {
  const { controller } = bench;
  const namespace = controller.namespace(nsid);
  const entries = plan.entries === 'most' ? controller.capabilities.queueEntriesMax : plan.entries;
  const { depth } = plan;
  const pair = await controller.createQueuePair({ entries, requests: depth });
  const data = bench.allocate(depth * namespace.blockBytes);
  const total = plan.laps * entries + depth;
  const load = new NumberedLoad(bench, pair, namespace, data, depth, total);
  load.start();
  await bench.until(
    () => load.completed === total || (load.failure !== '' && pair.outstanding === 0),
    () => pair.poll(),
  );
  demand(load.failure === '', 'every block to hold its number', load.failure);
  const { completions, spurious, queued } = pair.statistics;
  demand(completions === total && spurious === 0, `${total} completions, none spurious`, { completions, spurious });
  demand(queued > 0 === depth > entries - 1, 'commands to wait where the ring is small, and only there', queued);
  await controller.deleteQueuePair(pair);
  bench.dma.free(data);
  return { entries, completions, queued };
}
