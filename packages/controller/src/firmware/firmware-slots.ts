import {
  FWSLOT_AFI,
  FWSLOT_AFI_FIELDS,
  FWSLOT_BYTES,
  FWSLOT_FRS,
  FWSLOT_REVISION_BYTES,
  STATUS_INVALID_FIRMWARE_IMAGE,
  writeAsciiPadded,
} from '@phasebit/nvme-spec';
import { revisionOfImage } from './firmware-image.js';
import { ImageDownload } from './image-download.js';

/** The firmware slots of a subsystem: which revisions there are, which one runs, and which one is next. [Base] 3.11 */
export class FirmwareSlots {
  /** the image that is being downloaded */
  readonly download: ImageDownload = new ImageDownload();
  /** slot that runs, 1 to 7 */
  active = 1;
  /** slot that the next controller level reset activates, 0 for no change */
  next = 0;
  /** the revision that runs; its slot may hold another one by now */
  revision: string;
  private readonly revisions: (string | undefined)[] = [];

  /**
   * @param count - number of slots, 1 to 7; the first one is read only when there are others
   * @param revision - what is in the first slot, and runs
   */
  constructor(
    readonly count: number,
    revision: string,
  ) {
    this.revisions[1] = revision;
    this.revision = revision;
  }

  /** The revision in a slot, undefined when it is empty. */
  revisionIn(slot: number): string | undefined {
    return this.revisions[slot];
  }

  /** Whether an image can be put into a slot. */
  isWritable(slot: number): boolean {
    return slot >= 1 && slot <= this.count && (slot !== 1 || this.count === 1);
  }

  /** The slot for a new image when the host leaves the choice: an empty one, else one that does not run. */
  get freeSlot(): number {
    const writable = Array.from({ length: this.count }, (_, i) => i + 1).filter((slot) => this.isWritable(slot));
    const empty = writable.find((slot) => this.revisions[slot] === undefined);
    return empty ?? writable.find((slot) => slot !== this.active) ?? writable[0];
  }

  /** Puts the downloaded image into a slot. @returns 0, or the status of an image that is none */
  store(slot: number): number {
    const image = this.download.assemble();
    const revision = image === undefined ? undefined : revisionOfImage(image);
    if (revision === undefined) return STATUS_INVALID_FIRMWARE_IMAGE;
    this.revisions[slot] = revision;
    return 0;
  }

  /** A controller level reset: what was downloaded is lost, and what was to be activated runs. @returns whether firmware changed */
  reset(): boolean {
    this.download.clear();
    if (this.next === 0) return false;
    this.activate(this.next);
    return true;
  }

  /** Runs what is in a slot; it is not empty. */
  activate(slot: number): void {
    this.active = slot;
    this.next = 0;
    this.revision = this.revisions[slot]!;
  }

  /** The Firmware Slot Information log. [Base] 5.1.12.1.4 */
  page(): Uint8Array {
    const data = new Uint8Array(FWSLOT_BYTES);
    data[FWSLOT_AFI] = FWSLOT_AFI_FIELDS.NAFS.set(FWSLOT_AFI_FIELDS.AFS.set(0, this.active), this.next);
    for (let slot = 1; slot <= this.count; slot++) {
      const revision = this.revisions[slot];
      const at = FWSLOT_FRS + (slot - 1) * FWSLOT_REVISION_BYTES;
      if (revision !== undefined) writeAsciiPadded(data, at, FWSLOT_REVISION_BYTES, revision);
    }
    return data;
  }
}
