import { type DeviceDma } from '@phasebit/pcie';
import type { Command } from '../command.js';
import type { ErrorReport } from '../error-log.js';
import type { FeatureStore } from '../feature-store.js';
import type { Health } from '../health.js';
import type { Namespace } from '../namespace.js';
import type { NamespaceTable } from '../namespace-table.js';
import type { Transfer } from '../transfer.js';

/** What the I/O commands work with. A class, so that the hot path sees one shape. */
export class IoContext {
  /** see {@link NamespaceTable.slots} */
  readonly slots: (Namespace | undefined)[];
  readonly dma: DeviceDma;

  constructor(
    readonly namespaces: NamespaceTable,
    readonly transfer: Transfer,
    readonly features: FeatureStore,
    readonly health: Health,
    /** filled by whoever refuses a command */
    readonly report: ErrorReport,
    /** most bytes of one data transfer, from MDTS */
    readonly bytesMax: number,
  ) {
    this.slots = namespaces.slots;
    this.dma = transfer.dma;
  }

  /** Notes where a command went wrong, and gives its status back. */
  refuse(status: number, nsid: number, errorByte: number, lbaLow: number, lbaHigh: number): number {
    const { report } = this;
    report.nsid = nsid;
    report.errorByte = errorByte;
    report.lbaLow = lbaLow;
    report.lbaHigh = lbaHigh;
    return status;
  }
}

/** Executes one I/O command and gives its 15-bit status. */
export type IoHandler = (io: IoContext, command: Command) => number;
