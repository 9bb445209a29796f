import { type Clock, U32_RANGE } from '@phasebit/core';
import { checkRange } from '../checks.js';
import type { Command } from '../command.js';
import { ArmedRule } from './armed-rule.js';
import { checkRule } from './check-rule.js';
import type { CommandFault, FaultOptions, FaultRule, StuckReadyFault } from './fault-rule.js';
import { Strike } from './strike.js';

/** Tells the chances of the rules of one plan apart. */
const RULE_STRIDE = 0x6a09_e667;
const REORDER_WITHIN_NS = 10e6;

interface StuckRule {
  readonly rule: StuckReadyFault;
  toSkip: number;
  left: number;
  struck: number;
}

/**
 * What goes wrong with one controller: rules in the order in which they were added. All rules that strike a command act on it; of two
 * of a kind, the first. They outlast controller resets.
 *
 * Faults are a function of the seed, the rules and the commands in the order in which they are fetched, and of nothing else: what a host
 * sees can be repeated. Rules may come and go between two turns of the controller.
 *
 * Not modelled: a completion that is garbage, and memory that is written although no command asked for it.
 */
export class FaultPlan {
  /** Whether the controller must look at this plan at all. A field, since every turn looks at it. @internal */
  isActive = false;
  /** commands that at least one rule has struck */
  struckCommands = 0;
  /** seed of every chance in the plan */
  readonly seed: number;
  private readonly clock: Clock;
  private readonly strikeOfCommand = new Strike();
  private armed: ArmedRule[] = [];
  private stuck: StuckRule[] = [];
  private added = 0;
  private doorbellsLostUntilNs = 0;

  /**
   * @param clock - what delays and durations are measured by
   * @throws RangeError when the seed is out of range or a rule is not one
   */
  constructor(clock: Clock, options: FaultOptions = {}) {
    this.clock = clock;
    this.seed = options.seed ?? 1;
    checkRange('faults: seed', this.seed, 0, U32_RANGE - 1);
    for (const rule of options.rules ?? []) this.add(rule);
  }

  /** The rules, those that are spent included: first those that strike at commands. */
  get rules(): readonly FaultRule[] {
    return [...this.armed.map((each) => each.rule), ...this.stuck.map((each) => each.rule)];
  }

  /** How often a rule of the plan has struck. A rule that was added twice counts once, as the first; 0 for one that is not there. */
  struckBy(rule: FaultRule): number {
    const armed = this.armed.find((each) => each.rule === rule);
    return (armed ?? this.stuck.find((each) => each.rule === rule))?.struck ?? 0;
  }

  /**
   * Adds a rule, which counts commands from now on.
   *
   * @throws RangeError naming what is unknown, missing or out of range
   */
  add(rule: FaultRule): void {
    checkRule(rule);
    const seed = this.seed + RULE_STRIDE * this.added++;
    if (rule.kind === 'stuck-ready')
      this.stuck.push({ rule, toSkip: rule.skip ?? 0, left: rule.count ?? Infinity, struck: 0 });
    else this.armed.push(new ArmedRule(rule, seed));
    this.judge();
  }

  /** Takes a rule away again. What it has done already stays done. @returns false when the plan has no such rule */
  remove(rule: FaultRule): boolean {
    const before = this.armed.length + this.stuck.length;
    this.armed = this.armed.filter((each) => each.rule !== rule);
    this.stuck = this.stuck.filter((each) => each.rule !== rule);
    this.judge();
    return this.armed.length + this.stuck.length < before;
  }

  /** Takes every rule away, and lets doorbells be seen again. */
  clear(): void {
    this.armed = [];
    this.stuck = [];
    this.doorbellsLostUntilNs = 0;
    this.judge();
  }

  /** From now on, and for so many nanoseconds, nobody looks at doorbells. */
  loseDoorbells(durationNs: number): void {
    this.doorbellsLostUntilNs = this.clock.nowNs() + durationNs;
    this.judge();
  }

  /** Whether doorbells are lost at this moment. */
  areDoorbellsLost(): boolean {
    if (this.doorbellsLostUntilNs === 0) return false;
    if (this.clock.nowNs() < this.doorbellsLostUntilNs) return true;
    this.doorbellsLostUntilNs = 0;
    this.judge();
    return false;
  }

  /** Whether CSTS.RDY stays as it is although CC.EN has just become `enable`. Counts the change, so ask once. @internal */
  keepsReady(enable: boolean): boolean {
    let keeps = false;
    for (const each of this.stuck) {
      if (each.left === 0 || (each.rule.enable ?? enable) !== enable) continue;
      if (each.toSkip > 0) {
        each.toSkip--;
        continue;
      }
      each.left--;
      each.struck++;
      keeps = true;
    }
    return keeps;
  }

  /** What happens to a command that was fetched. Ask once. The answer is valid until the next one is asked for. @internal */
  strike(command: Command): Strike {
    const { strikeOfCommand, armed } = this;
    strikeOfCommand.clear();
    let isStruck = false;
    for (const each of armed) {
      if (!each.strikes(command)) continue;
      isStruck = true;
      apply(each.rule, strikeOfCommand);
    }
    if (isStruck) this.struckCommands++;
    return strikeOfCommand;
  }

  private judge(): void {
    this.isActive = this.armed.length > 0 || this.doorbellsLostUntilNs > 0;
  }
}

/** What an earlier rule has said stays. */
function apply(rule: CommandFault, strike: Strike): void {
  switch (rule.kind) {
    case 'status':
      if (strike.status === 0) strike.status = rule.status;
      break;
    case 'lost':
      strike.isLost = true;
      break;
    case 'late':
      if (strike.delayNs === 0) strike.delayNs = rule.delayNs;
      break;
    case 'duplicate':
      strike.isDuplicate = true;
      break;
    case 'reorder':
      if (strike.laterCommands > 0) break;
      strike.laterCommands = rule.commands;
      strike.withinNs = rule.withinNs ?? REORDER_WITHIN_NS;
      break;
    case 'corrupt':
      if (strike.bits === 0) strike.bits = rule.bits ?? 1;
      break;
    case 'doorbells-lost':
      if (strike.doorbellsLostNs === 0) strike.doorbellsLostNs = rule.durationNs;
      break;
    default:
      strike.failMode ??= rule.kind;
  }
}
