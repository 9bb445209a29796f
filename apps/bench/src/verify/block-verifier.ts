import type { JobSpec } from '../job/job-spec.js';
import type { JobGeometry } from '../job/validate-against-device.js';
import { HEADER_BYTES, HEADER_GENERATION, HEADER_SEED, type BlockBuffer } from './block-header.js';
import {
  ANY,
  CHECK_CRC,
  CHECK_MAGIC,
  CHECK_OK,
  checkBlock,
  checkPattern,
  describeFailure,
  describeMetadataFailure,
  describePatternFailure,
  type BlockFailure,
} from './check-block.js';
import { fillBlock, fillPattern } from './fill-block.js';
import type { MetadataPattern } from './metadata-pattern.js';
import { EXPECT_EITHER, EXPECT_NOTHING, EXPECT_RACED, type WrittenMap } from './written-map.js';

/** Failures that are kept with all their facts; the rest are only counted. */
export const FAILURES_KEPT_MAX = 16;

/**
 * Fills what a job writes and checks what it reads, whatever the lengths of its commands: a header stands at the start
 * of each interval, and no command starts or ends inside one.
 *
 * Allocates a small view per interval (the checksum wants one); the verifying run is not the one whose garbage is
 * measured.
 */
export class BlockVerifier {
  /** Bytes that were found right. */
  verifiedBytes = 0;
  /** Bytes of metadata that were. */
  verifiedMetadataBytes = 0;
  /** Bytes that could not be checked: never written, or written while they were read. */
  skippedBytes = 0;
  /** Intervals that were wrong. */
  errors = 0;
  /** The first {@link FAILURES_KEPT_MAX} of them. */
  readonly failures: BlockFailure[] = [];
  /** Bytes from one header to the next. */
  readonly intervalBytes: number;

  private readonly pattern: Uint8Array | undefined;
  private readonly hasHeader: boolean;
  private readonly seed: number;
  private readonly unitBytes: number;
  private readonly startBytes: number;
  private readonly atomicBytes: number;

  /**
   * @param job - with `verify` other than none
   * @param geometry - its range
   * @param atomicBytes - what the device writes whole even while it is read; by default one LBA
   * @param metadata - of the blocks, which is filled and checked too
   */
  constructor(
    job: JobSpec,
    geometry: JobGeometry,
    atomicBytes: number = geometry.lbaBytes,
    private readonly metadata?: MetadataPattern,
  ) {
    this.hasHeader = job.verify === 'crc32c';
    this.pattern = job.verifyPattern;
    this.seed = job.seed;
    this.unitBytes = geometry.unitBytes;
    this.startBytes = geometry.startBytes;
    this.atomicBytes = atomicBytes;
    this.intervalBytes = verifyIntervalBytes(job, geometry);
  }

  /**
   * Fills a write command's data.
   *
   * @param start - first byte in the buffer, a multiple of 4
   * @param lengthBytes - of the command
   * @param deviceOffset - byte offset on the device
   * @param generation - from `WrittenMap.beginWrite`
   * @param slot - of the command
   */
  fill(
    buffer: BlockBuffer,
    start: number,
    lengthBytes: number,
    deviceOffset: number,
    generation: number,
    slot = 0,
  ): void {
    const { intervalBytes, pattern, seed } = this;
    // A pattern alone does not say which write it is from, and so its metadata does not either.
    const [of, by] = this.hasHeader ? [generation, seed] : [0, 0];
    this.metadata?.fill(slot, lengthBytes, deviceOffset, of, by);
    for (let at = 0; at < lengthBytes; at += intervalBytes) {
      if (this.hasHeader) fillBlock(buffer, start + at, intervalBytes, deviceOffset + at, generation, seed, pattern);
      else fillPattern(buffer.bytes, start + at, intervalBytes, pattern!);
    }
  }

  /** A read is about to be issued from a slot. */
  expectRead(slot: number, lengthBytes: number): void {
    this.metadata?.spoil(slot, lengthBytes);
  }

  /**
   * Checks a read command's data against what the job has written.
   *
   * @param map - of the job that wrote, over the same range and units
   * @param ticket - from `map.ticket()` when the read was issued
   * @param slot - of the command
   * @returns how many intervals are wrong
   */
  check(
    buffer: BlockBuffer,
    start: number,
    lengthBytes: number,
    deviceOffset: number,
    map: WrittenMap,
    ticket: number,
    slot = 0,
  ): number {
    const before = this.errors;
    const { unitBytes } = this;
    for (let at = 0; at < lengthBytes; at += unitBytes) {
      const expectation = map.expect((deviceOffset + at - this.startBytes) / unitBytes, ticket);
      if (expectation === EXPECT_NOTHING || expectation === EXPECT_RACED) {
        this.skippedBytes += unitBytes;
        continue;
      }
      const torn = expectation === EXPECT_EITHER && this.intervalBytes > this.atomicBytes;
      const { generation, otherGeneration } = map;
      this.checkUnit(buffer, start, at, deviceOffset, slot, generation, otherGeneration, this.seed, torn);
    }
    return this.errors - before;
  }

  /**
   * Checks a read command's data that some earlier job wrote: everything but which write it was.
   *
   * @returns how many intervals are wrong
   */
  checkForeign(buffer: BlockBuffer, start: number, lengthBytes: number, deviceOffset: number, slot = 0): number {
    const before = this.errors;
    for (let at = 0; at < lengthBytes; at += this.unitBytes) {
      this.checkUnit(buffer, start, at, deviceOffset, slot, ANY, ANY, ANY, false);
    }
    return this.errors - before;
  }

  /** Checks the unit that begins `unitAt` bytes into a command. */
  private checkUnit(
    buffer: BlockBuffer,
    start: number,
    unitAt: number,
    deviceOffset: number,
    slot: number,
    generation: number,
    otherGeneration: number,
    seed: number,
    torn: boolean,
  ): void {
    const { intervalBytes } = this;
    for (let at = unitAt; at < unitAt + this.unitBytes; at += intervalBytes) {
      const first = start + at;
      const offset = deviceOffset + at;
      if (!this.hasHeader) {
        if (this.isPatternRight(buffer, first, offset)) this.checkMetadata(at, deviceOffset, slot, 0, 0);
        continue;
      }
      const code = checkBlock(buffer, first, intervalBytes, offset, generation, otherGeneration, seed);
      if (code === CHECK_OK) {
        this.verifiedBytes += intervalBytes;
        const word = first >>> 2;
        const { words } = buffer;
        this.checkMetadata(at, deviceOffset, slot, words[word + HEADER_GENERATION], words[word + HEADER_SEED]);
      } else if (torn && (code === CHECK_CRC || code === CHECK_MAGIC)) {
        this.skippedBytes += intervalBytes;
      } else {
        this.fail(describeFailure(code, buffer, first, intervalBytes, offset, generation, seed, this.pattern));
      }
    }
  }

  /**
   * Checks the metadata of the blocks that begin in an interval whose data is right: it has to be from the write that the data is from.
   *
   * @param at - of the interval in its command, bytes
   * @param deviceOffset - of the command
   */
  private checkMetadata(at: number, deviceOffset: number, slot: number, generation: number, seed: number): void {
    const { metadata, intervalBytes } = this;
    if (metadata === undefined) return;
    const { blockBytes, metadataBytes, checkedBytes } = metadata;
    for (let block = Math.ceil(at / blockBytes); block * blockBytes < at + intervalBytes; block++) {
      const offset = deviceOffset + block * blockBytes;
      const wrong = metadata.check(slot, block, offset, generation, seed);
      if (wrong < 0) this.verifiedMetadataBytes += checkedBytes;
      else this.fail(describeMetadataFailure(offset, metadataBytes, wrong));
    }
  }

  private isPatternRight(buffer: BlockBuffer, start: number, deviceOffset: number): boolean {
    const { intervalBytes } = this;
    const isRight = checkPattern(buffer.bytes, start, intervalBytes, this.pattern!) < 0;
    if (isRight) this.verifiedBytes += intervalBytes;
    else this.fail(describePatternFailure(buffer.bytes, start, intervalBytes, deviceOffset, this.pattern!));
    return isRight;
  }

  private fail(failure: BlockFailure): void {
    this.errors++;
    if (this.failures.length < FAILURES_KEPT_MAX) this.failures.push(failure);
  }
}

/**
 * Bytes from one header to the next: the unit, or what verify_interval says cut down so that it divides the unit. A
 * command can start at any unit, so an interval longer than a unit would be cut by later commands.
 */
export function verifyIntervalBytes(job: JobSpec, geometry: JobGeometry): number {
  let [a, b] = [job.verifyIntervalBytes, geometry.unitBytes];
  while (b !== 0) [a, b] = [b, a % b];
  if (a <= HEADER_BYTES || a % 4 !== 0) {
    throw new RangeError(
      `job "${job.name}": verify_interval: expected a multiple of 4 above ${HEADER_BYTES} bytes, got ${a}`,
    );
  }
  return a;
}
