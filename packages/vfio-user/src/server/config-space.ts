import { viewOf } from '../protocol/header.js';
import { CLASS_NVME, type PciIdentity } from './pci-identity.js';

/** Bytes of configuration space of a PCI Express function. */
export const CONFIG_BYTES = 4096;

const COMMAND = 0x04;
const STATUS = 0x06;
const REVISION = 0x08;
const CLASS = 0x09;
const BARS = 0x10;
const SUBSYSTEM_VENDOR = 0x2c;
const SUBSYSTEM = 0x2e;
const CAPABILITIES = 0x34;
const INTERRUPT_LINE = 0x3c;
/** Where the capabilities are, each a multiple of 4. */
const PM = 0x40;
const MSIX = 0x50;
const EXPRESS = 0x60;

const STATUS_HAS_CAPABILITIES = 0x10;
/** Memory space, bus mastering, parity error response, SERR, interrupt disable: what a driver may write. */
const COMMAND_WRITABLE = 0x0546;
const COMMAND_BUS_MASTER = 0x4;
/** A base address register of memory with 64 bits, prefetchable or not. */
const BAR_64 = 0x4;
const BAR_PREFETCHABLE = 0x8;

/** Power Management, version 3, D0 and D3hot only; what a driver may write is the state. */
const PM_CAPABILITIES = 0x0003;
const PM_STATE = 0x3;
/** Going back to D0 does not reset the function. */
const PM_NO_SOFT_RESET = 0x8;
const MSIX_ENABLE_AND_MASK = 0xc000;
/** PCI Express capability, version 2, of an endpoint. */
const EXPRESS_CAPABILITIES = 0x0002;
/** Device capabilities: 256-byte payloads, extended tags, role-based error reporting, function level reset. */
const DEVICE_CAPABILITIES = 0x1000_8021;
const DEVICE_CONTROL = EXPRESS + 0x08;
const DEVICE_CONTROL_WRITABLE = 0x7fff;
/** Relaxed ordering, no snoop, read requests of 512 bytes. */
const DEVICE_CONTROL_INITIAL = 0x2810;
/** Device control, upper byte: reset the function. Reads as 0. */
const INITIATE_RESET = 0x80;
/** 8 GT/s, four lanes; no power saving of the link. */
const LINK_CAPABILITIES = 0x0000_0043;
const LINK_STATUS = 0x0043;
/** Completion timeout: disabling it is supported. */
const DEVICE_CAPABILITIES_2 = 0x10;
const DEVICE_CONTROL_2_WRITABLE = 0x1f;

/** What configuration space tells of. */
export interface ConfigOptions {
  readonly identity: PciIdentity;
  /** MSI-X vectors */
  readonly vectors: number;
  /** byte of the MSI-X table in BAR 0 */
  readonly tableOffset: number;
  /** byte of the pending bits in BAR 0 */
  readonly pendingOffset: number;
  /** size of each memory BAR that is there: its first register, 0, 2 or 4, and bytes, a power of two */
  readonly bars: readonly { readonly index: number; readonly bytes: number; readonly isPrefetchable: boolean }[];
}

/**
 * The PCI configuration space of a function: type 0 header, base address registers that show their size, and the capabilities for power
 * management, MSI-X and PCI Express with function level reset. [PCIe transport] 3
 *
 * What a host may write changes nothing here but what is read back; only a function level reset is told of. A client that shows the device
 * to a guest keeps most of these registers itself, base addresses above all.
 */
export class ConfigSpace {
  private readonly bytes = new Uint8Array(CONFIG_BYTES);
  private readonly writable = new Uint8Array(CONFIG_BYTES);
  private readonly initial: Uint8Array;

  /** @param onReset - the host asks for a function level reset */
  constructor(
    options: ConfigOptions,
    private readonly onReset: () => void,
  ) {
    this.describe(options);
    this.initial = this.bytes.slice();
  }

  /** Whether the function may reach memory and send messages. [PCI] Bus Master Enable */
  get isBusMaster(): boolean {
    return (this.bytes[COMMAND] & COMMAND_BUS_MASTER) !== 0;
  }

  /** Copies from `offset` on into `into`. */
  read(offset: number, into: Uint8Array): void {
    into.set(this.bytes.subarray(offset, offset + into.length));
  }

  /** Writes what may be written of the bytes from `offset` on. */
  write(offset: number, from: Uint8Array): void {
    for (let i = 0; i < from.length; i++) {
      const at = offset + i;
      const mask = this.writable[at];
      this.bytes[at] = (this.bytes[at] & ~mask) | (from[i] & mask);
    }
    const at = DEVICE_CONTROL + 1 - offset;
    if (at >= 0 && at < from.length && (from[at] & INITIATE_RESET) !== 0) this.onReset();
  }

  /** As after power-on. */
  reset(): void {
    this.bytes.set(this.initial);
  }

  private describe({ identity, vectors, tableOffset, pendingOffset, bars }: ConfigOptions): void {
    this.set16(0x00, identity.vendorId);
    this.set16(0x02, identity.deviceId);
    this.set16(COMMAND, 0, COMMAND_WRITABLE);
    this.set16(STATUS, STATUS_HAS_CAPABILITIES);
    this.bytes[REVISION] = identity.revisionId;
    this.set16(CLASS, CLASS_NVME & 0xffff);
    this.bytes[CLASS + 2] = CLASS_NVME >>> 16;
    this.set16(SUBSYSTEM_VENDOR, identity.subsystemVendorId);
    this.set16(SUBSYSTEM, identity.subsystemId);
    this.bytes[CAPABILITIES] = PM;
    this.writable[INTERRUPT_LINE] = 0xff;
    for (const { index, bytes, isPrefetchable } of bars) {
      const low = BARS + index * 4;
      // A register shows its size by the bits that stay zero when ones are written.
      this.set32(low, BAR_64 | (isPrefetchable ? BAR_PREFETCHABLE : 0), ~(bytes - 1));
      this.set32(low + 4, 0, 0xffff_ffff);
    }
    this.set16(PM, 0x01 | (MSIX << 8));
    this.set16(PM + 2, PM_CAPABILITIES);
    this.set16(PM + 4, PM_NO_SOFT_RESET, PM_STATE);
    this.set16(MSIX, 0x11 | (EXPRESS << 8));
    this.set16(MSIX + 2, vectors - 1, MSIX_ENABLE_AND_MASK);
    this.set32(MSIX + 4, tableOffset);
    this.set32(MSIX + 8, pendingOffset);
    this.set16(EXPRESS, 0x10);
    this.set16(EXPRESS + 0x02, EXPRESS_CAPABILITIES);
    this.set32(EXPRESS + 0x04, DEVICE_CAPABILITIES);
    this.set16(DEVICE_CONTROL, DEVICE_CONTROL_INITIAL, DEVICE_CONTROL_WRITABLE);
    this.set32(EXPRESS + 0x0c, LINK_CAPABILITIES);
    this.set16(EXPRESS + 0x12, LINK_STATUS);
    this.set32(EXPRESS + 0x24, DEVICE_CAPABILITIES_2);
    this.set16(EXPRESS + 0x28, 0, DEVICE_CONTROL_2_WRITABLE);
  }

  private set16(at: number, value: number, writable = 0): void {
    viewOf(this.bytes).setUint16(at, value, true);
    viewOf(this.writable).setUint16(at, writable, true);
  }

  private set32(at: number, value: number, writable = 0): void {
    viewOf(this.bytes).setUint32(at, value, true);
    viewOf(this.writable).setUint32(at, writable, true);
  }
}
