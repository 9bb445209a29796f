import {
  FEATURE_HOST_IDENTIFIER_VALUE,
  HOST_BEHAVIOR_ACRE,
  HOST_BEHAVIOR_BYTES,
  HOST_BEHAVIOR_HDISNS,
  HOST_IDENTIFIER_BYTES,
  HOST_IDENTIFIER_EXTENDED_BYTES,
  STATUS_COMMAND_SEQUENCE_ERROR,
  STATUS_HOST_IDENTIFIER_INCONSISTENT,
  STATUS_INVALID_FIELD,
  TIMESTAMP_BYTES,
} from '@phasebit/nvme-spec';
import { associateHost, judgeFormat } from '../attachment.js';
import type { Command } from '../command.js';
import { hostOf, NO_HOST } from '../host-identity.js';
import type { Internals } from '../internals.js';
import { recordTimestampChange } from '../event-records.js';
import { fetchData, sendData } from './admin-data.js';
import { refuse } from './admin-handler.js';
import { always, type Feature, type FeatureSelect } from './feature.js';

// Features whose value is a data structure in which the host says something about itself.

/** Timestamp: 48 bits of milliseconds, and where they come from. [Base] 5.1.25.1.7 */
export const timestamp: Feature = {
  scope: 'controller',
  isSaveable: false,
  isPresent: always,
  get: (inside, command, select) => {
    const data = select === 'current' ? inside.features.timestampBytes : new Uint8Array(TIMESTAMP_BYTES);
    return sendData(inside, command, data, 0, TIMESTAMP_BYTES);
  },
  set: (inside, command) => {
    const data = new Uint8Array(TIMESTAMP_BYTES);
    const status = fetchData(inside, command, data);
    if (status !== 0) return status;
    const view = new DataView(data.buffer);
    recordTimestampChange(inside);
    inside.features.setTimestamp(view.getUint16(4, true) * 2 ** 32 + view.getUint32(0, true));
    return 0;
  },
};

/** Host Behavior Support: bytes that are switches hold 0 or 1. [Base] 5.1.25.1.14 */
export const hostBehavior: Feature = {
  scope: 'controller',
  isSaveable: false,
  isPresent: always,
  get: (inside, command, select) => {
    const data = select === 'current' ? inside.features.hostBehavior : new Uint8Array(HOST_BEHAVIOR_BYTES);
    return sendData(inside, command, data, 0, HOST_BEHAVIOR_BYTES);
  },
  set: (inside, command) => {
    const data = new Uint8Array(HOST_BEHAVIOR_BYTES);
    const status = fetchData(inside, command, data);
    if (status !== 0) return status;
    for (let i = HOST_BEHAVIOR_ACRE; i <= HOST_BEHAVIOR_HDISNS; i++) {
      if (data[i] > 1) return refuse(command, STATUS_INVALID_FIELD, -1);
    }
    inside.features.hostBehavior.set(data);
    for (const view of inside.namespaces.active) judgeFormat(view);
    return 0;
  },
};

/** Host Identifier, of 64 or 128 bits: once it is not zero it stays until the next reset. [Base] 5.1.25.1.28 */
export const hostIdentifier: Feature = {
  scope: 'controller',
  isSaveable: false,
  isPresent: always,
  get: getHostIdentifier,
  set: setHostIdentifier,
};

function getHostIdentifier(inside: Internals, command: Command, select: FeatureSelect): number {
  const isExtended = FEATURE_HOST_IDENTIFIER_VALUE.EXHID.get(command.cdw(11)) === 1;
  const host = select === 'current' ? inside.features.host : NO_HOST;
  if (host !== NO_HOST && host.isExtended !== isExtended) {
    return refuse(command, STATUS_HOST_IDENTIFIER_INCONSISTENT, -1);
  }
  return sendData(inside, command, host.bytes, 0, bytesOf(isExtended));
}

function setHostIdentifier(inside: Internals, command: Command): number {
  const isExtended = FEATURE_HOST_IDENTIFIER_VALUE.EXHID.get(command.cdw(11)) === 1;
  if (inside.features.host !== NO_HOST) return refuse(command, STATUS_COMMAND_SEQUENCE_ERROR, -1);
  const others = inside.subsystem.members.map(({ features }) => features.host);
  if (others.some((host) => host !== NO_HOST && host.isExtended !== isExtended)) {
    return refuse(command, STATUS_HOST_IDENTIFIER_INCONSISTENT, -1);
  }
  const data = new Uint8Array(bytesOf(isExtended));
  const status = fetchData(inside, command, data);
  if (status === 0) associateHost(inside, hostOf(data));
  return status;
}

function bytesOf(isExtended: boolean): number {
  return isExtended ? HOST_IDENTIFIER_EXTENDED_BYTES : HOST_IDENTIFIER_BYTES;
}
