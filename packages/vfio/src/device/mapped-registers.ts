import type { U64 } from '@phasebit/core';
import { DOORBELL_BASE } from '@phasebit/nvme-spec';
import type { MmioCounters, RegisterWindow } from '@phasebit/pcie';

const ALL_ONES = 0xffff_ffff;

/** What reaches a register that is not mapped. */
export interface FarRegisters {
  read32(offset: number): number;
  write32(offset: number, value: number): void;
}

/** Where {@link MappedRegisters} are. */
export interface MappedRegistersOptions {
  /** BAR 0 below the doorbells, as far as it is mapped */
  readonly words: Uint32Array;
  readonly far: FarRegisters;
  readonly counters: MmioCounters;
  /** see `MappedDoorbellsOptions` */
  readonly isWeak: boolean;
}

/**
 * Controller registers in a mapped BAR. Loads are atomic, since two plain ones of a register side by side become one in V8's optimised
 * code; stores are plain. Registers of 64 bits are two accesses each, as [PCIe] 3.1 allows.
 *
 * Once the function is gone or closed, no access is made: registers read as all ones.
 */
export class MappedRegisters implements RegisterWindow {
  /** set once the device may not be touched any more */
  isGone = false;
  private readonly fence = new Int32Array(1);

  constructor(private readonly at: MappedRegistersOptions) {}

  /** @inheritDoc */
  async read32(offset: number): Promise<number> {
    checkOffset(offset, 4);
    this.at.counters.registerReads++;
    return this.load(offset);
  }

  /** @inheritDoc */
  async read64(offset: number): Promise<U64> {
    checkOffset(offset, 8);
    this.at.counters.registerReads++;
    return { low: this.load(offset), high: this.load(offset + 4) };
  }

  /** @inheritDoc */
  write32(offset: number, value: number): void {
    checkOffset(offset, 4);
    this.at.counters.registerWrites++;
    this.store(offset, value);
  }

  /** @inheritDoc */
  write64(offset: number, low: number, high: number): void {
    checkOffset(offset, 8);
    this.at.counters.registerWrites++;
    // What a register does it does by its lower half: CMBMSC takes the address when CMSE is written, and needs all of it then.
    this.store(offset + 4, high);
    this.store(offset, low);
  }

  /** A register at once, for whoever opens the function; not counted. */
  load(offset: number): number {
    if (this.isGone) return ALL_ONES;
    const { words, far } = this.at;
    return offset >>> 2 < words.length ? Atomics.load(words, offset >>> 2) : far.read32(offset);
  }

  /** Writes a register; not counted. */
  store(offset: number, value: number): void {
    if (this.isGone) return;
    const { words, far, isWeak } = this.at;
    if (isWeak) Atomics.exchange(this.fence, 0, value);
    if (offset >>> 2 < words.length) words[offset >>> 2] = value;
    else far.write32(offset, value);
  }
}

function checkOffset(offset: number, bytes: number): void {
  if (!(offset >= 0 && offset % bytes === 0 && offset + bytes <= DOORBELL_BASE)) {
    throw new RangeError(`offset: expected a multiple of ${bytes} below ${DOORBELL_BASE}, got ${offset}`);
  }
}
