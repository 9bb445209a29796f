import {
  COPY_RANGE_EXTENDED_BYTES,
  COPY_RANGE_BYTES,
  FEATURE_ERROR_RECOVERY_VALUE,
  HOST_BEHAVIOR_CDFE,
  NVM_COPY,
  NVM_READ,
  NVM_VERIFY,
  NVM_WRITE,
  NVM_WRITE_UNCORRECTABLE,
  PRINFO_PRACT,
  PRINFO_PRCHK_APPLICATION,
  PRINFO_PRCHK_GUARD,
  PRINFO_PRCHK_REFERENCE,
  RW_CDW12_FUA,
  STATUS_ANA_INACCESSIBLE,
  STATUS_APPLICATION_TAG_CHECK_ERROR,
  STATUS_CAPACITY_EXCEEDED,
  STATUS_COMMAND_SIZE_LIMIT_EXCEEDED,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_DEALLOCATED_OR_UNWRITTEN_BLOCK,
  STATUS_DNR,
  STATUS_GUARD_CHECK_ERROR,
  STATUS_INCOMPATIBLE_NAMESPACE,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
  STATUS_INVALID_PROTECTION_INFORMATION,
  STATUS_LBA_OUT_OF_RANGE,
  STATUS_NAMESPACE_WRITE_PROTECTED,
  STATUS_OVERLAPPING_IO_RANGE,
  STATUS_REFERENCE_TAG_CHECK_ERROR,
  STATUS_UNRECOVERED_READ_ERROR,
  STATUS_WRITE_FAULT,
} from '@phasebit/nvme-spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IoBench, type IoBenchOptions } from '../../test-support/io-bench.js';
import { HEALTH_BYTES_READ, HEALTH_BYTES_WRITTEN, HEALTH_READS, HEALTH_WRITES } from '../health.js';
import { RamMedium } from '../media/ram-medium.js';
import type { NamespaceFormat } from '../namespace-format.js';
import { SPECIAL_PROTECTED } from '../namespace-special.js';

const DNR = STATUS_DNR;
const ALL_CHECKS = PRINFO_PRCHK_GUARD | PRINFO_PRCHK_APPLICATION | PRINFO_PRCHK_REFERENCE;

/** A source range as a test writes it. */
interface Range {
  readonly nsid?: number;
  readonly lba: number;
  readonly blocks: number;
  readonly tags?: number;
  readonly applicationTag?: number;
}

interface Copied {
  readonly format?: number;
  readonly to?: number;
  readonly prinfoRead?: number;
  readonly prinfoWrite?: number;
  readonly tags?: number;
  readonly applicationTag?: number;
  readonly flags?: number;
  readonly nsid?: number;
}

/** Where the list of ranges lies. */
const listAddress = (bench: IoBench): number => bench.memory.base + 16 * 4096;

function copy(bench: IoBench, ranges: readonly Range[], fields: Copied = {}): number {
  const {
    format = 0,
    to = 0,
    prinfoRead = 0,
    prinfoWrite = 0,
    tags = 0,
    applicationTag = 0,
    flags = 0,
    nsid = 1,
  } = fields;
  const bytes = format === 1 || format === 3 ? COPY_RANGE_EXTENDED_BYTES : COPY_RANGE_BYTES;
  const view = new DataView(new ArrayBuffer(ranges.length * bytes));
  ranges.forEach((each, i) => {
    const at = i * bytes;
    view.setUint32(at, each.nsid ?? 0, true);
    view.setUint32(at + 8, each.lba % 2 ** 32, true);
    view.setUint32(at + 12, Math.floor(each.lba / 2 ** 32), true);
    view.setUint16(at + 16, each.blocks - 1, true);
    if (bytes === COPY_RANGE_BYTES) {
      view.setUint32(at + 24, each.tags ?? 0, true);
    } else {
      view.setUint16(at + 30, Math.floor((each.tags ?? 0) / 2 ** 32));
      view.setUint32(at + 32, (each.tags ?? 0) % 2 ** 32);
    }
    view.setUint16(at + bytes - 4, each.applicationTag ?? 0, true);
    view.setUint16(at + bytes - 2, 0xffff, true);
  });
  const address = listAddress(bench);
  bench.memory.poke(address, new Uint8Array(view.buffer));
  return bench.run({
    opcode: NVM_COPY,
    nsid,
    prp1: address,
    prp2: address + 4096,
    cdw3: Math.floor(tags / 2 ** 32),
    cdw10: to % 2 ** 32,
    cdw11: Math.floor(to / 2 ** 32),
    cdw12: ((flags | (prinfoWrite << 26)) >>> 0) + ((prinfoRead << 12) | (format << 8) | (ranges.length - 1)),
    cdw14: tags % 2 ** 32,
    cdw15: 0xffff_0000 + applicationTag,
  });
}

/** Writes blocks of which each byte says which block it is. */
function number(bench: IoBench, first = 0, count = 16, nsid = 1): void {
  const { blockBytes } = bench.namespaces.get(nsid)!;
  for (let lba = first; lba < first + count; lba++) {
    bench.memory.poke(bench.memory.base, new Uint8Array(blockBytes).fill(lba + 1));
    const raw = { nsid, cdw10: lba, cdw12: PRINFO_PRACT << 26, cdw14: lba };
    expect(bench.run({ opcode: NVM_WRITE, ...raw, mptr: bench.memory.base + 8192 })).toBe(0);
  }
}

/** What the blocks of a range say they are. */
function numbers(bench: IoBench, first: number, count: number, nsid = 1): number[] {
  return Array.from({ length: count }, (_, i) => {
    const raw = { opcode: NVM_READ, nsid, cdw10: first + i, mptr: bench.memory.base + 8192 };
    const { blockBytes } = bench.namespaces.get(nsid)!;
    expect(bench.run(raw)).toBe(0);
    const bytes = bench.memory.peek(bench.memory.base, blockBytes);
    expect(bytes.every((byte) => byte === bytes[0])).toBe(true);
    return bytes[0] - 1;
  });
}

function bench(options: IoBenchOptions = {}): IoBench {
  const made = new IoBench(options);
  number(made);
  return made;
}

describe('Copy', () => {
  it('puts its ranges behind each other, in their order', () => {
    const each = bench();
    const ranges = [
      { lba: 9, blocks: 3 },
      { lba: 0, blocks: 1 },
      { lba: 9, blocks: 2 },
    ];
    expect(copy(each, ranges, { to: 40 })).toBe(0);
    expect(numbers(each, 39, 8)).toEqual([-1, 9, 10, 11, 0, 9, 10, -1]);
    expect(each.command.result).toBe(0);
  });

  it('takes the largest list there is, over two pages', () => {
    const each = bench({ limits: { msrc0: 255 }, blocks: 1024 });
    const ranges = Array.from({ length: 256 }, (_, i) => ({ lba: (i * 7) % 16, blocks: 1 }));
    expect(copy(each, ranges, { to: 100 })).toBe(0);
    expect(numbers(each, 100, 256)).toEqual(ranges.map(({ lba }) => lba));
  });

  it('reads a range as a whole before it writes it', () => {
    const each = bench();
    expect(copy(each, [{ lba: 0, blocks: 8 }], { to: 3 })).toBe(0);
    expect(numbers(each, 0, 12)).toEqual([0, 1, 2, 0, 1, 2, 3, 4, 5, 6, 7, 11]);
  });

  it('is counted as one read and one write, with the data written', () => {
    const each = bench();
    copy(each, [{ lba: 0, blocks: 3 }], { to: 20 });
    expect([HEALTH_READS, HEALTH_BYTES_READ, HEALTH_WRITES, HEALTH_BYTES_WRITTEN].map((i) => each.counters[i])).toEqual(
      [1, 0, 1, 1536],
    );
  });

  it('does what any sequence of reads and writes would', () => {
    const range = fc.record({ lba: fc.nat(50), blocks: fc.integer({ min: 1, max: 8 }) });
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 6 }), fc.nat(63), (ranges, to) => {
        const each = new IoBench();
        number(each, 0, 64);
        const oracle = Array.from({ length: 64 }, (_, i) => i);
        const total = ranges.reduce((sum, { blocks }) => sum + blocks, 0);
        const status = copy(each, ranges, { to });
        expect(status === 0).toBe(to + total <= 64);
        let at = to;
        for (const { lba, blocks } of status === 0 ? ranges : []) {
          oracle.splice(at, blocks, ...oracle.slice(lba, lba + blocks));
          at += blocks;
        }
        expect(numbers(each, 0, 64)).toEqual(oracle);
      }),
      { numRuns: 30 },
    );
  });

  it('copies metadata that protects nothing', () => {
    const each = new IoBench({ format: { metadataBytes: 4 } });
    const mptr = each.memory.base + 8192;
    each.memory.poke(mptr, [1, 2, 3, 4, 5, 6, 7, 8]);
    each.run({ opcode: NVM_WRITE, cdw10: 2, cdw12: 1, mptr });
    expect(copy(each, [{ lba: 2, blocks: 2 }], { to: 30 })).toBe(0);
    each.memory.poke(mptr, new Uint8Array(8));
    each.run({ opcode: NVM_READ, cdw10: 30, cdw12: 1, mptr });
    expect([...each.memory.peek(mptr, 8)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

describe('Copy is refused', () => {
  const one = [{ lba: 0, blocks: 1 }];
  it.each<[string, readonly Range[], Copied, number]>([
    ['to namespace 0', one, { nsid: 0 }, STATUS_INVALID_NAMESPACE | DNR],
    ['to all namespaces', one, { nsid: 0xffff_ffff }, STATUS_INVALID_FIELD | DNR],
    ['to an inactive namespace', one, { nsid: 3 }, STATUS_INVALID_FIELD | DNR],
    ['with a reserved format', one, { format: 5 }, STATUS_INVALID_FIELD | DNR],
    ['with a format of another command set', one, { format: 4 }, STATUS_INVALID_FIELD | DNR],
    ['with a format that is not enabled', one, { format: 2 }, STATUS_INVALID_FIELD | DNR],
    ['with an extended format that is not enabled', one, { format: 3 }, STATUS_INVALID_FIELD | DNR],
    ['with too many ranges', Array.from({ length: 5 }, () => one[0]), {}, STATUS_COMMAND_SIZE_LIMIT_EXCEEDED | DNR],
    ['with too long a range', [{ lba: 0, blocks: 9 }], {}, STATUS_COMMAND_SIZE_LIMIT_EXCEEDED | DNR],
    [
      'with too many blocks',
      [
        { lba: 0, blocks: 8 },
        { lba: 0, blocks: 5 },
      ],
      {},
      STATUS_COMMAND_SIZE_LIMIT_EXCEEDED | DNR,
    ],
    ['from past the last block', [...one, { lba: 63, blocks: 2 }], {}, STATUS_LBA_OUT_OF_RANGE | DNR],
    ['from 2^53', [{ lba: 2 ** 53, blocks: 1 }], {}, STATUS_LBA_OUT_OF_RANGE | DNR],
    ['to past the last block', [{ lba: 0, blocks: 3 }], { to: 62 }, STATUS_LBA_OUT_OF_RANGE | DNR],
    ['to 2^53', one, { to: 2 ** 53 }, STATUS_LBA_OUT_OF_RANGE | DNR],
  ])('%s', (_, ranges, fields, status) => {
    const each = bench({ limits: { msrc0: 3, mssrl: 8, mcl: 12 } });
    expect(copy(each, ranges, fields)).toBe(status);
    expect(each.command.result).toBe(0);
    expect(numbers(each, 0, 1)).toEqual([0]);
    expect(
      copy(
        each,
        [
          { lba: 0, blocks: 8 },
          { lba: 8, blocks: 4 },
        ],
        { to: 30 },
      ),
    ).toBe(0);
  });

  it('with a list that is mapped nowhere, or larger than a transfer', () => {
    const each = bench({ bytesMax: 8192, limits: { msrc0: 255 } });
    const raw = { opcode: NVM_COPY, cdw12: 0x100 | 204 };
    expect(each.run({ ...raw, prp1: 2 ** 45 })).toBe(STATUS_INVALID_FIELD | DNR);
    expect(each.run({ ...raw, cdw12: 0x100 | 203, prp1: 2 ** 45 })).toBe(STATUS_DATA_TRANSFER_ERROR);
  });

  it('where the namespace is closed, blocks cannot be read, or there is no room', () => {
    const each = bench({ isCounted: true, capacityBlocks: 20 });
    expect(copy(each, [{ lba: 0, blocks: 5 }], { to: 30 })).toBe(STATUS_CAPACITY_EXCEEDED | DNR);
    expect(copy(each, [{ lba: 0, blocks: 4 }], { to: 30 })).toBe(0);
    expect(each.allocated.usedBlocks).toBe(20);
    each.namespace.errorRecovery = FEATURE_ERROR_RECOVERY_VALUE.DULBE.set(0, 1);
    expect(copy(each, [{ lba: 15, blocks: 2 }], { to: 30 })).toBe(STATUS_DEALLOCATED_OR_UNWRITTEN_BLOCK | DNR);
    expect(each.refusedLba).toBe(16);
    each.run({ opcode: NVM_WRITE_UNCORRECTABLE, cdw10: 5 });
    expect(
      copy(
        each,
        [
          { lba: 0, blocks: 1 },
          { lba: 4, blocks: 3 },
        ],
        { to: 30 },
      ),
    ).toBe(STATUS_UNRECOVERED_READ_ERROR | DNR);
    expect(each.refusedLba).toBe(5);
    expect(each.command.result).toBe(0);
    expect(copy(each, [{ lba: 0, blocks: 1 }], { to: 5 })).toBe(0);
    expect(numbers(each, 5, 1)).toEqual([0]);
    each.allocated.setSpecial(SPECIAL_PROTECTED, true);
    expect(copy(each, one)).toBe(STATUS_NAMESPACE_WRITE_PROTECTED | DNR);
    each.namespace.setPathStatus(STATUS_ANA_INACCESSIBLE);
    expect(copy(each, one)).toBe(STATUS_ANA_INACCESSIBLE);
  });
});

describe('a Copy that fails on its way', () => {
  class Worn extends RamMedium {
    writesLeft = Infinity;
    flushStatus = 0;
    override write(transfer: Parameters<RamMedium['write']>[0]): number {
      return this.writesLeft-- > 0 ? super.write(transfer) : STATUS_WRITE_FAULT;
    }
    override flush(): number {
      return this.flushStatus;
    }
  }

  it('says which range it did not copy', () => {
    const medium = new Worn({ bytes: 1024 * 1024 });
    const each = bench({ medium });
    medium.writesLeft = 2;
    const ranges = [0, 1, 2, 3].map((lba) => ({ lba, blocks: 1 }));
    expect(copy(each, ranges, { to: 30 })).toBe(STATUS_WRITE_FAULT);
    expect([each.command.result, each.refusedLba]).toEqual([2, 32]);
    medium.writesLeft = Infinity;
    expect(numbers(each, 30, 3)).toEqual([0, 1, -1]);
  });

  it('fails with what a flush says, if it flushes', () => {
    const medium = new Worn({ bytes: 1024 * 1024 });
    const each = bench({ medium });
    medium.flushStatus = STATUS_WRITE_FAULT;
    expect(copy(each, [{ lba: 0, blocks: 1 }], { to: 30 })).toBe(0);
    expect(copy(each, [{ lba: 0, blocks: 1 }], { to: 30, flags: RW_CDW12_FUA })).toBe(STATUS_WRITE_FAULT);
  });
});

describe('a Copy of protected blocks', () => {
  const type1: Partial<NamespaceFormat> = { metadataBytes: 8, piType: 1 };
  const source = { lba: 4, blocks: 3, tags: 4 };
  const make = (fields: Copied) => ({ to: 40, tags: 40, ...fields });

  it('makes tuples anew with PRACT on both sides', () => {
    const each = bench({ format: type1 });
    const prinfo = PRINFO_PRACT | ALL_CHECKS;
    expect(copy(each, [source], make({ prinfoRead: prinfo, prinfoWrite: prinfo, applicationTag: 9 }))).toBe(0);
    const verify = { opcode: NVM_VERIFY, cdw10: 40, cdw12: 2 + (ALL_CHECKS << 26), cdw14: 40, cdw15: 0xffff_0009 };
    expect(each.run(verify)).toBe(0);
    expect(numbers(each, 40, 3)).toEqual([4, 5, 6]);
  });

  it('passes them on without', () => {
    const each = bench({ format: { ...type1, piType: 2 } });
    expect(copy(each, [source], make({ prinfoRead: ALL_CHECKS, prinfoWrite: ALL_CHECKS, tags: 4 }))).toBe(0);
    expect(each.run({ opcode: NVM_VERIFY, cdw10: 40, cdw12: 2 + (ALL_CHECKS << 26), cdw14: 4 })).toBe(0);
    expect(copy(each, [source], make({ prinfoWrite: ALL_CHECKS, tags: 5 }))).toBe(STATUS_REFERENCE_TAG_CHECK_ERROR);
    expect(each.refusedLba).toBe(40);
  });

  it('checks what it reads, range by range', () => {
    const each = bench({ format: type1 });
    const ranges = [
      { ...source, applicationTag: 0 },
      { lba: 9, blocks: 2, tags: 9, applicationTag: 1 },
    ];
    const prinfoRead = ALL_CHECKS;
    expect(copy(each, ranges, make({ prinfoRead }))).toBe(STATUS_APPLICATION_TAG_CHECK_ERROR);
    expect([each.command.result, each.refusedLba]).toEqual([1, 9]);
    each.memory.poke(each.memory.base, new Uint8Array(512).fill(0xee));
    each.run({ opcode: NVM_READ, cdw10: 10, mptr: each.memory.base + 8192 });
    each.memory.poke(each.memory.base, new Uint8Array(512).fill(0xee));
    each.run({ opcode: NVM_WRITE, cdw10: 10, mptr: each.memory.base + 8192 });
    expect(copy(each, [source, { ...ranges[1], applicationTag: 0 }], make({ prinfoRead }))).toBe(
      STATUS_GUARD_CHECK_ERROR,
    );
    expect(each.refusedLba).toBe(10);
  });

  it('goes with 64-bit guards through the longer ranges', () => {
    const format = { blockBytes: 4096, metadataBytes: 16, piType: 1, guardBits: 64 };
    const each = bench({ format });
    const prinfo = PRINFO_PRACT | ALL_CHECKS;
    const fields = make({ format: 1, prinfoRead: prinfo, prinfoWrite: prinfo });
    expect(copy(each, [source], fields)).toBe(0);
    expect(numbers(each, 40, 3)).toEqual([4, 5, 6]);
    expect(copy(each, [{ ...source, tags: 2 ** 40 + 4 }], fields)).toBe(STATUS_INVALID_PROTECTION_INFORMATION | DNR);
    expect(copy(each, [source], { ...fields, format: 0 })).toBe(STATUS_INVALID_NAMESPACE | DNR);
  });

  it.each<[string, Copied, Partial<Range>, number]>([
    ['PRACT on the read only', { prinfoRead: PRINFO_PRACT }, {}, STATUS_INVALID_FIELD],
    ['PRACT on the write only', { prinfoWrite: PRINFO_PRACT }, {}, STATUS_INVALID_FIELD],
    ['the longer ranges for 16-bit guards', { format: 1 }, {}, STATUS_INVALID_NAMESPACE],
    [
      'an expected tag of another block',
      { prinfoRead: ALL_CHECKS },
      { tags: 5 },
      STATUS_INVALID_PROTECTION_INFORMATION,
    ],
    ['a tag of another block', { prinfoWrite: ALL_CHECKS, tags: 41 }, {}, STATUS_INVALID_PROTECTION_INFORMATION],
  ])('is refused with %s', (_, fields, range, status) => {
    const each = bench({ format: type1 });
    expect(copy(each, [{ ...source, ...range }], make(fields))).toBe(status | DNR);
    expect(each.command.result).toBe(0);
  });

  it('may have longer ranges where nothing is protected', () => {
    const each = bench();
    expect(copy(each, [source], { to: 40, format: 1 })).toBe(0);
    expect(numbers(each, 40, 3)).toEqual([4, 5, 6]);
  });
});

describe('a Copy from namespace to namespace', () => {
  function two(first: Partial<NamespaceFormat>, second: Partial<NamespaceFormat>): IoBench {
    const each = new IoBench({ format: first });
    each.add(2, new RamMedium({ bytes: 1024 * 1024 }), second);
    each.features.hostBehavior[HOST_BEHAVIOR_CDFE] = 0x0c;
    number(each, 0, 16, 2);
    return each;
  }
  const from = { nsid: 2, lba: 4, blocks: 3, tags: 4 };
  const protectedFormat = { metadataBytes: 8, piType: 1 };

  it('is what formats 2h and 3h are for, once the host has enabled them', () => {
    const each = two({}, {});
    number(each, 0, 1);
    const ranges = [from, { nsid: 1, lba: 0, blocks: 1 }];
    expect(copy(each, ranges, { format: 2, to: 30 })).toBe(0);
    expect(numbers(each, 30, 4)).toEqual([4, 5, 6, 0]);
    expect(copy(each, [from], { format: 3, to: 40 })).toBe(0);
    expect(numbers(each, 40, 3)).toEqual([4, 5, 6]);
    each.features.hostBehavior[HOST_BEHAVIOR_CDFE] = 0x04;
    expect(copy(each, [from], { format: 3, to: 40 })).toBe(STATUS_INVALID_FIELD | DNR);
  });

  it.each([
    ['inserts', {}, { prinfoWrite: PRINFO_PRACT }, protectedFormat],
    ['strips', protectedFormat, { prinfoRead: PRINFO_PRACT | ALL_CHECKS }, {}],
    ['makes anew', protectedFormat, { prinfoRead: PRINFO_PRACT, prinfoWrite: PRINFO_PRACT }, protectedFormat],
  ])('%s protection information', (_, second, fields, first) => {
    const each = two(first, second);
    expect(copy(each, [from], { format: 2, to: 30, tags: 30, ...fields })).toBe(0);
    expect(numbers(each, 30, 3)).toEqual([4, 5, 6]);
    expect(each.run({ opcode: NVM_VERIFY, cdw10: 30, cdw12: 2 + (ALL_CHECKS << 26), cdw14: 30 })).toBe(0);
  });

  it.each<[string, Partial<NamespaceFormat>, Partial<NamespaceFormat>, Copied, number]>([
    ['of blocks of another size', {}, { blockBytes: 4096 }, {}, STATUS_INCOMPATIBLE_NAMESPACE],
    ['of other metadata', { metadataBytes: 8 }, {}, {}, STATUS_INCOMPATIBLE_NAMESPACE],
    ['of another type', protectedFormat, { ...protectedFormat, piType: 2 }, {}, STATUS_INCOMPATIBLE_NAMESPACE],
    ['that does not insert', protectedFormat, {}, {}, STATUS_INCOMPATIBLE_NAMESPACE],
    ['that does not strip', {}, protectedFormat, {}, STATUS_INCOMPATIBLE_NAMESPACE],
    [
      'that inserts beside metadata',
      { ...protectedFormat, metadataBytes: 16 },
      {},
      { prinfoWrite: PRINFO_PRACT },
      STATUS_INCOMPATIBLE_NAMESPACE,
    ],
    [
      'that strips from metadata',
      {},
      { ...protectedFormat, metadataBytes: 16 },
      { prinfoRead: PRINFO_PRACT },
      STATUS_INCOMPATIBLE_NAMESPACE,
    ],
    ['that inserts only', protectedFormat, protectedFormat, { prinfoWrite: PRINFO_PRACT }, STATUS_INVALID_FIELD],
  ])('%s is refused', (_, first, second, fields, status) => {
    expect(copy(two(first, second), [from], { format: 2, to: 30, ...fields })).toBe(status | DNR);
  });

  it.each<[string, Range, number]>([
    ['namespace 0', { ...from, nsid: 0 }, STATUS_INVALID_NAMESPACE],
    ['all namespaces', { ...from, nsid: 0xffff_ffff }, STATUS_INVALID_FIELD],
    ['an inactive namespace', { ...from, nsid: 3 }, STATUS_INVALID_FIELD],
    ['blocks that it writes', { nsid: 1, lba: 32, blocks: 3 }, STATUS_OVERLAPPING_IO_RANGE],
    ['past the end of the other', { nsid: 2, lba: 62, blocks: 3 }, STATUS_LBA_OUT_OF_RANGE],
  ])('from %s is refused', (_, range, status) => {
    const each = two({}, {});
    expect(copy(each, [range], { format: 2, to: 30 })).toBe(status | DNR);
    expect(copy(each, [{ ...from, lba: 30 }], { format: 2, to: 30 })).toBe(0);
  });

  it('is refused when the other is closed', () => {
    const each = two({}, {});
    each.namespaces.get(2)!.setPathStatus(STATUS_ANA_INACCESSIBLE);
    expect(copy(each, [from], { format: 2, to: 30 })).toBe(STATUS_ANA_INACCESSIBLE);
  });
});
