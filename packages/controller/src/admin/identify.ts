import {
  CSI_NVM,
  IDENTIFY_BYTES,
  IDENTIFY_CDW10,
  IDENTIFY_CDW11,
  IDENTIFY_CNS_ACTIVE_NAMESPACE_LIST,
  IDENTIFY_CNS_COMMAND_SET_ACTIVE_NAMESPACE_LIST,
  IDENTIFY_CNS_COMMAND_SET_CONTROLLER,
  IDENTIFY_CNS_COMMAND_SET_NAMESPACE,
  IDENTIFY_CNS_COMMAND_SETS,
  IDENTIFY_CNS_CONTROLLER,
  IDENTIFY_CNS_INDEPENDENT_NAMESPACE,
  IDENTIFY_CNS_NAMESPACE,
  IDENTIFY_CNS_NAMESPACE_DESCRIPTOR_LIST,
  NSID_MAX,
  SQE_CDW10,
  SQE_CDW11,
  SQE_NSID,
  STATUS_INVALID_COMMAND_SET,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import { sendData } from './admin-data.js';
import { type AdminHandler, refuse } from './admin-handler.js';
import { identifyController } from './identify-controller.js';
import {
  identifyActiveList,
  identifyDescriptors,
  identifyIndependent,
  identifyNamespace,
} from './identify-namespace.js';

/** CNTID that means the controller which processes the command. [Base] 5.1.13 */
const THIS_CONTROLLER = 0xffff;
/** Identify Controller of the NVM Command Set: byte offset of the most ranges of one Dataset Management. [NVM] 4.1.5.2 */
const DMRL = 4;
const DMRL_UNLIMITED = 255;
const NO_DATA: Uint8Array = new Uint8Array(IDENTIFY_BYTES);

/** Identify: a data structure of 4,096 bytes, chosen by CNS. [Base] 5.1.13 */
export function identify(inside: Internals, command: Command): number {
  const handler = STRUCTURES.get(IDENTIFY_CDW10.CNS.get(command.cdw(10)));
  if (handler === undefined) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW10);
  return handler(inside, command);
}

const STRUCTURES: ReadonlyMap<number, AdminHandler> = new Map<number, AdminHandler>([
  [IDENTIFY_CNS_NAMESPACE, (inside, command) => ofNamespace(inside, command, identifyNamespace)],
  [IDENTIFY_CNS_CONTROLLER, (inside, command) => send(inside, command, identifyController(inside))],
  [IDENTIFY_CNS_ACTIVE_NAMESPACE_LIST, activeList],
  [IDENTIFY_CNS_NAMESPACE_DESCRIPTOR_LIST, descriptors],
  [
    IDENTIFY_CNS_COMMAND_SET_NAMESPACE,
    // Of what the NVM Command Set adds (storage tags, extended formats), the model has nothing.
    (inside, command) => ofCommandSet(command) || ofNamespace(inside, command, () => NO_DATA),
  ],
  [
    IDENTIFY_CNS_COMMAND_SET_CONTROLLER,
    (inside, command) => ofCommandSet(command) || send(inside, command, commandSetController()),
  ],
  [
    IDENTIFY_CNS_COMMAND_SET_ACTIVE_NAMESPACE_LIST,
    (inside, command) => ofCommandSet(command) || activeList(inside, command),
  ],
  [IDENTIFY_CNS_INDEPENDENT_NAMESPACE, (inside, command) => ofNamespace(inside, command, identifyIndependent)],
  [IDENTIFY_CNS_COMMAND_SETS, commandSets],
]);

function send(inside: Internals, command: Command, data: Uint8Array): number {
  return sendData(inside, command, data, 0, IDENTIFY_BYTES);
}

/** A valid identifier that is inactive gets a structure of zeros. [Base] 3.2.1.4 */
function ofNamespace(
  inside: Internals,
  command: Command,
  structure: (namespace: Parameters<typeof identifyNamespace>[0]) => Uint8Array,
): number {
  const { nsid } = command;
  if (nsid === 0 || nsid > inside.namespaces.largestNsid) return refuse(command, STATUS_INVALID_NAMESPACE, SQE_NSID);
  return send(inside, command, structure(inside.namespaces.get(nsid)));
}

function activeList(inside: Internals, command: Command): number {
  if (command.nsid >= NSID_MAX) return refuse(command, STATUS_INVALID_NAMESPACE, SQE_NSID);
  return send(inside, command, identifyActiveList(inside.namespaces.active, command.nsid));
}

function descriptors(inside: Internals, command: Command): number {
  const namespace = inside.namespaces.get(command.nsid);
  if (namespace === undefined) return refuse(command, inside.namespaces.refusal(command.nsid), SQE_NSID);
  return send(inside, command, identifyDescriptors(namespace));
}

/** 0, or the status for a command set that the model does not have. */
function ofCommandSet(command: Command): number {
  const isKnown = IDENTIFY_CDW11.CSI.get(command.cdw(11)) === CSI_NVM;
  return isKnown ? 0 : refuse(command, STATUS_INVALID_COMMAND_SET, SQE_CDW11 + 3);
}

function commandSetController(): Uint8Array {
  const data = new Uint8Array(IDENTIFY_BYTES);
  data[DMRL] = DMRL_UNLIMITED;
  return data;
}

/** The combinations of command sets that can be enabled: one, of the NVM Command Set alone. [Base] 5.1.13 */
function commandSets(inside: Internals, command: Command): number {
  const controllerId = IDENTIFY_CDW10.CNTID.get(command.cdw(10));
  if (controllerId !== THIS_CONTROLLER && controllerId !== inside.settings.cntlid) {
    return refuse(command, STATUS_INVALID_FIELD, SQE_CDW10 + 2);
  }
  const data = new Uint8Array(IDENTIFY_BYTES);
  data[0] = 1 << CSI_NVM;
  return send(inside, command, data);
}
