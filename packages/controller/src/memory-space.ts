import { joinU64 } from '@phasebit/core';
import { type DeviceDma, PAGE_MASK } from '@phasebit/pcie';

/** Addresses of the model end here: DMA addresses are numbers, and exact. */
const ADDRESS_END = 2 ** 52;

/** One memory of the controller's own, and the addresses that the host gives it in commands: its controller address range. */
export class MemorySpace {
  /** Bits 31:0 of its base address as the host asks for it, bits 11:0 zero. */
  baseLow = 0;
  /** Bits 63:32. */
  baseHigh = 0;
  /** Whether the host asks for it. */
  isWanted = false;
  /** Whether it has the addresses that the host asks for. */
  isMapped = false;

  constructor(
    private readonly dma: DeviceDma,
    /** undefined when the controller does not have it */
    readonly memory: ArrayBufferLike | undefined,
  ) {}

  /** After power-on nobody asks for it. */
  powerOn(): void {
    this.baseLow = this.baseHigh = 0;
    this.isWanted = false;
    this.place(this);
  }

  /** Takes bits 31:12 of the base address. */
  setLow(value: number): void {
    this.baseLow = value & ~PAGE_MASK;
  }

  /** Maps it as the host asks, or not: with addresses that are too high, or those of `other`, it stays unmapped. */
  place(other: MemorySpace): void {
    if (this.memory === undefined) return;
    this.isMapped = false;
    this.dma.removeOverlay(this.memory);
    if (!this.isWanted || !this.isFree(other)) return;
    this.dma.overlay(this.memory, this.base);
    this.isMapped = true;
  }

  private get base(): number {
    return joinU64(this.baseLow, this.baseHigh);
  }

  private get end(): number {
    return this.base + this.memory!.byteLength;
  }

  private isFree(other: MemorySpace): boolean {
    if (this.base < 0 || this.end > ADDRESS_END) return false;
    return !other.isMapped || this.end <= other.base || this.base >= other.end;
  }
}
