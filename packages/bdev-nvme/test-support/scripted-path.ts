import { type Bdev, BdevChannel } from '@phasebit/bdev';
import { ActivePassiveSelector, type PathSelector, RETRY_POLICY_DEFAULT, type RetryPolicy } from '@phasebit/multipath';
import type { CompletionCallback, Namespace } from '@phasebit/nvme';
import { ANA_STATE_OPTIMIZED } from '@phasebit/nvme-spec';
import { NvmeBackend } from '../src/nvme-backend.js';
import type { NvmePath } from '../src/nvme-path.js';

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
  /** queue pairs that were deleted */
  deleted = 0;
  /** the same as the code below the test sees it */
  readonly path: NvmePath;
  private readonly ended: (() => void)[] = [];

  constructor(identify: { crdt1?: number; crdt2?: number; crdt3?: number; anatt?: number; cqt?: number } = {}) {
    const traits = { crdt1: 0, crdt2: 0, crdt3: 0, anatt: 0, cqt: 0, ...identify };
    this.path = {
      source: this.makeSource(traits),
      namespace: { nsid: 1 } as Namespace,
      pair: this.makePair(),
    };
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

  private makeSource(identify: object): NvmePath['source'] {
    const state = (): string => this.state;
    const version = (): number => this.version;
    return {
      controller: {
        identity: identify,
        get state() {
          return state();
        },
        deleteQueuePair: () => {
          this.deleted++;
          return Promise.resolve();
        },
      },
      get version() {
        return version();
      },
      anaState: () => this.anaState,
      tick: () => undefined,
      refresh: () => void this.refreshes++,
    } as unknown as NvmePath['source'];
  }

  private makePair(): NvmePath['pair'] {
    const connected = (): boolean => this.connected;
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
      get connected() {
        return connected();
      },
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
    } as unknown as NvmePath['pair'];
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
        1,
        paths.map((each) => each.path),
        ios,
        selector,
        retry,
      ),
  };
  return new BdevChannel(bdev, { ioCount });
}
