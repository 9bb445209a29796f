import {
  DIRECTIVE_ALLOCATE_CDW12,
  DIRECTIVE_ALLOCATE_RESULT,
  DIRECTIVE_CDW11,
  DIRECTIVE_STREAMS_ALLOCATE,
  DIRECTIVE_STREAMS_GET_STATUS,
  DIRECTIVE_STREAMS_RELEASE_IDENTIFIER,
  DIRECTIVE_STREAMS_RELEASE_RESOURCES,
  DIRECTIVE_STREAMS_RETURN_PARAMETERS,
  SQE_CDW11,
  SQE_CDW12,
  SQE_NSID,
  STATUS_INVALID_FIELD,
  STATUS_NAMESPACE_WRITE_PROTECTED,
  STATUS_STREAM_ALLOCATION_FAILED,
  STREAMS_PARAMETERS_BYTES,
  STREAMS_PARAMETERS_MSL,
  STREAMS_PARAMETERS_NSA,
  STREAMS_PARAMETERS_NSO,
  STREAMS_PARAMETERS_NSSA,
  STREAMS_PARAMETERS_NSSO,
  STREAMS_PARAMETERS_SGS,
  STREAMS_PARAMETERS_SWS,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import type { Namespace } from '../namespace.js';
import { refuse } from './admin-handler.js';
import { sendStructure } from './directive-data.js';

// Operations of the Streams directive. It has to be enabled for the namespace, or with NSID FFFFFFFFh for none. [Base] 8.1.8.3

/** A stream writes one block at a time as well as many, to whatever place. */
const STREAM_WRITE_BLOCKS = 1;
const STREAM_GRANULARITY = 1;

/** Directive Receive of the Streams directive. */
export function receiveStreams(inside: Internals, command: Command): number {
  const view = inside.namespaces.get(command.nsid);
  if (view !== undefined && !view.allocated.streams.isEnabled(view)) return disabled(command);
  switch (DIRECTIVE_CDW11.DOPER.get(command.cdw(11))) {
    case DIRECTIVE_STREAMS_RETURN_PARAMETERS:
      return sendStructure(inside, command, parameters(inside, view));
    case DIRECTIVE_STREAMS_GET_STATUS: {
      const open = view?.allocated.streams.of(view)?.open ?? inside.subsystem.streams.sharedOpen;
      return sendStructure(inside, command, statusOf(open));
    }
    case DIRECTIVE_STREAMS_ALLOCATE:
      return view === undefined ? badNamespace(command) : allocate(inside, command, view);
    default:
      return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11);
  }
}

/** Directive Send of the Streams directive. */
export function sendStreams(inside: Internals, command: Command): number {
  const cdw11 = command.cdw(11);
  const view = inside.namespaces.get(command.nsid);
  const host = view?.allocated.streams.of(view);
  if (view !== undefined && host === undefined) return disabled(command);
  const operation = DIRECTIVE_CDW11.DOPER.get(cdw11);
  if (operation !== DIRECTIVE_STREAMS_RELEASE_IDENTIFIER && operation !== DIRECTIVE_STREAMS_RELEASE_RESOURCES) {
    return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11);
  }
  if (host === undefined) return badNamespace(command);
  if (operation === DIRECTIVE_STREAMS_RELEASE_IDENTIFIER) {
    const stream = DIRECTIVE_CDW11.DSPEC.get(cdw11);
    host.open = host.open.filter((each) => each !== stream);
  } else if (host.allocated > 0) {
    host.allocated = 0;
    host.open = [];
  }
  return 0;
}

/** Allocate Resources: as many as are left, if that is any. */
function allocate(inside: Internals, command: Command, view: Namespace): number {
  const { streams, isProtected } = view.allocated;
  const host = streams.of(view)!;
  const { streams: pool } = inside.subsystem;
  if (isProtected) return refuse(command, STATUS_NAMESPACE_WRITE_PROTECTED, SQE_NSID);
  if (host.allocated > 0) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11);
  const wanted = DIRECTIVE_ALLOCATE_CDW12.NSR.get(command.cdw(12));
  if (wanted === 0) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW12);
  const granted = Math.min(wanted, pool.availableCount);
  if (granted === 0) return refuse(command, STATUS_STREAM_ALLOCATION_FAILED, SQE_CDW12);
  host.allocated = granted;
  host.open = host.open.slice(-granted);
  pool.trim();
  command.result = DIRECTIVE_ALLOCATE_RESULT.NSA.set(0, granted);
  return 0;
}

function parameters({ subsystem }: Internals, view: Namespace | undefined): Uint8Array {
  const { streams: pool } = subsystem;
  const data = new DataView(new ArrayBuffer(STREAMS_PARAMETERS_BYTES));
  data.setUint16(STREAMS_PARAMETERS_MSL, pool.limit, true);
  data.setUint16(STREAMS_PARAMETERS_NSSA, pool.availableCount, true);
  data.setUint16(STREAMS_PARAMETERS_NSSO, pool.sharedOpenCount, true);
  data.setUint32(STREAMS_PARAMETERS_SWS, STREAM_WRITE_BLOCKS, true);
  data.setUint16(STREAMS_PARAMETERS_SGS, STREAM_GRANULARITY, true);
  const host = view?.allocated.streams.of(view);
  data.setUint16(STREAMS_PARAMETERS_NSA, host?.allocated ?? 0, true);
  data.setUint16(STREAMS_PARAMETERS_NSO, host?.open.length ?? 0, true);
  return new Uint8Array(data.buffer);
}

/** How many streams are open, and their identifiers in order. */
function statusOf(open: readonly number[]): Uint8Array {
  const data = new DataView(new ArrayBuffer(2 + 2 * open.length));
  data.setUint16(0, open.length, true);
  [...open].sort((a, b) => a - b).forEach((stream, i) => data.setUint16(2 + 2 * i, stream, true));
  return new Uint8Array(data.buffer);
}

function disabled(command: Command): number {
  return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11 + 1);
}

function badNamespace(command: Command): number {
  return refuse(command, STATUS_INVALID_FIELD, SQE_NSID);
}
