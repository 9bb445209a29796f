import { Prng } from '@phasebit/core';
import { createDmaArena, DeviceDma, PAGE_BYTES } from '@phasebit/pcie';
import type { Medium } from '../media/medium.js';
import { Transfer } from '../transfer.js';

/** Media are read and written in multiples of this. */
const SECTOR_BYTES = 512;

/** Inverts bits of data that a command has moved, on either side of it. Which ones is a matter of the seed. */
export class Corrupter {
  private readonly prng: Prng;
  private readonly sector: Transfer;
  private readonly bytes: Uint8Array;

  /** @param seed - decides which bits */
  constructor(seed: number) {
    const arena = createDmaArena({ bytes: PAGE_BYTES });
    this.prng = new Prng(seed);
    this.sector = new Transfer(new DeviceDma([arena]), SECTOR_BYTES);
    this.bytes = new Uint8Array(arena.buffer);
    this.sector.pages[0] = 0;
    this.sector.offsets[0] = 0;
    this.sector.lengths[0] = SECTOR_BYTES;
    this.sector.count = 1;
    this.sector.bytes = SECTOR_BYTES;
  }

  /** Inverts bits of the host's memory that a Read has just filled. Pieces that are not there have no bits. */
  corruptPieces(transfer: Transfer, bits: number): void {
    let bytes = 0;
    for (let i = 0; i < transfer.count; i++) bytes += presentBytes(transfer, i);
    for (let left = bytes > 0 ? bits : 0; left > 0; left--) {
      let at = this.prng.below(bytes);
      let piece = 0;
      while (at >= presentBytes(transfer, piece)) at -= presentBytes(transfer, piece++);
      const data = transfer.dma.bytesOf(transfer.pages[piece]);
      data[transfer.offsets[piece] + at] ^= this.someBit();
    }
  }

  /** Inverts bits of what a Write has just stored: `bytes` bytes of the medium from `byteOffset` on, both multiples of 512. */
  corruptMedium(medium: Medium, byteOffset: number, bytes: number, bits: number): void {
    for (let left = bits; left > 0; left--) {
      const at = this.prng.below(bytes);
      this.sector.byteOffset = byteOffset + at - (at % SECTOR_BYTES);
      if (medium.read(this.sector) !== 0) return;
      this.bytes[at % SECTOR_BYTES] ^= this.someBit();
      medium.write(this.sector);
    }
  }

  private someBit(): number {
    return 1 << this.prng.below(8);
  }
}

function presentBytes(transfer: Transfer, piece: number): number {
  return transfer.pages[piece] < 0 ? 0 : transfer.lengths[piece];
}
