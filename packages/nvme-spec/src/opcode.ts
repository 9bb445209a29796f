/**
 * What admin and I/O opcodes have in common: bits 1:0 say where data goes. [Base] 4.1
 */

/** Opcode bits 1:0: no data transfer. */
export const OPCODE_DATA_NONE = 0;
/** Opcode bits 1:0: data moves from host to controller. */
export const OPCODE_DATA_HOST_TO_CONTROLLER = 1;
/** Opcode bits 1:0: data moves from controller to host. */
export const OPCODE_DATA_CONTROLLER_TO_HOST = 2;
/** Opcode bits 1:0: data moves both ways. */
export const OPCODE_DATA_BOTH = 3;
/** Opcode bits 1:0, data transfer direction. */
export const OPCODE_DATA_MASK = 0x3;
