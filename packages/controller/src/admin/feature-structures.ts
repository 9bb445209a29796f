import {
  HOST_BEHAVIOR_ACRE,
  HOST_BEHAVIOR_BYTES,
  HOST_BEHAVIOR_LBAFEE,
  STATUS_INVALID_FIELD,
  TIMESTAMP_BYTES,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import { fetchData, sendData } from './admin-data.js';
import { refuse } from './admin-handler.js';

// Features whose value is a data structure in host memory.

/** Timestamp byte 6: the origin is in bits 3:1. */
const TIMESTAMP_ATTRIBUTES = 6;

/** Timestamp: 48 bits of milliseconds, and where they come from. [Base] 5.1.25.1.7 */
export function getTimestamp(inside: Internals, command: Command, select: 'current' | 'default'): number {
  const view = new DataView(new ArrayBuffer(TIMESTAMP_BYTES));
  if (select === 'current') {
    const ms = inside.features.timestamp;
    view.setUint32(0, ms % 2 ** 32, true);
    view.setUint16(4, Math.floor(ms / 2 ** 32), true);
    view.setUint8(TIMESTAMP_ATTRIBUTES, inside.features.origin << 1);
  }
  return sendData(inside, command, new Uint8Array(view.buffer), 0, TIMESTAMP_BYTES);
}

/** Timestamp. */
export function setTimestamp(inside: Internals, command: Command): number {
  const data = new Uint8Array(TIMESTAMP_BYTES);
  const status = fetchData(inside, command, data);
  if (status !== 0) return status;
  const view = new DataView(data.buffer);
  inside.features.setTimestamp(view.getUint16(4, true) * 2 ** 32 + view.getUint32(0, true));
  return 0;
}

/** Host Behavior Support. [Base] 5.1.25.1.14 */
export function getHostBehavior(inside: Internals, command: Command, select: 'current' | 'default'): number {
  const data = select === 'current' ? inside.features.hostBehavior : new Uint8Array(HOST_BEHAVIOR_BYTES);
  return sendData(inside, command, data, 0, HOST_BEHAVIOR_BYTES);
}

/** Host Behavior Support: bytes that are switches hold 0 or 1. */
export function setHostBehavior(inside: Internals, command: Command): number {
  const data = new Uint8Array(HOST_BEHAVIOR_BYTES);
  const status = fetchData(inside, command, data);
  if (status !== 0) return status;
  for (let i = HOST_BEHAVIOR_ACRE; i <= HOST_BEHAVIOR_LBAFEE; i++) {
    if (data[i] > 1) return refuse(command, STATUS_INVALID_FIELD, -1);
  }
  inside.features.hostBehavior.set(data);
  return 0;
}
