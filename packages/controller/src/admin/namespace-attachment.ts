import {
  CONTROLLER_LIST_BYTES,
  CONTROLLER_LIST_CIDS,
  CONTROLLER_LIST_ENTRIES,
  CONTROLLER_LIST_NUMCIDS,
  NAMESPACE_ATTACHMENT_ATTACH,
  NAMESPACE_ATTACHMENT_CDW10,
  NAMESPACE_ATTACHMENT_DETACH,
  NSID_BROADCAST,
  readUint16,
  SELF_TEST_RESULT_ABORTED_NAMESPACE,
  SQE_CDW10,
  SQE_NSID,
  STATUS_ABORT_REQUESTED,
  STATUS_CONTROLLER_LIST_INVALID,
  STATUS_INVALID_FIELD,
  STATUS_NAMESPACE_ALREADY_ATTACHED,
  STATUS_NAMESPACE_IS_PRIVATE,
  STATUS_NAMESPACE_NOT_ATTACHED,
  STATUS_RESERVATION_CONFLICT,
} from '@phasebit/nvme-spec';
import type { AllocatedNamespace } from '../allocated-namespace.js';
import { attachNamespace, detachNamespace } from '../attachment.js';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import { noticeNamespaceChanged } from '../notices.js';
import { BARS_WRITES } from '../reservations/reservation.js';
import { fetchData } from './admin-data.js';
import { refuse } from './admin-handler.js';

/**
 * Namespace Attachment: attaches a namespace to the controllers of a list, or detaches it from them. The list is worked off until an
 * entry fails; what was done before that stays done. Each controller whose namespaces change tells its host. [Base] 5.1.20, 8.1.15
 */
export function namespaceAttachment(inside: Internals, command: Command): number {
  const { subsystem, namespaces, features } = inside;
  const { nsid } = command;
  const action = NAMESPACE_ATTACHMENT_CDW10.SEL.get(command.cdw(10));
  if (action !== NAMESPACE_ATTACHMENT_ATTACH && action !== NAMESPACE_ATTACHMENT_DETACH) {
    return refuse(command, STATUS_INVALID_FIELD, SQE_CDW10);
  }
  if (nsid === NSID_BROADCAST) return refuse(command, STATUS_INVALID_FIELD, SQE_NSID);
  const namespace = subsystem.find(nsid);
  if (namespace === undefined) return refuse(command, namespaces.refusal(nsid), SQE_NSID);
  if ((namespace.reservation.bars(features.host.name) & BARS_WRITES) !== 0) {
    return refuse(command, STATUS_RESERVATION_CONFLICT, SQE_NSID);
  }
  const data = new Uint8Array(CONTROLLER_LIST_BYTES);
  const status = fetchData(inside, command, data);
  if (status !== 0) return status;
  const controllers = controllersOf(inside, data);
  if (controllers === undefined) return refuse(command, STATUS_CONTROLLER_LIST_INVALID, -1);
  for (const member of controllers) {
    const refusal = action === NAMESPACE_ATTACHMENT_ATTACH ? attach(member, namespace) : detach(member, namespace);
    if (refusal !== 0) return refuse(command, refusal, -1);
    subsystem.tellChanged(nsid);
  }
  return 0;
}

/** The controllers of a list, or undefined when it is empty, too long, out of order or names one that is not there. [Base] 4.6.1 */
function controllersOf({ subsystem }: Internals, data: Uint8Array): readonly Internals[] | undefined {
  const count = readUint16(data, CONTROLLER_LIST_NUMCIDS);
  if (count === 0 || count > CONTROLLER_LIST_ENTRIES) return undefined;
  const controllers: Internals[] = [];
  let previous = -1;
  for (let i = 0; i < count; i++) {
    const cntlid = readUint16(data, CONTROLLER_LIST_CIDS + 2 * i);
    const member = subsystem.controller(cntlid);
    if (member === undefined || cntlid <= previous) return undefined;
    controllers.push(member);
    previous = cntlid;
  }
  return controllers;
}

function attach(member: Internals, namespace: AllocatedNamespace): number {
  if (isAttached(member, namespace)) return STATUS_NAMESPACE_ALREADY_ATTACHED;
  if (!namespace.shared && namespace.views.length > 0) return STATUS_NAMESPACE_IS_PRIVATE;
  attachNamespace(member, namespace);
  noticeNamespaceChanged(member, namespace.nsid);
  return 0;
}

function detach(member: Internals, namespace: AllocatedNamespace): number {
  if (!isAttached(member, namespace)) return STATUS_NAMESPACE_NOT_ATTACHED;
  detachNamespace(member, namespace.nsid);
  member.inFlight.abortNamespace(namespace.nsid, STATUS_ABORT_REQUESTED);
  member.selfTest.abortOf(namespace.nsid, SELF_TEST_RESULT_ABORTED_NAMESPACE);
  noticeNamespaceChanged(member, namespace.nsid);
  return 0;
}

function isAttached(member: Internals, namespace: AllocatedNamespace): boolean {
  return member.namespaces.get(namespace.nsid) !== undefined;
}
