import {
  FORMAT_NVM_CDW10,
  FORMAT_NVM_SES_CRYPTOGRAPHIC,
  formatIndex,
  NSID_BROADCAST,
  PROTECTION_TYPE_3,
  SELF_TEST_RESULT_ABORTED_FORMAT,
  SQE_CDW10,
  SQE_NSID,
  STATUS_DNR,
  STATUS_FORMAT_IN_PROGRESS,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_FORMAT,
  STATUS_INVALID_NAMESPACE,
  STATUS_NAMESPACE_WRITE_PROTECTED,
  STATUS_RESERVATION_CONFLICT,
} from '@phasebit/nvme-spec';
import type { AllocatedNamespace } from '../allocated-namespace.js';
import { judgeFormat } from '../attachment.js';
import type { Command } from '../command.js';
import { recordFormatCompletion, recordFormatStart } from '../event-records.js';
import type { Internals } from '../internals.js';
import { eraseNamespace } from '../namespace-eraser.js';
import {
  blocksThatFit,
  hasRoomForProtection,
  isExtendedFormat,
  type LbaFormat,
  type NamespaceFormat,
} from '../namespace-format.js';
import { noticeNamespaceChanged } from '../notices.js';
import { BARS_WRITES } from '../reservations/reservation.js';
import { refuse } from './admin-handler.js';
import { FNA_VALUE } from './capabilities.js';

/** Byte of dword 10 with SES and LBAFU. */
const SES_BYTE = SQE_CDW10 + 1;

/**
 * Format NVM: one allocated namespace, or all that are attached to this controller. Everything is checked before anything is touched,
 * and the command completes when the last namespace is formatted; until then I/O to them gets Format In Progress. [Base] 5.1.10
 */
export function formatNvm(inside: Internals, command: Command): number {
  const cdw10 = command.cdw(10);
  if (FORMAT_NVM_CDW10.SES.get(cdw10) > FORMAT_NVM_SES_CRYPTOGRAPHIC) {
    return refuse(command, STATUS_INVALID_FIELD, SES_BYTE);
  }
  if (FORMAT_NVM_CDW10.PI.get(cdw10) > PROTECTION_TYPE_3) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW10);
  const targets = targetsOf(inside, command);
  if (typeof targets === 'number') return refuse(command, targets, SQE_NSID);
  for (const namespace of targets) {
    const status = refusalOf(inside, namespace, cdw10);
    // About the path, or about what goes on just now: it can succeed later.
    if (status !== 0) return (status & STATUS_DNR) === 0 ? status : refuse(command, status, SQE_CDW10);
  }
  recordFormatStart(inside, command.nsid, cdw10, FNA_VALUE);
  return begin(inside, command, targets);
}

/** The namespaces that the command is about, or the status that refuses its identifier. */
function targetsOf({ subsystem, namespaces }: Internals, { nsid }: Command): readonly AllocatedNamespace[] | number {
  if (nsid === NSID_BROADCAST) return namespaces.active.map((each) => each.allocated);
  const namespace = subsystem.find(nsid);
  return namespace === undefined ? namespaces.refusal(nsid) : [namespace];
}

/** Why a namespace cannot be formatted like that, or 0. */
function refusalOf(inside: Internals, namespace: AllocatedNamespace, cdw10: number): number {
  const { features, namespaces } = inside;
  const pathStatus = namespaces.get(namespace.nsid)?.pathStatus ?? 0;
  if (pathStatus !== 0) return pathStatus;
  if (namespace.busyStatus !== 0) return namespace.busyStatus;
  if ((namespace.reservation.bars(features.host.name) & BARS_WRITES) !== 0) {
    return STATUS_RESERVATION_CONFLICT | STATUS_DNR;
  }
  if (namespace.isProtected) return STATUS_NAMESPACE_WRITE_PROTECTED | STATUS_DNR;
  const { lbaFormats, formatIndex: current } = namespace;
  const { takesExtendedFormats } = features;
  const index = formatIndex(cdw10, takesExtendedFormats);
  if (index >= lbaFormats.length) return STATUS_INVALID_FORMAT | STATUS_DNR;
  const format = lbaFormats[index];
  const isExtended = isExtendedFormat(format, index) || isExtendedFormat(namespace.format, current);
  if (isExtended && !takesExtendedFormats) return STATUS_INVALID_NAMESPACE | STATUS_DNR;
  const hasRoom = hasRoomForProtection(format, FORMAT_NVM_CDW10.PI.get(cdw10));
  if (!hasRoom || blocksThatFit(namespace.provisionedBytes, format) === 0) return STATUS_INVALID_FORMAT | STATUS_DNR;
  return 0;
}

function begin(inside: Internals, command: Command, targets: readonly AllocatedNamespace[]): number {
  const { subsystem, inFlight, queues } = inside;
  const { cid, nsid } = command;
  const cdw10 = command.cdw(10);
  const formatMs = subsystem.settings.durations.formatMs * targets.length;
  const isExtended = inside.features.takesExtendedFormats;
  for (const namespace of targets) {
    for (const { member } of namespace.views) member.inFlight.abortNamespace(namespace.nsid, STATUS_FORMAT_IN_PROGRESS);
    namespace.setBusy(STATUS_FORMAT_IN_PROGRESS);
  }
  for (const member of subsystem.members) member.selfTest.abortOf(nsid, SELF_TEST_RESULT_ABORTED_FORMAT);
  let outcome = 0;
  const queue = queues.submission[0]!;
  const task = subsystem.tasks.start(formatMs, () => {
    for (const namespace of targets) outcome = outcome || format(namespace, cdw10, isExtended);
    for (const namespace of targets) {
      finish(namespace);
      subsystem.tellChanged(namespace.nsid);
    }
    recordFormatCompletion(inside, nsid, outcome);
    if (formatMs > 0) inFlight.finish(queue, cid, outcome, 0);
  });
  if (formatMs === 0) return outcome;
  for (const namespace of targets) namespace.formatTask = task;
  inFlight.completeAt(Infinity);
  return 0;
}

/** Erases a namespace and gives it its new format: 0, or the status of the medium that failed. */
function format(namespace: AllocatedNamespace, cdw10: number, isExtended: boolean): number {
  const { lbaFormats, provisionedBytes, blocks, capacityBlocks } = namespace;
  const status = eraseNamespace(namespace);
  if (status !== 0) return status;
  const lbaFormat = lbaFormats[formatIndex(cdw10, isExtended)];
  const capacity = blocksThatFit(provisionedBytes, lbaFormat);
  // A size above the capacity stays above it by the same factor.
  namespace.setFormat(formatOf(lbaFormat, cdw10), Math.floor((capacity * blocks) / capacityBlocks), capacity);
  return 0;
}

function finish(namespace: AllocatedNamespace): void {
  namespace.formatTask = undefined;
  namespace.setBusy(0);
  for (const view of namespace.views) {
    judgeFormat(view);
    noticeNamespaceChanged(view.member, view.nsid);
  }
}

function formatOf(lbaFormat: LbaFormat, cdw10: number): NamespaceFormat {
  const { blockBytes, metadataBytes, guardBits = 16, storageTagBits = 0 } = lbaFormat;
  return {
    blockBytes,
    metadataBytes,
    isExtended: metadataBytes > 0 && FORMAT_NVM_CDW10.MSET.get(cdw10) === 1,
    piType: FORMAT_NVM_CDW10.PI.get(cdw10),
    piIsFirst: FORMAT_NVM_CDW10.PIL.get(cdw10) === 1,
    guardBits,
    storageTagBits,
  };
}
