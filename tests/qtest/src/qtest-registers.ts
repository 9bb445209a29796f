import type { U64 } from '@phasebit/core';
import type { MmioCounters, RegisterWindow } from '@phasebit/pcie';
import type { MachineBus } from './machine-bus.js';

/** Bytes of BAR 0 below the doorbells. [PCIe] 3.1 */
export const REGISTER_BYTES = 0x1000;

/** The registers of a function: a read is a question to QEMU and its answer, about 50 us; a write is posted. */
export class QtestRegisters implements RegisterWindow {
  constructor(
    private readonly bus: MachineBus,
    private readonly base: number,
    private readonly counters: MmioCounters,
  ) {}

  async read32(offset: number): Promise<number> {
    checkOffset(offset, 4);
    this.counters.registerReads++;
    return this.bus.read32(this.base + offset);
  }

  async read64(offset: number): Promise<U64> {
    checkOffset(offset, 8);
    this.counters.registerReads++;
    return this.bus.read64(this.base + offset);
  }

  write32(offset: number, value: number): void {
    checkOffset(offset, 4);
    this.counters.registerWrites++;
    this.bus.write32(this.base + offset, value);
  }

  write64(offset: number, low: number, high: number): void {
    checkOffset(offset, 8);
    this.counters.registerWrites++;
    this.bus.write64(this.base + offset, low, high);
  }
}

function checkOffset(offset: number, bytes: number): void {
  if (!(offset >= 0 && offset % bytes === 0 && offset + bytes <= REGISTER_BYTES)) {
    throw new RangeError(`offset: expected a multiple of ${bytes} below ${REGISTER_BYTES}, got ${offset}`);
  }
}
