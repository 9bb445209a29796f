import {
  IO_MANAGEMENT_CDW10,
  IO_MANAGEMENT_RECEIVE_CDW11,
  IO_MANAGEMENT_RECEIVE_HANDLE_STATUS,
  IO_MANAGEMENT_SEND_HANDLE_UPDATE,
  NVM_IO_MANAGEMENT_RECEIVE,
  NVM_IO_MANAGEMENT_SEND,
  PLACEMENT_IDENTIFIER_BYTES,
  PLACEMENT_IDENTIFIERS_MAX,
} from '@phasebit/nvme-spec';
import { encodeCommand } from './admin-command.js';
import type { CompletionCallback } from './completion.js';
import type { Namespace } from './namespace.js';
import type { QueuePair } from './queue-pair.js';
import { REFUSED_DWORD_COUNT, REFUSED_PLACEMENT, REFUSED_RANGES } from './refusal.js';

/**
 * I/O Management Receive: the status of the reclaim unit handles that a namespace may use, into host memory; `decodeRuhStatus` of
 * `@phasebit/nvme-spec` reads it. [Base] 7.3
 *
 * @param address - host address in DMA memory, a multiple of 4
 * @param bytes - as many as fit, a multiple of 4
 * @param operation - management operation; default the status of reclaim unit handles
 * @returns one of the SUBMIT answers; without flexible data placement it is never accepted
 */
export function ioManagementReceive(
  pair: QueuePair,
  namespace: Namespace,
  address: number,
  bytes: number,
  callback: CompletionCallback,
  context: unknown,
  operation: number = IO_MANAGEMENT_RECEIVE_HANDLE_STATUS,
): number {
  if (!namespace.limits.hasPlacement) return pair.refuseForGood(REFUSED_PLACEMENT, NVM_IO_MANAGEMENT_RECEIVE, 0);
  if (!(bytes > 0 && bytes % 4 === 0)) return pair.refuseForGood(REFUSED_DWORD_COUNT, bytes, 0);
  const command = encodeCommand({
    opcode: NVM_IO_MANAGEMENT_RECEIVE,
    nsid: namespace.nsid,
    cdw10: IO_MANAGEMENT_CDW10.MO.set(0, operation),
    cdw11: IO_MANAGEMENT_RECEIVE_CDW11.NUMD0.set(0, bytes / 4 - 1),
  });
  return pair.submitCommand(command, address, bytes, callback, context);
}

/**
 * I/O Management Send: has the handles of some placement identifiers go on to empty reclaim units. [Base] 7.4
 *
 * @param address - host address in DMA memory, a multiple of 4, of the identifiers, 16 bits each; the command's until the callback
 * @param count - identifiers, 1 to 65,536
 * @returns one of the SUBMIT answers; without flexible data placement it is never accepted
 */
export function ioManagementSend(
  pair: QueuePair,
  namespace: Namespace,
  address: number,
  count: number,
  callback: CompletionCallback,
  context: unknown,
): number {
  if (!namespace.limits.hasPlacement) return pair.refuseForGood(REFUSED_PLACEMENT, NVM_IO_MANAGEMENT_SEND, 0);
  if (!(Number.isInteger(count) && count >= 1 && count <= PLACEMENT_IDENTIFIERS_MAX)) {
    return pair.refuseForGood(REFUSED_RANGES, count, PLACEMENT_IDENTIFIERS_MAX);
  }
  const cdw10 = IO_MANAGEMENT_CDW10.MOS.set(IO_MANAGEMENT_CDW10.MO.set(0, IO_MANAGEMENT_SEND_HANDLE_UPDATE), count - 1);
  const command = encodeCommand({ opcode: NVM_IO_MANAGEMENT_SEND, nsid: namespace.nsid, cdw10 });
  return pair.submitCommand(command, address, count * PLACEMENT_IDENTIFIER_BYTES, callback, context);
}
