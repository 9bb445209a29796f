import {
  GET_LOG_PAGE_CDW10,
  NSID_BROADCAST,
  SQE_CDW10,
  SQE_NSID,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_LOG_PAGE,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import { refuse } from './admin-handler.js';
import { LOG_PAGES_SUPPORTED } from './log-pages-supported.js';
import { sendPage } from './log-page-part.js';
import type { LogPageSource } from './log-page-source.js';

/**
 * Get Log Page: any part of a log page, at dword granularity. What lies past its end reads as zeros, an offset past its end is refused.
 * Reading without RAE clears the events of the page. [Base] 5.1.12
 */
export function getLogPage(inside: Internals, command: Command): number {
  const cdw10 = command.cdw(10);
  const id = GET_LOG_PAGE_CDW10.LID.get(cdw10);
  const source = LOG_PAGES_SUPPORTED.get(id);
  if (source?.isPresent(inside) !== true) return refuse(command, STATUS_INVALID_LOG_PAGE, SQE_CDW10);
  const { restriction } = inside.subsystem.sanitizer;
  if (restriction !== 0 && !source.isAllowedBySanitize) return restriction;
  const { nsid } = command;
  // None of the pages is kept per namespace.
  if (nsid !== 0 && nsid !== NSID_BROADCAST) {
    const refusal = inside.namespaces.get(nsid) === undefined ? inside.namespaces.refusal(nsid) : STATUS_INVALID_FIELD;
    return refuse(command, refusal, SQE_NSID);
  }
  const status = source.handler === undefined ? read(inside, command, source) : source.handler(inside, command);
  if (status !== 0 || GET_LOG_PAGE_CDW10.RAE.get(cdw10) === 1) return status;
  inside.events.clear(id);
  source.cleared?.(inside);
  return 0;
}

function read(inside: Internals, command: Command, source: LogPageSource): number {
  return sendPage(inside, command, source.page(inside, command), source);
}
