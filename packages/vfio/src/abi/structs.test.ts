import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capabilities } from './capability-chain.js';
import {
  decodeDeviceInfo,
  decodeIrqCount,
  decodeRegionInfo,
  groupStatusRequest,
  irqInfoRequest,
  irqSetRequest,
  regionInfoRequest,
} from './device-structs.js';
import {
  attachRequest,
  bindIommufdRequest,
  decodeIoasRanges,
  decodeType1Info,
  ioasMapRequest,
  ioasRangesRequest,
  ioasUnmapRequest,
  type1MapRequest,
  type1UnmapRequest,
} from './iommu-structs.js';
import { IOMMU_IOAS_MAP } from './iommufd-requests.js';
import { VFIO_DEVICE_ATTACH_IOMMUFD_PT, VFIO_DEVICE_SET_IRQS, VFIO_IOMMU_MAP_DMA } from './vfio-requests.js';

function words(bytes: Uint8Array): number[] {
  return [...new Uint32Array(bytes.slice().buffer)];
}

/** Bytes of 32-bit words. */
function bytesOf(...values: readonly number[]): Uint8Array {
  return new Uint8Array(new Uint32Array(values).buffer);
}

describe('a request', () => {
  it('has another number than linux/vfio.h and linux/iommufd.h give it', () => {
    // _IO(';', n): the letter in the second byte, the number in the first.
    expect(VFIO_DEVICE_SET_IRQS).toBe(0x3b00 + 100 + 10);
    expect(VFIO_IOMMU_MAP_DMA).toBe(0x3b00 + 100 + 13);
    expect(VFIO_DEVICE_ATTACH_IOMMUFD_PT).toBe(0x3b00 + 100 + 19);
    expect(IOMMU_IOAS_MAP).toBe(0x3b00 + 0x85);
  });

  it('is laid out differently than the headers say', () => {
    expect(words(groupStatusRequest())).toEqual([8, 0]);
    expect(words(type1MapRequest(0x7f00_1234_5000n, 0x20_0000, 0x1_0000_0000))).toEqual([
      ...[32, 3, 0x1234_5000, 0x7f00, 0, 1, 0x20_0000, 0],
    ]);
    expect(words(type1UnmapRequest(0x1_0000_1000, 4096))).toEqual([24, 0, 0x1000, 1, 4096, 0]);
    expect(words(ioasMapRequest(7, 0x7f00_1234_5000n, 4096, 0x1_0000_0000))).toEqual([
      ...[40, 7, 7, 0, 0x1234_5000, 0x7f00, 4096, 0, 0, 1],
    ]);
    expect(words(ioasUnmapRequest(7, 0x1_0000_0000, 4096))).toEqual([24, 7, 0, 1, 4096, 0]);
    expect(words(ioasRangesRequest(7, 0x7f00_0000_1000n, 32))).toEqual([32, 7, 32, 0, 0x1000, 0x7f00, 0, 0]);
    expect(words(bindIommufdRequest(5))).toEqual([16, 0, 5, 0]);
    expect(words(attachRequest(7))).toEqual([12, 0, 7]);
    expect(words(irqInfoRequest(2))).toEqual([16, 0, 2, 0]);
    expect(words(irqSetRequest(2, [11, 12]))).toEqual([28, 0x24, 2, 0, 2, 11, 12]);
    expect(words(irqSetRequest(2, []))).toEqual([20, 0x21, 2, 0, 0]);
    expect(words(regionInfoRequest(7))).toEqual([32, 0, 7, 0, 0, 0, 0, 0]);
  });
});

describe('an answer', () => {
  it('of a device is misread', () => {
    expect(decodeDeviceInfo(bytesOf(20, 3, 9, 5, 0))).toEqual({ canReset: true, isPci: true, regions: 9, irqs: 5 });
    expect(decodeDeviceInfo(bytesOf(20, 4, 1, 1, 0))).toMatchObject({ canReset: false, isPci: false });
    expect(decodeIrqCount(bytesOf(16, 9, 2, 65))).toBe(65);
    expect(decodeIrqCount(bytesOf(16, 8, 2, 65))).toBe(0);
  });

  it('of a region without capabilities lets all of it be mapped, or none', () => {
    const plain = (flags: number): Uint8Array => bytesOf(32, flags, 0, 0, 0x4000, 0, 0, 0);
    expect(decodeRegionInfo(plain(7)).areas).toEqual([{ offset: 0, bytes: 0x4000 }]);
    expect(decodeRegionInfo(plain(3)).areas).toEqual([]);
    expect(decodeRegionInfo(bytesOf(32, 3, 7, 0, 0x1000, 0, 0, 0x700))).toEqual({
      ...{ index: 7, bytes: 4096, position: 0x700 * 2 ** 32, areas: [] },
    });
  });

  it('of a sparse region is taken for all of it, or beyond it', () => {
    const header = [32 + 56, 0xf, 0, 32, 0x8000, 0, 0, 0];
    // msix-mappable first, then sparse: two areas out of order, and one that reaches out of the region.
    const chain = [
      3 | (1 << 16),
      40,
      1 | (1 << 16),
      0,
      3,
      0,
      0x4000,
      0,
      0x4000,
      0,
      0,
      0,
      0x2000,
      0,
      0x6000,
      0,
      0x4000,
      0,
    ];
    expect(decodeRegionInfo(bytesOf(...header, ...chain)).areas).toEqual([
      { offset: 0, bytes: 0x2000 },
      { offset: 0x4000, bytes: 0x4000 },
    ]);
  });

  it('of the type 1 IOMMU loses ranges, or makes one of 64 bits overflow', () => {
    const chain = [
      3 | (1 << 16),
      36,
      0xffff,
      1 | (1 << 16),
      0,
      2,
      0,
      0,
      0,
      0xfedf_ffff,
      0,
      0xfef0_0000,
      0,
      0xffff_ffff,
      0xffff_ffff,
    ];
    const info = bytesOf(96, 3, 0xffff_f000, 0xffff_ffff, 24, 0, ...chain);
    expect(decodeType1Info(info)).toEqual({
      pageBytes: 4096,
      ranges: [
        { start: 0, end: 0xfee0_0000 },
        { start: 0xfef0_0000, end: 2 ** 52 },
      ],
    });
    expect(decodeType1Info(bytesOf(24, 1, 0x1_0000, 0, 0, 0))).toEqual({ pageBytes: 0x1_0000, ranges: undefined });
    expect(decodeType1Info(bytesOf(24, 0, 0, 0, 0, 0))).toEqual({ pageBytes: 4096, ranges: undefined });
  });

  it('of iommufd loses ranges', () => {
    const room = bytesOf(0, 0, 0xffff, 0, 0, 1, 0xffff_ffff, 0x7f, 0, 0, 0, 0);
    expect(decodeIoasRanges(bytesOf(32, 7, 2, 0, 0, 0, 4096, 0), room)).toEqual({
      pageBytes: 4096,
      ranges: [
        { start: 0, end: 0x1_0000 },
        { start: 0x1_0000_0000, end: 0x80_0000_0000 },
      ],
    });
  });

  it('of any bytes leads outside of itself, or round forever', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 200 }), fc.nat(210), (bytes, offset) => {
        expect(capabilities(bytes, offset).length).toBeLessThanOrEqual(64);
        for (const each of decodeRegionInfo(bytes).areas) expect(each.bytes).toBeGreaterThan(0);
        for (const each of decodeType1Info(bytes).ranges ?? []) expect(each.end).toBeGreaterThan(each.start);
      }),
      { numRuns: 500 },
    );
  });
});
