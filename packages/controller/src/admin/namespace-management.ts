import { joinU64 } from '@phasebit/core';
import {
  CSI_NVM,
  DPS_FIRST,
  DPS_TYPE_MASK,
  FLBAS_METADATA_EXTENDED,
  lbaFormatIndex,
  NAMESPACE_MANAGEMENT_CDW10,
  NAMESPACE_MANAGEMENT_CDW11,
  NAMESPACE_MANAGEMENT_CREATE,
  NAMESPACE_MANAGEMENT_DELETE,
  NMIC_SHRNS,
  NSID_BROADCAST,
  NSMGMT_ANAGRPID,
  NSMGMT_BYTES,
  NSMGMT_DPS,
  NSMGMT_ENDGID,
  NSMGMT_FLBAS,
  NSMGMT_NCAP,
  NSMGMT_NMIC,
  NSMGMT_NSZE,
  NSMGMT_NVMSETID,
  PROTECTION_TYPE_3,
  readUint16,
  readUint32,
  SELF_TEST_RESULT_ABORTED_NAMESPACE,
  SQE_CDW10,
  SQE_CDW11,
  SQE_NSID,
  STATUS_ANA_GROUP_IDENTIFIER_INVALID,
  STATUS_COMMAND_SET_NOT_SUPPORTED,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_FORMAT,
  STATUS_INVALID_NAMESPACE,
  STATUS_NAMESPACE_IDENTIFIER_UNAVAILABLE,
  STATUS_NAMESPACE_INSUFFICIENT_CAPACITY,
  STATUS_NAMESPACE_WRITE_PROTECTED,
  STATUS_RESERVATION_CONFLICT,
  STATUS_THIN_PROVISIONING_NOT_SUPPORTED,
} from '@phasebit/nvme-spec';
import { AllocatedNamespace } from '../allocated-namespace.js';
import type { Command } from '../command.js';
import { recordNamespaceChange } from '../event-records.js';
import { uuidOfName } from '../identifier.js';
import type { Internals } from '../internals.js';
import { hasRoomForProtection, isExtendedFormat, mediumBytesOf, type NamespaceFormat } from '../namespace-format.js';
import { BARS_WRITES } from '../reservations/reservation.js';
import { fetchData } from './admin-data.js';
import { refuse } from './admin-handler.js';

/** Namespace Management: creates a namespace, which no controller shows then, or deletes one or all. [Base] 5.1.21, [NVM] 4.1.6 */
export function namespaceManagement(inside: Internals, command: Command): number {
  const action = NAMESPACE_MANAGEMENT_CDW10.SEL.get(command.cdw(10));
  if (action === NAMESPACE_MANAGEMENT_CREATE) return create(inside, command);
  if (action === NAMESPACE_MANAGEMENT_DELETE) return remove(inside, command);
  return refuse(command, STATUS_INVALID_FIELD, SQE_CDW10);
}

/** What the host asks for, taken apart. */
interface Wish {
  readonly blocks: number;
  readonly capacityBlocks: number;
  readonly format: NamespaceFormat;
  readonly shared: boolean;
  readonly anaGroupId: number;
}

function create(inside: Internals, command: Command): number {
  const { subsystem } = inside;
  const { lbaFormats, subnqn } = subsystem.settings;
  if (command.nsid !== 0) return refuse(command, STATUS_INVALID_FIELD, SQE_NSID);
  if (NAMESPACE_MANAGEMENT_CDW11.CSI.get(command.cdw(11)) !== CSI_NVM) {
    return refuse(command, STATUS_COMMAND_SET_NOT_SUPPORTED, SQE_CDW11 + 3);
  }
  const data = new Uint8Array(NSMGMT_BYTES);
  const status = fetchData(inside, command, data);
  if (status !== 0) return status;
  const wish = wishOf(inside, data);
  if (typeof wish === 'number') return refuse(command, wish, -1);
  const bytes = mediumBytesOf(wish.capacityBlocks, wish.format);
  if (!(bytes <= subsystem.unallocatedBytes)) return refuse(command, STATUS_NAMESPACE_INSUFFICIENT_CAPACITY, -1);
  const nsid = subsystem.freeNsid;
  if (nsid === 0) return refuse(command, STATUS_NAMESPACE_IDENTIFIER_UNAVAILABLE, -1);
  const medium = subsystem.createMedium(mediumBytesOf(wish.blocks, wish.format));
  if (medium === undefined) return refuse(command, STATUS_NAMESPACE_INSUFFICIENT_CAPACITY, -1);
  const namespace = new AllocatedNamespace({
    nsid,
    medium,
    lbaFormats,
    ...wish,
    // The number in the name keeps identifiers of deleted namespaces from coming back.
    identity: {
      uuid: uuidOfName(`${subnqn}\n${nsid}\n${subsystem.countCreated()}`),
      nguid: new Uint8Array(16),
      eui64: new Uint8Array(8),
    },
    isCounted: wish.capacityBlocks < wish.blocks,
  });
  subsystem.add(namespace);
  recordNamespaceChange(inside, command.cdw(10), nsid, namespace);
  command.result = nsid;
  return 0;
}

/** What the host asks for, or the status that refuses it. */
function wishOf(inside: Internals, data: Uint8Array): Wish | number {
  const { lbaFormats, anaGroups, thinProvisioning } = inside.subsystem.settings;
  const blocks = numberAt(data, NSMGMT_NSZE);
  const capacityBlocks = numberAt(data, NSMGMT_NCAP);
  const flbas = data[NSMGMT_FLBAS];
  const dps = data[NSMGMT_DPS];
  const nmic = data[NSMGMT_NMIC];
  const anaGroupId = readUint32(data, NSMGMT_ANAGRPID);
  const index = lbaFormatIndex(flbas, lbaFormats.length);
  if (index >= lbaFormats.length) return STATUS_INVALID_FORMAT;
  const lbaFormat = lbaFormats[index];
  if (isExtendedFormat(lbaFormat, index) && !inside.features.takesExtendedFormats) return STATUS_INVALID_NAMESPACE;
  const piType = dps & DPS_TYPE_MASK;
  if (piType > PROTECTION_TYPE_3 || !hasRoomForProtection(lbaFormat, piType)) return STATUS_INVALID_FORMAT;
  if (blocks === 0 || capacityBlocks === 0 || capacityBlocks > blocks) return STATUS_INVALID_FIELD;
  if (capacityBlocks < blocks && !thinProvisioning) return STATUS_THIN_PROVISIONING_NOT_SUPPORTED;
  // There are no NVM Sets and no Endurance Groups to choose from.
  if ((nmic & ~NMIC_SHRNS) !== 0 || readUint16(data, NSMGMT_NVMSETID) !== 0 || readUint16(data, NSMGMT_ENDGID) !== 0) {
    return STATUS_INVALID_FIELD;
  }
  if (anaGroupId > anaGroups) return STATUS_ANA_GROUP_IDENTIFIER_INVALID;
  const { blockBytes, metadataBytes, guardBits = 16, storageTagBits = 0 } = lbaFormat;
  return {
    blocks,
    capacityBlocks,
    format: {
      blockBytes,
      metadataBytes,
      isExtended: metadataBytes > 0 && (flbas & FLBAS_METADATA_EXTENDED) !== 0,
      piType,
      piIsFirst: (dps & DPS_FIRST) !== 0,
      guardBits,
      storageTagBits,
    },
    shared: (nmic & NMIC_SHRNS) !== 0,
    anaGroupId: anaGroupId === 0 ? Math.min(1, anaGroups) : anaGroupId,
  };
}

function remove(inside: Internals, command: Command): number {
  const { subsystem, namespaces, features } = inside;
  const { nsid } = command;
  const isAll = nsid === NSID_BROADCAST;
  const one = subsystem.find(nsid);
  if (!isAll && one === undefined) return refuse(command, namespaces.refusal(nsid), SQE_NSID);
  const targets = isAll ? [...subsystem.namespaces] : [one!];
  for (const { reservation, isProtected, busyStatus } of targets) {
    // What is formatted now can be deleted later, so there is no DNR.
    if (busyStatus !== 0) return busyStatus;
    if ((reservation.bars(features.host.name) & BARS_WRITES) !== 0) {
      return refuse(command, STATUS_RESERVATION_CONFLICT, SQE_NSID);
    }
    if (isProtected) return refuse(command, STATUS_NAMESPACE_WRITE_PROTECTED, SQE_NSID);
  }
  recordNamespaceChange(inside, command.cdw(10), nsid, one);
  for (const namespace of targets) subsystem.remove(namespace, inside);
  for (const { selfTest } of subsystem.members) selfTest.abortOf(nsid, SELF_TEST_RESULT_ABORTED_NAMESPACE);
  return 0;
}

/** A 64-bit field; past 2^53 it is past every capacity. */
function numberAt(data: Uint8Array, at: number): number {
  const value = joinU64(readUint32(data, at), readUint32(data, at + 4));
  return value < 0 ? Infinity : value;
}
