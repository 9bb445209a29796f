import { NVM_READ, NVM_WRITE, STATUS_DATA_TRANSFER_ERROR, STATUS_INVALID_PRP_OFFSET } from '@phasebit/nvme-spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NOWHERE, RawHost, type RawSubmissionQueue } from '../test-support/raw-host.js';
import { RamMedium } from './media/ram-medium.js';

const BLOCK = 512;
const PAGE = 4096;

interface Bench {
  readonly host: RawHost;
  readonly queue: RawSubmissionQueue;
}

/** A RAM namespace of which every byte says where it is, and a queue to read it through. */
function bench(scatterSeed = 7): Bench {
  const buffer = new ArrayBuffer(2 * 1024 * 1024);
  const words = new Uint32Array(buffer);
  for (let i = 0; i < words.length; i++) words[i] = i;
  const medium = new RamMedium({ bytes: buffer.byteLength, buffer });
  const host = new RawHost({ scatterSeed, namespaces: [{ nsid: 1, medium }] }).enable();
  return { host, queue: host.createPair(1) };
}

function entry(host: RawHost, list: number, index: number, iova: number): void {
  const words = host.dma.words(list, 1024);
  words[index * 2] = iova >>> 0;
  words[index * 2 + 1] = Math.floor(iova / 2 ** 32);
}

/** `count` pages of data memory, and what a read of `bytes` from block 0 must leave in them. */
function pages(host: RawHost, count: number): number[] {
  return Array.from({ length: count }, () => host.page());
}

/** Checks that bytes `from` to `to` of the medium are at `offset` of a page, and nothing else of the page was touched. */
function expectPiece(host: RawHost, page: number, offset: number, from: number, bytes: number): void {
  const words = host.dma.words(page, PAGE / 4);
  for (let i = 0; i < PAGE / 4; i++) {
    const at = i * 4 - offset;
    const expected = at >= 0 && at < bytes ? (from + at) / 4 : 0xaaaa_aaaa;
    if (words[i] !== expected) expect(`word ${i}: ${words[i]}`).toBe(`word ${i}: ${expected}`);
  }
}

function paint(host: RawHost, list: readonly number[]): void {
  for (const page of list) host.dma.bytes(page, PAGE).fill(0xaa);
}

describe('data pointers', () => {
  it.each([
    ['at the start of a page', 0, 1],
    ['at the start of a page, all of it', 0, 8],
    ['at offset 4', 4, 1],
    ['at offset 2048, to the end', 2048, 4],
    ['in the last 512 bytes', 3584, 1],
  ])('PRP1 alone, %s', (_, offset, blocks) => {
    const { host, queue } = bench();
    const [page] = pages(host, 1) as [number];
    paint(host, [page]);
    const command = { opcode: NVM_READ, nsid: 1, prp1: host.iova(page) + offset, prp2: NOWHERE, cdw12: blocks - 1 };
    expect(queue.execute(command).code).toBe(0);
    expectPiece(host, page, offset, 0, blocks * BLOCK);
  });

  it.each([
    ['two whole pages', 0, 16],
    ['one and a bit', 0, 9],
    ['from offset 4', 4, 8],
    ['from the last dword', 4092, 8],
    ['from offset 3584, both in full', 3584, 9],
  ])('PRP1 and PRP2: %s', (_, offset, blocks) => {
    const { host, queue } = bench();
    const [first, second] = pages(host, 2) as [number, number];
    paint(host, [first, second]);
    const command = {
      opcode: NVM_READ,
      nsid: 1,
      prp1: host.iova(first) + offset,
      prp2: host.iova(second),
      cdw12: blocks - 1,
    };
    expect(queue.execute(command).code).toBe(0);
    const head = Math.min(PAGE - offset, blocks * BLOCK);
    expectPiece(host, first, offset, 0, head);
    expectPiece(host, second, 0, head, blocks * BLOCK - head);
  });

  it.each([
    ['at the start of its page', 0, 0, 24],
    ['of 127 entries, the largest transfer', 0, 0, 1024],
    ['of 128 entries, the largest transfer at an offset', 512, 0, 1024],
    ['at an offset in its page', 0, 2048, 64],
    ['whose last two entries are enough', 0, 4080, 24],
  ])('a PRP list %s', (_, offset, listOffset, blocks) => {
    const { host, queue } = bench();
    const bytes = blocks * BLOCK;
    const data = pages(host, Math.ceil((offset + bytes) / PAGE));
    paint(host, data);
    const list = host.page();
    host.dma.bytes(list, PAGE).fill(0xff);
    data.slice(1).forEach((page, i) => entry(host, list, listOffset / 8 + i, host.iova(page)));
    const prp2 = host.iova(list) + listOffset;
    const command = { opcode: NVM_READ, nsid: 1, prp1: host.iova(data[0]) + offset, prp2, cdw12: blocks - 1 };
    expect(queue.execute(command).code).toBe(0);
    let from = 0;
    data.forEach((page, i) => {
      const start = i === 0 ? offset : 0;
      const part = Math.min(PAGE - start, bytes - from);
      expectPiece(host, page, start, from, part);
      from += part;
    });
  });

  it.each([
    ['of one page, that goes on in a second', 4080, 32],
    ['that begins with a link', 4088, 32],
    ['at an offset, over 100 pages', 4096 - 8 * 20, 800],
  ])('a chained PRP list %s', (_, listOffset, blocks) => {
    const { host, queue } = bench();
    const data = pages(host, (blocks * BLOCK) / PAGE);
    paint(host, data);
    const [first, second] = pages(host, 2) as [number, number];
    const room = (PAGE - listOffset) / 8 - 1;
    const rest = data.slice(1);
    rest.slice(0, room).forEach((page, i) => entry(host, first, listOffset / 8 + i, host.iova(page)));
    entry(host, first, 511, host.iova(second));
    rest.slice(room).forEach((page, i) => entry(host, second, i, host.iova(page)));
    const prp2 = host.iova(first) + listOffset;
    expect(queue.execute({ opcode: NVM_READ, nsid: 1, prp1: host.iova(data[0]), prp2, cdw12: blocks - 1 }).code).toBe(
      0,
    );
    data.forEach((page, i) => expectPiece(host, page, 0, i * PAGE, PAGE));
  });

  it('a list over three pages of list', () => {
    const buffer = new ArrayBuffer(8 * 1024 * 1024);
    new Uint32Array(buffer).forEach((_, i, words) => (words[i] = i));
    const medium = new RamMedium({ bytes: buffer.byteLength, buffer });
    const host = new RawHost({ mdts: 11, dataBytes: 16 * 1024 * 1024, namespaces: [{ nsid: 1, medium }] }).enable();
    const queue = host.createPair(1);
    const data = pages(host, 1100);
    const lists = pages(host, 3);
    let list = 0;
    let at = 0;
    data.slice(1).forEach((page, i, rest) => {
      if (at === 511 && i < rest.length - 1) {
        entry(host, lists[list], 511, host.iova(lists[list + 1]));
        list++;
        at = 0;
      }
      entry(host, lists[list], at++, host.iova(page));
    });
    expect(list).toBe(2);
    const command = {
      opcode: NVM_READ,
      nsid: 1,
      prp1: host.iova(data[0]),
      prp2: host.iova(lists[0]),
      cdw12: 8800 - 1,
    };
    expect(queue.execute(command).code).toBe(0);
    data.forEach((page, i) => expectPiece(host, page, 0, i * PAGE, PAGE));
  });
});

describe('a bad entry', () => {
  const BAD = [
    ['not mapped', NOWHERE, STATUS_DATA_TRANSFER_ERROR],
    ['zero', 0, STATUS_DATA_TRANSFER_ERROR],
    ['at an offset', -4, STATUS_INVALID_PRP_OFFSET],
    ['past 2^63', 2 ** 63, STATUS_DATA_TRANSFER_ERROR],
  ] as const;
  const POSITIONS = [0, 1, 5, 10];

  it.each(BAD.flatMap((bad) => POSITIONS.map((at) => [at, ...bad] as const)))(
    'at position %i of the list, %s, fails the command before any data moves',
    (at, _, address, status) => {
      const { host, queue } = bench();
      const data = pages(host, 12);
      paint(host, data);
      const list = host.page();
      data.slice(1).forEach((page, i) => entry(host, list, i, host.iova(page)));
      entry(host, list, at, address === -4 ? host.iova(data[at + 1]) + 4 : address);
      for (const opcode of [NVM_READ, NVM_WRITE]) {
        const command = { opcode, nsid: 1, prp1: host.iova(data[0]), prp2: host.iova(list), cdw12: 95 };
        expect(queue.execute(command).code).toBe(status);
      }
      for (const page of data) expectPiece(host, page, 0, 0, 0);
      // And nothing was written: block 0 still says where it is.
      const page = host.page();
      expect(queue.execute({ opcode: NVM_READ, nsid: 1, prp1: host.iova(page) }).code).toBe(0);
      expect([...host.dma.words(page, 3)]).toEqual([0, 1, 2]);
    },
  );

  it.each([
    ['is not mapped', NOWHERE, STATUS_DATA_TRANSFER_ERROR],
    ['has an offset', -8, STATUS_INVALID_PRP_OFFSET],
  ])('that links to the next page of the list and %s fails the command', (_, address, status) => {
    const { host, queue } = bench();
    const data = pages(host, 4);
    const [first, second] = pages(host, 2) as [number, number];
    entry(host, first, 510, host.iova(data[1]));
    entry(host, first, 511, address === -8 ? host.iova(second) + 8 : address);
    const command = { opcode: NVM_READ, nsid: 1, prp1: host.iova(data[0]), prp2: host.iova(first) + 4080, cdw12: 31 };
    expect(queue.execute(command).code).toBe(status);
  });

  it('that links a list to itself ends like a list that is too long: each entry is used, none is missed', () => {
    const { host, queue } = bench();
    const list = host.page();
    for (let i = 0; i < 512; i++) entry(host, list, i, host.iova(list));
    const command = { opcode: NVM_READ, nsid: 1, prp1: host.iova(host.page()), prp2: host.iova(list), cdw12: 1023 };
    expect(queue.execute(command).code).toBe(0);
  });

  it('that links in a circle ends: every link leads to 511 entries or to another link, and the transfer is bounded', () => {
    const { host, queue } = bench();
    const list = host.page();
    entry(host, list, 511, host.iova(list));
    for (let i = 0; i < 511; i++) entry(host, list, i, host.iova(list));
    const command = {
      opcode: NVM_WRITE,
      nsid: 1,
      prp1: host.iova(host.page()),
      prp2: host.iova(list) + 4088,
      cdw12: 1023,
    };
    expect(queue.execute(command).code).toBe(0);
  });
});

describe('any shape of pointer', () => {
  it('moves exactly the bytes it names', () => {
    const shape = fc.record({
      seed: fc.nat(1000),
      offset: fc.nat(1023).map((word) => word * 4),
      listOffset: fc.nat(511).map((at) => at * 8),
      blocks: fc.integer({ min: 1, max: 512 }),
      slba: fc.nat(3500),
    });
    fc.assert(
      fc.property(shape, ({ seed, offset, listOffset, blocks, slba }) => {
        const { host, queue } = bench(seed);
        const bytes = blocks * BLOCK;
        const data = pages(host, Math.ceil((offset + bytes) / PAGE));
        paint(host, data);
        const lists = pages(host, 2);
        const rest = data.slice(1);
        let list = 0;
        let at = listOffset / 8;
        rest.forEach((page, i) => {
          if (at === 511 && i < rest.length - 1) {
            entry(host, lists[list], 511, host.iova(lists[list + 1]));
            list++;
            at = 0;
          }
          entry(host, lists[list], at++, host.iova(page));
        });
        const prp2 = rest.length === 1 ? host.iova(rest[0]) : host.iova(lists[0]) + listOffset;
        const command = {
          opcode: NVM_READ,
          nsid: 1,
          prp1: host.iova(data[0]) + offset,
          prp2,
          cdw10: slba,
          cdw12: blocks - 1,
        };
        expect(queue.execute(command).code).toBe(0);
        let done = 0;
        data.forEach((page, i) => {
          const start = i === 0 ? offset : 0;
          const part = Math.min(PAGE - start, bytes - done);
          expectPiece(host, page, start, slba * BLOCK + done, part);
          done += part;
        });
      }),
      { numRuns: 80 },
    );
  });
});
