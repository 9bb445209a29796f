import type { Doorbells, MmioCounters } from '@phasebit/pcie';

/** Where the two pages of a Doorbell Buffer Config command lie. [Base] 5.2.5 */
export interface ShadowPages {
  /** host address of the page of shadow doorbells */
  readonly shadowAddress: number;
  /** host address of the page of EventIdx values */
  readonly eventIdxAddress: number;
  /** CAP.DSTRD */
  readonly dstrd: number;
}

/** The shadow doorbells that one queue pair rings through, with a count of how often the register was not written. */
export class CountedShadows implements Doorbells {
  /** submission tails that only went into the shadow page */
  sqQuiet = 0;
  /** completion heads that only went into the shadow page */
  cqQuiet = 0;
  /** submission tails that went into the shadow page, the register written too or not */
  sqWrites = 0;
  /** completion heads likewise */
  cqWrites = 0;

  /** what is rung; exchanged for another after a reset */
  shadows: Doorbells;
  private readonly counters: MmioCounters;

  constructor(shadows: Doorbells, counters: MmioCounters) {
    this.shadows = shadows;
    this.counters = counters;
  }

  ringSq(qid: number, tail: number): void {
    const before = this.counters.sqDoorbellWrites;
    this.shadows.ringSq(qid, tail);
    this.sqWrites++;
    if (this.counters.sqDoorbellWrites === before) this.sqQuiet++;
  }

  ringCq(qid: number, head: number): void {
    const before = this.counters.cqDoorbellWrites;
    this.shadows.ringCq(qid, head);
    this.cqWrites++;
    if (this.counters.cqDoorbellWrites === before) this.cqQuiet++;
  }
}
