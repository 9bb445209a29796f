import {
  ANACAP_CHANGE,
  ANACAP_GROUP_SETTABLE,
  ANACAP_INACCESSIBLE,
  ANACAP_NON_OPTIMIZED,
  ANACAP_OPTIMIZED,
  ANACAP_PERSISTENT_LOSS,
  ANACAP_STATIC_GROUP,
  CMIC_ANA_REPORTING,
  CMIC_MULTI_CONTROLLER,
  CMIC_MULTI_PORT,
  FUSES_COMPARE_AND_WRITE,
  IDCTRL_ACWU,
  IDCTRL_ANACAP,
  IDCTRL_ANAGRPMAX,
  IDCTRL_ANATT,
  IDCTRL_AWUN,
  IDCTRL_AWUPF,
  IDCTRL_CDFS,
  IDCTRL_CMIC,
  IDCTRL_CQES,
  IDCTRL_FNA,
  IDCTRL_FUSES,
  IDCTRL_MNAN,
  IDCTRL_NANAGRPID,
  IDCTRL_NN,
  IDCTRL_NWPC,
  IDCTRL_OAES,
  IDCTRL_ONCS,
  IDCTRL_SGLS,
  IDCTRL_SQES,
  IDCTRL_TNVMCAP,
  IDCTRL_UNVMCAP,
  IDCTRL_VWC,
  NWPC_WRITE_PROTECT,
  OAES_ALLOCATED_NAMESPACE,
  OAES_ANA_CHANGE,
  OAES_FIRMWARE_ACTIVATION,
  OAES_NAMESPACE_ATTRIBUTE,
  ONCS_RESERVATIONS,
  ONCS_SAVE_SELECT,
  ONCS_TIMESTAMP,
  VWC_FLUSH_BROADCAST_SHIFT,
  VWC_FLUSH_BROADCAST_SUPPORTED,
  VWC_PRESENT,
} from '@phasebit/nvme-spec';
import { SGLS_VALUE } from '../command-pointers.js';
import type { Internals } from '../internals.js';
import { COPY_FORMATS_SUPPORTED } from '../io/copy-formats.js';
import { atomicUnits, ioCommandSupport } from '../io/io-limits.js';
import { BLOCK_BYTES_MAX } from '../limits.js';
import { FNA_VALUE } from './capabilities.js';

/** Queue entries of 64 and 16 bytes, both least and most. */
const SQ_ENTRY_SIZES = 0x66;
const CQ_ENTRY_SIZES = 0x44;
/** Seconds that a change of ANA states takes at most. */
const ANA_TRANSITION_SECONDS = 10;

/** The fields of Identify Controller about I/O commands and capacity. [Base] 5.1.13.2.1 */
export function putIoFields(view: DataView, { settings, subsystem, namespaces, transferBytesMax }: Internals): void {
  const units = atomicUnits(transferBytesMax, BLOCK_BYTES_MAX, subsystem.atomicBytes);
  view.setUint8(IDCTRL_SQES, SQ_ENTRY_SIZES);
  view.setUint8(IDCTRL_CQES, CQ_ENTRY_SIZES);
  view.setUint32(IDCTRL_NN, namespaces.largestNsid, true);
  view.setUint32(IDCTRL_MNAN, namespaces.largestNsid, true);
  view.setUint16(
    IDCTRL_ONCS,
    ioCommandSupport(settings.ioLimits) | ONCS_SAVE_SELECT | ONCS_RESERVATIONS | ONCS_TIMESTAMP,
    true,
  );
  view.setUint16(IDCTRL_FUSES, FUSES_COMPARE_AND_WRITE, true);
  view.setUint8(IDCTRL_FNA, FNA_VALUE);
  const broadcastFlush = VWC_FLUSH_BROADCAST_SUPPORTED << VWC_FLUSH_BROADCAST_SHIFT;
  view.setUint8(IDCTRL_VWC, broadcastFlush | (settings.vwc ? VWC_PRESENT : 0));
  view.setUint16(IDCTRL_AWUN, units.controller0, true);
  view.setUint16(IDCTRL_AWUPF, units.powerFail0, true);
  view.setUint16(IDCTRL_ACWU, units.controller0, true);
  view.setUint8(IDCTRL_NWPC, NWPC_WRITE_PROTECT);
  view.setUint16(IDCTRL_CDFS, COPY_FORMATS_SUPPORTED, true);
  view.setUint32(IDCTRL_SGLS, SGLS_VALUE, true);
  put64(view, IDCTRL_TNVMCAP, subsystem.capacityBytes);
  put64(view, IDCTRL_UNVMCAP, subsystem.unallocatedBytes);
}

/** The fields about several controllers and about ANA, and the events that go with them. */
export function putSharing(view: DataView, { subsystem, namespaces }: Internals): void {
  const { anaGroups } = subsystem.settings;
  const reportsAna = anaGroups > 0;
  const isShared = reportsAna || subsystem.members.length > 1 || namespaces.active.some((each) => each.shared);
  const several = isShared ? CMIC_MULTI_PORT | CMIC_MULTI_CONTROLLER : 0;
  view.setUint8(IDCTRL_CMIC, several | (reportsAna ? CMIC_ANA_REPORTING : 0));
  const events = OAES_NAMESPACE_ATTRIBUTE | OAES_ALLOCATED_NAMESPACE | OAES_FIRMWARE_ACTIVATION;
  view.setUint32(IDCTRL_OAES, events | (reportsAna ? OAES_ANA_CHANGE : 0), true);
  if (!reportsAna) return;
  view.setUint8(IDCTRL_ANATT, ANA_TRANSITION_SECONDS);
  const states = ANACAP_OPTIMIZED | ANACAP_NON_OPTIMIZED | ANACAP_INACCESSIBLE | ANACAP_PERSISTENT_LOSS | ANACAP_CHANGE;
  view.setUint8(IDCTRL_ANACAP, states | ANACAP_STATIC_GROUP | ANACAP_GROUP_SETTABLE);
  view.setUint32(IDCTRL_ANAGRPMAX, anaGroups, true);
  view.setUint32(IDCTRL_NANAGRPID, anaGroups, true);
}

function put64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}
