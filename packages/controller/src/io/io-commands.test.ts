import {
  ADMIN_SET_FEATURES,
  ANA_STATE_CHANGE,
  ANA_STATE_INACCESSIBLE,
  ANA_STATE_NON_OPTIMIZED,
  ANA_STATE_OPTIMIZED,
  ANA_STATE_PERSISTENT_LOSS,
  DSM_RANGE_BYTES,
  DSM_RANGE_LENGTH,
  DSM_RANGE_SLBA,
  FEATURE_VOLATILE_WRITE_CACHE,
  NVM_COMPARE,
  NVM_DATASET_MANAGEMENT,
  NVM_FLUSH,
  NVM_READ,
  NVM_WRITE,
  NVM_WRITE_ZEROES,
  RW_CDW12_FUA,
  STATUS_ANA_INACCESSIBLE,
  STATUS_ANA_PERSISTENT_LOSS,
  STATUS_ANA_TRANSITION,
  STATUS_COMPARE_FAILURE,
  STATUS_UNRECOVERED_READ_ERROR,
  STATUS_WRITE_FAULT,
  WRITE_ZEROES_CDW12_DEAC,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { RawHost, type RawHostOptions, type RawSubmissionQueue } from '../../test-support/raw-host.js';
import type { Medium } from '../media/medium.js';
import { RamMedium } from '../media/ram-medium.js';

const BYTES = 1024 * 1024;

/** A medium that writes down what is asked of it, and fails on command. */
class Scripted implements Medium {
  readonly bytes = BYTES;
  readonly calls: string[] = [];
  status = 0;
  flushStatus = 0;

  read(): number {
    return this.note('read');
  }
  write(): number {
    return this.note('write');
  }
  zero(): number {
    return this.note('zero');
  }
  deallocate(): number {
    return this.note('deallocate');
  }
  flush(): number {
    this.calls.push('flush');
    return this.flushStatus;
  }

  private note(call: string): number {
    this.calls.push(call);
    return this.status;
  }
}

function started(options: RawHostOptions): { host: RawHost; queue: RawSubmissionQueue; page: number; prp1: number } {
  const host = new RawHost(options).enable();
  const queue = host.createPair(1);
  const page = host.page();
  return { host, queue, page, prp1: host.iova(page) };
}

function scripted(options: RawHostOptions = {}) {
  const medium = new Scripted();
  return { medium, ...started({ namespaces: [{ nsid: 1, medium }], ...options }) };
}

function ram(options: RawHostOptions = {}) {
  return started({ namespaces: [{ nsid: 1, medium: new RamMedium({ bytes: BYTES }) }], ...options });
}

describe('durability', () => {
  it('FUA flushes after the write; a plain write does not', () => {
    const { medium, queue, prp1 } = scripted();
    queue.execute({ opcode: NVM_WRITE, nsid: 1, prp1 });
    queue.execute({ opcode: NVM_WRITE, nsid: 1, prp1, cdw12: RW_CDW12_FUA });
    queue.execute({ opcode: NVM_WRITE_ZEROES, nsid: 1, cdw12: RW_CDW12_FUA });
    expect(medium.calls).toEqual(['write', 'write', 'flush', 'zero', 'flush']);
  });

  it('with the write cache disabled every write is flushed', () => {
    const { medium, host, queue, prp1 } = scripted();
    host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_VOLATILE_WRITE_CACHE, cdw11: 0 });
    queue.execute({ opcode: NVM_WRITE, nsid: 1, prp1 });
    queue.execute({ opcode: NVM_WRITE_ZEROES, nsid: 1 });
    queue.execute({ opcode: NVM_READ, nsid: 1, prp1 });
    expect(medium.calls).toEqual(['write', 'flush', 'zero', 'flush', 'read']);
    host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_VOLATILE_WRITE_CACHE, cdw11: 1 });
    queue.execute({ opcode: NVM_WRITE, nsid: 1, prp1 });
    expect(medium.calls.slice(5)).toEqual(['write']);
  });

  it('Flush reaches one namespace, or all of them', () => {
    const media = [1, 2, 3].map(() => new Scripted());
    const { queue } = started({ namespaces: media.map((medium, i) => ({ nsid: i + 1, medium })) });
    expect(queue.execute({ opcode: NVM_FLUSH, nsid: 2 }).code).toBe(0);
    expect(media.map((each) => each.calls.length)).toEqual([0, 1, 0]);
    expect(queue.execute({ opcode: NVM_FLUSH, nsid: 0xffff_ffff }).code).toBe(0);
    expect(media.map((each) => each.calls.length)).toEqual([1, 2, 1]);
    media[1].flushStatus = STATUS_WRITE_FAULT;
    expect(queue.execute({ opcode: NVM_FLUSH, nsid: 0xffff_ffff }).code).toBe(STATUS_WRITE_FAULT);
  });

  it.each([
    ['Read', NVM_READ, STATUS_UNRECOVERED_READ_ERROR, 0],
    ['Compare', NVM_COMPARE, STATUS_UNRECOVERED_READ_ERROR, 0],
    ['Write', NVM_WRITE, STATUS_WRITE_FAULT, 0],
    ['Write Zeroes', NVM_WRITE_ZEROES, STATUS_WRITE_FAULT, 0],
    ['Write Zeroes with DEAC', NVM_WRITE_ZEROES, STATUS_WRITE_FAULT, WRITE_ZEROES_CDW12_DEAC],
  ])('an error of the medium is the status of %s', (_, opcode, status, cdw12) => {
    const { medium, queue, prp1 } = scripted();
    medium.status = status;
    expect(queue.execute({ opcode, nsid: 1, prp1, cdw12 })).toMatchObject({ code: status, dnr: false, more: true });
  });

  it('an error of the flush is the status of a write with FUA', () => {
    const { medium, queue, prp1 } = scripted();
    medium.flushStatus = STATUS_WRITE_FAULT;
    expect(queue.execute({ opcode: NVM_WRITE, nsid: 1, prp1, cdw12: RW_CDW12_FUA }).code).toBe(STATUS_WRITE_FAULT);
  });
});

describe('Compare', () => {
  it('succeeds on what was written and fails on a single bit', () => {
    const { host, queue, page, prp1 } = ram();
    host.dma.bytes(page, 4096).forEach((_, i, bytes) => (bytes[i] = i * 7));
    queue.execute({ opcode: NVM_WRITE, nsid: 1, prp1, cdw10: 3, cdw12: 7 });
    expect(queue.execute({ opcode: NVM_COMPARE, nsid: 1, prp1, cdw10: 3, cdw12: 7 }).code).toBe(0);
    host.dma.bytes(page, 4096)[4095] ^= 1;
    expect(queue.execute({ opcode: NVM_COMPARE, nsid: 1, prp1, cdw10: 3, cdw12: 7 })).toMatchObject({
      code: STATUS_COMPARE_FAILURE,
      dnr: true,
    });
    expect(queue.execute({ opcode: NVM_COMPARE, nsid: 1, prp1, cdw10: 3, cdw12: 6 }).code).toBe(0);
  });

  it.each([0, 1, 17, 100, 127])('finds a difference in page %i of a large transfer that begins inside a page', (at) => {
    const { host, queue } = ram();
    const data = Array.from({ length: 129 }, () => host.page());
    const list = host.page();
    const words = host.dma.words(list, 1024);
    data.slice(1).forEach((page, i) => {
      words[i * 2] = host.iova(page) >>> 0;
      words[i * 2 + 1] = Math.floor(host.iova(page) / 2 ** 32);
      host.dma.words(page, 1024).forEach((_, j, data) => (data[j] = i * 1024 + j));
    });
    const command = { nsid: 1, prp1: host.iova(data[0]) + 512, prp2: host.iova(list), cdw10: 5, cdw12: 1023 };
    expect(queue.execute({ opcode: NVM_WRITE, ...command }).code).toBe(0);
    expect(queue.execute({ opcode: NVM_COMPARE, ...command }).code).toBe(0);
    host.dma.bytes(data[at], 4096)[600] ^= 0x80;
    expect(queue.execute({ opcode: NVM_COMPARE, ...command }).code).toBe(STATUS_COMPARE_FAILURE);
  });
});

describe('ranges', () => {
  const fill = (host: RawHost, queue: RawSubmissionQueue, page: number): void => {
    host.dma.bytes(page, 4096).fill(0x5a);
    for (let lba = 0; lba < 64; lba += 8) {
      expect(queue.execute({ opcode: NVM_WRITE, nsid: 1, prp1: host.iova(page), cdw10: lba, cdw12: 7 }).code).toBe(0);
    }
  };
  const zeros = (host: RawHost, queue: RawSubmissionQueue, page: number): number[] => {
    const found: number[] = [];
    for (let lba = 0; lba < 64; lba++) {
      host.dma.bytes(page, 512).fill(1);
      queue.execute({ opcode: NVM_READ, nsid: 1, prp1: host.iova(page), cdw10: lba });
      const bytes = host.dma.bytes(page, 512);
      expect(bytes.every((byte) => byte === bytes[0])).toBe(true);
      if (bytes[0] === 0) found.push(lba);
    }
    return found;
  };

  it.each([
    ['Write Zeroes', 0],
    ['Write Zeroes with DEAC', WRITE_ZEROES_CDW12_DEAC],
  ])('%s makes exactly its blocks read as zeros', (_, flags) => {
    const { host, queue, page } = ram();
    fill(host, queue, page);
    expect(queue.execute({ opcode: NVM_WRITE_ZEROES, nsid: 1, cdw10: 5, cdw12: flags | 13 }).code).toBe(0);
    expect(zeros(host, queue, page)).toEqual(Array.from({ length: 14 }, (__, i) => i + 5));
  });

  it('Write Zeroes may be larger than MDTS', () => {
    const { queue } = ram({ mdts: 1 });
    expect(queue.execute({ opcode: NVM_WRITE_ZEROES, nsid: 1, cdw12: 2047 }).code).toBe(0);
  });

  it('Dataset Management deallocates its ranges, and does nothing without AD', () => {
    const { host, queue, page } = ram();
    fill(host, queue, page);
    const list = host.page();
    const words = host.dma.words(list, 1024).fill(0);
    [
      [3, 2],
      [0, 0],
      [20, 12],
    ].forEach(([slba, length], i) => {
      words[(i * DSM_RANGE_BYTES + DSM_RANGE_LENGTH) / 4] = length!;
      words[(i * DSM_RANGE_BYTES + DSM_RANGE_SLBA) / 4] = slba!;
    });
    const command = { opcode: NVM_DATASET_MANAGEMENT, nsid: 1, prp1: host.iova(list), cdw10: 2 };
    expect(queue.execute({ ...command, cdw11: 3 }).code).toBe(0);
    expect(zeros(host, queue, page)).toEqual([]);
    expect(queue.execute({ ...command, cdw11: 4 }).code).toBe(0);
    expect(zeros(host, queue, page)).toEqual([3, 4, ...Array.from({ length: 12 }, (_, i) => i + 20)]);
  });

  it('Dataset Management takes 256 ranges over two pages, and none of them when one is wrong', () => {
    const { host, queue, page } = ram();
    fill(host, queue, page);
    const lists = [host.page(), host.page()] as const;
    const set = (i: number, slba: number, length: number): void => {
      const at = 2048 + i * DSM_RANGE_BYTES;
      const words = host.dma.words(lists[at < 4096 ? 0 : 1], 1024);
      words[((at % 4096) + DSM_RANGE_LENGTH) / 4] = length;
      words[((at % 4096) + DSM_RANGE_SLBA) / 4] = slba;
    };
    for (let i = 0; i < 256; i++) set(i, i % 64, 1);
    set(255, 5000, 1);
    const command = {
      opcode: NVM_DATASET_MANAGEMENT,
      nsid: 1,
      prp1: host.iova(lists[0]) + 2048,
      prp2: host.iova(lists[1]),
      cdw10: 255,
      cdw11: 4,
    };
    expect(queue.execute(command).code).not.toBe(0);
    expect(zeros(host, queue, page)).toEqual([]);
    set(255, 0, 1);
    expect(queue.execute(command).code).toBe(0);
    expect(zeros(host, queue, page)).toHaveLength(64);
  });
});

describe('ANA states', () => {
  it('a Flush of all namespaces leaves out those that cannot be reached', () => {
    const media = [new Scripted(), new Scripted()];
    const namespaces = media.map((medium, i) => ({ nsid: i + 1, medium, anaGroupId: i + 1 }));
    const { host, queue } = started({ anaGroups: 2, namespaces });
    host.controller.setAnaState(1, ANA_STATE_INACCESSIBLE);
    expect(queue.execute({ opcode: NVM_FLUSH, nsid: 0xffff_ffff }).code).toBe(0);
    expect(media.map((each) => each.calls)).toEqual([[], ['flush']]);
  });

  it.each([
    ['optimized', ANA_STATE_OPTIMIZED, 0],
    ['non-optimized', ANA_STATE_NON_OPTIMIZED, 0],
    ['inaccessible', ANA_STATE_INACCESSIBLE, STATUS_ANA_INACCESSIBLE],
    ['persistent loss', ANA_STATE_PERSISTENT_LOSS, STATUS_ANA_PERSISTENT_LOSS],
    ['change', ANA_STATE_CHANGE, STATUS_ANA_TRANSITION],
  ])('%s decides the status of I/O, of its group only', (_, state, status) => {
    const medium = new Scripted();
    const namespaces = [1, 2].map((nsid) => ({ nsid, medium, anaGroupId: nsid }));
    const { host, queue, prp1 } = started({ anaGroups: 2, namespaces });
    host.controller.setAnaState(1, state);
    for (const opcode of [NVM_READ, NVM_WRITE, NVM_FLUSH, NVM_WRITE_ZEROES, NVM_COMPARE, NVM_DATASET_MANAGEMENT]) {
      medium.status = 0;
      const { code, dnr, more } = queue.execute({ opcode, nsid: 1, prp1 });
      // The scripted medium has no data, so Compare sees zeros, which is what the page holds.
      expect([opcode, code, dnr, more]).toEqual([opcode, status, false, false]);
      expect(queue.execute({ opcode, nsid: 2, prp1 }).code).toBe(0);
    }
    host.controller.setAnaState(1, ANA_STATE_OPTIMIZED);
    expect(queue.execute({ opcode: NVM_READ, nsid: 1, prp1 }).code).toBe(0);
  });

  it('a namespace attached later has the state of its group', () => {
    const medium = new Scripted();
    const { host, queue } = started({ anaGroups: 2, largestNsid: 2, namespaces: [{ nsid: 1, medium }] });
    host.controller.setAnaState(2, ANA_STATE_INACCESSIBLE);
    host.controller.attach({ nsid: 2, medium, anaGroupId: 2 });
    expect(queue.execute({ opcode: NVM_FLUSH, nsid: 2 }).code).toBe(STATUS_ANA_INACCESSIBLE);
  });

  it('unknown groups and states are refused', () => {
    const { host } = started({ anaGroups: 1, namespaces: [] });
    expect(() => host.controller.setAnaState(2, ANA_STATE_OPTIMIZED)).toThrow(RangeError);
    expect(() => host.controller.setAnaState(0, ANA_STATE_OPTIMIZED)).toThrow(RangeError);
    expect(() => host.controller.setAnaState(1, 9)).toThrow(RangeError);
  });
});

describe('two controllers over one medium', () => {
  it('see each other’s writes', () => {
    const medium = new RamMedium({ bytes: BYTES });
    const [a, b] = [1, 2].map((cntlid) => started({ cntlid, namespaces: [{ nsid: 1, medium, shared: true }] })) as [
      ReturnType<typeof started>,
      ReturnType<typeof started>,
    ];
    a.host.dma.bytes(a.page, 512).fill(0x77);
    a.queue.execute({ opcode: NVM_WRITE, nsid: 1, prp1: a.prp1, cdw10: 9 });
    b.queue.execute({ opcode: NVM_READ, nsid: 1, prp1: b.prp1, cdw10: 9 });
    expect(b.host.dma.bytes(b.page, 512).every((byte) => byte === 0x77)).toBe(true);
  });
});
