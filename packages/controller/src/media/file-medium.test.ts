import {
  NVM_COMPARE,
  NVM_DATASET_MANAGEMENT,
  NVM_FLUSH,
  NVM_READ,
  NVM_WRITE,
  NVM_WRITE_ZEROES,
  RW_CDW12_FUA,
  STATUS_UNRECOVERED_READ_ERROR,
  STATUS_WRITE_FAULT,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { RawHost } from '../../test-support/raw-host.js';
import { type FileBackend, FileMedium } from './file-medium.js';

/** A file in memory that can be made to fail. */
class MemoryFile implements FileBackend {
  readonly data = new Uint8Array(1024 * 1024);
  flushes = 0;
  failure: 'none' | 'short' | 'throw' = 'none';

  readSync(bytes: Uint8Array, fileOffset: number): number {
    if (this.failure === 'throw') throw new Error('EIO');
    bytes.set(this.data.subarray(fileOffset, fileOffset + bytes.length));
    return this.failure === 'short' ? bytes.length - 1 : bytes.length;
  }

  writeSync(bytes: Uint8Array, fileOffset: number): number {
    if (this.failure === 'throw') throw new Error('ENOSPC');
    this.data.set(bytes, fileOffset);
    return this.failure === 'short' ? 0 : bytes.length;
  }

  flushSync(): void {
    if (this.failure !== 'none') throw new Error('EIO');
    this.flushes++;
  }
}

function started(file: FileBackend) {
  const host = new RawHost({
    scatterSeed: 3,
    namespaces: [{ nsid: 1, medium: new FileMedium(file, 1024 * 1024) }],
  }).enable();
  return { host, queue: host.createPair(1) };
}

describe('a file medium', () => {
  it('puts blocks where they belong and reads them back, over scattered pages', () => {
    const file = new MemoryFile();
    const { host, queue } = started(file);
    const pages = [host.page(), host.page()] as const;
    host.dma.bytes(pages[0], 4096).forEach((_, i, bytes) => (bytes[i] = i));
    host.dma.bytes(pages[1], 4096).forEach((_, i, bytes) => (bytes[i] = i + 100));
    const command = { nsid: 1, prp1: host.iova(pages[0]) + 2048, prp2: host.iova(pages[1]), cdw10: 11, cdw12: 7 };
    expect(queue.execute({ opcode: NVM_WRITE, ...command }).code).toBe(0);
    expect([...file.data.subarray(11 * 512, 11 * 512 + 2)]).toEqual([0, 1]);
    expect(file.data[11 * 512 + 2048]).toBe(100);
    expect(file.data[19 * 512]).toBe(0);
    host.dma.bytes(pages[0], 4096).fill(0xee);
    host.dma.bytes(pages[1], 4096).fill(0xee);
    expect(queue.execute({ opcode: NVM_READ, ...command }).code).toBe(0);
    expect([host.dma.bytes(pages[0], 4096)[2049], host.dma.bytes(pages[1], 4096)[3]]).toEqual([1, 103]);
    expect(host.dma.bytes(pages[1], 4096)[2048]).toBe(0xee);
    expect(queue.execute({ opcode: NVM_COMPARE, ...command }).code).toBe(0);
  });

  it('flushes with the file, and writes zeros where it cannot give up', () => {
    const file = new MemoryFile();
    file.data.fill(0xff);
    const { queue } = started(file);
    expect(queue.execute({ opcode: NVM_FLUSH, nsid: 1 }).code).toBe(0);
    expect(file.flushes).toBe(1);
    expect(queue.execute({ opcode: NVM_WRITE_ZEROES, nsid: 1, cdw10: 1, cdw12: 0x0200_0001 }).code).toBe(0);
    expect([file.data[511], file.data[512], file.data[1535], file.data[1536]]).toEqual([0xff, 0, 0, 0xff]);
  });

  it('gives ranges up where the backend can', () => {
    const file = Object.assign(new MemoryFile(), {
      ranges: [] as number[][],
      deallocateSync(fileOffset: number, bytes: number) {
        this.ranges.push([fileOffset, bytes]);
      },
    });
    const { host, queue } = started(file);
    const list = host.page();
    host.dma.words(list, 8).set([0, 0, 1, 0, 0, 3, 7, 0]);
    expect(
      queue.execute({ opcode: NVM_DATASET_MANAGEMENT, nsid: 1, prp1: host.iova(list), cdw10: 1, cdw11: 4 }).code,
    ).toBe(0);
    expect(file.ranges).toEqual([[7 * 512, 3 * 512]]);
  });

  it('goes on where a short read or write has stopped', () => {
    const file = new (class extends MemoryFile {
      calls = 0;
      override readSync(bytes: Uint8Array, fileOffset: number): number {
        this.calls++;
        return super.readSync(bytes.subarray(0, 100), fileOffset);
      }
      override writeSync(bytes: Uint8Array, fileOffset: number): number {
        this.calls++;
        return super.writeSync(bytes.subarray(0, 100), fileOffset);
      }
    })();
    const { host, queue } = started(file);
    const page = host.page();
    const bytes = host.dma.bytes(page, 512);
    bytes.forEach((_, i) => (bytes[i] = i));
    expect(queue.execute({ opcode: NVM_WRITE, nsid: 1, prp1: host.iova(page), cdw10: 2 }).code).toBe(0);
    expect([file.calls, file.data[1024 + 511], file.data[1024 + 512]]).toEqual([6, 255, 0]);
    bytes.fill(0xee);
    expect(queue.execute({ opcode: NVM_READ, nsid: 1, prp1: host.iova(page), cdw10: 2 }).code).toBe(0);
    expect([file.calls, bytes[0], bytes[511]]).toEqual([12, 0, 255]);
  });

  it.each([-1, 0, 513, 1.5, Number.NaN])('takes a count of %s of the backend for a failure', (count) => {
    const file = Object.assign(new MemoryFile(), { readSync: () => count, writeSync: () => count });
    const { host, queue } = started(file);
    const prp1 = host.iova(host.page());
    expect(queue.execute({ opcode: NVM_READ, nsid: 1, prp1 }).code).toBe(STATUS_UNRECOVERED_READ_ERROR);
    expect(queue.execute({ opcode: NVM_WRITE, nsid: 1, prp1 }).code).toBe(STATUS_WRITE_FAULT);
  });

  it('has written what Force Unit Access asked for before it completes, and fails it where it cannot', () => {
    const file = new MemoryFile();
    const { host, queue } = started(file);
    const prp1 = host.iova(host.page());
    expect(queue.execute({ opcode: NVM_WRITE, nsid: 1, prp1 }).code).toBe(0);
    expect(file.flushes).toBe(0);
    expect(queue.execute({ opcode: NVM_WRITE, nsid: 1, prp1, cdw12: RW_CDW12_FUA }).code).toBe(0);
    expect(file.flushes).toBe(1);
    file.flushSync = () => {
      throw new Error('EIO');
    };
    expect(queue.execute({ opcode: NVM_WRITE, nsid: 1, prp1, cdw12: RW_CDW12_FUA }).code).toBe(STATUS_WRITE_FAULT);
    expect(queue.execute({ opcode: NVM_READ, nsid: 1, prp1, cdw12: RW_CDW12_FUA }).code).toBe(STATUS_WRITE_FAULT);
  });

  it('takes a range that cannot be given up for a failure', () => {
    const file = Object.assign(new MemoryFile(), {
      deallocateSync() {
        throw new Error('EOPNOTSUPP');
      },
    });
    const { host, queue } = started(file);
    const list = host.page();
    host.dma.words(list, 4).set([0, 1, 0, 0]);
    const command = { opcode: NVM_DATASET_MANAGEMENT, nsid: 1, prp1: host.iova(list), cdw11: 4 };
    expect(queue.execute(command).code).toBe(STATUS_WRITE_FAULT);
  });

  it.each(['short', 'throw'] as const)('turns a failure of the backend (%s) into a status', (failure) => {
    const file = new MemoryFile();
    const { host, queue } = started(file);
    file.failure = failure;
    const prp1 = host.iova(host.page());
    expect(queue.execute({ opcode: NVM_READ, nsid: 1, prp1 }).code).toBe(STATUS_UNRECOVERED_READ_ERROR);
    expect(queue.execute({ opcode: NVM_WRITE, nsid: 1, prp1 }).code).toBe(STATUS_WRITE_FAULT);
    expect(queue.execute({ opcode: NVM_WRITE_ZEROES, nsid: 1 }).code).toBe(STATUS_WRITE_FAULT);
    expect(queue.execute({ opcode: NVM_FLUSH, nsid: 1 }).code).toBe(STATUS_WRITE_FAULT);
  });

  it('refuses a size that is not whole blocks', () => {
    for (const bytes of [0, 100, -512, Number.NaN])
      expect(() => new FileMedium(new MemoryFile(), bytes)).toThrow(RangeError);
  });
});
