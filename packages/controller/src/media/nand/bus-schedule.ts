import type { Timing } from './timing.js';

/** Transfers ahead that there is room for at first; it grows. */
const TRANSFERS = 64;

/**
 * When a channel is busy, from now on. A transfer takes the first gap that is long enough, so one that has to wait for a die does not
 * keep others from the channel until then.
 */
export class BusSchedule {
  private begins = new Float64Array(TRANSFERS);
  private ends = new Float64Array(TRANSFERS);
  private count = 0;

  constructor(private readonly timing: Timing) {}

  /** Takes the channel for a transfer, no earlier than `earliestNs` and for `durationNs`; `beginNs` becomes when it begins. */
  reserve(): void {
    if (this.count === this.ends.length) this.grow();
    const { begins, ends, count, timing } = this;
    const { durationNs } = timing;
    let at = timing.earliestNs;
    let i = 0;
    while (i < count && ends[i] <= at) i++;
    while (i < count && begins[i] < at + durationNs) at = Math.max(at, ends[i++]);
    begins.copyWithin(i + 1, i, count);
    ends.copyWithin(i + 1, i, count);
    begins[i] = at;
    ends[i] = at + durationNs;
    this.count++;
    timing.beginNs = at;
  }

  /** Forgets transfers that are over: nothing is reserved before `nowNs` any more. */
  forget(): void {
    const { begins, ends, count } = this;
    const { nowNs } = this.timing;
    let over = 0;
    while (over < count && ends[over] <= nowNs) over++;
    if (over === 0) return;
    begins.copyWithin(0, over, count);
    ends.copyWithin(0, over, count);
    this.count -= over;
  }

  /** Forgets all transfers. */
  clear(): void {
    this.count = 0;
  }

  private grow(): void {
    const { begins, ends } = this;
    this.begins = new Float64Array(begins.length * 2);
    this.ends = new Float64Array(ends.length * 2);
    this.begins.set(begins);
    this.ends.set(ends);
  }
}
