import { describe, expect, it } from 'vitest';
import { PointerRules } from './pointer-rules.js';

const ANY = 1;
const DWORDS = 2;
const BYTE_METADATA = 1 << 17;
const METADATA_SGL = 1 << 19;

describe('what pointers may be', () => {
  it.each([
    ['auto', 0, false, false],
    ['auto', ANY, false, true],
    ['auto', DWORDS, false, true],
    ['auto', 3, false, false],
    ['prp', ANY, false, false],
    ['sgl', ANY, true, true],
    ['sgl', DWORDS, true, true],
  ] as const)(
    'with %s and SGLS %i is another choice for contiguous and scattered payloads',
    (payload, sgls, contiguous, scattered) => {
      const rules = new PointerRules(sgls, payload, true, 1024);
      expect([rules.sglForContiguous, rules.sglForScattered]).toEqual([contiguous, scattered]);
    },
  );

  it.each([
    [256, ANY, 16, 0, 1],
    [256, ANY | METADATA_SGL, 12, 4, 3],
    [1024, ANY | METADATA_SGL, 56, 8, 7],
    [4096, ANY | METADATA_SGL, 248, 8, 7],
    [4096, ANY, 256, 0, 1],
  ])('in a list of %i bytes with SGLS %i is more than it holds', (listBytes, sgls, data, metadata, runs) => {
    const { descriptorsMax, metadataDescriptors, metadataRunsMax } = new PointerRules(sgls, 'auto', true, listBytes);
    expect([descriptorsMax, metadataDescriptors, metadataRunsMax]).toEqual([data, metadata, runs]);
    expect((descriptorsMax + metadataDescriptors) * 16).toBe(listBytes);
  });

  it.each([
    [ANY, 3],
    [ANY | BYTE_METADATA, 0],
    [DWORDS | BYTE_METADATA, 0],
    [ANY | METADATA_SGL, 0],
    [DWORDS | METADATA_SGL, 3],
    // A descriptor says where metadata is: the alignment of a plain address does not matter.
    [DWORDS | METADATA_SGL | BYTE_METADATA, 3],
  ])('for metadata with SGLS %i is aligned otherwise', (sgls, mask) => {
    expect(new PointerRules(sgls, 'auto', true, 1024).metadataAlignMask).toBe(mask);
  });
});
