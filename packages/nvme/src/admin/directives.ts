import type { WaitOptions } from '@phasebit/core';
import {
  ADMIN_DIRECTIVE_RECEIVE,
  ADMIN_DIRECTIVE_SEND,
  decodeStreamsParameters,
  decodeStreamsStatus,
  DIRECTIVE_ALLOCATE_CDW12,
  DIRECTIVE_ALLOCATE_RESULT,
  DIRECTIVE_CDW10,
  DIRECTIVE_CDW11,
  DIRECTIVE_ENABLE_CDW12,
  DIRECTIVE_IDENTIFY_BYTES,
  DIRECTIVE_IDENTIFY_ENABLE,
  DIRECTIVE_IDENTIFY_ENABLED,
  DIRECTIVE_IDENTIFY_RETURN_PARAMETERS,
  DIRECTIVE_IDENTIFY_SUPPORTED,
  DIRECTIVE_STREAMS_ALLOCATE,
  DIRECTIVE_STREAMS_GET_STATUS,
  DIRECTIVE_STREAMS_RELEASE_IDENTIFIER,
  DIRECTIVE_STREAMS_RELEASE_RESOURCES,
  DIRECTIVE_STREAMS_RETURN_PARAMETERS,
  DIRECTIVE_TYPE_IDENTIFY,
  DIRECTIVE_TYPE_STREAMS,
  STREAMS_PARAMETERS_BYTES,
  type StreamsParameters,
} from '@phasebit/nvme-spec';
import type { AdminQueue } from '../admin-queue.js';

/** One Directive Send or Directive Receive. [Base] 5.1.6, 5.1.7 */
export interface DirectiveOperation {
  /** namespace */
  readonly nsid: number;
  /** directive, DIRECTIVE_TYPE_* */
  readonly type: number;
  /** operation of that directive */
  readonly operation: number;
  /** what the operation has there, 16 bits, such as a stream; default 0 */
  readonly specific?: number;
  /** dword 12; default 0 */
  readonly cdw12?: number;
}

/** The directives of a namespace, DIRECTIVE_TYPE_*. */
export interface DirectiveTypes {
  /** those that it has */
  readonly supported: readonly number[];
  /** those that are enabled for it */
  readonly enabled: readonly number[];
}

/** Bytes of a list of all the streams that there could be. */
const STREAMS_STATUS_BYTES = 131_072;
const DIRECTIVE_TYPES = 256;

/** Directive Send, with a payload of a multiple of 4 bytes or none. Returns completion dword 0. @throws DriverError as `AdminQueue.demand` */
export async function directiveSend(
  admin: AdminQueue,
  operation: DirectiveOperation,
  payload: Uint8Array = new Uint8Array(0),
  options: WaitOptions = {},
): Promise<number> {
  const command = { opcode: ADMIN_DIRECTIVE_SEND, ...operationDwords(operation, payload.length) };
  return (await admin.send(command, payload, options)).dw0;
}

/** Directive Receive of `bytes` bytes, a multiple of 4. @throws DriverError as `AdminQueue.demand` */
export async function directiveReceive(
  admin: AdminQueue,
  operation: DirectiveOperation,
  bytes: number,
  options: WaitOptions = {},
): Promise<Uint8Array> {
  return admin.receive({ opcode: ADMIN_DIRECTIVE_RECEIVE, ...operationDwords(operation, bytes) }, bytes, options);
}

/** Which directives a namespace has, and which are enabled. [Base] 8.1.8.2 */
export async function readDirectives(
  admin: AdminQueue,
  nsid: number,
  options: WaitOptions = {},
): Promise<DirectiveTypes> {
  const operation = { nsid, type: DIRECTIVE_TYPE_IDENTIFY, operation: DIRECTIVE_IDENTIFY_RETURN_PARAMETERS };
  const data = await directiveReceive(admin, operation, DIRECTIVE_IDENTIFY_BYTES, options);
  return { supported: bitsAt(data, DIRECTIVE_IDENTIFY_SUPPORTED), enabled: bitsAt(data, DIRECTIVE_IDENTIFY_ENABLED) };
}

/** Enables or disables a directive for a namespace and this host. [Base] 8.1.8.2 */
export async function enableDirective(
  admin: AdminQueue,
  nsid: number,
  directive: number,
  isEnabled: boolean,
  options: WaitOptions = {},
): Promise<void> {
  const cdw12 = DIRECTIVE_ENABLE_CDW12.ENDIR.set(DIRECTIVE_ENABLE_CDW12.DTYPE.set(0, directive), isEnabled ? 1 : 0);
  const operation = { nsid, type: DIRECTIVE_TYPE_IDENTIFY, operation: DIRECTIVE_IDENTIFY_ENABLE, cdw12 };
  await directiveSend(admin, operation, undefined, options);
}

/** Limits and granularity of the streams of a namespace. [Base] 8.1.8.3 */
export async function readStreams(
  admin: AdminQueue,
  nsid: number,
  options: WaitOptions = {},
): Promise<StreamsParameters> {
  const operation = { nsid, type: DIRECTIVE_TYPE_STREAMS, operation: DIRECTIVE_STREAMS_RETURN_PARAMETERS };
  return decodeStreamsParameters(await directiveReceive(admin, operation, STREAMS_PARAMETERS_BYTES, options));
}

/** Streams of a namespace that are open. [Base] 8.1.8.3 */
export async function readOpenStreams(admin: AdminQueue, nsid: number, options: WaitOptions = {}): Promise<number[]> {
  const operation = { nsid, type: DIRECTIVE_TYPE_STREAMS, operation: DIRECTIVE_STREAMS_GET_STATUS };
  const bytes = Math.min(STREAMS_STATUS_BYTES, admin.transferBytesMax);
  return decodeStreamsStatus(await directiveReceive(admin, operation, bytes, options));
}

/** Asks for `streams` streams for this namespace alone; returns how many it got. [Base] 8.1.8.3 */
export async function allocateStreams(
  admin: AdminQueue,
  nsid: number,
  streams: number,
  options: WaitOptions = {},
): Promise<number> {
  const operation = { nsid, type: DIRECTIVE_TYPE_STREAMS, operation: DIRECTIVE_STREAMS_ALLOCATE };
  const cdw12 = DIRECTIVE_ALLOCATE_CDW12.NSR.set(0, streams);
  const command = { opcode: ADMIN_DIRECTIVE_RECEIVE, ...operationDwords({ ...operation, cdw12 }, 0) };
  return DIRECTIVE_ALLOCATE_RESULT.NSA.get((await admin.demand(command, options)).dw0);
}

/** Closes a stream; without one, gives back all the streams that the namespace was given. [Base] 8.1.8.3 */
export async function releaseStreams(
  admin: AdminQueue,
  nsid: number,
  stream?: number,
  options: WaitOptions = {},
): Promise<void> {
  const operation = stream === undefined ? DIRECTIVE_STREAMS_RELEASE_RESOURCES : DIRECTIVE_STREAMS_RELEASE_IDENTIFIER;
  const release = { nsid, type: DIRECTIVE_TYPE_STREAMS, operation, specific: stream ?? 0 };
  await directiveSend(admin, release, undefined, options);
}

function operationDwords(
  { nsid, type, operation, specific = 0, cdw12 = 0 }: DirectiveOperation,
  bytes: number,
): { nsid: number; cdw10: number; cdw11: number; cdw12: number } {
  if (bytes % 4 !== 0) throw new RangeError(`payload: expected a multiple of 4 bytes, got ${bytes}`);
  let cdw11 = DIRECTIVE_CDW11.DOPER.set(0, operation);
  cdw11 = DIRECTIVE_CDW11.DTYPE.set(cdw11, type);
  cdw11 = DIRECTIVE_CDW11.DSPEC.set(cdw11, specific);
  // 0's based: without data the field is not looked at.
  return { nsid, cdw10: bytes === 0 ? 0 : DIRECTIVE_CDW10.NUMD0.set(0, bytes / 4 - 1), cdw11, cdw12 };
}

function bitsAt(data: Uint8Array, offset: number): number[] {
  const found: number[] = [];
  for (let bit = 0; bit < DIRECTIVE_TYPES; bit++) {
    if (((data[offset + (bit >>> 3)] >>> (bit & 7)) & 1) === 1) found.push(bit);
  }
  return found;
}
