import {
  ADMIN_NAMESPACE_ATTACHMENT,
  ADMIN_NAMESPACE_MANAGEMENT,
  encodeControllerList,
  NAMESPACE_ATTACHMENT_ATTACH,
  NAMESPACE_MANAGEMENT_CREATE,
  NAMESPACE_MANAGEMENT_DELETE,
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
import { send } from './admin-calls.js';
import type { RawCommand, RawCompletion, RawHost } from './raw-host.js';

/** What a host says of a namespace that it wants. */
export interface WantedNamespace {
  /** NSZE, blocks; default 256 */
  readonly blocks?: number;
  /** NCAP, blocks; default as many as `blocks` */
  readonly capacityBlocks?: number;
  readonly flbas?: number;
  readonly dps?: number;
  readonly nmic?: number;
  readonly anaGroupId?: number;
  readonly nvmSetId?: number;
  readonly enduranceGroupId?: number;
}

/** Namespace Management, create. */
export function createNamespace(
  host: RawHost,
  wanted: WantedNamespace = {},
  fields: Partial<RawCommand> = {},
): RawCompletion {
  const { blocks = 256, capacityBlocks = blocks } = wanted;
  const data = new Uint8Array(NSMGMT_BYTES);
  const view = new DataView(data.buffer);
  view.setBigUint64(NSMGMT_NSZE, BigInt(blocks), true);
  view.setBigUint64(NSMGMT_NCAP, BigInt(capacityBlocks), true);
  view.setUint8(NSMGMT_FLBAS, wanted.flbas ?? 0);
  view.setUint8(NSMGMT_DPS, wanted.dps ?? 0);
  view.setUint8(NSMGMT_NMIC, wanted.nmic ?? 0);
  view.setUint32(NSMGMT_ANAGRPID, wanted.anaGroupId ?? 0, true);
  view.setUint16(NSMGMT_NVMSETID, wanted.nvmSetId ?? 0, true);
  view.setUint16(NSMGMT_ENDGID, wanted.enduranceGroupId ?? 0, true);
  return send(host, data, { opcode: ADMIN_NAMESPACE_MANAGEMENT, cdw10: NAMESPACE_MANAGEMENT_CREATE, ...fields });
}

/** Namespace Management, delete. */
export function deleteNamespace(host: RawHost, nsid: number): RawCompletion {
  return host.run({ opcode: ADMIN_NAMESPACE_MANAGEMENT, nsid, cdw10: NAMESPACE_MANAGEMENT_DELETE });
}

/** Namespace Attachment, by default attaching. */
export function attach(
  host: RawHost,
  nsid: number,
  cntlids: readonly number[],
  select: number = NAMESPACE_ATTACHMENT_ATTACH,
): RawCompletion {
  return send(host, encodeControllerList(cntlids), { opcode: ADMIN_NAMESPACE_ATTACHMENT, nsid, cdw10: select });
}
