/**
 * Hot path: allocates only in the constructor, unless the job verifies.
 */
import { type Clock, IndexFifo } from '@phasebit/core';
import type { DmaSpace } from '@phasebit/pcie';
import { type JobSpec, READ, WRITE } from '../job/job-spec.js';
import type { JobGeometry } from '../job/validate-against-device.js';
import { type IoTarget, TARGET_ACCEPTED } from '../stack/io-target.js';
import { IoPattern } from '../workload/io-pattern.js';
import { DirectionStatistics } from './direction-statistics.js';
import { JobBuffers } from './job-buffers.js';
import { JobErrors } from './job-errors.js';
import { JobVerification } from './job-verification.js';
import { Pacer } from './pacer.js';

/** How the latency of a command is taken: by the time of the polls it was issued and found in, by clock looks of its own, or not at all. */
export type Stamping = 'batch' | 'exact' | 'none';

/** What a job is run with. */
export interface JobRunnerOptions {
  readonly job: JobSpec;
  readonly geometry: JobGeometry;
  readonly target: IoTarget;
  readonly dma: DmaSpace;
  readonly clock: Clock;
  readonly stamping: Stamping;
  /** one number: the time as of the last look at the clock, in nanoseconds. Jobs that run side by side share it */
  readonly time: Float64Array;
}

/** A job that still issues, one that waits for what is in flight, one that reads back what it wrote, one that is done. */
type Phase = 'running' | 'draining' | 'verifying' | 'done';

/**
 * One job in a closed loop: as many commands in flight as its depth says, each completion issuing the next.
 *
 * Invariant: each slot is in one of three places: in flight, parked (it may not issue yet), or idle (the job issues no more).
 */
export class JobRunner {
  readonly job: JobSpec;
  readonly geometry: JobGeometry;
  /** by direction */
  readonly statistics: readonly DirectionStatistics[] = [
    new DirectionStatistics(),
    new DirectionStatistics(),
    new DirectionStatistics(),
  ];
  readonly errors: JobErrors;
  readonly verification: JobVerification | null;
  /** when the counting began, in nanoseconds of the clock */
  countedFromNs = 0;
  /** when the counting ended */
  countedToNs = 0;
  /** flushes that completed well */
  flushes = 0;

  private readonly target: IoTarget;
  private readonly clock: Clock;
  private readonly pattern: IoPattern;
  private readonly buffers: JobBuffers;
  private readonly addresses: Int32Array;
  private readonly pacer: Pacer | null;
  private readonly parked: IndexFifo;
  private readonly takesTime: boolean;
  private readonly isExact: boolean;
  /** the time as of the last look; a cell and not a field, since a double that crosses a call would be boxed, 16 bytes each time */
  private readonly time: Float64Array;
  private isStampFresh = false;
  private readonly lbaBytes: number;
  private readonly startNs: Float64Array;
  /** direction in bits 1:0, blocks above */
  private readonly slotKinds: Int32Array;
  /** whether commands need no more than to be issued: nothing is verified, paced or flushed */
  private readonly isPlain: boolean;
  private readonly isTimeBased: boolean;

  private phase: Phase = 'running';
  private isIssuing = false;
  private inFlight = 0;
  private hasHeld = false;
  private readonly runLatencyNs = new Float64Array(1).fill(-1);
  private runDirection = 0;
  private runCount = 0;
  private runBlocks = 0;
  private rampEndNs = 0.5;
  private endNs = Infinity;
  private hasRamp = true;
  private writesSinceFlush = 0;

  constructor(options: JobRunnerOptions) {
    const { job, geometry, target } = options;
    this.job = job;
    this.geometry = geometry;
    this.target = target;
    this.clock = options.clock;
    this.time = options.time;
    this.pattern = new IoPattern(job, geometry);
    this.buffers = new JobBuffers(options.dma, job);
    this.addresses = this.buffers.addresses;
    this.pacer = Pacer.isNeeded(job) ? new Pacer(job) : null;
    this.parked = new IndexFifo(job.ioDepth);
    this.errors = new JobErrors(job);
    this.verification =
      job.verify === 'none' ? null : new JobVerification(job, geometry, this.buffers, target.metadata);
    this.takesTime = options.stamping !== 'none';
    this.isExact = options.stamping === 'exact';
    this.lbaBytes = target.lbaBytes;
    this.startNs = new Float64Array(job.ioDepth);
    this.slotKinds = new Int32Array(job.ioDepth);
    this.isPlain = this.verification === null && this.pacer === null && job.fsyncEveryWrites === 0;
    this.isTimeBased = job.timeBased;
  }

  /** Whether the job has nothing left to do and nothing in flight. */
  get isDone(): boolean {
    return this.phase === 'done';
  }

  /** Whether the job reads back what it wrote. */
  get isVerifying(): boolean {
    return this.phase === 'verifying';
  }

  /** How much of the job is done, 0 to 1, by time or by bytes, whichever ends it. */
  progress(nowNs: number): number {
    if (this.phase !== 'running') return 1;
    const { runtimeSeconds, rampSeconds } = this.job;
    const total = (runtimeSeconds ?? Infinity) + rampSeconds;
    const byTime = total === Infinity ? 0 : 1 - (this.endNs - nowNs) / (total * 1e9);
    const { totalBytes } = this.geometry;
    const byBytes = this.job.timeBased || totalBytes === Infinity ? 0 : 1 - this.pattern.remainingBytes / totalBytes;
    return Math.min(1, Math.max(0, byTime, byBytes));
  }

  /** Issues the first commands. */
  start(): void {
    const { runtimeSeconds, rampSeconds, ioDepth } = this.job;
    const nowNs = this.time[0];
    this.countedFromNs = nowNs;
    this.rampEndNs = nowNs + rampSeconds * 1e9;
    if (runtimeSeconds !== undefined) this.endNs = this.rampEndNs + runtimeSeconds * 1e9;
    this.isIssuing = true;
    for (let slot = 0; slot < ioDepth; slot++) this.next(slot);
  }

  /** Issues no more; what is in flight still completes, and nothing is read back. */
  stop(): void {
    this.isIssuing = false;
    if (this.phase !== 'done') this.phase = 'draining';
    this.verification?.skip();
  }

  /** One turn: completes what there is, issues what may go, moves on when a phase is over. Gives the completions found. */
  turn(): number {
    this.isStampFresh = false;
    if (this.parked.length !== 0) this.unpark();
    const found = this.target.poll();
    if (this.inFlight === 0) this.idle();
    return found;
  }

  /** Begins a turn whose completions somebody else finds: issues what may go. The next completion looks at the clock anew. */
  beginTurn(): void {
    if (this.parked.length !== 0) this.unpark();
    this.isStampFresh = false;
  }

  /** Ends such a turn: moves on when a phase is over. */
  endTurn(): void {
    if (this.inFlight === 0) this.idle();
  }

  /** Looks at the time: ends the ramp and the run when they are over. To be called every few microseconds. Gives whether a ramp just ended. */
  checkTime(): boolean {
    const nowNs = this.time[0];
    if (nowNs >= this.endNs && this.phase === 'running') this.isIssuing = false;
    return this.hasRamp && nowNs >= this.rampEndNs && this.endRamp();
  }

  /** Tells the target the time, about every millisecond. */
  tick(nowNs: number): void {
    this.target.tick(nowNs);
  }

  /** Brings the statistics up to date. */
  settle(): void {
    this.endRun();
    if (this.phase === 'running' || this.phase === 'draining') this.countedToNs = this.clock.nowNs();
  }

  /** Gives the memory back. */
  close(): void {
    this.buffers.free();
  }

  // ---- issuing

  private next(slot: number): void {
    if (!this.isIssuing) return;
    if (!this.isPlain) {
      this.nextSpecial(slot);
      return;
    }
    if (!this.isTimeBased && this.pattern.finished) {
      this.isIssuing = false;
      return;
    }
    this.pattern.next();
    this.issue(slot);
  }

  private nextSpecial(slot: number): void {
    if (this.phase === 'verifying') {
      this.issueVerification(slot);
      return;
    }
    const { pattern, pacer } = this;
    if (!this.isTimeBased && pattern.finished && !this.hasHeld) {
      this.isIssuing = false;
      return;
    }
    if (!this.hasHeld) pattern.next();
    if (pacer !== null && !pacer.mayIssue(pattern.direction, this.time)) {
      this.hasHeld = true;
      this.parked.push(slot);
      return;
    }
    this.hasHeld = false;
    const { direction, lba, blocks } = pattern;
    if (this.verification !== null) this.verification.begin(slot, direction, lba, blocks);
    if (pacer !== null) pacer.issued(direction, blocks * this.lbaBytes, this.time);
    this.issue(slot);
  }

  private issue(slot: number): void {
    const pattern = this.pattern;
    const direction = pattern.direction;
    const blocks = pattern.blocks;
    this.slotKinds[slot] = (blocks << 2) | direction;
    if (this.takesTime) this.stamp(slot);
    const address = this.addresses[slot];
    let answer: number;
    if (direction === READ) answer = this.target.read(address, pattern.lba, blocks, this.onDone, slot);
    else if (direction === WRITE) answer = this.target.write(address, pattern.lba, blocks, this.onDone, slot);
    else answer = this.target.trim(pattern.lba, blocks, this.onDone, slot);
    if (answer === TARGET_ACCEPTED) this.inFlight++;
    else this.refused(slot, answer);
  }

  private refused(slot: number, answer: number): void {
    const direction = this.slotKinds[slot] & 3;
    if (this.verification !== null) this.verification.end(slot, false);
    this.errors.add(direction, `submission refused by the stack (answer ${answer})`);
    this.statistics[direction].errors++;
    this.isIssuing = false;
  }

  private unpark(): void {
    for (let waiting = this.parked.length; waiting > 0 && this.isIssuing; waiting--) {
      const slot = this.parked.shift();
      this.next(slot);
      if (this.hasHeld) return;
    }
  }

  private dropParked(): void {
    while (this.parked.shift() >= 0);
    this.hasHeld = false;
  }

  // ---- completing

  private readonly onDone = (context: unknown, status: number): void => {
    const slot = context as number;
    const kind = this.slotKinds[slot];
    this.inFlight--;
    if (status !== 0) {
      this.failed(slot, kind & 3, status);
      return;
    }
    this.count(slot, kind & 3, kind >>> 2);
    if (this.isPlain || this.finishSpecial(slot, kind & 3)) this.next(slot);
  };

  private finishSpecial(slot: number, direction: number): boolean {
    if (this.verification !== null && !this.verified(slot)) return false;
    if (direction === WRITE && this.job.fsyncEveryWrites > 0) this.flushSometimes();
    return true;
  }

  /** One look at the clock for all that one poll completes and issues, and none where a poll finds nothing; or one for each command. */
  private look(): void {
    if (this.isStampFresh) return;
    this.isStampFresh = !this.isExact;
    this.time[0] = this.clock.nowNs();
  }

  private stamp(slot: number): void {
    this.look();
    this.startNs[slot] = this.time[0]!;
  }

  /** Commands of one poll were mostly issued in one poll too: those of equal latency and direction are counted together. */
  private count(slot: number, direction: number, blocks: number): void {
    if (this.takesTime) {
      this.look();
      const latencyNs = this.time[0] - this.startNs[slot];
      if (latencyNs !== this.runLatencyNs[0]) {
        this.endRun();
        this.runLatencyNs[0] = latencyNs;
      }
    }
    if (direction !== this.runDirection) {
      this.endRun();
      this.runDirection = direction;
    }
    this.runCount++;
    this.runBlocks += blocks;
  }

  private endRun(): void {
    if (this.runCount === 0) return;
    const statistics = this.statistics[this.runDirection];
    statistics.ios += this.runCount;
    statistics.bytes += this.runBlocks * this.lbaBytes;
    if (this.takesTime) statistics.latency.record(this.runLatencyNs[0], this.runCount);
    this.runCount = 0;
    this.runBlocks = 0;
  }

  private verified(slot: number): boolean {
    if (this.verification!.end(slot, true)) return true;
    this.errors.add(READ, 'verification failed');
    if (this.errors.survivesVerification) return true;
    this.isIssuing = false;
    return false;
  }

  private failed(slot: number, direction: number, status: number): void {
    this.statistics[direction].errors++;
    this.errors.add(direction, this.target.describe(status));
    if (this.verification !== null) this.verification.end(slot, false);
    if (!this.errors.survives(direction)) this.isIssuing = false;
    this.next(slot);
  }

  private flushSometimes(): void {
    if (++this.writesSinceFlush < this.job.fsyncEveryWrites) return;
    this.writesSinceFlush = 0;
    if (this.target.flush(this.onFlushed, undefined) === TARGET_ACCEPTED) this.inFlight++;
  }

  private readonly onFlushed = (_: unknown, status: number): void => {
    this.inFlight--;
    if (status === 0) this.flushes++;
    else this.errors.add(WRITE, `flush: ${this.target.describe(status)}`);
  };

  // ---- phases

  private endRamp(): boolean {
    this.hasRamp = false;
    if (this.job.rampSeconds === 0) return false;
    this.endRun();
    for (const each of this.statistics) each.reset();
    this.countedFromNs = this.time[0]!;
    return true;
  }

  /** Nothing is in flight: slots are parked, or a phase is over. */
  private idle(): void {
    if (this.parked.length === 0) this.advance();
    else if (!this.isIssuing) this.dropParked();
  }

  private advance(): void {
    this.settle();
    const wants = this.phase === 'running' && this.verification?.hasReadBack === true && this.errors.count === 0;
    if (!wants) {
      this.phase = 'done';
      return;
    }
    this.phase = 'verifying';
    this.isIssuing = true;
    this.endNs = Infinity;
    for (let slot = 0; slot < this.job.ioDepth && this.isIssuing; slot++) this.next(slot);
    if (this.inFlight === 0) this.phase = 'done';
  }

  private issueVerification(slot: number): void {
    const verification = this.verification!;
    if (!verification.nextRead(slot)) {
      this.isIssuing = false;
      return;
    }
    const address = this.addresses[slot];
    const answer = this.target.read(address, verification.lba, verification.blocks, this.onReadBack, slot);
    if (answer === TARGET_ACCEPTED) this.inFlight++;
    else this.refused(slot, answer);
  }

  private readonly onReadBack = (context: unknown, status: number): void => {
    const slot = context as number;
    this.inFlight--;
    if (status !== 0) {
      this.failed(slot, READ, status);
      return;
    }
    if (this.verified(slot)) this.next(slot);
  };
}
