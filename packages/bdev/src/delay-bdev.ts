import { Prng } from '@phasebit/core';
import type { Bdev, BdevBackend } from './bdev.js';
import { BdevChannel } from './bdev-channel.js';
import type { BdevCallback, BdevIo } from './bdev-io.js';
import { BDEV_IO_COMPARE, BDEV_IO_READ } from './io-type.js';
import { forwardIo, StackedBdev } from './stacked-bdev.js';
import { WaitLine } from './wait-line.js';

/** How long I/Os of one direction are held back. */
export interface DelayProfile {
  /** nanoseconds added to the usual I/O */
  readonly usualNs: number;
  /** nanoseconds added to a slow one; default `usualNs` */
  readonly slowNs?: number;
  /** one I/O in so many is slow, by chance: 100 makes `slowNs` the 99th percentile; default 0, none */
  readonly slowOneIn?: number;
}

/** How a delay device is made. */
export interface DelayBdevOptions {
  /** what it is called; default the base's name with `-delay` */
  readonly name?: string;
  /** for reads and compares; default no delay */
  readonly read?: DelayProfile;
  /** for everything else; default no delay */
  readonly write?: DelayProfile;
  /** which I/Os are slow; default 0 */
  readonly seed?: number;
}

const NO_DELAY: DelayProfile = { usualNs: 0 };

/**
 * Another device, slower. The delay begins when the base has completed and is measured with the times of `tick`, so its resolution is
 * how often the owner ticks. The same seed and the same I/Os give the same delays.
 */
export class DelayBdev extends StackedBdev {
  readonly productName = 'delay device';
  private readonly read: DelayProfile;
  private readonly write: DelayProfile;
  private readonly seed: number;

  /** @throws RangeError when a time or a chance is negative or not a number */
  constructor(base: Bdev, options: DelayBdevOptions = {}) {
    super(options.name ?? `${base.name}-delay`, base);
    this.read = options.read ?? NO_DELAY;
    this.write = options.write ?? NO_DELAY;
    this.seed = options.seed ?? 0;
    checkProfile('read', this.read);
    checkProfile('write', this.write);
  }

  /** @inheritDoc */
  openBackend(ios: readonly BdevIo[]): BdevBackend {
    return new DelayBackend(ios, this.base, this.read, this.write, new Prng(this.seed));
  }
}

function checkProfile(name: string, profile: DelayProfile): void {
  const { usualNs, slowNs = usualNs, slowOneIn = 0 } = profile;
  if (!(usualNs >= 0 && slowNs >= 0))
    throw new RangeError(`${name}: expected times of 0 or more, got ${usualNs} and ${slowNs} ns`);
  if (!(Number.isInteger(slowOneIn) && slowOneIn >= 0)) {
    throw new RangeError(`${name}.slowOneIn: expected an integer of 0 or more, got ${slowOneIn}`);
  }
}

/** I/Os that are all held back for the same time, so that the first in is the first out. */
class DelayLine {
  private readonly ios: readonly BdevIo[];
  private readonly delayNs: number;
  private readonly line: WaitLine;

  constructor(ios: readonly BdevIo[], delayNs: number) {
    this.ios = ios;
    this.delayNs = delayNs;
    this.line = new WaitLine(ios.length);
  }

  hold(io: BdevIo, nowNs: number): void {
    io.moduleTimeNs = nowNs + this.delayNs;
    this.line.push(io.index);
  }

  releaseDue(nowNs: number): number {
    let released = 0;
    while (this.line.oldest >= 0) {
      const io = this.ios[this.line.oldest];
      if (io.moduleTimeNs > nowNs) break;
      this.line.advance();
      io.complete(io.moduleWord0, io.moduleWord1);
      released++;
    }
    return released;
  }
}

/** One direction: a line for its usual I/Os and one for its slow ones. */
class DelayedDirection {
  private readonly usual: DelayLine;
  private readonly slow: DelayLine;
  private readonly slowOneIn: number;
  private readonly prng: Prng;

  constructor(ios: readonly BdevIo[], profile: DelayProfile, prng: Prng) {
    this.usual = new DelayLine(ios, profile.usualNs);
    this.slow = new DelayLine(ios, profile.slowNs ?? profile.usualNs);
    this.slowOneIn = profile.slowOneIn ?? 0;
    this.prng = prng;
  }

  hold(io: BdevIo, nowNs: number): void {
    const isSlow = this.slowOneIn > 0 && this.prng.below(this.slowOneIn) === 0;
    (isSlow ? this.slow : this.usual).hold(io, nowNs);
  }

  releaseDue(nowNs: number): number {
    return this.usual.releaseDue(nowNs) + this.slow.releaseDue(nowNs);
  }
}

/** `moduleWord0` and `moduleWord1` of an I/O that is held back are its status and its NVMe status. */
class DelayBackend implements BdevBackend {
  private readonly channel: BdevChannel;
  private readonly reads: DelayedDirection;
  private readonly writes: DelayedDirection;
  private readonly onBaseDone: BdevCallback;
  private nowNs = 0;

  constructor(ios: readonly BdevIo[], base: Bdev, read: DelayProfile, write: DelayProfile, prng: Prng) {
    this.channel = new BdevChannel(base, { ioCount: ios.length });
    this.reads = new DelayedDirection(ios, read, prng);
    this.writes = new DelayedDirection(ios, write, prng);
    this.onBaseDone = (context, status) => this.hold(context as BdevIo, status);
  }

  submit(io: BdevIo): number {
    return forwardIo(this.channel, io, this.onBaseDone);
  }

  poll(): number {
    this.channel.poll();
    return this.reads.releaseDue(this.nowNs) + this.writes.releaseDue(this.nowNs);
  }

  tick(nowNs: number): void {
    this.nowNs = nowNs;
    this.channel.tick(nowNs);
  }

  close(): void {
    this.channel.close();
  }

  private hold(io: BdevIo, status: number): void {
    io.moduleWord0 = status;
    io.moduleWord1 = this.channel.lastNvmeStatus;
    const isRead = io.type === BDEV_IO_READ || io.type === BDEV_IO_COMPARE;
    (isRead ? this.reads : this.writes).hold(io, this.nowNs);
  }
}
