import {
  AQA,
  CC,
  CC_AMS_ROUND_ROBIN,
  CC_CSS_ALL,
  CC_CSS_NVM,
  CC_SHN_ABRUPT,
  CC_SHN_NORMAL,
  CSTS,
  CSTS_SHST_COMPLETE,
} from '@phasebit/nvme-spec';
import { CompletionQueue, completionRingBytes } from './completion-queue.js';
import type { Internals } from './internals.js';
import { type ConfigurationListener } from './register-file.js';
import { resolveRing } from './ring.js';
import { SubmissionQueue, submissionRingBytes } from './submission-queue.js';

/** Where a controller is in its life; see `StateMachine`. */
export type ControllerState = 'disabled' | 'ready' | 'shut-down' | 'failed';

/**
 * What CC asks for and CSTS answers. [Base] 3.5, 3.6
 *
 * ```text
 *              EN 0->1, all checks passed: enable()
 *   disabled -------------------------------------> ready ---- SHN != 0: shutDown() ---> shut-down
 *    |    ^                                           |                                     |
 *    |    +------------- EN 1->0: reset() ------------+-------------------------------------+
 *    |    |                                           |
 *    |    +------------- EN 1->0 --- failed <---------+ fail()
 *    +-- EN 0->1, a check failed ---^
 * ```
 *
 * - disabled: CSTS.RDY is 0, there are no queues. SHN is answered here too: a host may shut down what it never enabled.
 * - ready: CSTS.RDY is 1, commands are fetched.
 * - shut-down: CSTS.RDY is 1, SHST is 10b, everything is on stable media, no command is fetched until a reset.
 * - failed: CSTS.CFS is 1, nothing is fetched or completed until a reset.
 */
export class StateMachine implements ConfigurationListener {
  /** Where the controller is. */
  state: ControllerState = 'disabled';

  constructor(private readonly inside: () => Internals) {}

  /** @inheritDoc */
  configure(previous: number, next: number): void {
    const wasEnabled = CC.EN.get(previous) === 1;
    const isEnabled = CC.EN.get(next) === 1;
    if (wasEnabled && !isEnabled) this.reset();
    if (!wasEnabled && isEnabled) this.enable();
    // A write that clears EN may ask for a shutdown too; then both happen. [Base] 3.1.4.5
    if (asksForShutdown(next) && !asksForShutdown(previous)) this.shutDown();
  }

  /** Stops everything for good, until a reset, and says so: CSTS.CFS. */
  fail(reason: string): void {
    const { registers, settings } = this.inside();
    this.state = 'failed';
    registers.showStatus(CSTS.CFS.set(registers.csts, 1));
    settings.log.warn(`controller ${settings.cntlid}: fatal: ${reason}`);
  }

  /** Back to `disabled`, as a controller reset does it: queues, features and events go, the admin queue's registers stay. */
  reset(): void {
    const { registers, queues, features, events, namespaces } = this.inside();
    this.state = 'disabled';
    queues.clear();
    events.reset();
    features.reset();
    for (const namespace of namespaces.active) namespace.errorRecovery = 0;
    registers.reset();
  }

  private enable(): void {
    const refusal = this.createAdminQueues();
    if (refusal !== undefined) {
      this.fail(refusal);
      return;
    }
    const { registers, settings } = this.inside();
    this.state = 'ready';
    registers.showStatus(CSTS.RDY.set(0, 1));
    settings.log.info(`controller ${settings.cntlid}: ready`);
  }

  private shutDown(): void {
    const { registers, namespaces } = this.inside();
    if (this.state === 'failed') return;
    for (const { medium } of namespaces.active) medium.flush();
    if (this.state === 'ready') this.state = 'shut-down';
    registers.showStatus(CSTS.SHST.set(registers.csts, CSTS_SHST_COMPLETE));
  }

  /** Gives why the controller cannot be enabled as configured, or creates the admin queues. [Base] 3.5.1 */
  private createAdminQueues(): string | undefined {
    const { registers, settings, queues, doorbells } = this.inside();
    const { cc, aqa } = registers;
    const { dma, link } = settings;
    const css = CC.CSS.get(cc);
    if (css !== CC_CSS_NVM && css !== CC_CSS_ALL) return 'CC.CSS is not supported';
    if (CC.MPS.get(cc) !== 0) return 'CC.MPS is outside CAP.MPSMIN to CAP.MPSMAX';
    if (CC.AMS.get(cc) !== CC_AMS_ROUND_ROBIN) return 'CC.AMS is not supported';
    if (AQA.ASQS0.get(aqa) === 0 || AQA.ACQS0.get(aqa) === 0) return 'AQA has a queue of one entry';
    const submissionEntries = AQA.ASQS0.get(aqa) + 1;
    const completionEntries = AQA.ACQS0.get(aqa) + 1;
    const completionPages = resolveRing(
      dma,
      registers.acqLow,
      registers.acqHigh,
      completionRingBytes(completionEntries),
    );
    if (completionPages === undefined) return 'ACQ is misaligned or not mapped';
    const pages = resolveRing(dma, registers.asqLow, registers.asqHigh, submissionRingBytes(submissionEntries));
    if (pages === undefined) return 'ASQ is misaligned or not mapped';
    queues.clear();
    const completionQueue = new CompletionQueue({
      id: 0,
      entries: completionEntries,
      pages: completionPages,
      link,
      concurrent: settings.concurrent,
      vector: 0,
      observer: doorbells,
    });
    queues.addCompletion(completionQueue);
    queues.addSubmission(
      new SubmissionQueue({
        id: 0,
        entries: submissionEntries,
        pages,
        link,
        concurrent: settings.concurrent,
        completionQueue,
        observer: doorbells,
      }),
    );
    return undefined;
  }
}

/** SHN 11b is reserved and asks for nothing. */
function asksForShutdown(cc: number): boolean {
  const notification = CC.SHN.get(cc);
  return notification === CC_SHN_NORMAL || notification === CC_SHN_ABRUPT;
}
