import type { Log } from '@phasebit/core';
import {
  ANA_STATE_UNKNOWN,
  anaLogBytesMax,
  type AnaLogResult,
  anaStateOfNamespace,
  parseAnaLog,
} from '@phasebit/multipath';
import { type Controller, readLogPage } from '@phasebit/nvme';
import { ANA_STATE_OPTIMIZED, CMIC_ANA_REPORTING, LOG_ANA } from '@phasebit/nvme-spec';
import { Backoff } from './backoff.js';

/** Milliseconds until a log that could not be read is asked for again, and at most. */
const RETRY_MS = 1;
const RETRY_MS_MAX = 1000;

/** What is known of the ANA states behind one controller. The log is read in the background: nobody waits for it inside a poll. */
export class AnaStates {
  /** goes up whenever the states may have changed */
  version = 0;
  private ana: AnaLogResult | undefined;
  private isReading = false;
  private isStale = false;
  private isTried = true;
  private nowNs = 0.5;
  private readonly backoff = new Backoff(RETRY_MS, RETRY_MS_MAX);

  /** @param current - the controller as it is now */
  constructor(
    private readonly current: () => Controller,
    private readonly log: Log,
  ) {}

  /** Whether the log was read, or at least tried, since {@link AnaStates.restart}. */
  get isSettled(): boolean {
    return this.isTried;
  }

  /** State of a namespace, `ANA_STATE_*`; Optimized where the controller does not report any, unknown where the log does not list it. */
  stateOf(nsid: number): number {
    if (!this.isReported) return ANA_STATE_OPTIMIZED;
    return this.ana?.isValid === true ? anaStateOfNamespace(this.ana.log, nsid) : ANA_STATE_UNKNOWN;
  }

  /** Reads the log for the first time, if there is one. @throws DriverError when it cannot be read */
  async open(): Promise<void> {
    if (this.isReported) await this.read(this.current());
  }

  /** The controller has come back: what was known of it may be old. */
  restart(): void {
    this.isTried = !this.isReported;
    this.refresh();
  }

  /** Begins to read the log, or, if it is being read, begins again afterwards: what is read now may be older than the question. */
  refresh(): void {
    if (!this.isReported) return;
    this.isStale = true;
    this.backoff.reset();
    if (!this.isReading) void this.readWhileStale();
  }

  /** Tries again what has failed, when its time has come. */
  tick(nowNs: number): void {
    this.nowNs = nowNs;
    if (this.isStale && !this.isReading && this.backoff.isDue(nowNs)) void this.readWhileStale();
  }

  private get isReported(): boolean {
    return (this.current().identity.cmic & CMIC_ANA_REPORTING) !== 0;
  }

  private async readWhileStale(): Promise<void> {
    const controller = this.current();
    this.isReading = true;
    try {
      while (this.isStale && controller.state === 'READY') {
        this.isStale = false;
        await this.read(controller);
        this.isTried ||= controller === this.current();
      }
    } catch (error) {
      this.log.warn(`ANA log of controller ${controller.identity.cntlid} not read: ${String(error)}`);
      // The event that led here does not come again before the log was read, and I/O does not go where the state is not known.
      this.isStale = true;
      this.isTried ||= controller === this.current() && controller.state === 'READY';
      this.backoff.failed(this.nowNs);
    } finally {
      this.isReading = false;
    }
  }

  private async read(controller: Controller): Promise<void> {
    const { anagrpmax, nanagrpid, nn, mnan } = controller.identity;
    const page = await readLogPage(controller.admin, LOG_ANA, anaLogBytesMax(nanagrpid, mnan === 0 ? nn : mnan));
    // A controller that was put in its place meanwhile is asked itself.
    if (controller !== this.current()) return;
    const ana = parseAnaLog(page, { groupIdMax: anagrpmax, groupCountMax: nanagrpid, nsidMax: nn });
    if (ana.isValid) this.ana = ana;
    else
      this.log.warn(
        `ANA log of controller ${controller.identity.cntlid} ignored: ${ana.message}, at byte ${ana.offset}`,
      );
    this.version++;
  }
}
