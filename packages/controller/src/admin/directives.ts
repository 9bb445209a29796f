import {
  DIRECTIVE_CDW11,
  DIRECTIVE_ENABLE_CDW12,
  DIRECTIVE_IDENTIFY_BYTES,
  DIRECTIVE_IDENTIFY_ENABLE,
  DIRECTIVE_IDENTIFY_ENABLED,
  DIRECTIVE_IDENTIFY_RETURN_PARAMETERS,
  DIRECTIVE_IDENTIFY_SUPPORTED,
  DIRECTIVE_TYPE_IDENTIFY,
  DIRECTIVE_TYPE_STREAMS,
  NSID_BROADCAST,
  SQE_CDW11,
  SQE_CDW12,
  SQE_NSID,
  STATUS_INVALID_FIELD,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import { enableStreams } from '../streams.js';
import { refuse } from './admin-handler.js';
import { sendStructure } from './directive-data.js';
import { receiveStreams, sendStreams } from './streams-directive.js';

// Directive Send and Directive Receive: the directives Identify and Streams. [Base] 5.1.6, 5.1.7, 8.1.8

/** DTYPE of dword 11 is its byte 1. */
const DTYPE_BYTE = SQE_CDW11 + 1;
/** Directive types that there are: bit n for type n. */
const SUPPORTED = (1 << DIRECTIVE_TYPE_IDENTIFY) | (1 << DIRECTIVE_TYPE_STREAMS);

/** Directive Receive. */
export function directiveReceive(inside: Internals, command: Command): number {
  const refusal = checkNamespace(inside, command);
  if (refusal !== 0) return refusal;
  const cdw11 = command.cdw(11);
  const type = DIRECTIVE_CDW11.DTYPE.get(cdw11);
  if (type === DIRECTIVE_TYPE_STREAMS) return receiveStreams(inside, command);
  if (type !== DIRECTIVE_TYPE_IDENTIFY) return refuse(command, STATUS_INVALID_FIELD, DTYPE_BYTE);
  if (DIRECTIVE_CDW11.DOPER.get(cdw11) !== DIRECTIVE_IDENTIFY_RETURN_PARAMETERS) {
    return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11);
  }
  const view = inside.namespaces.get(command.nsid);
  if (view === undefined) return refuse(command, STATUS_INVALID_FIELD, SQE_NSID);
  const data = new Uint8Array(DIRECTIVE_IDENTIFY_BYTES);
  data[DIRECTIVE_IDENTIFY_SUPPORTED] = SUPPORTED;
  data[DIRECTIVE_IDENTIFY_ENABLED] = (1 << DIRECTIVE_TYPE_IDENTIFY) | view.directives;
  return sendStructure(inside, command, data);
}

/** Directive Send. */
export function directiveSend(inside: Internals, command: Command): number {
  const refusal = checkNamespace(inside, command);
  if (refusal !== 0) return refusal;
  const cdw11 = command.cdw(11);
  const type = DIRECTIVE_CDW11.DTYPE.get(cdw11);
  if (type === DIRECTIVE_TYPE_STREAMS) return sendStreams(inside, command);
  if (type !== DIRECTIVE_TYPE_IDENTIFY) return refuse(command, STATUS_INVALID_FIELD, DTYPE_BYTE);
  if (DIRECTIVE_CDW11.DOPER.get(cdw11) !== DIRECTIVE_IDENTIFY_ENABLE) {
    return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11);
  }
  return enable(inside, command);
}

/** Enables or disables streams: the only directive that is not always as it is. */
function enable(inside: Internals, command: Command): number {
  const cdw12 = command.cdw(12);
  if (DIRECTIVE_ENABLE_CDW12.DTYPE.get(cdw12) !== DIRECTIVE_TYPE_STREAMS) {
    return refuse(command, STATUS_INVALID_FIELD, SQE_CDW12 + 1);
  }
  const isEnabled = DIRECTIVE_ENABLE_CDW12.ENDIR.get(cdw12) === 1;
  const one = inside.namespaces.get(command.nsid);
  const views = one === undefined ? inside.subsystem.namespaces.flatMap((each) => each.views) : [one];
  for (const view of views) enableStreams(view, isEnabled);
  return 0;
}

function checkNamespace({ namespaces }: Internals, command: Command): number {
  const { nsid } = command;
  if (nsid === NSID_BROADCAST || namespaces.get(nsid) !== undefined) return 0;
  return refuse(command, namespaces.refusal(nsid), SQE_NSID);
}
