import { BDEV_STATUS_NVME_ERROR, type BdevChannel } from '@phasebit/bdev';
import type { NvmeBdevOptions, PathControllerOptions } from '@phasebit/bdev-nvme';
import type { ControllerOptions as DeviceOptions } from '@phasebit/controller';
import type { ControllerOptions } from '@phasebit/nvme';
import { describeStatus } from '@phasebit/nvme-spec';
import { expect } from 'vitest';
import { InlineStack } from './inline-stack.js';
import { VerifiedLoad } from './verified-load.js';

/** ANA group of the namespace on every controller. */
export const GROUP = 1;
/** I/Os outstanding. */
export const DEPTH = 96;
/** Blocks that are used. */
export const BLOCKS = 480;
/** I/Os of a run that is long enough for something to happen in the middle. */
export const IOS = 4_000;
/** Far less than the load has outstanding: 15 commands are in flight, some wait in the driver, the rest in the block layer. */
export const QUEUE_PAIR = { entries: 16, requests: 40 };
const MS = 1e6;

/** A block device over several controllers, and a load on it. */
export interface PathsUnderLoad {
  readonly stack: InlineStack;
  readonly channel: BdevChannel;
  readonly load: VerifiedLoad;
  /** names of the statuses with which I/Os failed */
  readonly names: Set<string>;
  /** callbacks that came at a time when they must not */
  readonly strayCallbacks: () => number;
  /** Turns until the load has ended `count` more I/Os. */
  run(count: number): Promise<void>;
  /** Turns until nothing is under way any more. */
  drain(turnsMax?: number): Promise<void>;
  /** Turns for some time, however much is done in it. */
  pass(ms: number): Promise<void>;
  /** How many commands each path has carried since the last call. */
  carried(): number[];
}

/** What is unusual about the namespace, the drivers and the sources of paths. */
export interface PathChoices {
  readonly driver?: Partial<Omit<ControllerOptions, 'clock'>>;
  readonly source?: (index: number, stack: InlineStack) => PathControllerOptions;
  /** blocks of the namespace; default as many as the medium holds */
  readonly blocks?: number;
}

/** Opens a block device over `controllers` controllers, each with an ANA group, and gets a load ready. */
export async function openPaths(
  bdev: Partial<NvmeBdevOptions> = {},
  firstDevice: Partial<DeviceOptions> = {},
  controllers = 2,
  choices: PathChoices = {},
): Promise<PathsUnderLoad> {
  const { driver = {}, source = () => ({}), blocks } = choices;
  const stack = await InlineStack.open({
    controllers,
    dataBytes: DEPTH * 4096,
    device: (index) => ({ anaGroups: GROUP, readyTimeout: 1, ...(index === 0 ? firstDevice : {}) }),
    driver: { ioTimeoutMs: 50, ...driver },
    namespace: blocks === undefined ? {} : { blocks },
  });
  const { channel } = await stack.openBdev({ ioCount: DEPTH, queuePair: QUEUE_PAIR }, bdev, (index) =>
    source(index, stack),
  );
  const load = new VerifiedLoad({
    target: channel,
    dma: stack.dma,
    data: stack.data,
    depth: DEPTH,
    blocks: BLOCKS,
    seed: 7,
  });
  const names = new Set<string>();
  let isPolling = false;
  let stray = 0;
  load.onCallback = (status) => {
    if (!isPolling) stray++;
    if (status === BDEV_STATUS_NVME_ERROR) names.add(describeStatus(channel.lastNvmeStatus));
    else if (status !== 0) names.add(`bdev status ${status}`);
  };
  const turn = (): void => {
    isPolling = true;
    channel.tick(stack.clock.nowNs());
    channel.poll();
    isPolling = false;
  };
  let before: number[] = [];
  return {
    stack,
    channel,
    load,
    names,
    strayCallbacks: () => stray,
    run: (count) => {
      const goal = load.completed + load.failures.length + count;
      return stack.until(() => load.completed + load.failures.length >= goal, turn);
    },
    drain: (turnsMax) => stack.until(() => load.isIdle, turn, turnsMax),
    pass: (ms) => {
      const endNs = stack.clock.nowNs() + ms * MS;
      return stack.until(() => stack.clock.nowNs() >= endNs, turn, 1_000_000);
    },
    carried: () => {
      const now = stack.controllers.map(({ queuePairs }) =>
        queuePairs.reduce((sum, pair) => sum + pair.statistics.submitted, 0),
      );
      const since = now.map((count, i) => count - (before[i] ?? 0));
      before = now;
      return since;
    },
  };
}

/** Nothing failed, nothing was called back twice or at the wrong time, and every block holds what was written last. */
export async function expectUnharmed(paths: PathsUnderLoad): Promise<void> {
  const { load, names, channel } = paths;
  load.stop();
  await paths.drain();
  load.startReadBack();
  await paths.drain();
  expect({ names: [...names], refusals: load.refusals, surplus: load.surplus }).toEqual({
    names: [],
    refusals: [],
    surplus: 0,
  });
  expect(paths.strayCallbacks()).toBe(0);
  expect(channel.inFlight).toBe(0);
}

/** I/O is in flight, in the driver's queue and in the block layer's, all at once. */
export function expectBacklog({ stack, channel }: PathsUnderLoad, index: number): void {
  const [pair] = stack.controllers[index].queuePairs;
  expect(pair.inFlight).toBeGreaterThan(0);
  expect(pair.outstanding).toBeGreaterThan(pair.inFlight);
  expect(channel.waiting).toBeGreaterThan(0);
}
