import type { MachineBus } from './machine-bus.js';

const CONFIG_ADDRESS = 0xcf8;
const CONFIG_DATA = 0xcfc;
const CONFIG_ENABLE = 0x8000_0000;
const SLOTS = 32;
const SLOT_FUNCTIONS = 8;
const VENDOR_NONE = 0xffff_ffff;

const COMMAND = 0x04;
const COMMAND_MEMORY_AND_MASTER = 0x06;
const CLASS = 0x08;
const HEADER = 0x0c;
const HEADER_MULTIFUNCTION = 0x80_0000;
const BARS = 0x10;
const BAR_64_BIT = 4;
const BAR_FLAGS = 0xf;
const CAPABILITIES = 0x34;
const CAPABILITY_MSIX = 0x11;
const CAPABILITIES_MAX = 48;

/** A window of a function: where it was put, and its size. */
export interface BarPlace {
  readonly address: number;
  readonly bytes: number;
}

/** Where a function keeps its MSI-X table. [PCIe] MSI-X capability */
export interface MsixPlace {
  /** offset of the capability in configuration space */
  readonly offset: number;
  /** vectors */
  readonly count: number;
  /** number of the window that holds the table */
  readonly bar: number;
  /** byte offset of the table in it */
  readonly tableOffset: number;
}

/** The configuration space of one function on bus 0, through configuration mechanism 1 ([PCI] 3.2.2.3.2). */
export class PciConfiguration {
  constructor(
    private readonly bus: MachineBus,
    /** slot and function, `slot << 3 | function` */
    readonly device: number,
  ) {}

  /** All functions of bus 0 with a class code: base class, subclass, interface. */
  static findAll(bus: MachineBus, classCode: number): PciConfiguration[] {
    const found: PciConfiguration[] = [];
    for (let slot = 0; slot < SLOTS; slot++) {
      let functions = 1;
      for (let each = 0; each < functions; each++) {
        const candidate = new PciConfiguration(bus, (slot << 3) | each);
        if (candidate.read(0) === VENDOR_NONE) continue;
        if (each === 0 && (candidate.read(HEADER) & HEADER_MULTIFUNCTION) !== 0) functions = SLOT_FUNCTIONS;
        if (candidate.read(CLASS) >>> 8 === classCode) found.push(candidate);
      }
    }
    return found;
  }

  /** The 32-bit word at a byte offset. */
  read(offset: number): number {
    this.select(offset);
    return this.bus.in32(CONFIG_DATA);
  }

  /** Writes the 32-bit word at a byte offset. */
  write(offset: number, value: number): void {
    this.select(offset);
    this.bus.out32(CONFIG_DATA, value);
  }

  /** Lets the function answer at its windows, and write to memory. */
  enable(): void {
    this.write(COMMAND, this.read(COMMAND) | COMMAND_MEMORY_AND_MASTER);
  }

  /** Finds out the size of a memory window and puts it at the first multiple of that from `from` on. Undefined: there is none. */
  placeBar(bar: number, from: number): BarPlace | undefined {
    const offset = BARS + bar * 4;
    this.write(offset, 0xffff_ffff);
    const low = this.read(offset);
    if (low === 0) return undefined;
    const bytes = (~(low & ~BAR_FLAGS) >>> 0) + 1;
    const address = Math.ceil(from / bytes) * bytes;
    this.write(offset, address);
    if ((low & BAR_64_BIT) !== 0) this.write(offset + 4, 0);
    return { address, bytes };
  }

  /** Where the MSI-X table is; undefined for a function without. */
  findMsix(): MsixPlace | undefined {
    let offset = this.read(CAPABILITIES) & 0xfc;
    for (let i = 0; i < CAPABILITIES_MAX && offset !== 0; i++) {
      const head = this.read(offset);
      if ((head & 0xff) === CAPABILITY_MSIX) {
        const table = this.read(offset + 4);
        return { offset, count: ((head >>> 16) & 0x7ff) + 1, bar: table & 7, tableOffset: table & ~7 };
      }
      offset = (head >>> 8) & 0xfc;
    }
    return undefined;
  }

  /** Lets a function send messages. */
  enableMsix(msix: MsixPlace): void {
    // Message Control is the upper half of the first word: MSI-X Enable is bit 15, Function Mask bit 14.
    this.write(msix.offset, ((this.read(msix.offset) & ~0x4000_0000) | 0x8000_0000) >>> 0);
  }

  private select(offset: number): void {
    this.bus.out32(CONFIG_ADDRESS, (CONFIG_ENABLE | (this.device << 8) | (offset & 0xfc)) >>> 0);
  }
}
