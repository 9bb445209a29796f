import type { MetadataSlots } from '../stack/metadata-slots.js';
import { payloadSeed } from './fill-block.js';

/** Tells the bytes of metadata from those of the data, which are made from the same numbers. */
const METADATA_SALT = 0x6d65_7461;
/** What metadata that is about to be read begins as: what a device leaves out must not pass for what was written there before. */
const STALE = 0xa5;

/**
 * The metadata of blocks while they are verified: bytes that are a function of the block's place on the device and of the write that its data
 * is from, seed and generation, so that metadata of another block or of another write is found out. The bytes that the controller
 * makes itself, protection information that was asked for (PRACT), are left alone.
 */
export class MetadataPattern {
  private readonly right: Uint8Array;

  /** @param slots - the memory of the metadata, and how it looks */
  constructor(private readonly slots: MetadataSlots) {
    this.right = new Uint8Array(slots.metadataBytes);
  }

  /** Bytes of metadata of a block. */
  get metadataBytes(): number {
    return this.slots.metadataBytes;
  }

  /** Bytes of a block's metadata that are checked. */
  get checkedBytes(): number {
    return this.slots.metadataBytes - this.slots.ownedBytes;
  }

  /** Data bytes of a block. */
  get blockBytes(): number {
    return this.slots.blockBytes;
  }

  /** Fills the metadata of a write. @param deviceOffset - of its first block, bytes */
  fill(slot: number, lengthBytes: number, deviceOffset: number, generation: number, seed: number): void {
    const { bytes, blockBytes, metadataBytes } = this.slots;
    let to = this.slots.offset(slot);
    for (let at = 0; at < lengthBytes; at += blockBytes, to += metadataBytes) {
      this.make(deviceOffset + at, generation, seed);
      bytes.set(this.right, to);
    }
  }

  /** Spoils the memory that a read is about to fill. @param lengthBytes - data bytes of the read */
  spoil(slot: number, lengthBytes: number): void {
    const { bytes, blockBytes, metadataBytes } = this.slots;
    const from = this.slots.offset(slot);
    bytes.fill(STALE, from, from + (lengthBytes / blockBytes) * metadataBytes);
  }

  /**
   * Looks at the metadata of one block.
   *
   * @param block - which of the command's, from 0
   * @param deviceOffset - of the block, bytes
   * @returns the first byte that is wrong, or -1
   */
  check(slot: number, block: number, deviceOffset: number, generation: number, seed: number): number {
    const { bytes, metadataBytes, ownedFrom, ownedBytes } = this.slots;
    const from = this.slots.offset(slot) + block * metadataBytes;
    this.make(deviceOffset, generation, seed);
    for (let i = 0; i < metadataBytes; i++) {
      const isOwned = i >= ownedFrom && i < ownedFrom + ownedBytes;
      if (!isOwned && bytes[from + i] !== this.right[i]) return i;
    }
    return -1;
  }

  /** Makes what is right for a block, zeros where it is not ours. */
  private make(deviceOffset: number, generation: number, seed: number): void {
    const { right, slots } = this;
    let x = payloadSeed(seed ^ METADATA_SALT, deviceOffset, generation) || 1;
    for (let i = 0; i < right.length; i++) {
      if ((i & 3) === 0) {
        x ^= x << 13;
        x ^= x >>> 17;
        x ^= x << 5;
      }
      right[i] = x >>> ((i & 3) * 8);
    }
    right.fill(0, slots.ownedFrom, slots.ownedFrom + slots.ownedBytes);
  }
}
