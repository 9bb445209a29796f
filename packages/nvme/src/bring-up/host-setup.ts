/**
 * What a host tells a controller about itself and asks of it, feature by feature, before there is any I/O.
 */
import type { Log, WaitOptions } from '@phasebit/core';
import {
  ADMIN_SET_FEATURES,
  COMMAND_SET_VECTOR_NVM,
  CTRATT_EXTENDED_LBA_FORMATS,
  CTRATT_HOST_IDENTIFIER_128,
  describeStatus,
  FEATURE_ARBITRATION,
  FEATURE_ARBITRATION_VALUE,
  FEATURE_ASYNC_EVENT_CONFIG,
  FEATURE_COMMAND_SET_PROFILE,
  FEATURE_COMMAND_SET_PROFILE_VALUE,
  FEATURE_HOST_BEHAVIOR,
  FEATURE_HOST_IDENTIFIER,
  FEATURE_HOST_IDENTIFIER_VALUE,
  FEATURE_KEEP_ALIVE_TIMER,
  FEATURE_NUMBER_OF_QUEUES,
  FEATURE_NUMBER_OF_QUEUES_RESULT,
  FEATURE_NUMBER_OF_QUEUES_VALUE,
  HOST_BEHAVIOR_ACRE,
  HOST_BEHAVIOR_BYTES,
  HOST_BEHAVIOR_CDFE,
  HOST_BEHAVIOR_CDFE_FORMAT_2,
  HOST_BEHAVIOR_CDFE_FORMAT_3,
  HOST_BEHAVIOR_ETDAS,
  HOST_BEHAVIOR_LBAFEE,
  HOST_IDENTIFIER_EXTENDED_BYTES,
  type IdentifyController,
  LPA_TELEMETRY_AREA_4,
  SET_FEATURES_CDW10,
} from '@phasebit/nvme-spec';
import type { AdminQueue } from '../admin-queue.js';
import { getFeature, setFeature } from '../admin/features.js';
import { commandSetCombinations } from '../admin/identify.js';
import type { ControllerSettings } from '../controller-options.js';
import { DriverError } from '../errors.js';

/** Arbitration burst without limit. [Base] 5.1.25.1.1 */
const BURST_UNLIMITED = 7;
/** All critical warnings of the SMART log. [Base] 5.1.25.1.5 */
const SMART_WARNINGS = 0xff;
/** Descriptor formats of Copy that `CopySources` writes and that are off until a host wants them. */
const COPY_FORMATS_TO_ENABLE = HOST_BEHAVIOR_CDFE_FORMAT_2 | HOST_BEHAVIOR_CDFE_FORMAT_3;
/** Unit of KAS, milliseconds. */
const KEEP_ALIVE_UNIT_MS = 100;

/**
 * Sees to it that the NVM command set is among those in use, where combinations of command sets can be chosen from. A controller that cannot
 * be asked has what it has. [Base] 5.1.25.1.17
 */
export async function selectNvmCommandSet(admin: AdminQueue, log: Log, wait: WaitOptions): Promise<void> {
  try {
    const combinations = await commandSetCombinations(admin, wait);
    const wanted = combinations.findIndex((combination) => (combination & COMMAND_SET_VECTOR_NVM) !== 0);
    // Mostly there is no choice.
    if (combinations.every((combination) => (combination & COMMAND_SET_VECTOR_NVM) !== 0)) return;
    if (wanted < 0) {
      log.warn('none of the combinations of command sets has the NVM command set');
      return;
    }
    const { value } = await getFeature(admin, FEATURE_COMMAND_SET_PROFILE, wait);
    const current = combinations[FEATURE_COMMAND_SET_PROFILE_VALUE.IOCSCI.get(value)] ?? 0;
    if ((current & COMMAND_SET_VECTOR_NVM) !== 0) return;
    await setFeature(admin, FEATURE_COMMAND_SET_PROFILE, FEATURE_COMMAND_SET_PROFILE_VALUE.IOCSCI.set(0, wanted), wait);
  } catch (error) {
    if (!(error instanceof DriverError && error.code === 'COMMAND_FAILED')) throw error;
    log.warn(`command sets are not chosen: ${error.message}`);
  }
}

/** Which behaviours a host would enable: those that the controller has a use for; undefined for none. [Base] 5.1.25.1.14 */
export function hostBehavior(identity: IdentifyController): Uint8Array | undefined {
  const data = new Uint8Array(HOST_BEHAVIOR_BYTES);
  // Retry delays are honoured by every queue pair.
  if (identity.crdt1 !== 0) data[HOST_BEHAVIOR_ACRE] = 1;
  if ((identity.lpa & LPA_TELEMETRY_AREA_4) !== 0) data[HOST_BEHAVIOR_ETDAS] = 1;
  if ((identity.ctratt & CTRATT_EXTENDED_LBA_FORMATS) !== 0) data[HOST_BEHAVIOR_LBAFEE] = 1;
  data[HOST_BEHAVIOR_CDFE] = identity.cdfs & COPY_FORMATS_TO_ENABLE;
  return data.some((byte) => byte !== 0) ? data : undefined;
}

/** Says what the host can do. A controller that does not want to know is used without. */
export async function setHostBehavior(admin: AdminQueue, data: Uint8Array, log: Log, wait: WaitOptions): Promise<void> {
  const command = { opcode: ADMIN_SET_FEATURES, cdw10: SET_FEATURES_CDW10.FID.set(0, FEATURE_HOST_BEHAVIOR) };
  const { status } = await admin.exchange(command, data, wait);
  if (status !== 0) log.warn(`host behaviour is not set: ${describeStatus(status)}`);
}

/**
 * Says who the host is. Reservations are held under this name, so it has to be the one that was asked for, or none.
 *
 * @throws DriverError UNSUPPORTED_CONTROLLER when it takes none of that length; as `AdminQueue.demand`
 */
export async function setHostId(
  admin: AdminQueue,
  identity: IdentifyController,
  hostId: Uint8Array,
  wait: WaitOptions,
): Promise<void> {
  const isExtended = hostId.length === HOST_IDENTIFIER_EXTENDED_BYTES;
  if (isExtended && (identity.ctratt & CTRATT_HOST_IDENTIFIER_128) === 0) {
    const facts = { field: 'CTRATT', expected: 'host identifiers of 128 bits', got: identity.ctratt };
    throw new DriverError('UNSUPPORTED_CONTROLLER', facts);
  }
  const cdw11 = FEATURE_HOST_IDENTIFIER_VALUE.EXHID.set(0, isExtended ? 1 : 0);
  await setFeature(admin, FEATURE_HOST_IDENTIFIER, cdw11, { ...wait, data: hostId });
}

/**
 * Sets the keep alive timeout, in the controller's units, and reads back what it has made of it.
 *
 * @returns milliseconds granted; 0 for none
 */
export async function setKeepAlive(
  admin: AdminQueue,
  identity: IdentifyController,
  wantedMs: number,
  log: Log,
  wait: WaitOptions,
): Promise<number> {
  if (identity.kas === 0) {
    log.info('no keep alive: the controller has none');
    return 0;
  }
  const unitMs = identity.kas * KEEP_ALIVE_UNIT_MS;
  const kato = Math.min(0xffff_ffff, Math.ceil(wantedMs / unitMs) * unitMs);
  await setFeature(admin, FEATURE_KEEP_ALIVE_TIMER, kato, wait);
  return (await getFeature(admin, FEATURE_KEEP_ALIVE_TIMER, wait)).value;
}

/** Asks for I/O queues; the controller may grant fewer, or more, which is of no use. [Base] 5.1.25.1.5 */
export async function requestQueues(admin: AdminQueue, wanted: number, wait: WaitOptions): Promise<number> {
  const value = FEATURE_NUMBER_OF_QUEUES_VALUE;
  const cdw11 = value.NCQR0.set(value.NSQR0.set(0, wanted - 1), wanted - 1);
  const dw0 = await setFeature(admin, FEATURE_NUMBER_OF_QUEUES, cdw11, wait);
  const granted = FEATURE_NUMBER_OF_QUEUES_RESULT;
  return Math.min(wanted, granted.NSQA0.get(dw0) + 1, granted.NCQA0.get(dw0) + 1);
}

/** Sets burst and weights. A controller that refuses arbitrates as it likes. */
export async function setArbitration(
  admin: AdminQueue,
  arbitration: NonNullable<ControllerSettings['arbitration']>,
  log: Log,
  wait: WaitOptions,
): Promise<void> {
  const { burst, highWeight, mediumWeight, lowWeight } = arbitration;
  const value = FEATURE_ARBITRATION_VALUE;
  let cdw11 = value.AB.set(0, burst === 'unlimited' ? BURST_UNLIMITED : Math.log2(burst));
  cdw11 = value.HPW0.set(cdw11, highWeight - 1);
  cdw11 = value.MPW0.set(cdw11, mediumWeight - 1);
  cdw11 = value.LPW0.set(cdw11, lowWeight - 1);
  const cdw10 = SET_FEATURES_CDW10.FID.set(0, FEATURE_ARBITRATION);
  const { status } = await admin.execute({ opcode: ADMIN_SET_FEATURES, cdw10, cdw11 }, wait);
  if (status !== 0) log.warn(`weights are not set: ${describeStatus(status)}`);
}

/** Has the controller report what it can report: SMART warnings and the notices of OAES. Without it the driver still works. */
export async function configureEvents(
  admin: AdminQueue,
  identity: IdentifyController,
  log: Log,
  wait: WaitOptions,
): Promise<void> {
  const cdw10 = SET_FEATURES_CDW10.FID.set(0, FEATURE_ASYNC_EVENT_CONFIG);
  const cdw11 = (identity.oaes | SMART_WARNINGS) >>> 0;
  const { status } = await admin.execute({ opcode: ADMIN_SET_FEATURES, cdw10, cdw11 }, wait);
  if (status !== 0) log.warn(`asynchronous events are not configured: ${describeStatus(status)}`);
}
