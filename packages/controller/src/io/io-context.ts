import { type DeviceDma } from '@phasebit/pcie';
import type { Command } from '../command.js';
import type { ErrorReport } from '../error-log.js';
import type { FeatureStore } from '../feature-store.js';
import { type Health, HEALTH_BYTES_READ, HEALTH_BYTES_WRITTEN, HEALTH_READS, HEALTH_WRITES } from '../health.js';
import type { Namespace } from '../namespace.js';
import type { NamespaceTable } from '../namespace-table.js';
import type { Transfer } from '../transfer.js';

/** What the I/O commands work with. A class, so that the hot path sees one shape. */
export class IoContext {
  /** see {@link NamespaceTable.slots} */
  readonly slots: (Namespace | undefined)[];
  readonly dma: DeviceDma;
  /** Reads since the last {@link IoContext.countBatch}: small integers, which cost less than the doubles of the log */
  reads = 0;
  /** bytes they moved */
  readBytes = 0;
  /** Writes since the last {@link IoContext.countBatch} */
  writes = 0;
  /** bytes they moved */
  writtenBytes = 0;

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

  /** Takes what a turn of a queue has done into the health log. */
  countBatch(): void {
    const counters = this.health.io;
    counters[HEALTH_READS] += this.reads;
    counters[HEALTH_BYTES_READ] += this.readBytes;
    counters[HEALTH_WRITES] += this.writes;
    counters[HEALTH_BYTES_WRITTEN] += this.writtenBytes;
    this.reads = 0;
    this.readBytes = 0;
    this.writes = 0;
    this.writtenBytes = 0;
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
