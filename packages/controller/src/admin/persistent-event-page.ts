import {
  GET_LOG_PAGE_CDW10,
  LOG_PERSISTENT_EVENT_LSP_ESTABLISH,
  LOG_PERSISTENT_EVENT_LSP_ESTABLISH_HEADER,
  LOG_PERSISTENT_EVENT_LSP_RELEASE,
  LOG_SUPPORT_PERSISTENT_EVENT_HEADER,
  PEL_HEADER_BYTES,
  SQE_CDW10,
  STATUS_COMMAND_SEQUENCE_ERROR,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import { sendData } from './admin-data.js';
import { always } from './feature.js';
import { sendPage } from './log-page-part.js';
import type { LogPageSource } from './log-page-source.js';

/** Bits 1:0 of LSP: what to do with the reporting context. */
const ACTION_MASK = 0x3;
/** Byte of dword 10 with LSP. */
const LSP_BYTE = SQE_CDW10 + 1;

/** Persistent Event Log: read in a context that is established first, so that it does not change meanwhile. [Base] 5.1.12.1.14 */
export const persistentEventPage: LogPageSource = {
  isPresent: always,
  isAllowedBySanitize: false,
  page: ({ subsystem }) => subsystem.persistentEvents.page,
  specific: LOG_SUPPORT_PERSISTENT_EVENT_HEADER,
  handler: readInContext,
};

function readInContext(inside: Internals, command: Command): number {
  const { persistentEvents, members } = inside.subsystem;
  const action = GET_LOG_PAGE_CDW10.LSP.get(command.cdw(10)) & ACTION_MASK;
  const had = persistentEvents.hasContext;
  if (action === LOG_PERSISTENT_EVENT_LSP_RELEASE) {
    persistentEvents.release();
    return 0;
  }
  // There is one, or there is none: a matter of the moment, so there is no DNR.
  if (had === (action === LOG_PERSISTENT_EVENT_LSP_ESTABLISH) && action !== LOG_PERSISTENT_EVENT_LSP_ESTABLISH_HEADER) {
    command.errorByte = LSP_BYTE;
    return STATUS_COMMAND_SEQUENCE_ERROR;
  }
  if (!had) {
    persistentEvents.snapshot(members);
    persistentEvents.establish(inside);
  }
  if (action !== LOG_PERSISTENT_EVENT_LSP_ESTABLISH_HEADER) {
    return sendPage(inside, command, persistentEvents.page, persistentEventPage);
  }
  const header = had ? persistentEvents.headerOfExisting : persistentEvents.page;
  return sendData(inside, command, header, 0, PEL_HEADER_BYTES);
}
