import { Prng } from '@phasebit/core';
import { STATUS_WRITE_FAULT } from '@phasebit/nvme-spec';
import { checkRange } from '../checks.js';
import { StagedRange } from '../io/staged-range.js';
import type { Transfer } from '../transfer.js';
import type { Medium } from './medium.js';

const CACHE_BYTES_DEFAULT = 16 * 2 ** 20;
const CACHE_BYTES_MAX = 2 ** 30;
const ATOMIC_BYTES_MAX = 2 ** 28;
/** Media are written in multiples of this. */
const SECTOR_BYTES = 512;

/** What a {@link PowerLossMedium} is made of. */
export interface PowerLossMediumOptions {
  /** keeps the data */
  readonly medium: Medium;
  /** bytes of the volatile cache; what was written before the last so many bytes survives. 512 to 2^30, default 16 MiB */
  readonly cacheBytes?: number;
  /** largest write that survives as a whole or not at all, which Identify reports, a multiple of 512; default, and at least, one logical block */
  readonly atomicBytes?: number;
  /**
   * tears writes into pieces of so many bytes, a multiple of 512, however small they are, as drives do that shear writes. It breaks what
   * Identify promises; default the atomic unit
   */
  readonly tearBytes?: number;
}

/** One command's worth of data, which has one fate: its data, and the metadata that goes with it. */
interface CachedWrite {
  /** bytes of its data */
  bytes: number;
  /** whether it was made to last while others were not */
  isKept: boolean;
}

/** A change of a range of the medium that a loss of power may undo. */
interface Change {
  readonly write: CachedWrite;
  readonly byteOffset: number;
  /** what was there before */
  readonly before: Uint8Array;
  /** where in the data of the write it begins, or for metadata, where in there the data of its first block does */
  readonly dataOffset: number;
  /** bytes of metadata of each block, 0 for data */
  readonly metadataBytes: number;
  /** data bytes of a block of which it is metadata, 0 for data */
  readonly blockBytes: number;
}

/** Which metadata comes next. */
interface Metadata {
  readonly dataOffset: number;
  readonly blockBytes: number;
  readonly metadataBytes: number;
}

/**
 * A medium with a volatile write cache, around one that keeps the data: what was not flushed, nor written with Force Unit Access, may be
 * lost when power is. Each such write is then kept, dropped, or torn into atomic units of which some are kept, as the seed says; the
 * order in which they were written does not matter. Metadata shares the fate of its block.
 *
 * It takes no time. Inside: writes go to the medium at once, and what was there before is remembered.
 */
export class PowerLossMedium implements Medium {
  /** @inheritDoc */
  readonly bytes: number;
  /** @inheritDoc */
  readonly dueNs?: NonNullable<Medium['dueNs']>;
  /** losses of power so far */
  powerLosses = 0;
  private readonly medium: Medium;
  /** @inheritDoc */
  readonly atomicBytes: number;
  private readonly cacheBytes: number;
  private readonly tearBytes: number;
  private readonly staged = new StagedRange();
  private changes: Change[] = [];
  private cachedBytes = 0;
  private metadata: Metadata | undefined = undefined;
  /** the write of the data that came last, undefined when that has gone past the cache */
  private last: CachedWrite | undefined = undefined;
  private isJoined = false;

  /** @throws RangeError naming the option that is out of range */
  constructor(options: PowerLossMediumOptions) {
    const { medium, cacheBytes = CACHE_BYTES_DEFAULT, atomicBytes = 0, tearBytes = 0 } = options;
    checkRange('cacheBytes', cacheBytes, SECTOR_BYTES, CACHE_BYTES_MAX);
    checkSectors('atomicBytes', atomicBytes);
    checkSectors('tearBytes', tearBytes);
    this.medium = medium;
    this.bytes = medium.bytes;
    this.cacheBytes = cacheBytes;
    this.atomicBytes = atomicBytes;
    this.tearBytes = tearBytes;
    // Who takes no time does not have the method at all.
    if (medium.dueNs !== undefined) this.dueNs = (what, byteOffset, size) => medium.dueNs!(what, byteOffset, size);
  }

  /** @inheritDoc */
  get isReadOnly(): boolean {
    return this.medium.isReadOnly === true;
  }

  /** @inheritDoc */
  read(transfer: Transfer): number {
    return this.medium.read(transfer);
  }

  /** @inheritDoc */
  write(transfer: Transfer): number {
    return this.remember(transfer) || this.medium.write(transfer);
  }

  /** @inheritDoc */
  zero(transfer: Transfer): number {
    return this.remember(transfer) || this.medium.zero(transfer);
  }

  /** @inheritDoc */
  deallocate(transfer: Transfer): number {
    return this.remember(transfer) || this.medium.deallocate(transfer);
  }

  /** @inheritDoc */
  flush(): number {
    const status = this.medium.flush();
    if (status === 0) this.forgetAll();
    return status;
  }

  /** @inheritDoc */
  persist(byteOffset: number, bytes: number): number {
    const { medium, changes } = this;
    const status = medium.persist === undefined ? medium.flush() : medium.persist(byteOffset, bytes);
    if (status !== 0) return status;
    for (let i = changes.length - 1; i >= 0; i--) {
      const begin = changes[i].byteOffset;
      const end = begin + changes[i].before.length;
      if (begin >= byteOffset + bytes || end <= byteOffset) continue;
      changes[i].write.isKept = true;
      // What was there before is not there any more.
      if (begin <= byteOffset && end >= byteOffset + bytes) break;
    }
    while (changes.length > 0 && changes[0].write.isKept) this.forgetOldest();
    return 0;
  }

  /** @inheritDoc */
  saveMarks(marks: Uint8Array): number {
    return this.medium.saveMarks?.(marks) ?? 0;
  }

  /** @inheritDoc */
  loadMarks(): Uint8Array | undefined {
    return this.medium.loadMarks?.();
  }

  /** @inheritDoc */
  joinMetadata(dataOffset: number, blockBytes: number, metadataBytes: number): void {
    this.medium.joinMetadata?.(dataOffset, blockBytes, metadataBytes);
    this.metadata = { dataOffset, blockBytes, metadataBytes };
  }

  /** @inheritDoc */
  joinWrite(): void {
    this.medium.joinWrite?.();
    this.isJoined = true;
  }

  /** @inheritDoc */
  losePower(seed: number, blockBytes: number): void {
    const { medium, changes } = this;
    medium.losePower?.(seed, blockBytes);
    this.powerLosses++;
    const fates = this.decideFates(seed, blockBytes);
    const after = new Map<Change, Uint8Array>();
    for (const change of [...changes].reverse()) {
      after.set(change, this.load(change.byteOffset, change.before.length).slice());
      this.store(change.byteOffset, change.before);
    }
    for (const change of changes) this.restore(change, after.get(change)!, fates.get(change.write)!, blockBytes);
    medium.flush();
    this.forgetAll();
  }

  /** Which pieces of each write that may be lost are kept. */
  private decideFates(seed: number, blockBytes: number): Map<CachedWrite, Uint8Array> {
    const prng = new Prng(seed);
    const pieceBytes = this.pieceBytes(blockBytes);
    const fates = new Map<CachedWrite, Uint8Array>();
    for (const { write } of this.changes) {
      if (fates.has(write)) continue;
      const pieces = new Uint8Array(Math.ceil(write.bytes / pieceBytes));
      const fate = prng.below(4);
      // Two in four are torn; of those a write of one piece is kept or dropped like the others.
      if (write.isKept || fate === 0) pieces.fill(1);
      else if (fate > 1) for (let i = 0; i < pieces.length; i++) pieces[i] = prng.below(2);
      fates.set(write, pieces);
    }
    return fates;
  }

  private pieceBytes(blockBytes: number): number {
    if (this.tearBytes !== 0) return this.tearBytes;
    // A unit that is no whole number of blocks would have its edge inside of one.
    return Math.max(1, Math.floor(this.atomicBytes / blockBytes)) * blockBytes;
  }

  /** Makes the kept pieces of a change again. */
  private restore(change: Change, after: Uint8Array, pieces: Uint8Array, blockBytes: number): void {
    const pieceBytes = this.pieceBytes(blockBytes);
    const { metadataBytes } = change;
    let at = 0;
    while (at < after.length) {
      const isData = metadataBytes === 0;
      const dataAt = change.dataOffset + (isData ? at : Math.floor(at / metadataBytes) * change.blockBytes);
      const step = isData ? pieceBytes - (dataAt % pieceBytes) : metadataBytes;
      const part = after.subarray(at, at + step);
      if (pieces[Math.floor(dataAt / pieceBytes)] === 1) this.store(change.byteOffset + at, part);
      at += step;
    }
  }

  /** Remembers what is there before it changes. @returns 0, or the status of the medium that cannot be read */
  private remember(transfer: Transfer): number {
    const { byteOffset, bytes } = transfer;
    const { metadata } = this;
    const isJoined = this.isJoined && metadata === undefined;
    this.metadata = undefined;
    if (isJoined) this.isJoined = false;
    const data = metadata === undefined ? undefined : this.changeAt(metadata.dataOffset);
    // Metadata of data that is past the cache goes past it too, and so does the rest of a write.
    const isPast = (metadata !== undefined && data === undefined) || (isJoined && this.last === undefined);
    if (bytes > this.cacheBytes || isPast) {
      this.forgetAll();
      return 0;
    }
    const status = this.medium.read(this.staged.aim(byteOffset, bytes));
    if (status !== 0) return STATUS_WRITE_FAULT;
    const before = this.staged.bytes.slice(0, bytes);
    if (metadata === undefined || data === undefined) {
      const write = isJoined ? this.last! : { bytes: 0, isKept: false };
      this.changes.push({ write, byteOffset, before, dataOffset: write.bytes, metadataBytes: 0, blockBytes: 0 });
      write.bytes += bytes;
      this.last = write;
    } else {
      const dataOffset = metadata.dataOffset - data.byteOffset + data.dataOffset;
      this.changes.push({ ...metadata, write: data.write, byteOffset, before, dataOffset });
    }
    this.cachedBytes += bytes;
    while (this.cachedBytes > this.cacheBytes) this.forgetOldest();
    return 0;
  }

  /** The last change of data at an offset. */
  private changeAt(byteOffset: number): Change | undefined {
    for (let i = this.changes.length - 1; i >= 0; i--) {
      const change = this.changes[i];
      const isInside = change.byteOffset <= byteOffset && byteOffset < change.byteOffset + change.before.length;
      if (isInside && change.metadataBytes === 0) return change;
    }
    return undefined;
  }

  /** The oldest change has reached the medium for good, and so will the rest of its write. */
  private forgetOldest(): void {
    const change = this.changes.shift()!;
    change.write.isKept = true;
    this.cachedBytes -= change.before.length;
  }

  private forgetAll(): void {
    this.changes = [];
    this.cachedBytes = 0;
    this.last = undefined;
  }

  /** A medium that fails now keeps what it has: there is nobody to tell. */
  private load(byteOffset: number, bytes: number): Uint8Array {
    this.medium.read(this.staged.aim(byteOffset, bytes));
    return this.staged.bytes.subarray(0, bytes);
  }

  private store(byteOffset: number, bytes: Uint8Array): void {
    const transfer = this.staged.aim(byteOffset, bytes.length);
    this.staged.bytes.set(bytes);
    this.medium.write(transfer);
  }
}

function checkSectors(name: string, bytes: number): void {
  checkRange(name, bytes, 0, ATOMIC_BYTES_MAX);
  if (bytes % SECTOR_BYTES !== 0) throw new RangeError(`${name}: expected a multiple of ${SECTOR_BYTES}, got ${bytes}`);
}
