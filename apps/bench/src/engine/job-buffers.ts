import { PAGE_BYTES, type DmaSpace } from '@phasebit/pcie';
import { blockSizeBounds, type JobSpec } from '../job/job-spec.js';
import { fillPattern, fillRandomWords } from '../verify/fill-block.js';
import { type BlockBuffer, blockBufferOver } from '../verify/block-header.js';

/** The memory that a job reads into and writes from: a slot of whole pages for each command in flight. */
export class JobBuffers {
  /** host address of each slot */
  readonly addresses: Int32Array;
  /** offset of each slot in {@link JobBuffers.buffer} */
  readonly offsets: Int32Array;
  /** all slots, as the processor sees them */
  readonly buffer: BlockBuffer;
  private readonly start: number;

  constructor(
    private readonly dma: DmaSpace,
    job: JobSpec,
  ) {
    const slotBytes = slotBytesOf(job);
    const bytes = slotBytes * job.ioDepth;
    this.start = dma.allocate(bytes);
    const view = dma.bytes(this.start, bytes);
    this.buffer = blockBufferOver(view.buffer, view.byteOffset, bytes);
    this.addresses = new Int32Array(job.ioDepth);
    this.offsets = new Int32Array(job.ioDepth);
    for (let slot = 0; slot < job.ioDepth; slot++) {
      this.addresses[slot] = this.start + slot * slotBytes;
      this.offsets[slot] = slot * slotBytes;
    }
    this.fill(job, bytes);
  }

  /** Gives the memory back. */
  free(): void {
    this.dma.free(this.start);
  }

  private fill(job: JobSpec, bytes: number): void {
    const { bufferFill } = job;
    if (bufferFill.kind === 'random') fillRandomWords(this.buffer.words, 0, bytes / 4, job.seed);
    else if (bufferFill.kind === 'zero') this.buffer.bytes.fill(0);
    else fillPattern(this.buffer.bytes, 0, bytes, bufferFill.bytes);
  }
}

/** Bytes of DMA memory that a job's buffers take. */
export function bufferBytesOf(job: JobSpec): number {
  return slotBytesOf(job) * job.ioDepth;
}

/** Bytes of the largest command that a job may issue. */
export function largestCommandBytes(job: JobSpec): number {
  return Math.max(
    ...job.blockSizes.map((sizes, direction) => (job.directions[direction] ? blockSizeBounds(sizes).maxBytes : 0)),
  );
}

function slotBytesOf(job: JobSpec): number {
  return Math.ceil(largestCommandBytes(job) / PAGE_BYTES) * PAGE_BYTES;
}
