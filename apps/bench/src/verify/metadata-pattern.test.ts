import type { Namespace } from '@phasebit/nvme';
import { createDmaArena, DmaSpace } from '@phasebit/pcie';
import { describe, expect, it } from 'vitest';
import { MetadataSlots, slotBytes } from '../stack/metadata-slots.js';
import { MetadataPattern } from './metadata-pattern.js';

const BLOCK = 512;
const OFFSET = 2 ** 40;

function slotsOf(metadataBytes: number, piBytes = 0, piIsFirst = false): MetadataSlots {
  const dma = new DmaSpace();
  dma.attach(createDmaArena({ bytes: 65_536 }));
  const namespace = { blockBytes: BLOCK, metadataBytes, piBytes, piIsFirst } as Namespace;
  return new MetadataSlots(dma, namespace, 8 * BLOCK, 4, piBytes > 0);
}

/** The bytes of a block's metadata. */
function metadataOf(slots: MetadataSlots, slot: number, block: number): Uint8Array {
  const from = slots.offset(slot) + block * slots.metadataBytes;
  return slots.bytes.subarray(from, from + slots.metadataBytes);
}

describe('the pattern of metadata', () => {
  it('is of its block, its write and its job, and of no other', () => {
    const slots = slotsOf(8);
    const pattern = new MetadataPattern(slots);
    pattern.fill(1, 8 * BLOCK, OFFSET, 7, 99);
    const all = Array.from({ length: 8 }, (_, block) => Buffer.from(metadataOf(slots, 1, block)).toString('hex'));
    expect(new Set(all).size).toBe(8);
    for (let block = 0; block < 8; block++) {
      const at = OFFSET + block * BLOCK;
      expect(pattern.check(1, block, at, 7, 99)).toBe(-1);
      expect(pattern.check(1, block, at + BLOCK, 7, 99)).toBeGreaterThanOrEqual(0);
      expect(pattern.check(1, block, at - 2 ** 40, 7, 99)).toBeGreaterThanOrEqual(0);
      expect(pattern.check(1, block, at, 8, 99)).toBeGreaterThanOrEqual(0);
      expect(pattern.check(1, block, at, 7, 98)).toBeGreaterThanOrEqual(0);
      expect(pattern.check(2, block, at, 7, 99)).toBeGreaterThanOrEqual(0);
    }
  });

  it('says which byte has changed, whichever it is', () => {
    const slots = slotsOf(20);
    const pattern = new MetadataPattern(slots);
    pattern.fill(0, 2 * BLOCK, OFFSET, 1, 1);
    for (let i = 0; i < 20; i++) {
      metadataOf(slots, 0, 1)[i] ^= 0x80;
      expect([pattern.check(0, 0, OFFSET, 1, 1), pattern.check(0, 1, OFFSET + BLOCK, 1, 1)]).toEqual([-1, i]);
      metadataOf(slots, 0, 1)[i] ^= 0x80;
    }
  });

  it('is not found where a device has delivered nothing, though it was written from there', () => {
    const slots = slotsOf(4);
    const pattern = new MetadataPattern(slots);
    pattern.fill(0, 8 * BLOCK, OFFSET, 1, 1);
    pattern.spoil(0, 2 * BLOCK);
    expect([0, 1, 2].map((block) => pattern.check(0, block, OFFSET + block * BLOCK, 1, 1) < 0)).toEqual([
      false,
      false,
      true,
    ]);
  });

  it.each([
    [false, 8, 16],
    [true, 0, 8],
  ])('leaves protection information to the controller (first: %s)', (isFirst, from, to) => {
    const slots = slotsOf(16, 8, isFirst);
    const pattern = new MetadataPattern(slots);
    pattern.fill(0, BLOCK, OFFSET, 1, 1);
    const metadata = metadataOf(slots, 0, 0);
    expect([...metadata.subarray(from, to)]).toEqual(new Array(8).fill(0));
    metadata.fill(0xff, from, to);
    expect([pattern.check(0, 0, OFFSET, 1, 1), pattern.checkedBytes]).toEqual([-1, 8]);
    metadata[isFirst ? 15 : 0] ^= 1;
    expect(pattern.check(0, 0, OFFSET, 1, 1)).toBe(isFirst ? 15 : 0);
  });

  it('lies in slots that do not touch', () => {
    expect([1, 64, 65].map(slotBytes)).toEqual([64, 64, 128]);
    const slots = slotsOf(20);
    expect([slots.offset(3), slots.address(3) - slots.address(0)]).toEqual([3 * 192, 3 * 192]);
  });
});
