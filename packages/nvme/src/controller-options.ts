import type { Clock, Log } from '@phasebit/core';

/** What a controller is attached with. */
export interface ControllerOptions {
  /** where time comes from */
  readonly clock: Clock;
  /** where notable things are said; default nowhere */
  readonly log?: Log;
  /** I/O queue pairs to ask for, 1 to 65,535; fewer may be granted. Default 64 */
  readonly ioQueuePairs?: number;
  /** milliseconds an admin command may take; default 30,000 */
  readonly adminDeadlineMs?: number;
  /** milliseconds an I/O command may take before the controller is given up; 0 for ever. Default 30,000 */
  readonly ioTimeoutMs?: number;
  /** milliseconds between two looks at CSTS; default 10 */
  readonly healthCheckMs?: number;
}

/** {@link ControllerOptions} with every choice made. */
export interface ControllerSettings {
  readonly ioQueuePairs: number;
  readonly adminDeadlineMs: number;
  readonly ioTimeoutMs: number;
  readonly healthCheckMs: number;
}

/** Makes every choice and checks it. @throws RangeError saying which option was expected to be what */
export function settleControllerOptions(options: ControllerOptions): ControllerSettings {
  return {
    ioQueuePairs: checked('ioQueuePairs', options.ioQueuePairs ?? 64, 1, 65_535),
    adminDeadlineMs: checked('adminDeadlineMs', options.adminDeadlineMs ?? 30_000, 1, 0x7fff_ffff),
    ioTimeoutMs: checked('ioTimeoutMs', options.ioTimeoutMs ?? 30_000, 0, 0x7fff_ffff),
    healthCheckMs: checked('healthCheckMs', options.healthCheckMs ?? 10, 1, 0x7fff_ffff),
  };
}

function checked(name: string, value: number, from: number, to: number): number {
  if (!(Number.isInteger(value) && value >= from && value <= to)) {
    throw new RangeError(`${name}: expected an integer from ${from} to ${to}, got ${value}`);
  }
  return value;
}
