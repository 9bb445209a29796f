import {
  SELF_TEST_EXTENDED,
  SELF_TEST_LOG_BYTES,
  SELF_TEST_LOG_CDSTC,
  SELF_TEST_LOG_CDSTO,
  SELF_TEST_LOG_RESULT_COUNT,
  SELF_TEST_LOG_RESULTS,
  SELF_TEST_RESULT_ABORTED_RESET,
  SELF_TEST_RESULT_BYTES,
  SELF_TEST_RESULT_DSTS,
  SELF_TEST_RESULT_EMPTY,
  SELF_TEST_RESULT_KNOWN_SEGMENT_FAILED,
  SELF_TEST_RESULT_NSID,
  SELF_TEST_RESULT_OK,
  SELF_TEST_RESULT_POH,
  SELF_TEST_RESULT_SEGN,
  SELF_TEST_RESULT_VDINFO,
  SELF_TEST_SHORT,
  SELF_TEST_VALID_NSID,
} from '@phasebit/nvme-spec';
import type { BackgroundTask, BackgroundTasks } from '../background-tasks.js';
import type { Health } from '../health.js';
import type { SubsystemDurations } from '../subsystem-options.js';

/** Segment of the test that looks for critical warnings; the model has nothing else that could fail. [Base] 8.1.7 */
const SEGMENT_SMART = 2;

/** A test that runs. */
interface Running {
  /** SELF_TEST_SHORT or SELF_TEST_EXTENDED */
  readonly code: number;
  /** namespace that is tested, 0 for none, FFFFFFFFh for all */
  readonly nsid: number;
  task: BackgroundTask | undefined;
}

/** The device self-test of one controller, and the results of the last twenty. [Base] 5.1.5, 8.1.7 */
export class SelfTest {
  private running: Running | undefined = undefined;
  /** newest first */
  private readonly results: Uint8Array[] = [];

  constructor(
    private readonly tasks: BackgroundTasks,
    private readonly durations: Required<SubsystemDurations>,
    private readonly health: Health,
  ) {}

  /** Whether a test runs. */
  get isRunning(): boolean {
    return this.running !== undefined;
  }

  /** Starts a test; none runs. @param code - SELF_TEST_SHORT or SELF_TEST_EXTENDED */
  start(code: number, nsid: number): void {
    const running: Running = { code, nsid, task: undefined };
    this.running = running;
    const ms = code === SELF_TEST_SHORT ? this.durations.shortTestMs : this.durations.extendedTestMs;
    running.task = this.tasks.start(ms, () => {
      const isBad = this.health.criticalWarnings !== 0;
      this.end(isBad ? SELF_TEST_RESULT_KNOWN_SEGMENT_FAILED : SELF_TEST_RESULT_OK);
    });
  }

  /** Ends the test that runs, if one does. @param result - SELF_TEST_RESULT_*, why */
  abort(result: number): void {
    const { running } = this;
    if (running === undefined) return;
    if (running.task !== undefined) this.tasks.cancel(running.task);
    this.end(result);
  }

  /** Ends a test that has to do with a namespace. @param nsid - FFFFFFFFh for all of them */
  abortOf(nsid: number, result: number): void {
    const tested = this.running?.nsid ?? 0;
    if (tested !== 0 && (nsid === ALL || tested === ALL || tested === nsid)) this.abort(result);
  }

  /** A controller level reset ends a short test; an extended one goes on. */
  reset(): void {
    if (this.running?.code !== SELF_TEST_EXTENDED) this.abort(SELF_TEST_RESULT_ABORTED_RESET);
  }

  /** The Device Self-test log. [Base] 5.1.12.1.7 */
  page(): Uint8Array {
    const data = new Uint8Array(SELF_TEST_LOG_BYTES);
    const { running } = this;
    if (running?.task !== undefined) {
      data[SELF_TEST_LOG_CDSTO] = running.code;
      data[SELF_TEST_LOG_CDSTC] = Math.floor(this.tasks.progress(running.task) * 100);
    }
    for (let i = 0; i < SELF_TEST_LOG_RESULT_COUNT; i++) {
      const at = SELF_TEST_LOG_RESULTS + i * SELF_TEST_RESULT_BYTES;
      const result = this.results[i];
      if (result === undefined) data[at + SELF_TEST_RESULT_DSTS] = SELF_TEST_RESULT_EMPTY;
      else data.set(result, at);
    }
    return data;
  }

  private end(result: number): void {
    const { code, nsid } = this.running!;
    const view = new DataView(new ArrayBuffer(SELF_TEST_RESULT_BYTES));
    const isFailure = result === SELF_TEST_RESULT_KNOWN_SEGMENT_FAILED;
    view.setUint8(SELF_TEST_RESULT_DSTS, (code << 4) | result);
    view.setUint8(SELF_TEST_RESULT_SEGN, isFailure ? SEGMENT_SMART : 0);
    view.setUint32(SELF_TEST_RESULT_POH, this.health.poweredOnHours, true);
    if (nsid !== 0) {
      view.setUint8(SELF_TEST_RESULT_VDINFO, SELF_TEST_VALID_NSID);
      view.setUint32(SELF_TEST_RESULT_NSID, nsid, true);
    }
    this.results.unshift(new Uint8Array(view.buffer));
    this.results.length = Math.min(this.results.length, SELF_TEST_LOG_RESULT_COUNT);
    this.running = undefined;
  }
}

/** NSID FFFFFFFFh. */
const ALL = 0xffff_ffff;
