import { CHAIN_MAX } from '../limits.js';

/** Bytes of the configuration space of a PCI Express function. */
export const CONFIG_BYTES = 4096;

const COMMAND = 0x04;
const STATUS = 0x06;
const CAPABILITIES_POINTER = 0x34;
/** Command register: the function answers to memory accesses, and may make its own. */
const COMMAND_MEMORY = 1 << 1;
const COMMAND_BUS_MASTER = 1 << 2;
/** Status register: there are capabilities. */
const STATUS_CAPABILITIES = 1 << 4;
const CAPABILITY_MSIX = 0x11;
/** What reads as this is not there. */
const NOBODY = 0xffff;

/** Configuration space, however it is reached. Values are little-endian. */
export interface ConfigAccess {
  /** Fills `into` with what begins at `offset`. */
  read(offset: number, into: Uint8Array): void;
  write(offset: number, from: Uint8Array): void;
}

/** Where an MSI-X table is. */
export interface MsixCapability {
  /** vectors in the table, 1 to 2048 */
  readonly vectors: number;
  /** the BAR that the table is in, 0 to 5 */
  readonly bar: number;
  /** its offset there */
  readonly offset: number;
}

/** Configuration space of a function: what of it a driver needs. Nothing that is read there is trusted as a place to read next. */
export class ConfigSpace {
  constructor(private readonly access: ConfigAccess) {}

  /** Whether somebody answers at all. */
  isPresent(): boolean {
    return this.read16(0) !== NOBODY;
  }

  /** The command register. */
  get command(): number {
    return this.read16(COMMAND);
  }

  set command(value: number) {
    this.access.write(COMMAND, new Uint8Array([value & 0xff, value >>> 8]));
  }

  /** Lets the function answer to accesses to its BARs, and make its own if `isBusMaster`. */
  enable(isBusMaster: boolean): void {
    const rest = this.command & ~(COMMAND_MEMORY | COMMAND_BUS_MASTER);
    this.command = rest | COMMAND_MEMORY | (isBusMaster ? COMMAND_BUS_MASTER : 0);
  }

  /** Puts the command register back to what it was, but for accesses of the function's own, which nobody expects any more. */
  restore(command: number): void {
    this.command = command & ~COMMAND_BUS_MASTER;
  }

  /** The MSI-X capability, if there is one. A chain of capabilities that leads nowhere or round in a circle has none. */
  findMsix(): MsixCapability | undefined {
    const at = this.findCapability(CAPABILITY_MSIX);
    if (at === undefined) return undefined;
    const table = this.read32(at + 4);
    const bar = table & 7;
    return bar > 5 ? undefined : { vectors: (this.read16(at + 2) & 0x7ff) + 1, bar, offset: (table & ~7) >>> 0 };
  }

  /** Capabilities lie behind the header of 64 bytes, on multiples of 4, in the first 256 bytes. */
  private findCapability(id: number): number | undefined {
    if ((this.read16(STATUS) & STATUS_CAPABILITIES) === 0) return undefined;
    let at = this.read16(CAPABILITIES_POINTER) & 0xfc;
    for (let i = 0; i < CHAIN_MAX && at >= 0x40; i++) {
      const header = this.read16(at);
      if (header === NOBODY) return undefined;
      if ((header & 0xff) === id) return at;
      at = (header >>> 8) & 0xfc;
    }
    return undefined;
  }

  private read16(offset: number): number {
    const bytes = new Uint8Array(2);
    this.access.read(offset, bytes);
    return bytes[0] | (bytes[1] << 8);
  }

  private read32(offset: number): number {
    const bytes = new Uint8Array(4);
    this.access.read(offset, bytes);
    return (bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24)) >>> 0;
  }
}
