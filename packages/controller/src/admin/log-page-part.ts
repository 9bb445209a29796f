import { joinU64 } from '@phasebit/core';
import {
  GET_LOG_PAGE_CDW10,
  GET_LOG_PAGE_CDW11,
  GET_LOG_PAGE_CDW14,
  SQE_CDW11,
  SQE_CDW12,
  SQE_CDW14,
  STATUS_INVALID_FIELD,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import { sendData } from './admin-data.js';
import { refuse } from './admin-handler.js';
import type { LogPageSource } from './log-page-source.js';

/** Offset of {@link offsetOf} when the offset type or the index is wrong. */
const BAD_TYPE = -1;
/** Offset of {@link offsetOf} when the offset is wrong. */
const BAD_OFFSET = -2;
/** Byte of dword 14 with the offset type. */
const OT_BYTE = SQE_CDW14 + 2;

/** The bytes that a Get Log Page asks for. */
function bytesAskedFor(command: Command): number {
  const upper = GET_LOG_PAGE_CDW11.NUMDU0.get(command.cdw(11));
  return (upper * 0x1_0000 + GET_LOG_PAGE_CDW10.NUMDL0.get(command.cdw(10)) + 1) * 4;
}

/** Sends a part of a page, as the offset and the length say. */
export function sendPage(inside: Internals, command: Command, page: Uint8Array, source: LogPageSource): number {
  const { granularityBytes = 4 } = source;
  const from = offsetOf(command, page, source);
  if (from === BAD_TYPE) return refuse(command, STATUS_INVALID_FIELD, OT_BYTE);
  if (from === BAD_OFFSET || from % granularityBytes !== 0) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW12);
  const bytes = bytesAskedFor(command);
  if (bytes > inside.transferBytesMax || bytes % granularityBytes !== 0) {
    return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11);
  }
  if (from > page.length) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW12);
  return sendData(inside, command, page, from, bytes);
}

/** First byte that is asked for, BAD_TYPE or BAD_OFFSET. */
function offsetOf(command: Command, page: Uint8Array, { entryAt }: LogPageSource): number {
  const offset = joinU64(command.cdw(12), command.cdw(13));
  const isIndex = GET_LOG_PAGE_CDW14.OT.get(command.cdw(14)) === 1;
  if (!isIndex) return offset < 0 ? BAD_OFFSET : offset;
  if (entryAt === undefined) return BAD_TYPE;
  return entryAt(page, offset) ?? BAD_OFFSET;
}
