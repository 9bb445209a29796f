/**
 * Commands Supported and Effects log (05h), 4096 bytes: a dword per opcode. [Base] 5.1.12.1.6
 */
import { bits } from './bits.js';
import { readUint32 } from './bytes.js';
import { layout, type Layout } from './layout.js';
import { dword, type Dword } from './register.js';

/** Bytes of the Commands Supported and Effects log. */
export const CMDEFFECTS_BYTES = 4096;
/** 0x000 1024  A dword per admin opcode; opcode n is at `CMDEFFECTS_ACS + 4 * n`. */
export const CMDEFFECTS_ACS = 0x000;
/** 0x400 1024  A dword per I/O opcode. */
export const CMDEFFECTS_IOCS = 0x400;

/** Layout of the Commands Supported and Effects log. */
export const CommandEffectsLayout: Layout = layout('CMDEFFECTS', CMDEFFECTS_BYTES, [
  [CMDEFFECTS_ACS, 1024, 'acs'],
  [CMDEFFECTS_IOCS, 1024, 'iocs'],
  [2048, 2048, 'reserved2048', 'reserved'],
]);

/** The dword of one opcode. */
export const COMMAND_EFFECTS: Dword<'CSUPP' | 'LBCC' | 'NCC' | 'NIC' | 'CCC' | 'CSER' | 'CSE' | 'USS' | 'CSP'> = dword(
  'COMMAND_EFFECTS',
  0,
  {
    CSP: bits(31, 20), // scope: what the command may affect
    USS: bits(19, 19), // UUID selection supported
    CSE: bits(18, 16), // submission and execution: 0 free, 1 alone in the namespace, 2 alone in the controller
    CSER: bits(15, 14), // submission and execution relaxations
    CCC: bits(4, 4), // may change controller capabilities
    NIC: bits(3, 3), // may change the number of namespaces
    NCC: bits(2, 2), // may change namespace capabilities
    LBCC: bits(1, 1), // may change user data
    CSUPP: bits(0, 0), // supported
  },
  [bits(13, 5)],
);

/** CSP bit 0: a namespace. */
export const COMMAND_SCOPE_NAMESPACE = 0x001;
/** CSP bit 1: the controller. */
export const COMMAND_SCOPE_CONTROLLER = 0x002;
/** CSP bit 2: an NVM Set. */
export const COMMAND_SCOPE_NVM_SET = 0x004;
/** CSP bit 3: an Endurance Group. */
export const COMMAND_SCOPE_ENDURANCE_GROUP = 0x008;
/** CSP bit 4: a domain. */
export const COMMAND_SCOPE_DOMAIN = 0x010;
/** CSP bit 5: the NVM subsystem. */
export const COMMAND_SCOPE_SUBSYSTEM = 0x020;

/** CSE: no restriction. */
export const COMMAND_EXECUTION_FREE = 0;
/** CSE: no other command of the namespace at the same time. */
export const COMMAND_EXECUTION_ALONE_IN_NAMESPACE = 1;
/** CSE: no other command of any namespace at the same time. */
export const COMMAND_EXECUTION_ALONE = 2;

/** The supported opcodes of the log, ascending. */
export interface SupportedCommands {
  /** Admin opcodes, ADMIN_*. */
  readonly admin: readonly number[];
  /** I/O opcodes of the command set that was asked for, NVM_*. */
  readonly io: readonly number[];
}

/**
 * The opcodes that a Commands Supported and Effects log calls supported.
 * @throws RangeError when `data` is shorter than 4096 bytes.
 */
export function decodeSupportedCommands(data: Uint8Array): SupportedCommands {
  if (data.length < CMDEFFECTS_BYTES) {
    throw new RangeError(`CMDEFFECTS: ${CMDEFFECTS_BYTES} bytes expected, got ${data.length}`);
  }
  return { admin: supportedOpcodes(data, CMDEFFECTS_ACS), io: supportedOpcodes(data, CMDEFFECTS_IOCS) };
}

function supportedOpcodes(data: Uint8Array, at: number): number[] {
  const opcodes: number[] = [];
  for (let opcode = 0; opcode < 256; opcode++) {
    if (COMMAND_EFFECTS.CSUPP.get(readUint32(data, at + 4 * opcode)) === 1) opcodes.push(opcode);
  }
  return opcodes;
}
