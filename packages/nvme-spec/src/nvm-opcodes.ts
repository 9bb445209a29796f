/**
 * I/O opcodes of the NVM Command Set. [NVM] 3, and [Base] 7 for those that every I/O command set shares.
 *
 * Bits 1:0 of every opcode say where data goes: 00b none, 01b host to controller, 10b controller to host, 11b both.
 */
import { describeRow } from './describe.js';

/** 00h  Flush.                  */ export const NVM_FLUSH = 0x00;
/** 01h  Write.                  */ export const NVM_WRITE = 0x01;
/** 02h  Read.                   */ export const NVM_READ = 0x02;
/** 04h  Write Uncorrectable.    */ export const NVM_WRITE_UNCORRECTABLE = 0x04;
/** 05h  Compare.                */ export const NVM_COMPARE = 0x05;
/** 08h  Write Zeroes.           */ export const NVM_WRITE_ZEROES = 0x08;
/** 09h  Dataset Management.     */ export const NVM_DATASET_MANAGEMENT = 0x09;
/** 0ch  Verify.                 */ export const NVM_VERIFY = 0x0c;
/** 0dh  Reservation Register.   */ export const NVM_RESERVATION_REGISTER = 0x0d;
/** 0eh  Reservation Report.     */ export const NVM_RESERVATION_REPORT = 0x0e;
/** 11h  Reservation Acquire.    */ export const NVM_RESERVATION_ACQUIRE = 0x11;
/** 12h  I/O Management Receive. */ export const NVM_IO_MANAGEMENT_RECEIVE = 0x12;
/** 15h  Reservation Release.    */ export const NVM_RESERVATION_RELEASE = 0x15;
/** 18h  Cancel.                 */ export const NVM_CANCEL = 0x18;
/** 19h  Copy.                   */ export const NVM_COPY = 0x19;
/** 1dh  I/O Management Send.    */ export const NVM_IO_MANAGEMENT_SEND = 0x1d;

/** The first vendor specific NVM opcode; C0h..FFh are vendor specific. */
export const NVM_VENDOR_FIRST = 0xc0;

/** Every NVM opcode of the specification: opcode, name of the constant without its prefix, text. */
export const NVM_OPCODES: readonly (readonly [opcode: number, name: string, text: string])[] = [
  [NVM_FLUSH, 'FLUSH', 'Flush'],
  [NVM_WRITE, 'WRITE', 'Write'],
  [NVM_READ, 'READ', 'Read'],
  [NVM_WRITE_UNCORRECTABLE, 'WRITE_UNCORRECTABLE', 'Write Uncorrectable'],
  [NVM_COMPARE, 'COMPARE', 'Compare'],
  [NVM_WRITE_ZEROES, 'WRITE_ZEROES', 'Write Zeroes'],
  [NVM_DATASET_MANAGEMENT, 'DATASET_MANAGEMENT', 'Dataset Management'],
  [NVM_VERIFY, 'VERIFY', 'Verify'],
  [NVM_RESERVATION_REGISTER, 'RESERVATION_REGISTER', 'Reservation Register'],
  [NVM_RESERVATION_REPORT, 'RESERVATION_REPORT', 'Reservation Report'],
  [NVM_RESERVATION_ACQUIRE, 'RESERVATION_ACQUIRE', 'Reservation Acquire'],
  [NVM_IO_MANAGEMENT_RECEIVE, 'IO_MANAGEMENT_RECEIVE', 'I/O Management Receive'],
  [NVM_RESERVATION_RELEASE, 'RESERVATION_RELEASE', 'Reservation Release'],
  [NVM_CANCEL, 'CANCEL', 'Cancel'],
  [NVM_COPY, 'COPY', 'Copy'],
  [NVM_IO_MANAGEMENT_SEND, 'IO_MANAGEMENT_SEND', 'I/O Management Send'],
];

/** Text of an NVM opcode, such as `Read (02h)`; unknown ones read as reserved or vendor specific. */
export function describeNvmOpcode(opcode: number): string {
  return describeRow(NVM_OPCODES, opcode);
}
