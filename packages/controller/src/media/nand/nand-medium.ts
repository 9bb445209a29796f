import type { Clock } from '@phasebit/core';
import { checkRange } from '../../checks.js';
import type { Transfer } from '../../transfer.js';
import { type Medium, MEDIUM_DEALLOCATE, MEDIUM_READ, MEDIUM_WRITE } from '../medium.js';
import { DieMap } from './die-map.js';
import { checkNumber, checkProfile, type NandProfile } from './nand-profile.js';
import { NandScheduler, pagesPerDie } from './nand-scheduler.js';
import type { NandStatistics } from './nand-statistics.js';

/** Most physical pages that a mapping table is kept for; it takes 8 bytes a page. */
const MAPPED_PAGES_MAX = 2 ** 26;
const CACHE_BYTES_DEFAULT = 4 * 2 ** 20;
const CACHE_BYTES_MAX = 2 ** 32;
const OVER_PROVISIONING_DEFAULT = 0.07;
const OVER_PROVISIONING_MAX = 10;

/** What a {@link NandMedium} is made of; the profile is `NAND_TLC`, `NAND_SLC` or one of your own. */
export interface NandMediumOptions extends NandProfile {
  /** keeps the data */
  readonly medium: Medium;
  /** the clock that the controllers have */
  readonly clock: Clock;
  /** bytes of the write cache, rounded down to whole pages; 0 for none. Default 4 MiB */
  readonly cacheBytes?: number;
  /**
   * whether pages are written out of place, so that blocks have to be collected; default false: every page has its place and can be
   * programmed again and again, as if erasing took no time
   */
  readonly garbageCollection?: boolean;
  /** flash beyond what the medium shows, as a part of it, 0 to 10; default 0.07. Only with garbage collection */
  readonly overProvisioning?: number;
}

/**
 * A medium that takes the time that a drive of NAND flash takes, around one that keeps the data. It is a model of the times only:
 * everything is done at once, and completes when the flash would have done it. Channels, dies with a queue each, planes, transfers, a
 * write cache, and garbage collection with its relocations and erases take part. It looks at the clock and never waits, so it is the same
 * under a virtual clock and a real one; there is no chance in it.
 *
 * - A write completes when it is in the cache. When that is full, it waits until the first pages of it are programmed.
 * - A page that was written in part stays in the cache until the rest of it comes, a flush, or a lack of room; then the rest is read first.
 * - A flush waits for all programs, Force Unit Access for those of its range. Reads of cached pages take no flash.
 */
export class NandMedium implements Medium {
  /** @inheritDoc */
  readonly bytes: number;
  private readonly medium: Medium;
  private readonly scheduler: NandScheduler;

  /** @throws RangeError naming the option that is out of range */
  constructor(options: NandMediumOptions) {
    const { medium, clock, geometry, times } = options;
    const { cacheBytes = CACHE_BYTES_DEFAULT, garbageCollection = false } = options;
    const { overProvisioning = OVER_PROVISIONING_DEFAULT } = options;
    checkProfile(options);
    checkRange('cacheBytes', cacheBytes, 0, CACHE_BYTES_MAX);
    checkNumber('overProvisioning', overProvisioning, 0, OVER_PROVISIONING_MAX);
    this.medium = medium;
    this.bytes = medium.bytes;
    const blocks = DieMap.blocksFor(geometry, pagesPerDie(options, medium.bytes), overProvisioning);
    const pagesPerBlock = geometry.pagesPerBlock * geometry.planesPerDie;
    const pages = blocks * pagesPerBlock * geometry.channels * geometry.diesPerChannel;
    if (garbageCollection && pages > MAPPED_PAGES_MAX) {
      throw new RangeError(`garbageCollection: expected at most ${MAPPED_PAGES_MAX} physical pages, got ${pages}`);
    }
    const { bytes } = this;
    this.scheduler = new NandScheduler({
      bytes,
      clock,
      geometry,
      times,
      cacheBytes,
      garbageCollection,
      overProvisioning,
    });
  }

  /** What the flash has done so far. */
  get statistics(): NandStatistics {
    return this.scheduler.statistics;
  }

  /** @inheritDoc */
  get isReadOnly(): boolean {
    return this.medium.isReadOnly === true;
  }

  /** @inheritDoc */
  get atomicBytes(): number {
    return this.medium.atomicBytes ?? 0;
  }

  /** @inheritDoc */
  read(transfer: Transfer): number {
    return this.medium.read(transfer);
  }

  /** @inheritDoc */
  write(transfer: Transfer): number {
    return this.medium.write(transfer);
  }

  /** @inheritDoc */
  zero(transfer: Transfer): number {
    return this.medium.zero(transfer);
  }

  /** @inheritDoc */
  deallocate(transfer: Transfer): number {
    this.scheduler.release(transfer.byteOffset, transfer.bytes);
    return this.medium.deallocate(transfer);
  }

  /** @inheritDoc */
  flush(): number {
    return this.medium.flush();
  }

  /** @inheritDoc */
  persist(byteOffset: number, bytes: number): number {
    return this.medium.persist === undefined ? this.medium.flush() : this.medium.persist(byteOffset, bytes);
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
  }

  /** @inheritDoc */
  joinWrite(): void {
    this.medium.joinWrite?.();
  }

  /** @inheritDoc */
  losePower(seed: number, blockBytes: number): void {
    this.scheduler.losePower();
    this.medium.losePower?.(seed, blockBytes);
  }

  /** @inheritDoc */
  dueNs(what: number, byteOffset: number, bytes: number): number {
    const dueNs = this.flashDueNs(what, byteOffset, bytes);
    return this.medium.dueNs === undefined ? dueNs : Math.max(dueNs, this.medium.dueNs(what, byteOffset, bytes));
  }

  /** Short, as the methods of the timing are, so that V8 inlines them and boxes no number. */
  private flashDueNs(what: number, byteOffset: number, bytes: number): number {
    const { scheduler } = this;
    const { timing } = scheduler;
    timing.byteOffset = byteOffset;
    timing.bytes = bytes;
    if (what === MEDIUM_READ) scheduler.read();
    else if (what === MEDIUM_WRITE) scheduler.write();
    else if (what === MEDIUM_DEALLOCATE) scheduler.command();
    else scheduler.flush();
    return timing.dueNs;
  }
}
