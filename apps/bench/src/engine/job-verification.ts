import { type JobSpec, READ, WRITE } from '../job/job-spec.js';
import type { JobGeometry } from '../job/validate-against-device.js';
import type { MetadataSlots } from '../stack/metadata-slots.js';
import { BlockVerifier } from '../verify/block-verifier.js';
import { MetadataPattern } from '../verify/metadata-pattern.js';
import { WRITE_DONE, WRITE_LOST, WrittenMap } from '../verify/written-map.js';
import type { JobBuffers } from './job-buffers.js';

/** Direction of a read of the read-back. */
const READ_BACK = -1;

/**
 * Verification of one job: fills what it writes, checks what it reads of that, and reads everything back at the end.
 *
 * A job that only reads checks what an earlier job left: every block has to be one of ours and to lie where it says.
 */
export class JobVerification {
  /** results of {@link JobVerification.nextRead} */
  lba = 0;
  /** see {@link JobVerification.lba} */
  blocks = 0;
  readonly verifier: BlockVerifier;
  private readonly map: WrittenMap;
  private readonly writes: boolean;
  private readonly geometry: JobGeometry;
  private readonly buffers: JobBuffers;
  private readonly slotUnits: Int32Array;
  private readonly slotStart: Float64Array;
  private readonly slotTicket: Float64Array;
  private readonly slotDirection: Int8Array;
  private readonly unitsMax: number;
  private cursor = 0;
  private wantsReadBack: boolean;

  /** @param metadata - of the blocks; undefined where they have none that could be checked */
  constructor(job: JobSpec, geometry: JobGeometry, buffers: JobBuffers, metadata: MetadataSlots | undefined) {
    const pattern = metadata === undefined ? undefined : new MetadataPattern(metadata);
    this.verifier = new BlockVerifier(job, geometry, geometry.lbaBytes, pattern);
    this.writes = job.directions[WRITE];
    this.map = new WrittenMap(this.writes ? geometry.unitCount : 1);
    this.geometry = geometry;
    this.buffers = buffers;
    this.slotUnits = new Int32Array(job.ioDepth);
    this.slotStart = new Float64Array(job.ioDepth);
    this.slotTicket = new Float64Array(job.ioDepth);
    this.slotDirection = new Int8Array(job.ioDepth);
    const slotBytes = buffers.buffer.bytes.length / job.ioDepth;
    this.unitsMax = Math.floor(slotBytes / geometry.unitBytes);
    this.wantsReadBack = this.writes && job.doVerify;
  }

  /** Whether something was written that is to be read back. */
  get hasReadBack(): boolean {
    return this.wantsReadBack;
  }

  /** Gives the read-back up. */
  skip(): void {
    this.wantsReadBack = false;
  }

  /** A command is about to be issued from `slot`: a write gets its data, a read its ticket. */
  begin(slot: number, direction: number, lba: number, blocks: number): void {
    const { geometry, map } = this;
    const start = (lba - geometry.firstLba) / geometry.unitBlocks;
    const units = blocks / geometry.unitBlocks;
    this.slotStart[slot] = start;
    this.slotUnits[slot] = units;
    this.slotDirection[slot] = direction;
    if (direction === READ) {
      this.slotTicket[slot] = map.ticket();
      this.verifier.expectRead(slot, units * geometry.unitBytes);
      return;
    }
    const generation = map.beginWrite(start, units);
    this.slotTicket[slot] = generation;
    if (direction === WRITE) {
      const { buffer, offsets } = this.buffers;
      const bytes = units * geometry.unitBytes;
      this.verifier.fill(buffer, offsets[slot], bytes, this.deviceOffset(start), generation, slot);
    }
  }

  /** The command of `slot` has ended. Gives false when what it read is wrong. */
  end(slot: number, succeeded: boolean): boolean {
    const start = this.slotStart[slot];
    const units = this.slotUnits[slot];
    const direction = this.slotDirection[slot];
    if (direction === READ || direction === READ_BACK) return !succeeded || this.check(slot, start, units, direction);
    const outcome = succeeded && direction === WRITE ? WRITE_DONE : WRITE_LOST;
    this.map.endWrite(start, units, this.slotTicket[slot], outcome);
    return true;
  }

  /** Finds the next run of blocks to read back: fills `lba` and `blocks`, or gives false when all has been read. */
  nextRead(slot: number): boolean {
    const { map, geometry } = this;
    if (!map.nextKnownRun(this.cursor, this.unitsMax)) return false;
    this.cursor = map.runStart + map.runUnits;
    this.slotStart[slot] = map.runStart;
    this.slotUnits[slot] = map.runUnits;
    this.slotTicket[slot] = map.ticket();
    this.slotDirection[slot] = READ_BACK;
    this.verifier.expectRead(slot, map.runUnits * geometry.unitBytes);
    this.lba = geometry.firstLba + map.runStart * geometry.unitBlocks;
    this.blocks = map.runUnits * geometry.unitBlocks;
    return true;
  }

  private check(slot: number, start: number, units: number, direction: number): boolean {
    const { buffer, offsets } = this.buffers;
    const bytes = units * this.geometry.unitBytes;
    const at = this.deviceOffset(start);
    const from = offsets[slot];
    if (direction === READ && !this.writes) return this.verifier.checkForeign(buffer, from, bytes, at, slot) === 0;
    return this.verifier.check(buffer, from, bytes, at, this.map, this.slotTicket[slot], slot) === 0;
  }

  private deviceOffset(unit: number): number {
    return this.geometry.startBytes + unit * this.geometry.unitBytes;
  }
}
