import type { JobSpec, PerDirection } from '../job/job-spec.js';

/** How far a paced job may fall behind before it gives the lost I/Os up: it catches up with at most this much at once. */
const CATCH_UP_NS = 100e6;

/**
 * Says when the next command of a direction may go: rates in I/Os or bytes per second, and thinking time between batches of commands.
 */
export class Pacer {
  private readonly intervalNs: PerDirection<number>;
  private readonly byteNs: PerDirection<number>;
  private readonly nextNs = new Float64Array(3);
  private readonly thinkNs: number;
  private readonly thinkBlocks: number;
  private sinceThought = 0;
  private awakeNs = 0;

  constructor(job: JobSpec) {
    this.intervalNs = mapDirections(job.rateIops, (perSecond) => (perSecond > 0 ? 1e9 / perSecond : 0));
    this.byteNs = mapDirections(job.rateBytes, (perSecond) => (perSecond > 0 ? 1e9 / perSecond : 0));
    this.thinkNs = job.thinkTimeUs * 1e3;
    this.thinkBlocks = job.thinkTimeBlocks;
  }

  /** Whether a job is paced at all. */
  static isNeeded(job: JobSpec): boolean {
    return [...job.rateIops, ...job.rateBytes, job.thinkTimeUs].some((value) => value > 0);
  }

  /** Whether a command of this direction may go now. `time` holds the time, in nanoseconds. */
  mayIssue(direction: number, time: Float64Array): boolean {
    const nowNs = time[0];
    return nowNs >= this.awakeNs && nowNs >= this.nextNs[direction];
  }

  /** A command went: its successor has to wait its turn. */
  issued(direction: number, bytes: number, time: Float64Array): void {
    const nowNs = time[0];
    const stepNs = Math.max(this.intervalNs[direction], this.byteNs[direction] * bytes);
    // The first command has nothing to catch up with.
    const earliestNs = this.nextNs[direction] === 0 ? nowNs : nowNs - CATCH_UP_NS;
    if (stepNs > 0) this.nextNs[direction] = Math.max(this.nextNs[direction], earliestNs) + stepNs;
    if (this.thinkNs > 0 && ++this.sinceThought >= this.thinkBlocks) {
      this.sinceThought = 0;
      this.awakeNs = nowNs + this.thinkNs;
    }
  }
}

function mapDirections(values: PerDirection<number>, map: (value: number) => number): PerDirection<number> {
  return [map(values[0]), map(values[1]), map(values[2])];
}
