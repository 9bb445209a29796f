/**
 * Hot path: allocates only in the constructor.
 */
import {
  DSM_CDW11,
  DSM_RANGE_BYTES,
  NVM_COMPARE,
  NVM_DATASET_MANAGEMENT,
  NVM_FLUSH,
  NVM_READ,
  NVM_VERIFY,
  NVM_WRITE,
  NVM_WRITE_UNCORRECTABLE,
  NVM_WRITE_ZEROES,
  ONCS_COMPARE,
  ONCS_DATASET_MANAGEMENT,
  SQE_DWORDS,
} from '@phasebit/nvme-spec';
import { CommandBuilder } from './command-builder.js';
import type { CompletionCallback, FusedCallback } from './completion.js';
import { type CopySources, writeCopy } from './copy-sources.js';
import { crossesBoundary } from './cut-plan.js';
import type { DatasetRanges } from './dataset-ranges.js';
import { COPIED_BYTES_MAX } from './list-memory.js';
import type { Namespace } from './namespace.js';
import { demandPayloadChoice, PointerRules } from './pointer-rules.js';
import { PolledPair } from './polled-pair.js';
import { type QueuePairPlace, type QueuePairSettings, trackersOf } from './queue-pair-options.js';
import {
  Refusal,
  REFUSED_BYTES,
  REFUSED_FUSED_RING,
  REFUSED_PAYLOAD,
  REFUSED_PIECES,
  REFUSED_RANGE_BLOCKS,
  REFUSED_SHORT_BYTES,
} from './refusal.js';
import { REQUEST_SHIFT } from './request-pool.js';
import { SplitTransfers } from './split-transfers.js';
import { SUBMIT_ACCEPTED, SUBMIT_AGAIN, SUBMIT_FAILED, SUBMIT_NEVER } from './submit-result.js';
import { TransferPath } from './transfer-path.js';
import { Transfer } from './transfer.js';

// Imported bindings are not folded into the code by V8, constants of this module are.
const OPC_READ = NVM_READ;
const OPC_WRITE = NVM_WRITE;
const ACCEPTED = SUBMIT_ACCEPTED;
const REQUEST = REQUEST_SHIFT;
const LBA_MAX = Number.MAX_SAFE_INTEGER;
const DSM_DEALLOCATE = DSM_CDW11.AD.set(0, 1);

/** A fused operation takes a tracker for each command, and a request more to put their ends together. */
const FUSED_TRACKERS = 2;
const FUSED_REQUESTS = 3;

/**
 * A queue pair as its user sees it: commands in, callbacks out. It belongs to one thread and acts only when called.
 * The commands are here, with their splitting and refusals; polling and all that concerns the pair as a whole is in {@link PolledPair}.
 *
 * `read` and `write` of contiguous memory on a namespace without metadata are the plain path, which is short. What is more than that is a
 * {@link Transfer} and takes {@link QueuePair.submitTransfer}.
 *
 * What the controller does not offer, or could not carry out as asked, is refused with `SUBMIT_NEVER` before it is sent, and
 * {@link QueuePair.lastRefusal} says what was expected.
 */
export class QueuePair extends PolledPair {
  private readonly builder: CommandBuilder;
  private readonly splits: SplitTransfers;
  private readonly path: TransferPath;
  private readonly refusal = new Refusal();
  private readonly scratch = new Transfer();
  private readonly whole = new Int32Array(SQE_DWORDS);

  /**
   * Use `Controller.createQueuePair`: the controller has to know the rings too.
   *
   * @throws RangeError when SGLs are asked for and the controller has none
   */
  constructor(place: QueuePairPlace, settings: QueuePairSettings) {
    demandPayloadChoice(settings.payload, place.sgls ?? 0);
    super(place, settings);
    const { dma } = place.function;
    const rules = new PointerRules(place.sgls ?? 0, settings.payload, settings.sglMerge, this.lists.listBytes);
    this.sendsPlain = !rules.sglForContiguous;
    this.builder = new CommandBuilder(this.pool, dma, this.lists);
    this.splits = new SplitTransfers(this.pool, this.builder, this.rings, this.rings.slow);
    this.path = new TransferPath(dma, this.pool, this.lists, this.splits, rules, this.refusal);
  }

  /** Why the last `SUBMIT_NEVER` was one: what was expected and what came. Empty when there was none. */
  get lastRefusal(): string {
    return this.refusal.describe();
  }

  /**
   * Reads `blocks` logical blocks from `lba` on into host memory at `address`. [NVM] 3.3.4
   *
   * @param address - host address in DMA memory, a multiple of 4, for `blocks * blockBytes` bytes
   * @param lba - 0 to 2^53 - 1; whether the namespace has it is the controller's to say
   * @param blocks - 1 and up; what one command cannot carry is split
   * @param flags - upper bits of dword 12 (FUA, LR, PRINFO), 0 for none
   * @returns one of the SUBMIT answers
   * @throws RangeError when `lba` is negative or past 2^53 - 1
   */
  read(
    namespace: Namespace,
    address: number,
    lba: number,
    blocks: number,
    flags: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    return this.transfer(OPC_READ, namespace, address, lba, blocks, flags, callback, context);
  }

  /** Writes `blocks` logical blocks; parameters as in {@link QueuePair.read}. [NVM] 3.3.6 */
  write(
    namespace: Namespace,
    address: number,
    lba: number,
    blocks: number,
    flags: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    return this.transfer(OPC_WRITE, namespace, address, lba, blocks, flags, callback, context);
  }

  /** Compares `blocks` logical blocks with memory; parameters as in {@link QueuePair.read}. [NVM] 3.3.1 */
  compare(
    namespace: Namespace,
    address: number,
    lba: number,
    blocks: number,
    flags: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    if (!this.offers(NVM_COMPARE, namespace, ONCS_COMPARE)) return SUBMIT_NEVER;
    return this.transfer(NVM_COMPARE, namespace, address, lba, blocks, flags, callback, context);
  }

  /**
   * Sends whatever a transfer says: payloads in pieces, metadata, protection information, hints, directives. What one command cannot carry
   * is split. The transfer may be changed as soon as this returns.
   *
   * @param opcode - `NVM_READ`, `NVM_WRITE`, `NVM_COMPARE`, `NVM_VERIFY`, `NVM_WRITE_ZEROES` or `NVM_WRITE_UNCORRECTABLE`; payload and
   * metadata of the last three are not looked at, and they are not split
   * @returns one of the SUBMIT answers
   * @throws RangeError when a block is not below 2^53 - 1; what a scatter list throws
   */
  submitTransfer(
    opcode: number,
    namespace: Namespace,
    transfer: Transfer,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    if (!this.isConnected) return SUBMIT_FAILED;
    return this.countRefused(this.path.submit(opcode, namespace, transfer, callback, context));
  }

  /**
   * Writes blocks if they are what memory says: Compare and Write, fused. Both are one command each, side by side in the ring, and neither
   * is split. [Base] 3.4.2, [NVM] 2.1.4
   *
   * @param compare - what is expected; the same blocks as in `write`
   * @param write - what they become
   * @param callback - gets the status of each
   */
  compareAndWrite(
    namespace: Namespace,
    compare: Transfer,
    write: Transfer,
    callback: FusedCallback,
    context: unknown,
  ): number {
    if (!this.isConnected) return SUBMIT_FAILED;
    const { settings } = this;
    const trackers = trackersOf(settings);
    if (trackers < FUSED_TRACKERS || settings.requests < FUSED_REQUESTS) {
      return this.refusal.note(REFUSED_FUSED_RING, trackers, FUSED_REQUESTS);
    }
    return this.countRefused(this.path.submitFused(namespace, compare, write, callback, context));
  }

  /** Checks that blocks can be read, and their protection information, without moving them. `flags` may have FUA, LR, PRCHK. [NVM] 3.3.5 */
  verify(
    namespace: Namespace,
    lba: number,
    blocks: number,
    flags: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    return this.submitBlocks(NVM_VERIFY, namespace, lba, blocks, flags, callback, context);
  }

  /** Makes blocks unreadable until they are written again. [NVM] 3.3.7 */
  writeUncorrectable(
    namespace: Namespace,
    lba: number,
    blocks: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    return this.submitBlocks(NVM_WRITE_UNCORRECTABLE, namespace, lba, blocks, 0, callback, context);
  }

  /** Makes up to 65,536 blocks read as zeroes. `flags` may have DEAC. [NVM] 3.3.8 */
  writeZeroes(
    namespace: Namespace,
    lba: number,
    blocks: number,
    flags: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    const isPlain = flags === 0 && blocks >= 1 && blocks <= namespace.plainZeroesMax;
    if (!isPlain || !this.isConnected) {
      return this.submitBlocks(NVM_WRITE_ZEROES, namespace, lba, blocks, flags, callback, context);
    }
    if (!(lba >= 0 && lba <= LBA_MAX)) failLba(lba);
    const request = this.pool.take();
    if (request < 0) return this.refuse();
    this.builder.buildBlocks(request << REQUEST, NVM_WRITE_ZEROES, namespace.nsid, lba, blocks - 1);
    this.builder.setPayload(request << REQUEST, 0, 0);
    this.rings.submit(request, callback, context);
    return ACCEPTED;
  }

  /** Tells the device that up to 2^32 - 1 blocks are not needed any more: dataset management with one range. [NVM] 3.3.3 */
  deallocate(
    namespace: Namespace,
    lba: number,
    blocks: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    if (!this.isConnected) return SUBMIT_FAILED;
    if (!(lba >= 0 && lba <= LBA_MAX)) failLba(lba);
    const { datasetRangeBlocksMax, datasetBlocksMax } = namespace.limits;
    if (!this.offers(NVM_DATASET_MANAGEMENT, namespace, ONCS_DATASET_MANAGEMENT)) return SUBMIT_NEVER;
    const blocksMax = Math.min(datasetRangeBlocksMax, datasetBlocksMax);
    if (!(blocks >= 1 && blocks <= blocksMax)) return this.refusal.note(REFUSED_RANGE_BLOCKS, blocks, blocksMax);
    const request = this.pool.take();
    if (request < 0) return this.refuse();
    this.startWhole(NVM_DATASET_MANAGEMENT, namespace.nsid, DSM_DEALLOCATE);
    this.builder.buildWhole(request, this.whole, this.lists.writeRange(request, lba, blocks), DSM_RANGE_BYTES);
    this.rings.submit(request, callback, context);
    return ACCEPTED;
  }

  /**
   * Dataset management of up to 256 ranges. They stay the command's until the callback. [NVM] 3.3.3
   *
   * @param attributes - what is said of all ranges, `DSM_CDW11`: AD (deallocate), IDW, IDR
   */
  datasetManagement(
    namespace: Namespace,
    ranges: DatasetRanges,
    attributes: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    const isOffered = this.offers(NVM_DATASET_MANAGEMENT, namespace, ONCS_DATASET_MANAGEMENT);
    if (!isOffered || !ranges.check(namespace, this.refusal)) return SUBMIT_NEVER;
    this.startWhole(NVM_DATASET_MANAGEMENT, namespace.nsid, attributes);
    this.whole[10] = ranges.count - 1;
    return this.submitCommand(this.whole, ranges.address, ranges.count * DSM_RANGE_BYTES, callback, context);
  }

  /**
   * Copies the blocks of up to 256 source ranges of a namespace, one behind the other, to where `destination` begins in the same namespace.
   * The sources stay the command's until the callback. On failure dword 0 is the number of the first range that was not copied whole. [NVM] 3.3.2
   *
   * @param destination - its `lba`, flags, tags and directive are for the write; blocks, payload, metadata and hints are not looked at
   */
  copy(
    namespace: Namespace,
    sources: CopySources,
    destination: Transfer,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    if (!this.isConnected) return SUBMIT_FAILED;
    if (!this.path.checkCopy(namespace, sources, destination)) return SUBMIT_NEVER;
    writeCopy(this.whole, namespace, sources, destination);
    return this.submitCommand(this.whole, sources.address, sources.bytes, callback, context);
  }

  /** Makes every write that completed before durable. [NVM] 3.2 and [Base] 7.2 */
  flush(namespace: Namespace, callback: CompletionCallback, context: unknown): number {
    this.startWhole(NVM_FLUSH, namespace.nsid, 0);
    return this.submitCommand(this.whole, 0, 0, callback, context);
  }

  /**
   * A command given as its dwords: everything but the command identifier and the data pointer, which are filled in here.
   *
   * @param command - 16 dwords: opcode in dword 0, nsid in 1, dwords 10 to 15; others 0
   * @param address - host address of the payload, 0 without one
   * @param bytes - of payload, 0 to the transfer limit
   */
  submitCommand(
    command: Int32Array,
    address: number,
    bytes: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    if (!this.isConnected) return SUBMIT_FAILED;
    const { transferBytesMax } = this.place;
    if (bytes > transferBytesMax) return this.refusal.note(REFUSED_BYTES, bytes, transferBytesMax);
    if (bytes !== 0 && !this.builder.isPayload(address, bytes))
      return this.refusal.note(REFUSED_PAYLOAD, address, bytes);
    const request = this.pool.take();
    if (request < 0) return this.refuse();
    this.builder.buildWhole(request, command, bytes === 0 ? 0 : address, bytes);
    this.rings.submit(request, callback, context);
    return ACCEPTED;
  }

  /**
   * As {@link QueuePair.submitCommand}, with payload and metadata as a transfer says them: in pieces, by PRPs or SGLs, split never.
   *
   * @param transfer - only address, scatter and metadata are looked at
   * @param bytes - of payload, 0 to the transfer limit
   * @param metadataBytes - of separate metadata, 0 for none
   */
  submitVector(
    command: Int32Array,
    transfer: Transfer,
    bytes: number,
    metadataBytes: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    if (!this.isConnected) return SUBMIT_FAILED;
    const { transferBytesMax } = this.place;
    return this.countRefused(
      this.path.submitCommand(command, transfer, bytes, metadataBytes, transferBytesMax, callback, context),
    );
  }

  /**
   * As {@link QueuePair.submitCommand}, with a payload of a few bytes to the device, which is copied: it may be changed as soon as this
   * returns.
   *
   * @param data - up to 256 bytes
   */
  submitCopied(command: Int32Array, data: Uint8Array, callback: CompletionCallback, context: unknown): number {
    if (!this.isConnected) return SUBMIT_FAILED;
    const { lists } = this;
    if (data.length > COPIED_BYTES_MAX) return this.refusal.note(REFUSED_SHORT_BYTES, data.length, COPIED_BYTES_MAX);
    const request = this.pool.take();
    if (request < 0) return this.refuse();
    this.builder.buildWhole(request, command, lists.writeBytes(request, data), data.length);
    this.rings.submit(request, callback, context);
    return ACCEPTED;
  }

  /** Whether the controller offers a command that has a bit of ONCS; notes a refusal if not. @internal */
  offers(opcode: number, namespace: Namespace, bit: number): boolean {
    return this.path.isOffered(opcode, namespace, bit);
  }

  /** Notes why a command will never be accepted, and gives that answer. @internal */
  refuseForGood(text: string, got: number, limit: number): number {
    return this.refusal.note(text, got, limit);
  }

  private transfer(
    opcode: number,
    namespace: Namespace,
    address: number,
    lba: number,
    blocks: number,
    flags: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    if (!this.sendsPlain)
      return this.transferSpecially(opcode, namespace, address, lba, blocks, flags, callback, context);
    if (!(lba >= 0 && lba <= LBA_MAX)) failLba(lba);
    if (blocks > namespace.plainBlocksMax || crossesBoundary(lba, blocks, namespace.boundaryBlocks)) {
      return this.transferSplit(opcode, namespace, address, lba, blocks, flags, callback, context);
    }
    const bytes = blocks << namespace.blockShift;
    if (!this.builder.isPayload(address, bytes)) {
      return this.transferSpecially(opcode, namespace, address, lba, blocks, flags, callback, context);
    }
    const request = this.pool.take();
    if (request < 0) return this.refuse();
    const at = request << REQUEST;
    this.builder.buildBlocks(at, opcode, namespace.nsid, lba, flags | (blocks - 1));
    this.builder.setPayload(at, address, bytes);
    this.rings.submit(request, callback, context);
    return ACCEPTED;
  }

  /** A transfer that has to be split, or is of a namespace without a plain path. */
  private transferSplit(
    opcode: number,
    namespace: Namespace,
    address: number,
    lba: number,
    blocks: number,
    flags: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    const isPlain = namespace.plainBlocksMax !== 0 && lba + blocks <= LBA_MAX;
    if (!isPlain || !this.builder.isPayload(address, blocks * namespace.blockBytes)) {
      return this.transferSpecially(opcode, namespace, address, lba, blocks, flags, callback, context);
    }
    const { splits } = this;
    const answer = splits.sendPlain(opcode, namespace, address, lba, blocks, flags, callback, context);
    if (answer === SUBMIT_NEVER) return this.refusal.note(REFUSED_PIECES, splits.pieces + 1, this.pool.capacity);
    return this.countRefused(answer);
  }

  /** A transfer of a namespace or a pair without a plain path, one whose payload needs SGLs, or one that is refused. */
  private transferSpecially(
    opcode: number,
    namespace: Namespace,
    address: number,
    lba: number,
    blocks: number,
    flags: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    this.scratch.set(address, lba, blocks, flags);
    return this.submitTransfer(opcode, namespace, this.scratch, callback, context);
  }

  private submitBlocks(
    opcode: number,
    namespace: Namespace,
    lba: number,
    blocks: number,
    flags: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    this.scratch.set(0, lba, blocks, flags);
    return this.submitTransfer(opcode, namespace, this.scratch, callback, context);
  }

  protected get splitCount(): number {
    return this.splits.count;
  }

  protected contextOf(callback: CompletionCallback, context: unknown): unknown {
    const whole = this.splits.wholeOf(callback, context);
    return whole < 0 ? context : this.pool.contexts[whole];
  }

  private startWhole(opcode: number, nsid: number, cdw11: number): void {
    this.whole.fill(0);
    this.whole[0] = opcode;
    this.whole[1] = nsid;
    this.whole[11] = cdw11;
  }

  private refuse(): number {
    this.refused++;
    return SUBMIT_AGAIN;
  }

  private countRefused(answer: number): number {
    return answer === SUBMIT_AGAIN ? this.refuse() : answer;
  }
}

function failLba(lba: number): never {
  throw new RangeError(`lba: expected 0 to 2^53 - 1, got ${lba}`);
}
