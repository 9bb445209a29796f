import type { WaitOptions } from '@phasebit/core';
import {
  ADMIN_GET_LOG_PAGE,
  describeLogPage,
  GET_LOG_PAGE_CDW10,
  GET_LOG_PAGE_CDW11,
  GET_LOG_PAGE_CDW14,
  NSID_BROADCAST,
} from '@phasebit/nvme-spec';
import type { AdminCommand } from '../admin-command.js';
import type { AdminQueue } from '../admin-queue.js';
import { DriverError } from '../errors.js';
import { LOG_READS_MAX } from '../limits.js';
import { LOG_GENERATIONS, type LogGeneration, LOGS_WITH_ACTION } from './log-generations.js';

const U32_RANGE = 0x1_0000_0000;
/** What a controller without extended data can be asked for: its number of dwords has 12 bits. */
const PLAIN_LOG_BYTES_MAX = 16_384;

/** What is read to see whether a page has changed: every count is in there, and telemetry is given out in no less. [Base] 5.1.12.1.8 */
const HEADER_BYTES = 512;

/** What of a log page is wanted. */
export interface LogPageOptions extends WaitOptions {
  /** namespace; default all of the controller */
  readonly nsid?: number;
  /** log specific parameter, 7 bits; default 0 */
  readonly lsp?: number;
  /** log specific identifier, 16 bits, such as an Endurance Group; default 0 */
  readonly lsi?: number;
  /** command set, CSI_*, for the log pages that have one; default NVM */
  readonly csi?: number;
  /** index into the UUID list; default none */
  readonly uuidIndex?: number;
  /** first byte wanted, a multiple of 4; default 0 */
  readonly offset?: number;
  /** leave the asynchronous event that led here as it is, so that it does not come again yet; default false */
  readonly retainEvent?: boolean;
}

/**
 * Reads `bytes` bytes of a log page, in as few pieces as the controller allows. The event is let go with the last piece, so that what
 * happens while the others are read is reported again. A page with a change count that has moved meanwhile is read again, a few times. [Base] 5.1.12
 *
 * @param bytes - a multiple of 4, 4 and up
 * @throws DriverError as {@link AdminQueue.demand}; LOG_CHANGED when the page never stands still; NOT_SUPPORTED when the controller
 * gives out log pages in one piece only and this is too large for it; RangeError for a size or offset that cannot be asked for
 */
export async function readLogPage(
  admin: AdminQueue,
  logPage: number,
  bytes: number,
  options: LogPageOptions = {},
): Promise<Uint8Array> {
  const { offset = 0 } = options;
  if (!(Number.isSafeInteger(bytes) && bytes >= 4 && bytes % 4 === 0 && bytes <= 0xffff_fffc)) {
    throw new RangeError(`bytes: expected a multiple of 4 from 4 to 2^32 - 4, got ${bytes}`);
  }
  if (!(Number.isSafeInteger(offset) && offset >= 0 && offset % 4 === 0)) {
    throw new RangeError(`offset: expected a multiple of 4 from 0 to 2^53 - 1, got ${offset}`);
  }
  const pieceBytesMax = Math.floor(admin.transferBytesMax / 4) * 4;
  const isWhole = offset === 0 && bytes <= pieceBytesMax;
  if (!admin.hasLogOffsets && !(isWhole && bytes <= PLAIN_LOG_BYTES_MAX)) {
    throw new DriverError('NOT_SUPPORTED', {
      log: describeLogPage(logPage),
      expected: `at most ${Math.min(pieceBytesMax, PLAIN_LOG_BYTES_MAX)} bytes from the start: LPA has no extended data`,
      got: `${bytes} from ${offset}`,
    });
  }
  const generation = isWhole ? undefined : generationIn(logPage, offset, bytes);
  for (let attempt = 0; attempt < LOG_READS_MAX; attempt++) {
    const page = await readPieces(admin, logPage, bytes, pieceBytesMax, generation !== undefined, options);
    if (generation === undefined || (await isStill(admin, logPage, page, generation, options))) return page;
  }
  throw new DriverError('LOG_CHANGED', { log: describeLogPage(logPage), attempts: LOG_READS_MAX });
}

/** Where the page says its version, if that is in what is read. */
function generationIn(logPage: number, offset: number, bytes: number): LogGeneration | undefined {
  const generation = LOG_GENERATIONS.get(logPage);
  const isRead = offset === 0 && generation !== undefined && generation.offset + generation.bytes <= bytes;
  return isRead ? generation : undefined;
}

async function readPieces(
  admin: AdminQueue,
  logPage: number,
  bytes: number,
  pieceBytesMax: number,
  isLookedAtAgain: boolean,
  options: LogPageOptions,
): Promise<Uint8Array> {
  const page = new Uint8Array(bytes);
  for (let done = 0; done < bytes; done += pieceBytesMax) {
    const pieceBytes = Math.min(pieceBytesMax, bytes - done);
    const isLast = done + pieceBytes === bytes && !isLookedAtAgain;
    const retain = options.retainEvent === true || !isLast;
    const lsp = done === 0 || !LOGS_WITH_ACTION.has(logPage) ? (options.lsp ?? 0) : 0;
    const command = pieceCommand(logPage, (options.offset ?? 0) + done, pieceBytes, retain, lsp, options);
    page.set(await admin.receive(command, pieceBytes, options), done);
  }
  return page;
}

/** Whether the page has the version still that was read first. This is also the read that lets the event go. */
async function isStill(
  admin: AdminQueue,
  logPage: number,
  page: Uint8Array,
  generation: LogGeneration,
  options: LogPageOptions,
): Promise<boolean> {
  const bytes = Math.min(HEADER_BYTES, page.length);
  const lsp = LOGS_WITH_ACTION.has(logPage) ? 0 : (options.lsp ?? 0);
  const command = pieceCommand(logPage, 0, bytes, options.retainEvent === true, lsp, options);
  const now = await admin.receive(command, bytes, options);
  for (let i = 0; i < generation.bytes; i++) {
    if (now[generation.offset + i] !== page[generation.offset + i]) return false;
  }
  return true;
}

function pieceCommand(
  logPage: number,
  offset: number,
  bytes: number,
  retain: boolean,
  lsp: number,
  options: LogPageOptions,
): AdminCommand {
  const dwords0 = bytes / 4 - 1;
  let cdw10 = GET_LOG_PAGE_CDW10.LID.set(0, logPage);
  cdw10 = GET_LOG_PAGE_CDW10.LSP.set(cdw10, lsp);
  cdw10 = GET_LOG_PAGE_CDW10.RAE.set(cdw10, retain ? 1 : 0);
  cdw10 = GET_LOG_PAGE_CDW10.NUMDL0.set(cdw10, dwords0 & 0xffff);
  const cdw11 = GET_LOG_PAGE_CDW11.NUMDU0.set(GET_LOG_PAGE_CDW11.LSI.set(0, options.lsi ?? 0), dwords0 >>> 16);
  const cdw14 = GET_LOG_PAGE_CDW14.UIDX.set(GET_LOG_PAGE_CDW14.CSI.set(0, options.csi ?? 0), options.uuidIndex ?? 0);
  return {
    opcode: ADMIN_GET_LOG_PAGE,
    nsid: options.nsid ?? NSID_BROADCAST,
    cdw10,
    cdw11,
    cdw12: offset % U32_RANGE,
    cdw13: Math.floor(offset / U32_RANGE),
    cdw14,
  };
}
