import { createLogUpdate } from 'log-update';
import type { EtaMode, LineStream } from '../report/live-line.js';

/** Says on standard error how far a series of measurements is: a line that renews itself on a terminal, and lines that stay. */
export class ProgressLines {
  private readonly isLive: boolean;
  private readonly renew: ReturnType<typeof createLogUpdate>;

  constructor(
    private readonly stream: LineStream,
    private readonly mode: EtaMode,
  ) {
    this.isLive = mode === 'always' || (mode === 'auto' && stream.isTTY === true);
    this.renew = createLogUpdate(stream as NodeJS.WritableStream);
  }

  /** What is being measured now: shown on a terminal only. */
  now(text: string): void {
    if (this.isLive) this.renew(text);
  }

  /** A line that stays. */
  say(text: string): void {
    this.clear();
    if (this.mode !== 'never') this.stream.write(`${text}\n`);
  }

  /** Takes the renewing line away. */
  clear(): void {
    if (this.isLive) this.renew.clear();
  }
}
