import { high32, joinU64, low32 } from '@phasebit/core';
import { CAPABILITY_SPARSE_MMAP, REGION_FLAG_CAPS } from './commands.js';
import { viewOf } from './header.js';

/** Bytes of a region access before its data. */
export const REGION_ACCESS_BYTES = 16;
/** Bytes of a DMA access before its data. */
export const DMA_ACCESS_BYTES = 16;
/** Bytes of one write of several: an access with 8 bytes of data, of which the first count. */
export const MULTI_WRITE_BYTES = 24;
/** Bytes of a DMA map request. */
export const DMA_MAP_BYTES = 32;
/** Bytes of a DMA unmap request. */
export const DMA_UNMAP_BYTES = 24;
/** Bytes of the answer to GET_INFO. */
export const DEVICE_INFO_BYTES = 16;
/** Bytes of a region's description without capabilities. */
export const REGION_INFO_BYTES = 32;
/** Bytes of an interrupt type's description. */
export const IRQ_INFO_BYTES = 16;
/** Bytes of a SET_IRQS request before its data. */
export const IRQ_SET_BYTES = 20;

/** A 64-bit value as a number; -1 when it has no exact one. */
export function getU64(view: DataView, at: number): number {
  return joinU64(view.getUint32(at, true), view.getUint32(at + 4, true));
}

/** Writes an integer from 0 to 2^53 - 1 as a 64-bit value. */
export function setU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, low32(value), true);
  view.setUint32(at + 4, high32(value), true);
}

/** Where a region is read or written. */
export interface RegionAccess {
  /** byte in the region; -1 when it is 2^53 or more */
  readonly offset: number;
  /** index */
  readonly region: number;
  /** bytes */
  readonly count: number;
}

/** Reads a region access at `at`. */
export function decodeRegionAccess(payload: Uint8Array, at = 0): RegionAccess {
  const view = viewOf(payload);
  return { offset: getU64(view, at), region: view.getUint32(at + 8, true), count: view.getUint32(at + 12, true) };
}

/** A region access with its data, or room for it. */
export function encodeRegionAccess(access: RegionAccess, data: Uint8Array): Uint8Array {
  const payload = new Uint8Array(REGION_ACCESS_BYTES + data.length);
  const view = viewOf(payload);
  setU64(view, 0, access.offset);
  view.setUint32(8, access.region, true);
  view.setUint32(12, access.count, true);
  payload.set(data, REGION_ACCESS_BYTES);
  return payload;
}

/** A DMA access: address and count, both 64 bits, and its data. */
export function encodeDmaAccess(address: number, count: number, data: Uint8Array): Uint8Array {
  const payload = new Uint8Array(DMA_ACCESS_BYTES + data.length);
  const view = viewOf(payload);
  setU64(view, 0, address);
  setU64(view, 8, count);
  payload.set(data, DMA_ACCESS_BYTES);
  return payload;
}

/** What DMA_MAP asks for. Numbers that are 2^53 or more are -1. */
export interface DmaMapRequest {
  readonly flags: number;
  /** byte in the file */
  readonly offset: number;
  /** first address */
  readonly address: number;
  /** bytes */
  readonly size: number;
}

/** Reads a DMA map request. */
export function decodeDmaMap(payload: Uint8Array): DmaMapRequest {
  const view = viewOf(payload);
  return { flags: view.getUint32(4, true), offset: getU64(view, 8), address: getU64(view, 16), size: getU64(view, 24) };
}

/** A DMA map request. */
export function encodeDmaMap(request: DmaMapRequest): Uint8Array {
  const payload = new Uint8Array(DMA_MAP_BYTES);
  const view = viewOf(payload);
  view.setUint32(0, DMA_MAP_BYTES, true);
  view.setUint32(4, request.flags, true);
  setU64(view, 8, request.offset);
  setU64(view, 16, request.address);
  setU64(view, 24, request.size);
  return payload;
}

/** Reads a DMA unmap request. */
export function decodeDmaUnmap(payload: Uint8Array): { flags: number; address: number; size: number } {
  const view = viewOf(payload);
  return { flags: view.getUint32(4, true), address: getU64(view, 8), size: getU64(view, 16) };
}

/** The answer to GET_INFO. */
export function encodeDeviceInfo(flags: number, regions: number, irqs: number): Uint8Array {
  return words(DEVICE_INFO_BYTES, flags, regions, irqs);
}

/** An interrupt type: what it can do, and how many there are. */
export function encodeIrqInfo(flags: number, index: number, count: number): Uint8Array {
  return words(IRQ_INFO_BYTES, flags, index, count);
}

/** What a region is like. */
export interface RegionInfo {
  /** `REGION_FLAG_*` */
  readonly flags: number;
  /** bytes; 0 for a region that is not there */
  readonly size: number;
  /** what to add to an offset in the region when mapping it */
  readonly offset: number;
  /** the parts that can be mapped, if they are not all of it */
  readonly areas: readonly { readonly offset: number; readonly size: number }[];
}

/**
 * A region's description.
 *
 * @param room - bytes that the asker has for it: if they are too few, capabilities are left out and `argsz` says how many it takes
 */
export function encodeRegionInfo(index: number, info: RegionInfo, room: number): Uint8Array {
  const needed = REGION_INFO_BYTES + (info.areas.length === 0 ? 0 : 16 + 16 * info.areas.length);
  const isWhole = needed <= room;
  const payload = new Uint8Array(isWhole ? needed : REGION_INFO_BYTES);
  const view = viewOf(payload);
  // A client that finds the flag, and no list behind it, takes the description for broken.
  const hasCapabilities = isWhole && info.areas.length > 0;
  view.setUint32(0, needed, true);
  view.setUint32(4, info.flags | (hasCapabilities ? REGION_FLAG_CAPS : 0), true);
  view.setUint32(8, index, true);
  setU64(view, 16, info.size);
  setU64(view, 24, info.offset);
  if (!hasCapabilities) return payload;
  view.setUint32(12, REGION_INFO_BYTES, true);
  view.setUint16(REGION_INFO_BYTES, CAPABILITY_SPARSE_MMAP, true);
  view.setUint16(REGION_INFO_BYTES + 2, 1, true);
  view.setUint32(REGION_INFO_BYTES + 8, info.areas.length, true);
  info.areas.forEach((area, i) => {
    setU64(view, REGION_INFO_BYTES + 16 + 16 * i, area.offset);
    setU64(view, REGION_INFO_BYTES + 24 + 16 * i, area.size);
  });
  return payload;
}

/** Reads a region's description; capabilities that cannot be read, or are others, are passed over. `argsz` is what it takes in full. */
export function decodeRegionInfo(payload: Uint8Array): RegionInfo & { readonly argsz: number } {
  const view = viewOf(payload);
  const flags = view.getUint32(4, true);
  const areas = (flags & REGION_FLAG_CAPS) === 0 ? [] : decodeAreas(view, view.getUint32(12, true));
  return { argsz: view.getUint32(0, true), flags, size: getU64(view, 16), offset: getU64(view, 24), areas };
}

function decodeAreas(view: DataView, first: number): { offset: number; size: number }[] {
  const areas: { offset: number; size: number }[] = [];
  // A list that leads back is as long as the payload has room for, at most.
  for (
    let at = first, left = view.byteLength / 8;
    at >= REGION_INFO_BYTES && at + 16 <= view.byteLength && left > 0;
    left--
  ) {
    const count = view.getUint16(at, true) === CAPABILITY_SPARSE_MMAP ? view.getUint32(at + 8, true) : 0;
    for (let i = 0; i < count && at + 32 + 16 * i <= view.byteLength; i++) {
      areas.push({ offset: getU64(view, at + 16 + 16 * i), size: getU64(view, at + 24 + 16 * i) });
    }
    at = view.getUint32(at + 4, true);
  }
  return areas;
}

/** What SET_IRQS asks for. */
export interface IrqSetRequest {
  /** `IRQ_SET_*` */
  readonly flags: number;
  /** interrupt type */
  readonly index: number;
  /** first interrupt */
  readonly start: number;
  /** interrupts */
  readonly count: number;
}

/** Reads a SET_IRQS request; its data follows. */
export function decodeIrqSet(payload: Uint8Array): IrqSetRequest {
  const view = viewOf(payload);
  const [flags, index, start, count] = [4, 8, 12, 16].map((at) => view.getUint32(at, true));
  return { flags, index, start, count };
}

/** A SET_IRQS request. */
export function encodeIrqSet(request: IrqSetRequest): Uint8Array {
  return words(IRQ_SET_BYTES, request.flags, request.index, request.start, request.count);
}

/** 32-bit words, one after the other. */
export function words(...values: number[]): Uint8Array {
  const payload = new Uint8Array(values.length * 4);
  const view = viewOf(payload);
  values.forEach((value, i) => view.setUint32(i * 4, value, true));
  return payload;
}
