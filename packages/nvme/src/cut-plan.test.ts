import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crossesBoundary } from './cut-plan.js';

describe('a boundary', () => {
  it('is seen where exact arithmetic sees none, or overlooked', () => {
    const lba = fc.oneof(
      fc.nat(1000),
      fc.maxSafeNat().map((most) => Math.max(most - 2000, 0)),
    );
    const boundary = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 300 }), fc.constantFrom(8, 256, 65_535));
    fc.assert(
      fc.property(lba, fc.integer({ min: 1, max: 300 }), boundary, (first, blocks, boundaryBlocks) => {
        const exact =
          boundaryBlocks !== 0 &&
          BigInt(first) / BigInt(boundaryBlocks) !== BigInt(first + blocks - 1) / BigInt(boundaryBlocks);
        expect(crossesBoundary(first, blocks, boundaryBlocks)).toBe(exact);
      }),
    );
  });

  it('is crossed by what only reaches it', () => {
    expect(crossesBoundary(6, 4, 10)).toBe(false);
    expect(crossesBoundary(6, 5, 10)).toBe(true);
    expect(crossesBoundary(6, 1000, 0)).toBe(false);
  });
});
