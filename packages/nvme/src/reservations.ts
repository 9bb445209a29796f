import {
  NVM_RESERVATION_ACQUIRE,
  NVM_RESERVATION_REGISTER,
  NVM_RESERVATION_RELEASE,
  NVM_RESERVATION_REPORT,
  ONCS_RESERVATIONS,
  RESERVATION_ACQUIRE,
  RESERVATION_ACQUIRE_BYTES,
  RESERVATION_ACQUIRE_CDW10,
  RESERVATION_CLEAR,
  RESERVATION_CPTPL_CLEAR,
  RESERVATION_CPTPL_NO_CHANGE,
  RESERVATION_CPTPL_SET,
  RESERVATION_CRKEY,
  RESERVATION_NRKEY,
  RESERVATION_PREEMPT,
  RESERVATION_PREEMPT_AND_ABORT,
  RESERVATION_PRKEY,
  RESERVATION_REGISTER_BYTES,
  RESERVATION_REGISTER_CDW10,
  RESERVATION_REGISTER_KEY,
  RESERVATION_RELEASE,
  RESERVATION_RELEASE_BYTES,
  RESERVATION_RELEASE_CDW10,
  RESERVATION_REPLACE_KEY,
  RESERVATION_REPORT_CDW10,
  RESERVATION_REPORT_CDW11,
  RESERVATION_UNREGISTER_KEY,
} from '@phasebit/nvme-spec';
import { encodeCommand } from './admin-command.js';
import type { CompletionCallback } from './completion.js';
import type { Namespace } from './namespace.js';
import type { QueuePair } from './queue-pair.js';
import { REFUSED_DWORD_COUNT, REFUSED_RESERVATION_TYPE } from './refusal.js';
import { SUBMIT_NEVER } from './submit-result.js';

/** A reservation key: 64 bits that a host makes up, 0 for none. */
export type ReservationKey = number | bigint;

const REGISTER_ACTIONS: Readonly<Record<'register' | 'unregister' | 'replace', number>> = {
  register: RESERVATION_REGISTER_KEY,
  unregister: RESERVATION_UNREGISTER_KEY,
  replace: RESERVATION_REPLACE_KEY,
};

const PERSISTENCE: Readonly<Record<'keep' | 'clear' | 'set', number>> = {
  keep: RESERVATION_CPTPL_NO_CHANGE,
  clear: RESERVATION_CPTPL_CLEAR,
  set: RESERVATION_CPTPL_SET,
};

const ACQUIRE_ACTIONS: Readonly<Record<'acquire' | 'preempt' | 'preemptAndAbort', number>> = {
  acquire: RESERVATION_ACQUIRE,
  preempt: RESERVATION_PREEMPT,
  preemptAndAbort: RESERVATION_PREEMPT_AND_ABORT,
};

const RELEASE_ACTIONS: Readonly<Record<'release' | 'clear', number>> = {
  release: RESERVATION_RELEASE,
  clear: RESERVATION_CLEAR,
};

/** What {@link reservationRegister} asks for. */
export interface ReservationRegistration {
  /** register a key, take it back, or replace it by another */
  readonly action: keyof typeof REGISTER_ACTIONS;
  /** the key that is registered; default 0, none */
  readonly currentKey?: ReservationKey;
  /** the key to register; default 0, none */
  readonly newKey?: ReservationKey;
  /** replace whatever key is registered (IEKEY); default false */
  readonly ignoreCurrentKey?: boolean;
  /** whether reservations outlive a power loss: leave it as it is, or change it; default `keep` */
  readonly persistence?: keyof typeof PERSISTENCE;
}

/** What {@link reservationAcquire} asks for. */
export interface ReservationAcquisition {
  /** acquire a free namespace, take it from another host, or take it and abort what that host has under way */
  readonly action: keyof typeof ACQUIRE_ACTIONS;
  /** type of the reservation, `RESERVATION_TYPE_*` */
  readonly type: number;
  /** the key that is registered */
  readonly currentKey: ReservationKey;
  /** the key of whom to take it from; default 0, none */
  readonly preemptKey?: ReservationKey;
}

/** What {@link reservationRelease} asks for. */
export interface ReservationReleasing {
  /** release the reservation, or all registrations with it */
  readonly action: keyof typeof RELEASE_ACTIONS;
  /** type of the reservation that is held, `RESERVATION_TYPE_*`; not looked at by `clear`; default 0 */
  readonly type?: number;
  /** the key that is registered */
  readonly currentKey: ReservationKey;
}

/**
 * Reservation Register. [Base] 7.6
 *
 * @returns one of the SUBMIT answers
 * @throws RangeError for a key that is not 64 bits
 */
export function reservationRegister(
  pair: QueuePair,
  namespace: Namespace,
  asked: ReservationRegistration,
  callback: CompletionCallback,
  context: unknown,
): number {
  const opcode = NVM_RESERVATION_REGISTER;
  if (!pair.offers(opcode, namespace, ONCS_RESERVATIONS)) return SUBMIT_NEVER;
  const data = new Uint8Array(RESERVATION_REGISTER_BYTES);
  putKey(data, RESERVATION_CRKEY, asked.currentKey ?? 0);
  putKey(data, RESERVATION_NRKEY, asked.newKey ?? 0);
  const fields = RESERVATION_REGISTER_CDW10;
  let cdw10 = fields.RREGA.set(0, REGISTER_ACTIONS[asked.action]);
  cdw10 = fields.IEKEY.set(cdw10, asked.ignoreCurrentKey === true ? 1 : 0);
  cdw10 = fields.CPTPL.set(cdw10, PERSISTENCE[asked.persistence ?? 'keep']);
  return pair.submitCopied(encodeCommand({ opcode, nsid: namespace.nsid, cdw10 }), data, callback, context);
}

/**
 * Reservation Acquire. [Base] 7.5
 *
 * @returns one of the SUBMIT answers; a type that RESCAP has not is never accepted
 * @throws RangeError for a key that is not 64 bits
 */
export function reservationAcquire(
  pair: QueuePair,
  namespace: Namespace,
  asked: ReservationAcquisition,
  callback: CompletionCallback,
  context: unknown,
): number {
  const opcode = NVM_RESERVATION_ACQUIRE;
  if (!pair.offers(opcode, namespace, ONCS_RESERVATIONS)) return SUBMIT_NEVER;
  const { reservations } = namespace.limits;
  const isType = Number.isInteger(asked.type) && asked.type >= 1 && asked.type <= 6;
  if (!isType || ((reservations >>> asked.type) & 1) === 0) {
    return pair.refuseForGood(REFUSED_RESERVATION_TYPE, asked.type, reservations);
  }
  const data = new Uint8Array(RESERVATION_ACQUIRE_BYTES);
  putKey(data, RESERVATION_CRKEY, asked.currentKey);
  putKey(data, RESERVATION_PRKEY, asked.preemptKey ?? 0);
  const fields = RESERVATION_ACQUIRE_CDW10;
  const cdw10 = fields.RTYPE.set(fields.RACQA.set(0, ACQUIRE_ACTIONS[asked.action]), asked.type);
  return pair.submitCopied(encodeCommand({ opcode, nsid: namespace.nsid, cdw10 }), data, callback, context);
}

/**
 * Reservation Release. [Base] 7.7
 *
 * @returns one of the SUBMIT answers
 * @throws RangeError for a key that is not 64 bits, or a type that is not 8
 */
export function reservationRelease(
  pair: QueuePair,
  namespace: Namespace,
  asked: ReservationReleasing,
  callback: CompletionCallback,
  context: unknown,
): number {
  const opcode = NVM_RESERVATION_RELEASE;
  if (!pair.offers(opcode, namespace, ONCS_RESERVATIONS)) return SUBMIT_NEVER;
  const data = new Uint8Array(RESERVATION_RELEASE_BYTES);
  putKey(data, RESERVATION_CRKEY, asked.currentKey);
  const fields = RESERVATION_RELEASE_CDW10;
  const cdw10 = fields.RTYPE.set(fields.RRELA.set(0, RELEASE_ACTIONS[asked.action]), asked.type ?? 0);
  return pair.submitCopied(encodeCommand({ opcode, nsid: namespace.nsid, cdw10 }), data, callback, context);
}

/**
 * Reservation Report into host memory; `decodeReservationStatus` of `@phasebit/nvme-spec` reads it. [Base] 7.8
 *
 * @param address - host address in DMA memory, a multiple of 4
 * @param bytes - as many as fit, a multiple of 4; the report begins with how many registrants it would have
 * @param isExtended - 128-bit host identifiers: true exactly if this host registered with one
 * @returns one of the SUBMIT answers
 */
export function reservationReport(
  pair: QueuePair,
  namespace: Namespace,
  address: number,
  bytes: number,
  isExtended: boolean,
  callback: CompletionCallback,
  context: unknown,
): number {
  const opcode = NVM_RESERVATION_REPORT;
  if (!pair.offers(opcode, namespace, ONCS_RESERVATIONS)) return SUBMIT_NEVER;
  if (!(bytes > 0 && bytes % 4 === 0)) return pair.refuseForGood(REFUSED_DWORD_COUNT, bytes, 0);
  const cdw10 = RESERVATION_REPORT_CDW10.NUMD0.set(0, bytes / 4 - 1);
  const cdw11 = RESERVATION_REPORT_CDW11.EDS.set(0, isExtended ? 1 : 0);
  const command = encodeCommand({ opcode, nsid: namespace.nsid, cdw10, cdw11 });
  return pair.submitCommand(command, address, bytes, callback, context);
}

function putKey(data: Uint8Array, at: number, key: ReservationKey): void {
  const value = BigInt(key);
  if (value < 0n || value > 0xffff_ffff_ffff_ffffn) throw new RangeError(`key: expected 64 bits, got ${key}`);
  new DataView(data.buffer).setBigUint64(at, value, true);
}
