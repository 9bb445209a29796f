import type { MappableArea, RegionFacts } from '../abi/device-structs.js';
import type { Kernel, Mapping } from '../kernel.js';
import { PAGE_BYTES } from '@phasebit/pcie';

/** A part of a BAR that is mapped into this process. */
export interface MappedArea {
  /** from the BAR's start, whole pages */
  readonly offset: number;
  readonly mapping: Mapping;
}

/** A BAR, mapped as far as it can be. What cannot be mapped, say a page that holds an MSI-X table, is reached through the descriptor. */
export class Bar {
  private readonly mapped: MappedArea[] = [];

  constructor(
    private readonly kernel: Kernel,
    private readonly fd: number,
    readonly facts: RegionFacts,
  ) {}

  /**
   * Maps `[offset, offset + bytes)`, if it lies within one part that can be mapped.
   *
   * @returns the mapping that holds it, or undefined
   */
  map(offset: number, bytes: number): MappedArea | undefined {
    const known = this.mapped.find((each) => holds(each.offset, each.mapping.bytes, offset, bytes));
    if (known !== undefined) return known;
    const area = this.facts.areas.find((each) => holds(each.offset, each.bytes, offset, bytes));
    if (area === undefined) return undefined;
    const made = this.mapPages(area, offset, bytes);
    if (made !== undefined) this.mapped.push(made);
    return made;
  }

  private mapPages(area: MappableArea, offset: number, bytes: number): MappedArea | undefined {
    const start = Math.floor(offset / PAGE_BYTES) * PAGE_BYTES;
    const end = Math.min(Math.ceil((offset + bytes) / PAGE_BYTES) * PAGE_BYTES, this.facts.bytes);
    if (start < area.offset || area.offset % PAGE_BYTES !== 0) return undefined;
    const mapping = this.kernel.map({ fd: this.fd, offset: this.facts.position + start, bytes: end - start });
    return { offset: start, mapping };
  }

  /** Another view of a part that is mapped. */
  viewOf(address: bigint, bytes: number): ArrayBuffer {
    return this.kernel.view(address, bytes);
  }

  /** Reads through the descriptor: one access of 4 bytes. */
  read32(offset: number): number {
    const word = new Uint32Array(1);
    this.kernel.read(this.fd, new Uint8Array(word.buffer), this.facts.position + offset);
    return word[0];
  }

  /** Writes through the descriptor: one access of 4 bytes. */
  write32(offset: number, value: number): void {
    this.kernel.write(this.fd, new Uint8Array(new Uint32Array([value]).buffer), this.facts.position + offset);
  }

  /**
   * Puts memory of this process in the place of all that is mapped: loads and stores of views that are still around then go nowhere,
   * instead of ending the process.
   */
  detach(): void {
    for (const { mapping } of this.mapped) mapping.detach(0, mapping.bytes);
    this.mapped.length = 0;
  }
}

function holds(areaOffset: number, areaBytes: number, offset: number, bytes: number): boolean {
  return offset >= areaOffset && offset + bytes <= areaOffset + areaBytes;
}
