import type { Log } from '@phasebit/core';
import { DATA_BYTES_MAX } from '../protocol/capabilities.js';
import {
  COMMAND_DEVICE_FEATURE,
  COMMAND_DMA_MAP,
  COMMAND_DMA_UNMAP,
  COMMAND_GET_INFO,
  COMMAND_GET_IRQ_INFO,
  COMMAND_GET_REGION_INFO,
  COMMAND_GET_REGION_IO_FDS,
  COMMAND_REGION_READ,
  COMMAND_REGION_WRITE,
  COMMAND_REGION_WRITE_MULTI,
  COMMAND_RESET,
  COMMAND_SET_IRQS,
  DEVICE_FLAG_PCI,
  DEVICE_FLAG_RESET,
  DMA_UNMAP_FLAG_ALL,
  IRQ_SET_DATA_EVENTFD,
  IRQS,
  REGIONS,
} from '../protocol/commands.js';
import { EINVAL, ENOSYS, ENOTSUP } from '../protocol/errno.js';
import { type Message, NOTHING, viewOf } from '../protocol/header.js';
import {
  decodeDmaMap,
  decodeDmaUnmap,
  decodeIrqSet,
  decodeRegionAccess,
  DEVICE_INFO_BYTES,
  DMA_MAP_BYTES,
  DMA_UNMAP_BYTES,
  encodeDeviceInfo,
  encodeIrqInfo,
  encodeRegionAccess,
  encodeRegionInfo,
  getU64,
  IRQ_INFO_BYTES,
  IRQ_SET_BYTES,
  MULTI_WRITE_BYTES,
  REGION_ACCESS_BYTES,
  REGION_INFO_BYTES,
  setU64,
} from '../protocol/payloads.js';
import type { DmaTable } from './dma-table.js';
import type { InterruptTable } from './interrupt-table.js';
import type { Region } from './region.js';

/** Bytes of data in one write of several. */
const MULTI_DATA_BYTES = 8;

/** What commands act on. */
export interface CommandParts {
  readonly regions: readonly (Region | undefined)[];
  readonly interrupts: InterruptTable;
  readonly dma: DmaTable;
  readonly log: Log;
  /** resets the function, now */
  readonly reset: () => void;
}

/** The reply to a command: its payload or an error number, and descriptors to go along. */
export interface Answer {
  readonly payload: Uint8Array | number;
  readonly descriptors?: readonly number[];
  /** whether the command's own descriptors were kept; else they are closed */
  readonly isKept?: boolean;
}

type Handler = (parts: CommandParts, message: Message) => Answer;

const NOT_OFFERED: Handler = () => ({ payload: ENOTSUP });
const INVALID: Answer = { payload: EINVAL };

/** What each command takes at least, in bytes of payload, and what it does. */
const HANDLERS = new Map<number, readonly [bytesMin: number, handle: Handler]>([
  [COMMAND_DMA_MAP, [DMA_MAP_BYTES, mapDma]],
  [COMMAND_DMA_UNMAP, [DMA_UNMAP_BYTES, unmapDma]],
  [COMMAND_GET_INFO, [DEVICE_INFO_BYTES, getInfo]],
  [COMMAND_GET_REGION_INFO, [REGION_INFO_BYTES, getRegionInfo]],
  [COMMAND_GET_REGION_IO_FDS, [0, NOT_OFFERED]],
  [COMMAND_GET_IRQ_INFO, [IRQ_INFO_BYTES, getIrqInfo]],
  [COMMAND_SET_IRQS, [IRQ_SET_BYTES, setIrqs]],
  [COMMAND_REGION_READ, [REGION_ACCESS_BYTES, readRegion]],
  [COMMAND_REGION_WRITE, [REGION_ACCESS_BYTES, writeRegion]],
  [COMMAND_RESET, [0, reset]],
  [COMMAND_REGION_WRITE_MULTI, [8, writeRegions]],
  [COMMAND_DEVICE_FEATURE, [0, NOT_OFFERED]],
]);

/** Carries out a command of an established connection. It does not throw, whatever the client sent. */
export function handleCommand(parts: CommandParts, message: Message): Answer {
  const found = HANDLERS.get(message.header.command);
  if (found === undefined) return { payload: ENOSYS };
  const [bytesMin, handle] = found;
  if (message.payload.length < bytesMin) return INVALID;
  try {
    return handle(parts, message);
  } catch (error) {
    parts.log.warn(`vfio-user: command ${message.header.command} failed: ${String(error)}`);
    return INVALID;
  }
}

function getInfo(_parts: CommandParts, { payload }: Message): Answer {
  if (viewOf(payload).getUint32(0, true) < DEVICE_INFO_BYTES) return INVALID;
  return { payload: encodeDeviceInfo(DEVICE_FLAG_PCI | DEVICE_FLAG_RESET, REGIONS, IRQS) };
}

function getRegionInfo({ regions }: CommandParts, message: Message): Answer {
  const view = viewOf(message.payload);
  const room = view.getUint32(0, true);
  const index = view.getUint32(8, true);
  if (room < REGION_INFO_BYTES || index >= REGIONS) return INVALID;
  const region = regions[index];
  if (region === undefined) {
    return { payload: encodeRegionInfo(index, { flags: 0, size: 0, offset: 0, areas: [] }, room) };
  }
  const payload = encodeRegionInfo(index, region.info, room);
  const isWhole = viewOf(payload).getUint32(0, true) <= room;
  return { payload, descriptors: isWhole && region.fd !== undefined ? [region.fd] : [] };
}

function getIrqInfo({ interrupts }: CommandParts, { payload }: Message): Answer {
  const view = viewOf(payload);
  const index = view.getUint32(8, true);
  if (view.getUint32(0, true) < IRQ_INFO_BYTES || index >= IRQS) return INVALID;
  return { payload: encodeIrqInfo(interrupts.flagsOf(index), index, interrupts.countOf(index)) };
}

function setIrqs({ interrupts }: CommandParts, { payload, descriptors }: Message): Answer {
  const request = decodeIrqSet(payload);
  const errno = interrupts.set(request, payload.subarray(IRQ_SET_BYTES), descriptors);
  if (errno !== 0) return { payload: errno };
  return { payload: NOTHING, isKept: (request.flags & IRQ_SET_DATA_EVENTFD) !== 0 };
}

function mapDma({ dma }: CommandParts, { payload, descriptors }: Message): Answer {
  if (descriptors.length > 1) return INVALID;
  const errno = dma.map(decodeDmaMap(payload), descriptors[0]);
  return { payload: errno === 0 ? NOTHING : errno };
}

function unmapDma({ dma }: CommandParts, { payload }: Message): Answer {
  const { flags, address, size } = decodeDmaUnmap(payload);
  if ((flags & ~DMA_UNMAP_FLAG_ALL) !== 0) return { payload: ENOTSUP };
  if (flags === DMA_UNMAP_FLAG_ALL) dma.unmapAll();
  const errno = flags === DMA_UNMAP_FLAG_ALL ? 0 : dma.unmap(address, size);
  // The reply has what was unmapped.
  return { payload: errno === 0 ? payload.subarray(0, DMA_UNMAP_BYTES) : errno };
}

function readRegion({ regions }: CommandParts, { payload }: Message): Answer {
  const access = decodeRegionAccess(payload);
  const region = regionFor(regions, access);
  if (region === undefined) return INVALID;
  const data = new Uint8Array(access.count);
  region.read(access.offset, data);
  return { payload: encodeRegionAccess(access, data) };
}

function writeRegion({ regions }: CommandParts, { payload }: Message): Answer {
  const access = decodeRegionAccess(payload);
  const region = regionFor(regions, access);
  if (region === undefined || payload.length < REGION_ACCESS_BYTES + access.count) return INVALID;
  region.write(access.offset, payload.subarray(REGION_ACCESS_BYTES, REGION_ACCESS_BYTES + access.count));
  return { payload: payload.subarray(0, REGION_ACCESS_BYTES) };
}

function writeRegions({ regions }: CommandParts, { payload }: Message): Answer {
  const count = getU64(viewOf(payload), 0);
  if (count < 0 || 8 + count * MULTI_WRITE_BYTES > payload.length) return INVALID;
  for (let i = 0, at = 8; i < count; i++, at += MULTI_WRITE_BYTES) {
    const access = decodeRegionAccess(payload, at);
    const region = regionFor(regions, access);
    if (region === undefined || access.count > MULTI_DATA_BYTES) return INVALID;
    region.write(access.offset, payload.subarray(at + REGION_ACCESS_BYTES, at + REGION_ACCESS_BYTES + access.count));
  }
  const answer = new Uint8Array(8);
  setU64(viewOf(answer), 0, count);
  return { payload: answer };
}

function reset(parts: CommandParts): Answer {
  parts.reset();
  return { payload: NOTHING };
}

/** The region, if all of the access is inside it. */
function regionFor(
  regions: readonly (Region | undefined)[],
  { region: index, offset, count }: { readonly region: number; readonly offset: number; readonly count: number },
): Region | undefined {
  const region = regions[index];
  if (region === undefined || offset < 0 || count > DATA_BYTES_MAX || offset + count > region.info.size)
    return undefined;
  return region;
}
