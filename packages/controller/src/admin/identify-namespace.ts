import {
  CSI_NVM,
  DLFEAT_READ_ZEROES,
  DLFEAT_WRITE_ZEROES_DEALLOCATES,
  IDENTIFY_BYTES,
  IDNS_ANAGRPID,
  IDNS_DLFEAT,
  IDNS_EUI64,
  IDNS_LBAF,
  IDNS_NCAP,
  IDNS_NGUID,
  IDNS_NMIC,
  IDNS_NSZE,
  IDNS_NUSE,
  IDNS_NVMCAP,
  LBA_FORMAT,
  NIDT_CSI,
  NIDT_EUI64,
  NIDT_NGUID,
  NIDT_UUID,
  NMIC_SHRNS,
  NSDESC_HEADER_BYTES,
  NSDESC_NID,
  NSDESC_NIDL,
  NSDESC_NIDT,
} from '@phasebit/nvme-spec';
import type { Namespace } from '../namespace.js';

// I/O Command Set Independent Identify Namespace: byte offsets. [Base] 5.1.13
const INDEPENDENT_NMIC = 1;
const INDEPENDENT_ANAGRPID = 4;
const INDEPENDENT_NSTAT = 14;
/** NSTAT bit 0: the namespace is ready. */
const NSTAT_READY = 0x01;

/** Identify Namespace of the NVM Command Set; all zero for an inactive namespace. [NVM] 4.1.5.1 */
export function identifyNamespace(namespace: Namespace | undefined): Uint8Array {
  const data = new Uint8Array(IDENTIFY_BYTES);
  if (namespace === undefined) return data;
  const view = new DataView(data.buffer);
  const { blocks, blockBytes } = namespace;
  for (const offset of [IDNS_NSZE, IDNS_NCAP, IDNS_NUSE]) put64(view, offset, blocks);
  put64(view, IDNS_NVMCAP, blocks * blockBytes);
  view.setUint8(IDNS_NMIC, namespace.shared ? NMIC_SHRNS : 0);
  view.setUint8(IDNS_DLFEAT, DLFEAT_READ_ZEROES | DLFEAT_WRITE_ZEROES_DEALLOCATES);
  view.setUint32(IDNS_ANAGRPID, namespace.anaGroupId, true);
  data.set(namespace.nguid, IDNS_NGUID);
  data.set(namespace.eui64, IDNS_EUI64);
  view.setUint32(IDNS_LBAF, LBA_FORMAT.LBADS.set(0, Math.log2(blockBytes)), true);
  return data;
}

/** I/O Command Set Independent Identify Namespace; all zero for an inactive namespace. [Base] 5.1.13 */
export function identifyIndependent(namespace: Namespace | undefined): Uint8Array {
  const data = new Uint8Array(IDENTIFY_BYTES);
  if (namespace === undefined) return data;
  const view = new DataView(data.buffer);
  view.setUint8(INDEPENDENT_NMIC, namespace.shared ? NMIC_SHRNS : 0);
  view.setUint32(INDEPENDENT_ANAGRPID, namespace.anaGroupId, true);
  view.setUint8(INDEPENDENT_NSTAT, NSTAT_READY);
  return data;
}

/** Namespace Identification Descriptor list: the UUID always, what else there is, and the command set. [Base] 5.1.13.2.3 */
export function identifyDescriptors(namespace: Namespace): Uint8Array {
  const data = new Uint8Array(IDENTIFY_BYTES);
  let at = 0;
  const add = (type: number, identifier: Uint8Array): void => {
    data[at + NSDESC_NIDT] = type;
    data[at + NSDESC_NIDL] = identifier.length;
    data.set(identifier, at + NSDESC_NID);
    at += NSDESC_HEADER_BYTES + identifier.length;
  };
  if (isPresent(namespace.eui64)) add(NIDT_EUI64, namespace.eui64);
  if (isPresent(namespace.nguid)) add(NIDT_NGUID, namespace.nguid);
  add(NIDT_UUID, namespace.uuid);
  add(NIDT_CSI, Uint8Array.of(CSI_NVM));
  return data;
}

/** The identifiers of the active namespaces above `nsid`, at most 1,024, in order. [Base] 5.1.13.2.2 */
export function identifyActiveList(active: readonly Namespace[], nsid: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(IDENTIFY_BYTES));
  const above = active.filter((each) => each.nsid > nsid).slice(0, IDENTIFY_BYTES / 4);
  above.forEach((each, i) => view.setUint32(i * 4, each.nsid, true));
  return new Uint8Array(view.buffer);
}

function isPresent(identifier: Uint8Array): boolean {
  return identifier.some((byte) => byte !== 0);
}

function put64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}
