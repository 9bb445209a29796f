import {
  DIRECTIVE_TYPE_STREAMS,
  NVM_WRITE_ZEROES,
  RW_CDW12_DTYPE_MASK,
  RW_CDW12_DTYPE_SHIFT,
  RW_CDW13_DSPEC_SHIFT,
  SQE_CDW12,
  STATUS_DNR,
  STATUS_INVALID_FIELD,
  WRITE_ZEROES_CDW12_NSZ,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Namespace } from '../namespace.js';
import { SPECIAL_DIRECTED } from '../namespace-special.js';
import type { IoContext } from './io-context.js';

/**
 * Why a command cannot have the directive type that it names: another one is enabled for the namespace, and this one is not. While none
 * is enabled the field means nothing. Gives 0 or the status. [Base] 8.1.8.1
 */
export function directiveRefusal(io: IoContext, command: Command, namespace: Namespace): number {
  if ((namespace.special & SPECIAL_DIRECTED) === 0) return 0;
  const type = directiveType(command);
  if (type === 0 || (namespace.directives & (1 << type)) !== 0) return 0;
  return io.refuse(STATUS_INVALID_FIELD | STATUS_DNR, namespace.nsid, SQE_CDW12, command.cdw(10), command.cdw(11));
}

/** Data was written: the stream that the command names, if it names one, is open. [Base] 8.1.8.3 */
export function noteDirective(command: Command, namespace: Namespace): void {
  if ((namespace.special & SPECIAL_DIRECTED) === 0 || directiveType(command) !== DIRECTIVE_TYPE_STREAMS) return;
  namespace.member.subsystem.streams.use(namespace, command.cdw(13) >>> RW_CDW13_DSPEC_SHIFT);
}

function directiveType(command: Command): number {
  const cdw12 = command.opcode === NVM_WRITE_ZEROES ? command.cdw(12) & ~WRITE_ZEROES_CDW12_NSZ : command.cdw(12);
  return (cdw12 >>> RW_CDW12_DTYPE_SHIFT) & RW_CDW12_DTYPE_MASK;
}
