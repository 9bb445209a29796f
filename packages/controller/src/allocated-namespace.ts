import type { BackgroundTask } from './background-tasks.js';
import { BlockMarks } from './block-marks.js';
import type { Internals } from './internals.js';
import type { Medium } from './media/medium.js';
import { Namespace } from './namespace.js';
import { isSameLbaFormat, type LbaFormat, mediumBytesOf, type NamespaceFormat } from './namespace-format.js';
import type { NamespaceIdentity } from './namespace-options.js';
import { Reservation } from './reservations/reservation.js';
import {
  SPECIAL_BUSY,
  SPECIAL_COUNTED,
  SPECIAL_MARKED,
  SPECIAL_METADATA,
  SPECIAL_PROTECTED,
  SPECIAL_TIMED,
} from './namespace-special.js';
import { judgeStreams, NamespaceStreams } from './streams.js';

/** What an allocated namespace begins as. */
export interface Allocation {
  readonly nsid: number;
  readonly medium: Medium;
  /** the LBA formats that it can be formatted with, in the order of their numbers; `format` is one of them */
  readonly lbaFormats: readonly LbaFormat[];
  readonly format: NamespaceFormat;
  /** NSZE */
  readonly blocks: number;
  /** NCAP, at most `blocks` */
  readonly capacityBlocks: number;
  readonly anaGroupId: number;
  readonly shared: boolean;
  readonly identity: NamespaceIdentity;
  /** whether its blocks are counted: needed for a capacity below the size, and for errors of unwritten blocks */
  readonly isCounted: boolean;
}

/**
 * A namespace of a subsystem, whether a controller shows it or not: what all controllers that show it have in common. To whoever is not the
 * subsystem it is to be looked at: hosts change it, by commands.
 */
export class AllocatedNamespace {
  /** namespace identifier */
  readonly nsid: number;
  /** keeps the data, and behind it the metadata; see `metadataOffset` */
  readonly medium: Medium;
  /** the LBA formats of the namespace, by number */
  readonly lbaFormats: readonly LbaFormat[];
  /** ANA group, 0 when the subsystem has none */
  anaGroupId: number;
  /** whether several controllers may show it at a time, NMIC bit 0 */
  readonly shared: boolean;
  /** UUID, NGUID, EUI-64 */
  readonly identity: NamespaceIdentity;
  /** how the blocks look now */
  format: NamespaceFormat;
  /** logical blocks: the size, NSZE */
  blocks: number;
  /** logical blocks that can be allocated at a time: the capacity, NCAP */
  capacityBlocks: number;
  /** bytes of NVM that are allocated to it, NVMCAP: what its capacity took when it was created, data and metadata */
  readonly provisionedBytes: number;
  /** the status of I/O commands while a format or sanitize operation runs, 0 otherwise @internal */
  busyStatus = 0;
  /** whether reads are allowed all the same, to verify that a sanitize operation has left nothing @internal */
  isReadableWhileBusy = false;
  /** the format that runs, undefined when none does @internal */
  formatTask: BackgroundTask | undefined = undefined;
  /** whether it is write protected */
  isProtected = false;
  /** the LBA Range Type feature: ranges of 64 bytes, undefined for the default @internal */
  rangeTypes: Uint8Array | undefined = undefined;
  /** who uses streams in it @internal */
  readonly streams: NamespaceStreams = new NamespaceStreams();
  /** the namespace as each controller that it is attached to sees it @internal */
  readonly views: Namespace[] = [];
  /** who has registered, and who holds a reservation @internal */
  readonly reservation: Reservation = new Reservation();
  /** which blocks cannot be read, and which are allocated @internal */
  readonly marks: BlockMarks = new BlockMarks();
  /** `SPECIAL_*` bits that all views have */
  private special = 0;

  /** Use `Subsystem.allocate`. @internal */
  constructor(allocation: Allocation) {
    this.nsid = allocation.nsid;
    this.medium = allocation.medium;
    this.lbaFormats = allocation.lbaFormats;
    this.anaGroupId = allocation.anaGroupId;
    this.shared = allocation.shared;
    this.identity = allocation.identity;
    this.format = allocation.format;
    this.blocks = allocation.blocks;
    this.capacityBlocks = allocation.capacityBlocks;
    this.provisionedBytes = mediumBytesOf(allocation.capacityBlocks, allocation.format);
    this.setSpecial(SPECIAL_METADATA, this.format.metadataBytes > 0);
    this.setSpecial(SPECIAL_COUNTED, allocation.isCounted);
    this.setSpecial(SPECIAL_TIMED, this.medium.dueNs !== undefined);
  }

  /** Whether its blocks are counted, so that NUSE is exact and reads of unwritten blocks can be errors (NSFEAT.DAE). */
  get isCounted(): boolean {
    return (this.special & SPECIAL_COUNTED) !== 0;
  }

  /** Logical blocks that are allocated, NUSE: all of them where they are not counted. */
  get usedBlocks(): number {
    return this.isCounted ? this.marks.allocated.count : this.blocks;
  }

  /** Number of the current LBA format. */
  get formatIndex(): number {
    return this.lbaFormats.findIndex((each) => isSameLbaFormat(each, this.format));
  }

  /** Makes the view of one more controller. @internal */
  attach(member: Internals): Namespace {
    const view = new Namespace(this, member);
    view.setSpecial(this.special, true);
    this.views.push(view);
    return view;
  }

  /** A controller shows it no more. @internal */
  detach(view: Namespace): void {
    this.views.splice(this.views.indexOf(view), 1);
  }

  /** Sets or clears bits of `Namespace.special` for every controller, now and in the future. @internal */
  setSpecial(bits: number, isOn: boolean): void {
    this.special = isOn ? this.special | bits : this.special & ~bits;
    for (const view of this.views) view.setSpecial(bits, isOn);
  }

  /** Makes everything written so far survive a loss of power: data, and what is known of blocks beside it. Gives 0 or a status. @internal */
  flush(): number {
    return this.medium.flush() || this.saveMarks();
  }

  /** Lets the medium keep what is known of blocks beside their data, if it does and something has changed. @internal */
  saveMarks(): number {
    const { marks, medium } = this;
    if (!marks.isDirty || medium.saveMarks === undefined) return 0;
    const status = medium.saveMarks(marks.encode(this));
    if (status === 0) marks.setSaved();
    return status;
  }

  /** Takes over what the medium has kept. @throws Error when that cannot be read or is of other blocks @internal */
  loadMarks(): void {
    const image = this.medium.loadMarks?.();
    if (image === undefined) return;
    try {
      this.marks.restore(image, this);
    } catch (cause) {
      throw new RangeError(`namespace ${this.nsid}: ${(cause as Error).message}`, { cause });
    }
    this.setSpecial(SPECIAL_MARKED, this.marks.uncorrectable.count > 0);
  }

  /** I/O commands get `status` from now on; 0 ends that. @internal */
  setBusy(status: number): void {
    this.busyStatus = status;
    this.setSpecial(SPECIAL_BUSY, status !== 0);
  }

  /** Changes whether it is write protected, which ends streams. What is in a cache is on stable media already. @internal */
  protect(isProtected: boolean): void {
    if (isProtected && !this.isProtected) {
      this.streams.hosts.clear();
      for (const view of this.views) judgeStreams(view);
    }
    this.isProtected = isProtected;
    this.setSpecial(SPECIAL_PROTECTED, isProtected);
  }

  /** Nothing is on its blocks any more: none is allocated, none unreadable, no stream is open. @internal */
  forgetBlocks(): void {
    this.marks.clear();
    this.setSpecial(SPECIAL_MARKED, false);
    this.streams.closeAll();
  }

  /** Changes the format and the size. The data is the caller's business. @internal */
  setFormat(format: NamespaceFormat, blocks: number, capacityBlocks: number): void {
    this.format = format;
    this.blocks = blocks;
    this.capacityBlocks = capacityBlocks;
    this.marks.clear();
    this.setSpecial(SPECIAL_MARKED, false);
    this.setSpecial(SPECIAL_METADATA, format.metadataBytes > 0);
    for (const view of this.views) view.refresh();
  }
}
