import type { Clock } from '@phasebit/core';
import { FEATURE_INTERRUPT_COALESCING_VALUE } from '@phasebit/nvme-spec';
import type { LinkDevice } from '@phasebit/pcie';
import type { FeatureStore } from './feature-store.js';

/** The vector of the admin completion queue, whose messages are never held back. [Base] 5.1.25.2.3 */
const ADMIN_VECTOR = 0;
/** Unit of the aggregation time, nanoseconds. */
const TIME_UNIT_NS = 100_000;

/**
 * The messages of a controller, coalesced as the host asks: a vector's message is held back until enough completions were published on
 * it, or the first of them has waited long enough. [Base] 5.1.25.2.2, 5.1.25.2.3
 *
 * INTMS and INTMC do not come into it: with MSI-X the function's own mask bits count.
 *
 * Hot path: allocates only in the constructor.
 */
export class Interrupts {
  /** Vectors whose message is held back. A field, since every turn looks at it. */
  held = 0;
  private readonly completions: Int32Array;
  private readonly deadlinesNs: Float64Array;

  /**
   * @param features - Interrupt Coalescing and Interrupt Vector Configuration
   * @param clock - what the aggregation time is measured with
   */
  constructor(
    private readonly link: LinkDevice,
    private readonly features: FeatureStore,
    private readonly clock: Clock,
  ) {
    this.completions = new Int32Array(link.vectors);
    this.deadlinesNs = new Float64Array(link.vectors);
  }

  /** When the next message that is held back is sent at the latest, by the clock; Infinity when none is. */
  get nextDueNs(): number {
    let next = Infinity;
    if (this.held === 0) return next;
    for (let vector = 0; vector < this.completions.length; vector++) {
      if (this.completions[vector] !== 0 && this.deadlinesNs[vector] < next) next = this.deadlinesNs[vector];
    }
    return next;
  }

  /** Completions were published on a vector. @param isUrgent - whether one of them is a failure: it is told at once */
  completed(vector: number, completions: number, isUrgent: boolean): void {
    // Either field cleared means no coalescing, so one test is enough for nearly everybody.
    if (this.features.interruptCoalescing === 0 || isUrgent || vector === ADMIN_VECTOR) this.send(vector);
    else this.aggregate(vector, completions);
  }

  /** Sends the messages whose time is over. @returns how many */
  expire(): number {
    const now = this.clock.nowNs();
    let sent = 0;
    for (let vector = 0; vector < this.completions.length; vector++) {
      if (this.completions[vector] === 0 || this.deadlinesNs[vector] > now) continue;
      this.send(vector);
      sent++;
    }
    return sent;
  }

  /** A controller reset: there are no completions any more that a message could be about. */
  reset(): void {
    this.completions.fill(0);
    this.held = 0;
  }

  private aggregate(vector: number, completions: number): void {
    const { interruptCoalescing, coalescingDisabled } = this.features;
    const threshold0 = FEATURE_INTERRUPT_COALESCING_VALUE.THR0.get(interruptCoalescing);
    const time = FEATURE_INTERRUPT_COALESCING_VALUE.TIME.get(interruptCoalescing);
    const before = this.completions[vector];
    if (before + completions > threshold0 || time === 0 || coalescingDisabled[vector] !== 0) {
      this.send(vector);
      return;
    }
    this.completions[vector] = before + completions;
    if (before !== 0) return;
    this.deadlinesNs[vector] = this.clock.nowNs() + time * TIME_UNIT_NS;
    this.held++;
  }

  private send(vector: number): void {
    if (this.completions[vector] !== 0) {
      this.completions[vector] = 0;
      this.held--;
    }
    this.link.sendMessage(vector);
  }
}
