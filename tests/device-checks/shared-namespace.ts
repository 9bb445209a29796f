import { type NvmeBdevOptions, NvmeBdev, PathController } from '@phasebit/bdev-nvme';
import type { Controller } from '@phasebit/nvme';
import { VerifiedLoad } from '../support/verified-load.js';
import { demand } from './demand.js';
import type { DeviceBench } from './device-bench.js';
import { zeroBlocks } from './zero-blocks.js';

/** What happens to the first controller, and what is to become of it. */
export interface LossPlan {
  readonly selector?: NvmeBdevOptions['selector'];
  /** makes the first controller fail, or lose its namespace, while I/O is in flight on it */
  readonly strike: (first: DeviceBench, second: DeviceBench) => void | Promise<unknown>;
  /** whether it is reset by its driver, given up, or goes on without the namespace */
  readonly becomes: 'ready again' | 'failed' | 'without namespace';
}

/** What each path carried. */
export interface LossFacts {
  readonly completed: number;
  /** commands on each path before the loss, and after it */
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly states: readonly string[];
}

const DEPTH = 64;
const BLOCKS = 480;
const IOS = 2000;
const ENDLESS = 1e9;
/** While paths are sorted out. */
const SETTLE_IOS = 500;

/** A verified load on a block device over two controllers. */
class LoadOnPaths {
  readonly load: VerifiedLoad;
  private counted: number[] = [];

  constructor(
    private readonly benches: readonly DeviceBench[],
    private readonly channel: Awaited<ReturnType<NvmeBdev['openChannel']>>,
    data: number,
  ) {
    this.load = new VerifiedLoad({
      ...{ target: channel, dma: benches[0].dma, data, depth: DEPTH, blocks: BLOCKS, seed: 9 },
    });
  }

  async until(isDone: () => boolean): Promise<void> {
    const [first, ...others] = this.benches;
    await first.until(isDone, () => {
      for (const { controller } of others) controller.tick();
      this.channel.tick(first.clock.nowNs());
      this.channel.poll();
    });
  }

  run(ios: number): Promise<void> {
    const goal = this.load.completed + this.load.failures.length + ios;
    return this.until(() => this.load.completed + this.load.failures.length >= goal);
  }

  /** Commands of each path since the last call. */
  carried(): number[] {
    const now = this.benches.map(({ controller }) => submittedBy(controller));
    const since = now.map((count, i) => count - (this.counted[i] ?? 0));
    this.counted = now;
    return since;
  }
}

function submittedBy({ queuePairs }: Controller): number {
  return queuePairs.reduce((sum, pair) => sum + pair.statistics.submitted, 0);
}

/** Gives what says whether a controller has become what it is to become. */
function watchFor(becomes: LossPlan['becomes'], controller: Controller, nsid: number): () => boolean {
  if (becomes === 'failed') return () => controller.state === 'FAILED';
  if (becomes === 'without namespace') return () => !controller.namespaces.has(nsid);
  const { onReady } = controller;
  let isBack = false;
  controller.onReady = (gone) => {
    isBack = true;
    onReady(gone);
  };
  return () => isBack;
}

/**
 * Does verified I/O on a namespace that two controllers share, and lets something happen to the first one. Blocks are of 4 KiB, and both
 * functions have the same memory.
 *
 * @throws Error when I/O fails, is lost, is called back twice, or leaves the wrong bytes
 */
export async function checkLossOfPath(
  benches: readonly [DeviceBench, DeviceBench],
  nsid: number,
  plan: LossPlan,
): Promise<LossFacts> {
  const [first] = benches;
  const scratch = await first.controller.createQueuePair({ entries: 4 });
  await zeroBlocks(first, scratch, first.controller.namespace(nsid), BLOCKS);
  await first.controller.deleteQueuePair(scratch);
  const controllers = await Promise.all(benches.map(({ controller }) => PathController.open(controller)));
  const selector = plan.selector === undefined ? {} : { selector: plan.selector };
  const bdev = new NvmeBdev({ name: 'shared', controllers, nsid, ...selector });
  const channel = await bdev.openChannel({ ioCount: DEPTH, queuePair: { entries: 16, requests: 40 } });
  const data = first.allocate(DEPTH * bdev.blockBytes);
  const paths = new LoadOnPaths(benches, channel, data);
  const { load } = paths;
  paths.carried();
  load.start(ENDLESS);
  await paths.run(IOS);
  const before = paths.carried();
  demand(before[0] > 0, 'I/O on the first path', before);
  demand(
    first.controller.queuePairs.some(({ inFlight }) => inFlight > 0),
    'I/O in flight on it',
    before,
  );
  const isOver = watchFor(plan.becomes, first.controller, nsid);
  // I/O goes on while the second controller is asked to do something.
  let isStruck = false;
  const struck = Promise.resolve(plan.strike(...benches)).finally(() => (isStruck = true));
  await paths.until(() => isStruck && isOver());
  await struck;
  await paths.run(SETTLE_IOS);
  paths.carried();
  await paths.run(IOS);
  const after = paths.carried();
  demand(after[1] > 0, 'I/O on the second path', after);
  demand((plan.becomes === 'ready again') === after[0] > 0, `a first path that is ${plan.becomes}`, after);
  load.stop();
  await paths.until(() => load.isIdle);
  load.startReadBack();
  await paths.until(() => load.isIdle);
  const { completed, failures, refusals, surplus } = load;
  demand(failures.length + refusals.length + surplus === 0, 'no I/O to suffer', { failures, refusals, surplus });
  demand(channel.inFlight === 0, 'nothing to be left', channel.inFlight);
  channel.close();
  first.dma.free(data);
  return { completed, before, after, states: benches.map(({ controller }) => controller.state) };
}
