import {
  ANACAP_CHANGE,
  ANACAP_INACCESSIBLE,
  ANACAP_NON_OPTIMIZED,
  ANACAP_OPTIMIZED,
  ANACAP_PERSISTENT_LOSS,
  CMIC_ANA_REPORTING,
  CMIC_MULTI_CONTROLLER,
  CMIC_MULTI_PORT,
  CNTRLTYPE_IO,
  IDCTRL_AERL,
  IDCTRL_ANACAP,
  IDCTRL_ANAGRPMAX,
  IDCTRL_ANATT,
  IDCTRL_CCTEMP,
  IDCTRL_CMIC,
  IDCTRL_CNTLID,
  IDCTRL_CNTRLTYPE,
  IDCTRL_CQES,
  IDCTRL_ELPE,
  IDCTRL_FR,
  IDCTRL_FRMW,
  IDCTRL_KAS,
  IDCTRL_LPA,
  IDCTRL_MDTS,
  IDCTRL_MN,
  IDCTRL_MNAN,
  IDCTRL_NANAGRPID,
  IDCTRL_NN,
  IDCTRL_OAES,
  IDCTRL_ONCS,
  IDCTRL_RAB,
  IDCTRL_SN,
  IDCTRL_SQES,
  IDCTRL_SSVID,
  IDCTRL_SUBNQN,
  IDCTRL_TNVMCAP,
  IDCTRL_VER,
  IDCTRL_VID,
  IDCTRL_VWC,
  IDCTRL_WCTEMP,
  IDENTIFY_BYTES,
  LPA_COMMAND_EFFECTS,
  LPA_EXTENDED_DATA,
  OAES_ANA_CHANGE,
  OAES_NAMESPACE_ATTRIBUTE,
  ONCS_COMPARE,
  ONCS_DATASET_MANAGEMENT,
  ONCS_SAVE_SELECT,
  ONCS_TIMESTAMP,
  ONCS_WRITE_ZEROES,
  VWC_FLUSH_BROADCAST_SHIFT,
  VWC_FLUSH_BROADCAST_SUPPORTED,
  VWC_PRESENT,
  writeAsciiPadded,
} from '@phasebit/nvme-spec';
import { WARNING_TEMPERATURE_KELVIN } from '../feature-store.js';
import type { Internals } from '../internals.js';
import { ASYNC_EVENT_REQUESTS_MAX, ERROR_LOG_ENTRIES } from '../limits.js';
import { VERSION } from '../register-file.js';
import type { Settings } from '../settings.js';

/** 2^6 commands: the burst that a host should ask for when it arbitrates. */
const RECOMMENDED_BURST = 6;
/** One read-only firmware slot. */
const FIRMWARE_SLOTS = 0x03;
/** Keep alive granularity, 100 ms units. */
const KEEP_ALIVE_GRANULARITY = 1;
/** Queue entries of 64 and 16 bytes, both least and most. */
const SQ_ENTRY_SIZES = 0x66;
const CQ_ENTRY_SIZES = 0x44;
/** Seconds that a change of ANA states takes at most. */
const ANA_TRANSITION_SECONDS = 10;
const CRITICAL_TEMPERATURE_KELVIN = WARNING_TEMPERATURE_KELVIN + 15;

/** Identify Controller. [Base] 5.1.13.2.1 */
export function identifyController(inside: Internals): Uint8Array {
  const { settings, namespaces } = inside;
  const data = new Uint8Array(IDENTIFY_BYTES);
  const view = new DataView(data.buffer);
  putIdentity(data, view, settings);
  view.setUint32(IDCTRL_VER, VERSION, true);
  view.setUint8(IDCTRL_CNTRLTYPE, CNTRLTYPE_IO);
  view.setUint8(IDCTRL_RAB, RECOMMENDED_BURST);
  view.setUint8(IDCTRL_MDTS, settings.mdts);
  view.setUint8(IDCTRL_AERL, ASYNC_EVENT_REQUESTS_MAX - 1);
  view.setUint8(IDCTRL_FRMW, FIRMWARE_SLOTS);
  view.setUint8(IDCTRL_LPA, LPA_COMMAND_EFFECTS | LPA_EXTENDED_DATA);
  view.setUint8(IDCTRL_ELPE, ERROR_LOG_ENTRIES - 1);
  view.setUint16(IDCTRL_WCTEMP, WARNING_TEMPERATURE_KELVIN, true);
  view.setUint16(IDCTRL_CCTEMP, CRITICAL_TEMPERATURE_KELVIN, true);
  view.setUint16(IDCTRL_KAS, KEEP_ALIVE_GRANULARITY, true);
  view.setUint8(IDCTRL_SQES, SQ_ENTRY_SIZES);
  view.setUint8(IDCTRL_CQES, CQ_ENTRY_SIZES);
  view.setUint32(IDCTRL_NN, namespaces.largestNsid, true);
  view.setUint32(IDCTRL_MNAN, namespaces.largestNsid, true);
  view.setUint16(
    IDCTRL_ONCS,
    ONCS_COMPARE | ONCS_DATASET_MANAGEMENT | ONCS_WRITE_ZEROES | ONCS_SAVE_SELECT | ONCS_TIMESTAMP,
    true,
  );
  const broadcastFlush = VWC_FLUSH_BROADCAST_SUPPORTED << VWC_FLUSH_BROADCAST_SHIFT;
  view.setUint8(IDCTRL_VWC, broadcastFlush | (settings.vwc ? VWC_PRESENT : 0));
  const bytes = namespaces.active.reduce((sum, each) => sum + each.blocks * each.blockBytes, 0);
  view.setUint32(IDCTRL_TNVMCAP, bytes % 2 ** 32, true);
  view.setUint32(IDCTRL_TNVMCAP + 4, Math.floor(bytes / 2 ** 32), true);
  putSharing(
    view,
    settings,
    namespaces.active.some((each) => each.shared),
  );
  return data;
}

function putIdentity(data: Uint8Array, view: DataView, settings: Settings): void {
  view.setUint16(IDCTRL_VID, settings.vendorId, true);
  view.setUint16(IDCTRL_SSVID, settings.vendorId, true);
  writeAsciiPadded(data, IDCTRL_SN, 20, settings.serial);
  writeAsciiPadded(data, IDCTRL_MN, 40, settings.model);
  writeAsciiPadded(data, IDCTRL_FR, 8, settings.firmware);
  view.setUint16(IDCTRL_CNTLID, settings.cntlid, true);
  for (let i = 0; i < settings.subnqn.length; i++) data[IDCTRL_SUBNQN + i] = settings.subnqn.charCodeAt(i);
}

function putSharing(view: DataView, settings: Settings, isShared: boolean): void {
  const { anaGroups } = settings;
  const reportsAna = anaGroups > 0;
  const several = isShared || reportsAna ? CMIC_MULTI_PORT | CMIC_MULTI_CONTROLLER : 0;
  view.setUint8(IDCTRL_CMIC, several | (reportsAna ? CMIC_ANA_REPORTING : 0));
  view.setUint32(IDCTRL_OAES, OAES_NAMESPACE_ATTRIBUTE | (reportsAna ? OAES_ANA_CHANGE : 0), true);
  if (!reportsAna) return;
  view.setUint8(IDCTRL_ANATT, ANA_TRANSITION_SECONDS);
  view.setUint8(
    IDCTRL_ANACAP,
    ANACAP_OPTIMIZED | ANACAP_NON_OPTIMIZED | ANACAP_INACCESSIBLE | ANACAP_PERSISTENT_LOSS | ANACAP_CHANGE,
  );
  view.setUint32(IDCTRL_ANAGRPMAX, anaGroups, true);
  view.setUint32(IDCTRL_NANAGRPID, anaGroups, true);
}
