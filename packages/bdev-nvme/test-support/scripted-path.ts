import { type Bdev, BdevChannel } from '@phasebit/bdev';
import { silentLog } from '@phasebit/core';
import {
  ActivePassiveSelector,
  type PathSelector,
  RECONNECT_NEVER,
  type ReconnectOptions,
  RETRY_POLICY_DEFAULT,
  type RetryPolicy,
} from '@phasebit/multipath';
import type { CompletionCallback, Controller, Namespace, QueuePair } from '@phasebit/nvme';
import { ANA_STATE_OPTIMIZED } from '@phasebit/nvme-spec';
import { ChannelShape } from '../src/channel-shape.js';
import { Leftovers } from '../src/leftovers.js';
import { NvmeBackend } from '../src/nvme-backend.js';
import { NvmePath } from '../src/nvme-path.js';
import type { PathController } from '../src/path-controller.js';
import { Reconnection } from '../src/reconnection.js';

const REQUESTS = 64;

/** A namespace of 1,000 blocks of 512 bytes, in so far as a block device looks at it. */
export function scriptedNamespace(facts: Partial<Namespace> = {}): Namespace {
  const limits = {
    offered: 0xffff,
    writeZeroesBlocksMax: 1000,
    datasetRangeBlocksMax: 1000,
    datasetBlocksMax: 1000,
  } as Namespace['limits'];
  const identify = { nguid: '00', eui64: '00' } as Namespace['identify'];
  const numbers = {
    nsid: 1,
    blocks: 1000,
    blockBytes: 512,
    metadataBytes: 0,
    transferBlocksMax: 256,
    boundaryBlocks: 0,
  };
  return { ...numbers, uuid: 'uuid', limits, identify, ...facts } as Namespace;
}

/** What a queue pair was asked to do. */
export interface SentCommand {
  readonly kind: string;
  readonly lba: number;
  readonly blocks: number;
  readonly address: number;
  /** Completes it with the next poll. */
  end(status?: number): void;
}

/** A path of which the test says everything: what its queue pair answers, how commands end, what state its controller is in. */
export class ScriptedPath {
  /** what submissions answer: 0 accepted, 1 again, 2 never, 3 failed */
  answer = 0;
  /** commands that were accepted, in order */
  readonly sent: SentCommand[] = [];
  /** state of the controller */
  state = 'READY';
  connected = true;
  version = 0;
  anaState = ANA_STATE_OPTIMIZED;
  /** how often the ANA log was asked for */
  refreshes = 0;
  /** how often the namespaces were looked for, and how often that was done */
  rescans = 0;
  scans = 0;
  /** queue pairs that were deleted, and that were made after the first */
  deleted = 0;
  created = 0;
  /** whether the controller grants no queue pair */
  refusesPairs = false;
  /** the namespace as the controller shows it; undefined for not at all */
  namespace: Namespace | undefined = scriptedNamespace();
  /** whether the queue pair stands still for a reset */
  suspended = false;
  /** the same as the code below the test sees it */
  readonly path: NvmePath;
  private readonly ended: (() => void)[] = [];

  constructor(
    identify: { crdt1?: number; crdt2?: number; crdt3?: number; anatt?: number; cqt?: number } = {},
    reconnect: ReconnectOptions = RECONNECT_NEVER,
  ) {
    const traits = { crdt1: 0, crdt2: 0, crdt3: 0, anatt: 0, cqt: 0, ...identify };
    this.path = new NvmePath({
      source: this.makeSource(traits, reconnect),
      nsid: 1,
      shape: new ChannelShape(scriptedNamespace(), 1000, [scriptedNamespace()], REQUESTS),
      queuePair: {},
      pair: this.makePair(),
    });
  }

  /** Ends all that was sent with one status, in order. */
  endAll(status = 0): void {
    for (const command of this.sent.splice(0)) command.end(status);
  }

  /** Ends the connection as a controller does that is given up: outside of any poll. */
  disconnect(status = 0x371): void {
    this.state = 'FAILED';
    this.connected = false;
    this.endAll(status);
    for (const callback of this.ended.splice(0)) callback();
  }

  /** Ends the queue pair alone: its controller lives. */
  losePair(status = 0x371): void {
    this.connected = false;
    this.endAll(status);
    for (const callback of this.ended.splice(0)) callback();
  }

  private makeController(identity: object): Controller {
    const state = (): string => this.state;
    return {
      identity,
      namespaces: { get: () => this.namespace },
      get state() {
        return state();
      },
      giveUp: () => {
        this.disconnect();
        return Promise.resolve();
      },
      createQueuePair: () => {
        if (this.refusesPairs) return Promise.reject(new Error('refused'));
        this.created++;
        this.connected = true;
        return Promise.resolve(this.makePair());
      },
      deleteQueuePair: () => {
        this.deleted++;
        return Promise.resolve();
      },
    } as unknown as Controller;
  }

  private makeSource(identity: object, reconnect: ReconnectOptions): PathController {
    const version = (): number => this.version;
    const scans = (): number => this.scans;
    const controller = this.makeController(identity);
    const parts = { reconnect, attach: undefined, log: silentLog, replace: () => undefined };
    const reconnection = new Reconnection(parts);
    const leftovers = new Leftovers(silentLog);
    return {
      controller,
      log: silentLog,
      get version() {
        return version();
      },
      get scans() {
        return scans();
      },
      get state() {
        return reconnection.stateOf(controller);
      },
      get fastFailAtNs() {
        return reconnection.fastFailAtNs;
      },
      fastIoFailNs: reconnection.fastIoFailNs,
      anaState: () => this.anaState,
      tick: (nowNs: number) => {
        reconnection.tick(controller, nowNs);
        leftovers.tick();
      },
      refresh: () => void this.refreshes++,
      rescan: () => void this.rescans++,
      letGo: (_: Controller, pair: QueuePair) => leftovers.add(controller, pair),
    } as unknown as PathController;
  }

  private makePair(): QueuePair {
    const born = this.created;
    const connected = (): boolean => this.connected && born === this.created;
    const suspended = (): boolean => this.suspended;
    const sent = (): number => this.sent.length;
    const move =
      (kind: string) =>
      (
        _: Namespace,
        address: number,
        lba: number,
        blocks: number,
        _flags: number,
        done: CompletionCallback,
        io: unknown,
      ) =>
        this.take(kind, address, lba, blocks, done, io);
    return {
      settings: { requests: REQUESTS },
      get connected() {
        return connected();
      },
      get isSuspended() {
        return suspended();
      },
      inFlight: 0,
      get outstanding() {
        return sent();
      },
      abandonWaiting: () => this.endAll(0x371),
      poll: () => {
        const due = this.ended.splice(0);
        for (const callback of due) callback();
        return due.length;
      },
      read: move('read'),
      write: move('write'),
      compare: move('compare'),
      writeZeroes: (_: Namespace, lba: number, blocks: number, _flags: number, done: CompletionCallback, io: unknown) =>
        this.take('zero', 0, lba, blocks, done, io),
      deallocate: (_: Namespace, lba: number, blocks: number, done: CompletionCallback, io: unknown) =>
        this.take('unmap', 0, lba, blocks, done, io),
      flush: (_: Namespace, done: CompletionCallback, io: unknown) => this.take('flush', 0, 0, 0, done, io),
    } as unknown as QueuePair;
  }

  private take(
    kind: string,
    address: number,
    lba: number,
    blocks: number,
    done: CompletionCallback,
    io: unknown,
  ): number {
    const answer = this.connected ? this.answer : 3;
    if (answer !== 0) return answer;
    const end = (status = 0): void => void this.ended.push(() => done(io, status, 0));
    this.sent.push({ kind, lba, blocks, address, end });
    return 0;
  }
}

/** A block device over scripted paths, with 1,000 blocks of 512 bytes, and a channel into it. */
export function openChannel(
  paths: readonly ScriptedPath[],
  options: { selector?: PathSelector; retry?: RetryPolicy; ioCount?: number } = {},
): BdevChannel {
  const { selector = new ActivePassiveSelector(), retry = RETRY_POLICY_DEFAULT, ioCount = 64 } = options;
  const bdev: Bdev = {
    name: 'scripted0',
    productName: 'scripted paths',
    blockBytes: 512,
    blockCount: 1000,
    requiredAlignmentBytes: 4,
    optimalBoundaryBlocks: 0,
    splitOnBoundary: false,
    transferBlocksMax: 256,
    writeCache: true,
    supports: () => true,
    openBackend: (ios) =>
      new NvmeBackend(
        paths.map((each) => each.path),
        ios,
        selector,
        retry,
        0,
      ),
  };
  return new BdevChannel(bdev, { ioCount });
}
