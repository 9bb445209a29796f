/**
 * Protection information between the driver, which makes and checks it, and QEMU, which makes and checks it by code that nobody here wrote.
 * The witness is the file below QEMU, where the metadata of all blocks lies behind their data.
 */
import { type Namespace, type QueuePair, Transfer } from '@phasebit/nvme';
import {
  checkProtection,
  extendedBlocks,
  NVM_COMPARE,
  NVM_READ,
  NVM_WRITE,
  PRINFO_PRCHK_APPLICATION,
  PRINFO_PRCHK_GUARD,
  PRINFO_PRCHK_REFERENCE,
  type ProtectedBlocks,
  ProtectionTags,
  RW_CDW12_PRACT,
  RW_CDW12_PRCHK_APPLICATION,
  RW_CDW12_PRCHK_GUARD,
  RW_CDW12_PRCHK_REFERENCE,
  separateBlocks,
  STATUS_APPLICATION_TAG_CHECK_ERROR,
  STATUS_GUARD_CHECK_ERROR,
  statusCode,
  writeProtection,
} from '@phasebit/nvme-spec';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnQemu, QemuStack, rawDrive } from './support/qemu-stack.js';

const LBA = 100;
/** More than one command carries, so that pieces count their tags on. */
const BLOCKS = 9;
const TAG = 0x1234;
const CHECK_ALL = RW_CDW12_PRCHK_GUARD | RW_CDW12_PRCHK_REFERENCE | RW_CDW12_PRCHK_APPLICATION;
const CHECKED = PRINFO_PRCHK_GUARD | PRINFO_PRCHK_REFERENCE | PRINFO_PRCHK_APPLICATION;

const FORMATS: readonly string[] = [1, 2, 3].flatMap((type) =>
  ['ms=8', 'ms=8,mset=1', 'ms=64', 'ms=64,mset=1,pil=1', 'ms=16,pif=2', 'ms=64,mset=1,pif=2,pil=1'].map(
    (format) => `pi=${type},${format}`,
  ),
);

/** A protected namespace, blocks in memory that it has not seen yet, and a transfer of them. */
class Protected {
  readonly namespace: Namespace;
  readonly transfer = new Transfer();
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
  private readonly metadataAddress: number;
  readonly memory: ProtectedBlocks;

  constructor(
    readonly stack: QemuStack,
    readonly pair: QueuePair,
    nsid: number,
  ) {
    this.namespace = stack.controllers[0].namespace(nsid);
    const { wireBlockBytes, metadataBytes, isExtended, protection } = this.namespace;
    this.transfer.set(stack.allocate(BLOCKS * wireBlockBytes), LBA, BLOCKS, 0);
    this.transfer.applicationTag = TAG;
    this.transfer.applicationTagMask = 0xffff;
    this.data = stack.dma.bytes(this.transfer.address, BLOCKS * wireBlockBytes);
    const metadata = stack.allocate(BLOCKS * metadataBytes);
    this.metadataAddress = metadata;
    this.metadata = stack.dma.bytes(metadata, BLOCKS * metadataBytes);
    if (!isExtended) this.transfer.metadata = metadata;
    this.memory = isExtended
      ? extendedBlocks(protection!, this.data)
      : separateBlocks(protection!, this.data, this.metadata);
    for (let i = 0; i < this.data.length; i++) this.data[i] = (i * 7 + (i >>> 8)) & 0xff;
    for (let i = 0; i < this.metadata.length; i++) this.metadata[i] = (i * 5 + 1) & 0xff;
  }

  tags(): ProtectionTags {
    const tags = new ProtectionTags();
    tags.application = TAG;
    tags.applicationMask = 0xffff;
    tags.set(this.namespace.protection!, 0, this.namespace.piType === 3 ? 0 : LBA);
    return tags;
  }

  async move(opcode: number): Promise<number> {
    return statusCode(await this.stack.transfer(this.pair, opcode, this.namespace, this.transfer));
  }

  /** Gives its memory back. */
  free(): void {
    this.stack.dma.free(this.transfer.address);
    this.stack.dma.free(this.metadataAddress);
  }

  /** How many blocks pass a check in the file, by the driver's reckoning. */
  passInFile(): number {
    const { blocks, blockBytes, metadataBytes, protection } = this.namespace;
    const data = this.stack.fileBytes(`d${this.namespace.nsid}`, LBA * blockBytes, BLOCKS * blockBytes);
    const metadata = this.stack.fileBytes(
      `d${this.namespace.nsid}`,
      blocks * blockBytes + LBA * metadataBytes,
      BLOCKS * metadataBytes,
    );
    return checkProtection(protection!, separateBlocks(protection!, data, metadata), BLOCKS, this.tags(), CHECKED);
  }
}

describeOnQemu('protection information', () => {
  let stack: QemuStack;
  let pair: QueuePair;

  // All formats at once, each a namespace.
  beforeAll(async () => {
    const size = 'logical_block_size=4096,physical_block_size=4096';
    stack = await QemuStack.open({
      devices: (folder) => [
        ...['-device', 'nvme,id=c0,serial=x,mdts=2'],
        ...FORMATS.flatMap((format, i) => [
          ...rawDrive(folder, `d${i + 1}`, 4 << 20),
          ...['-device', `nvme-ns,bus=c0,drive=d${i + 1},nsid=${i + 1},${size},${format}`],
        ]),
      ],
    });
    pair = await stack.controllers[0].createQueuePair({ entries: 16, retriesMax: 0 });
  });

  afterAll(() => stack[Symbol.asyncDispose]());

  it.each(FORMATS)('that the driver made is not what QEMU expects, or the other way round: %s', async (format) => {
    const made = new Protected(stack, pair, 1 + FORMATS.indexOf(format));
    const { namespace, transfer, memory } = made;
    expect(namespace.unusable).toBe('');
    writeProtection(namespace.protection!, memory, BLOCKS, made.tags());
    transfer.flags = namespace.piType === 3 ? CHECK_ALL & ~RW_CDW12_PRCHK_REFERENCE : CHECK_ALL;
    expect(await made.move(NVM_WRITE)).toBe(0);
    expect(made.passInFile()).toBe(BLOCKS);
    const written = made.data.slice();
    made.data.fill(0);
    expect(await made.move(NVM_READ)).toBe(0);
    expect(Buffer.compare(made.data, written)).toBe(0);
    expect(checkProtection(namespace.protection!, memory, BLOCKS, made.tags(), CHECKED)).toBe(BLOCKS);
    expect(await made.move(NVM_COMPARE)).toBe(0);
    transfer.applicationTag = TAG + 1;
    expect(await made.move(NVM_READ)).toBe(STATUS_APPLICATION_TAG_CHECK_ERROR);
    transfer.applicationTag = TAG;
    memory.data[memory.dataAt + (BLOCKS - 1) * memory.dataStride] ^= 1;
    expect(await made.move(NVM_WRITE)).toBe(STATUS_GUARD_CHECK_ERROR);
    made.free();
  });

  it.each(FORMATS)('that QEMU makes is another than the driver would: %s', async (format) => {
    const made = new Protected(stack, pair, 1 + FORMATS.indexOf(format));
    const { namespace, transfer, memory, data } = made;
    const isStripped = namespace.metadataBytes === namespace.piBytes;
    const stride = isStripped ? namespace.blockBytes : namespace.wireBlockBytes;
    const written = data.slice(0, BLOCKS * stride);
    transfer.flags = RW_CDW12_PRACT;
    expect(await made.move(NVM_WRITE)).toBe(0);
    expect(made.passInFile()).toBe(BLOCKS);
    data.fill(0);
    transfer.flags = RW_CDW12_PRCHK_GUARD;
    expect(await made.move(NVM_READ)).toBe(0);
    expect(checkProtection(namespace.protection!, memory, BLOCKS, made.tags(), CHECKED)).toBe(BLOCKS);
    for (let i = 0; i < BLOCKS; i++) {
      const at = memory.dataAt + i * memory.dataStride;
      expect(Buffer.compare(data.subarray(at, at + 4096), written.subarray(i * stride, i * stride + 4096))).toBe(0);
    }
    if (isStripped) {
      data.fill(0);
      transfer.flags = RW_CDW12_PRACT;
      expect(await made.move(NVM_READ)).toBe(0);
      expect(Buffer.compare(data.subarray(0, BLOCKS * 4096), written)).toBe(0);
    }
    made.free();
  });
});
