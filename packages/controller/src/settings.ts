import { type Clock, type Log, silentLog } from '@phasebit/core';
import type { DeviceDma, LinkDevice } from '@phasebit/pcie';
import type { ShadowPolicy } from './doorbell-buffers.js';
import { checkRange } from './checks.js';
import type { FailMode } from './faults/fail-mode.js';
import type { FaultOptions } from './faults/fault-rule.js';
import { type IoLimits, settleIoLimits } from './io/io-limits.js';
import {
  COMMANDS_IN_FLIGHT_DEFAULT,
  COMMANDS_IN_FLIGHT_MAX,
  MDTS_DEFAULT,
  MDTS_MAX,
  QUEUE_ENTRIES_DEFAULT,
  QUEUE_ENTRIES_MAX,
  QUEUE_PAIRS_DEFAULT,
  READY_TIMEOUT_DEFAULT,
} from './limits.js';
import type { NamespaceOptions } from './namespace-options.js';
import { Subsystem } from './subsystem.js';
import { SUBSYSTEM_OPTION_NAMES, type SubsystemOptions } from './subsystem-options.js';

/**
 * What a controller is made of. The options that {@link SubsystemOptions} has too describe the subsystem that is made for this
 * controller alone; with a `subsystem` they are the subsystem's business, and giving them here is an error.
 */
export interface ControllerOptions extends Partial<Omit<SubsystemOptions, 'clock' | 'log' | 'namespaces'>> {
  /** the subsystem to join; default one of its own. Its clock must be the controller's */
  readonly subsystem?: Subsystem;
  /** the device's end of the link */
  readonly link: LinkDevice;
  /** host memory as the device reaches it */
  readonly dma: DeviceDma;
  /** where the Timestamp feature and the power-on hours come from */
  readonly clock: Clock;
  /** namespaces allocated for this controller and attached at first, besides the shared ones that the subsystem has already */
  readonly namespaces?: readonly NamespaceOptions[];
  /** controller identifier, 0 to FFEFh, different for each controller of a subsystem */
  readonly cntlid?: number;
  /** PCI vendor identifier; default 0, nobody */
  readonly vendorId?: number;
  /** entries of the largest I/O queue, 2 to 65,536; CAP.MQES is one less */
  readonly mqesEntries?: number;
  /** I/O queue pairs at most, 1 to 65,535 and below the link's number of queues */
  readonly queuePairs?: number;
  /** log2 of the largest transfer in 4 KiB pages, 1 to 16 */
  readonly mdts?: number;
  /** how much the I/O commands without data of their own may name */
  readonly ioLimits?: IoLimits;
  /** CAP.TO, 500 ms units, 1 to 255 */
  readonly readyTimeout?: number;
  /** whether weighted round robin with urgent class is offered: CAP.AMS bit 0. Default true */
  readonly weightedRoundRobin?: boolean;
  /** whether shadow doorbells are offered, Identify Controller OACS bit 8, and how they are used; default `off` */
  readonly shadowDoorbells?: ShadowPolicy;
  /** whether there is a volatile write cache: Identify Controller VWC and the feature of that name. Default true */
  readonly vwc?: boolean;
  /**
   * whether the host runs at the same time, on another thread or in another process: doorbells and completions are then accessed
   * atomically, which costs about 35 ns a turn. Default: what the link says of itself
   */
  readonly concurrent?: boolean;
  /** fail after that many I/O commands have been taken, as `failMode` says */
  readonly failAfterCommands?: number;
  /** how to fail then; default `fatal` */
  readonly failMode?: FailMode;
  /** what goes wrong, and when; default nothing. More in `Controller.faults` */
  readonly faults?: FaultOptions;
  /** I/O commands at most that were executed and complete later, 2 to 65,536; default 16,384 */
  readonly commandsInFlight?: number;
  /** where notable things are said; default nowhere */
  readonly log?: Log;
}

/** {@link ControllerOptions} with everything decided and checked; what belongs to the subsystem is there. */
export type Settings = Required<
  Omit<ControllerOptions, 'ioLimits' | Exclude<keyof SubsystemOptions, 'clock' | 'log' | 'namespaces'>>
> & { readonly ioLimits: Required<IoLimits> };

/** Fills in defaults. @throws RangeError naming the option that is out of range */
export function settle(options: ControllerOptions): Settings {
  const { link, namespaces = [] } = options;
  const settings: Settings = {
    subsystem: settleMembership(options),
    link,
    dma: options.dma,
    clock: options.clock,
    namespaces,
    cntlid: options.cntlid ?? 0,
    vendorId: options.vendorId ?? 0,
    mqesEntries: options.mqesEntries ?? QUEUE_ENTRIES_DEFAULT,
    queuePairs: options.queuePairs ?? Math.min(QUEUE_PAIRS_DEFAULT, link.queues - 1),
    mdts: options.mdts ?? MDTS_DEFAULT,
    ioLimits: settleIoLimits(options.ioLimits ?? {}),
    readyTimeout: options.readyTimeout ?? READY_TIMEOUT_DEFAULT,
    weightedRoundRobin: options.weightedRoundRobin ?? true,
    shadowDoorbells: options.shadowDoorbells ?? 'off',
    vwc: options.vwc ?? true,
    concurrent: options.concurrent ?? link.isConcurrent,
    failAfterCommands: options.failAfterCommands ?? -1,
    failMode: options.failMode ?? 'fatal',
    faults: options.faults ?? {},
    commandsInFlight: options.commandsInFlight ?? COMMANDS_IN_FLIGHT_DEFAULT,
    log: options.log ?? silentLog,
  };
  check(settings);
  return settings;
}

/** The subsystem to join. One that is made here knows the namespaces already, for the sake of NN; see `Controller`. */
function settleMembership(options: ControllerOptions): Subsystem {
  const { subsystem, ...own } = options;
  if (subsystem === undefined) return new Subsystem(own);
  for (const name of SUBSYSTEM_OPTION_NAMES) {
    if (options[name] !== undefined) throw new RangeError(`${name}: expected as an option of the subsystem`);
  }
  if (subsystem.settings.clock !== options.clock) throw new RangeError('clock: expected the clock of the subsystem');
  return subsystem;
}

function check(settings: Settings): void {
  const { link } = settings;
  checkRange('cntlid', settings.cntlid, 0, 0xffef);
  checkRange('vendorId', settings.vendorId, 0, 0xffff);
  checkRange('mqesEntries', settings.mqesEntries, 2, QUEUE_ENTRIES_MAX);
  checkRange('queuePairs', settings.queuePairs, 1, Math.min(0xffff, link.queues - 1));
  checkRange('mdts', settings.mdts, 1, MDTS_MAX);
  checkRange('readyTimeout', settings.readyTimeout, 1, 255);
  checkRange('commandsInFlight', settings.commandsInFlight, 2, COMMANDS_IN_FLIGHT_MAX);
}
