import {
  LOG_ERROR_INFORMATION,
  NVM_COMPARE,
  NVM_DATASET_MANAGEMENT,
  NVM_READ,
  NVM_VERIFY,
  NVM_WRITE,
  NVM_WRITE_ZEROES,
  PRINFO_PRACT,
  PRINFO_PRCHK_APPLICATION,
  PRINFO_PRCHK_GUARD,
  PRINFO_PRCHK_REFERENCE,
  RW_CDW12_STC,
  STATUS_APPLICATION_TAG_CHECK_ERROR,
  STATUS_COMPARE_FAILURE,
  STATUS_GUARD_CHECK_ERROR,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_PROTECTION_INFORMATION,
  STATUS_REFERENCE_TAG_CHECK_ERROR,
  WRITE_ZEROES_CDW12_DEAC,
} from '@phasebit/nvme-spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockHost } from '../../test-support/block-host.js';
import { type FileBackend, FileMedium } from '../media/file-medium.js';
import { RamMedium } from '../media/ram-medium.js';
import { mediumBytesOf } from '../namespace-format.js';
import type { NamespaceOptions } from '../namespace-options.js';

const BLOCKS = 64;
const ALL_CHECKS = PRINFO_PRCHK_GUARD | PRINFO_PRCHK_APPLICATION | PRINFO_PRCHK_REFERENCE;

type Format = Omit<NamespaceOptions, 'nsid' | 'medium'>;

function ram(format: Format): BlockHost {
  return new BlockHost({
    namespaces: [{ nsid: 1, medium: new RamMedium({ bytes: 1024 * 1024 }), blocks: BLOCKS, ...format }],
  });
}

const pattern = (length: number, seed = 1): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 13 + seed) & 0xff);

describe('metadata', () => {
  it('of a buffer of its own is kept beside the data', () => {
    const host = ram({ metadataBytes: 16 });
    host.data.set(pattern(2048));
    host.metadata.set(pattern(64, 5));
    expect(host.run(NVM_WRITE, { lba: 60, blocks: 4, dataBytes: 2048 }).code).toBe(0);
    host.data.fill(0);
    host.metadata.fill(0);
    expect(host.run(NVM_READ, { lba: 61, blocks: 2, dataBytes: 1024 }).code).toBe(0);
    expect(host.data.subarray(0, 1025)).toEqual(Uint8Array.from([...pattern(2048).subarray(512, 1536), 0]));
    expect(host.metadata.subarray(0, 33)).toEqual(Uint8Array.from([...pattern(64, 5).subarray(16, 48), 0]));
  });

  it('of extended blocks is behind the data of each', () => {
    const host = ram({ metadataBytes: 8, isExtended: true });
    host.data.set(pattern(4 * 520));
    expect(host.run(NVM_WRITE, { lba: 3, blocks: 4, dataBytes: 4 * 520 }).code).toBe(0);
    host.data.fill(0);
    expect(host.run(NVM_READ, { lba: 4, blocks: 3, dataBytes: 3 * 520 }).code).toBe(0);
    expect(host.data.subarray(0, 3 * 520)).toEqual(pattern(4 * 520).subarray(520));
  });

  it('of extended blocks counts towards the largest transfer, that of a buffer of its own does not', () => {
    const sizes = { blocks: 16, metadataBytes: 8 };
    const medium = () => new RamMedium({ bytes: 1024 * 1024 });
    const wide = new BlockHost({ mdts: 1, namespaces: [{ nsid: 1, medium: medium(), isExtended: true, ...sizes }] });
    expect(wide.run(NVM_WRITE, { blocks: 16, dataBytes: 16 * 520 }).code).toBe(STATUS_INVALID_FIELD);
    expect(wide.run(NVM_WRITE, { blocks: 15, dataBytes: 15 * 520 }).code).toBe(0);
    const apart = new BlockHost({ mdts: 1, namespaces: [{ nsid: 1, medium: medium(), ...sizes }] });
    expect(apart.run(NVM_WRITE, { blocks: 16, dataBytes: 16 * 512 }).code).toBe(0);
  });

  it('is compared', () => {
    const host = ram({ metadataBytes: 8 });
    host.metadata.set(pattern(16));
    host.run(NVM_WRITE, { lba: 1, blocks: 2, dataBytes: 1024 });
    expect(host.run(NVM_COMPARE, { lba: 1, blocks: 2, dataBytes: 1024 }).code).toBe(0);
    host.metadata[15] ^= 1;
    expect(host.run(NVM_COMPARE, { lba: 1, blocks: 2, dataBytes: 1024 }).code).toBe(STATUS_COMPARE_FAILURE);
    expect(host.run(NVM_COMPARE, { lba: 1, blocks: 1, dataBytes: 512 }).code).toBe(0);
  });

  it.each([
    ['Write Zeroes', NVM_WRITE_ZEROES, 0],
    ['Write Zeroes with DEAC', NVM_WRITE_ZEROES, WRITE_ZEROES_CDW12_DEAC],
  ])('is cleared by %s, of exactly its blocks', (_, opcode, flags) => {
    const host = ram({ metadataBytes: 8 });
    host.data.fill(1);
    host.metadata.fill(2);
    host.run(NVM_WRITE, { blocks: 8, dataBytes: 4096 });
    expect(host.run(opcode, { lba: 2, blocks: 3, flags }).code).toBe(0);
    expect(host.run(NVM_READ, { blocks: 8, dataBytes: 4096 }).code).toBe(0);
    const kinds = Array.from({ length: 8 }, (__, i) => [
      new Set(host.data.subarray(i * 512, (i + 1) * 512)),
      new Set(host.metadata.subarray(i * 8, (i + 1) * 8)),
    ]);
    expect(kinds).toEqual(
      kinds.map((___, i) => (i >= 2 && i < 5 ? [new Set([0]), new Set([0])] : [new Set([1]), new Set([2])])),
    );
  });

  it('survives in a file', () => {
    const file = new Uint8Array(mediumBytesOf(BLOCKS, { blockBytes: 512, metadataBytes: 8 }));
    const backend: FileBackend = {
      readSync: (bytes, at) => (bytes.set(file.subarray(at, at + bytes.length)), bytes.length),
      writeSync: (bytes, at) => (file.set(bytes, at), bytes.length),
      flushSync: () => undefined,
    };
    const opened = () => {
      const medium = new FileMedium(backend, file.length);
      return new BlockHost({ namespaces: [{ nsid: 1, medium, metadataBytes: 8, piType: 1 }] });
    };
    const first = opened();
    first.data.set(pattern(1024));
    const command = { lba: 9, blocks: 2, tags: 9, applicationTag: 0x77, dataBytes: 1024 };
    expect(first.run(NVM_WRITE, { ...command, prinfo: PRINFO_PRACT }).code).toBe(0);
    const second = opened();
    expect(second.run(NVM_READ, { ...command, prinfo: ALL_CHECKS }).code).toBe(0);
    expect(second.data.subarray(0, 1024)).toEqual(pattern(1024));
    expect(second.metadata.subarray(2, 8)).toEqual(Uint8Array.from([0, 0x77, 0, 0, 0, 9]));
    file[9 * 512 + 1] ^= 4;
    expect(opened().run(NVM_READ, { ...command, prinfo: ALL_CHECKS }).code).toBe(STATUS_GUARD_CHECK_ERROR);
  });
});

describe('protection information', () => {
  const separate = { metadataBytes: 8, piType: 1 };
  const command = { lba: 20, blocks: 4, tags: 20, applicationTag: 0x1234 };

  it('is inserted and stripped when it is all the metadata there is', () => {
    const host = ram({ ...separate, isExtended: true });
    host.data.set(pattern(2048));
    const stripped = { ...command, prinfo: PRINFO_PRACT | ALL_CHECKS, dataBytes: 2048 };
    expect(host.run(NVM_WRITE, stripped).code).toBe(0);
    host.data.fill(0);
    expect(host.run(NVM_READ, stripped).code).toBe(0);
    expect(host.data.subarray(0, 2048)).toEqual(pattern(2048));
    expect(host.run(NVM_READ, { ...command, prinfo: ALL_CHECKS, dataBytes: 4 * 520 }).code).toBe(0);
    expect(host.data.subarray(514, 520)).toEqual(Uint8Array.from([0x12, 0x34, 0, 0, 0, 20]));
  });

  it('is replaced on its way in, and passed on its way out, when there is more metadata', () => {
    const host = ram({ metadataBytes: 16, piType: 1 });
    host.metadata.fill(0x5a);
    const all = { ...command, prinfo: PRINFO_PRACT | ALL_CHECKS, dataBytes: 2048 };
    expect(host.run(NVM_WRITE, all).code).toBe(0);
    host.metadata.fill(0);
    expect(host.run(NVM_READ, all).code).toBe(0);
    expect(host.metadata.subarray(0, 8)).toEqual(new Uint8Array(8).fill(0x5a));
    expect(host.metadata.subarray(10, 16)).toEqual(Uint8Array.from([0x12, 0x34, 0, 0, 0, 20]));
  });

  it('that is wrong is not written, and the error log has the block', () => {
    const host = ram(separate);
    host.data.set(pattern(2048));
    const act = { ...command, dataBytes: 2048 };
    host.run(NVM_WRITE, { ...act, prinfo: PRINFO_PRACT });
    host.run(NVM_READ, { ...act, prinfo: ALL_CHECKS });
    host.data.fill(7);
    host.data.set(pattern(1024), 0);
    expect(host.run(NVM_WRITE, { ...act, prinfo: ALL_CHECKS })).toMatchObject({
      code: STATUS_GUARD_CHECK_ERROR,
      dnr: false,
      more: true,
    });
    expect(loggedLba(host)).toBe(22);
    host.data.fill(0);
    expect(host.run(NVM_READ, { ...act, prinfo: ALL_CHECKS }).code).toBe(0);
    expect(host.data.subarray(0, 2048)).toEqual(pattern(2048));
  });

  it.each([
    ['the guard', 0, PRINFO_PRCHK_GUARD, STATUS_GUARD_CHECK_ERROR],
    ['the application tag', 2, PRINFO_PRCHK_APPLICATION, STATUS_APPLICATION_TAG_CHECK_ERROR],
    ['the reference tag', 7, PRINFO_PRCHK_REFERENCE, STATUS_REFERENCE_TAG_CHECK_ERROR],
  ])('in which %s is wrong fails Read, Verify and Compare that check it', (_, byte, check, status) => {
    const host = ram(separate);
    const act = { ...command, dataBytes: 2048 };
    host.run(NVM_WRITE, { ...act, prinfo: PRINFO_PRACT });
    host.run(NVM_READ, act);
    host.metadata[16 + byte] ^= 0x40;
    expect(host.run(NVM_WRITE, act).code).toBe(0);
    for (const opcode of [NVM_READ, NVM_COMPARE, NVM_VERIFY]) {
      expect([opcode, host.run(opcode, { ...act, prinfo: check }).code]).toEqual([opcode, status]);
      expect(loggedLba(host)).toBe(22);
      expect(host.run(opcode, { ...act, prinfo: ALL_CHECKS & ~check }).code).toBe(0);
    }
  });

  it('that the host compares with is checked too', () => {
    const host = ram(separate);
    const act = { ...command, dataBytes: 2048 };
    host.run(NVM_WRITE, { ...act, prinfo: PRINFO_PRACT });
    host.run(NVM_READ, act);
    expect(host.run(NVM_COMPARE, { ...act, prinfo: ALL_CHECKS }).code).toBe(0);
    host.metadata[8] ^= 1;
    expect(host.run(NVM_COMPARE, { ...act, prinfo: ALL_CHECKS }).code).toBe(STATUS_GUARD_CHECK_ERROR);
    // Without a check it is not compared.
    expect(host.run(NVM_COMPARE, act).code).toBe(0);
  });

  it('of blocks never written, or given up, reads as ones and is not checked', () => {
    const host = ram({ ...separate, metadataBytes: 16 });
    const act = { ...command, prinfo: ALL_CHECKS, dataBytes: 2048 };
    const expectUnwritten = (): void => {
      host.metadata.fill(1);
      expect(host.run(NVM_READ, act).code).toBe(0);
      expect(host.metadata.subarray(0, 16)).toEqual(new Uint8Array(16).fill(0xff, 8));
      expect(host.run(NVM_VERIFY, { ...act, dataBytes: undefined as never }).code).toBe(0);
    };
    expectUnwritten();
    host.run(NVM_WRITE, { ...act, prinfo: PRINFO_PRACT });
    new Uint32Array(host.data.buffer, host.data.byteOffset, 4).set([0, 4, 20, 0]);
    const sgl = { identifier: 0, address: host.dataIova, length: 16 };
    expect(host.run(NVM_DATASET_MANAGEMENT, { psdt: 1, sgl, cdw10: 0, cdw11: 4, cdw12: 0 }).code).toBe(0);
    expectUnwritten();
    host.run(NVM_WRITE, { ...act, prinfo: PRINFO_PRACT });
    expect(host.run(NVM_WRITE_ZEROES, { ...command, flags: WRITE_ZEROES_CDW12_DEAC, prinfo: PRINFO_PRACT }).code).toBe(
      0,
    );
    expectUnwritten();
  });

  it('of Write Zeroes is zeros, or with PRACT that of zeros', () => {
    const host = ram({ ...separate, metadataBytes: 16 });
    const read = { ...command, prinfo: ALL_CHECKS, dataBytes: 2048 };
    expect(host.run(NVM_WRITE_ZEROES, { ...command, prinfo: PRINFO_PRACT }).code).toBe(0);
    expect(host.run(NVM_READ, read).code).toBe(0);
    expect(host.metadata.subarray(16, 32)).toEqual(
      Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12, 0x34, 0, 0, 0, 21]),
    );
    expect(host.run(NVM_WRITE_ZEROES, command).code).toBe(0);
    expect(host.run(NVM_READ, { ...read, prinfo: 0 }).code).toBe(0);
    expect(host.metadata.subarray(0, 64).every((byte) => byte === 0)).toBe(true);
    expect(host.run(NVM_READ, read).code).toBe(STATUS_APPLICATION_TAG_CHECK_ERROR);
  });

  it('of Write Zeroes of many blocks counts on', () => {
    const medium = new RamMedium({ bytes: 4 * 1024 * 1024 });
    const host = new BlockHost({ namespaces: [{ nsid: 1, medium, ...separate, blocks: 4096 }] });
    const all = { blocks: 4000, lba: 5, tags: 5 };
    expect(host.run(NVM_WRITE_ZEROES, { ...all, prinfo: PRINFO_PRACT }).code).toBe(0);
    expect(host.run(NVM_VERIFY, { ...all, prinfo: ALL_CHECKS }).code).toBe(0);
    host.data.fill(9, 0, 512);
    host.run(NVM_WRITE, { lba: 3999, prinfo: 0, dataBytes: 512 });
    expect(host.run(NVM_VERIFY, { ...all, prinfo: ALL_CHECKS }).code).toBe(STATUS_GUARD_CHECK_ERROR);
    expect(loggedLba(host)).toBe(3999);
  });

  it.each([
    [
      'Read of type 1 with another reference tag',
      NVM_READ,
      { piType: 1 },
      { tags: 21, prinfo: PRINFO_PRCHK_REFERENCE },
    ],
    ['Write of type 1 with another reference tag', NVM_WRITE, { piType: 1 }, { tags: 21, prinfo: ALL_CHECKS }],
    ['Verify of type 1 with another reference tag', NVM_VERIFY, { piType: 1 }, { tags: 21, prinfo: ALL_CHECKS }],
    ['Compare of type 1 with another reference tag', NVM_COMPARE, { piType: 1 }, { tags: 21, prinfo: ALL_CHECKS }],
    ['Read of type 3 that checks the reference tag', NVM_READ, { piType: 3 }, { prinfo: PRINFO_PRCHK_REFERENCE }],
    ['Write of type 3 that checks the reference tag', NVM_WRITE, { piType: 3 }, { prinfo: PRINFO_PRCHK_REFERENCE }],
    ['Compare with PRACT', NVM_COMPARE, { piType: 2 }, { prinfo: PRINFO_PRACT }],
    ['Write Zeroes that checks', NVM_WRITE_ZEROES, { piType: 1 }, { prinfo: PRINFO_PRCHK_GUARD | PRINFO_PRACT }],
    ['Write Zeroes that checks the storage tag', NVM_WRITE_ZEROES, { piType: 1 }, { flags: RW_CDW12_STC }],
  ])('%s is invalid', (_, opcode, format, fields) => {
    const host = ram({ metadataBytes: 8, ...format });
    const result = host.run(opcode, { ...command, dataBytes: 2048, ...fields });
    expect(result).toMatchObject({ code: STATUS_INVALID_PROTECTION_INFORMATION, dnr: true });
  });

  it('is never the business of Verify to insert', () => {
    for (const format of [separate, {}]) {
      const host = ram(format);
      expect(host.run(NVM_VERIFY, { ...command, prinfo: PRINFO_PRACT })).toMatchObject({
        code: STATUS_INVALID_FIELD,
        dnr: true,
      });
    }
  });

  it('is ignored where there is none', () => {
    for (const format of [{}, { metadataBytes: 8 }]) {
      const host = ram(format);
      const act = { ...command, tags: 3, prinfo: PRINFO_PRACT | ALL_CHECKS, dataBytes: 2048 };
      for (const opcode of [NVM_WRITE, NVM_READ, NVM_COMPARE, NVM_WRITE_ZEROES])
        expect(host.run(opcode, act).code).toBe(0);
    }
  });
});

describe('any format', () => {
  const format = fc
    .record({
      guardBits: fc.constantFrom(16, 64),
      extra: fc.constantFrom(0, 4, 8, 48),
      piType: fc.integer({ min: 0, max: 3 }),
      piIsFirst: fc.boolean(),
      isExtended: fc.boolean(),
    })
    .map(({ extra, ...each }) => ({
      ...each,
      blockBytes: each.guardBits === 64 ? 4096 : 512,
      metadataBytes: (each.guardBits === 64 ? 16 : 8) + extra,
    }));

  it('gives back what was written, and lets PRACT and the host make the same tuples', () => {
    fc.assert(
      fc.property(
        format,
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 1, max: 6 }),
        fc.nat(0xfffe),
        fc.nat(255),
        (chosen, lba, blocks, applicationTag, seed) => {
          const { blockBytes, metadataBytes, isExtended, piType, guardBits } = chosen;
          const host = ram(chosen);
          const wide = blocks * (blockBytes + (isExtended ? metadataBytes : 0));
          const checks = piType === 3 ? ALL_CHECKS & ~PRINFO_PRCHK_REFERENCE : ALL_CHECKS;
          const base = { lba, blocks, tags: piType === 2 ? 0xffff_ffff : lba, applicationTag };
          const isStripped = piType !== 0 && metadataBytes === guardBits / 4 - (guardBits === 16 ? -4 : 0);
          const inserted = { ...base, prinfo: PRINFO_PRACT, dataBytes: isStripped ? blocks * blockBytes : wide };
          host.data.set(pattern(wide, seed));
          host.metadata.set(pattern(blocks * metadataBytes, seed + 1));
          expect(host.run(NVM_WRITE, inserted).code).toBe(0);

          const passed = { ...base, prinfo: checks, dataBytes: wide };
          expect(host.run(NVM_READ, passed).code).toBe(0);
          const data = host.data.slice(0, wide);
          const metadata = host.metadata.slice(0, blocks * metadataBytes);
          expect(host.run(NVM_COMPARE, passed).code).toBe(0);
          expect(host.run(NVM_VERIFY, { ...passed, dataBytes: undefined as never }).code).toBe(0);
          expect(host.run(NVM_WRITE_ZEROES, base).code).toBe(0);
          expect(host.run(NVM_WRITE, passed).code).toBe(0);
          host.data.fill(0);
          host.metadata.fill(0);
          expect(host.run(NVM_READ, passed).code).toBe(0);
          expect(host.data.subarray(0, wide)).toEqual(data);
          if (!isExtended) expect(host.metadata.subarray(0, blocks * metadataBytes)).toEqual(metadata);
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** The block that the newest entry of the error log names. */
function loggedLba(host: BlockHost): number {
  const page = host.host.page();
  const prp1 = host.host.iova(page);
  host.host.run({ opcode: 0x02, nsid: 0xffff_ffff, prp1, cdw10: LOG_ERROR_INFORMATION | (15 << 16) });
  return host.host.dma.words(page, 16)[4];
}
