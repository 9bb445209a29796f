import {
  DSM_RANGE_LENGTH,
  DSM_RANGE_SLBA,
  NVM_COMPARE,
  NVM_DATASET_MANAGEMENT,
  NVM_READ,
  NVM_WRITE,
  SGL_ID_BIT_BUCKET,
  SGL_ID_DATA_BLOCK,
  SGL_ID_KEYED_DATA_BLOCK,
  SGL_ID_LAST_SEGMENT,
  SGL_ID_SEGMENT,
  STATUS_COMPARE_FAILURE,
  STATUS_DATA_SGL_LENGTH_INVALID,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_SGL_DESCRIPTOR_COUNT,
  STATUS_INVALID_SGL_SEGMENT_DESCRIPTOR,
  STATUS_LBA_OUT_OF_RANGE,
  STATUS_METADATA_SGL_LENGTH_INVALID,
  STATUS_SGL_DESCRIPTOR_TYPE_INVALID,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { BlockHost } from '../../test-support/block-host.js';
import { NOWHERE, type RawHostOptions } from '../../test-support/raw-host.js';
import { type Descriptor, encodeDescriptor } from '../../test-support/sgl-memory.js';
import { NullMedium } from '../media/null-medium.js';
import { RamMedium } from '../media/ram-medium.js';

const BYTES = 1024 * 1024;

function ram(options: RawHostOptions = {}): BlockHost {
  return new BlockHost({ namespaces: [{ nsid: 1, medium: new RamMedium({ bytes: BYTES }) }], ...options });
}

/** Writes descriptors into the metadata buffer, which these tests have no other use for, and gives their bus address. */
function list(host: BlockHost, descriptors: readonly Descriptor[], at = 0): number {
  const words = new Uint32Array(host.metadata.buffer, host.metadata.byteOffset + at);
  descriptors.forEach((each, i) => words.set(encodeDescriptor(each), i * 4));
  return host.metadataIova + at;
}

function pointer(identifier: number, address: number, count: number): Descriptor {
  return { identifier, address, length: count * 16 };
}

const pattern = (length: number, seed = 1): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 13 + seed) & 0xff);

describe('lists', () => {
  it('move data of any alignment both ways', () => {
    const host = ram();
    const data = (offset: number, length: number) => ({
      identifier: SGL_ID_DATA_BLOCK,
      address: host.dataIova + offset,
      length,
    });
    const pieces: readonly (readonly [number, number])[] = [
      [1, 1],
      [4095, 2],
      [9001, 1021],
      [0x5000, 0],
      [0x6003, 512],
    ];
    const expected = pattern(1536);
    let at = 0;
    for (const [offset, length] of pieces) {
      host.data.set(expected.subarray(at, at + length), offset);
      at += length;
    }
    const address = list(
      host,
      pieces.map((each) => data(...each)),
    );
    const sgl = pointer(SGL_ID_LAST_SEGMENT, address, pieces.length);
    expect(host.run(NVM_WRITE, { lba: 7, blocks: 3, psdt: 1, sgl }).code).toBe(0);
    host.data.fill(0xee);
    expect(host.run(NVM_READ, { lba: 7, blocks: 3, dataBytes: 1536 }).code).toBe(0);
    expect(host.data.subarray(0, 1537)).toEqual(Uint8Array.from([...expected, 0xee]));
    host.data.fill(0);
    expect(host.run(NVM_READ, { lba: 7, blocks: 3, psdt: 2, sgl }).code).toBe(0);
    at = 0;
    for (const [offset, length] of pieces) {
      expect(host.data.subarray(offset, offset + length)).toEqual(expected.subarray(at, at + length));
      at += length;
    }
    expect(host.data.reduce((sum, byte) => sum + byte, 0)).toBe(expected.reduce((sum, byte) => sum + byte, 0));
  });

  it('drop what falls into a bucket of a Read, and ignore one of a Write', () => {
    const host = ram();
    const expected = pattern(1024);
    host.data.set(expected);
    const blocks = [
      { identifier: SGL_ID_DATA_BLOCK, address: host.dataIova, length: 100 },
      { identifier: SGL_ID_BIT_BUCKET, length: 824 },
      { identifier: SGL_ID_DATA_BLOCK, address: host.dataIova + 100, length: 100 },
    ];
    const sgl = pointer(SGL_ID_LAST_SEGMENT, list(host, blocks), 3);
    expect(host.run(NVM_WRITE, { blocks: 2, dataBytes: 1024 }).code).toBe(0);
    expect(host.run(NVM_WRITE, { lba: 9, blocks: 2, psdt: 1, sgl }).code).toBe(STATUS_DATA_SGL_LENGTH_INVALID);
    host.data.fill(0);
    expect(host.run(NVM_READ, { blocks: 2, psdt: 1, sgl }).code).toBe(0);
    expect(host.data.subarray(0, 200)).toEqual(
      Uint8Array.from([...expected.subarray(0, 100), ...expected.subarray(924)]),
    );
    const whole = [blocks[0], { identifier: SGL_ID_BIT_BUCKET, length: 5 }, { ...blocks[2], length: 412 }];
    const writeSgl = pointer(SGL_ID_LAST_SEGMENT, list(host, whole), 3);
    expect(host.run(NVM_WRITE, { lba: 9, psdt: 1, sgl: writeSgl }).code).toBe(0);
    expect(host.run(NVM_READ, { psdt: 1, sgl: { identifier: SGL_ID_BIT_BUCKET, length: 512 } }).code).toBe(0);
  });

  it('describe what a Compare compares', () => {
    const host = ram();
    host.data.set(pattern(512), 3);
    const sgl = { identifier: SGL_ID_DATA_BLOCK, address: host.dataIova + 3, length: 512 };
    expect(host.run(NVM_WRITE, { lba: 5, psdt: 1, sgl }).code).toBe(0);
    expect(host.run(NVM_COMPARE, { lba: 5, psdt: 1, sgl }).code).toBe(0);
    host.data[3 + 511] ^= 1;
    expect(host.run(NVM_COMPARE, { lba: 5, psdt: 1, sgl }).code).toBe(STATUS_COMPARE_FAILURE);
  });

  it('describe the ranges of a Dataset Management', () => {
    const host = ram();
    host.data.set(pattern(512));
    host.run(NVM_WRITE, { lba: 2, dataBytes: 512 });
    const range = new DataView(host.data.buffer, host.data.byteOffset + 1, 16);
    range.setUint32(DSM_RANGE_LENGTH, 1, true);
    range.setUint32(DSM_RANGE_SLBA, 2, true);
    range.setUint32(DSM_RANGE_SLBA + 4, 0, true);
    const sgl = { identifier: SGL_ID_DATA_BLOCK, address: host.dataIova + 1, length: 16 };
    const raw = { psdt: 1, sgl, cdw10: 0, cdw11: 4, cdw12: 0 };
    expect(host.run(NVM_DATASET_MANAGEMENT, raw).code).toBe(0);
    expect(host.run(NVM_READ, { lba: 2, dataBytes: 512 }).code).toBe(0);
    expect(host.data.subarray(0, 512).every((byte) => byte === 0)).toBe(true);
    expect(host.run(NVM_DATASET_MANAGEMENT, { ...raw, sgl: { ...sgl, length: 15 } }).code).toBe(
      STATUS_DATA_SGL_LENGTH_INVALID,
    );
  });

  it('may have the largest transfer, a piece a block', () => {
    const host = ram({ mdts: 4 });
    const blocks = Array.from({ length: 128 }, (_, i) => ({
      identifier: SGL_ID_DATA_BLOCK,
      address: host.dataIova + ((i * 37) % 128) * 512,
      length: 512,
    }));
    const sgl = pointer(SGL_ID_LAST_SEGMENT, list(host, blocks), 128);
    host.data.set(pattern(65_536));
    expect(host.run(NVM_WRITE, { blocks: 128, psdt: 1, sgl }).code).toBe(0);
    expect(host.run(NVM_COMPARE, { blocks: 128, psdt: 1, sgl }).code).toBe(0);
    expect(host.run(NVM_READ, { blocks: 129, psdt: 1, sgl })).toMatchObject({ code: STATUS_INVALID_FIELD, dnr: true });
    expect(host.run(NVM_READ, { lba: 1960, blocks: 128, psdt: 1, sgl }).code).toBe(STATUS_LBA_OUT_OF_RANGE);
  });
});

describe('a command with a list is refused', () => {
  const good = (host: BlockHost) => ({ identifier: SGL_ID_DATA_BLOCK, address: host.dataIova, length: 512 });
  type Make = (host: BlockHost) => Descriptor;
  const listed =
    (identifier: number, make: (host: BlockHost) => readonly Descriptor[]): Make =>
    (host) => {
      const descriptors = make(host);
      return pointer(identifier, list(host, descriptors), descriptors.length);
    };
  const CASES: [name: string, make: Make, status: number, mayRetry?: 'retry'][] = [
    ['too short', (host) => ({ ...good(host), length: 511 }), STATUS_DATA_SGL_LENGTH_INVALID],
    ['too long', (host) => ({ ...good(host), length: 513 }), STATUS_DATA_SGL_LENGTH_INVALID],
    [
      'of a keyed block',
      () => ({ identifier: SGL_ID_KEYED_DATA_BLOCK, length: 512 }),
      STATUS_SGL_DESCRIPTOR_TYPE_INVALID,
    ],
    ['of a block with an offset', (host) => ({ ...good(host), identifier: 1 }), STATUS_SGL_DESCRIPTOR_TYPE_INVALID],
    [
      'that is mapped nowhere',
      () => ({ identifier: 0, address: NOWHERE, length: 512 }),
      STATUS_DATA_TRANSFER_ERROR,
      'retry',
    ],
    [
      'in a segment that is mapped nowhere',
      () => pointer(SGL_ID_SEGMENT, NOWHERE, 1),
      STATUS_DATA_TRANSFER_ERROR,
      'retry',
    ],
    ['in an empty segment', (host) => pointer(SGL_ID_SEGMENT, host.dataIova, 0), STATUS_INVALID_SGL_SEGMENT_DESCRIPTOR],
    [
      'in a segment of 24 bytes',
      (host) => pointer(SGL_ID_SEGMENT, host.dataIova, 1.5),
      STATUS_INVALID_SGL_SEGMENT_DESCRIPTOR,
    ],
    [
      'with a last segment that ends in a segment',
      listed(SGL_ID_LAST_SEGMENT, (host) => [pointer(SGL_ID_SEGMENT, host.dataIova, 1)]),
      STATUS_INVALID_SGL_SEGMENT_DESCRIPTOR,
    ],
    [
      'with a pointer in the middle',
      listed(SGL_ID_SEGMENT, (host) => [pointer(SGL_ID_LAST_SEGMENT, host.dataIova, 1), good(host)]),
      STATUS_INVALID_SGL_DESCRIPTOR_COUNT,
    ],
    [
      'that loops',
      (host) => {
        list(host, [pointer(SGL_ID_SEGMENT, host.metadataIova, 1)]);
        return pointer(SGL_ID_SEGMENT, host.metadataIova, 1);
      },
      STATUS_INVALID_SGL_DESCRIPTOR_COUNT,
    ],
  ];
  for (const [opcode, command] of [
    [NVM_READ, 'Read'],
    [NVM_WRITE, 'Write'],
    [NVM_COMPARE, 'Compare'],
  ] as const) {
    it.each(CASES)(`${command}, %s`, (_, make, status, mayRetry) => {
      const host = new BlockHost({ namespaces: [{ nsid: 1, medium: new NullMedium(BYTES) }] });
      expect(host.run(opcode, { psdt: 1, sgl: make(host) })).toMatchObject({
        code: status,
        dnr: mayRetry === undefined,
        more: true,
      });
      expect(host.run(opcode, { psdt: 3, sgl: good(host) }).code).toBe(STATUS_INVALID_FIELD);
      expect(host.run(NVM_READ, { dataBytes: 512 }).code).toBe(0);
    });
  }
});

describe('the metadata pointer', () => {
  const namespaces = () => [{ nsid: 1, medium: new RamMedium({ bytes: BYTES }), metadataBytes: 16 }];
  const write = { lba: 3, blocks: 2, dataBytes: 1024 };

  it('is one buffer of any alignment with PSDT 01b', () => {
    const host = new BlockHost({ namespaces: namespaces() });
    host.metadata.set(pattern(32, 9), 3);
    const mptr = host.metadataIova + 3;
    expect(host.run(NVM_WRITE, { ...write, mptr }).code).toBe(0);
    host.metadata.fill(0);
    expect(host.run(NVM_READ, { ...write, mptr }).code).toBe(0);
    expect(host.metadata.subarray(2, 36)).toEqual(Uint8Array.from([0, ...pattern(32, 9), 0]));
  });

  it('is one buffer of whole dwords with PSDT 00b', () => {
    const host = new BlockHost({ namespaces: namespaces() });
    const plain = { lba: 3, blocks: 2, prp1: host.dataIova };
    host.metadata.set(pattern(32, 9), 4092);
    expect(host.run(NVM_WRITE, { ...plain, mptr: host.metadataIova + 4092 }).code).toBe(0);
    expect(host.run(NVM_COMPARE, { ...plain, mptr: host.metadataIova + 4092 }).code).toBe(0);
    expect(host.run(NVM_WRITE, { ...plain, mptr: host.metadataIova + 2 })).toMatchObject({
      code: STATUS_INVALID_FIELD,
      dnr: true,
    });
    expect(host.run(NVM_READ, { ...plain, mptr: NOWHERE }).code).toBe(STATUS_DATA_TRANSFER_ERROR);
    expect(host.run(NVM_READ, { ...plain, mptr: 2 ** 64 - 2 ** 12 }).code).toBe(STATUS_DATA_TRANSFER_ERROR);
  });

  it('is the address of a descriptor with PSDT 10b, which may point to more', () => {
    const host = new BlockHost({ namespaces: namespaces() });
    const address = host.dataIova + 0x8000;
    host.data.set(pattern(32, 9), 0x8000);
    const one = list(host, [{ identifier: SGL_ID_DATA_BLOCK, address, length: 32 }]);
    expect(host.run(NVM_WRITE, { ...write, psdt: 2, mptr: one }).code).toBe(0);
    const two = list(
      host,
      [
        { identifier: SGL_ID_DATA_BLOCK, address: address + 32, length: 7 },
        { identifier: SGL_ID_BIT_BUCKET, length: 9 },
        { identifier: SGL_ID_DATA_BLOCK, address: address + 39, length: 16 },
      ],
      64,
    );
    const chained = list(host, [pointer(SGL_ID_LAST_SEGMENT, two, 3)], 128);
    expect(host.run(NVM_READ, { ...write, psdt: 2, mptr: chained }).code).toBe(0);
    const stored = pattern(32, 9);
    expect(host.data.subarray(0x8020, 0x8020 + 23)).toEqual(
      Uint8Array.from([...stored.subarray(0, 7), ...stored.subarray(16)]),
    );
  });

  it.each([
    ['a list that is too short', 31, 0, STATUS_METADATA_SGL_LENGTH_INVALID],
    ['a list that is too long', 33, 0, STATUS_METADATA_SGL_LENGTH_INVALID],
    ['a descriptor that is not qword aligned', 32, 4, STATUS_INVALID_SGL_SEGMENT_DESCRIPTOR],
  ])('is refused for %s', (_, length, offset, status) => {
    const host = new BlockHost({ namespaces: namespaces() });
    const mptr = list(host, [{ identifier: SGL_ID_DATA_BLOCK, address: host.dataIova, length }]) + offset;
    expect(host.run(NVM_READ, { ...write, psdt: 2, mptr })).toMatchObject({ code: status, dnr: true });
    expect(host.run(NVM_READ, { ...write, psdt: 2, mptr: NOWHERE }).code).toBe(STATUS_DATA_TRANSFER_ERROR);
  });
});
