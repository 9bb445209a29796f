import { Histogram } from '@phasebit/core';

/** What one direction of a job has done since the counting began. */
export class DirectionStatistics {
  /** commands that completed well */
  ios = 0;
  /** bytes they moved */
  bytes = 0;
  /** commands that failed */
  errors = 0;
  /** latencies of the commands that completed well, in nanoseconds; empty when no time is taken */
  readonly latency = new Histogram();

  /** Starts again from nothing. */
  reset(): void {
    this.ios = 0;
    this.bytes = 0;
    this.errors = 0;
    this.latency.reset();
  }
}
