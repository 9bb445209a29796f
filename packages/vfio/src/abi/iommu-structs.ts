import { IOVA_END } from '../limits.js';
import { capabilities, u64 } from './capability-chain.js';
import { IOAS_MAP_FIXED_IOVA, IOAS_MAP_READABLE, IOAS_MAP_WRITEABLE } from './iommufd-requests.js';

/** Bus addresses that memory may be mapped at. */
export interface IovaRange {
  /** first address */
  readonly start: number;
  /** first address behind it */
  readonly end: number;
}

/** What an IOMMU says of itself. */
export interface IommuFacts {
  /** smallest page it maps, bytes */
  readonly pageBytes: number;
  /** where memory may be mapped; undefined where the kernel does not say, as before Linux 5.4 */
  readonly ranges: readonly IovaRange[] | undefined;
}

const PAGE_SIZES_KNOWN = 1;
const HAS_CAPABILITIES = 2;
const CAPABILITY_IOVA_RANGES = 1;

function fresh(bytes: number): { bytes: Uint8Array; view: DataView } {
  const made = new Uint8Array(bytes);
  const view = new DataView(made.buffer);
  view.setUint32(0, bytes, true);
  return { bytes: made, view };
}

/** `struct vfio_iommu_type1_info` with room for `bytes` bytes of answer. */
export function type1InfoRequest(bytes: number): Uint8Array {
  return fresh(bytes).bytes;
}

/** How many bytes the answer to {@link type1InfoRequest} wants. */
export function wantedBytes(answer: Uint8Array): number {
  return new DataView(answer.buffer, answer.byteOffset).getUint32(0, true);
}

/** Reads the answer to {@link type1InfoRequest}. */
export function decodeType1Info(answer: Uint8Array): IommuFacts {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  const flags = view.getUint32(4, true);
  let ranges: IovaRange[] | undefined;
  if ((flags & HAS_CAPABILITIES) !== 0) {
    const capability = capabilities(answer, view.getUint32(16, true)).find(
      (each) => each.id === CAPABILITY_IOVA_RANGES,
    );
    if (capability !== undefined && capability.view.byteLength >= 16) {
      ranges = readRanges(capability.view, 16, capability.view.getUint32(8, true));
    }
  }
  return { pageBytes: (flags & PAGE_SIZES_KNOWN) === 0 ? 4096 : smallestPage(view), ranges };
}

function smallestPage(info: DataView): number {
  const low = info.getUint32(8, true);
  // Sizes below 4 KiB are of no use here; none at all is a driver that does not say.
  const smallest = low & -low;
  return smallest > 4096 ? smallest : 4096;
}

function readRanges(view: DataView, offset: number, count: number): IovaRange[] {
  const ranges: IovaRange[] = [];
  for (let at = offset; ranges.length < count && at + 16 <= view.byteLength; at += 16) {
    // Last addresses are inclusive, 2^64 - 1 among them.
    ranges.push({ start: u64(view, at), end: Math.min(u64(view, at + 8) + 1, IOVA_END) });
  }
  return ranges.filter((each) => each.start < each.end);
}

/** `struct vfio_iommu_type1_dma_map`: readable and writable by the device. */
export function type1MapRequest(address: bigint, bytes: number, iova: number): Uint8Array {
  const made = fresh(32);
  made.view.setUint32(4, 3, true);
  made.view.setBigUint64(8, address, true);
  made.view.setBigUint64(16, BigInt(iova), true);
  made.view.setBigUint64(24, BigInt(bytes), true);
  return made.bytes;
}

/** `struct vfio_iommu_type1_dma_unmap`. */
export function type1UnmapRequest(iova: number, bytes: number): Uint8Array {
  const made = fresh(24);
  made.view.setBigUint64(8, BigInt(iova), true);
  made.view.setBigUint64(16, BigInt(bytes), true);
  return made.bytes;
}

/** `struct iommu_ioas_alloc`; the number of the address space comes back in word 2. */
export function ioasAllocRequest(): Uint8Array {
  return fresh(12).bytes;
}

/** The number of an address space that {@link ioasAllocRequest} made. */
export function decodeIoasId(answer: Uint8Array): number {
  return new DataView(answer.buffer, answer.byteOffset).getUint32(8, true);
}

/** `struct iommu_destroy`. */
export function destroyRequest(id: number): Uint8Array {
  const made = fresh(8);
  made.view.setUint32(4, id, true);
  return made.bytes;
}

/** `struct iommu_ioas_iova_ranges`, with the process address of room for `count` ranges of 16 bytes. */
export function ioasRangesRequest(ioas: number, room: bigint, count: number): Uint8Array {
  const made = fresh(32);
  made.view.setUint32(4, ioas, true);
  made.view.setUint32(8, count, true);
  made.view.setBigUint64(16, room, true);
  return made.bytes;
}

/** How many ranges the answer to {@link ioasRangesRequest} has, or wants room for. */
export function decodeRangeCount(answer: Uint8Array): number {
  return new DataView(answer.buffer, answer.byteOffset).getUint32(8, true);
}

/** Reads the answer to {@link ioasRangesRequest} and what was written into the room given. */
export function decodeIoasRanges(answer: Uint8Array, room: Uint8Array): IommuFacts {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength);
  const ranges = readRanges(new DataView(room.buffer, room.byteOffset, room.byteLength), 0, decodeRangeCount(answer));
  return { pageBytes: Math.max(4096, u64(view, 24)), ranges };
}

/** `struct iommu_ioas_map` at a fixed bus address. */
export function ioasMapRequest(ioas: number, address: bigint, bytes: number, iova: number): Uint8Array {
  const made = fresh(40);
  made.view.setUint32(4, IOAS_MAP_FIXED_IOVA | IOAS_MAP_WRITEABLE | IOAS_MAP_READABLE, true);
  made.view.setUint32(8, ioas, true);
  made.view.setBigUint64(16, address, true);
  made.view.setBigUint64(24, BigInt(bytes), true);
  made.view.setBigUint64(32, BigInt(iova), true);
  return made.bytes;
}

/** `struct iommu_ioas_unmap`. */
export function ioasUnmapRequest(ioas: number, iova: number, bytes: number): Uint8Array {
  const made = fresh(24);
  made.view.setUint32(4, ioas, true);
  made.view.setBigUint64(8, BigInt(iova), true);
  made.view.setBigUint64(16, BigInt(bytes), true);
  return made.bytes;
}

/** `struct vfio_device_bind_iommufd` as it was first: 16 bytes. */
export function bindIommufdRequest(iommufd: number): Uint8Array {
  const made = fresh(16);
  made.view.setInt32(8, iommufd, true);
  return made.bytes;
}

/** `struct vfio_device_attach_iommufd_pt` as it was first: 12 bytes. */
export function attachRequest(ioas: number): Uint8Array {
  const made = fresh(12);
  made.view.setUint32(8, ioas, true);
  return made.bytes;
}
