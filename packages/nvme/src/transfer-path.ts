/**
 * Hot path: allocates only in the constructor.
 */
import {
  FUSE_FIRST,
  FUSE_SECOND,
  NVM_COMPARE,
  NVM_WRITE,
  NVM_WRITE_UNCORRECTABLE,
  RW_CDW12_DTYPE_SHIFT,
  RW_CDW13_DSPEC_SHIFT,
  SQE_CDW0_FUSE_SHIFT,
  SQE_CDW0_OPC_MASK,
  SQE_DWORDS,
} from '@phasebit/nvme-spec';
import type { DmaSpace } from '@phasebit/pcie';
import type { CompletionCallback, FusedCallback } from './completion.js';
import type { CopySources } from './copy-sources.js';
import { CutPlan } from './cut-plan.js';
import { DataPointers } from './data-pointers.js';
import { REQUESTS_MAX } from './limits.js';
import type { ListMemory } from './list-memory.js';
import type { Namespace } from './namespace.js';
import { PayloadCursor } from './payload-cursor.js';
import type { PointerRules } from './pointer-rules.js';
import { writeTags } from './protection-tags.js';
import {
  REFUSED_BYTES,
  REFUSED_FUSED_PIECES,
  REFUSED_METADATA,
  REFUSED_NOT_FUSED,
  REFUSED_PAYLOAD,
  REFUSED_PIECES,
  REFUSED_RANGES_DIFFER,
  REFUSED_WHOLE,
  type Refusal,
} from './refusal.js';
import { KIND_WIDE, REQUEST_KIND, REQUEST_SHIFT, type RequestPool } from './request-pool.js';
import type { SplitTransfers } from './split-transfers.js';
import { SUBMIT_NEVER } from './submit-result.js';
import { isStripped, movesData, needsMetadata, TransferRules, wireBytes } from './transfer-rules.js';
import type { Transfer } from './transfer.js';

const SHIFT = REQUEST_SHIFT;
const U32_RANGE = 0x1_0000_0000;
const PIECES_MAX = REQUESTS_MAX;
const FUSED_FIRST = FUSE_FIRST << SQE_CDW0_FUSE_SHIFT;
const FUSED_SECOND = FUSE_SECOND << SQE_CDW0_FUSE_SHIFT;

/**
 * The way of every transfer that is not plain: scattered, too large for one command, with metadata, tags, hints or directives, fused, or
 * a command of the caller's own. It is checked, cut, built piece by piece into requests, and sent when all of that went well.
 */
export class TransferPath {
  private readonly pool: RequestPool;
  private readonly splits: SplitTransfers;
  private readonly rules: PointerRules;
  private readonly refusal: Refusal;
  private readonly dma: DmaSpace;
  private readonly checks: TransferRules;
  private readonly cursor: PayloadCursor;
  private readonly metadataCursor: PayloadCursor;
  private readonly plan: CutPlan;
  private readonly pointers: DataPointers;

  constructor(
    dma: DmaSpace,
    pool: RequestPool,
    lists: ListMemory,
    splits: SplitTransfers,
    rules: PointerRules,
    refusal: Refusal,
  ) {
    this.dma = dma;
    this.pool = pool;
    this.splits = splits;
    this.rules = rules;
    this.refusal = refusal;
    this.checks = new TransferRules(dma, refusal);
    this.cursor = new PayloadCursor(dma, refusal);
    this.metadataCursor = new PayloadCursor(dma, refusal);
    this.plan = new CutPlan(dma, this.cursor, this.metadataCursor, rules, refusal);
    this.pointers = new DataPointers(dma, pool.records, lists, this.cursor, this.metadataCursor, rules, refusal);
  }

  /** Whether the controller offers a command of ONCS; notes a refusal if not. */
  isOffered(opcode: number, namespace: Namespace, bit: number): boolean {
    return this.checks.isOffered(opcode, namespace, bit);
  }

  /** Whether a copy may be sent; notes a refusal if not. */
  checkCopy(namespace: Namespace, sources: CopySources, destination: Transfer): boolean {
    return this.checks.checkCopy(namespace, sources, destination);
  }

  /** Sends a transfer in as many commands as it takes. Gives one of the SUBMIT answers. */
  submit(
    opcode: number,
    namespace: Namespace,
    transfer: Transfer,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    if (!this.checks.check(opcode, namespace, transfer)) return SUBMIT_NEVER;
    this.splits.begin();
    // eslint-disable-next-line no-restricted-syntax -- the caller's scatter list may throw; not the plain path
    try {
      if (!this.collect(opcode, namespace, transfer, 0, !transfer.isWhole && movesData(opcode))) return SUBMIT_NEVER;
      const answer = this.splits.send(callback, context);
      return answer === SUBMIT_NEVER
        ? this.refusal.note(REFUSED_PIECES, this.splits.pieces + 1, this.pool.capacity)
        : answer;
    } finally {
      this.leave();
    }
  }

  /** Sends a compare and a write of the same blocks as one fused operation. [NVM] 2.1.1, [Base] 3.4.2 */
  submitFused(
    namespace: Namespace,
    compare: Transfer,
    write: Transfer,
    callback: FusedCallback,
    context: unknown,
  ): number {
    const { refusal, checks } = this;
    const { canFuse, compareAndWriteBlocksMax } = namespace.limits;
    if (!canFuse) return refusal.note(REFUSED_NOT_FUSED, 0);
    if (!checks.check(NVM_COMPARE, namespace, compare) || !checks.check(NVM_WRITE, namespace, write)) {
      return SUBMIT_NEVER;
    }
    const isSame = compare.lba === write.lba && compare.blocks === write.blocks;
    if (!isSame || write.blocks > compareAndWriteBlocksMax) {
      return refusal.note(REFUSED_RANGES_DIFFER, write.blocks, compareAndWriteBlocksMax);
    }
    this.splits.begin();
    // eslint-disable-next-line no-restricted-syntax -- the caller's scatter list may throw; not the plain path
    try {
      const isBuilt =
        this.collect(NVM_COMPARE, namespace, compare, FUSED_FIRST, false) &&
        this.collect(NVM_WRITE, namespace, write, FUSED_SECOND, false);
      return isBuilt ? this.splits.sendFused(callback, context) : SUBMIT_NEVER;
    } finally {
      this.leave();
    }
  }

  /** Sends a command given by its dwords, whose payload and metadata are what the transfer says, of `bytes` and `metadataBytes` bytes. */
  submitCommand(
    command: Int32Array,
    transfer: Transfer,
    bytes: number,
    metadataBytes: number,
    bytesMax: number,
    callback: CompletionCallback,
    context: unknown,
  ): number {
    if (!this.checkCommand(transfer, bytes, metadataBytes, bytesMax)) return SUBMIT_NEVER;
    this.splits.begin();
    // eslint-disable-next-line no-restricted-syntax -- the caller's scatter list may throw; not the plain path
    try {
      return this.collectCommand(command, transfer, bytes, metadataBytes)
        ? this.splits.send(callback, context)
        : SUBMIT_NEVER;
    } finally {
      this.leave();
    }
  }

  /** Plans a transfer and builds its pieces, as far as there are requests. False when it is refused. */
  private collect(opcode: number, namespace: Namespace, transfer: Transfer, fuse: number, mayBeCut: boolean): boolean {
    const { plan, splits } = this;
    this.take(opcode, namespace, transfer);
    plan.begin();
    while (plan.next()) {
      if (!mayBeCut && plan.blocks !== transfer.blocks) {
        this.refusal.note(fuse === 0 ? REFUSED_WHOLE : REFUSED_FUSED_PIECES, transfer.blocks, plan.blocks);
        return false;
      }
      // No pool is that large: a list that has no end is not walked to it.
      if (splits.pieces === PIECES_MAX) {
        this.refusal.note(REFUSED_PIECES, PIECES_MAX + 1, this.pool.capacity);
        return false;
      }
      const request = splits.take();
      if (request >= 0 && !this.build(request, namespace, transfer, fuse)) return false;
    }
    return !plan.isRefused;
  }

  /** Makes a transfer what the plan cuts and the cursor walks. */
  private take(opcode: number, namespace: Namespace, transfer: Transfer): void {
    const { subject } = this.plan;
    const { flags } = transfer;
    const hasData = movesData(opcode);
    subject.opcode = opcode;
    subject.lba = transfer.lba;
    subject.blocks = transfer.blocks;
    subject.wireBlockBytes = hasData ? wireBytes(namespace, flags) : 0;
    subject.blocksMax = namespace.transferBlocksMax;
    if (isStripped(namespace, flags)) subject.blocksMax = namespace.strippedBlocksMax;
    if (!hasData) subject.blocksMax = transfer.blocks;
    subject.boundaryBlocks = hasData ? namespace.boundaryBlocks : 0;
    subject.hasMetadata = hasData && needsMetadata(namespace, flags);
    subject.metadataBytes = namespace.metadataBytes;
    this.choosePointers(transfer);
  }

  private choosePointers({ scatter, address, metadata, metadataScatter }: Transfer): void {
    const { rules, plan } = this;
    const { subject } = plan;
    const hasPieces = scatter !== null || (metadataScatter !== null && subject.hasMetadata && rules.hasMetadataSgl);
    const isPlain = !hasPieces && ((address & 3) === 0 || rules.needsDwords);
    subject.usesSgl = isPlain ? rules.sglForContiguous : rules.sglForScattered;
    this.cursor.begin(scatter, address);
    this.metadataCursor.begin(metadataScatter, metadata);
  }

  /** Builds the piece that the plan is at. */
  private build(request: number, namespace: Namespace, transfer: Transfer, fuse: number): boolean {
    const { pool, plan } = this;
    const { records } = pool;
    const { subject } = plan;
    const { directiveType, directiveSpecific, dsm, flags } = transfer;
    const at = request << SHIFT;
    const lba = transfer.lba + plan.done;
    if (records[at | REQUEST_KIND] !== 0) pool.clear(request);
    records[at] = subject.opcode | fuse;
    records[at | 1] = namespace.nsid;
    records[at | 10] = lba;
    records[at | 11] = lba < U32_RANGE ? 0 : Math.floor(lba / U32_RANGE);
    records[at | 12] = flags | (directiveType << RW_CDW12_DTYPE_SHIFT) | (plan.blocks - 1);
    records[at | 13] = dsm | (directiveSpecific << RW_CDW13_DSPEC_SHIFT);
    if (subject.opcode !== NVM_WRITE_UNCORRECTABLE) writeTags(records, at, namespace, transfer, plan.done);
    const isBuilt = this.point(request);
    // What stays in dwords 2 to 5 and 13 to 15 has to be overwritten in the ring by whoever comes next.
    const wide = records[at | 2] | records[at | 3] | records[at | 4] | records[at | 5];
    const wideEnd = records[at | 13] | records[at | 14] | records[at | 15];
    records[at | REQUEST_KIND] = (wide | wideEnd) === 0 ? 0 : KIND_WIDE;
    return isBuilt;
  }

  /** Writes the pointers of the piece that the plan is at. */
  private point(request: number): boolean {
    const { plan, pointers } = this;
    const { wireBlockBytes, hasMetadata, metadataBytes, usesSgl } = plan.subject;
    this.cursor.seek(plan.done * wireBlockBytes, plan.blocks * wireBlockBytes);
    if (!(usesSgl && wireBlockBytes !== 0 ? pointers.writeSgl(request) : pointers.writePrp(request))) return false;
    if (!hasMetadata) return true;
    this.metadataCursor.seek(plan.done * metadataBytes, plan.blocks * metadataBytes);
    return pointers.writeMetadata(request);
  }

  private checkCommand(transfer: Transfer, bytes: number, metadataBytes: number, bytesMax: number): boolean {
    const { dma, refusal } = this;
    const { address, scatter, metadata, metadataScatter } = transfer;
    if (!(Number.isInteger(bytes) && bytes >= 0 && bytes <= bytesMax)) {
      refusal.note(REFUSED_BYTES, bytes, bytesMax);
      return false;
    }
    if (bytes !== 0 && scatter === null && !(Number.isInteger(address) && dma.contains(address, bytes))) {
      refusal.note(REFUSED_PAYLOAD, address, bytes);
      return false;
    }
    const isMetadata =
      metadataBytes === 0 ||
      metadataScatter !== null ||
      (Number.isInteger(metadata) && dma.contains(metadata, metadataBytes));
    if (!isMetadata) refusal.note(REFUSED_METADATA, metadata, metadataBytes);
    return isMetadata;
  }

  private collectCommand(command: Int32Array, transfer: Transfer, bytes: number, metadataBytes: number): boolean {
    const { plan, pool, splits } = this;
    const { subject } = plan;
    subject.opcode = command[0] & SQE_CDW0_OPC_MASK;
    subject.lba = 0;
    subject.blocks = 1;
    subject.blocksMax = 1;
    subject.boundaryBlocks = 0;
    subject.wireBlockBytes = bytes;
    subject.hasMetadata = metadataBytes !== 0;
    subject.metadataBytes = metadataBytes;
    this.choosePointers(transfer);
    plan.begin();
    if (!plan.next()) return false;
    const request = splits.take();
    if (request < 0) return true;
    const at = request << SHIFT;
    for (let i = 0; i < SQE_DWORDS; i++) pool.records[at + i] = command[i]!;
    pool.records[at] = subject.opcode;
    pool.records[at | REQUEST_KIND] = KIND_WIDE;
    return this.point(request);
  }

  private leave(): void {
    this.splits.giveUp();
    this.cursor.end();
    this.metadataCursor.end();
  }
}
