import { joinU64 } from '@phasebit/core';
import {
  GET_LOG_PAGE_CDW10,
  GET_LOG_PAGE_CDW11,
  GET_LOG_PAGE_CDW14,
  NSID_BROADCAST,
  SQE_CDW10,
  SQE_CDW11,
  SQE_CDW12,
  SQE_CDW14,
  SQE_NSID,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_LOG_PAGE,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import { sendData } from './admin-data.js';
import { refuse } from './admin-handler.js';
import { LOG_PAGES_SUPPORTED } from './log-pages-supported.js';

/**
 * Get Log Page: any part of a log page, at dword granularity. What lies past its end reads as zeros, an offset past its end is refused.
 * Reading without RAE clears the events of the page. [Base] 5.1.12
 */
export function getLogPage(inside: Internals, command: Command): number {
  const cdw10 = command.cdw(10);
  const id = GET_LOG_PAGE_CDW10.LID.get(cdw10);
  const source = LOG_PAGES_SUPPORTED.get(id);
  if (source?.isPresent(inside) !== true) return refuse(command, STATUS_INVALID_LOG_PAGE, SQE_CDW10);
  const { nsid } = command;
  // None of the pages is kept per namespace.
  if (nsid !== 0 && nsid !== NSID_BROADCAST) {
    const refusal = inside.namespaces.get(nsid) === undefined ? inside.namespaces.refusal(nsid) : STATUS_INVALID_FIELD;
    return refuse(command, refusal, SQE_NSID);
  }
  if (GET_LOG_PAGE_CDW14.OT.get(command.cdw(14)) !== 0) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW14 + 2);
  const from = joinU64(command.cdw(12), command.cdw(13));
  if (from < 0 || from % 4 !== 0) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW12);
  const dwords = GET_LOG_PAGE_CDW11.NUMDU0.get(command.cdw(11)) * 0x1_0000 + GET_LOG_PAGE_CDW10.NUMDL0.get(cdw10) + 1;
  if (dwords * 4 > inside.transferBytesMax) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11);
  const page = source.page(inside, command);
  if (from > page.length) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW12);
  const status = sendData(inside, command, page, from, dwords * 4);
  if (status !== 0) return status;
  if (GET_LOG_PAGE_CDW10.RAE.get(cdw10) === 0) {
    inside.events.clear(id);
    source.cleared?.(inside);
  }
  return 0;
}
