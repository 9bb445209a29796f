import {
  CNTRLTYPE_IO,
  CTRATT_EXTENDED_LBA_FORMATS,
  CTRATT_HOST_IDENTIFIER_128,
  CTRATT_NAMESPACE_GRANULARITY,
  CTRATT_RESERVATIONS_HOST_IDENTIFIER,
  CTRATT_UUID_LIST,
  FRMW_ACTIVATION_WITHOUT_RESET,
  FRMW_MULTIPLE_UPDATE_DETECTION,
  FRMW_SLOT_1_READ_ONLY,
  FRMW_SLOTS_SHIFT,
  HCTMA_SUPPORTED,
  IDCTRL_ACL,
  IDCTRL_AERL,
  IDCTRL_CCTEMP,
  IDCTRL_CNTLID,
  IDCTRL_CNTRLTYPE,
  IDCTRL_CRDT1,
  IDCTRL_CRDT2,
  IDCTRL_CRDT3,
  IDCTRL_CTRATT,
  IDCTRL_EDSTT,
  IDCTRL_ELPE,
  IDCTRL_FR,
  IDCTRL_FRMW,
  IDCTRL_FWUG,
  IDCTRL_HCTMA,
  IDCTRL_KAS,
  IDCTRL_LPA,
  IDCTRL_MDTS,
  IDCTRL_MN,
  IDCTRL_MNTMT,
  IDCTRL_MXTMT,
  IDCTRL_OACS,
  IDCTRL_PELS,
  IDCTRL_RAB,
  IDCTRL_SANICAP,
  IDCTRL_SN,
  IDCTRL_SSVID,
  IDCTRL_SUBNQN,
  IDCTRL_VER,
  IDCTRL_VID,
  IDCTRL_WCTEMP,
  IDENTIFY_BYTES,
  LPA_COMMAND_EFFECTS,
  LPA_EXTENDED_DATA,
  LPA_MISCELLANEOUS,
  LPA_PERSISTENT_EVENT,
  LPA_TELEMETRY,
  OACS_DIRECTIVES,
  OACS_DOORBELL_BUFFER,
  OACS_FIRMWARE,
  OACS_FORMAT_NVM,
  OACS_NAMESPACE_MANAGEMENT,
  OACS_SECURITY,
  OACS_SELF_TEST,
  PEL_HEADER_BYTES,
  writeAsciiPadded,
} from '@phasebit/nvme-spec';
import type { Internals } from '../internals.js';
import {
  ABORTS_MAX,
  ASYNC_EVENT_REQUESTS_MAX,
  ERROR_LOG_ENTRIES,
  FIRMWARE_GRANULARITY_BYTES,
  PERSISTENT_EVENT_BYTES_MAX,
  PERSISTENT_EVENTS_MAX,
  RETRY_DELAYS_100MS,
} from '../limits.js';
import { isExtendedFormat } from '../namespace-format.js';
import { VERSION } from '../register-file.js';
import {
  CRITICAL_TEMPERATURE_KELVIN,
  THERMAL_KELVIN_MAX,
  THERMAL_KELVIN_MIN,
  WARNING_TEMPERATURE_KELVIN,
} from '../temperatures.js';
import { SANICAP_VALUE } from './capabilities.js';
import { putIoFields, putSharing } from './identify-controller-io.js';

/** 2^6 commands: the burst that a host should ask for when it arbitrates. */
const RECOMMENDED_BURST = 6;
/** Keep alive granularity, 100 ms units. */
const KEEP_ALIVE_GRANULARITY = 1;
/** Unit of FWUG. */
const FIRMWARE_UNIT_BYTES = 4096;
/** Unit of PELS. */
const PERSISTENT_EVENT_UNIT_BYTES = 64 * 1024;
const MS_PER_MINUTE = 60_000;

/** Identify Controller. What is not offered is zero: host memory buffer, RPMB, boot partitions, NVM Sets. [Base] 5.1.13.2.1 */
export function identifyController(inside: Internals): Uint8Array {
  const data = new Uint8Array(IDENTIFY_BYTES);
  const view = new DataView(data.buffer);
  putIdentity(data, view, inside);
  putAttributes(view, inside);
  putAdminFields(view, inside);
  putTemperatures(view);
  putIoFields(view, inside);
  putSharing(view, inside);
  return data;
}

function putIdentity(data: Uint8Array, view: DataView, { settings, subsystem }: Internals): void {
  const { serial, model, subnqn } = subsystem.settings;
  view.setUint16(IDCTRL_VID, settings.vendorId, true);
  view.setUint16(IDCTRL_SSVID, settings.vendorId, true);
  writeAsciiPadded(data, IDCTRL_SN, 20, serial);
  writeAsciiPadded(data, IDCTRL_MN, 40, model);
  writeAsciiPadded(data, IDCTRL_FR, 8, subsystem.firmware.revision);
  view.setUint16(IDCTRL_CNTLID, settings.cntlid, true);
  for (let i = 0; i < subnqn.length; i++) data[IDCTRL_SUBNQN + i] = subnqn.charCodeAt(i);
}

function putAttributes(view: DataView, { settings, subsystem }: Internals): void {
  const { lbaFormats, uuids } = subsystem.settings;
  const isExtended = lbaFormats.some(isExtendedFormat);
  view.setUint32(IDCTRL_VER, VERSION, true);
  view.setUint8(IDCTRL_CNTRLTYPE, CNTRLTYPE_IO);
  view.setUint8(IDCTRL_RAB, RECOMMENDED_BURST);
  view.setUint8(IDCTRL_MDTS, settings.mdts);
  view.setUint32(
    IDCTRL_CTRATT,
    CTRATT_HOST_IDENTIFIER_128 |
      CTRATT_NAMESPACE_GRANULARITY |
      CTRATT_RESERVATIONS_HOST_IDENTIFIER |
      (isExtended ? CTRATT_EXTENDED_LBA_FORMATS : 0) |
      (uuids.length > 0 ? CTRATT_UUID_LIST : 0),
    true,
  );
  [IDCTRL_CRDT1, IDCTRL_CRDT2, IDCTRL_CRDT3].forEach((at, i) => view.setUint16(at, RETRY_DELAYS_100MS[i], true));
}

function putAdminFields(view: DataView, { settings, subsystem }: Internals): void {
  const { durations, firmwareSlots } = subsystem.settings;
  view.setUint16(
    IDCTRL_OACS,
    OACS_SECURITY |
      OACS_FORMAT_NVM |
      OACS_FIRMWARE |
      OACS_NAMESPACE_MANAGEMENT |
      OACS_SELF_TEST |
      OACS_DIRECTIVES |
      (settings.shadowDoorbells === 'off' ? 0 : OACS_DOORBELL_BUFFER),
    true,
  );
  view.setUint8(IDCTRL_ACL, ABORTS_MAX - 1);
  view.setUint8(IDCTRL_AERL, ASYNC_EVENT_REQUESTS_MAX - 1);
  const readOnly = subsystem.firmware.isWritable(1) ? 0 : FRMW_SLOT_1_READ_ONLY;
  const updates = FRMW_ACTIVATION_WITHOUT_RESET | FRMW_MULTIPLE_UPDATE_DETECTION;
  view.setUint8(IDCTRL_FRMW, readOnly | (firmwareSlots << FRMW_SLOTS_SHIFT) | updates);
  view.setUint8(
    IDCTRL_LPA,
    LPA_COMMAND_EFFECTS | LPA_EXTENDED_DATA | LPA_TELEMETRY | LPA_PERSISTENT_EVENT | LPA_MISCELLANEOUS,
  );
  view.setUint8(IDCTRL_ELPE, ERROR_LOG_ENTRIES - 1);
  view.setUint16(IDCTRL_EDSTT, Math.max(1, Math.ceil(durations.extendedTestMs / MS_PER_MINUTE)), true);
  view.setUint8(IDCTRL_FWUG, FIRMWARE_GRANULARITY_BYTES / FIRMWARE_UNIT_BYTES);
  view.setUint16(IDCTRL_KAS, KEEP_ALIVE_GRANULARITY, true);
  view.setUint32(IDCTRL_SANICAP, SANICAP_VALUE, true);
  const eventBytes = PEL_HEADER_BYTES + PERSISTENT_EVENTS_MAX * PERSISTENT_EVENT_BYTES_MAX;
  view.setUint32(IDCTRL_PELS, Math.ceil(eventBytes / PERSISTENT_EVENT_UNIT_BYTES), true);
}

function putTemperatures(view: DataView): void {
  view.setUint16(IDCTRL_WCTEMP, WARNING_TEMPERATURE_KELVIN, true);
  view.setUint16(IDCTRL_CCTEMP, CRITICAL_TEMPERATURE_KELVIN, true);
  view.setUint16(IDCTRL_HCTMA, HCTMA_SUPPORTED, true);
  view.setUint16(IDCTRL_MNTMT, THERMAL_KELVIN_MIN, true);
  view.setUint16(IDCTRL_MXTMT, THERMAL_KELVIN_MAX, true);
}
