import { Prng } from '@phasebit/core';
import type { BdevIo } from './bdev-io.js';
import type { BdevIoType } from './io-type.js';
import type { BdevStatus } from './status.js';

/**
 * What happens to the I/Os that a rule strikes:
 * `fail` — it does not reach the base and completes with the rule's status;
 * `no-memory` — the device has no room for it, this time;
 * `hold` — the base carries it out, and its completion is kept back until `release`.
 */
export type ErrorEffect = 'fail' | 'no-memory' | 'hold';

/** Which I/Os something happens to, and what. */
export interface ErrorRule {
  /** what happens */
  readonly effect: ErrorEffect;
  /** only this kind of I/O; default every kind */
  readonly type?: BdevIoType;
  /** only I/Os that touch this block; default any */
  readonly lba?: number;
  /** strikes so many times and is then spent; default no end */
  readonly count?: number;
  /** strikes one in so many of the I/Os it fits, by chance; default 1, each */
  readonly oneIn?: number;
  /** for `fail`: the status; default `BDEV_STATUS_FAILED` */
  readonly status?: BdevStatus;
  /** for `fail`: the NVMe status, 15 bits; default 0 */
  readonly nvmeStatus?: number;
}

/** A rule and how often it may still strike. */
class ArmedRule {
  readonly rule: ErrorRule;
  left: number;

  constructor(rule: ErrorRule) {
    this.rule = rule;
    this.left = rule.count ?? Infinity;
  }

  fits(io: BdevIo): boolean {
    const { type, lba } = this.rule;
    if (this.left === 0 || (type !== undefined && type !== io.type)) return false;
    return lba === undefined || (lba >= io.lba && lba < io.lba + io.blocks);
  }
}

/** The faults of one device: its rules in the order in which they were added, and the chance they share. */
export class FaultPlan {
  /** how often {@link FaultPlan.release} was called */
  releases = 0;
  private rules: ArmedRule[] = [];
  private readonly prng: Prng;

  /** @param seed - decides who is struck when a rule strikes by chance */
  constructor(seed: number) {
    this.prng = new Prng(seed);
  }

  /**
   * Adds a rule.
   *
   * @throws RangeError when its count or chance is not a positive integer
   */
  add(rule: ErrorRule): void {
    checkPositive('count', rule.count ?? 1);
    checkPositive('oneIn', rule.oneIn ?? 1);
    this.rules.push(new ArmedRule(rule));
  }

  /** Removes every rule. */
  clear(): void {
    this.rules = [];
  }

  /** Notes that whoever holds completions back shall let them go. */
  release(): void {
    this.releases++;
  }

  /** The first rule that strikes this I/O, or null. */
  strike(io: BdevIo): ErrorRule | null {
    for (const armed of this.rules) {
      const { oneIn = 1 } = armed.rule;
      if (!armed.fits(io) || (oneIn > 1 && this.prng.below(oneIn) !== 0)) continue;
      armed.left--;
      return armed.rule;
    }
    return null;
  }
}

function checkPositive(name: string, value: number): void {
  if (!(Number.isSafeInteger(value) && value >= 1))
    throw new RangeError(`${name}: expected an integer of 1 or more, got ${value}`);
}
