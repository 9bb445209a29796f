import {
  SECURITY_CDW10,
  SECURITY_PROTOCOL_INFORMATION,
  SECURITY_RECEIVE_CDW11,
  SQE_CDW10,
  SQE_CDW11,
  STATUS_INVALID_FIELD,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import { sendData } from './admin-data.js';
import { refuse } from './admin-handler.js';

// Security protocols of SPC-5. The model has one, which says which there are.

const PROTOCOL_BYTE = SQE_CDW10 + 3;
const SPECIFIC_BYTE = SQE_CDW10 + 1;
/** SP specific: the list of protocols. */
const PROTOCOL_LIST = 0x0000;
/** SP specific: certificate data, of which there is none. */
const CERTIFICATE_DATA = 0x0001;
/** Six reserved bytes, the length of the list in two, and the list: one protocol, 00h. Big-endian, as SCSI is. */
const PROTOCOLS: Uint8Array = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, SECURITY_PROTOCOL_INFORMATION);
/** Two reserved bytes and a length of zero. */
const NO_CERTIFICATE: Uint8Array = new Uint8Array(4);

/** Security Receive: protocol 00h only. What was asked for and is not there reads as zeros. [Base] 5.1.23 */
export function securityReceive(inside: Internals, command: Command): number {
  const cdw10 = command.cdw(10);
  if (SECURITY_CDW10.SECP.get(cdw10) !== SECURITY_PROTOCOL_INFORMATION) {
    return refuse(command, STATUS_INVALID_FIELD, PROTOCOL_BYTE);
  }
  const specific = (SECURITY_CDW10.SPSP1.get(cdw10) << 8) | SECURITY_CDW10.SPSP0.get(cdw10);
  if (specific > CERTIFICATE_DATA) return refuse(command, STATUS_INVALID_FIELD, SPECIFIC_BYTE);
  const bytes = SECURITY_RECEIVE_CDW11.AL.get(command.cdw(11));
  if (bytes > inside.transferBytesMax || bytes % 4 !== 0) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11);
  // An allocation length of zero transfers nothing, and is no error.
  if (bytes === 0) return 0;
  return sendData(inside, command, specific === PROTOCOL_LIST ? PROTOCOLS : NO_CERTIFICATE, 0, bytes);
}

/** Security Send: there is no protocol that takes anything. [Base] 5.1.24 */
export function securitySend(_inside: Internals, command: Command): number {
  return refuse(command, STATUS_INVALID_FIELD, PROTOCOL_BYTE);
}
