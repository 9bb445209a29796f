import { Prng, U32_RANGE } from '@phasebit/core';
import {
  NVM_COMPARE,
  NVM_READ,
  NVM_VERIFY,
  NVM_WRITE,
  NVM_WRITE_UNCORRECTABLE,
  NVM_WRITE_ZEROES,
  RW_CDW12_NLB0_MASK,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { CommandFault } from './fault-rule.js';

/** Commands that name a range of logical blocks with SLBA and NLB. [NVM] 3.3 */
const RANGE_OPCODES: ReadonlySet<number> = new Set([
  NVM_COMPARE,
  NVM_READ,
  NVM_VERIFY,
  NVM_WRITE,
  NVM_WRITE_UNCORRECTABLE,
  NVM_WRITE_ZEROES,
]);

/** A rule that strikes at commands, how far it has come, and a chance of its own, so that no rule changes whom another one strikes. */
export class ArmedRule {
  /** commands that it has struck */
  struck = 0;
  private toSkip: number;
  private left: number;
  private readonly prng: Prng;

  /** @param seed - of this rule's chance */
  constructor(
    readonly rule: CommandFault,
    seed: number,
  ) {
    this.toSkip = rule.skip ?? 0;
    this.left = rule.count ?? Infinity;
    this.prng = new Prng(seed);
  }

  /** Whether the rule strikes a command that was fetched. Counts it, so ask once. */
  strikes(command: Command): boolean {
    if (this.left === 0 || !this.fits(command)) return false;
    if (this.toSkip > 0) {
      this.toSkip--;
      return false;
    }
    const { probability } = this.rule;
    if (probability !== undefined && this.prng.below(probability.den) >= probability.num) return false;
    this.left--;
    this.struck++;
    return true;
  }

  private fits(command: Command): boolean {
    const { kind, opcode, queue, nsid, lba } = this.rule;
    if (queue === undefined ? command.queueId === 0 : queue !== command.queueId) return false;
    if (opcode !== undefined && opcode !== command.opcode) return false;
    if (nsid !== undefined && nsid !== command.nsid) return false;
    if (kind === 'corrupt' && (command.queueId === 0 || !movesData(command.opcode))) return false;
    return lba === undefined || this.touches(command, lba);
  }

  private touches(command: Command, lba: number): boolean {
    if (command.queueId === 0 || !isRangeOpcode(command.opcode)) return false;
    const { blocks = 1 } = this.rule;
    const first = command.cdw(11) * U32_RANGE + command.cdw(10);
    const count = (command.cdw(12) & RW_CDW12_NLB0_MASK) + 1;
    return first < lba + blocks && first + count > lba;
  }
}

/** Whether a command names a range of logical blocks, so that a rule can be about one of them. */
export function isRangeOpcode(opcode: number): boolean {
  return RANGE_OPCODES.has(opcode);
}

/** Whether the data of a command can be corrupted. */
export function movesData(opcode: number): boolean {
  return opcode === NVM_READ || opcode === NVM_WRITE;
}
