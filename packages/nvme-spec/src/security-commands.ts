/**
 * Security Send and Security Receive: payloads of security protocols that SPC-5 numbers. [Base] 5.1.23, 5.1.24
 */
import { bits } from './bits.js';
import { dword, type Dword } from './register.js';
import { SQE_CDW10, SQE_CDW11 } from './submission-queue-entry.js';

/** Security Send and Security Receive, command dword 10. */
export const SECURITY_CDW10: Dword<'NSSF' | 'SPSP0' | 'SPSP1' | 'SECP'> = dword('SECURITY_CDW10', SQE_CDW10, {
  SECP: bits(31, 24), // security protocol, SECURITY_PROTOCOL_*
  SPSP1: bits(23, 16), // protocol specific, bits 15:8
  SPSP0: bits(15, 8), // protocol specific, bits 7:0
  NSSF: bits(7, 0), // for protocol EAh, such as the RPMB target
});

/** Security Send, command dword 11. */
export const SECURITY_SEND_CDW11: Dword<'TL'> = dword('SECURITY_SEND_CDW11', SQE_CDW11, {
  TL: bits(31, 0), // transfer length, bytes
});

/** Security Receive, command dword 11. */
export const SECURITY_RECEIVE_CDW11: Dword<'AL'> = dword('SECURITY_RECEIVE_CDW11', SQE_CDW11, {
  AL: bits(31, 0), // allocation length, bytes
});

/** SECP: which protocols there are; Security Receive only. */
export const SECURITY_PROTOCOL_INFORMATION = 0x00;
/** SECP: TCG protocol 1, level 0 discovery among others. */
export const SECURITY_PROTOCOL_TCG_1 = 0x01;
/** SECP: TCG protocol 2. */
export const SECURITY_PROTOCOL_TCG_2 = 0x02;
/** SECP: NVMe, such as replay protected memory blocks (RPMB). */
export const SECURITY_PROTOCOL_NVME = 0xea;
