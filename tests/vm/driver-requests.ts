import type { DoorbellFacts } from '../device-checks/doorbell-counts.js';
import type { BadBlocks, ErrorFacts } from '../device-checks/injected-errors.js';
import type { InterruptFacts, InterruptPlan } from '../device-checks/interrupts.js';
import type { WrapFacts, WrapPlan } from '../device-checks/queue-wrap.js';
import type { ResetFacts } from '../device-checks/reset-under-load.js';
import type { LossFacts } from '../device-checks/shared-namespace.js';
import type { IoFacts, IoPlan } from '../device-checks/verified-io.js';

/** What `guest/driver-checks.ts` is asked to do; `slots` are addresses of functions that are bound to VFIO. */
export interface DriverRequests {
  /** verified I/O on namespace 1, which holds zeroes at first */
  readonly io: { readonly slots: readonly [string]; readonly plans: readonly IoPlan[] };
  readonly wrap: { readonly slots: readonly [string]; readonly plans: readonly WrapPlan[] };
  readonly errors: { readonly slots: readonly [string]; readonly bad: BadBlocks };
  readonly resets: { readonly slots: readonly [string]; readonly resets: number; readonly iosBetween: number };
  readonly paths: { readonly slots: readonly [string, string] };
  readonly doorbells: {
    readonly slots: readonly [string];
    readonly shadowDoorbells: boolean;
    readonly depths: readonly number[];
    readonly ios: number;
  };
  readonly interrupts: { readonly slots: readonly [string]; readonly plans: readonly InterruptPlan[] };
}

/** What it prints, as a line of JSON. */
export interface DriverAnswers {
  /** `digest` is the SHA-256 of what namespace 1 has to hold */
  readonly io: { readonly facts: readonly IoFacts[]; readonly digest: string };
  readonly wrap: readonly WrapFacts[];
  readonly errors: ErrorFacts;
  readonly resets: { readonly asked: ResetFacts; readonly struck: ResetFacts };
  readonly paths: { readonly reset: LossFacts; readonly detached: LossFacts; readonly failed: LossFacts };
  readonly doorbells: readonly DoorbellFacts[];
  readonly interrupts: readonly InterruptFacts[];
}

/** A check that can be asked for. */
export type DriverCheck = keyof DriverRequests;
