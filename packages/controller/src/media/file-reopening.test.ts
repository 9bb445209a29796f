import {
  ADMIN_FORMAT_NVM,
  FEATURE_ERROR_RECOVERY,
  FEATURE_VOLATILE_WRITE_CACHE,
  IDENTIFY_CNS_NAMESPACE,
  decodeIdentifyNamespace,
  DLFEAT_READ_ZEROES,
  NVM_DATASET_MANAGEMENT,
  NVM_FLUSH,
  NVM_READ,
  NVM_WRITE,
  NVM_WRITE_UNCORRECTABLE,
  RW_CDW12_FUA,
  STATUS_DEALLOCATED_OR_UNWRITTEN_BLOCK,
  STATUS_UNRECOVERED_READ_ERROR,
  STATUS_WRITE_FAULT,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { identify, setFeature } from '../../test-support/admin-calls.js';
import { BlockHost } from '../../test-support/block-host.js';
import type { NamespaceOptions } from '../namespace-options.js';
import { type FileBackend, FileMedium } from './file-medium.js';
import type { Medium } from './medium.js';
import { PowerLossMedium } from './power-loss-medium.js';

const BYTES = 256 * 1024;

/** A file and what is kept beside it. */
class KeptFile implements FileBackend {
  readonly data = new Uint8Array(BYTES);
  marks: Uint8Array | undefined = undefined;
  saves = 0;
  isFull = false;

  readSync(bytes: Uint8Array, fileOffset: number): number {
    bytes.set(this.data.subarray(fileOffset, fileOffset + bytes.length));
    return bytes.length;
  }

  writeSync(bytes: Uint8Array, fileOffset: number): number {
    this.data.set(bytes, fileOffset);
    return bytes.length;
  }

  flushSync(): void {
    // There is no cache.
  }

  saveMarksSync(marks: Uint8Array): void {
    if (this.isFull) throw new Error('ENOSPC');
    this.marks = marks;
    this.saves++;
  }

  loadMarksSync(): Uint8Array | undefined {
    return this.marks;
  }
}

/** A file that can have holes. */
class HoleyFile extends KeptFile {
  readonly holes: number[][] = [];

  deallocateSync(fileOffset: number, bytes: number): void {
    this.holes.push([fileOffset, bytes]);
    this.data.fill(0, fileOffset, fileOffset + bytes);
  }
}

function open(
  file: FileBackend,
  options: Partial<NamespaceOptions> = {},
  around: (medium: Medium) => Medium = (medium) => medium,
): BlockHost {
  return new BlockHost({ namespaces: [{ nsid: 1, medium: around(new FileMedium(file, BYTES)), ...options }] });
}

/** Reads blocks one by one: the first byte of each, or its status in place of data. */
function read(host: BlockHost, lba: number, blocks: number): (number | string)[] {
  return Array.from({ length: blocks }, (_, i) => {
    host.data.fill(0xee, 0, 512);
    const { code } = host.run(NVM_READ, { lba: lba + i, dataBytes: 512 });
    return code === 0 ? host.data[0] : code.toString(16);
  });
}

function write(host: BlockHost, lba: number, blocks: number, value: number, flags = 0): void {
  host.data.fill(value, 0, blocks * 512);
  host.metadata.fill(value, 0, blocks * 8);
  expect(host.run(NVM_WRITE, { lba, blocks, dataBytes: blocks * 512, flags }).code).toBe(0);
}

function deallocate(host: BlockHost, lba: number, blocks: number): void {
  host.data.fill(0, 0, 16);
  new DataView(host.data.buffer, host.data.byteOffset).setUint32(4, blocks, true);
  new DataView(host.data.buffer, host.data.byteOffset).setUint32(8, lba, true);
  expect(host.run(NVM_DATASET_MANAGEMENT, { lba: 0, dataBytes: 16, cdw10: 0, cdw11: 4, cdw12: 0 }).code).toBe(0);
}

const spoil = (host: BlockHost, lba: number, blocks = 1): void =>
  expect(host.run(NVM_WRITE_UNCORRECTABLE, { lba, blocks }).code).toBe(0);
const flush = (host: BlockHost): number => host.run(NVM_FLUSH).code;
const BAD = STATUS_UNRECOVERED_READ_ERROR.toString(16);
const UNWRITTEN = STATUS_DEALLOCATED_OR_UNWRITTEN_BLOCK.toString(16);

describe('blocks that were given up', () => {
  it.each([
    ['zeros', () => new KeptFile()],
    ['a hole', () => new HoleyFile()],
  ])('read as zeros from the file that is opened again, as DLFEAT says (%s)', (_, create) => {
    const file = create();
    const host = open(file, { metadataBytes: 8 });
    expect(decodeIdentifyNamespace(identify(host.host, IDENTIFY_CNS_NAMESPACE, 1)).dlfeat & 7).toBe(DLFEAT_READ_ZEROES);
    write(host, 0, 8, 7);
    deallocate(host, 2, 3);
    expect(flush(host)).toBe(0);
    const again = open(file, { metadataBytes: 8 });
    expect(read(again, 0, 8)).toEqual([7, 7, 0, 0, 0, 7, 7, 7]);
    again.run(NVM_READ, { blocks: 8, dataBytes: 4096 });
    expect(Array.from({ length: 8 }, (_, i) => again.metadata[i * 8 + 7])).toEqual([7, 7, 0, 0, 0, 7, 7, 7]);
  });
});

describe('blocks that were made unreadable', () => {
  it('are so in the file that is opened again, until they are written', () => {
    const file = new KeptFile();
    const host = open(file);
    write(host, 0, 4, 1);
    spoil(host, 1, 2);
    expect([file.saves, flush(host), flush(host), file.saves]).toEqual([0, 0, 0, 1]);
    const again = open(file);
    expect(read(again, 0, 4)).toEqual([1, BAD, BAD, 1]);
    write(again, 2, 1, 5);
    expect(flush(again)).toBe(0);
    expect(read(open(file), 0, 4)).toEqual([1, BAD, 5, 1]);
  });

  it('are forgotten with what was written when nothing was flushed, and without a place to keep them', () => {
    const file = new KeptFile();
    spoil(open(file), 1);
    expect(read(open(file), 0, 2)).toEqual([0, 0]);
    const bare: FileBackend = {
      readSync: (bytes, fileOffset) => file.readSync(bytes, fileOffset),
      writeSync: (bytes, fileOffset) => file.writeSync(bytes, fileOffset),
      flushSync: () => undefined,
    };
    const host = open(bare);
    spoil(host, 1);
    expect([flush(host), read(host, 1, 1), read(open(bare), 1, 1)]).toEqual([0, [BAD], [0]]);
  });

  it('are kept at once where there is no cache, and readable at once after Force Unit Access', () => {
    const file = new KeptFile();
    const host = open(file);
    setFeature(host.host, FEATURE_VOLATILE_WRITE_CACHE, 0);
    spoil(host, 3);
    expect(read(open(file), 3, 1)).toEqual([BAD]);
    const again = open(file);
    write(again, 3, 1, 9, RW_CDW12_FUA);
    expect(read(open(file), 3, 1)).toEqual([9]);
  });

  it('are kept through a cache that loses power', () => {
    const file = new KeptFile();
    const cached = (medium: Medium): Medium => new PowerLossMedium({ medium });
    const host = open(file, { metadataBytes: 8 }, cached);
    spoil(host, 3);
    expect(flush(host)).toBe(0);
    const again = open(file, { metadataBytes: 8 }, cached);
    expect(read(again, 3, 1)).toEqual([BAD]);
    write(again, 3, 1, 9, RW_CDW12_FUA);
    expect(read(open(file, { metadataBytes: 8 }, cached), 3, 1)).toEqual([9]);
  });

  it('are readable after a format, in the file too', () => {
    const file = new KeptFile();
    const host = open(file);
    spoil(host, 3);
    expect(flush(host)).toBe(0);
    expect(host.host.run({ opcode: ADMIN_FORMAT_NVM, nsid: 1, cdw10: 0 }).code).toBe(0);
    expect(read(open(file), 3, 1)).toEqual([0]);
  });

  it('fail the Flush that cannot keep them, and the next one tries again', () => {
    const file = new KeptFile();
    const host = open(file);
    spoil(host, 3);
    file.isFull = true;
    expect(host.run(NVM_FLUSH)).toMatchObject({ code: STATUS_WRITE_FAULT, dnr: false });
    file.isFull = false;
    expect([flush(host), read(open(file), 3, 1)]).toEqual([0, [BAD]]);
  });
});

describe('blocks that are allocated', () => {
  it('are so in the file that is opened again, and the others are not', () => {
    const file = new KeptFile();
    const host = open(file, { isCounted: true });
    write(host, 4, 3, 1);
    deallocate(host, 5, 1);
    expect(flush(host)).toBe(0);
    const again = open(file, { isCounted: true });
    setFeature(again.host, FEATURE_ERROR_RECOVERY, 0x1_0000, { nsid: 1 });
    expect(read(again, 3, 5)).toEqual([UNWRITTEN, 1, UNWRITTEN, 1, UNWRITTEN]);
    expect(decodeIdentifyNamespace(identify(again.host, IDENTIFY_CNS_NAMESPACE, 1)).nuse).toBe(2);
  });
});

describe('what is kept beside a file', () => {
  it('and is not ours, or of other blocks, keeps the namespace from being made, and says why', () => {
    const file = new KeptFile();
    const host = open(file);
    spoil(host, 3);
    flush(host);
    expect(() => open(file, { blockBytes: 4096 })).toThrow(
      'marks of the medium: expected those of 64 blocks of 4096+0 bytes, got those of 512 blocks of 512+0 bytes',
    );
    file.marks = file.marks!.subarray(0, 41);
    expect(() => open(file)).toThrow('marks of the medium: expected');
    file.loadMarksSync = () => {
      throw new Error('EACCES');
    };
    expect(() => open(file)).toThrow('EACCES');
  });
});
