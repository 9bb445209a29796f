import { capabilities, u64 } from './capability-chain.js';

/** `struct vfio_group_status`: 8 bytes, flags in word 1. */
export function groupStatusRequest(): Uint8Array {
  return withSize(8);
}

/** Whether every function of a group is out of the kernel's hands. */
export function isGroupViable(status: Uint8Array): boolean {
  return (viewOf(status).getUint32(4, true) & 1) !== 0;
}

/** What a device is. */
export interface DeviceFacts {
  /** whether it can be reset by itself */
  readonly canReset: boolean;
  /** whether it is a PCI function */
  readonly isPci: boolean;
  /** how many regions and kinds of interrupts there are */
  readonly regions: number;
  readonly irqs: number;
}

/** `struct vfio_device_info`. */
export function deviceInfoRequest(): Uint8Array {
  return withSize(20);
}

/** Reads the answer to {@link deviceInfoRequest}. */
export function decodeDeviceInfo(answer: Uint8Array): DeviceFacts {
  const view = viewOf(answer);
  const flags = view.getUint32(4, true);
  return {
    canReset: (flags & 1) !== 0,
    isPci: (flags & 2) !== 0,
    regions: view.getUint32(8, true),
    irqs: view.getUint32(12, true),
  };
}

/** A part of a region that can be mapped. */
export interface MappableArea {
  /** from the region's start */
  readonly offset: number;
  readonly bytes: number;
}

/** A region of a device: a BAR, or configuration space. */
export interface RegionFacts {
  readonly index: number;
  /** 0 where there is none */
  readonly bytes: number;
  /** where it begins in the device's descriptor */
  readonly position: number;
  /** what of it can be mapped, in order */
  readonly areas: readonly MappableArea[];
}

const REGION_INFO_BYTES = 32;
const REGION_MMAP = 4;
const REGION_CAPABILITIES = 8;
const CAPABILITY_SPARSE_MMAP = 1;

/** `struct vfio_region_info` with room for `bytes` bytes of answer. */
export function regionInfoRequest(index: number, bytes: number = REGION_INFO_BYTES): Uint8Array {
  const made = withSize(Math.max(REGION_INFO_BYTES, bytes));
  viewOf(made).setUint32(8, index, true);
  return made;
}

/** Reads the answer to {@link regionInfoRequest}. Areas that reach out of the region are not believed. */
export function decodeRegionInfo(answer: Uint8Array): RegionFacts {
  const view = viewOf(answer);
  const flags = view.getUint32(4, true);
  const bytes = u64(view, 16);
  const whole: MappableArea[] = (flags & REGION_MMAP) !== 0 && bytes > 0 ? [{ offset: 0, bytes }] : [];
  const sparse = (flags & REGION_CAPABILITIES) === 0 ? undefined : sparseAreas(answer, view.getUint32(12, true));
  const areas = (whole.length === 0 ? undefined : sparse) ?? whole;
  return {
    index: view.getUint32(8, true),
    bytes,
    position: u64(view, 24),
    areas: areas.filter((each) => each.bytes > 0 && each.offset + each.bytes <= bytes),
  };
}

/** The areas of a sparse region; undefined where it does not say, which means all of it. MSI-X may be mapped then too, harmlessly. */
function sparseAreas(answer: Uint8Array, offset: number): MappableArea[] | undefined {
  const found = capabilities(answer, offset).find((each) => each.id === CAPABILITY_SPARSE_MMAP);
  if (found === undefined || found.view.byteLength < 16) return undefined;
  const count = found.view.getUint32(8, true);
  const areas: MappableArea[] = [];
  for (let at = 16; areas.length < count && at + 16 <= found.view.byteLength; at += 16) {
    areas.push({ offset: u64(found.view, at), bytes: u64(found.view, at + 8) });
  }
  return areas.sort((a, b) => a.offset - b.offset);
}

/** `struct vfio_irq_info`. */
export function irqInfoRequest(index: number): Uint8Array {
  const made = withSize(16);
  viewOf(made).setUint32(8, index, true);
  return made;
}

/** How many interrupts of a kind there are that an eventfd can take; 0 for none. */
export function decodeIrqCount(answer: Uint8Array): number {
  const view = viewOf(answer);
  return (view.getUint32(4, true) & 1) === 0 ? 0 : view.getUint32(12, true);
}

const DATA_NONE = 1;
const DATA_EVENTFD = 4;
const ACTION_TRIGGER = 0x20;

/** `struct vfio_irq_set`: interrupts from 0 on are reported to these eventfds. Without any, all of the kind are switched off. */
export function irqSetRequest(index: number, eventFds: readonly number[]): Uint8Array {
  const made = withSize(20 + 4 * eventFds.length);
  const view = viewOf(made);
  view.setUint32(4, (eventFds.length === 0 ? DATA_NONE : DATA_EVENTFD) | ACTION_TRIGGER, true);
  view.setUint32(8, index, true);
  view.setUint32(16, eventFds.length, true);
  eventFds.forEach((fd, i) => view.setInt32(20 + 4 * i, fd, true));
  return made;
}

function withSize(bytes: number): Uint8Array {
  const made = new Uint8Array(bytes);
  viewOf(made).setUint32(0, bytes, true);
  return made;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
