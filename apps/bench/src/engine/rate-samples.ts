import type { JobRunner } from './job-runner.js';

/** Time between two samples, as in fio. */
const SAMPLE_NS = 500e6;

/** Rates of one job by direction, sampled every 500 ms. */
export class RateSamples {
  /** commands per second, by direction */
  readonly iops: readonly number[][] = [[], [], []];
  /** bytes per second, by direction */
  readonly bytes: readonly number[][] = [[], [], []];
  /** over the last interval, all directions together */
  lastIops = 0;
  lastBytes = 0;
  private readonly seenIos = [0, 0, 0];
  private readonly seenBytes = [0, 0, 0];
  private sampledNs = 0;

  /** Takes a sample if it is time; gives whether it was. */
  take(runner: JobRunner, nowNs: number): boolean {
    if (this.sampledNs === 0) this.sampledNs = runner.countedFromNs;
    const seconds = (nowNs - this.sampledNs) / 1e9;
    if (seconds * 1e9 < SAMPLE_NS) return false;
    this.sampledNs = nowNs;
    this.lastIops = 0;
    this.lastBytes = 0;
    for (let direction = 0; direction < 3; direction++) {
      const { ios, bytes } = runner.statistics[direction];
      // The end of the ramp starts the counting anew.
      const newIos = ios >= this.seenIos[direction] ? ios - this.seenIos[direction] : ios;
      const newBytes = bytes >= this.seenBytes[direction] ? bytes - this.seenBytes[direction] : bytes;
      this.seenIos[direction] = ios;
      this.seenBytes[direction] = bytes;
      this.iops[direction].push(newIos / seconds);
      this.bytes[direction].push(newBytes / seconds);
      this.lastIops += newIos / seconds;
      this.lastBytes += newBytes / seconds;
    }
    return true;
  }
}
