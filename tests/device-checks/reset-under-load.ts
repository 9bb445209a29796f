import type { QueuePair } from '@phasebit/nvme';
import { describeStatus } from '@phasebit/nvme-spec';
import { VerifiedLoad } from '../support/verified-load.js';
import { demand } from './demand.js';
import type { DeviceBench } from './device-bench.js';
import { zeroBlocks } from './zero-blocks.js';

/** How often a controller under load is reset, and by whom. */
export interface ResetPlan {
  readonly resets: number;
  /** I/Os between two resets */
  readonly iosBetween: number;
  /** resets the function behind the driver's back; default the driver is asked to */
  readonly strike?: () => void;
}

/** What became of the I/Os. */
export interface ResetFacts {
  readonly completed: number;
  readonly failures: Record<string, number>;
  readonly retried: number;
}

const DEPTH = 48;
const BLOCKS = 480;
const ENDLESS = 1e9;

/**
 * Resets a controller again and again with I/O in flight and waiting. The namespace has blocks of 4 KiB.
 *
 * @throws Error when something accepted is lost, called back twice, or leaves the wrong bytes
 */
export async function checkResetUnderLoad(bench: DeviceBench, nsid: number, plan: ResetPlan): Promise<ResetFacts> {
  const { controller } = bench;
  const namespace = controller.namespace(nsid);
  const pair = await controller.createQueuePair({ entries: 16, requests: DEPTH });
  await zeroBlocks(bench, pair, namespace, BLOCKS);
  const data = bench.allocate(DEPTH * namespace.blockBytes);
  const load = new VerifiedLoad({
    target: {
      read: (address, lba, blocks, callback, context) =>
        pair.read(namespace, address, lba, blocks, 0, callback, context),
      write: (address, lba, blocks, callback, context) =>
        pair.write(namespace, address, lba, blocks, 0, callback, context),
    },
    ...{ dma: bench.dma, data, depth: DEPTH, blocks: BLOCKS, seed: 5 },
  });
  const poll = (): void => pollIfUp(pair);
  load.start(ENDLESS);
  for (let i = 0; i < plan.resets; i++) {
    const goal = load.completed + load.failures.length + plan.iosBetween;
    await bench.until(() => load.completed + load.failures.length >= goal, poll);
    demand(pair.inFlight > 0 && pair.outstanding > pair.inFlight, 'I/O in flight and waiting', pair.inFlight);
    await resetOnce(bench, plan, poll);
  }
  load.stop();
  await bench.until(() => load.isIdle, poll);
  load.startReadBack();
  await bench.until(() => load.isIdle, poll);
  const { completed, refusals, surplus } = load;
  demand(surplus === 0 && refusals.length === 0, 'every I/O called back once', { surplus, refusals });
  demand(completed > plan.resets * plan.iosBetween, 'most I/Os to end well', completed);
  const { retried, spurious } = pair.statistics;
  demand(spurious === 0, 'no spurious completion', spurious);
  await controller.deleteQueuePair(pair);
  bench.dma.free(data);
  const failures: Record<string, number> = {};
  for (const status of load.failures) failures[describeStatus(status)] = (failures[describeStatus(status)] ?? 0) + 1;
  return { completed, failures, retried };
}

function pollIfUp(pair: QueuePair): void {
  if (pair.connected) pair.poll();
}

/** Returns once the controller is ready again. */
async function resetOnce(bench: DeviceBench, { strike }: ResetPlan, poll: () => void): Promise<void> {
  const { controller } = bench;
  let isBack = false;
  controller.onReady = (gone) => {
    demand(gone.length === 0, 'queue pairs to survive a reset', gone.length);
    isBack = true;
  };
  if (strike === undefined) {
    // Nobody polls meanwhile: the reset has to get along by itself.
    await controller.reset();
    return;
  }
  strike();
  await bench.until(() => isBack || controller.state === 'FAILED', poll);
  demand(controller.state === 'READY', 'the controller to come back', controller.error?.message);
}
