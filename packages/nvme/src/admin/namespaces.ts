import type { WaitOptions } from '@phasebit/core';
import {
  ADMIN_NAMESPACE_ATTACHMENT,
  ADMIN_NAMESPACE_MANAGEMENT,
  CSI_NVM,
  DPS_FIRST,
  encodeControllerList,
  FLBAS_METADATA_EXTENDED,
  NAMESPACE_ATTACHMENT_ATTACH,
  NAMESPACE_ATTACHMENT_CDW10,
  NAMESPACE_ATTACHMENT_DETACH,
  NAMESPACE_MANAGEMENT_CDW10,
  NAMESPACE_MANAGEMENT_CDW11,
  NAMESPACE_MANAGEMENT_CREATE,
  NAMESPACE_MANAGEMENT_DELETE,
  NMIC_SHRNS,
  NSMGMT_ANAGRPID,
  NSMGMT_BYTES,
  NSMGMT_DPS,
  NSMGMT_ENDGID,
  NSMGMT_FLBAS,
  NSMGMT_NCAP,
  NSMGMT_NMIC,
  NSMGMT_NSZE,
  NSMGMT_NVMSETID,
} from '@phasebit/nvme-spec';
import type { AdminQueue } from '../admin-queue.js';

const U32_RANGE = 0x1_0000_0000;
const LBA_FORMATS_MAX = 64;

/** A namespace to be made. [Base] 8.1.15, [NVM] 4.1.6 */
export interface NewNamespace {
  /** logical blocks, NSZE, up to 2^53 - 1 */
  readonly blocks: number;
  /** logical blocks that it may have in use at a time, NCAP; default all */
  readonly capacityBlocks?: number;
  /** LBA format, 0 to 63; default 0 */
  readonly formatIndex?: number;
  /** metadata follows each block's data, instead of lying in a buffer of its own; default false */
  readonly isMetadataExtended?: boolean;
  /** protection information, 0 for none to 3; default 0 */
  readonly protectionType?: number;
  /** protection information comes first in the metadata; default false */
  readonly isProtectionFirst?: boolean;
  /** several controllers may have it attached; default false */
  readonly isShared?: boolean;
  /** ANA group, NVM Set and Endurance Group; default 0, the controller chooses */
  readonly anaGroupId?: number;
  /** see {@link NewNamespace.anaGroupId} */
  readonly nvmSetId?: number;
  /** see {@link NewNamespace.anaGroupId} */
  readonly enduranceGroupId?: number;
}

/** Makes a namespace, attached to no controller yet, and returns its identifier. [Base] 5.1.21 @throws DriverError as `AdminQueue.demand` */
export async function createNamespace(
  admin: AdminQueue,
  namespace: NewNamespace,
  options: WaitOptions = {},
): Promise<number> {
  const command = {
    opcode: ADMIN_NAMESPACE_MANAGEMENT,
    cdw10: NAMESPACE_MANAGEMENT_CDW10.SEL.set(0, NAMESPACE_MANAGEMENT_CREATE),
    cdw11: NAMESPACE_MANAGEMENT_CDW11.CSI.set(0, CSI_NVM),
  };
  return (await admin.send(command, encodeNewNamespace(namespace), options)).dw0;
}

/** Deletes a namespace, or all of them: FFFFFFFFh. [Base] 5.1.21 @throws DriverError as `AdminQueue.demand` */
export async function deleteNamespace(admin: AdminQueue, nsid: number, options: WaitOptions = {}): Promise<void> {
  const cdw10 = NAMESPACE_MANAGEMENT_CDW10.SEL.set(0, NAMESPACE_MANAGEMENT_DELETE);
  await admin.demand({ opcode: ADMIN_NAMESPACE_MANAGEMENT, nsid, cdw10 }, options);
}

/** Attaches a namespace to controllers. [Base] 5.1.20 @throws DriverError as `AdminQueue.demand` */
export async function attachNamespace(
  admin: AdminQueue,
  nsid: number,
  cntlids: readonly number[],
  options: WaitOptions = {},
): Promise<void> {
  await sendAttachment(admin, nsid, cntlids, NAMESPACE_ATTACHMENT_ATTACH, options);
}

/** Detaches a namespace from controllers. [Base] 5.1.20 @throws DriverError as `AdminQueue.demand` */
export async function detachNamespace(
  admin: AdminQueue,
  nsid: number,
  cntlids: readonly number[],
  options: WaitOptions = {},
): Promise<void> {
  await sendAttachment(admin, nsid, cntlids, NAMESPACE_ATTACHMENT_DETACH, options);
}

async function sendAttachment(
  admin: AdminQueue,
  nsid: number,
  cntlids: readonly number[],
  select: number,
  options: WaitOptions,
): Promise<void> {
  const cdw10 = NAMESPACE_ATTACHMENT_CDW10.SEL.set(0, select);
  await admin.send({ opcode: ADMIN_NAMESPACE_ATTACHMENT, nsid, cdw10 }, encodeControllerList(cntlids), options);
}

function encodeNewNamespace(namespace: NewNamespace): Uint8Array {
  const { blocks, capacityBlocks = blocks, formatIndex = 0, protectionType = 0 } = namespace;
  check('blocks', blocks, 1, Number.MAX_SAFE_INTEGER);
  check('capacityBlocks', capacityBlocks, 0, blocks);
  check('formatIndex', formatIndex, 0, LBA_FORMATS_MAX - 1);
  check('protectionType', protectionType, 0, 3);
  const data = new Uint8Array(NSMGMT_BYTES);
  const view = new DataView(data.buffer);
  setUint64(view, NSMGMT_NSZE, blocks);
  setUint64(view, NSMGMT_NCAP, capacityBlocks);
  // The index is split: bits 3:0 stay, bits 5:4 go to 6:5. [NVM] 4.1.5.1
  const flbas = (formatIndex & 0xf) | ((formatIndex >>> 4) << 5);
  view.setUint8(NSMGMT_FLBAS, flbas | (namespace.isMetadataExtended === true ? FLBAS_METADATA_EXTENDED : 0));
  view.setUint8(NSMGMT_DPS, protectionType | (namespace.isProtectionFirst === true ? DPS_FIRST : 0));
  view.setUint8(NSMGMT_NMIC, namespace.isShared === true ? NMIC_SHRNS : 0);
  view.setUint32(NSMGMT_ANAGRPID, namespace.anaGroupId ?? 0, true);
  view.setUint16(NSMGMT_NVMSETID, namespace.nvmSetId ?? 0, true);
  view.setUint16(NSMGMT_ENDGID, namespace.enduranceGroupId ?? 0, true);
  return data;
}

function setUint64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value % U32_RANGE, true);
  view.setUint32(offset + 4, Math.floor(value / U32_RANGE), true);
}

function check(name: string, value: number, from: number, to: number): void {
  if (!(Number.isSafeInteger(value) && value >= from && value <= to)) {
    throw new RangeError(`${name}: expected ${from} to ${to}, got ${value}`);
  }
}
