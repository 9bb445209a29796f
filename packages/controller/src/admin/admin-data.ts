import { SQE_PRP1 } from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import { walkPrps } from '../data-pointer.js';
import type { Internals } from '../internals.js';

/**
 * Sends `bytes` bytes of a data structure to the host, from byte `from` of it on; past its end there are zeros.
 * Gives 0 or the status that refuses the data pointer.
 */
export function sendData(inside: Internals, command: Command, data: Uint8Array, from: number, bytes: number): number {
  const status = aim(inside, command, bytes);
  if (status === 0) inside.transfer.scatter(data, from);
  return status;
}

/** Fetches the host's data into `data`. Gives 0 or the status that refuses the data pointer. */
export function fetchData(inside: Internals, command: Command, data: Uint8Array): number {
  const status = aim(inside, command, data.length);
  if (status === 0) inside.transfer.gather(data, 0);
  return status;
}

function aim(inside: Internals, command: Command, bytes: number): number {
  const { prp1Low, prp1High, prp2Low, prp2High } = command;
  const status = walkPrps(inside.transfer, bytes, prp1Low, prp1High, prp2Low, prp2High);
  if (status !== 0) command.errorByte = SQE_PRP1;
  return status;
}
