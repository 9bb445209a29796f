import type { Log } from '@phasebit/core';
import {
  CC,
  CC_SHN_NORMAL,
  CSTS,
  decodeSmartLog,
  FEATURE_ASYNC_EVENT_CONFIG,
  FEATURE_NAMESPACE_WRITE_PROTECTION,
  FEATURE_VOLATILE_WRITE_CACHE,
  LOG_SMART,
  NVM_DATASET_MANAGEMENT,
  NVM_FLUSH,
  NVM_READ,
  NVM_WRITE,
  NVM_WRITE_ZEROES,
  REG_CC,
  REG_CSTS,
  RW_CDW12_FUA,
  SMART_WARNING_READ_ONLY,
  SMART_WARNING_RELIABILITY,
  STATUS_UNRECOVERED_READ_ERROR,
  STATUS_WRITE_FAULT,
  WRITE_PROTECTION_ON,
} from '@phasebit/nvme-spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { heard, listen, readLog, setFeature } from '../../test-support/admin-calls.js';
import { ENABLED, RawHost, type RawSubmissionQueue } from '../../test-support/raw-host.js';
import { type FileBackend, FileMedium } from './file-medium.js';
import { NandMedium } from './nand/nand-medium.js';
import { NAND_SLC } from './nand/nand-profile.js';
import { PowerLossMedium } from './power-loss-medium.js';

const BYTES = 64 * 1024;

type Call = 'read' | 'write' | 'flush' | 'deallocate';

/**
 * A file and the page cache above it, of which one call fails. As Linux does it, an `fsync` that fails gives the dirty pages up and calls
 * them clean, so that the next one succeeds.
 */
class FailingFile implements FileBackend {
  /** what the file reads as while the machine runs */
  data = new Uint8Array(BYTES);
  /** what is on the disk */
  disk = new Uint8Array(BYTES);
  calls = { read: 0, write: 0, flush: 0, deallocate: 0 };

  /** @param failing - which call fails, and how many of them succeed before */
  constructor(
    private readonly failing?: { readonly call: Call; readonly after: number; readonly shortBytes?: number },
  ) {}

  readSync(bytes: Uint8Array, fileOffset: number): number {
    if (this.fails('read')) return this.breakDown();
    bytes.set(this.data.subarray(fileOffset, fileOffset + bytes.length));
    return bytes.length;
  }

  writeSync(bytes: Uint8Array, fileOffset: number): number {
    if (this.fails('write')) {
      this.data.set(bytes.subarray(0, this.failing!.shortBytes ?? 0), fileOffset);
      return this.breakDown();
    }
    this.data.set(bytes, fileOffset);
    return bytes.length;
  }

  flushSync(): void {
    if (this.fails('flush')) {
      this.lost = this.data.map((byte, i) => (byte === this.disk[i] ? 0 : 1));
      this.breakDown();
    }
    this.disk = this.data.map((byte, i) => (this.lost[i] === 1 ? this.disk[i] : byte));
  }

  deallocateSync(fileOffset: number, bytes: number): void {
    if (this.fails('deallocate')) this.breakDown();
    this.data.fill(0, fileOffset, fileOffset + bytes);
  }

  /** The machine goes down and comes back. */
  crash(): void {
    this.data = this.disk.slice();
    this.lost = new Uint8Array(BYTES);
  }

  private lost = new Uint8Array(BYTES);

  private fails(call: Call): boolean {
    return this.calls[call]++ === this.failing?.after && this.failing.call === call;
  }

  private breakDown(): number {
    if (this.failing?.shortBytes !== undefined) return this.failing.shortBytes;
    throw new Error('EIO: i/o error');
  }
}

class Started {
  readonly host: RawHost;
  readonly queue: RawSubmissionQueue;
  readonly warnings: string[] = [];
  private readonly page: number;

  constructor(...files: readonly FileBackend[]) {
    const log: Log = { info: () => undefined, warn: (message) => void this.warnings.push(message) };
    const media = files.map((file) => new FileMedium(file, BYTES, { log }));
    this.host = new RawHost({ namespaces: media.map((medium, i) => ({ nsid: i + 1, medium })) }).enable();
    this.queue = this.host.createPair(1);
    this.page = this.host.page();
  }

  /** A command about one block, which is written with `value`: its status, and whether it has DNR. */
  run(opcode: number, fields: { value?: number; lba?: number; nsid?: number; flags?: number } = {}): string {
    const { value = 1, lba = 0, nsid = 1, flags = 0 } = fields;
    const isRanges = opcode === NVM_DATASET_MANAGEMENT;
    this.host.dma.bytes(this.page, 4096).fill(isRanges ? 0 : value);
    // One range of one block.
    if (isRanges) this.host.dma.words(this.page, 4)[1] = 1;
    const prp1 = this.host.iova(this.page);
    const dwords = isRanges ? { cdw10: 0, cdw11: 4 } : { cdw10: lba, cdw12: flags };
    const { code, dnr } = this.queue.execute({ opcode, nsid, prp1, ...dwords });
    return `${code.toString(16)}${dnr ? ' DNR' : ''}`;
  }

  get block(): number {
    return this.host.dma.bytes(this.page, 4096)[0];
  }

  get warning(): number {
    return decodeSmartLog(readLog(this.host, LOG_SMART)).criticalWarning;
  }
}

const FAULT = STATUS_WRITE_FAULT.toString(16);
const READ_ONLY = `${FAULT} DNR`;

describe('a flush that fails', () => {
  it.each([
    ['a Flush', NVM_FLUSH, 0],
    ['a Write with Force Unit Access', NVM_WRITE, RW_CDW12_FUA],
    ['a Read with Force Unit Access', NVM_READ, RW_CDW12_FUA],
    ['a Write Zeroes with Force Unit Access', NVM_WRITE_ZEROES, RW_CDW12_FUA],
  ])('(%s) ends all writing, and the file is left alone', (_, opcode, flags) => {
    const file = new FailingFile({ call: 'flush', after: 1 });
    const started = new Started(file);
    expect(started.run(NVM_WRITE, { value: 7 })).toBe('0');
    expect(started.run(NVM_FLUSH)).toBe('0');
    expect(started.run(opcode, { flags })).toBe(READ_ONLY);
    const calls = { ...file.calls };
    for (const each of [NVM_FLUSH, NVM_WRITE, NVM_WRITE_ZEROES, NVM_DATASET_MANAGEMENT]) {
      expect(started.run(each)).toBe(READ_ONLY);
    }
    expect(started.run(NVM_WRITE, { flags: RW_CDW12_FUA })).toBe(READ_ONLY);
    expect(file.calls).toEqual(calls);
    expect(started.run(NVM_READ)).toBe('0');
    expect(file.calls.read).toBe(calls.read + 1);
  });

  it('fails each write of a host that has turned the cache off', () => {
    const started = new Started(new FailingFile({ call: 'flush', after: 1 }));
    setFeature(started.host, FEATURE_VOLATILE_WRITE_CACHE, 0);
    expect([1, 2, 3].map((value) => started.run(NVM_WRITE, { value }))).toEqual(['0', READ_ONLY, READ_ONLY]);
  });

  it('is remembered until there is another medium, however often the controller is reset', () => {
    const file = new FailingFile({ call: 'flush', after: 0 });
    const { host, queue } = new Started(file);
    expect(queue.execute({ opcode: NVM_FLUSH, nsid: 1 }).code).toBe(STATUS_WRITE_FAULT);
    host.write32(REG_CC, 0);
    const again = host.enable().createPair(1);
    expect(again.execute({ opcode: NVM_FLUSH, nsid: 1 }).code).toBe(STATUS_WRITE_FAULT);
    const anew = new Started(file);
    expect([anew.run(NVM_WRITE, { value: 3 }), anew.run(NVM_FLUSH), anew.warning]).toEqual(['0', '0', 0]);
  });

  it('never lets a Flush succeed over writes that are gone', () => {
    const operation = fc.record({
      kind: fc.constantFrom('write', 'force', 'zero', 'flush', 'deallocate'),
      lba: fc.nat(7),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 25 }), fc.nat(4), (operations, after) => {
        const file = new FailingFile({ call: 'flush', after });
        const started = new Started(file);
        const kept = new Uint8Array(8);
        const written = new Uint8Array(8);
        for (const [i, { kind, lba }] of operations.entries()) {
          const value = i + 1;
          if (kind === 'flush') {
            if (started.run(NVM_FLUSH) === '0') kept.set(written);
            continue;
          }
          // One range of one block is what the ranges of these tests name: block 0.
          const at = kind === 'deallocate' ? 0 : lba;
          const opcode = {
            write: NVM_WRITE,
            force: NVM_WRITE,
            zero: NVM_WRITE_ZEROES,
            deallocate: NVM_DATASET_MANAGEMENT,
          };
          const status = started.run(opcode[kind], { value, lba, flags: kind === 'force' ? RW_CDW12_FUA : 0 });
          if (status !== '0') continue;
          written[at] = kind === 'write' || kind === 'force' ? value : 0;
          if (kind === 'force') kept.set(written);
        }
        file.crash();
        const anew = new Started(file);
        const found = [...kept].map((_, lba) => {
          expect(anew.run(NVM_READ, { lba })).toBe('0');
          return anew.block;
        });
        // Nothing else has reached the disk.
        expect(found).toEqual([...kept]);
      }),
      { numRuns: 60 },
    );
  });

  it('is said once in the log, and what it means', () => {
    const started = new Started(new FailingFile({ call: 'flush', after: 0 }));
    started.run(NVM_FLUSH);
    started.run(NVM_FLUSH);
    started.run(NVM_WRITE);
    expect(started.warnings).toEqual([
      'file medium: flush failed, Error: EIO: i/o error; what was written since the last flush may be gone, and it is read only now',
    ]);
  });

  it('is a critical warning and raises its event: of reliability, and once all media have failed, of media that are read only', () => {
    const started = new Started(
      new FailingFile({ call: 'flush', after: 0 }),
      new FailingFile({ call: 'flush', after: 1 }),
    );
    setFeature(started.host, FEATURE_ASYNC_EVENT_CONFIG, 0xff);
    listen(started.host, 1, 2);
    expect([started.run(NVM_FLUSH), started.run(NVM_FLUSH, { nsid: 2 })]).toEqual([READ_ONLY, '0']);
    expect(heard(started.host)).toMatchObject([{ cid: 1, type: 1, information: 0, page: LOG_SMART }]);
    expect(started.warning).toBe(SMART_WARNING_RELIABILITY);
    expect(started.run(NVM_FLUSH, { nsid: 2 })).toBe(READ_ONLY);
    expect(heard(started.host)).toMatchObject([{ cid: 2 }]);
    expect(started.warning).toBe(SMART_WARNING_RELIABILITY | SMART_WARNING_READ_ONLY);
  });

  it('during a shutdown is fatal, since no completion could tell', () => {
    const started = new Started(new FailingFile({ call: 'flush', after: 0 }));
    started.host.write32(REG_CC, CC.SHN.set(ENABLED, CC_SHN_NORMAL));
    const csts = started.host.read32(REG_CSTS);
    expect([CSTS.CFS.get(csts), CSTS.SHST.get(csts)]).toEqual([1, 0]);
    expect(started.host.controller.state).toBe('failed');
  });

  it('refuses write protection, which would have kept what is gone', () => {
    const started = new Started(new FailingFile({ call: 'flush', after: 0 }));
    const refused = setFeature(started.host, FEATURE_NAMESPACE_WRITE_PROTECTION, WRITE_PROTECTION_ON, { nsid: 1 });
    expect(refused).toMatchObject({ code: STATUS_WRITE_FAULT, dnr: true });
  });

  it('is told by the media around it', () => {
    const medium = new FileMedium(new FailingFile({ call: 'flush', after: 0 }), BYTES);
    const cached = new PowerLossMedium({ medium });
    const host = new RawHost();
    const timed = new NandMedium({ ...NAND_SLC, medium: cached, clock: host.clock });
    expect([medium.isReadOnly, cached.isReadOnly, timed.isReadOnly]).toEqual([false, false, false]);
    expect(timed.persist(0, 512)).toBe(medium.flush());
    expect([medium.isReadOnly, cached.isReadOnly, timed.isReadOnly]).toEqual([true, true, true]);
  });
});

describe('another call that fails', () => {
  it.each<[Call, number, string, number]>([
    ['write', NVM_WRITE, FAULT, 0],
    ['write', NVM_WRITE, FAULT, 3],
    ['write', NVM_WRITE_ZEROES, FAULT, 0],
    ['deallocate', NVM_DATASET_MANAGEMENT, FAULT, 0],
    ['read', NVM_READ, STATUS_UNRECOVERED_READ_ERROR.toString(16), 2],
  ])('(%s of opcode %i) fails its command alone, which may be sent again', (call, opcode, status, after) => {
    const started = new Started(new FailingFile({ call, after }));
    for (let i = 0; i < after; i++) expect(started.run(opcode)).toBe('0');
    expect(started.run(opcode)).toBe(status);
    expect([started.run(opcode), started.run(NVM_FLUSH), started.warning]).toEqual(['0', '0', 0]);
    expect(started.warnings).toHaveLength(1);
    expect(started.warnings[0]).toMatch(`file medium: ${call} failed, 512 bytes at 0`);
  });

  it('may have done a part, of which the rest is tried before the command fails', () => {
    const file = new FailingFile({ call: 'write', after: 0, shortBytes: 100 });
    const started = new Started(file);
    expect(started.run(NVM_WRITE, { value: 9 })).toBe('0');
    expect([file.calls.write, file.data[511]]).toEqual([2, 9]);
    const stuck = new Started(new FailingFile({ call: 'write', after: 0, shortBytes: 0 }));
    expect(stuck.run(NVM_WRITE)).toBe(FAULT);
    expect(stuck.warnings[0]).toBe('file medium: write failed, 512 bytes at 0: the backend counts 0');
  });
});
