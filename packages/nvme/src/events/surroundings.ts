import type { Clock } from '@phasebit/core';

/** What whoever waits for something from a controller waits with. */
export interface Surroundings {
  readonly clock: Clock;
  /** Lets a moment pass. */
  pause(): Promise<void>;
  /** Gives the controller its tick. */
  tick(): void;
  /** Whether the controller is detached or lost, for good. */
  isOver(): boolean;
}
