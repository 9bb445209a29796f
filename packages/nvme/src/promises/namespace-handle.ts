import type { WaitOptions } from '@phasebit/core';
import {
  NVM_COMPARE,
  NVM_COPY,
  NVM_DATASET_MANAGEMENT,
  NVM_FLUSH,
  NVM_READ,
  NVM_VERIFY,
  NVM_WRITE,
  NVM_WRITE_UNCORRECTABLE,
  NVM_WRITE_ZEROES,
  RW_CDW12_FUA,
  RW_CDW12_LR,
  RW_CDW12_PRACT,
  STATUS_COMPARE_FAILURE,
  statusCode,
  WRITE_ZEROES_CDW12_DEAC,
} from '@phasebit/nvme-spec';
import { CopySources } from '../copy-sources.js';
import { disposeBy } from '../dispose.js';
import { DriverError } from '../errors.js';
import type { Namespace } from '../namespace.js';
import { Transfer } from '../transfer.js';
import { Bounce } from './bounce.js';
import { demandOutcome, type Outcome, type PromisePair, type Submission } from './promise-pair.js';

/** Most bytes that are in a bounce buffer at a time; more is moved in steps. */
const STEP_BYTES_MAX = 1 << 20;
/** Most commands that one step is split into, so that the requests of the queue pair suffice for several steps. */
const STEP_COMMANDS_MAX = 64;

/** How blocks are moved. */
export interface BlockOptions extends WaitOptions {
  /** the blocks are on non-volatile media before the command completes (FUA); default false */
  readonly isForced?: boolean;
  /** the controller does not try as hard as it could (LR); default false */
  readonly isRetriedLess?: boolean;
  /**
   * metadata of the blocks, `metadataBytes` for each: filled by a read, taken by a write or compare. Without it a read leaves metadata out, and
   * a write needs none where the metadata is protection information, which the controller then inserts
   */
  readonly metadata?: Uint8Array;
}

/**
 * A namespace for whoever wants blocks and not queues: promises, ordinary memory, no limits of size. It shares a queue pair with the
 * other handles of its controller. What is moved in several steps is not one operation to the controller.
 *
 * ```ts
 * await using namespace = await controller.openNamespace(1);
 * const bytes = await namespace.read(0, 8);
 * ```
 *
 * Every call throws: RangeError for an argument out of range; DriverError COMMAND_FAILED with the status, NOT_SUPPORTED for what the controller
 * does not offer, COMMAND_TIMEOUT, ABORTED, NOT_READY, and NO_NAMESPACE once it is not there any more.
 */
export class NamespaceHandle {
  /** as {@link NamespaceHandle.close}, for `await using` */
  declare readonly [Symbol.asyncDispose]: () => Promise<void>;
  private isOpen = true;

  static {
    disposeBy(NamespaceHandle.prototype, (handle) => handle.close());
  }

  /** Use `Controller.openNamespace`. @internal */
  constructor(
    private readonly pair: PromisePair,
    private readonly current: () => Namespace,
  ) {}

  /** The namespace as it is now. @throws DriverError NO_NAMESPACE when it is not there any more */
  get namespace(): Namespace {
    return this.current();
  }

  /** Reads `blocks` logical blocks from `lba` on. */
  async read(lba: number, blocks: number, options: BlockOptions = {}): Promise<Uint8Array> {
    const namespace = this.demandRange(lba, blocks);
    const data = new Uint8Array(blocks * namespace.blockBytes);
    await this.pair.during(() => this.move(NVM_READ, namespace, lba, data, options));
    return data;
  }

  /** Writes a whole number of blocks from `lba` on. */
  async write(lba: number, bytes: Uint8Array, options: BlockOptions = {}): Promise<void> {
    const namespace = this.demandBlocks(lba, bytes);
    await this.pair.during(() => this.move(NVM_WRITE, namespace, lba, bytes, options));
  }

  /** Whether the blocks from `lba` on are these bytes. */
  async compare(lba: number, bytes: Uint8Array, options: BlockOptions = {}): Promise<boolean> {
    const namespace = this.demandBlocks(lba, bytes);
    const status = await this.pair.during(() => this.move(NVM_COMPARE, namespace, lba, bytes, options));
    return status !== STATUS_COMPARE_FAILURE;
  }

  /** Makes every write that completed before durable. */
  async flush(options: WaitOptions = {}): Promise<void> {
    const namespace = this.demandOpen();
    const flush: Submission = (pair, callback) => pair.flush(namespace, callback, undefined);
    await this.pair.during(() => this.demand(NVM_FLUSH, {}, flush, options));
  }

  /** Makes blocks read as zeroes; with `isDeallocated` they need no space afterwards, where the controller can do that. */
  async writeZeroes(
    lba: number,
    blocks: number,
    options: { isDeallocated?: boolean; isForced?: boolean } & WaitOptions = {},
  ): Promise<void> {
    const namespace = this.demandRange(lba, blocks);
    const { writeZeroesBlocksMax, writeZeroesDeallocateBlocksMax } = namespace.limits;
    const isDeallocated = options.isDeallocated === true;
    const flags = (isDeallocated ? WRITE_ZEROES_CDW12_DEAC : 0) | (options.isForced === true ? RW_CDW12_FUA : 0);
    const blocksMax = isDeallocated ? writeZeroesDeallocateBlocksMax : writeZeroesBlocksMax;
    const protection = namespace.piType === 0 ? 0 : RW_CDW12_PRACT;
    await this.inSteps(NVM_WRITE_ZEROES, lba, blocks, blocksMax, options, (at, count) => {
      return (pair, callback) => pair.writeZeroes(namespace, at, count, flags | protection, callback, undefined);
    });
  }

  /** Tells the controller that blocks are not needed any more. What they read as afterwards is the namespace's to say. */
  async deallocate(lba: number, blocks: number, options: WaitOptions = {}): Promise<void> {
    const namespace = this.demandRange(lba, blocks);
    const { datasetBlocksMax, datasetRangeBlocksMax } = namespace.limits;
    const blocksMax = Math.min(datasetBlocksMax, datasetRangeBlocksMax);
    await this.inSteps(NVM_DATASET_MANAGEMENT, lba, blocks, blocksMax, options, (at, count) => {
      return (pair, callback) => pair.deallocate(namespace, at, count, callback, undefined);
    });
  }

  /** Checks that blocks can be read, without moving them. */
  async verify(lba: number, blocks: number, options: WaitOptions = {}): Promise<void> {
    const namespace = this.demandRange(lba, blocks);
    await this.inSteps(NVM_VERIFY, lba, blocks, namespace.limits.verifyBlocksMax, options, (at, count) => {
      return (pair, callback) => pair.verify(namespace, at, count, 0, callback, undefined);
    });
  }

  /** Makes blocks unreadable until they are written again. */
  async writeUncorrectable(lba: number, blocks: number, options: WaitOptions = {}): Promise<void> {
    const namespace = this.demandRange(lba, blocks);
    const blocksMax = namespace.limits.writeUncorrectableBlocksMax;
    await this.inSteps(NVM_WRITE_UNCORRECTABLE, lba, blocks, blocksMax, options, (at, count) => {
      return (pair, callback) => pair.writeUncorrectable(namespace, at, count, callback, undefined);
    });
  }

  /** Copies blocks within the namespace. Source and destination do not overlap. */
  async copy(from: number, to: number, blocks: number, options: WaitOptions = {}): Promise<void> {
    const namespace = this.demandRange(from, blocks);
    this.demandRange(to, blocks);
    if (from < to + blocks && to < from + blocks) {
      throw new RangeError(`to: expected no overlap with ${blocks} blocks from ${from} on, got ${to}`);
    }
    const { copyBlocksMax, copyRangeBlocksMax, copyRangesMax } = namespace.limits;
    const blocksMax = Math.min(copyBlocksMax, copyRangeBlocksMax * copyRangesMax);
    if (blocksMax === 0) throw new DriverError('NOT_SUPPORTED', { opcode: 'Copy', expected: 'MCL above 0', got: 0 });
    await this.pair.during(async () => {
      for (let done = 0; done < blocks; done += blocksMax) {
        const count = Math.min(blocksMax, blocks - done);
        await this.copyOnce(namespace, from + done, to + done, count, options);
      }
    });
  }

  /** Closes the handle. Calls that have begun go on; the last handle of a controller waits for them. */
  async close(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    await this.pair.release();
  }

  /** Moves blocks through bounce buffers, step by step. Gives 0, or the status of a comparison that found a difference. */
  private async move(
    opcode: number,
    namespace: Namespace,
    lba: number,
    data: Uint8Array,
    options: BlockOptions,
  ): Promise<number> {
    const { blockBytes, metadataBytes, wireBlockBytes, boundaryBlocks, transferBlocksMax } = namespace;
    const { metadata } = options;
    const blocks = data.length / blockBytes;
    const isStripped = demandMetadata(opcode, namespace, blocks, metadata);
    const commandBlocks = boundaryBlocks === 0 ? transferBlocksMax : Math.min(boundaryBlocks, transferBlocksMax);
    const stepBytesBlocks = Math.max(1, Math.floor(STEP_BYTES_MAX / wireBlockBytes));
    const stepBlocks = Math.min(stepBytesBlocks, commandBlocks * STEP_COMMANDS_MAX);
    for (let done = 0; done < blocks; done += stepBlocks) {
      const count = Math.min(stepBlocks, blocks - done);
      const piece = data.subarray(done * blockBytes, (done + count) * blockBytes);
      const pieceMetadata = metadata?.subarray(done * metadataBytes, (done + count) * metadataBytes);
      const bounce = await Bounce.open(this.pair, namespace, count, isStripped, options);
      if (opcode !== NVM_READ) bounce.fill(piece, pieceMetadata);
      const status = await this.moveOnce(opcode, namespace, lba + done, count, bounce, isStripped, options, () => {
        if (opcode === NVM_READ) bounce.drain(piece, pieceMetadata);
        bounce.free();
      });
      if (status !== 0) return status;
    }
    return 0;
  }

  private async moveOnce(
    opcode: number,
    namespace: Namespace,
    lba: number,
    blocks: number,
    bounce: Bounce,
    isStripped: boolean,
    options: BlockOptions,
    onDone: () => void,
  ): Promise<number> {
    let flags = isStripped ? RW_CDW12_PRACT : 0;
    if (options.isForced === true) flags |= RW_CDW12_FUA;
    if (options.isRetriedLess === true) flags |= RW_CDW12_LR;
    const transfer = new Transfer();
    transfer.set(bounce.address, lba, blocks, flags);
    transfer.metadata = bounce.metadataAddress;
    const facts = { nsid: namespace.nsid, lba, blocks };
    const submit: Submission = (pair, callback) =>
      pair.submitTransfer(opcode, namespace, transfer, callback, undefined);
    const outcome = await this.pair.run(opcode, facts, submit, options, onDone);
    if (opcode === NVM_COMPARE && statusCode(outcome.status) === STATUS_COMPARE_FAILURE) return STATUS_COMPARE_FAILURE;
    demandOutcome(opcode, facts, outcome);
    return 0;
  }

  private async copyOnce(
    namespace: Namespace,
    from: number,
    to: number,
    blocks: number,
    options: WaitOptions,
  ): Promise<void> {
    const { copyRangeBlocksMax } = namespace.limits;
    const sources = new CopySources(this.pair.dma, namespace, Math.ceil(blocks / copyRangeBlocksMax));
    for (let done = 0; done < blocks; done += copyRangeBlocksMax) {
      sources.add(from + done, Math.min(copyRangeBlocksMax, blocks - done));
    }
    const destination = new Transfer();
    destination.lba = to;
    const facts = { nsid: namespace.nsid, from, to, blocks };
    const submit: Submission = (pair, callback) => pair.copy(namespace, sources, destination, callback, undefined);
    demandOutcome(NVM_COPY, facts, await this.pair.run(NVM_COPY, facts, submit, options, () => sources.free()));
  }

  /** Sends commands that have no payload, as many as it takes. */
  private async inSteps(
    opcode: number,
    lba: number,
    blocks: number,
    blocksMax: number,
    options: WaitOptions,
    command: (at: number, count: number) => Submission,
  ): Promise<void> {
    // A limit of less than a block leaves the refusal to the queue pair.
    const stepBlocks = Math.max(1, blocksMax);
    await this.pair.during(async () => {
      for (let done = 0; done < blocks; done += stepBlocks) {
        const count = Math.min(stepBlocks, blocks - done);
        await this.demand(opcode, { lba: lba + done, blocks: count }, command(lba + done, count), options);
      }
    });
  }

  private async demand(
    opcode: number,
    facts: Readonly<Record<string, number>>,
    submit: Submission,
    options: WaitOptions,
  ): Promise<Outcome> {
    const named = { nsid: this.namespace.nsid, ...facts };
    const outcome = await this.pair.run(opcode, named, submit, options);
    demandOutcome(opcode, named, outcome);
    return outcome;
  }

  private demandOpen(): Namespace {
    if (!this.isOpen) throw new DriverError('NOT_READY', { expected: 'an open namespace' });
    return this.current();
  }

  private demandRange(lba: number, blocks: number): Namespace {
    const namespace = this.demandOpen();
    if (!(Number.isSafeInteger(lba) && lba >= 0)) throw new RangeError(`lba: expected 0 to 2^53 - 1, got ${lba}`);
    if (!(Number.isSafeInteger(blocks) && blocks >= 1 && lba + blocks <= namespace.blocks)) {
      throw new RangeError(`blocks: expected 1 and up, and at most ${namespace.blocks} from block 0 on, got ${blocks}`);
    }
    return namespace;
  }

  private demandBlocks(lba: number, bytes: Uint8Array): Namespace {
    const { blockBytes } = this.demandOpen();
    if (bytes.length === 0 || bytes.length % blockBytes !== 0) {
      throw new RangeError(`bytes: expected a multiple of ${blockBytes} bytes, got ${bytes.length}`);
    }
    return this.demandRange(lba, bytes.length / blockBytes);
  }
}

/** Opens a handle. @throws DriverError when there is no such namespace, or no queue pair to be had */
export async function openNamespaceHandle(pair: PromisePair, current: () => Namespace): Promise<NamespaceHandle> {
  current();
  await pair.acquire();
  return new NamespaceHandle(pair, current);
}

/** Whether the controller inserts and strips the metadata. @throws RangeError when there is some and it is not of the right size, or missing */
function demandMetadata(
  opcode: number,
  namespace: Namespace,
  blocks: number,
  metadata: Uint8Array | undefined,
): boolean {
  const { metadataBytes, piBytes } = namespace;
  const bytes = blocks * metadataBytes;
  if (metadata !== undefined && metadata.length !== bytes) {
    throw new RangeError(`metadata: expected ${bytes} bytes, ${metadataBytes} for each block, got ${metadata.length}`);
  }
  if (metadata !== undefined || metadataBytes === 0) return false;
  if (piBytes === metadataBytes && opcode !== NVM_COMPARE) return true;
  if (opcode !== NVM_READ)
    throw new RangeError(`metadata: expected ${bytes} bytes, ${metadataBytes} for each block, got none`);
  return false;
}
