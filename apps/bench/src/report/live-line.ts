import { createLogUpdate } from 'log-update';
import { formatCount, formatNs, formatSeconds } from './format.js';

/**
 * When progress is shown: on a terminal a line that renews itself, elsewhere a line now and then; always as if on a
 * terminal; never.
 */
export type EtaMode = 'auto' | 'always' | 'never';

/** Where a run stands. */
export interface Progress {
  /** What runs, for example `qd16` or `fill: verify`. */
  readonly title: string;
  readonly elapsedMs: number;
  /** 0 to 1; absent when the end is not known. */
  readonly fraction?: number;
  /** Over the last interval. */
  readonly iops: number;
  readonly bytesPerSecond: number;
  /** Absent when not taken. */
  readonly latencyNs?: number;
}

/** What the line is written to; `process.stderr` is one. */
export interface LineStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Time between two plain lines, so that a log of a long run stays short. */
const PLAIN_EVERY_MS = 5_000;

/**
 * The progress line. It has no timer: whoever owns the loop calls {@link update} as often as it likes, about twice a
 * second. It writes to standard error only, so that results on standard output stay whole.
 */
export class LiveLine {
  private readonly show: 'live' | 'plain' | 'nothing';
  private readonly renew: ReturnType<typeof createLogUpdate>;
  private nextPlainMs = PLAIN_EVERY_MS;

  constructor(
    private readonly stream: LineStream,
    mode: EtaMode,
  ) {
    if (mode === 'never') this.show = 'nothing';
    else this.show = mode === 'always' || stream.isTTY === true ? 'live' : 'plain';
    this.renew = createLogUpdate(stream as NodeJS.WritableStream);
  }

  /** Shows where the run stands. */
  update(progress: Progress): void {
    if (this.show === 'nothing') return;
    if (this.show === 'live') {
      this.renew(progressText(progress));
      return;
    }
    if (progress.elapsedMs < this.nextPlainMs) return;
    this.nextPlainMs = (Math.floor(progress.elapsedMs / PLAIN_EVERY_MS) + 1) * PLAIN_EVERY_MS;
    this.stream.write(`${progressText(progress)}\n`);
  }

  /** A job has ended: takes the line away and counts time anew. */
  clear(): void {
    this.nextPlainMs = PLAIN_EVERY_MS;
    if (this.show === 'live') this.renew.clear();
  }
}

/** The line itself, for example `qd16: 42% 12.3M IOPS 48.1k MiB/s 1.23us eta 3s`. */
export function progressText(progress: Progress): string {
  const { fraction } = progress;
  const seconds = progress.elapsedMs / 1000;
  const words = [`${progress.title}:`];
  words.push(fraction === undefined ? formatSeconds(seconds) : `${Math.floor(Math.min(1, fraction) * 100)}%`);
  words.push(`${formatCount(progress.iops)} IOPS`, `${formatCount(progress.bytesPerSecond / 1024 ** 2)} MiB/s`);
  if (progress.latencyNs !== undefined) words.push(formatNs(progress.latencyNs));
  if (fraction !== undefined && fraction > 0)
    words.push(`eta ${formatSeconds(seconds / Math.min(1, fraction) - seconds)}`);
  return words.join(' ');
}
