/** Where time comes from. Injected, so that a run under a virtual clock is the same everywhere. */
export interface Clock {
  /** Nanoseconds since some fixed moment, never running backwards; exact integers are not promised. */
  nowNs(): number;
}

/** A clock that stands still until it is moved: for tests and for simulation. */
export class ManualClock implements Clock {
  private timeNs = 0;

  /** @inheritDoc */
  nowNs(): number {
    return this.timeNs;
  }

  /** Moves the clock forward by `deltaNs` nanoseconds (0 or more). */
  advanceNs(deltaNs: number): void {
    if (!(deltaNs >= 0)) throw new RangeError(`deltaNs: expected 0 or more, got ${deltaNs}`);
    this.timeNs += deltaNs;
  }
}
