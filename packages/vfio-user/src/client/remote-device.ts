import { closeDescriptor, type MappedMemory, mapMemory } from '@phasebit/linux';
import { DOORBELL_BASE } from '@phasebit/nvme-spec';
import {
  COMMAND_GET_INFO,
  COMMAND_GET_IRQ_INFO,
  COMMAND_GET_REGION_INFO,
  COMMAND_SET_IRQS,
  DEVICE_FLAG_PCI,
  IRQ_MSIX,
  IRQ_SET_ACTION_TRIGGER,
  IRQ_SET_DATA_EVENTFD,
  REGION_BAR0,
  REGION_CONFIG,
  REGION_FLAG_MMAP,
} from '../protocol/commands.js';
import { viewOf } from '../protocol/header.js';
import {
  decodeRegionInfo,
  encodeDeviceInfo,
  encodeIrqInfo,
  encodeIrqSet,
  encodeRegionInfo,
  REGION_INFO_BYTES,
  type RegionInfo,
} from '../protocol/payloads.js';
import { CLASS_NVME, type PciIdentity } from '../server/pci-identity.js';
import { RemoteConfig } from './remote-config.js';
import type { ServerLink } from './server-link.js';

const BARS = 6;
const CONFIG_HEADER_BYTES = 64;
const CONFIG_COMMAND = 0x04;
/** Memory space and bus mastering, and no interrupt line. */
const COMMAND_ENABLE = 0x406;
const CAPABILITY_MSIX = 0x11;
/** Message Control, behind identifier and pointer of the capability. */
const MSIX_CONTROL = 2;
const MSIX_ENABLE = 0x8000;
const MSIX_FUNCTION_MASK = 0x4000;
/** Most bytes of a region's description that is asked for again. */
const REGION_INFO_BYTES_MAX = 65_536;
const NO_REGION: RegionInfo = { flags: 0, size: 0, offset: 0, areas: [] };

/** Who a function says it is. */
export interface RemoteIdentity extends PciIdentity {
  /** base class, sub-class and programming interface, 24 bits */
  readonly classCode: number;
}

/** What a server says of its device, and what of it can be mapped. */
export class RemoteDevice {
  private constructor(
    private readonly link: ServerLink,
    /** who it is */
    readonly identity: RemoteIdentity,
    /** base address registers 0 to 5 */
    readonly bars: readonly RegionInfo[],
    /** MSI-X vectors */
    readonly vectors: number,
  ) {}

  /** Asks. @throws Error when it is no NVMe controller on PCI, RefusedError, LostServerError */
  static async ask(link: ServerLink): Promise<RemoteDevice> {
    const { payload } = await link.call(COMMAND_GET_INFO, encodeDeviceInfo(0, 0, 0));
    const [, flags, regions, irqs] = numbersOf(payload, 4);
    if ((flags & DEVICE_FLAG_PCI) === 0 || regions <= REGION_CONFIG || irqs <= IRQ_MSIX) {
      throw new Error(
        `expected a PCI device, got one of flags ${flags}, ${regions} regions and ${irqs} interrupt types`,
      );
    }
    const identity = await readIdentity(link);
    if (identity.classCode !== CLASS_NVME) {
      throw new Error(`expected class code 010802h, an NVMe controller, got ${identity.classCode.toString(16)}h`);
    }
    const bars: RegionInfo[] = [];
    for (let index = 0; index < BARS; index++) bars.push((await askRegion(link, index)).info);
    const irq = await link.call(COMMAND_GET_IRQ_INFO, encodeIrqInfo(0, IRQ_MSIX, 0));
    const [, , , vectors] = numbersOf(irq.payload, 4);
    return new RemoteDevice(link, identity, bars, vectors);
  }

  /** Lets the function decode addresses and reach memory. */
  async enable(): Promise<void> {
    await new RemoteConfig(this.link).write16(CONFIG_COMMAND, COMMAND_ENABLE);
  }

  /** Has each vector signal an eventfd, from vector 0 on, and the function send messages: before, it must not. [PCI] MSI-X Enable */
  async signalBy(eventFds: readonly number[]): Promise<void> {
    const each = this.link.capabilities.maxMsgFds;
    for (let start = 0; start < eventFds.length; start += each) {
      const part = eventFds.slice(start, start + each);
      const flags = IRQ_SET_DATA_EVENTFD | IRQ_SET_ACTION_TRIGGER;
      await this.link.call(COMMAND_SET_IRQS, encodeIrqSet({ flags, index: IRQ_MSIX, start, count: part.length }), part);
    }
    const config = new RemoteConfig(this.link);
    const msix = await config.findCapability(CAPABILITY_MSIX);
    if (msix === undefined) return;
    const control = await config.read16(msix + MSIX_CONTROL);
    await config.write16(msix + MSIX_CONTROL, (control | MSIX_ENABLE) & ~MSIX_FUNCTION_MASK);
  }

  /** Maps the doorbells, as many as there are, or gives undefined when the server does not let them be. */
  async mapDoorbells(): Promise<MappedMemory | undefined> {
    const { flags, areas, size } = this.bars[REGION_BAR0];
    if ((flags & REGION_FLAG_MMAP) === 0) return undefined;
    const whole = areas.length === 0 ? [{ offset: 0, size }] : areas;
    const area = whole.find((each) => each.offset <= DOORBELL_BASE && each.offset + each.size > DOORBELL_BASE);
    if (area === undefined) return undefined;
    return this.map(REGION_BAR0, DOORBELL_BASE, area.offset + area.size - DOORBELL_BASE);
  }

  /** Maps all of a base address register, or gives undefined when the server does not let it be. */
  async mapBar(index: number): Promise<MappedMemory | undefined> {
    const { flags, areas, size } = this.bars[index];
    if (size <= 0 || (flags & REGION_FLAG_MMAP) === 0 || areas.length > 0) return undefined;
    return this.map(index, 0, size);
  }

  private async map(index: number, offset: number, bytes: number): Promise<MappedMemory | undefined> {
    const { info, fd } = await askRegion(this.link, index, true);
    if (fd === undefined) return undefined;
    try {
      return mapMemory({ fd, offset: info.offset + offset, bytes });
    } finally {
      closeDescriptor(fd);
    }
  }
}

async function readIdentity(link: ServerLink): Promise<RemoteIdentity> {
  const view = viewOf(await new RemoteConfig(link).read(0, CONFIG_HEADER_BYTES));
  return {
    vendorId: view.getUint16(0x00, true),
    deviceId: view.getUint16(0x02, true),
    revisionId: view.getUint8(0x08),
    classCode: view.getUint32(0x08, true) >>> 8,
    subsystemVendorId: view.getUint16(0x2c, true),
    subsystemId: view.getUint16(0x2e, true),
  };
}

/** A region's description, asked for again if it did not fit; and its file if that is wanted. */
async function askRegion(
  link: ServerLink,
  index: number,
  wantsFd = false,
): Promise<{ readonly info: RegionInfo; readonly fd: number | undefined }> {
  for (let room = REGION_INFO_BYTES; ;) {
    const request = encodeRegionInfo(index, NO_REGION, room);
    viewOf(request).setUint32(0, room, true);
    const { payload, descriptors } = await link.call(COMMAND_GET_REGION_INFO, request);
    const isKept = wantsFd && descriptors.length > 0;
    for (const fd of descriptors.slice(isKept ? 1 : 0)) closeDescriptor(fd);
    if (payload.length < REGION_INFO_BYTES)
      throw new Error(`region ${index}: expected its description, got ${payload.length} bytes`);
    const { argsz, ...info } = decodeRegionInfo(payload);
    if (argsz <= room || argsz > REGION_INFO_BYTES_MAX) return { info, fd: isKept ? descriptors[0] : undefined };
    if (isKept) closeDescriptor(descriptors[0]);
    room = argsz;
  }
}

function numbersOf(payload: Uint8Array, count: number): number[] {
  if (payload.length < count * 4) throw new Error(`expected a reply of ${count * 4} bytes, got ${payload.length}`);
  const view = viewOf(payload);
  return Array.from({ length: count }, (_, i) => view.getUint32(i * 4, true));
}
