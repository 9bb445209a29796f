import {
  ADMIN_CREATE_IO_CQ,
  ADMIN_CREATE_IO_SQ,
  ADMIN_DELETE_IO_CQ,
  ADMIN_DELETE_IO_SQ,
  CQE_BYTES,
  CREATE_IO_CQ_CDW11,
  CREATE_IO_QUEUE_CDW10,
  CREATE_IO_SQ_CDW11,
  DELETE_IO_QUEUE_CDW10,
  describeStatus,
  SQE_BYTES,
} from '@phasebit/nvme-spec';
import type { DmaSpace } from '@phasebit/pcie';
import type { AdminQueue } from './admin-queue.js';
import { DriverError } from './errors.js';

/** Host addresses of the two rings of a queue pair. */
export interface Rings {
  readonly sqAddress: number;
  readonly cqAddress: number;
}

/** Sets memory aside for two rings of `entries` entries, contiguous on the bus, all zeroes so that no phase bit is set. */
export function allocateRings(dma: DmaSpace, entries: number): Rings {
  const sqAddress = dma.allocate(entries * SQE_BYTES, { contiguous: true });
  let cqAddress: number;
  try {
    cqAddress = dma.allocate(entries * CQE_BYTES, { contiguous: true });
  } catch (error) {
    dma.free(sqAddress);
    throw error;
  }
  dma.bytes(sqAddress, entries * SQE_BYTES).fill(0);
  dma.bytes(cqAddress, entries * CQE_BYTES).fill(0);
  return { sqAddress, cqAddress };
}

/**
 * Makes the two queues known to the controller, the completion queue first. Interrupts stay off: completions are polled for.
 * [PCIe] and [Base] 5.2.1, 5.2.2
 *
 * @throws DriverError QUEUE_REFUSED with the controller's status; nothing is left behind at the controller then
 */
export async function createRings(admin: AdminQueue, qid: number, entries: number, rings: Rings): Promise<void> {
  const cdw10 = CREATE_IO_QUEUE_CDW10.QSIZE0.set(CREATE_IO_QUEUE_CDW10.QID.set(0, qid), entries - 1);
  const cq = { opcode: ADMIN_CREATE_IO_CQ, cdw10, cdw11: CREATE_IO_CQ_CDW11.PC.set(0, 1) };
  refuseUnlessSuccess('completion', qid, (await admin.executeAt(cq, rings.cqAddress)).status);
  const cdw11 = CREATE_IO_SQ_CDW11.CQID.set(CREATE_IO_SQ_CDW11.PC.set(0, 1), qid);
  const { status } = await admin.executeAt({ opcode: ADMIN_CREATE_IO_SQ, cdw10, cdw11 }, rings.sqAddress);
  if (status !== 0) await admin.execute({ opcode: ADMIN_DELETE_IO_CQ, cdw10: DELETE_IO_QUEUE_CDW10.QID.set(0, qid) });
  refuseUnlessSuccess('submission', qid, status);
}

/** Makes the controller forget both queues, the submission queue first. What is in flight on them is completed as aborted before. */
export async function deleteRings(admin: AdminQueue, qid: number): Promise<void> {
  const cdw10 = DELETE_IO_QUEUE_CDW10.QID.set(0, qid);
  await admin.demand({ opcode: ADMIN_DELETE_IO_SQ, cdw10 });
  await admin.demand({ opcode: ADMIN_DELETE_IO_CQ, cdw10 });
}

function refuseUnlessSuccess(queue: string, qid: number, status: number): void {
  if (status !== 0) throw new DriverError('QUEUE_REFUSED', { queue, qid, status: describeStatus(status) });
}
