import {
  SANITIZE_ACTION_OVERWRITE,
  SANITIZE_CDW10,
  SANITIZE_LOG_BYTES,
  SANITIZE_LOG_ETBE,
  SANITIZE_LOG_ETBENMM,
  SANITIZE_LOG_ETCE,
  SANITIZE_LOG_ETCENMM,
  SANITIZE_LOG_ETO,
  SANITIZE_LOG_ETODMM,
  SANITIZE_LOG_ETPVDS,
  SANITIZE_LOG_SCDW10,
  SANITIZE_LOG_SPROG,
  SANITIZE_LOG_SSI,
  SANITIZE_LOG_SSTAT,
  SANITIZE_PASSES_MAX,
  SANITIZE_PROGRESS_NONE,
  SANITIZE_SSTAT,
  SANITIZE_STATE_IDLE,
  SANITIZE_STATE_MEDIA_VERIFICATION,
  SANITIZE_STATE_POST_VERIFICATION,
  SANITIZE_STATE_RESTRICTED_FAILURE,
  SANITIZE_STATE_RESTRICTED_PROCESSING,
  SANITIZE_STATE_UNRESTRICTED_FAILURE,
  SANITIZE_STATE_UNRESTRICTED_PROCESSING,
  SANITIZE_STATUS_FAILED,
  SANITIZE_STATUS_NEVER_STARTED,
  SANITIZE_STATUS_SANITIZED,
  SANITIZE_STATUS_SANITIZING,
  SANITIZE_STATUS_UNEXPECTED_DEALLOCATE,
  SANITIZE_TIME_NONE,
  STATUS_SANITIZE_FAILED,
  STATUS_SANITIZE_IN_PROGRESS,
} from '@phasebit/nvme-spec';
import type { BackgroundTask, BackgroundTasks } from '../background-tasks.js';

/** What the sanitizer asks of its subsystem. */
export interface SanitizeTarget {
  /** I/O commands get this status from now on; 0 ends that */
  readonly restrict: (status: number) => void;
  /** erases and deallocates everything: gives 0, or a status when that failed */
  readonly erase: () => number;
  /** the state changed: to processing, to verification, or to an end */
  readonly tell: (change: 'started' | 'verifying' | 'ended') => void;
  /** how many writes there were so far */
  readonly writes: () => number;
}

/**
 * The Sanitize Operation State Machine of a subsystem. [Base] 8.1.24.3
 *
 * ```text
 *   idle --start--> processing --erased--> idle, or with EMVS: media verification --exit--> post-verification --> idle
 *                       |                                                                          |
 *                       +--failed--> restricted failure (left by another start with AUSE = 0)  <---+
 *                                    unrestricted failure (left by a start or by Exit Failure Mode)
 * ```
 *
 * It is not interrupted by resets; one that comes from the subsystem cancels media verification. Media are always deallocated, so NDAS
 * is inhibited (SANICAP.NDI).
 */
export class Sanitizer {
  /** NODRM of the Sanitize Config feature */
  isWarningMode = false;
  /** SANITIZE_STATE_* */
  state: number = SANITIZE_STATE_IDLE;
  private status: number = SANITIZE_STATUS_NEVER_STARTED;
  private failedIn: number = SANITIZE_STATE_IDLE;
  private isCanceled = false;
  /** writes when everything was erased last, -1 while there may be user data for another reason */
  private writesAtErase = 0;
  private cdw10 = 0;
  private passesDone = 0;
  private task: BackgroundTask | undefined = undefined;

  /** @param durationMs - of one pass over the media */
  constructor(
    private readonly tasks: BackgroundTasks,
    private readonly durationMs: number,
    private readonly target: SanitizeTarget,
  ) {}

  /** Whether an operation is in progress, media verification included. */
  get isActive(): boolean {
    return this.status === SANITIZE_STATUS_SANITIZING;
  }

  /** Whether the last operation failed, and its failure was not left yet. */
  get isFailed(): boolean {
    return this.state === SANITIZE_STATE_RESTRICTED_FAILURE || this.state === SANITIZE_STATE_UNRESTRICTED_FAILURE;
  }

  /** The status of admin commands that are not allowed now, 0 while everything is. [Base] 8.1.24.4 */
  get restriction(): number {
    return this.isActive || this.isFailed ? STATUS_SANITIZE_IN_PROGRESS : 0;
  }

  /** Starts an operation. The command was found right. @param cdw10 - dword 10 of the Sanitize command */
  start(cdw10: number): void {
    this.cdw10 = cdw10;
    this.status = SANITIZE_STATUS_SANITIZING;
    this.isCanceled = false;
    this.writesAtErase = -1;
    this.passesDone = 0;
    const isUnrestricted = SANITIZE_CDW10.AUSE.get(cdw10) === 1;
    this.state = isUnrestricted ? SANITIZE_STATE_UNRESTRICTED_PROCESSING : SANITIZE_STATE_RESTRICTED_PROCESSING;
    this.target.restrict(STATUS_SANITIZE_IN_PROGRESS);
    this.target.tell('started');
    this.task = this.tasks.start(this.durationMs * this.passes, () => this.finish());
  }

  /** Leaves a failure that may be left. */
  exitFailure(): void {
    this.state = SANITIZE_STATE_IDLE;
    this.target.restrict(0);
  }

  /** Leaves media verification. */
  exitVerification(): void {
    this.state = SANITIZE_STATE_POST_VERIFICATION;
    this.target.restrict(STATUS_SANITIZE_IN_PROGRESS);
    this.task = this.tasks.start(this.durationMs, () => this.settle(this.target.erase()));
  }

  /** The subsystem was reset: nobody will verify the media. */
  cancelVerification(): void {
    if (!this.isActive) return;
    if (SANITIZE_CDW10.EMVS.get(this.cdw10) === 1) this.isCanceled = true;
    if (this.state === SANITIZE_STATE_MEDIA_VERIFICATION) this.exitVerification();
  }

  /** SSTAT of the log. */
  get sstat(): number {
    let word = SANITIZE_SSTAT.SOS.set(0, this.status);
    word = SANITIZE_SSTAT.OPC.set(word, this.currentPasses);
    word = SANITIZE_SSTAT.GDE.set(word, this.writesAtErase === this.target.writes() ? 1 : 0);
    return SANITIZE_SSTAT.MVCNCLD.set(word, this.isCanceled ? 1 : 0);
  }

  /** SPROG of the log. */
  get progress(): number {
    const isProcessing = this.isActive && this.state !== SANITIZE_STATE_MEDIA_VERIFICATION;
    if (!isProcessing || this.task === undefined) return SANITIZE_PROGRESS_NONE;
    return Math.floor(this.tasks.progress(this.task) * 0x1_0000);
  }

  /** The Sanitize Status log. [Base] 5.1.12.1.33 */
  page(): Uint8Array {
    const view = new DataView(new ArrayBuffer(SANITIZE_LOG_BYTES));
    const seconds = Math.ceil(this.durationMs / 1000);
    view.setUint16(SANITIZE_LOG_SPROG, this.progress, true);
    view.setUint16(SANITIZE_LOG_SSTAT, this.sstat, true);
    view.setUint32(SANITIZE_LOG_SCDW10, this.cdw10, true);
    view.setUint32(SANITIZE_LOG_ETO, Math.ceil((this.durationMs * SANITIZE_PASSES_MAX) / 1000), true);
    for (const at of [SANITIZE_LOG_ETBE, SANITIZE_LOG_ETCE, SANITIZE_LOG_ETPVDS]) view.setUint32(at, seconds, true);
    for (const at of [SANITIZE_LOG_ETODMM, SANITIZE_LOG_ETBENMM, SANITIZE_LOG_ETCENMM]) {
      view.setUint32(at, SANITIZE_TIME_NONE, true);
    }
    view.setUint8(SANITIZE_LOG_SSI, (this.failedIn << 4) | this.state);
    return new Uint8Array(view.buffer);
  }

  private get passes(): number {
    if (SANITIZE_CDW10.SANACT.get(this.cdw10) !== SANITIZE_ACTION_OVERWRITE) return 1;
    return SANITIZE_CDW10.OWPASS.get(this.cdw10) || SANITIZE_PASSES_MAX;
  }

  /** Overwrite passes completed so far. */
  private get currentPasses(): number {
    if (SANITIZE_CDW10.SANACT.get(this.cdw10) !== SANITIZE_ACTION_OVERWRITE) return 0;
    if (!this.isActive || this.task === undefined) return this.passesDone;
    return Math.floor(this.tasks.progress(this.task) * this.passes);
  }

  private finish(): void {
    const status = this.target.erase();
    if (status === 0) this.passesDone = this.passes;
    const isVerified = SANITIZE_CDW10.EMVS.get(this.cdw10) === 1 && !this.isCanceled;
    if (status !== 0 || !isVerified) {
      this.settle(status);
      return;
    }
    this.writesAtErase = this.target.writes();
    this.state = SANITIZE_STATE_MEDIA_VERIFICATION;
    this.task = undefined;
    this.target.tell('verifying');
  }

  /** The operation is over. @param status - 0 when it succeeded */
  private settle(status: number): void {
    const isUnrestricted = SANITIZE_CDW10.AUSE.get(this.cdw10) === 1;
    this.task = undefined;
    if (status === 0) {
      this.status = this.isUnexpected ? SANITIZE_STATUS_UNEXPECTED_DEALLOCATE : SANITIZE_STATUS_SANITIZED;
      this.failedIn = SANITIZE_STATE_IDLE;
      this.state = SANITIZE_STATE_IDLE;
      this.writesAtErase = this.target.writes();
    } else {
      this.status = SANITIZE_STATUS_FAILED;
      this.failedIn = this.state;
      this.state = isUnrestricted ? SANITIZE_STATE_UNRESTRICTED_FAILURE : SANITIZE_STATE_RESTRICTED_FAILURE;
    }
    this.target.restrict(status === 0 ? 0 : STATUS_SANITIZE_FAILED);
    this.target.tell('ended');
  }

  /** Whether media was deallocated although the host asked for the contrary. */
  get isUnexpected(): boolean {
    return SANITIZE_CDW10.NDAS.get(this.cdw10) === 1;
  }
}
