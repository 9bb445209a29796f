import {
  PRINFO_PRACT,
  PRINFO_PRCHK_APPLICATION,
  PRINFO_PRCHK_GUARD,
  PRINFO_PRCHK_REFERENCE,
  STATUS_APPLICATION_TAG_CHECK_ERROR,
  STATUS_DNR,
  STATUS_GUARD_CHECK_ERROR,
  STATUS_INVALID_PROTECTION_INFORMATION,
  STATUS_REFERENCE_TAG_CHECK_ERROR,
  STATUS_STORAGE_TAG_CHECK_ERROR,
} from '@phasebit/nvme-spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type NamespaceFormat, protectionFormat } from '../namespace-format.js';
import { isProtectionOnly, Protection } from './protection.js';

const ALL_CHECKS = PRINFO_PRCHK_GUARD | PRINFO_PRCHK_APPLICATION | PRINFO_PRCHK_REFERENCE;
const BLOCKS = 4;

type Format = Partial<NamespaceFormat>;

interface Asked {
  readonly prinfo?: number;
  readonly checksStorageTag?: boolean;
  /** bits 47:0 of storage and reference tag */
  readonly tags?: number;
  readonly applicationTag?: number;
  readonly applicationMask?: number;
}

function formatOf(fields: Format): NamespaceFormat {
  const guardBits = fields.guardBits ?? 16;
  return {
    blockBytes: guardBits === 64 ? 4096 : 512,
    metadataBytes: guardBits === 64 ? 16 : 8,
    isExtended: false,
    piType: 1,
    piIsFirst: false,
    guardBits,
    storageTagBits: 0,
    ...fields,
  };
}

function protection(format: Format, asked: Asked): Protection {
  const { prinfo = 0, checksStorageTag = false, tags = 0, applicationTag = 0, applicationMask = 0xffff } = asked;
  const made = new Protection().begin(protectionFormat(formatOf(format))!, prinfo, checksStorageTag);
  made.tags.load(0, Math.floor(tags / 2 ** 32), tags % 2 ** 32, applicationMask * 0x1_0000 + applicationTag);
  return made;
}

/** Four blocks with protection information, and what a check of them says. */
function made(format: Format, inserted: Asked = {}) {
  const { blockBytes, metadataBytes } = formatOf(format);
  const data = Uint8Array.from({ length: BLOCKS * blockBytes }, (_, i) => (i * 7) & 0xff);
  const metadata = new Uint8Array(BLOCKS * metadataBytes);
  const base = { tags: 100, applicationTag: 0x1234, ...inserted };
  protection(format, base).insert(data, metadata, BLOCKS);
  const check = (asked: Asked = {}): [status: number, block: number] => {
    const checker = protection(format, { prinfo: ALL_CHECKS, ...base, ...asked });
    return [checker.check(data, metadata, BLOCKS), checker.failedBlock];
  };
  return { data, metadata, check };
}

describe('a command is refused', () => {
  const refusal = (piType: number, prinfo: number, tags: number, lba: number, guardBits = 16): number =>
    protection({ piType, guardBits }, { prinfo, tags }).refusal(lba % 2 ** 32, Math.floor(lba / 2 ** 32));
  const INVALID = STATUS_INVALID_PROTECTION_INFORMATION | STATUS_DNR;

  it('with type 1 when its reference tag is not the low bits of the address', () => {
    expect(refusal(1, PRINFO_PRCHK_REFERENCE, 8, 7)).toBe(INVALID);
    expect(refusal(1, PRINFO_PRCHK_REFERENCE | PRINFO_PRACT, 0, 2 ** 32 + 7)).toBe(INVALID);
    expect(refusal(1, PRINFO_PRCHK_REFERENCE, 7, 2 ** 32 + 7, 64)).toBe(INVALID);
  });

  it('with type 3 when the reference tag is to be checked', () => {
    expect(refusal(3, PRINFO_PRCHK_REFERENCE, 7, 7)).toBe(INVALID);
  });

  it('and otherwise not', () => {
    expect(refusal(1, PRINFO_PRCHK_REFERENCE, 7, 2 ** 32 + 7)).toBe(0);
    expect(refusal(1, PRINFO_PRCHK_REFERENCE, 2 ** 32 + 7, 2 ** 48 + 2 ** 32 + 7, 64)).toBe(0);
    expect(refusal(1, PRINFO_PRCHK_GUARD, 8, 7)).toBe(0);
    expect(refusal(2, PRINFO_PRCHK_REFERENCE, 8, 7)).toBe(0);
    expect(refusal(3, PRINFO_PRCHK_GUARD | PRINFO_PRCHK_APPLICATION, 8, 7)).toBe(0);
  });
});

describe('a check', () => {
  it('passes what was inserted, and goes on where it ended', () => {
    const { data, metadata, check } = made({});
    expect(check()).toEqual([0, 0]);
    const inTwo = protection({}, { prinfo: ALL_CHECKS, tags: 100, applicationTag: 0x1234 });
    expect(inTwo.check(data, metadata, 2)).toBe(0);
    expect(inTwo.check(data.subarray(1024), metadata.subarray(16), 2)).toBe(0);
  });

  it('names the first block that is wrong, and what of it', () => {
    const spoilt = made({ metadataBytes: 16 });
    spoilt.data[2 * 512 + 5] ^= 0x10;
    expect(spoilt.check()).toEqual([STATUS_GUARD_CHECK_ERROR, 2]);
    expect(spoilt.check({ prinfo: ALL_CHECKS & ~PRINFO_PRCHK_GUARD })).toEqual([0, 0]);
    expect(made({}).check({ applicationTag: 0x1034 })).toEqual([STATUS_APPLICATION_TAG_CHECK_ERROR, 0]);
    expect(made({}).check({ applicationTag: 0x1034, applicationMask: 0xfdff })).toEqual([0, 0]);
    expect(made({ piType: 2 }).check({ tags: 101 })).toEqual([STATUS_REFERENCE_TAG_CHECK_ERROR, 0]);
    const tagged = { guardBits: 64, storageTagBits: 8 };
    const wrong = { tags: 4 * 2 ** 40, prinfo: 0 };
    expect(made(tagged).check({ ...wrong, checksStorageTag: true })).toEqual([STATUS_STORAGE_TAG_CHECK_ERROR, 0]);
    expect(made(tagged).check(wrong)).toEqual([0, 0]);
  });

  it('is off for an application tag of all ones, with type 3 only when the reference tag is all ones too', () => {
    const status = (piType: number, tags: number): number => {
      const each = made({ piType }, { applicationTag: 0xffff, tags });
      each.data.fill(0xee);
      return each.check({ prinfo: PRINFO_PRCHK_GUARD })[0];
    };
    expect([status(1, 5), status(2, 5), status(3, 5)]).toEqual([0, 0, STATUS_GUARD_CHECK_ERROR]);
    const ones = made({ piType: 3 });
    ones.metadata.fill(0xff);
    expect(ones.check({ prinfo: PRINFO_PRCHK_GUARD | PRINFO_PRCHK_APPLICATION })).toEqual([0, 0]);
  });

  it('finds every change of a tuple that it looks at, under any format, and no other', () => {
    const format = fc
      .record({
        guardBits: fc.constantFrom(16, 64),
        extra: fc.constantFrom(0, 4, 8, 56),
        piType: fc.integer({ min: 1, max: 3 }),
        piIsFirst: fc.boolean(),
        storageTagBits: fc.integer({ min: 0, max: 48 }),
      })
      .map(({ extra, ...each }) => ({
        ...each,
        storageTagBits: each.guardBits === 64 ? each.storageTagBits : 0,
        metadataBytes: (each.guardBits === 64 ? 16 : 8) + extra,
      }));
    const part = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(
        format,
        part,
        fc.nat(0xfffe),
        fc.nat(BLOCKS - 1),
        fc.nat(15),
        fc.integer({ min: 1, max: 255 }),
        (chosen, tagPart, applicationTag, block, byte, flip) => {
          const tupleBytes = chosen.guardBits === 64 ? 16 : 8;
          const spaceBits = tupleBytes === 16 ? 48 : 32;
          const guardBytes = chosen.guardBits / 8;
          const tags = Math.floor(tagPart * 2 ** spaceBits);
          const each = made(chosen, { tags, applicationTag });
          const asked = {
            prinfo: chosen.piType === 3 ? ALL_CHECKS & ~PRINFO_PRCHK_REFERENCE : ALL_CHECKS,
            checksStorageTag: true,
          };
          expect(each.check(asked)).toEqual([0, 0]);
          const offset = block * chosen.metadataBytes + (chosen.piIsFirst ? 0 : chosen.metadataBytes - tupleBytes);
          const at = byte % tupleBytes;
          each.metadata[offset + at] ^= flip;
          const isUnchecked =
            each.metadata[offset + guardBytes] === 0xff && each.metadata[offset + guardBytes + 1] === 0xff;
          if (isUnchecked) return;
          // With type 3 nobody looks at the reference tag, but at the storage tag above it.
          const changed = flip * 256 ** (tupleBytes - 1 - at);
          const isStorageTag = at >= guardBytes + 2 && changed >= 2 ** (spaceBits - chosen.storageTagBits);
          const isLookedAt = at < guardBytes + 2 || chosen.piType !== 3 || isStorageTag;
          const [status, where] = each.check(asked);
          expect([status !== 0, where]).toEqual(isLookedAt ? [true, block] : [false, 0]);
        },
      ),
    );
  });
});

describe('protection information', () => {
  it('is all the metadata only when none is beside it', () => {
    const isOnly = (format: Format): boolean => isProtectionOnly(protectionFormat(formatOf(format)));
    expect([isOnly({}), isOnly({ guardBits: 64 })]).toEqual([true, true]);
    expect([isOnly({ metadataBytes: 16 }), isOnly({ guardBits: 64, metadataBytes: 24 })]).toEqual([false, false]);
    expect(isOnly({ piType: 0 })).toBe(false);
  });
});
