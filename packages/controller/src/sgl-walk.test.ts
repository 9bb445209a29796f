import {
  SGL_ID_BIT_BUCKET,
  SGL_ID_DATA_BLOCK,
  SGL_ID_KEYED_DATA_BLOCK,
  SGL_ID_LAST_SEGMENT,
  SGL_ID_SEGMENT,
  SGL_ID_TRANSPORT_DATA_BLOCK,
  STATUS_DATA_SGL_LENGTH_INVALID,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_DNR,
  STATUS_INVALID_SGL_DESCRIPTOR_COUNT,
  STATUS_INVALID_SGL_SEGMENT_DESCRIPTOR,
  STATUS_SGL_DESCRIPTOR_TYPE_INVALID,
} from '@phasebit/nvme-spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Descriptor, encodeDescriptor, SglMemory } from '../test-support/sgl-memory.js';
import { SGL_IDLE_DESCRIPTORS_MAX, SglWalk } from './sgl-walk.js';
import { Transfer } from './transfer.js';

const BAD_LENGTH = STATUS_DATA_SGL_LENGTH_INVALID | STATUS_DNR;
const BAD_SEGMENT = STATUS_INVALID_SGL_SEGMENT_DESCRIPTOR | STATUS_DNR;
const BAD_COUNT = STATUS_INVALID_SGL_DESCRIPTOR_COUNT | STATUS_DNR;
const BAD_TYPE = STATUS_SGL_DESCRIPTOR_TYPE_INVALID | STATUS_DNR;
const UNMAPPED = STATUS_DATA_TRANSFER_ERROR;

const BASE = 2 ** 40;
/** Lists are written here, data lies below. */
const LISTS = BASE + 8 * 4096;
const NOWHERE = 2 ** 45;

const block = (address: number, length: number): Descriptor => ({ identifier: SGL_ID_DATA_BLOCK, address, length });
const bucket = (length: number): Descriptor => ({ identifier: SGL_ID_BIT_BUCKET, length });
const segment = (address: number, descriptors: number): Descriptor => ({
  identifier: SGL_ID_SEGMENT,
  address,
  length: descriptors * 16,
});
const last = (address: number, descriptors: number): Descriptor => ({
  identifier: SGL_ID_LAST_SEGMENT,
  address,
  length: descriptors * 16,
});

function walked(memory: SglMemory, first: Descriptor, bytes: number, isDestination = true) {
  const transfer = new Transfer(memory.dma, 4096);
  const [low, high, length, word] = encodeDescriptor(first) as [number, number, number, number];
  const use = { isDestination, badLength: BAD_LENGTH };
  const status = new SglWalk().walk(transfer, bytes, low, high, length, word, use);
  return { status, transfer };
}

/** The place of every byte that a transfer describes, -1 for one that is dropped. */
function placesOf(transfer: Transfer): number[] {
  const places: number[] = [];
  for (let i = 0; i < transfer.count; i++) {
    const page = transfer.pages[i];
    for (let j = 0; j < transfer.lengths[i]; j++) places.push(page < 0 ? -1 : page * 4096 + transfer.offsets[i] + j);
  }
  return places;
}

describe('a scatter gather list is taken', () => {
  it('as one data block of any alignment, over page boundaries', () => {
    const memory = new SglMemory();
    const { status, transfer } = walked(memory, block(BASE + 4093, 4101), 4101);
    expect(status).toBe(0);
    expect(placesOf(transfer)).toEqual(Array.from({ length: 4101 }, (_, i) => memory.placeOf(BASE + 4093 + i)));
    expect(transfer.isDirect).toBe(false);
  });

  it('and left to the medium when every piece is whole dwords', () => {
    expect(walked(new SglMemory(), block(BASE + 4092, 8), 8).transfer.isDirect).toBe(true);
  });

  it('in chained segments, one of which lies across two pages', () => {
    const memory = new SglMemory();
    const first = LISTS + 4096 - 24;
    memory.write(first, [block(BASE, 100), segment(LISTS, 2)]);
    memory.write(LISTS, [block(BASE + 200, 50), last(LISTS + 512, 2)]);
    memory.write(LISTS + 512, [block(BASE + 4000, 0), block(BASE + 300, 50)]);
    const { status, transfer } = walked(memory, segment(first, 2), 200);
    expect(status).toBe(0);
    const expected = [...range(0, 100), ...range(200, 50), ...range(300, 50)];
    expect(placesOf(transfer)).toEqual(expected.map((at) => memory.placeOf(BASE + at)));
  });

  it('with a segment that ends without a pointer although more was announced', () => {
    const memory = new SglMemory();
    memory.write(LISTS, [block(BASE, 10), block(BASE + 20, 6)]);
    expect(walked(memory, segment(LISTS, 2), 16).status).toBe(0);
  });

  it('with buckets, which count where data goes to', () => {
    const memory = new SglMemory();
    memory.write(LISTS, [block(BASE, 10), bucket(100_000), block(BASE + 10, 2)]);
    const { status, transfer } = walked(memory, last(LISTS, 3), 100_012);
    expect([status, transfer.count, transfer.isDirect]).toEqual([0, 3, false]);
    expect(placesOf(transfer).filter((each) => each === -1)).toHaveLength(100_000);
  });

  it('with buckets, which are nothing where data comes from', () => {
    const memory = new SglMemory();
    memory.write(LISTS, [block(BASE, 10), bucket(100_000), block(BASE + 10, 2)]);
    expect(walked(memory, last(LISTS, 3), 12, false)).toMatchObject({ status: 0, transfer: { count: 2 } });
  });

  it('with more pieces than any list before it', () => {
    const memory = new SglMemory();
    memory.write(
      LISTS,
      Array.from({ length: 1000 }, (_, i) => block(BASE + i * 8, 4)),
    );
    expect(walked(memory, last(LISTS, 1000), 4000)).toMatchObject({ status: 0, transfer: { count: 1000 } });
  });

  it('with as many idle descriptors as are allowed', () => {
    const memory = new SglMemory();
    const idle = Array.from({ length: SGL_IDLE_DESCRIPTORS_MAX - 1 }, () => block(0, 0));
    memory.write(LISTS, [...idle, block(BASE, 4)]);
    expect(walked(memory, last(LISTS, SGL_IDLE_DESCRIPTORS_MAX), 4).status).toBe(0);
  });

  it('in a segment and a block that lie across 4 GiB', () => {
    const memory = new SglMemory(16, 2 ** 32 - 8 * 4096);
    memory.write(2 ** 32 - 24, [block(2 ** 32 - 300, 100), block(2 ** 32 - 100, 200), block(2 ** 32 + 512, 4)]);
    const { status, transfer } = walked(memory, last(2 ** 32 - 24, 3), 304);
    expect(status).toBe(0);
    const expected = [...range(-300, 100), ...range(-100, 200), ...range(512, 4)];
    expect(placesOf(transfer)).toEqual(expected.map((at) => memory.placeOf(2 ** 32 + at)));
  });

  it('up to the very end of the address space', () => {
    const memory = new SglMemory(1, 2 ** 52 - 4096);
    expect(walked(memory, block(2 ** 52 - 4, 4), 4).status).toBe(0);
  });
});

describe('a scatter gather list is refused', () => {
  const memory = new SglMemory();
  it.each<[string, Descriptor, number]>([
    ['too short', block(BASE, 511), BAD_LENGTH],
    ['too long', block(BASE, 513), BAD_LENGTH],
    ['empty', block(BASE, 0), BAD_LENGTH],
    ['a bucket that is too long', bucket(513), BAD_LENGTH],
    ['a keyed data block', { identifier: SGL_ID_KEYED_DATA_BLOCK, length: 512 }, BAD_TYPE],
    ['a transport data block', { identifier: SGL_ID_TRANSPORT_DATA_BLOCK, length: 512 }, BAD_TYPE],
    ['a vendor specific descriptor', { identifier: 0xf0, length: 512 }, BAD_TYPE],
    ['a reserved type', { identifier: 0x60, length: 512 }, BAD_TYPE],
    ['a data block with an offset', { identifier: 0x01, address: BASE, length: 512 }, BAD_TYPE],
    ['a segment with an offset', { identifier: 0x21, address: LISTS, length: 16 }, BAD_TYPE],
    ['a last segment with an offset', { identifier: 0x31, address: LISTS, length: 16 }, BAD_TYPE],
    ['a bucket with a subtype', { identifier: 0x11, length: 512 }, BAD_TYPE],
    ['data where nothing is mapped', block(NOWHERE, 512), UNMAPPED],
    ['data that ends where nothing is mapped', block(BASE + 16 * 4096 - 511, 512), UNMAPPED],
    ['a segment where nothing is mapped', last(NOWHERE, 1), UNMAPPED],
    ['a segment of no bytes', last(LISTS, 0), BAD_SEGMENT],
    ['a segment of a descriptor and a half', last(LISTS, 1.5), BAD_SEGMENT],
    ['a segment that is not qword aligned', last(LISTS + 4, 1), BAD_SEGMENT],
  ])('for %s', (_, first, status) => {
    expect(walked(memory, first, 512).status).toBe(status);
  });

  it.each<[string, readonly Descriptor[], number]>([
    ['a pointer in the middle of a segment', [segment(LISTS + 512, 1), block(BASE, 512)], BAD_COUNT],
    ['a last pointer in the middle of a segment', [last(LISTS + 512, 1), block(BASE, 512)], BAD_COUNT],
    ['a last segment that ends in a segment', [block(BASE, 256), segment(LISTS + 512, 1)], BAD_SEGMENT],
    ['a last segment that ends in a last segment', [block(BASE, 256), last(LISTS + 512, 1)], BAD_SEGMENT],
    ['too much in two blocks', [block(BASE, 512), block(BASE, 1)], BAD_LENGTH],
    ['too little in two blocks', [block(BASE, 500), block(BASE, 11)], BAD_LENGTH],
    ['a second block of a wrong type', [block(BASE, 256), { identifier: 0x40, length: 256 }], BAD_TYPE],
    ['a second block where nothing is mapped', [block(BASE, 256), block(NOWHERE, 256)], UNMAPPED],
  ])('for %s', (_, descriptors, status) => {
    const scratch = new SglMemory();
    scratch.write(LISTS, descriptors);
    scratch.write(LISTS + 512, [block(BASE, 256)]);
    expect(walked(scratch, last(LISTS, descriptors.length), 512).status).toBe(status);
  });

  it('for a segment of which the second half is not mapped', () => {
    const scratch = new SglMemory();
    const end = BASE + 16 * 4096;
    scratch.write(end - 24, [block(BASE, 4), block(BASE, 4)]);
    expect(walked(scratch, last(end - 24, 2), 8).status).toBe(UNMAPPED);
  });

  it.each([
    ['a data block', SGL_ID_DATA_BLOCK, 8],
    ['a segment', SGL_ID_SEGMENT, 16],
    ['a last segment', SGL_ID_LAST_SEGMENT, 16],
  ])('for %s past the end of the address space', (_, identifier, length) => {
    const walk = new SglWalk();
    const transfer = new Transfer(memory.dma, 4096);
    const use = { isDestination: true, badLength: BAD_LENGTH };
    expect(walk.walk(transfer, 512, 0xffff_fff8, 0xffff_ffff, length + 1, identifier << 24, use)).not.toBe(0);
    expect(walk.walk(transfer, 512, 0xffff_fff8, 0xffff_ffff, 16, identifier << 24, use)).toBe(BAD_LENGTH);
  });

  it('for a chain that loops', () => {
    const scratch = new SglMemory();
    scratch.write(LISTS, [segment(LISTS, 1)]);
    expect(walked(scratch, segment(LISTS, 1), 512).status).toBe(BAD_COUNT);
    scratch.write(LISTS, [block(BASE, 1), segment(LISTS, 2)]);
    expect(walked(scratch, segment(LISTS, 2), 512).status).toBe(BAD_LENGTH);
    scratch.write(LISTS, [bucket(7), segment(LISTS, 2)]);
    expect(walked(scratch, segment(LISTS, 2), 512, false).status).toBe(BAD_COUNT);
  });

  it('for more idle descriptors than are allowed', () => {
    const scratch = new SglMemory(40);
    const idle = Array.from({ length: SGL_IDLE_DESCRIPTORS_MAX }, () => block(0, 0));
    scratch.write(LISTS, [...idle, block(BASE, 512)]);
    expect(walked(scratch, last(LISTS, idle.length + 1), 512).status).toBe(BAD_COUNT);
  });

  it('when its first descriptor, which lies in memory, is not qword aligned or not there', () => {
    const use = { isDestination: true, badLength: BAD_LENGTH };
    const transfer = new Transfer(memory.dma, 4096);
    expect(new SglWalk().walkFrom(transfer, 8, 4, BASE / 2 ** 32, use)).toBe(BAD_SEGMENT);
    expect(new SglWalk().walkFrom(transfer, 8, 0, NOWHERE / 2 ** 32, use)).toBe(UNMAPPED);
  });
});

/** What a list means, said as plainly as can be: the status that it gets, and the places of the bytes described until then. */
function oracle(memory: SglMemory, first: readonly number[], bytes: number, isDestination: boolean) {
  const places: number[] = [];
  let idle = 0;
  let descriptor = first;
  const result = (status: number) => ({ status, places });
  const end = () => result(places.length === bytes ? 0 : BAD_LENGTH);
  const add = (): number => {
    const [low, high, length, word] = descriptor as [number, number, number, number];
    const identifier = word >>> 24;
    if (identifier !== 0x00 && identifier !== 0x10) return BAD_TYPE;
    const isIdle = length === 0 || (identifier === 0x10 && !isDestination);
    if (isIdle) return ++idle > SGL_IDLE_DESCRIPTORS_MAX ? BAD_COUNT : 0;
    if (places.length + length > bytes) return BAD_LENGTH;
    for (let i = 0; i < length; i++) {
      const place = identifier === 0x10 ? -1 : memory.placeOf(high * 2 ** 32 + low + i);
      if (place < 0 && identifier === 0x00) return UNMAPPED;
      places.push(place);
    }
    return 0;
  };
  for (;;) {
    const [low, high, length, word] = descriptor as [number, number, number, number];
    const type = word >>> 24;
    if (type !== 0x20 && type !== 0x30) {
      const status = add();
      return status !== 0 ? result(status) : end();
    }
    if (length === 0 || length % 16 !== 0 || low % 8 !== 0) return result(BAD_SEGMENT);
    if (++idle > SGL_IDLE_DESCRIPTORS_MAX) return result(BAD_COUNT);
    let next: number[] | undefined;
    for (let at = 0; at < length && next === undefined; at += 16) {
      const read = memory.words(high * 2 ** 32 + low + at);
      if (read === undefined) return result(UNMAPPED);
      descriptor = read;
      const isPointer = read[3] >>> 24 === 0x20 || read[3] >>> 24 === 0x30;
      if (isPointer && at + 16 < length) return result(BAD_COUNT);
      if (isPointer && type === 0x30) return result(BAD_SEGMENT);
      if (isPointer) {
        next = read;
        continue;
      }
      const status = add();
      if (status !== 0) return result(status);
    }
    if (next === undefined) return end();
  }
}

describe('any list', () => {
  const address = fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: 0, max: 8 * 4096 }).map((at) => BASE + at) },
    { weight: 1, arbitrary: fc.constant(NOWHERE) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 300 }).map((at) => BASE + 16 * 4096 - at) },
  );
  const data = fc.oneof(
    { weight: 20, arbitrary: fc.record({ identifier: fc.constant(0x00), address, length: fc.nat(700) }) },
    { weight: 5, arbitrary: fc.record({ identifier: fc.constant(0x10), length: fc.nat(300) }) },
    { weight: 1, arbitrary: fc.record({ identifier: fc.nat(255), address, length: fc.nat(300) }) },
  );
  /** Segments lie at multiples of 104, so that some of their descriptors lie across two pages. */
  const segmentAt = (index: number): number => LISTS + 4096 - 312 + index * 104;
  const pointer = (index: fc.Arbitrary<number>) =>
    fc.record({
      identifier: fc.constantFrom(SGL_ID_SEGMENT, SGL_ID_SEGMENT, SGL_ID_LAST_SEGMENT),
      address: index.map(segmentAt),
      length: fc.oneof(
        { weight: 30, arbitrary: fc.constant(-1) },
        { weight: 1, arbitrary: fc.constantFrom(0, 8, 40, 160) },
      ),
    });
  const chain = fc.array(
    fc.record({
      blocks: fc.array(data, { maxLength: 5 }),
      end: fc.option(pointer(fc.nat(5)), { freq: 3 }),
    }),
    { minLength: 1, maxLength: 6 },
  );

  it('is walked as an oracle reads it', () => {
    let taken = 0;
    fc.assert(
      fc.property(
        chain,
        fc.oneof({ weight: 1, arbitrary: data }, { weight: 4, arbitrary: pointer(fc.constant(0)) }),
        fc.boolean(),
        fc.option(fc.integer({ min: 1, max: 3000 }), { freq: 1 }),
        (segments, first, isDestination, guess) => {
          const memory = new SglMemory();
          const lengths = segments.map(({ blocks, end }) => (blocks.length + (end === null ? 0 : 1)) * 16);
          const settle = (each: Descriptor): Descriptor =>
            each.length >= 0 ? each : { ...each, length: lengths[(each.address! - segmentAt(0)) / 104] ?? 16 };
          segments.forEach(({ blocks, end }, i) => {
            memory.write(segmentAt(i), [...blocks, ...(end === null ? [] : [settle(end)])]);
          });
          const words = encodeDescriptor(settle(first));
          // Mostly the length that the list really has.
          const bytes = guess ?? Math.max(1, oracle(memory, words, 20_000, isDestination).places.length);
          const { status, transfer } = walked(memory, settle(first), bytes, isDestination);
          const expected = oracle(memory, words, bytes, isDestination);
          expect(status).toBe(expected.status);
          if (status !== 0) return;
          expect(placesOf(transfer)).toEqual(expected.places);
          taken++;
        },
      ),
      { numRuns: 400, seed: 11 },
    );
    expect(taken).toBeGreaterThan(40);
    expect(taken).toBeLessThan(360);
  });
});

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}
