import type { Clock, Log } from '@phasebit/core';
import type { BringUpState } from './bring-up/bring-up-state.js';
import { type PciIdentity, type Quirk, QUIRK_NAMES } from './bring-up/quirks.js';
import { oneOf } from './choice.js';
import { ADMIN_RING_ENTRIES, ADMIN_RING_ENTRIES_MAX, RING_ENTRIES_MIN } from './limits.js';

/** How a controller shares itself out among its submission queues, with weighted round robin. [Base] 3.4.4.2, 5.1.25.1.1 */
export interface ArbitrationOptions {
  /** commands taken from one queue at a time, a power of two from 1 to 64, or no limit; default no limit */
  readonly burst?: number | 'unlimited';
  /** weight of queues of high priority, 1 to 256; default 1 */
  readonly highWeight?: number;
  /** weight of queues of medium priority, 1 to 256; default 1 */
  readonly mediumWeight?: number;
  /** weight of queues of low priority, 1 to 256; default 1 */
  readonly lowWeight?: number;
}

/** What a controller is attached with. */
export interface ControllerOptions {
  /** where time comes from */
  readonly clock: Clock;
  /** where notable things are said; default nowhere */
  readonly log?: Log;
  /** I/O queue pairs to ask for, 1 to 65,535; fewer may be granted. Default 64 */
  readonly ioQueuePairs?: number;
  /** entries of the admin rings, 2 to 4,096; with 2 there is no room for events. Default 32 */
  readonly adminEntries?: number;
  /** milliseconds an admin command may take; default 30,000 */
  readonly adminDeadlineMs?: number;
  /** milliseconds an I/O command may take before the controller is given up; 0 for ever. Default 30,000 */
  readonly ioTimeoutMs?: number;
  /** milliseconds between two looks at CSTS; default 10 */
  readonly healthCheckMs?: number;
  /**
   * milliseconds without a sign of life after which the controller gives its host up: Keep Alive Timeout. The driver sends one in half of
   * the time that the controller granted, from `tick`. Default 0, none: registers tell a driver on PCIe the same, and a host that
   * is stopped for a while loses nothing.
   */
  readonly keepAliveMs?: number;
  /** host identifier, 8 or 16 bytes, not all zero: what reservations are held under. Default none */
  readonly hostId?: Uint8Array;
  /** weighted round robin with these weights, where the controller has it; default plain round robin */
  readonly arbitration?: ArbitrationOptions;
  /** whether doorbells go through memory where the controller offers it (Doorbell Buffer Config); default true */
  readonly shadowDoorbells?: boolean;
  /** whether a change of the namespaces that the controller reports is followed up by itself; default true */
  readonly followNamespaces?: boolean;
  /** PCI identity of the function, to find its quirks; default unknown */
  readonly pci?: PciIdentity;
  /** quirks beside those that are known of the function */
  readonly quirks?: readonly Quirk[];
  /** told of each state of a bring-up, the one after a reset included */
  readonly onState?: (state: BringUpState) => void;
  /** what becomes of a controller that is lost while it is still on the bus: given up at once, or reset. Default `fail` */
  readonly onLost?: 'fail' | 'reset';
  /** attempts to reset a lost controller before it is given up, 1 and up; default 5 */
  readonly resetAttemptsMax?: number;
  /** milliseconds between two attempts; default 1,000 */
  readonly resetDelayMs?: number;
}

/** {@link ControllerOptions} with every choice made. */
export type ControllerSettings = Required<
  Omit<ControllerOptions, 'clock' | 'log' | 'hostId' | 'arbitration' | 'pci' | 'onState'>
> & {
  readonly hostId: Uint8Array | undefined;
  readonly arbitration: Required<ArbitrationOptions> | undefined;
  readonly pci: PciIdentity | undefined;
  readonly onState: (state: BringUpState) => void;
};

const MS_MAX = 0x7fff_ffff;

/** Makes every choice and checks it. @throws RangeError saying which option was expected to be what */
export function settleControllerOptions(options: ControllerOptions): ControllerSettings {
  // Callers without types meet these first.
  if (typeof (options as Partial<ControllerOptions> | undefined)?.clock?.nowNs !== 'function') {
    throw new RangeError('clock: expected an object with nowNs(), got none');
  }
  return {
    ioQueuePairs: checked('ioQueuePairs', options.ioQueuePairs ?? 64, 1, 65_535),
    adminEntries: checked(
      'adminEntries',
      options.adminEntries ?? ADMIN_RING_ENTRIES,
      RING_ENTRIES_MIN,
      ADMIN_RING_ENTRIES_MAX,
    ),
    adminDeadlineMs: checked('adminDeadlineMs', options.adminDeadlineMs ?? 30_000, 1, MS_MAX),
    ioTimeoutMs: checked('ioTimeoutMs', options.ioTimeoutMs ?? 30_000, 0, MS_MAX),
    healthCheckMs: checked('healthCheckMs', options.healthCheckMs ?? 10, 1, MS_MAX),
    keepAliveMs: checked('keepAliveMs', options.keepAliveMs ?? 0, 0, MS_MAX),
    hostId: settleHostId(options.hostId),
    arbitration: settleArbitration(options.arbitration),
    shadowDoorbells: options.shadowDoorbells ?? true,
    followNamespaces: options.followNamespaces ?? true,
    pci: settlePci(options.pci),
    quirks: settleQuirks(options.quirks ?? []),
    onState: options.onState ?? (() => undefined),
    onLost: oneOf('onLost', options.onLost ?? 'fail', ['fail', 'reset']),
    resetAttemptsMax: checked('resetAttemptsMax', options.resetAttemptsMax ?? 5, 1, 1_000_000),
    resetDelayMs: checked('resetDelayMs', options.resetDelayMs ?? 1000, 0, MS_MAX),
  };
}

function settleHostId(hostId: Uint8Array | undefined): Uint8Array | undefined {
  if (hostId === undefined) return undefined;
  if (hostId.length !== 8 && hostId.length !== 16) {
    throw new RangeError(`hostId: expected 8 or 16 bytes, got ${hostId.length}`);
  }
  // [Base] 5.1.25.1.28: zero means that the host has none.
  if (hostId.every((byte) => byte === 0)) throw new RangeError('hostId: expected a byte that is not zero, got none');
  return hostId.slice();
}

function settleArbitration(options: ArbitrationOptions | undefined): Required<ArbitrationOptions> | undefined {
  if (options === undefined) return undefined;
  const { burst = 'unlimited', highWeight = 1, mediumWeight = 1, lowWeight = 1 } = options;
  if (burst !== 'unlimited' && ![1, 2, 4, 8, 16, 32, 64].includes(burst)) {
    throw new RangeError(`arbitration.burst: expected a power of two from 1 to 64 or 'unlimited', got ${burst}`);
  }
  checked('arbitration.highWeight', highWeight, 1, 256);
  checked('arbitration.mediumWeight', mediumWeight, 1, 256);
  checked('arbitration.lowWeight', lowWeight, 1, 256);
  return { burst, highWeight, mediumWeight, lowWeight };
}

function settlePci(pci: PciIdentity | undefined): PciIdentity | undefined {
  if (pci === undefined) return undefined;
  checked('pci.vendorId', pci.vendorId, 0, 0xffff);
  checked('pci.deviceId', pci.deviceId, 0, 0xffff);
  return pci;
}

function settleQuirks(quirks: readonly Quirk[]): readonly Quirk[] {
  for (const quirk of quirks) oneOf('quirks', quirk, QUIRK_NAMES);
  return quirks;
}

function checked(name: string, value: number, from: number, to: number): number {
  if (!(Number.isInteger(value) && value >= from && value <= to)) {
    throw new RangeError(`${name}: expected an integer from ${from} to ${to}, got ${value}`);
  }
  return value;
}
