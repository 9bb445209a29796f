import type { WaitOptions } from '@phasebit/core';
import {
  ADMIN_GET_LOG_PAGE,
  GET_LOG_PAGE_CDW10,
  GET_LOG_PAGE_CDW11,
  NSID_BROADCAST,
  PAGE_BYTES,
} from '@phasebit/nvme-spec';
import type { AdminQueue } from './admin-queue.js';

/** What of a log page is wanted. */
export interface LogPageOptions extends WaitOptions {
  /** namespace; default all of the controller */
  readonly nsid?: number;
  /** log specific parameter, 7 bits; default 0 */
  readonly lsp?: number;
  /** leave the asynchronous event that led here as it is, so that it does not come again yet; default false */
  readonly retainEvent?: boolean;
}

/**
 * Reads the first `bytes` bytes of a log page, in pieces of at most 4 KiB. The event is let go with the last piece. [Base] 5.1.12
 *
 * @param bytes - a multiple of 4, 4 and up
 * @throws DriverError as {@link AdminQueue.demand}; RangeError for a size that cannot be asked for
 */
export async function readLogPage(
  admin: AdminQueue,
  logPage: number,
  bytes: number,
  options: LogPageOptions = {},
): Promise<Uint8Array> {
  if (!(Number.isSafeInteger(bytes) && bytes >= 4 && bytes % 4 === 0 && bytes <= 0xffff_fffc)) {
    throw new RangeError(`bytes: expected a multiple of 4 from 4 to 2^32 - 4, got ${bytes}`);
  }
  const page = new Uint8Array(bytes);
  for (let offset = 0; offset < bytes; offset += PAGE_BYTES) {
    const pieceBytes = Math.min(PAGE_BYTES, bytes - offset);
    const isLast = offset + pieceBytes === bytes;
    let cdw10 = GET_LOG_PAGE_CDW10.LID.set(0, logPage);
    cdw10 = GET_LOG_PAGE_CDW10.LSP.set(cdw10, options.lsp ?? 0);
    cdw10 = GET_LOG_PAGE_CDW10.RAE.set(cdw10, options.retainEvent === true || !isLast ? 1 : 0);
    const dwords0 = pieceBytes / 4 - 1;
    cdw10 = GET_LOG_PAGE_CDW10.NUMDL0.set(cdw10, dwords0 & 0xffff);
    const cdw11 = GET_LOG_PAGE_CDW11.NUMDU0.set(0, dwords0 >>> 16);
    const nsid = options.nsid ?? NSID_BROADCAST;
    const command = { opcode: ADMIN_GET_LOG_PAGE, nsid, cdw10, cdw11, cdw12: offset };
    page.set(await admin.receive(command, pieceBytes, options), offset);
  }
  return page;
}
