import type { WaitOptions } from '@phasebit/core';
import {
  ADMIN_IDENTIFY,
  decodeCommandSetCombinations,
  decodeControllerList,
  decodeEnduranceGroupList,
  decodeIdentifyController,
  decodeIdentifyIndependentNamespace,
  decodeIdentifyNamespace,
  decodeIdentifyNvmController,
  decodeIdentifyNvmNamespace,
  decodeNamespaceDescriptors,
  decodeUuidList,
  IDENTIFY_BYTES,
  IDENTIFY_CDW10,
  IDENTIFY_CDW11,
  IDENTIFY_CDW14,
  IDENTIFY_CNS_ACTIVE_NAMESPACE_LIST,
  IDENTIFY_CNS_ALLOCATED_NAMESPACE,
  IDENTIFY_CNS_ALLOCATED_NAMESPACE_LIST,
  IDENTIFY_CNS_ATTACHED_CONTROLLER_LIST,
  IDENTIFY_CNS_COMMAND_SET_ACTIVE_NAMESPACE_LIST,
  IDENTIFY_CNS_COMMAND_SET_ALLOCATED_NAMESPACE_LIST,
  IDENTIFY_CNS_COMMAND_SET_CONTROLLER,
  IDENTIFY_CNS_COMMAND_SET_NAMESPACE,
  IDENTIFY_CNS_COMMAND_SETS,
  IDENTIFY_CNS_CONTROLLER,
  IDENTIFY_CNS_CONTROLLER_LIST,
  IDENTIFY_CNS_ENDURANCE_GROUP_LIST,
  IDENTIFY_CNS_INDEPENDENT_NAMESPACE,
  IDENTIFY_CNS_NAMESPACE,
  IDENTIFY_CNS_NAMESPACE_DESCRIPTOR_LIST,
  IDENTIFY_CNS_UUID_LIST,
  type IdentifyController,
  type IdentifyIndependentNamespace,
  type IdentifyNamespace,
  type IdentifyNvmController,
  type IdentifyNvmNamespace,
  NAMESPACE_LIST_ENTRIES,
  type NamespaceDescriptors,
  readUint32,
} from '@phasebit/nvme-spec';
import type { AdminQueue } from '../admin-queue.js';

/** CNTID that means the controller which processes the command. [Base] 5.1.13 */
const THIS_CONTROLLER = 0xffff;

/** What an Identify is about; which of these a CNS value looks at is in its definition. */
export interface IdentifyOptions extends WaitOptions {
  /** namespace; default 0 */
  readonly nsid?: number;
  /** controller; default 0 */
  readonly cntlid?: number;
  /** command set, CSI_*; default NVM */
  readonly csi?: number;
  /** identifier of whatever else the CNS value asks for, such as an NVM Set; default 0 */
  readonly specificId?: number;
  /** index into the UUID list; default none */
  readonly uuidIndex?: number;
}

/**
 * Identify with any CNS: the data structure as it came, 4,096 bytes. [Base] 5.1.13
 *
 * @throws DriverError as `AdminQueue.demand`; RangeError for a field that is too large
 */
export async function identify(admin: AdminQueue, cns: number, options: IdentifyOptions = {}): Promise<Uint8Array> {
  const { nsid = 0, cntlid = 0, csi = 0, specificId = 0, uuidIndex = 0 } = options;
  const cdw10 = IDENTIFY_CDW10.CNTID.set(IDENTIFY_CDW10.CNS.set(0, cns), cntlid);
  const cdw11 = IDENTIFY_CDW11.CSI.set(IDENTIFY_CDW11.CNSSID.set(0, specificId), csi);
  const cdw14 = IDENTIFY_CDW14.UIDX.set(0, uuidIndex);
  return admin.receive({ opcode: ADMIN_IDENTIFY, nsid, cdw10, cdw11, cdw14 }, IDENTIFY_BYTES, options);
}

/** Identify Controller, CNS 01h. [Base] 5.1.13.2.1 */
export async function identifyController(admin: AdminQueue, options: WaitOptions = {}): Promise<IdentifyController> {
  return decodeIdentifyController(await identify(admin, IDENTIFY_CNS_CONTROLLER, options));
}

/** Identify Namespace of the NVM command set, CNS 00h. [NVM] 4.1.5.1 */
export async function identifyNamespace(
  admin: AdminQueue,
  nsid: number,
  options: WaitOptions = {},
): Promise<IdentifyNamespace> {
  return decodeIdentifyNamespace(await identify(admin, IDENTIFY_CNS_NAMESPACE, { ...options, nsid }));
}

/** What the NVM command set adds to Identify Namespace, CNS 05h: guards, tags, formats. [NVM] 4.1.5.3 */
export async function identifyNvmNamespace(
  admin: AdminQueue,
  nsid: number,
  options: WaitOptions = {},
): Promise<IdentifyNvmNamespace> {
  return decodeIdentifyNvmNamespace(await identify(admin, IDENTIFY_CNS_COMMAND_SET_NAMESPACE, { ...options, nsid }));
}

/** What the NVM command set adds to Identify Controller, CNS 06h: limits of its commands. [NVM] 4.1.5.4 */
export async function identifyNvmController(
  admin: AdminQueue,
  options: WaitOptions = {},
): Promise<IdentifyNvmController> {
  return decodeIdentifyNvmController(await identify(admin, IDENTIFY_CNS_COMMAND_SET_CONTROLLER, options));
}

/** What every command set says of a namespace, CNS 08h. [Base] 5.1.13.2.8 */
export async function identifyIndependentNamespace(
  admin: AdminQueue,
  nsid: number,
  options: WaitOptions = {},
): Promise<IdentifyIndependentNamespace> {
  const page = await identify(admin, IDENTIFY_CNS_INDEPENDENT_NAMESPACE, { ...options, nsid });
  return decodeIdentifyIndependentNamespace(page);
}

/** UUIDs that vendors' commands, logs and features are told apart by, CNS 17h; UUID 1 at index 0. [Base] 5.1.13.2.14 */
export async function identifyUuids(admin: AdminQueue, options: WaitOptions = {}): Promise<string[]> {
  return decodeUuidList(await identify(admin, IDENTIFY_CNS_UUID_LIST, options));
}

/** Endurance Groups from the identifier after `after` on, CNS 19h. [Base] 5.1.13.2.16 */
export async function enduranceGroups(
  admin: AdminQueue,
  options: { after?: number } & WaitOptions = {},
): Promise<number[]> {
  const specificId = options.after ?? 0;
  return decodeEnduranceGroupList(await identify(admin, IDENTIFY_CNS_ENDURANCE_GROUP_LIST, { ...options, specificId }));
}

/** Combinations of command sets that can be had at a time, CNS 1Ch: bit n of each is CSI n. [Base] 5.1.13.2.19 */
export async function commandSetCombinations(admin: AdminQueue, options: WaitOptions = {}): Promise<number[]> {
  const page = await identify(admin, IDENTIFY_CNS_COMMAND_SETS, { ...options, cntlid: THIS_CONTROLLER });
  return decodeCommandSetCombinations(page);
}

/** As {@link identifyNamespace}, of a namespace that exists but need not be attached, CNS 11h. [Base] 5.1.13.2.10 */
export async function identifyAllocatedNamespace(
  admin: AdminQueue,
  nsid: number,
  options: WaitOptions = {},
): Promise<IdentifyNamespace> {
  return decodeIdentifyNamespace(await identify(admin, IDENTIFY_CNS_ALLOCATED_NAMESPACE, { ...options, nsid }));
}

/** Namespace identification descriptors, CNS 03h. [Base] 5.1.13.2.3 */
export async function identifyDescriptors(
  admin: AdminQueue,
  nsid: number,
  options: WaitOptions = {},
): Promise<NamespaceDescriptors> {
  return decodeNamespaceDescriptors(
    await identify(admin, IDENTIFY_CNS_NAMESPACE_DESCRIPTOR_LIST, { ...options, nsid }),
  );
}

/** All active namespace identifiers, ascending, CNS 02h; or CNS 07h, those of one command set. [Base] 5.1.13.2.2, 5.1.13.2.7 */
export function activeNamespaces(admin: AdminQueue, options: { csi?: number } & WaitOptions = {}): Promise<number[]> {
  const isOfCommandSet = options.csi !== undefined;
  const cns = isOfCommandSet ? IDENTIFY_CNS_COMMAND_SET_ACTIVE_NAMESPACE_LIST : IDENTIFY_CNS_ACTIVE_NAMESPACE_LIST;
  return namespaceList(admin, cns, options);
}

/** All namespaces that exist, attached or not, ascending, CNS 10h; or CNS 1Ah, those of one command set. [Base] 5.1.13.2.9 */
export function allocatedNamespaces(
  admin: AdminQueue,
  options: { csi?: number } & WaitOptions = {},
): Promise<number[]> {
  const isOfCommandSet = options.csi !== undefined;
  const cns = isOfCommandSet
    ? IDENTIFY_CNS_COMMAND_SET_ALLOCATED_NAMESPACE_LIST
    : IDENTIFY_CNS_ALLOCATED_NAMESPACE_LIST;
  return namespaceList(admin, cns, options);
}

/** Controllers from `cntlid` on that a namespace is attached to, CNS 12h; without `nsid` all of the subsystem, CNS 13h. [Base] 5.1.13.2.11 */
export async function controllerList(
  admin: AdminQueue,
  options: { nsid?: number; cntlid?: number } & WaitOptions = {},
): Promise<number[]> {
  const cns = options.nsid === undefined ? IDENTIFY_CNS_CONTROLLER_LIST : IDENTIFY_CNS_ATTACHED_CONTROLLER_LIST;
  return decodeControllerList(await identify(admin, cns, options));
}

/** As many pages of 1,024 identifiers as it takes. */
async function namespaceList(
  admin: AdminQueue,
  cns: number,
  options: { csi?: number } & WaitOptions,
): Promise<number[]> {
  const nsids: number[] = [];
  for (;;) {
    const after = nsids[nsids.length - 1] ?? 0;
    const page = await identify(admin, cns, { ...options, nsid: after });
    const before = nsids.length;
    for (let i = 0; i < NAMESPACE_LIST_ENTRIES; i++) {
      const nsid = readUint32(page, i * 4);
      // A list that does not ascend would be asked for again and again.
      if (nsid <= (nsids[nsids.length - 1] ?? 0)) break;
      nsids.push(nsid);
    }
    if (nsids.length - before < NAMESPACE_LIST_ENTRIES) return nsids;
  }
}
