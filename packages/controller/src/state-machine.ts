import {
  AQA,
  CC,
  CC_AMS_ROUND_ROBIN,
  CC_AMS_WEIGHTED_ROUND_ROBIN,
  CC_CSS_ALL,
  CC_CSS_NVM,
  CC_SHN_ABRUPT,
  CC_SHN_NORMAL,
  CSTS,
  CSTS_SHST_COMPLETE,
} from '@phasebit/nvme-spec';
import { CompletionQueue, completionRingBytes } from './completion-queue.js';
import { noteFatal, resetState } from './controller-reset.js';
import type { Internals } from './internals.js';
import { type ConfigurationListener } from './register-file.js';
import { resolveRing, takesSubmissions } from './ring.js';
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
 *
 *   from anywhere: NSSR was written on this controller or another one of the subsystem: resetWithSubsystem() ---> disabled
 * ```
 *
 * - disabled: CSTS.RDY is 0, there are no queues. SHN is answered here too: a host may shut down what it never enabled.
 * - ready: CSTS.RDY is 1, commands are fetched.
 * - shut-down: CSTS.RDY is 1, SHST is 10b, everything is on stable media, no command is fetched until a reset.
 * - failed: CSTS.CFS is 1, nothing is fetched or completed until a reset. A shutdown whose flush fails ends here, too.
 */
export class StateMachine implements ConfigurationListener {
  /** Where the controller is. */
  state: ControllerState = 'disabled';

  constructor(private readonly inside: () => Internals) {}

  /** @inheritDoc */
  get hasSubmissionQueues(): boolean {
    return this.inside().queues.io.length > 0;
  }

  /** @inheritDoc */
  get hasCompletionQueues(): boolean {
    return this.inside().queues.hasIoCompletions;
  }

  /** @inheritDoc */
  resetSubsystem(): void {
    const { subsystem } = this.inside();
    for (const member of subsystem.members) member.machine.resetWithSubsystem();
    subsystem.sanitizer.cancelVerification();
  }

  /** An NVM subsystem reset: what a controller reset does, and all registers as after power-on. [Base] 3.7.1 */
  resetWithSubsystem(): void {
    const { registers, settings } = this.inside();
    this.reset();
    registers.resetWithSubsystem();
    settings.log.warn(`controller ${settings.cntlid}: NVM subsystem reset`);
  }

  /** A function level reset: what a controller reset does, and all registers as after power-on. [Base] 3.7.2 */
  resetFunction(): void {
    const { registers, settings } = this.inside();
    this.reset();
    registers.powerOn();
    settings.log.info(`controller ${settings.cntlid}: function level reset`);
  }

  /** Power was lost and is back: what a controller reset does, and all registers as after power-on. [Base] 3.7.1 */
  resetWithPower(): void {
    const { registers, settings } = this.inside();
    this.reset();
    registers.resetWithPower();
    settings.log.warn(`controller ${settings.cntlid}: power cycle`);
  }

  /** @inheritDoc */
  configure(previous: number, next: number): void {
    const wasEnabled = CC.EN.get(previous) === 1;
    const isEnabled = CC.EN.get(next) === 1;
    if (wasEnabled && !isEnabled) this.disable();
    if (!wasEnabled && isEnabled && !this.inside().faults.keepsReady(true)) this.enable();
    // A write that clears EN may ask for a shutdown too; then both happen. [Base] 3.1.4.5
    if (asksForShutdown(next) && !asksForShutdown(previous)) this.shutDown();
  }

  /** Stops everything for good, until a reset, and says so: CSTS.CFS. */
  fail(reason: string): void {
    const { registers, settings } = this.inside();
    this.state = 'failed';
    registers.showStatus(CSTS.CFS.set(registers.csts, 1));
    noteFatal(this.inside());
    settings.log.warn(`controller ${settings.cntlid}: fatal: ${reason}`);
  }

  /** Back to `disabled`, as a controller reset does it: queues, features and events go, the admin queue's registers stay. */
  reset(): void {
    const { registers, queues, events, inFlight, interrupts } = this.inside();
    this.state = 'disabled';
    queues.clear();
    interrupts.reset();
    inFlight.clear();
    events.reset();
    resetState(this.inside());
    registers.reset();
  }

  private disable(): void {
    const { registers, faults } = this.inside();
    const { isReady } = registers;
    this.reset();
    if (faults.keepsReady(false)) registers.showStatus(CSTS.RDY.set(0, isReady ? 1 : 0));
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
    let failed = 0;
    for (const { allocated } of namespaces.active) if (allocated.flush() !== 0) failed++;
    if (failed > 0) {
      // [Base] 9.5: no completion could tell the host, who must not take for kept what is not.
      this.fail(`${failed} media cannot be flushed at shutdown`);
      return;
    }
    if (this.state === 'ready') this.state = 'shut-down';
    registers.showStatus(CSTS.SHST.set(registers.csts, CSTS_SHST_COMPLETE));
  }

  /** Gives why the controller cannot be enabled as configured, or creates the admin queues. [Base] 3.5.1 */
  private createAdminQueues(): string | undefined {
    const { registers, settings, queues } = this.inside();
    const { cc, aqa } = registers;
    const { dma } = settings;
    const css = CC.CSS.get(cc);
    const ams = CC.AMS.get(cc);
    if (css !== CC_CSS_NVM && css !== CC_CSS_ALL) return 'CC.CSS is not supported';
    if (CC.MPS.get(cc) !== 0) return 'CC.MPS is outside CAP.MPSMIN to CAP.MPSMAX';
    const isWeighted = ams === CC_AMS_WEIGHTED_ROUND_ROBIN && settings.weightedRoundRobin;
    if (ams !== CC_AMS_ROUND_ROBIN && !isWeighted) return 'CC.AMS is not supported';
    if (AQA.ASQS0.get(aqa) === 0 || AQA.ACQS0.get(aqa) === 0) return 'AQA has a queue of one entry';
    const submissionBytes = submissionRingBytes(AQA.ASQS0.get(aqa) + 1);
    const completionBytes = completionRingBytes(AQA.ACQS0.get(aqa) + 1);
    const completionRing = resolveRing(dma, registers.acqLow, registers.acqHigh, completionBytes);
    if (completionRing === undefined) return 'ACQ is misaligned or not mapped';
    if (completionRing.memory !== undefined || completionRing.isMixed) return "ACQ is in the controller's memory";
    const ring = resolveRing(dma, registers.asqLow, registers.asqHigh, submissionBytes);
    if (ring === undefined) return 'ASQ is misaligned or not mapped';
    if (!takesSubmissions(ring, settings.link)) return 'ASQ is in two memories, or in the persistent memory region';
    queues.clear();
    this.addAdminQueues(ring.pages, completionRing.pages);
    queues.isWeighted = isWeighted;
    return undefined;
  }

  private addAdminQueues(pages: Int32Array[], completionPages: Int32Array[]): void {
    const { registers, settings, queues, doorbells, interrupts } = this.inside();
    const { link, concurrent } = settings;
    const common = { id: 0, link, concurrent, observer: doorbells };
    const completionQueue = new CompletionQueue({
      ...common,
      entries: AQA.ACQS0.get(registers.aqa) + 1,
      pages: completionPages,
      interrupts,
      vector: 0,
    });
    queues.addCompletion(completionQueue);
    const entries = AQA.ASQS0.get(registers.aqa) + 1;
    queues.addSubmission(new SubmissionQueue({ ...common, entries, pages, completionQueue }));
  }
}

/** SHN 11b is reserved and asks for nothing. */
function asksForShutdown(cc: number): boolean {
  const notification = CC.SHN.get(cc);
  return notification === CC_SHN_NORMAL || notification === CC_SHN_ABRUPT;
}
