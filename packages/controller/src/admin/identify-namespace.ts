import {
  CSI_NVM,
  DLFEAT_READ_ZEROES,
  DLFEAT_WRITE_ZEROES_DEALLOCATES,
  DPC_FIRST,
  DPC_LAST,
  DPC_TYPE_1,
  DPC_TYPE_2,
  DPC_TYPE_3,
  FPI_SUPPORTED,
  IDENTIFY_BYTES,
  IDNS_ANAGRPID,
  IDNS_DLFEAT,
  IDNS_DPC,
  IDNS_DPS,
  IDNS_EUI64,
  IDNS_FLBAS,
  IDNS_FPI,
  IDNS_LBAF,
  IDNS_MC,
  IDNS_MCL,
  IDNS_MSRC,
  IDNS_MSSRL,
  IDNS_NACWU,
  IDNS_NAWUN,
  IDNS_NAWUPF,
  IDNS_NCAP,
  IDNS_NGUID,
  IDNS_NLBAF,
  IDNS_NMIC,
  IDNS_NSATTR,
  IDNS_NSFEAT,
  IDNS_NSZE,
  IDNS_NUSE,
  IDNS_NVMCAP,
  IDNS_RESCAP,
  LBA_FORMAT,
  MC_EXTENDED,
  MC_SEPARATE,
  NIDT_CSI,
  NIDT_EUI64,
  NIDT_NGUID,
  NIDT_UUID,
  NMIC_SHRNS,
  NSATTR_WRITE_PROTECTED,
  NSDESC_HEADER_BYTES,
  NSDESC_NID,
  NSDESC_NIDL,
  NSDESC_NIDT,
  NSFEAT_DAE,
  NSFEAT_NSABP,
  NSFEAT_THINP,
} from '@phasebit/nvme-spec';
import type { AllocatedNamespace } from '../allocated-namespace.js';
import type { Internals } from '../internals.js';
import { atomicUnits } from '../io/io-limits.js';
import { dpsOf, flbasOf, type LbaFormat, PLAIN_LBA_FORMATS } from '../namespace-format.js';
import { RESCAP_VALUE } from './capabilities.js';

/** Every type of protection information, at either end of the metadata. */
const PROTECTION = DPC_TYPE_1 | DPC_TYPE_2 | DPC_TYPE_3 | DPC_FIRST | DPC_LAST;

/** Identify Namespace of the NVM Command Set; all zero for a namespace that is not there. [NVM] 4.1.5.1 */
export function identifyNamespace(inside: Internals, namespace: AllocatedNamespace | undefined): Uint8Array {
  if (namespace === undefined) return new Uint8Array(IDENTIFY_BYTES);
  const data = identifyCommonNamespace(inside, namespace.lbaFormats);
  const view = new DataView(data.buffer);
  const { blocks, capacityBlocks, format, identity } = namespace;
  const units = atomicUnits(inside.transferBytesMax, format.blockBytes, namespace.medium.atomicBytes ?? 0);
  put64(view, IDNS_NSZE, blocks);
  put64(view, IDNS_NCAP, capacityBlocks);
  put64(view, IDNS_NUSE, namespace.usedBlocks);
  put64(view, IDNS_NVMCAP, namespace.provisionedBytes);
  const thin = capacityBlocks < blocks ? NSFEAT_THINP : 0;
  view.setUint8(IDNS_NSFEAT, NSFEAT_NSABP | thin | (namespace.isCounted ? NSFEAT_DAE : 0));
  view.setUint8(IDNS_FLBAS, flbasOf(format, namespace.formatIndex));
  view.setUint8(IDNS_DPS, dpsOf(format));
  view.setUint8(IDNS_NMIC, namespace.shared ? NMIC_SHRNS : 0);
  view.setUint8(IDNS_FPI, FPI_SUPPORTED | remainingPercent(inside, namespace));
  view.setUint16(IDNS_NAWUN, units.namespace0, true);
  view.setUint16(IDNS_NAWUPF, units.powerFail0, true);
  view.setUint16(IDNS_NACWU, units.namespace0, true);
  view.setUint32(IDNS_ANAGRPID, namespace.anaGroupId, true);
  view.setUint8(IDNS_NSATTR, namespace.isProtected ? NSATTR_WRITE_PROTECTED : 0);
  data.set(identity.nguid, IDNS_NGUID);
  data.set(identity.eui64, IDNS_EUI64);
  return data;
}

/** What all namespaces have in common: the answer for NSID FFFFFFFFh, and for a format index. [Base] 5.1.13.1 */
export function identifyCommonNamespace(inside: Internals, lbaFormats: readonly LbaFormat[]): Uint8Array {
  const data = new Uint8Array(IDENTIFY_BYTES);
  const view = new DataView(data.buffer);
  const { ioLimits } = inside.settings;
  const shown = shownFormats(inside, lbaFormats);
  view.setUint8(IDNS_NLBAF, shown.length - 1);
  view.setUint8(IDNS_MC, MC_EXTENDED | MC_SEPARATE);
  view.setUint8(IDNS_DPC, PROTECTION);
  view.setUint8(IDNS_RESCAP, RESCAP_VALUE);
  view.setUint8(IDNS_FPI, FPI_SUPPORTED);
  view.setUint8(IDNS_DLFEAT, DLFEAT_READ_ZEROES | DLFEAT_WRITE_ZEROES_DEALLOCATES);
  view.setUint16(IDNS_MSSRL, ioLimits.mssrl, true);
  view.setUint32(IDNS_MCL, ioLimits.mcl, true);
  view.setUint8(IDNS_MSRC, ioLimits.msrc0);
  shown.forEach(({ blockBytes, metadataBytes }, i) => {
    const word = LBA_FORMAT.MS.set(LBA_FORMAT.LBADS.set(0, Math.log2(blockBytes)), metadataBytes);
    view.setUint32(IDNS_LBAF + i * 4, word, true);
  });
  return data;
}

/** The LBA formats that the host may know of: no more than 16 until it says that it knows of more. [NVM] 4.1.3.6.1 */
export function shownFormats({ features }: Internals, lbaFormats: readonly LbaFormat[]): readonly LbaFormat[] {
  return features.takesExtendedFormats ? lbaFormats : lbaFormats.slice(0, PLAIN_LBA_FORMATS);
}

/** Namespace Identification Descriptor list: the UUID always, what else there is, and the command set. [Base] 5.1.13.2.3 */
export function identifyDescriptors({ identity }: AllocatedNamespace): Uint8Array {
  const { uuid, nguid, eui64 } = identity;
  const data = new Uint8Array(IDENTIFY_BYTES);
  let at = 0;
  const add = (type: number, identifier: Uint8Array): void => {
    data[at + NSDESC_NIDT] = type;
    data[at + NSDESC_NIDL] = identifier.length;
    data.set(identifier, at + NSDESC_NID);
    at += NSDESC_HEADER_BYTES + identifier.length;
  };
  if (isPresent(eui64)) add(NIDT_EUI64, eui64);
  if (isPresent(nguid)) add(NIDT_NGUID, nguid);
  add(NIDT_UUID, uuid);
  add(NIDT_CSI, Uint8Array.of(CSI_NVM));
  return data;
}

/** Percent of a namespace that remains to be formatted, 0 when it is not being formatted. */
export function remainingPercent({ subsystem }: Internals, { formatTask }: AllocatedNamespace): number {
  if (formatTask === undefined) return 0;
  return Math.max(1, Math.ceil((1 - subsystem.tasks.progress(formatTask)) * 100));
}

function isPresent(identifier: Uint8Array): boolean {
  return identifier.some((byte) => byte !== 0);
}

function put64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}
