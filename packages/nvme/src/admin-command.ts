import { SQE_DWORDS } from '@phasebit/nvme-spec';

/** An admin command by its dwords; what is left out is zero. The opcode never has a default. */
export interface AdminCommand {
  /** ADMIN_* of `@phasebit/nvme-spec`, or NVM_* on an I/O queue */
  readonly opcode: number;
  /** namespace identifier */
  readonly nsid?: number;
  /** command dword 10 */
  readonly cdw10?: number;
  /** command dword 11 */
  readonly cdw11?: number;
  /** command dword 12 */
  readonly cdw12?: number;
  /** command dword 13 */
  readonly cdw13?: number;
  /** command dword 14 */
  readonly cdw14?: number;
  /** command dword 15 */
  readonly cdw15?: number;
}

/** What came back for a command. */
export interface CommandCompletion {
  /** 15 bits, 0 is success */
  readonly status: number;
  /** completion dword 0, unsigned */
  readonly dw0: number;
}

/** The 16 dwords of a command, without identifier and data pointer. */
export function encodeCommand(command: AdminCommand): Int32Array {
  const dwords = new Int32Array(SQE_DWORDS);
  dwords[0] = command.opcode;
  dwords[1] = command.nsid ?? 0;
  dwords[10] = command.cdw10 ?? 0;
  dwords[11] = command.cdw11 ?? 0;
  dwords[12] = command.cdw12 ?? 0;
  dwords[13] = command.cdw13 ?? 0;
  dwords[14] = command.cdw14 ?? 0;
  dwords[15] = command.cdw15 ?? 0;
  return dwords;
}
