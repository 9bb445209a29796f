import {
  EXTENDED_LBA_FORMAT,
  EXTENDED_LBA_FORMAT_BYTES,
  FPI_SUPPORTED,
  IDENTIFY_BYTES,
  IDINDNS_ANAGRPID,
  IDINDNS_FPI,
  IDINDNS_NMIC,
  IDINDNS_NSATTR,
  IDINDNS_NSTAT,
  IDINDNS_RESCAP,
  IDNVMCTRL_DMRL,
  IDNVMCTRL_DMRSL,
  IDNVMCTRL_DMSL,
  IDNVMCTRL_VER,
  IDNVMCTRL_VSL,
  IDNVMCTRL_WUSL,
  IDNVMCTRL_WZSL,
  IDNVMNS_ELBAF,
  IDNVMNS_LBSTM,
  IDNVMNS_PIFA,
  NMIC_SHRNS,
  NSATTR_WRITE_PROTECTED,
  NSTAT_READY,
  PIF_GUARD_16,
  PIF_GUARD_64,
  PIFA_MASK_NONE,
  VS,
} from '@phasebit/nvme-spec';
import type { AllocatedNamespace } from '../allocated-namespace.js';
import type { Internals } from '../internals.js';
import type { LbaFormat } from '../namespace-format.js';
import { RESCAP_VALUE } from './capabilities.js';
import { remainingPercent, shownFormats } from './identify-namespace.js';

/** NVM Command Set Specification 1.1. */
const NVM_VERSION = VS.MNR.set(VS.MJR.set(0, 1), 1);

/** I/O Command Set Independent Identify Namespace; all zero for a namespace that is not there. [Base] 5.1.13.2.8 */
export function identifyIndependent(inside: Internals, namespace: AllocatedNamespace | undefined): Uint8Array {
  const data = new Uint8Array(IDENTIFY_BYTES);
  if (namespace === undefined) return data;
  const view = new DataView(data.buffer);
  view.setUint8(IDINDNS_NMIC, namespace.shared ? NMIC_SHRNS : 0);
  view.setUint8(IDINDNS_RESCAP, RESCAP_VALUE);
  view.setUint8(IDINDNS_FPI, FPI_SUPPORTED | remainingPercent(inside, namespace));
  view.setUint32(IDINDNS_ANAGRPID, namespace.anaGroupId, true);
  view.setUint8(IDINDNS_NSATTR, namespace.isProtected ? NSATTR_WRITE_PROTECTED : 0);
  view.setUint8(IDINDNS_NSTAT, NSTAT_READY);
  return data;
}

/** The same for NSID FFFFFFFFh: what all namespaces have in common. */
export function identifyCommonIndependent(): Uint8Array {
  const data = new Uint8Array(IDENTIFY_BYTES);
  data[IDINDNS_RESCAP] = RESCAP_VALUE;
  data[IDINDNS_FPI] = FPI_SUPPORTED;
  return data;
}

/** What the NVM Command Set adds to Identify Namespace: guards and storage tags of the formats. [NVM] 4.1.5.3 */
export function identifyNvmNamespace(inside: Internals, namespace: AllocatedNamespace | undefined): Uint8Array {
  if (namespace === undefined) return new Uint8Array(IDENTIFY_BYTES);
  const data = identifyCommonNvmNamespace(inside, namespace.lbaFormats);
  const view = new DataView(data.buffer);
  const bits = namespace.format.storageTagBits;
  // The mask is all ones: no bit of the storage tag is left out of its check.
  view.setUint32(IDNVMNS_LBSTM, 2 ** Math.min(bits, 32) - 1, true);
  view.setUint32(IDNVMNS_LBSTM + 4, 2 ** Math.max(bits - 32, 0) - 1, true);
  return data;
}

/** The same for NSID FFFFFFFFh, and for a format index. */
export function identifyCommonNvmNamespace(inside: Internals, lbaFormats: readonly LbaFormat[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(IDENTIFY_BYTES));
  view.setUint8(IDNVMNS_PIFA, PIFA_MASK_NONE);
  shownFormats(inside, lbaFormats).forEach(({ guardBits = 16, storageTagBits = 0 }, i) => {
    const word = EXTENDED_LBA_FORMAT.PIF.set(0, guardBits === 64 ? PIF_GUARD_64 : PIF_GUARD_16);
    const at = IDNVMNS_ELBAF + i * EXTENDED_LBA_FORMAT_BYTES;
    view.setUint32(at, EXTENDED_LBA_FORMAT.STS.set(word, storageTagBits), true);
  });
  return new Uint8Array(view.buffer);
}

/** What the NVM Command Set adds to Identify Controller: limits of commands without data of their own. [NVM] 4.1.5.4 */
export function identifyNvmController({ settings }: Internals): Uint8Array {
  const view = new DataView(new ArrayBuffer(IDENTIFY_BYTES));
  const { vsl, wzsl, wusl, dmrl, dmrsl, dmsl } = settings.ioLimits;
  view.setUint8(IDNVMCTRL_VSL, vsl);
  view.setUint8(IDNVMCTRL_WZSL, wzsl);
  view.setUint8(IDNVMCTRL_WUSL, wusl);
  view.setUint8(IDNVMCTRL_DMRL, dmrl);
  view.setUint32(IDNVMCTRL_DMRSL, dmrsl, true);
  view.setUint32(IDNVMCTRL_DMSL, dmsl >>> 0, true);
  view.setUint32(IDNVMCTRL_DMSL + 4, Math.floor(dmsl / 2 ** 32), true);
  view.setUint32(IDNVMCTRL_VER, NVM_VERSION, true);
  return new Uint8Array(view.buffer);
}
