import { DIRECTIVE_CDW10, SQE_CDW10, STATUS_INVALID_FIELD } from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import { sendData } from './admin-data.js';
import { refuse } from './admin-handler.js';

/** Sends as much of a Directive Receive structure as was asked for; what the structure does not fill is not transferred. */
export function sendStructure(inside: Internals, command: Command, data: Uint8Array): number {
  const asked = (DIRECTIVE_CDW10.NUMD0.get(command.cdw(10)) + 1) * 4;
  const bytes = Math.min(asked, Math.ceil(data.length / 4) * 4);
  if (bytes > inside.transferBytesMax) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW10);
  return sendData(inside, command, data, 0, bytes);
}
