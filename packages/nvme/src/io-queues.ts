import type { WaitOptions } from '@phasebit/core';
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
import { type DmaSpace, PAGE_BYTES } from '@phasebit/pcie';
import type { AdminQueue } from './admin-queue.js';
import { DriverError } from './errors.js';
import { QUEUE_PRIORITIES, type QueuePairSettings, type RingMemory } from './queue-pair-options.js';

/** Host addresses of the two rings of a queue pair. */
export interface Rings extends RingMemory {
  /** whether they are the caller's, who frees them */
  readonly ringsAreGiven: boolean;
}

/**
 * Memory for the two rings of a queue pair, all zeroes so that no phase bit is set: what the caller gave, or set aside, contiguous on the bus.
 *
 * @throws RangeError when there is not enough memory, or what was given is not as rings have to be
 */
export function allocateRings(dma: DmaSpace, settings: Pick<QueuePairSettings, 'entries' | 'ringMemory'>): Rings {
  const { entries, ringMemory } = settings;
  if (ringMemory !== undefined) {
    demandContiguous(dma, 'ringMemory.sqAddress', ringMemory.sqAddress, entries * SQE_BYTES);
    demandContiguous(dma, 'ringMemory.cqAddress', ringMemory.cqAddress, entries * CQE_BYTES);
  }
  const rings = ringMemory ?? setAside(dma, entries);
  dma.bytes(rings.sqAddress, entries * SQE_BYTES).fill(0);
  dma.bytes(rings.cqAddress, entries * CQE_BYTES).fill(0);
  return { sqAddress: rings.sqAddress, cqAddress: rings.cqAddress, ringsAreGiven: ringMemory !== undefined };
}

/** Gives the rings back, unless they are the caller's. */
export function freeRings(dma: DmaSpace, rings: RingMemory & { readonly ringsAreGiven?: boolean }): void {
  if (rings.ringsAreGiven === true) return;
  dma.free(rings.sqAddress);
  dma.free(rings.cqAddress);
}

function setAside(dma: DmaSpace, entries: number): RingMemory {
  const sqAddress = dma.allocate(entries * SQE_BYTES, { contiguous: true });
  let cqAddress: number;
  try {
    cqAddress = dma.allocate(entries * CQE_BYTES, { contiguous: true });
  } catch (error) {
    dma.free(sqAddress);
    throw error;
  }
  return { sqAddress, cqAddress };
}

/** PC is 1, so a queue is one run of pages on the bus. [Base] 5.2.1, 5.2.2 */
function demandContiguous(dma: DmaSpace, name: string, address: number, bytes: number): void {
  if (!dma.contains(address, bytes))
    throw new RangeError(`${name}: expected ${bytes} bytes of DMA memory, got ${address}`);
  dma.bytes(address, bytes); // of one arena, or this throws
  const first = address / PAGE_BYTES;
  for (let page = first; page * PAGE_BYTES < address + bytes; page++) {
    const isNext = iovaOf(dma, page) === iovaOf(dma, first) + (page - first) * PAGE_BYTES;
    if (!isNext)
      throw new RangeError(
        `${name}: expected ${bytes} bytes contiguous on the bus, got a gap before ${page * PAGE_BYTES}`,
      );
  }
}

function iovaOf(dma: DmaSpace, page: number): number {
  return dma.iovaHigh[page] * 2 ** 32 + dma.iovaLow[page];
}

/**
 * Makes the two queues known to the controller, the completion queue first. Without an interrupt vector completions are polled for.
 * [PCIe] and [Base] 5.2.1, 5.2.2
 *
 * @throws DriverError QUEUE_REFUSED with the controller's status; nothing is left behind at the controller then
 */
export async function createRings(
  admin: AdminQueue,
  qid: number,
  settings: Pick<QueuePairSettings, 'entries' | 'interruptVector' | 'priority'>,
  rings: RingMemory,
  wait: WaitOptions = {},
): Promise<void> {
  const { entries, interruptVector, priority } = settings;
  const cdw10 = CREATE_IO_QUEUE_CDW10.QSIZE0.set(CREATE_IO_QUEUE_CDW10.QID.set(0, qid), entries - 1);
  let cqCdw11 = CREATE_IO_CQ_CDW11.PC.set(0, 1);
  if (interruptVector !== undefined) {
    cqCdw11 = CREATE_IO_CQ_CDW11.IV.set(CREATE_IO_CQ_CDW11.IEN.set(cqCdw11, 1), interruptVector);
  }
  const cq = { opcode: ADMIN_CREATE_IO_CQ, cdw10, cdw11: cqCdw11 };
  refuseUnlessSuccess('completion', qid, (await admin.executeAt(cq, rings.cqAddress, wait)).status);
  let cdw11 = CREATE_IO_SQ_CDW11.CQID.set(CREATE_IO_SQ_CDW11.PC.set(0, 1), qid);
  cdw11 = CREATE_IO_SQ_CDW11.QPRIO.set(cdw11, QUEUE_PRIORITIES[priority]);
  const { status } = await admin.executeAt({ opcode: ADMIN_CREATE_IO_SQ, cdw10, cdw11 }, rings.sqAddress, wait);
  if (status !== 0) await admin.execute({ opcode: ADMIN_DELETE_IO_CQ, cdw10: DELETE_IO_QUEUE_CDW10.QID.set(0, qid) });
  refuseUnlessSuccess('submission', qid, status);
}

/** Makes the controller forget both queues, the submission queue first. What is in flight on them is completed as aborted before. */
export async function deleteRings(admin: AdminQueue, qid: number, wait: WaitOptions = {}): Promise<void> {
  const cdw10 = DELETE_IO_QUEUE_CDW10.QID.set(0, qid);
  await admin.demand({ opcode: ADMIN_DELETE_IO_SQ, cdw10 }, wait);
  await admin.demand({ opcode: ADMIN_DELETE_IO_CQ, cdw10 }, wait);
}

function refuseUnlessSuccess(queue: string, qid: number, status: number): void {
  if (status !== 0) throw new DriverError('QUEUE_REFUSED', { queue, qid, status: describeStatus(status) });
}
