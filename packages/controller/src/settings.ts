import { type Clock, type Log, silentLog } from '@phasebit/core';
import type { DeviceDma, LinkDevice } from '@phasebit/pcie';
import {
  ANA_GROUPS_MAX,
  MDTS_DEFAULT,
  MDTS_MAX,
  NAMESPACES_MAX,
  QUEUE_ENTRIES_DEFAULT,
  QUEUE_ENTRIES_MAX,
  QUEUE_PAIRS_DEFAULT,
  READY_TIMEOUT_DEFAULT,
} from './limits.js';
import type { NamespaceOptions } from './namespace.js';

/** How a controller can be made to fail; see `Controller.fail`. */
export type FailMode = 'fatal' | 'hang' | 'remove';

/** What a controller is made of. */
export interface ControllerOptions {
  /** the device's end of the link */
  readonly link: LinkDevice;
  /** host memory as the device reaches it */
  readonly dma: DeviceDma;
  /** where the Timestamp feature and the power-on hours come from */
  readonly clock: Clock;
  /** namespaces attached at first */
  readonly namespaces?: readonly NamespaceOptions[];
  /** Identify Controller NN, the largest valid NSID, 1 to 4096; default the largest NSID of `namespaces` */
  readonly largestNsid?: number;
  /** serial number, up to 20 printable ASCII characters */
  readonly serial?: string;
  /** model number, up to 40 */
  readonly model?: string;
  /** firmware revision, up to 8 */
  readonly firmware?: string;
  /** NVM subsystem qualified name, up to 223 bytes; controllers of one subsystem share it */
  readonly subnqn?: string;
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
  /** CAP.TO, 500 ms units, 1 to 255 */
  readonly readyTimeout?: number;
  /** whether there is a volatile write cache: Identify Controller VWC and the feature of that name. Default true */
  readonly vwc?: boolean;
  /** ANA groups, identifiers 1 to `anaGroups`; 0, the default, for no ANA reporting */
  readonly anaGroups?: number;
  /**
   * whether the host runs at the same time, on another thread or in another process: doorbells and completions are then accessed
   * atomically, which costs about 35 ns a turn. Default: whether the link's memory is a SharedArrayBuffer
   */
  readonly concurrent?: boolean;
  /** fail after that many I/O commands have been taken, as `failMode` says */
  readonly failAfterCommands?: number;
  /** how to fail then; default `fatal` */
  readonly failMode?: FailMode;
  /** where notable things are said; default nowhere */
  readonly log?: Log;
}

/** {@link ControllerOptions} with everything decided and checked. */
export type Settings = Required<ControllerOptions>;

/** Fills in defaults. @throws RangeError naming the option that is out of range */
export function settle(options: ControllerOptions): Settings {
  const { link, namespaces = [] } = options;
  const settings: Settings = {
    link,
    dma: options.dma,
    clock: options.clock,
    namespaces,
    largestNsid: options.largestNsid ?? Math.max(1, ...namespaces.map((each) => each.nsid)),
    serial: options.serial ?? 'PHASEBIT0001',
    model: options.model ?? 'Phasebit NVMe controller model',
    firmware: options.firmware ?? '0',
    subnqn: options.subnqn ?? `nqn.2026-11.dev.phasebit:${options.serial ?? 'PHASEBIT0001'}`,
    cntlid: options.cntlid ?? 0,
    vendorId: options.vendorId ?? 0,
    mqesEntries: options.mqesEntries ?? QUEUE_ENTRIES_DEFAULT,
    queuePairs: options.queuePairs ?? Math.min(QUEUE_PAIRS_DEFAULT, link.queues - 1),
    mdts: options.mdts ?? MDTS_DEFAULT,
    readyTimeout: options.readyTimeout ?? READY_TIMEOUT_DEFAULT,
    vwc: options.vwc ?? true,
    anaGroups: options.anaGroups ?? 0,
    concurrent: options.concurrent ?? isShared(link.words.buffer),
    failAfterCommands: options.failAfterCommands ?? -1,
    failMode: options.failMode ?? 'fatal',
    log: options.log ?? silentLog,
  };
  check(settings);
  return settings;
}

/** Not every browser has the class: only pages that are isolated do. */
function isShared(buffer: ArrayBufferLike): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && buffer instanceof SharedArrayBuffer;
}

function check(settings: Settings): void {
  const { link, namespaces } = settings;
  checkRange('largestNsid', settings.largestNsid, Math.max(1, ...namespaces.map((each) => each.nsid)), NAMESPACES_MAX);
  checkRange('cntlid', settings.cntlid, 0, 0xffef);
  checkRange('vendorId', settings.vendorId, 0, 0xffff);
  checkRange('mqesEntries', settings.mqesEntries, 2, QUEUE_ENTRIES_MAX);
  checkRange('queuePairs', settings.queuePairs, 1, Math.min(0xffff, link.queues - 1));
  checkRange('mdts', settings.mdts, 1, MDTS_MAX);
  checkRange('readyTimeout', settings.readyTimeout, 1, 255);
  checkRange('anaGroups', settings.anaGroups, 0, ANA_GROUPS_MAX);
  checkText('serial', settings.serial, 20);
  checkText('model', settings.model, 40);
  checkText('firmware', settings.firmware, 8);
  checkText('subnqn', settings.subnqn, 223);
  if (new Set(namespaces.map((each) => each.nsid)).size !== namespaces.length) {
    throw new RangeError('namespaces: expected each nsid once');
  }
}

function checkRange(name: string, value: number, from: number, to: number): void {
  if (!(Number.isInteger(value) && value >= from && value <= to)) {
    throw new RangeError(`${name}: expected ${from} to ${to}, got ${value}`);
  }
}

function checkText(name: string, text: string, charactersMax: number): void {
  if (!(text.length >= 1 && text.length <= charactersMax && /^[ -~]*$/.test(text))) {
    throw new RangeError(
      `${name}: expected 1 to ${charactersMax} printable ASCII characters, got ${JSON.stringify(text)}`,
    );
  }
}
