/**
 * Commands Supported and Effects log (05h), 4096 bytes: a dword per opcode. [Base] 5.1.12.1.6
 */
import { bits } from './bits.js';
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
