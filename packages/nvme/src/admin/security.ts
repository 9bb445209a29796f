import type { WaitOptions } from '@phasebit/core';
import {
  ADMIN_SECURITY_RECEIVE,
  ADMIN_SECURITY_SEND,
  SECURITY_CDW10,
  SECURITY_RECEIVE_CDW11,
  SECURITY_SEND_CDW11,
} from '@phasebit/nvme-spec';
import type { AdminQueue } from '../admin-queue.js';

/** Which security protocol speaks, and to whom. [Base] 5.1.23, 5.1.24 */
export interface SecurityAddress {
  /** security protocol, SECURITY_PROTOCOL_* */
  readonly protocol: number;
  /** what the protocol has there, 16 bits, such as a ComID; default 0 */
  readonly specific?: number;
  /** for the NVMe protocol, such as the RPMB target; default 0 */
  readonly nvmeSpecific?: number;
  /** namespace; default 0 */
  readonly nsid?: number;
}

/** Sends the payload of a security protocol. [Base] 5.1.24 @throws DriverError as `AdminQueue.demand` */
export async function securitySend(
  admin: AdminQueue,
  address: SecurityAddress,
  payload: Uint8Array,
  options: WaitOptions = {},
): Promise<void> {
  const cdw11 = SECURITY_SEND_CDW11.TL.set(0, payload.length);
  const command = { opcode: ADMIN_SECURITY_SEND, nsid: address.nsid ?? 0, cdw10: addressDword(address), cdw11 };
  await admin.send(command, payload, options);
}

/**
 * Fetches up to `bytes` bytes of a security protocol; what the device did not fill is zero. [Base] 5.1.23
 *
 * @throws DriverError as `AdminQueue.demand`
 */
export async function securityReceive(
  admin: AdminQueue,
  address: SecurityAddress,
  bytes: number,
  options: WaitOptions = {},
): Promise<Uint8Array> {
  const cdw11 = SECURITY_RECEIVE_CDW11.AL.set(0, bytes);
  const command = { opcode: ADMIN_SECURITY_RECEIVE, nsid: address.nsid ?? 0, cdw10: addressDword(address), cdw11 };
  return admin.receive(command, bytes, options);
}

function addressDword({ protocol, specific = 0, nvmeSpecific = 0 }: SecurityAddress): number {
  if (!(Number.isInteger(specific) && specific >= 0 && specific <= 0xffff)) {
    throw new RangeError(`specific: expected 0 to 65535, got ${specific}`);
  }
  let cdw10 = SECURITY_CDW10.SECP.set(0, protocol);
  cdw10 = SECURITY_CDW10.SPSP0.set(cdw10, specific & 0xff);
  cdw10 = SECURITY_CDW10.SPSP1.set(cdw10, specific >>> 8);
  return SECURITY_CDW10.NSSF.set(cdw10, nvmeSpecific);
}
