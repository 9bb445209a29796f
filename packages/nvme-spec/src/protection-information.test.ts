import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as spec from './index.js';

const { PROTECTION_TYPE_1: TYPE_1, PROTECTION_TYPE_2: TYPE_2, PROTECTION_TYPE_3: TYPE_3 } = spec;
const ALL = spec.PRINFO_PRCHK_GUARD | spec.PRINFO_PRCHK_APPLICATION | spec.PRINFO_PRCHK_REFERENCE;
const ALL_AND_STORAGE = ALL | spec.PROTECTION_CHECK_STORAGE_TAG;

function formatOf(parameters: Partial<spec.ProtectionParameters>): spec.ProtectionFormat {
  const format = spec.protectionFormat({ blockBytes: 512, metadataBytes: 8, dps: TYPE_1, ...parameters });
  if (format === undefined) throw new Error('the parameters have no protection information');
  return format;
}

const FORMATS: readonly (readonly [name: string, format: spec.ProtectionFormat])[] = [
  ['16-bit guard', formatOf({})],
  ['16-bit guard first in 16 bytes', formatOf({ metadataBytes: 16, dps: TYPE_2 | spec.DPS_FIRST })],
  ['16-bit guard last in 64 bytes, storage tag', formatOf({ metadataBytes: 64, sts: 20 })],
  ['32-bit guard', formatOf({ blockBytes: 4096, metadataBytes: 16, pif: spec.PIF_GUARD_32, sts: 16 })],
  ['32-bit guard, storage tag of 64 bits', formatOf({ metadataBytes: 24, pif: spec.PIF_GUARD_32, sts: 64 })],
  ['64-bit guard', formatOf({ blockBytes: 4096, metadataBytes: 16, pif: spec.PIF_GUARD_64 })],
  ['64-bit guard, storage tag', formatOf({ metadataBytes: 32, dps: TYPE_2, pif: spec.PIF_GUARD_64, sts: 18 })],
  ['64-bit guard, storage tag alone', formatOf({ metadataBytes: 16, pif: spec.PIF_GUARD_64, sts: 48 })],
];

function tagsOf(
  format: spec.ProtectionFormat,
  storage: bigint,
  reference: bigint,
  application = 0x1234,
): spec.ProtectionTags {
  const tags = new spec.ProtectionTags();
  tags.set(format, storage, reference);
  tags.application = application;
  tags.applicationMask = 0xffff;
  return tags;
}

const noise = (bytes: number, seed: number): Uint8Array => Uint8Array.from({ length: bytes }, (_, i) => i * 37 + seed);

describe('a protection format', () => {
  it('is absent where DPS says none', () => {
    expect(spec.protectionFormat({ blockBytes: 512, metadataBytes: 8, dps: 0 })).toBeUndefined();
    expect(spec.protectionFormat({ blockBytes: 512, metadataBytes: 0, dps: spec.DPS_FIRST })).toBeUndefined();
  });

  it('places the tuple last, or first where DPS says so', () => {
    expect(formatOf({ metadataBytes: 64 })).toMatchObject({ tupleBytes: 8, tupleOffset: 56, guardBits: 16 });
    expect(formatOf({ metadataBytes: 64, dps: TYPE_1 | spec.DPS_FIRST })).toMatchObject({ tupleOffset: 0 });
    expect(formatOf({ metadataBytes: 64, pif: spec.PIF_GUARD_64 })).toMatchObject({ tupleBytes: 16, tupleOffset: 48 });
  });

  it.each([
    [{ dps: 4 }, 'type 1..3, got 4'],
    [{ metadataBytes: 7 }, 'metadata of 8 bytes or more for protection information, got 7'],
    [{ pif: spec.PIF_GUARD_64 }, 'metadata of 16 bytes or more for protection information, got 8'],
    [{ sts: 33 }, 'storage tag of 0..32 bits with a 16-bit guard, got 33'],
    [{ metadataBytes: 16, pif: spec.PIF_GUARD_32 }, 'storage tag of 16..64 bits with a 32-bit guard, got 0'],
    [{ metadataBytes: 16, pif: spec.PIF_GUARD_64, sts: 49 }, 'storage tag of 0..48 bits with a 64-bit guard, got 49'],
    [{ metadataBytes: 16, pif: 3 }, 'protection information format 0..2, got 3'],
  ])('cannot be %j', (parameters, message) => {
    expect(() => formatOf(parameters)).toThrow(message);
  });

  it('splits the space: the storage tag is its highest bits, and masked from there', () => {
    expect(formatOf({ sts: 12 })).toMatchObject({ referenceMask14: 0x000fffff, storageMask14: 0xfff00000 });
    expect(formatOf({ sts: 12, lbstm: 0x003 })).toMatchObject({ storageMask14: 0x00300000 });
    expect(formatOf({ metadataBytes: 16, pif: spec.PIF_GUARD_64, sts: 18 })).toMatchObject({
      referenceMask14: 0x3fffffff,
      referenceMask3: 0,
      storageMask14: 0xc0000000,
      storageMask3: 0xffff,
    });
    expect(formatOf({ metadataBytes: 16, pif: spec.PIF_GUARD_32, sts: 32 })).toMatchObject({
      referenceMask14: 0xffffffff,
      referenceMask3: 0xffff,
      storageMask3: 0xffff0000,
      storageMask2: 0xffff,
    });
  });
});

describe('tags of a command', () => {
  // [NVM] figures 160 to 165: which dword has which part.
  it('are in the dwords that the specification shows', () => {
    const guard32 = formatOf({ metadataBytes: 16, pif: spec.PIF_GUARD_32, sts: 32 });
    const tags = tagsOf(guard32, 0xaabbccddn, 0x1122_33445566n, 0x0102);
    expect([tags.cdw2, tags.cdw3, tags.cdw14, tags.cdw15]).toEqual([0xaabb, 0xccdd1122, 0x33445566, 0xffff0102]);
    const guard64 = formatOf({ metadataBytes: 16, pif: spec.PIF_GUARD_64, sts: 18 });
    const small = tagsOf(guard64, 0x2abcdn, 0x3fffffffn);
    expect([small.cdw2, small.cdw3, small.cdw14]).toEqual([0, 0xaaf3, 0x7fffffff]);
  });

  it('come back from the dwords as they went', () => {
    const tags = new spec.ProtectionTags();
    tags.load(0xffff_aabb, -1, -2, 0x8001_7fff | 0);
    expect(tags).toMatchObject({ cdw2: 0xaabb, cdw3: 0xffffffff, cdw14: 0xfffffffe });
    expect(tags).toMatchObject({ application: 0x7fff, applicationMask: 0x8001, cdw15: 0x80017fff });
  });

  it.each(FORMATS)('count the reference tag up and leave the storage tag alone: %s', (_, format) => {
    const width = BigInt(format.referenceBits);
    const all = (1n << width) - 1n;
    const storageAll = (1n << BigInt(format.storageBits)) - 1n;
    fc.assert(
      fc.property(fc.bigInt(0n, all), fc.bigInt(0n, storageAll), fc.nat(0xffffffff), (reference, storage, blocks) => {
        const tags = tagsOf(format, storage, reference);
        tags.advance(format, blocks);
        expect(tags.reference(format)).toBe((reference + BigInt(blocks)) & all);
        expect(tags.storage(format)).toBe(storage);
      }),
    );
    const last = tagsOf(format, storageAll, all);
    last.advance(format, 1);
    expect(last.reference(format)).toBe(0n);
    expect(last.storage(format)).toBe(storageAll);
  });

  it('must begin with the LBA for type 1, as far as the reference tag reaches', () => {
    const short = formatOf({ sts: 12 });
    expect(spec.referenceTagIsLba(short, tagsOf(short, 0xfffn, 0x23456n), 0x123456, 7)).toBe(true);
    expect(spec.referenceTagIsLba(short, tagsOf(short, 0xfffn, 0x23457n), 0x123456, 7)).toBe(false);
    const long = formatOf({ metadataBytes: 16, pif: spec.PIF_GUARD_64 });
    expect(spec.referenceTagIsLba(long, tagsOf(long, 0n, 0x0007_80000000n), 0x80000000, 7)).toBe(true);
    expect(spec.referenceTagIsLba(long, tagsOf(long, 0n, 0x0007_80000000n), 0x80000000, 8)).toBe(false);
    const none = formatOf({ sts: 32 });
    expect(spec.referenceTagIsLba(none, tagsOf(none, 5n, 0n), 99, 0)).toBe(true);
  });
});

describe('a tuple', () => {
  it('has every field in big-endian order, 16-bit guard', () => {
    const format = formatOf({});
    const metadata = new Uint8Array(8);
    const data = noise(512, 1);
    spec.generateTuple(format, data, 0, metadata, 0, tagsOf(format, 0n, 0xa1b2c3d4n, 0x55aa));
    const guard = spec.crc16T10Dif(data, 0, 512);
    expect([...metadata]).toEqual([guard >>> 8, guard & 0xff, 0x55, 0xaa, 0xa1, 0xb2, 0xc3, 0xd4]);
  });

  it('has every field in big-endian order, 32- and 64-bit guard of a block of zeros', () => {
    const hex = (bytes: Uint8Array): string => spec.toHex(bytes);
    const metadata = new Uint8Array(16);
    const guard32 = formatOf({ blockBytes: 4096, metadataBytes: 16, pif: spec.PIF_GUARD_32, sts: 16 });
    spec.generateTuple(guard32, new Uint8Array(4096), 0, metadata, 0, tagsOf(guard32, 0xc0den, 0x01020304_05060708n));
    expect(hex(metadata)).toBe('98f94189' + '1234' + 'c0de' + '0102030405060708');
    const guard64 = formatOf({ blockBytes: 4096, metadataBytes: 16, pif: spec.PIF_GUARD_64 });
    spec.generateTuple(guard64, new Uint8Array(4096), 0, metadata, 0, tagsOf(guard64, 0n, 0x0102_03040506n));
    expect(hex(metadata)).toBe('6482d367eb22b64e' + '1234' + '010203040506');
  });

  it.each(FORMATS)('reads back the tags it was written with: %s', (_, format) => {
    const metadata = new Uint8Array(format.metadataBytes);
    const written = tagsOf(format, 0x5a5a_a5a5_1234_5678n, 0xfedc_ba98_7654_3210n);
    spec.generateTuple(format, noise(format.blockBytes, 3), 0, metadata, 0, written);
    const read = tagsOf(format, 0n, 0n, 0);
    spec.readTuple(format, metadata, format.tupleOffset, read);
    expect(read).toEqual(written);
  });

  it('covers the metadata before it, and none behind it', () => {
    for (const [dps, changed, status] of [
      [TYPE_1, 0, spec.STATUS_GUARD_CHECK_ERROR],
      [TYPE_1, 7, spec.STATUS_GUARD_CHECK_ERROR],
      [TYPE_1 | spec.DPS_FIRST, 8, spec.STATUS_SUCCESS],
      [TYPE_1 | spec.DPS_FIRST, 15, spec.STATUS_SUCCESS],
    ] as const) {
      const format = formatOf({ metadataBytes: 16, dps });
      const [data, metadata, tags] = [noise(512, 9), noise(16, 4), tagsOf(format, 0n, 1n)];
      spec.generateTuple(format, data, 0, metadata, 0, tags);
      metadata[changed] ^= 0x10;
      expect(spec.verifyTuple(format, data, 0, metadata, 0, tags, ALL), `${dps} ${changed}`).toBe(status);
    }
  });
});

describe.each(FORMATS)('blocks with a %s', (_, format) => {
  const BLOCKS = 5;

  it.each(['extended', 'separate'] as const)('pass as they were written, %s', (kind) => {
    const data = noise(BLOCKS * (format.blockBytes + format.metadataBytes), 11);
    const memory =
      kind === 'extended'
        ? spec.extendedBlocks(format, data)
        : spec.separateBlocks(format, data, noise(BLOCKS * format.metadataBytes, 12));
    const first = (): spec.ProtectionTags => tagsOf(format, 0x77n, 0xffff_fffen);
    const written = first();
    spec.writeProtection(format, memory, BLOCKS, written);
    const checked = first();
    expect(spec.checkProtection(format, memory, BLOCKS, checked, ALL_AND_STORAGE)).toBe(BLOCKS);
    expect(checked).toEqual(written);
    // One bit of the data of block 3 and nothing else.
    memory.data[memory.dataAt + 3 * memory.dataStride + 100] ^= 1;
    const failed = first();
    expect(spec.checkProtection(format, memory, BLOCKS, failed, ALL_AND_STORAGE)).toBe(3);
    const at = [memory.dataAt + 3 * memory.dataStride, memory.metadataAt + 3 * memory.metadataStride] as const;
    expect(spec.verifyTuple(format, memory.data, at[0], memory.metadata, at[1], failed, ALL)).toBe(
      spec.STATUS_GUARD_CHECK_ERROR,
    );
    expect(spec.checkProtection(format, memory, BLOCKS, first(), ALL_AND_STORAGE & ~spec.PRINFO_PRCHK_GUARD)).toBe(5);
  });

  it('say what is wrong, the guard before the tags', () => {
    const data = noise(format.blockBytes, 5);
    const metadata = noise(format.metadataBytes, 6);
    spec.generateTuple(format, data, 0, metadata, 0, tagsOf(format, 3n, 7n));
    const verify = (tags: spec.ProtectionTags, checks: number): number =>
      spec.verifyTuple(format, data, 0, metadata, 0, tags, checks);
    expect(verify(tagsOf(format, 3n, 7n), ALL_AND_STORAGE)).toBe(spec.STATUS_SUCCESS);
    const application = tagsOf(format, 3n, 7n, 0x1235);
    expect(verify(application, ALL_AND_STORAGE)).toBe(spec.STATUS_APPLICATION_TAG_CHECK_ERROR);
    application.applicationMask = 0xfffe;
    expect(verify(application, ALL_AND_STORAGE)).toBe(spec.STATUS_SUCCESS);
    if (format.referenceBits > 0) {
      expect(verify(tagsOf(format, 3n, 8n), ALL_AND_STORAGE)).toBe(spec.STATUS_REFERENCE_TAG_CHECK_ERROR);
      expect(verify(tagsOf(format, 3n, 8n), spec.PRINFO_PRCHK_GUARD)).toBe(spec.STATUS_SUCCESS);
    }
    if (format.storageBits > 0) {
      expect(verify(tagsOf(format, 2n, 7n), ALL_AND_STORAGE)).toBe(spec.STATUS_STORAGE_TAG_CHECK_ERROR);
      expect(verify(tagsOf(format, 2n, 7n), ALL)).toBe(spec.STATUS_SUCCESS);
    }
    data[0] ^= 0x80;
    expect(verify(tagsOf(format, 2n, 8n, 0), ALL_AND_STORAGE)).toBe(spec.STATUS_GUARD_CHECK_ERROR);
  });

  it('have the same guard when it is added up in pieces', () => {
    const data = noise(format.blockBytes, 21);
    const metadata = noise(format.metadataBytes, 22);
    const sum = new Uint32Array(2);
    spec.addToGuard(format, data, 0, 200, sum);
    spec.addToGuard(format, data, 200, format.blockBytes, sum);
    spec.addToGuard(format, metadata, 0, format.tupleOffset, sum);
    const pieces = metadata.slice();
    spec.writeTuple(format, sum, pieces, format.tupleOffset, tagsOf(format, 1n, 2n));
    spec.generateTuple(format, data, 0, metadata, 0, tagsOf(format, 1n, 2n));
    expect(pieces).toEqual(metadata);
    expect(spec.hasGuard(format, sum, metadata, format.tupleOffset)).toBe(true);
    sum[0] ^= 1;
    expect(spec.hasGuard(format, sum, metadata, format.tupleOffset)).toBe(false);
  });
});

describe('checking is turned off', () => {
  const wrong = (format: spec.ProtectionFormat, application: number, reference: bigint): number => {
    const [data, metadata] = [noise(512, 1), new Uint8Array(format.metadataBytes)];
    spec.generateTuple(format, noise(512, 2), 0, metadata, 0, tagsOf(format, 0n, reference, application));
    return spec.verifyTuple(format, data, 0, metadata, 0, tagsOf(format, 0n, 1n, 1), ALL);
  };

  it.each([TYPE_1, TYPE_2])('by application tag FFFFh, type %i', (dps) => {
    expect(wrong(formatOf({ dps }), 0xffff, 5n)).toBe(spec.STATUS_SUCCESS);
    expect(wrong(formatOf({ dps }), 0xfffe, 5n)).toBe(spec.STATUS_GUARD_CHECK_ERROR);
  });

  it('by all ones in the application and the reference tag, type 3', () => {
    expect(wrong(formatOf({ dps: TYPE_3 }), 0xffff, 0xffffffffn)).toBe(spec.STATUS_SUCCESS);
    expect(wrong(formatOf({ dps: TYPE_3 }), 0xffff, 0xfffffffen)).toBe(spec.STATUS_GUARD_CHECK_ERROR);
    const long = formatOf({ dps: TYPE_3, metadataBytes: 16, pif: spec.PIF_GUARD_64 });
    expect(wrong(long, 0xffff, 0xffff_ffffffffn)).toBe(spec.STATUS_SUCCESS);
    expect(wrong(long, 0xffff, 0x7fff_ffffffffn)).toBe(spec.STATUS_GUARD_CHECK_ERROR);
    expect(wrong(formatOf({ dps: TYPE_3, sts: 32 }), 0xffff, 0n)).toBe(spec.STATUS_SUCCESS);
  });

  it('for the reference tag of type 3', () => {
    const format = formatOf({ dps: TYPE_3 });
    const [data, metadata] = [noise(512, 1), new Uint8Array(8)];
    spec.generateTuple(format, data, 0, metadata, 0, tagsOf(format, 0n, 1n));
    expect(spec.verifyTuple(format, data, 0, metadata, 0, tagsOf(format, 0n, 2n), ALL)).toBe(spec.STATUS_SUCCESS);
  });

  it('for the bits of the storage tag that LBSTM leaves out', () => {
    const format = formatOf({ sts: 8, lbstm: 0xf0 });
    const [data, metadata] = [noise(512, 1), new Uint8Array(8)];
    spec.generateTuple(format, data, 0, metadata, 0, tagsOf(format, 0x12n, 1n));
    const verify = (storage: bigint): number =>
      spec.verifyTuple(format, data, 0, metadata, 0, tagsOf(format, storage, 1n), ALL_AND_STORAGE);
    expect(verify(0x1fn)).toBe(spec.STATUS_SUCCESS);
    expect(verify(0x22n)).toBe(spec.STATUS_STORAGE_TAG_CHECK_ERROR);
  });
});

describe('the checks of a command', () => {
  it.each([
    [0x0000_0007, 0],
    [spec.RW_CDW12_PRCHK_GUARD, spec.PRINFO_PRCHK_GUARD],
    [spec.RW_CDW12_PRCHK_APPLICATION | spec.RW_CDW12_FUA, spec.PRINFO_PRCHK_APPLICATION],
    [(spec.RW_CDW12_LR | spec.RW_CDW12_PRCHK_REFERENCE) >>> 0, spec.PRINFO_PRCHK_REFERENCE],
    [spec.RW_CDW12_PRACT, 0],
    [spec.RW_CDW12_STC, spec.PROTECTION_CHECK_STORAGE_TAG],
    [0xffff_ffff, ALL_AND_STORAGE],
  ])('of %i are %i', (cdw12, checks) => {
    expect(spec.protectionChecks(cdw12)).toBe(checks);
    expect(spec.protectionChecks(cdw12 | 0)).toBe(checks);
  });
});
