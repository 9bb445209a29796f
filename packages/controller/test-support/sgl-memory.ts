import { createDmaArena, DeviceDma, PAGE_BYTES } from '@phasebit/pcie';

/** A descriptor as a test writes it. */
export interface Descriptor {
  /** type in bits 7:4, subtype in bits 3:0 */
  readonly identifier: number;
  readonly address?: number;
  readonly length: number;
}

/** Host memory whose pages lie anywhere, written and read one byte at a time by bus address. */
export class SglMemory {
  readonly base: number;
  readonly dma: DeviceDma;
  private readonly bytes: Uint8Array;
  private readonly indexOfPage = new Map<number, number>();

  constructor(pages = 16, base: number = 2 ** 40, scatterSeed = 7) {
    const arena = createDmaArena({ bytes: pages * PAGE_BYTES, iovaBase: base, scatterSeed });
    this.base = base;
    this.bytes = new Uint8Array(arena.buffer);
    this.dma = new DeviceDma([arena]);
    arena.iovaPages.forEach((page, i) => this.indexOfPage.set(page, i));
  }

  /** Where a bus address is in the buffer, or -1 when nothing is mapped there. */
  placeOf(address: number): number {
    const index = this.indexOfPage.get(Math.floor(address / PAGE_BYTES));
    return index === undefined ? -1 : index * PAGE_BYTES + (address % PAGE_BYTES);
  }

  /** Writes bytes at a bus address. */
  poke(address: number, bytes: ArrayLike<number>): void {
    for (let i = 0; i < bytes.length; i++) {
      const place = this.placeOf(address + i);
      if (place >= 0) this.bytes[place] = bytes[i]!;
    }
  }

  /** Reads bytes at a bus address. */
  peek(address: number, length: number): Uint8Array {
    return Uint8Array.from({ length }, (_, i) => this.bytes[this.placeOf(address + i)]);
  }

  /** Writes descriptors behind each other. */
  write(address: number, descriptors: readonly Descriptor[]): void {
    descriptors.forEach((each, i) => {
      const words = encodeDescriptor(each);
      const bytes = Array.from({ length: 16 }, (_, byte) => (words[byte >>> 2] >>> ((byte & 3) * 8)) & 0xff);
      this.poke(address + i * 16, bytes);
    });
  }

  /** Reads 16 bytes as four words. */
  words(address: number): number[] | undefined {
    const places = Array.from({ length: 16 }, (_, i) => this.placeOf(address + i));
    if (places.some((each) => each < 0)) return undefined;
    return [0, 4, 8, 12].map(
      (at) => places.slice(at, at + 4).reduceRight((word, place) => word * 256 + this.bytes[place], 0) >>> 0,
    );
  }

  /** Fills memory with bytes that differ from place to place. */
  fill(seed: number): void {
    this.bytes.forEach((_, i) => (this.bytes[i] = (i * 31 + (i >>> 8) * 17 + seed) & 0xff));
  }
}

/** The four words of a descriptor. */
export function encodeDescriptor({ identifier, address = 0, length }: Descriptor): number[] {
  return [address % 2 ** 32, Math.floor(address / 2 ** 32), length, (identifier << 24) >>> 0];
}
