import {
  CSI_NVM,
  IDENTIFY_BYTES,
  IDENTIFY_CDW10,
  IDENTIFY_CDW11,
  IDENTIFY_CNS_ACTIVE_NAMESPACE_LIST,
  IDENTIFY_CNS_ALLOCATED_NAMESPACE,
  IDENTIFY_CNS_ALLOCATED_NAMESPACE_LIST,
  IDENTIFY_CNS_ATTACHED_CONTROLLER_LIST,
  IDENTIFY_CNS_COMMAND_SET_ACTIVE_NAMESPACE_LIST,
  IDENTIFY_CNS_COMMAND_SET_ALLOCATED_NAMESPACE,
  IDENTIFY_CNS_COMMAND_SET_ALLOCATED_NAMESPACE_LIST,
  IDENTIFY_CNS_COMMAND_SET_CONTROLLER,
  IDENTIFY_CNS_COMMAND_SET_NAMESPACE,
  IDENTIFY_CNS_COMMAND_SET_USER_DATA_FORMAT,
  IDENTIFY_CNS_COMMAND_SETS,
  IDENTIFY_CNS_CONTROLLER,
  IDENTIFY_CNS_CONTROLLER_LIST,
  IDENTIFY_CNS_INDEPENDENT_ALLOCATED_NAMESPACE,
  IDENTIFY_CNS_INDEPENDENT_NAMESPACE,
  IDENTIFY_CNS_NAMESPACE,
  IDENTIFY_CNS_NAMESPACE_DESCRIPTOR_LIST,
  IDENTIFY_CNS_NAMESPACE_GRANULARITY_LIST,
  IDENTIFY_CNS_USER_DATA_FORMAT,
  IDENTIFY_CNS_UUID_LIST,
  NSID_BROADCAST,
  NSID_MAX,
  SQE_CDW10,
  SQE_CDW11,
  SQE_NSID,
  STATUS_INVALID_COMMAND_SET,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
} from '@phasebit/nvme-spec';
import type { AllocatedNamespace } from '../allocated-namespace.js';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import { sendData } from './admin-data.js';
import { type AdminHandler, refuse } from './admin-handler.js';
import {
  identifyCommonIndependent,
  identifyCommonNvmNamespace,
  identifyIndependent,
  identifyNvmController,
  identifyNvmNamespace,
} from './identify-command-set.js';
import { identifyController } from './identify-controller.js';
import {
  identifyCommandSets,
  identifyControllerList,
  identifyGranularity,
  identifyNamespaceList,
  identifyUuids,
} from './identify-lists.js';
import { identifyCommonNamespace, identifyDescriptors, identifyNamespace, shownFormats } from './identify-namespace.js';

/** CNTID that means the controller which processes the command. [Base] 5.1.13 */
const THIS_CONTROLLER = 0xffff;

/** A structure about a namespace, and the same about what all of them have in common. */
interface NamespaceStructure {
  readonly of: (inside: Internals, namespace: AllocatedNamespace | undefined) => Uint8Array;
  readonly common: (inside: Internals) => Uint8Array;
}

const BASIC: NamespaceStructure = {
  of: identifyNamespace,
  common: (inside) => identifyCommonNamespace(inside, inside.subsystem.settings.lbaFormats),
};
const INDEPENDENT: NamespaceStructure = { of: identifyIndependent, common: identifyCommonIndependent };
const SPECIFIC: NamespaceStructure = {
  of: identifyNvmNamespace,
  common: (inside) => identifyCommonNvmNamespace(inside, inside.subsystem.settings.lbaFormats),
};

/** Identify: a data structure of 4,096 bytes, chosen by CNS. [Base] 5.1.13 */
export function identify(inside: Internals, command: Command): number {
  const handler = STRUCTURES.get(IDENTIFY_CDW10.CNS.get(command.cdw(10)));
  if (handler === undefined) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW10);
  return handler(inside, command);
}

const STRUCTURES: ReadonlyMap<number, AdminHandler> = new Map<number, AdminHandler>([
  [IDENTIFY_CNS_NAMESPACE, (inside, command) => ofActive(inside, command, BASIC)],
  [IDENTIFY_CNS_CONTROLLER, (inside, command) => send(inside, command, identifyController(inside))],
  [IDENTIFY_CNS_ACTIVE_NAMESPACE_LIST, activeList],
  [IDENTIFY_CNS_NAMESPACE_DESCRIPTOR_LIST, descriptors],
  [
    IDENTIFY_CNS_COMMAND_SET_NAMESPACE,
    (inside, command) => ofCommandSet(command) || ofActive(inside, command, SPECIFIC),
  ],
  [
    IDENTIFY_CNS_COMMAND_SET_CONTROLLER,
    (inside, command) => ofCommandSet(command) || send(inside, command, identifyNvmController(inside)),
  ],
  [
    IDENTIFY_CNS_COMMAND_SET_ACTIVE_NAMESPACE_LIST,
    (inside, command) => ofCommandSet(command) || activeList(inside, command),
  ],
  [IDENTIFY_CNS_INDEPENDENT_NAMESPACE, (inside, command) => ofActive(inside, command, INDEPENDENT)],
  [IDENTIFY_CNS_USER_DATA_FORMAT, (inside, command) => ofFormat(inside, command, BASIC)],
  [
    IDENTIFY_CNS_COMMAND_SET_USER_DATA_FORMAT,
    (inside, command) => ofCommandSet(command) || ofFormat(inside, command, SPECIFIC),
  ],
  [IDENTIFY_CNS_ALLOCATED_NAMESPACE_LIST, allocatedList],
  [IDENTIFY_CNS_ALLOCATED_NAMESPACE, (inside, command) => ofAllocated(inside, command, BASIC)],
  [IDENTIFY_CNS_ATTACHED_CONTROLLER_LIST, attachedControllers],
  [
    IDENTIFY_CNS_CONTROLLER_LIST,
    (inside, command) => {
      const from = IDENTIFY_CDW10.CNTID.get(command.cdw(10));
      return send(inside, command, identifyControllerList(inside.subsystem.members, from));
    },
  ],
  [IDENTIFY_CNS_NAMESPACE_GRANULARITY_LIST, (inside, command) => send(inside, command, identifyGranularity())],
  [IDENTIFY_CNS_UUID_LIST, uuidList],
  [
    IDENTIFY_CNS_COMMAND_SET_ALLOCATED_NAMESPACE_LIST,
    (inside, command) => ofCommandSet(command, STATUS_INVALID_FIELD) || allocatedList(inside, command),
  ],
  [
    IDENTIFY_CNS_COMMAND_SET_ALLOCATED_NAMESPACE,
    (inside, command) => ofCommandSet(command, STATUS_INVALID_FIELD) || ofAllocated(inside, command, SPECIFIC),
  ],
  [IDENTIFY_CNS_COMMAND_SETS, commandSets],
  [IDENTIFY_CNS_INDEPENDENT_ALLOCATED_NAMESPACE, (inside, command) => ofAllocated(inside, command, INDEPENDENT)],
]);

function send(inside: Internals, command: Command, data: Uint8Array): number {
  return sendData(inside, command, data, 0, IDENTIFY_BYTES);
}

/** A valid identifier that is inactive gets a structure of zeros, FFFFFFFFh what all namespaces have in common. [Base] 3.2.1.4 */
function ofActive(inside: Internals, command: Command, structure: NamespaceStructure): number {
  const { nsid } = command;
  if (nsid === NSID_BROADCAST) return send(inside, command, structure.common(inside));
  if (!isValid(inside, nsid)) return refuse(command, STATUS_INVALID_NAMESPACE, SQE_NSID);
  return send(inside, command, structure.of(inside, inside.namespaces.get(nsid)?.allocated));
}

/** The same for any allocated namespace, attached or not. */
function ofAllocated(inside: Internals, command: Command, structure: NamespaceStructure): number {
  const { nsid } = command;
  if (!isValid(inside, nsid)) return refuse(command, STATUS_INVALID_NAMESPACE, SQE_NSID);
  return send(inside, command, structure.of(inside, inside.subsystem.find(nsid)));
}

/** What namespaces of a format have in common, which is what all have. */
function ofFormat(inside: Internals, command: Command, structure: NamespaceStructure): number {
  const index = IDENTIFY_CDW11.CNSSID.get(command.cdw(11));
  const { length } = shownFormats(inside, inside.subsystem.settings.lbaFormats);
  if (index >= length) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW11);
  return send(inside, command, structure.common(inside));
}

function isValid({ namespaces }: Internals, nsid: number): boolean {
  return nsid !== 0 && nsid <= namespaces.largestNsid;
}

function activeList(inside: Internals, command: Command): number {
  return namespaceList(inside, command, inside.namespaces.active);
}

function allocatedList(inside: Internals, command: Command): number {
  return namespaceList(inside, command, inside.subsystem.namespaces);
}

function namespaceList(inside: Internals, command: Command, namespaces: readonly { readonly nsid: number }[]): number {
  if (command.nsid >= NSID_MAX) return refuse(command, STATUS_INVALID_NAMESPACE, SQE_NSID);
  const nsids = namespaces.map((each) => each.nsid);
  return send(inside, command, identifyNamespaceList(nsids, command.nsid));
}

/** FFFFFFFFh is called an invalid namespace here, not an invalid field as elsewhere. [Base] 5.1.13.2.3 */
function descriptors(inside: Internals, command: Command): number {
  if (command.nsid === NSID_BROADCAST) return refuse(command, STATUS_INVALID_NAMESPACE, SQE_NSID);
  const namespace = inside.namespaces.get(command.nsid);
  if (namespace === undefined) return refuse(command, inside.namespaces.refusal(command.nsid), SQE_NSID);
  return send(inside, command, identifyDescriptors(namespace.allocated));
}

/** The controllers that show a namespace. */
function attachedControllers(inside: Internals, command: Command): number {
  const { nsid } = command;
  if (nsid === NSID_BROADCAST) return refuse(command, STATUS_INVALID_FIELD, SQE_NSID);
  const namespace = inside.subsystem.find(nsid);
  if (namespace === undefined) return refuse(command, inside.namespaces.refusal(nsid), SQE_NSID);
  const members = namespace.views.map((each) => each.member);
  return send(inside, command, identifyControllerList(members, IDENTIFY_CDW10.CNTID.get(command.cdw(10))));
}

function uuidList(inside: Internals, command: Command): number {
  const { uuids } = inside.subsystem.settings;
  if (uuids.length === 0) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW10);
  return send(inside, command, identifyUuids(uuids));
}

/** 0, or the status for a command set that the model does not have. */
function ofCommandSet(command: Command, status: number = STATUS_INVALID_COMMAND_SET): number {
  const isKnown = IDENTIFY_CDW11.CSI.get(command.cdw(11)) === CSI_NVM;
  return isKnown ? 0 : refuse(command, status, SQE_CDW11 + 3);
}

function commandSets(inside: Internals, command: Command): number {
  const cntlid = IDENTIFY_CDW10.CNTID.get(command.cdw(10));
  if (cntlid !== THIS_CONTROLLER && inside.subsystem.controller(cntlid) === undefined) {
    return refuse(command, STATUS_INVALID_FIELD, SQE_CDW10 + 2);
  }
  return send(inside, command, identifyCommandSets());
}
