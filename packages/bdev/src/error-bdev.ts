import { IndexFifo } from '@phasebit/core';
import { BACKEND_ACCEPTED, BACKEND_NO_MEMORY, type Bdev, type BdevBackend } from './bdev.js';
import { BdevChannel } from './bdev-channel.js';
import type { BdevCallback, BdevIo } from './bdev-io.js';
import { type ErrorRule, FaultPlan } from './fault-plan.js';
import { forwardIo, StackedBdev } from './stacked-bdev.js';
import { BDEV_STATUS_FAILED } from './status.js';

/** How an error device is made. */
export interface ErrorBdevOptions {
  /** what it is called; default the base's name with `-error` */
  readonly name?: string;
  /** decides who is struck when a rule strikes by chance; default 0 */
  readonly seed?: number;
}

/**
 * Another device, with faults on demand. Rules are tried in the order in which they were added; the first that strikes decides.
 * They hold for all channels of the device. The same seed, rules and I/Os give the same faults.
 */
export class ErrorBdev extends StackedBdev {
  readonly productName = 'error device';
  private readonly plan: FaultPlan;

  constructor(base: Bdev, options: ErrorBdevOptions = {}) {
    super(options.name ?? `${base.name}-error`, base);
    this.plan = new FaultPlan(options.seed ?? 0);
  }

  /**
   * Adds a rule.
   *
   * @throws RangeError when its count or chance is not a positive integer
   */
  inject(rule: ErrorRule): void {
    this.plan.add(rule);
  }

  /** Removes every rule. What is held stays held. */
  clear(): void {
    this.plan.clear();
  }

  /** Lets everything that is held complete, from the next poll of its channel. */
  release(): void {
    this.plan.release();
  }

  /** @inheritDoc */
  openBackend(ios: readonly BdevIo[]): BdevBackend {
    return new ErrorBackend(ios, this.base, this.plan);
  }
}

/** `moduleWord2` of an I/O whose completion is passed on. */
const PASS = 0;
/** `moduleWord2` of an I/O whose completion is held. */
const HOLD = 1;

/** `moduleWord0` and `moduleWord1` of an I/O that has ended are its status and its NVMe status. */
class ErrorBackend implements BdevBackend {
  private readonly ios: readonly BdevIo[];
  private readonly plan: FaultPlan;
  private readonly channel: BdevChannel;
  private readonly ended: IndexFifo;
  private readonly held: IndexFifo;
  private readonly onBaseDone: BdevCallback;
  private releasesSeen: number;

  constructor(ios: readonly BdevIo[], base: Bdev, plan: FaultPlan) {
    this.ios = ios;
    this.plan = plan;
    this.channel = new BdevChannel(base, { ioCount: ios.length });
    this.ended = new IndexFifo(ios.length);
    this.held = new IndexFifo(ios.length);
    this.onBaseDone = (context, status) => this.keep(context as BdevIo, status);
    this.releasesSeen = plan.releases;
  }

  submit(io: BdevIo): number {
    const rule = this.plan.strike(io);
    if (rule === null) return this.pass(io, PASS);
    if (rule.effect === 'hold') return this.pass(io, HOLD);
    return rule.effect === 'fail' ? this.fail(io, rule) : BACKEND_NO_MEMORY;
  }

  poll(): number {
    this.channel.poll();
    if (this.plan.releases !== this.releasesSeen) this.releaseHeld();
    const count = this.ended.length; // not those that a callback submits meanwhile
    for (let i = 0; i < count; i++) {
      const io = this.ios[this.ended.shift()];
      io.complete(io.moduleWord0, io.moduleWord1);
    }
    return count;
  }

  tick(nowNs: number): void {
    this.channel.tick(nowNs);
  }

  close(): void {
    this.channel.close();
  }

  private pass(io: BdevIo, then: number): number {
    io.moduleWord2 = then;
    return forwardIo(this.channel, io, this.onBaseDone);
  }

  private fail(io: BdevIo, rule: ErrorRule): number {
    io.moduleWord0 = rule.status ?? BDEV_STATUS_FAILED;
    io.moduleWord1 = rule.nvmeStatus ?? 0;
    this.ended.push(io.index);
    return BACKEND_ACCEPTED;
  }

  private keep(io: BdevIo, status: number): void {
    io.moduleWord0 = status;
    io.moduleWord1 = this.channel.lastNvmeStatus;
    (io.moduleWord2 === HOLD ? this.held : this.ended).push(io.index);
  }

  private releaseHeld(): void {
    this.releasesSeen = this.plan.releases;
    while (this.held.length > 0) this.ended.push(this.held.shift());
  }
}
