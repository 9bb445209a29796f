import { NVM_COMPARE, NVM_WRITE, RW_CDW12_NLB0_MASK, STATUS_DNR, STATUS_INVALID_FIELD } from '@phasebit/nvme-spec';
import type { Command } from '../command.js';

const INVALID_PAIR = STATUS_INVALID_FIELD | STATUS_DNR;

/**
 * Why two commands that are marked as a fused pair are none, or 0: only Compare and Write make one, and both name the same blocks.
 * The status is both commands'. [Base] 3.4.2
 */
export function refusePair(first: Command, second: Command): number {
  if (first.opcode !== NVM_COMPARE || second.opcode !== NVM_WRITE) return INVALID_PAIR;
  const isSameRange =
    first.nsid === second.nsid &&
    first.cdw(10) === second.cdw(10) &&
    first.cdw(11) === second.cdw(11) &&
    (first.cdw(12) & RW_CDW12_NLB0_MASK) === (second.cdw(12) & RW_CDW12_NLB0_MASK);
  return isSameRange ? 0 : INVALID_PAIR;
}
