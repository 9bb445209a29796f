import {
  type Bdev,
  BDEV_IO_COMPARE,
  BDEV_IO_FLUSH,
  BDEV_IO_READ,
  BDEV_IO_UNMAP,
  BDEV_IO_WRITE,
  BDEV_IO_WRITE_ZEROES,
  BdevChannel,
} from '@phasebit/bdev';
import {
  ActivePassiveSelector,
  checkRetryPolicy,
  type PathSelector,
  RETRY_POLICY_DEFAULT,
  type RetryPolicy,
} from '@phasebit/multipath';
import type { Controller, Namespace, QueuePair, QueuePairOptions } from '@phasebit/nvme';
import {
  CMIC_MULTI_CONTROLLER,
  ONCS_COMPARE,
  ONCS_DATASET_MANAGEMENT,
  ONCS_WRITE_ZEROES,
  VWC_PRESENT,
} from '@phasebit/nvme-spec';
import { ChannelShape, differenceOf } from './channel-shape.js';
import { NvmeBdevError } from './errors.js';
import { NvmeBackend } from './nvme-backend.js';
import { NvmePath } from './nvme-path.js';
import type { PathController } from './path-controller.js';

/** Requests with which the driver can cut a transfer in two: the whole holds one, each piece another. */
const REQUESTS_TO_SPLIT = 3;

/** How a namespace is opened as a block device. */
export interface NvmeBdevOptions {
  /** what the device shall be called */
  readonly name: string;
  /** the controllers to reach it through, in order of preference; different ones of one subsystem */
  readonly controllers: readonly PathController[];
  /** namespace identifier, the same on all of them */
  readonly nsid: number;
  /** makes the path policy of a channel; default active-passive, which stays on the first path of the best kind */
  readonly selector?: () => PathSelector;
  /** how failures are treated; default three retries, and path errors for as long as a path may recover */
  readonly retry?: RetryPolicy;
}

/** How a channel of such a device is opened. */
export interface NvmeChannelOptions {
  /** I/Os that can be under way at once; default 1,024 */
  readonly ioCount?: number;
  /** the queue pair that is made on each path; `retriesMax` is 0 unless it is given, since the device has a rule of its own about failures */
  readonly queuePair?: QueuePairOptions;
}

/**
 * An NVMe namespace as a block device, over one controller or many. What fails on one path is sent over another, queued and in-flight I/O
 * alike; see `judgeCompletion` of `@phasebit/multipath` for the rule. Its size and format are those of the moment when it was made: a namespace
 * that has grown shows its new size to a device that is made anew.
 */
export class NvmeBdev {
  /** what this device is called */
  readonly name: string;
  /** namespace identifier */
  readonly nsid: number;
  /** bytes of a logical block */
  readonly blockBytes: number;
  /** logical blocks */
  readonly blockCount: number;
  private readonly options: NvmeBdevOptions;
  private readonly namespace: Namespace;

  /**
   * @throws NvmeBdevError when the controllers do not show one namespace; DriverError NO_NAMESPACE
   */
  constructor(options: NvmeBdevOptions) {
    const first = checkPaths(options);
    this.options = options;
    this.namespace = first;
    this.name = options.name;
    this.nsid = options.nsid;
    this.blockBytes = first.blockBytes;
    this.blockCount = first.blocks;
    checkRetryPolicy(options.retry ?? RETRY_POLICY_DEFAULT);
  }

  /**
   * Opens a channel: a queue pair on every controller that is ready and shows the namespace, and the block layer above them. The other
   * controllers become paths of it when they are there. The caller's thread owns it, and ticks it by the clock of the controllers.
   *
   * @throws DriverError when a queue pair cannot be had; NvmeBdevError NO_PATH
   */
  async openChannel(options: NvmeChannelOptions = {}): Promise<BdevChannel> {
    // One rule about failures is enough, and only this layer's knows the other paths.
    const queuePair = { retriesMax: 0, ...options.queuePair };
    const ready = this.options.controllers.filter(({ controller }) => this.isReady(controller));
    const namespaces = ready.map(({ controller }) => controller.namespace(this.nsid));
    const pairs = new Map<PathController, QueuePair>();
    try {
      for (const source of ready) pairs.set(source, await source.controller.createQueuePair(queuePair));
    } catch (error) {
      for (const [source, pair] of pairs) source.letGo(source.controller, pair);
      throw error;
    }
    if (ready.length === 0) throw new NvmeBdevError('NO_PATH', { name: this.name });
    const requests = Math.min(...[...pairs.values()].map(({ settings }) => settings.requests));
    const shape = new ChannelShape(this.namespace, this.blockCount, namespaces, requests);
    const paths = this.options.controllers.map(
      (source) => new NvmePath({ source, nsid: this.nsid, shape, queuePair, pair: pairs.get(source) }),
    );
    const hasCache = ready.some(({ controller }) => (controller.identity.vwc & VWC_PRESENT) !== 0);
    const bdev = this.through(paths, shape, hasCache);
    return new BdevChannel(bdev, options.ioCount === undefined ? {} : { ioCount: options.ioCount });
  }

  /** Whether a controller is up and shows the namespace that the device was made over. */
  private isReady(controller: Controller): boolean {
    if (controller.state !== 'READY') return false;
    const shown = controller.namespaces.get(this.nsid);
    if (shown === undefined) return false;
    return differenceOf(this.namespace, shown) === undefined && shown.blocks >= this.blockCount;
  }

  /** The device as one channel sees it. */
  private through(paths: readonly NvmePath[], shape: ChannelShape, writeCache: boolean): Bdev {
    const { selector = () => new ActivePassiveSelector(), retry = RETRY_POLICY_DEFAULT } = this.options;
    const supported = supportedTypes(shape.offered);
    const [{ source }] = paths;
    return {
      name: this.name,
      productName: 'NVMe namespace',
      blockBytes: this.blockBytes,
      blockCount: this.blockCount,
      requiredAlignmentBytes: 4,
      // The driver cuts at the namespace's own boundary and at what a command carries: two layers that cut would be one too many.
      optimalBoundaryBlocks: shape.boundaryBlocks,
      splitOnBoundary: shape.requests < REQUESTS_TO_SPLIT,
      transferBlocksMax: transferBlocksMax(shape),
      unmapBlocksMax: shape.unmapBlocksMax,
      writeZeroesBlocksMax: shape.writeZeroesBlocksMax,
      writeCache,
      supports: (type) => supported.has(type),
      openBackend: (ios) => new NvmeBackend(paths, ios, selector(), retry, source.controller.admin.clock.nowNs()),
    };
  }
}

/**
 * What one I/O may be before the block layer cuts it: as many pieces as a quarter of the smallest request pool holds. It may begin
 * anywhere between two boundaries, and the driver may need twice as many pieces then, which the pool still holds.
 */
function transferBlocksMax({ requests, pieceBlocksMax }: ChannelShape): number {
  return Math.min(Math.max(1, requests >>> 2) * pieceBlocksMax, 0x7fff_ffff);
}

/** What every path offers. */
function supportedTypes(offered: number): Set<number> {
  const types = new Set<number>([BDEV_IO_READ, BDEV_IO_WRITE, BDEV_IO_FLUSH]);
  if ((offered & ONCS_COMPARE) !== 0) types.add(BDEV_IO_COMPARE);
  if ((offered & ONCS_WRITE_ZEROES) !== 0) types.add(BDEV_IO_WRITE_ZEROES);
  if ((offered & ONCS_DATASET_MANAGEMENT) !== 0) types.add(BDEV_IO_UNMAP);
  return types;
}

/** Every path has to lead to the same namespace: same size, same format, same identifiers, through different controllers that say so. */
function checkPaths(options: NvmeBdevOptions): Namespace {
  const { controllers, nsid, name } = options;
  const [head] = controllers;
  if (head === undefined) throw new NvmeBdevError('NO_PATH', { name });
  const first = head.controller.namespace(nsid);
  // A block device moves data alone, and its buffers have no room for anything else.
  if (first.metadataBytes > 0) throw new NvmeBdevError('METADATA', { name, nsid, metadataBytes: first.metadataBytes });
  for (const { controller } of controllers.slice(1)) {
    const other = controller.namespace(nsid);
    const { subnqn, cmic } = controller.identity;
    if ((cmic & CMIC_MULTI_CONTROLLER) === 0) throw new NvmeBdevError('NOT_SHARED', { subnqn, cmic });
    expectSame('subnqn', head.controller.identity.subnqn, subnqn);
    expectSame('blocks', first.blocks, other.blocks);
    const difference = differenceOf(first, other);
    if (difference !== undefined) throw new NvmeBdevError('PATHS_DIFFER', { ...difference });
  }
  const cntlids = controllers.map((source) => source.controller.identity.cntlid);
  if (new Set(cntlids).size !== cntlids.length) throw new NvmeBdevError('PATHS_ALIKE', { cntlids: cntlids.join(' ') });
  return first;
}

function expectSame(field: string, expected: string | number, got: string | number): void {
  if (expected !== got) throw new NvmeBdevError('PATHS_DIFFER', { field, expected, got });
}
