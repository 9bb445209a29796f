import type { Clock, Log } from '@phasebit/core';
import type { PcieFunction } from '@phasebit/pcie';
import type { BroughtUp } from './bring-up/bring-up.js';
import type { ControllerSettings } from './controller-options.js';
import { DriverError } from './errors.js';
import type { AsyncEvents } from './events/async-events.js';
import type { NamespaceTable } from './namespaces/namespace-table.js';
import { PairTable } from './pair-table.js';

/**
 * Where a controller stands.
 *
 * ```text
 *                  reset(), or lost with onLost 'reset'
 *   attach() ─► READY ──────────────────────────────────► RESETTING ──attempts used up, or gone──► FAILING ─► FAILED
 *               │ ▲ │                                         │                                       ▲
 *               │ │ └──fatal, gone or timed out, with onLost 'fail'───────────────────────────────────┘
 *               │ └───────────────brought up again────────────┘
 *               └──shutDown()─► DETACHED
 * ```
 *
 * READY      commands can be submitted.
 * RESETTING  the controller is being disabled and brought up again, perhaps in several attempts. Queue pairs stand still: what is submitted
 *            waits, what was in flight is sent again or fails afterwards, by the one rule of `retry-policy.ts`.
 * FAILING    submissions are still taken, but everything will complete with a path error.
 * FAILED     all that was accepted has been called back; submissions are refused. Final.
 * DETACHED   shut down by its owner. Final.
 */
export type ControllerState = 'READY' | 'RESETTING' | 'FAILING' | 'FAILED' | 'DETACHED';

/** What the parts of a controller share. @internal */
export class ControllerCore {
  state: ControllerState = 'READY';
  /** why it is not READY, if it is not by its owner's wish */
  failure: DriverError | undefined;
  /** of a controller that is not READY: it is known not to write to memory any more */
  isQuiet = false;
  readonly pairs: PairTable;

  constructor(
    readonly fn: PcieFunction,
    readonly clock: Clock,
    readonly log: Log,
    readonly settings: ControllerSettings,
    readonly requests: AsyncEvents,
    readonly table: NamespaceTable,
    /** what the last bring-up has found */
    public found: BroughtUp,
  ) {
    this.pairs = new PairTable(fn, clock, log);
  }

  /** @throws DriverError NOT_READY, unless the controller is */
  demandReady(): void {
    if (this.state !== 'READY') throw new DriverError('NOT_READY', { expected: 'READY', state: this.state });
  }
}
