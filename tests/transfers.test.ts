/**
 * Payloads in pieces, metadata and protection information through the driver and the modelled controller, against plain arrays of bytes.
 */
import { RamMedium } from '@phasebit/controller';
import {
  CopySources,
  DatasetRanges,
  IoVector,
  type Namespace,
  type PayloadChoice,
  type QueuePair,
  reservationAcquire,
  reservationRegister,
  reservationReport,
  Transfer,
} from '@phasebit/nvme';
import {
  checkProtection,
  decodeReservationStatus,
  DSM_CDW11,
  extendedBlocks,
  NVM_COMPARE,
  NVM_READ,
  NVM_VERIFY,
  NVM_WRITE,
  PRINFO_PRCHK_APPLICATION,
  PRINFO_PRCHK_GUARD,
  PRINFO_PRCHK_REFERENCE,
  type ProtectedBlocks,
  ProtectionTags,
  RESERVATION_TYPE_EXCLUSIVE_ACCESS,
  RW_CDW12_PRACT,
  RW_CDW12_PRCHK_APPLICATION,
  RW_CDW12_PRCHK_GUARD,
  RW_CDW12_PRCHK_REFERENCE,
  separateBlocks,
  STATUS_APPLICATION_TAG_CHECK_ERROR,
  STATUS_ABORTED_FAILED_FUSED,
  STATUS_COMPARE_FAILURE,
  STATUS_GUARD_CHECK_ERROR,
  STATUS_REFERENCE_TAG_CHECK_ERROR,
  STATUS_UNRECOVERED_READ_ERROR,
  statusCode,
  writeProtection,
} from '@phasebit/nvme-spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InlineStack, type InlineStackOptions, NSID } from './support/inline-stack.js';

const BLOCKS = 512;
const CHECK_ALL = RW_CDW12_PRCHK_GUARD | RW_CDW12_PRCHK_REFERENCE | RW_CDW12_PRCHK_APPLICATION;
const CHECKED = PRINFO_PRCHK_GUARD | PRINFO_PRCHK_REFERENCE | PRINFO_PRCHK_APPLICATION;

type Format = NonNullable<InlineStackOptions['namespace']>;
type QueuePairChoices = NonNullable<Parameters<InlineStack['openPair']>[0]>;

/** A namespace of one format, a queue pair, and memory to move. */
class Bench {
  readonly namespace: Namespace;
  private next: number;

  private constructor(
    readonly stack: InlineStack,
    readonly pair: QueuePair,
  ) {
    this.namespace = stack.controllers[0].namespace(NSID);
    this.next = stack.data;
  }

  static async open(
    format: Format,
    choices: QueuePairChoices = {},
    scatterSeed?: number,
    driver: NonNullable<InlineStackOptions['driver']> = {},
  ): Promise<Bench> {
    const scatter = scatterSeed === undefined ? {} : { scatterSeed };
    const stack = await InlineStack.open({
      medium: new RamMedium({ bytes: BLOCKS * (4096 + 64) + (1 << 17) }),
      namespace: { blocks: BLOCKS, ...format },
      device: { mdts: 2 },
      driver,
      ...scatter,
    });
    return new Bench(stack, await stack.openPair({ entries: 8, requests: 200, ...choices }));
  }

  /** Memory that nobody else gets, from a multiple of 4 on. */
  take(bytes: number, offset = 0): number {
    const address = this.next + offset;
    this.next += Math.ceil((bytes + offset) / 4096) * 4096;
    return address;
  }

  bytes(address: number, bytes: number): Uint8Array {
    return this.stack.dma.bytes(address, bytes);
  }

  /** Submits, waits, and gives the status code. */
  run(submit: (done: (context: unknown, status: number, second: number) => void) => number): number {
    let outcome = -1;
    const answer = submit((_, status) => {
      outcome = status;
    });
    if (answer !== 0) throw new Error(`answer ${answer}: ${this.pair.lastRefusal}`);
    this.stack.spin(
      () => outcome >= 0,
      () => this.pair.poll(),
    );
    return statusCode(outcome);
  }

  move(opcode: number, transfer: Transfer): number {
    return this.run((done) => this.pair.submitTransfer(opcode, this.namespace, transfer, done, 0));
  }
}

function fill(bytes: Uint8Array, seed: number): void {
  let x = seed | 1;
  for (let i = 0; i < bytes.length; i++) {
    x = (Math.imul(x, 1103515245) + 12345) | 0;
    bytes[i] = x >>> 16;
  }
}

/** A vector over fresh memory whose elements have these lengths, over and over, and a way to its bytes. */
function scattered(bench: Bench, bytes: number, lengths: readonly number[], isPaged: boolean) {
  const pieces: [address: number, bytes: number][] = [];
  for (let done = 0, i = 0; done < bytes; i++) {
    const length = Math.min(isPaged ? 4096 : lengths[i % lengths.length], bytes - done);
    // Paged elements meet at page ends, others begin anywhere.
    pieces.push([bench.take(length, isPaged ? 0 : (i * 36) % 1024), length]);
    done += length;
  }
  const vector = new IoVector(pieces.length);
  for (const [address, length] of pieces.reverse()) vector.add(address, length);
  pieces.length = 0;
  for (let i = 0; i < vector.count; i++) pieces.push([vector.addresses[i], vector.lengths[i]]);
  const put = (data: Uint8Array): void => {
    let at = 0;
    for (const [address, length] of pieces) {
      bench.bytes(address, length).set(data.subarray(at, at + length));
      at += length;
    }
  };
  const get = (): Uint8Array => {
    const data = new Uint8Array(bytes);
    let at = 0;
    for (const [address, length] of pieces) {
      data.set(bench.bytes(address, length), at);
      at += length;
    }
    return data;
  };
  return { vector, put, get };
}

const formats: [string, Format][] = [
  ['512 bytes', { blockBytes: 512 }],
  ['4096 bytes', { blockBytes: 4096 }],
  ['512 + 8 bytes, separate', { blockBytes: 512, metadataBytes: 8 }],
  ['512 + 8 bytes, extended', { blockBytes: 512, metadataBytes: 8, isExtended: true }],
  ['4096 + 64 bytes, separate', { blockBytes: 4096, metadataBytes: 64 }],
  ['4096 + 64 bytes, extended', { blockBytes: 4096, metadataBytes: 64, isExtended: true }],
];

/** The matchers of the test runner take seconds for what these properties compare in all. */
function areEqual(got: Uint8Array, expected: Uint8Array): boolean {
  return Buffer.compare(got, expected) === 0;
}

describe('what was written is not what is read', () => {
  it.each(formats)('in pieces, to blocks of %s', async (_, format) => {
    const plan = fc.record({
      lba: fc.nat(400),
      blocks: fc.integer({ min: 1, max: 40 }),
      lengths: fc.array(
        fc.integer({ min: 256, max: 1500 }).map((dwords) => dwords * 4),
        { minLength: 1, maxLength: 9 },
      ),
      payload: fc.constantFrom<PayloadChoice>('auto', 'prp', 'sgl'),
      sglMerge: fc.boolean(),
      scatterSeed: fc.option(fc.nat(9), { nil: undefined }),
      seed: fc.nat(),
    });
    const property = fc.asyncProperty(plan, async ({ lba, blocks, lengths, payload, sglMerge, scatterSeed, seed }) => {
      const bench = await Bench.open(format, { payload, sglMerge }, scatterSeed);
      const { wireBlockBytes, metadataBytes, isExtended } = bench.namespace;
      const data = new Uint8Array(blocks * wireBlockBytes);
      fill(data, seed);
      const metadata = new Uint8Array(isExtended ? 0 : blocks * metadataBytes);
      fill(metadata, seed + 1);
      // PRPs cannot describe elements that end within a block and a page.
      const isPaged = payload === 'prp';
      const source = scattered(bench, data.length, lengths, isPaged);
      source.put(data);
      const transfer = new Transfer();
      transfer.set(0, lba, blocks, 0);
      transfer.scatter = source.vector;
      if (metadata.length > 0) {
        transfer.metadata = bench.take(metadata.length);
        bench.bytes(transfer.metadata, metadata.length).set(metadata);
      }
      if (isPaged && wireBlockBytes !== 512 && wireBlockBytes !== 4096) {
        // Blocks that pages cut through: contiguous is what is left.
        transfer.scatter = null;
        transfer.address = bench.take(data.length, 20);
        bench.bytes(transfer.address, data.length).set(data);
      }
      expect(bench.move(NVM_WRITE, transfer)).toBe(0);
      expect(bench.move(NVM_COMPARE, transfer)).toBe(0);
      const target = bench.take(data.length, 4);
      const read = new Transfer();
      read.set(target, lba, blocks, 0);
      if (metadata.length > 0) read.metadata = bench.take(metadata.length, 8);
      expect(bench.move(NVM_READ, read)).toBe(0);
      expect(areEqual(bench.bytes(target, data.length), data)).toBe(true);
      if (metadata.length > 0) expect(areEqual(bench.bytes(read.metadata, metadata.length), metadata)).toBe(true);
      if (metadata.length > 0) {
        const sizes = lengths.map((_length, i) => metadataBytes * (1 + (i % 3)));
        const pieces = scattered(bench, metadata.length, sizes, false);
        read.metadataScatter = pieces.vector;
        expect(bench.move(NVM_READ, read)).toBe(0);
        expect(areEqual(pieces.get(), metadata)).toBe(true);
        expect(bench.move(NVM_COMPARE, read)).toBe(0);
      }
      // And back into pieces.
      bench.bytes(target, data.length).fill(0);
      source.put(new Uint8Array(data.length));
      if (transfer.scatter !== null) {
        expect(bench.move(NVM_READ, transfer)).toBe(0);
        expect(areEqual(source.get(), data)).toBe(true);
      }
      expect(bench.pair.outstanding).toBe(0);
      expect(bench.pair.statistics.spurious).toBe(0);
    });
    await fc.assert(property, { numRuns: 25 });
  });
});

const protectedFormats: [string, Format][] = [1, 2, 3].flatMap((piType) =>
  [true, false].flatMap((isExtended) =>
    [16, 64].flatMap((guardBits) =>
      [guardBits === 16 ? 8 : 16, 64].map((metadataBytes): [string, Format] => [
        `type ${piType}, ${guardBits}-bit guards, ${metadataBytes} bytes ${isExtended ? 'extended' : 'separate'}`,
        {
          blockBytes: 4096,
          metadataBytes,
          isExtended,
          piType,
          guardBits,
          piIsFirst: piType === 2,
        },
      ]),
    ),
  ),
);

/** A protected namespace with blocks in memory that it has not seen yet. */
async function protectedBench(format: Format, blocks: number) {
  const bench = await Bench.open(format, {}, 3);
  const { namespace } = bench;
  const transfer = new Transfer();
  transfer.set(bench.take(blocks * namespace.wireBlockBytes, 4), 100, blocks, 0);
  transfer.applicationTag = 0x1234;
  transfer.applicationTagMask = 0xffff;
  const data = bench.bytes(transfer.address, blocks * namespace.wireBlockBytes);
  fill(data, blocks);
  let memory: ProtectedBlocks;
  if (namespace.isExtended) memory = extendedBlocks(namespace.protection!, data);
  else {
    transfer.metadata = bench.take(blocks * namespace.metadataBytes);
    memory = separateBlocks(
      namespace.protection!,
      data,
      bench.bytes(transfer.metadata, blocks * namespace.metadataBytes),
    );
  }
  const tags = (): ProtectionTags => {
    const made = new ProtectionTags();
    made.application = 0x1234;
    made.applicationMask = 0xffff;
    made.set(namespace.protection!, 0, namespace.piType === 3 ? 0 : 100);
    return made;
  };
  return { bench, namespace, transfer, memory, tags, data };
}

describe('protection information', () => {
  // More than one command carries, so that pieces count their tags on.
  const blocks = 9;

  it.each(protectedFormats)(
    'that the host made is not what the controller expects, or the other way round: %s',
    async (_, format) => {
      const { bench, namespace, transfer, memory, tags } = await protectedBench(format, blocks);
      writeProtection(namespace.protection!, memory, blocks, tags());
      const checks = namespace.piType === 3 ? CHECK_ALL & ~RW_CDW12_PRCHK_REFERENCE : CHECK_ALL;
      transfer.flags = checks;
      expect(bench.move(NVM_WRITE, transfer)).toBe(0);
      expect(bench.move(NVM_READ, transfer)).toBe(0);
      expect(bench.move(NVM_COMPARE, transfer)).toBe(0);
      expect(bench.move(NVM_VERIFY, transfer)).toBe(0);
      expect(checkProtection(namespace.protection!, memory, blocks, tags(), CHECKED)).toBe(blocks);
      // The last block, another application tag.
      transfer.applicationTag = 0x1235;
      expect(bench.move(NVM_READ, transfer)).toBe(STATUS_APPLICATION_TAG_CHECK_ERROR);
      transfer.applicationTagMask = 0xfff0;
      expect(bench.move(NVM_READ, transfer)).toBe(0);
      transfer.applicationTag = 0x1234;
      memory.data[memory.dataAt + (blocks - 1) * memory.dataStride] ^= 1;
      expect(bench.move(NVM_WRITE, transfer)).toBe(STATUS_GUARD_CHECK_ERROR);
      if (namespace.piType === 2) {
        transfer.referenceTag = 101;
        expect(bench.move(NVM_READ, transfer)).toBe(STATUS_REFERENCE_TAG_CHECK_ERROR);
      }
    },
  );

  it.each(protectedFormats)('that the controller makes is another than the host would: %s', async (_, format) => {
    const { bench, namespace, transfer, memory, tags, data } = await protectedBench(format, blocks);
    const isStripped = namespace.metadataBytes === namespace.piBytes;
    const stride = isStripped ? namespace.blockBytes : namespace.wireBlockBytes;
    const written = data.slice(0, blocks * stride);
    transfer.flags = RW_CDW12_PRACT;
    expect(bench.move(NVM_WRITE, transfer)).toBe(0);
    data.fill(0);
    // Without PRACT the metadata comes along.
    transfer.flags = RW_CDW12_PRCHK_GUARD;
    expect(bench.move(NVM_READ, transfer)).toBe(0);
    expect(checkProtection(namespace.protection!, memory, blocks, tags(), CHECKED)).toBe(blocks);
    for (let i = 0; i < blocks; i++) {
      const at = memory.dataAt + i * memory.dataStride;
      expect(data.subarray(at, at + 4096)).toEqual(written.subarray(i * stride, i * stride + 4096));
    }
    if (!isStripped) return;
    // With it, data alone does.
    data.fill(0);
    transfer.flags = RW_CDW12_PRACT;
    expect(bench.move(NVM_READ, transfer)).toBe(0);
    expect(data.subarray(0, blocks * 4096)).toEqual(written);
  });
});

describe('commands without data', () => {
  it('copy other blocks than were named, or to another place', async () => {
    const bench = await Bench.open({ blockBytes: 512 });
    const { namespace, pair, stack } = bench;
    const data = bench.take(64 * 512);
    fill(bench.bytes(data, 64 * 512), 7);
    const transfer = new Transfer();
    transfer.set(data, 0, 64, 0);
    expect(bench.move(NVM_WRITE, transfer)).toBe(0);
    const sources = new CopySources(stack.dma, namespace, 8);
    for (const [lba, blocks] of [
      [60, 4],
      [0, 3],
      [17, 1],
    ]) {
      sources.add(lba, blocks);
    }
    const to = new Transfer();
    to.lba = 200;
    expect(bench.run((done) => pair.copy(namespace, sources, to, done, 0))).toBe(0);
    const target = bench.take(8 * 512);
    transfer.set(target, 200, 8, 0);
    expect(bench.move(NVM_READ, transfer)).toBe(0);
    const order = [60, 61, 62, 63, 0, 1, 2, 17];
    const expected = order.flatMap((lba) => [...bench.bytes(data + lba * 512, 512)]);
    expect([...bench.bytes(target, 8 * 512)]).toEqual(expected);
    sources.free();
  });

  it('deallocate other ranges than were named', async () => {
    const bench = await Bench.open({ blockBytes: 512 });
    const { namespace, pair, stack } = bench;
    const data = bench.take(64 * 512);
    bench.bytes(data, 64 * 512).fill(0xff);
    const transfer = new Transfer();
    transfer.set(data, 0, 64, 0);
    expect(bench.move(NVM_WRITE, transfer)).toBe(0);
    const ranges = new DatasetRanges(stack.dma);
    ranges.add(3, 2, 0);
    ranges.add(50, 10, 0);
    expect(bench.run((done) => pair.datasetManagement(namespace, ranges, DSM_CDW11.AD.set(0, 1), done, 0))).toBe(0);
    expect(bench.move(NVM_READ, transfer)).toBe(0);
    const zeroes = Array.from({ length: 64 }, (_, lba) => lba).filter(
      (lba) => bench.bytes(data + lba * 512, 1)[0] === 0,
    );
    expect(zeroes).toEqual([3, 4, ...Array.from({ length: 10 }, (_, i) => 50 + i)]);
    ranges.free();
  });

  it('leave blocks readable that were made unreadable, or others unreadable', async () => {
    const bench = await Bench.open({ blockBytes: 512 });
    const { namespace, pair } = bench;
    const transfer = new Transfer();
    transfer.set(bench.take(512), 10, 1, 0);
    expect(bench.run((done) => pair.writeUncorrectable(namespace, 10, 1, done, 0))).toBe(0);
    expect(bench.move(NVM_READ, transfer)).toBe(STATUS_UNRECOVERED_READ_ERROR);
    expect(bench.run((done) => pair.verify(namespace, 8, 4, 0, done, 0))).toBe(STATUS_UNRECOVERED_READ_ERROR);
    expect(bench.run((done) => pair.verify(namespace, 11, 4, 0, done, 0))).toBe(0);
    expect(bench.move(NVM_WRITE, transfer)).toBe(0);
    expect(bench.move(NVM_READ, transfer)).toBe(0);
  });

  it('report other reservations than were made', async () => {
    const bench = await Bench.open({ blockBytes: 512 }, {}, undefined, {
      hostId: Uint8Array.from({ length: 16 }, (_, i) => i),
    });
    const { namespace, pair } = bench;
    const key = 0x1122_3344_5566_7788n;
    const type = RESERVATION_TYPE_EXCLUSIVE_ACCESS;
    const register = { action: 'register', newKey: key } as const;
    expect(bench.run((done) => reservationRegister(pair, namespace, register, done, 0))).toBe(0);
    const acquire = { action: 'acquire', type, currentKey: key } as const;
    expect(bench.run((done) => reservationAcquire(pair, namespace, acquire, done, 0))).toBe(0);
    const address = bench.take(4096);
    const report = (isExtended: boolean): number =>
      bench.run((done) => reservationReport(pair, namespace, address, 4096, isExtended, done, 0));
    const isExtended = report(true) === 0;
    if (!isExtended) expect(report(false)).toBe(0);
    const status = decodeReservationStatus(bench.bytes(address, 4096), isExtended);
    expect(status).toMatchObject({ type, registrants: [{ holds: true, rkey: key }] });
  });
});

describe('a compare and write', () => {
  it('writes where the blocks were others, or not where they were the same', async () => {
    const bench = await Bench.open({ blockBytes: 512 });
    const { namespace, pair, stack } = bench;
    const compare = new Transfer();
    const write = new Transfer();
    compare.set(bench.take(512), 7, 1, 0);
    write.set(bench.take(512), 7, 1, 0);
    bench.bytes(write.address, 512).fill(0x55);
    const outcomes: number[][] = [];
    const submit = (): number =>
      pair.compareAndWrite(namespace, compare, write, (_, first, second) => void outcomes.push([first, second]), 0);
    // The blocks are zeroes, so the first one writes and the second one finds something else.
    bench.bytes(compare.address, 512).fill(0);
    for (let i = 1; i <= 2; i++) {
      expect(submit()).toBe(0);
      stack.spin(
        () => outcomes.length === i,
        () => pair.poll(),
      );
    }
    expect(outcomes[0]).toEqual([0, 0]);
    expect(outcomes[1].map(statusCode)).toEqual([STATUS_COMPARE_FAILURE, STATUS_ABORTED_FAILED_FUSED]);
    const read = new Transfer();
    read.set(bench.take(512), 7, 1, 0);
    expect(bench.move(NVM_READ, read)).toBe(0);
    expect(bench.bytes(read.address, 512)).toEqual(new Uint8Array(512).fill(0x55));
  });

  it.each([2, 3, 8])('gets torn among many others on %i queue pairs, so that counts are lost', async (pairs) => {
    const bench = await Bench.open({ blockBytes: 512 });
    const { namespace, stack } = bench;
    const queuePairs = [bench.pair];
    while (queuePairs.length < pairs) queuePairs.push(await stack.openPair({ entries: 5, requests: 60 }));
    // Every host counts up as long as nobody was faster: what was written last is the number of successes.
    let successes = 0;
    let left = 2000;
    const step = (pair: QueuePair, seen: number, compare: Transfer, write: Transfer): void => {
      if (left-- <= 0) return;
      stack.dma.words(compare.address, 1)[0] = seen;
      stack.dma.words(write.address, 1)[0] = seen + 1;
      const onDone = (_: unknown, first: number, second: number): void => {
        if (first === 0) {
          expect(second).toBe(0);
          successes++;
          step(pair, seen + 1, compare, write);
          return;
        }
        expect(statusCode(second)).toBe(STATUS_ABORTED_FAILED_FUSED);
        step(pair, successes, compare, write);
      };
      expect(pair.compareAndWrite(namespace, compare, write, onDone, 0)).toBe(0);
    };
    for (const pair of queuePairs) {
      for (let i = 0; i < 8; i++) {
        const compare = new Transfer();
        const write = new Transfer();
        compare.set(bench.take(512), 7, 1, 0);
        write.set(bench.take(512), 7, 1, 0);
        for (const { address } of [compare, write]) bench.bytes(address, 512).fill(0);
        step(pair, 0, compare, write);
      }
    }
    stack.spin(
      () => queuePairs.every((pair) => pair.outstanding === 0),
      () => queuePairs.forEach((pair) => pair.poll()),
    );
    const read = new Transfer();
    read.set(bench.take(512), 7, 1, 0);
    expect(bench.move(NVM_READ, read)).toBe(0);
    expect(stack.dma.words(read.address, 1)[0]).toBe(successes);
    expect(successes).toBeGreaterThan(10);
  });
});
