import { U32_RANGE } from '@phasebit/core';
import { type DeviceDma } from '@phasebit/pcie';
import { Command, LATER } from '../command.js';
import { CommandPointers } from '../command-pointers.js';
import type { ErrorReport } from '../error-log.js';
import type { FeatureStore } from '../feature-store.js';
import { type Health, HEALTH_BYTES_READ, HEALTH_BYTES_WRITTEN, HEALTH_READS, HEALTH_WRITES } from '../health.js';
import type { InFlight } from '../in-flight.js';
import type { Namespace } from '../namespace.js';
import type { NamespaceTable } from '../namespace-table.js';
import type { Transfer } from '../transfer.js';
import { BlockRange } from './block-range.js';
import { BlockStaging } from './block-staging.js';
import { HostBlocks } from './host-blocks.js';
import type { IoLimits } from './io-limits.js';
import { Protection } from './protection.js';

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
  /** the entry of a Read or Write that has left the shortest path */
  readonly command: Command = new Command();
  /** turns the pointers of a command into transfers */
  readonly pointers: CommandPointers;
  /** the blocks that the command being executed names */
  readonly range: BlockRange = new BlockRange();
  /** how they lie in the host's memory */
  readonly host: HostBlocks = new HostBlocks();
  /** how they are protected, where they are */
  readonly protection: Protection = new Protection();
  /** blocks that pass through the controller's own memory */
  readonly staging: BlockStaging = new BlockStaging();

  constructor(
    readonly namespaces: NamespaceTable,
    readonly transfer: Transfer,
    readonly features: FeatureStore,
    readonly health: Health,
    /** filled by whoever refuses a command */
    readonly report: ErrorReport,
    /** most bytes of one data transfer, from MDTS */
    readonly bytesMax: number,
    /** commands that complete later */
    readonly inFlight: InFlight,
    /** how much commands without data of their own may name */
    readonly limits: Required<IoLimits>,
  ) {
    this.slots = namespaces.slots;
    this.dma = transfer.dma;
    this.pointers = new CommandPointers(transfer);
  }

  /** When the command being executed is done, nanoseconds by the clock; 0 for at once. */
  get dueNs(): number {
    return this.inFlight.dueNs;
  }

  /**
   * Says that the command being executed is not done before `dueNs`, nanoseconds by the controller's clock; said several times, the
   * latest counts. Its data moves at once all the same, and the handler gives its final status as usual.
   */
  completeAt(dueNs: number): void {
    this.inFlight.completeAt(dueNs);
  }

  /**
   * What the function of plain reads and writes gives for a command that may have a due time: its caller looks at nothing but
   * whether that is 0.
   */
  outcome(status: number): number {
    return status === 0 && this.dueNs !== 0 ? LATER : status;
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

  /** Notes at which block a command went wrong, and gives its status back. */
  refuseBlock(status: number, nsid: number, lba: number): number {
    return this.refuse(status, nsid, -1, lba % U32_RANGE, Math.floor(lba / U32_RANGE));
  }
}

/**
 * Executes one I/O command and gives its 15-bit status, or PARKED when somebody else completes it with `InFlight.finish`. A command that
 * takes time tells {@link IoContext.completeAt} when it is done.
 */
export type IoHandler = (io: IoContext, command: Command) => number;
