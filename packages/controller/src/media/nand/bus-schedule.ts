/**
 * When a channel is busy, from now on. A transfer takes the first gap that is long enough, so one that has to wait for a die does not
 * keep others from the channel until then.
 */
export class BusSchedule {
  private begins: number[] = [];
  private ends: number[] = [];

  /**
   * Takes the channel for a transfer.
   *
   * @param earliestNs - it begins no earlier
   * @param durationNs - how long it takes
   * @returns when it begins
   */
  reserve(earliestNs: number, durationNs: number): number {
    const { begins, ends } = this;
    let at = earliestNs;
    let i = 0;
    while (i < ends.length && ends[i] <= at) i++;
    while (i < begins.length && begins[i] < at + durationNs) at = Math.max(at, ends[i++]);
    begins.splice(i, 0, at);
    ends.splice(i, 0, at + durationNs);
    return at;
  }

  /** Forgets transfers that are over: nothing is reserved before `nowNs` any more. */
  forget(nowNs: number): void {
    let over = 0;
    while (over < this.ends.length && this.ends[over] <= nowNs) over++;
    if (over === 0) return;
    this.begins.splice(0, over);
    this.ends.splice(0, over);
  }

  /** Forgets all transfers. */
  clear(): void {
    this.begins = [];
    this.ends = [];
  }
}
