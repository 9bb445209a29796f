import { type Log, silentLog } from '@phasebit/core';
import { type AnaLogResult, anaLogBytesMax, anaStateOfNamespace, parseAnaLog } from '@phasebit/multipath';
import { type Controller, readLogPage } from '@phasebit/nvme';
import {
  ANA_STATE_OPTIMIZED,
  ASYNC_EVENT_NOTICE_ANA_CHANGED,
  ASYNC_EVENT_TYPE_NOTICE,
  CMIC_ANA_REPORTING,
  LOG_ANA,
} from '@phasebit/nvme-spec';

/** Most ticks between two tries to read an ANA log that cannot be read: about a second. */
const TICKS_TO_RETRY_MAX = 1024;

/**
 * A controller together with what is known of its namespaces' ANA states. Several block devices may share one: it takes the controller's
 * events for all of them. The log is read in the background: nobody waits for it inside a poll.
 */
export class PathController {
  /** the controller itself */
  readonly controller: Controller;
  /** goes up whenever the ANA states may have changed */
  version = 0;
  private readonly log: Log;
  private readonly hasAna: boolean;
  private ana: AnaLogResult | undefined;
  private isReading = false;
  private isStale = false;
  /** ticks until a log that could not be read is asked for again, and how many it will be after the next failure */
  private ticksToRetry = 0;
  private ticksAfterFailure = 1;

  private constructor(controller: Controller, log: Log) {
    this.controller = controller;
    this.log = log;
    this.hasAna = (controller.identity.cmic & CMIC_ANA_REPORTING) !== 0;
  }

  /** Takes a controller that is ready, and reads its ANA log if it has one. */
  static async open(controller: Controller, log: Log = silentLog): Promise<PathController> {
    const opened = new PathController(controller, log);
    if (opened.hasAna) await opened.readAna();
    return opened;
  }

  /** ANA state of a namespace, `ANA_STATE_*`; Optimized where the controller does not report any, 0 where it is not known. */
  anaState(nsid: number): number {
    if (!this.hasAna) return ANA_STATE_OPTIMIZED;
    return this.ana?.isValid === true ? anaStateOfNamespace(this.ana.log, nsid) : 0;
  }

  /** Takes the controller's events and begins to read the log when it has changed. To be called now and then; never waits. */
  tick(): void {
    if (this.ticksToRetry > 0 && --this.ticksToRetry === 0) this.refresh();
    for (let event = this.controller.takeEvent(); event !== undefined; event = this.controller.takeEvent()) {
      const isNotice = event.type === ASYNC_EVENT_TYPE_NOTICE;
      if (isNotice && event.information === ASYNC_EVENT_NOTICE_ANA_CHANGED) this.refresh();
    }
  }

  /** Begins to read the ANA log, or, if it is being read, begins again afterwards: what is read now may be older than the question. */
  refresh(): void {
    if (!this.hasAna) return;
    this.isStale = true;
    if (!this.isReading) void this.readWhileStale();
  }

  private async readWhileStale(): Promise<void> {
    this.isReading = true;
    try {
      while (this.isStale && this.controller.state === 'READY') {
        this.isStale = false;
        await this.readAna();
        this.ticksAfterFailure = 1;
      }
    } catch (error) {
      this.log.warn(`ANA log of controller ${this.controller.identity.cntlid} not read: ${String(error)}`);
      // The event that led here does not come again before the log was read, and I/O does not go where the state is not known.
      this.ticksToRetry = this.ticksAfterFailure;
      this.ticksAfterFailure = Math.min(this.ticksAfterFailure * 2, TICKS_TO_RETRY_MAX);
    } finally {
      this.isReading = false;
    }
  }

  private async readAna(): Promise<void> {
    const { anagrpmax, nanagrpid, nn, mnan } = this.controller.identity;
    const bytes = anaLogBytesMax(nanagrpid, mnan === 0 ? nn : mnan);
    const page = await readLogPage(this.controller.admin, LOG_ANA, bytes);
    const read = parseAnaLog(page, { groupIdMax: anagrpmax, groupCountMax: nanagrpid, nsidMax: nn });
    if (read.isValid) this.ana = read;
    else
      this.log.warn(
        `ANA log of controller ${this.controller.identity.cntlid} ignored: ${read.message}, at byte ${read.offset}`,
      );
    this.version++;
  }
}
