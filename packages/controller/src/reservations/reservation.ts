import { U32_RANGE } from '@phasebit/core';
import {
  RESERVATION_TYPE_EXCLUSIVE_ACCESS,
  RESERVATION_TYPE_EXCLUSIVE_ACCESS_ALL,
  RESERVATION_TYPE_EXCLUSIVE_ACCESS_REGISTRANTS,
  RESERVATION_TYPE_NONE,
  RESERVATION_TYPE_WRITE_EXCLUSIVE,
  RESERVATION_TYPE_WRITE_EXCLUSIVE_ALL,
} from '@phasebit/nvme-spec';
import type { HostIdentity } from '../host-identity.js';

/** A host that has registered a key with a namespace. */
export interface Registrant {
  readonly host: HostIdentity;
  /** the key, 16 hexadecimal digits in memory order */
  key: string;
}

/** What a host may not do because of a reservation: bits of {@link Reservation.bars}. */
export const BARS_READS = 1;
/** See {@link BARS_READS}: commands that write. */
export const BARS_WRITES = 2;

/** A key of zero, which stands for everybody when all registrants hold the reservation that is preempted. */
export const KEY_ZERO = '0000000000000000';

/**
 * The registrants and the reservation of one namespace. Hosts are told apart by {@link HostIdentity.name}. [Base] 8.1.22
 *
 * Invariant: a reservation is held (`type` is not 0) exactly when somebody holds it, and holders are registrants.
 */
export class Reservation {
  /** changes of registrations so far; wraps at 2^32 */
  generation = 0;
  /** RESERVATION_TYPE_*, RESERVATION_TYPE_NONE when none is held */
  type: number = RESERVATION_TYPE_NONE;
  /** whether registrations and the reservation outlive a loss of power */
  isPersistent = false;
  /** by name of the host, in order of registration */
  readonly registrants: Map<string, Registrant> = new Map<string, Registrant>();
  /** name of the host that holds it, empty when nobody or everybody does */
  private holder = '';

  /** Whether every registrant is a holder. */
  get isForAll(): boolean {
    return this.type === RESERVATION_TYPE_WRITE_EXCLUSIVE_ALL || this.type === RESERVATION_TYPE_EXCLUSIVE_ACCESS_ALL;
  }

  /** Whether registrants have the rights of a holder, or are holders. */
  get isForRegistrants(): boolean {
    return this.type > RESERVATION_TYPE_EXCLUSIVE_ACCESS;
  }

  /** Whether a host holds the reservation. */
  isHolder(host: string): boolean {
    if (this.isForAll) return this.registrants.has(host);
    return this.type !== RESERVATION_TYPE_NONE && this.holder === host;
  }

  /** The key of the holder, or undefined when nobody or everybody holds the reservation. */
  get holderKey(): string | undefined {
    return this.registrants.get(this.holder)?.key;
  }

  /** What a host may not do: BARS_* bits. [Base] 8.1.22.1 */
  bars(host: string): number {
    if (this.type === RESERVATION_TYPE_NONE || this.isHolder(host)) return 0;
    if (this.isForRegistrants && this.registrants.has(host)) return 0;
    const isOfReads =
      this.type === RESERVATION_TYPE_EXCLUSIVE_ACCESS ||
      this.type === RESERVATION_TYPE_EXCLUSIVE_ACCESS_REGISTRANTS ||
      this.type === RESERVATION_TYPE_EXCLUSIVE_ACCESS_ALL;
    // A registrant may read under Write Exclusive, and nobody but the holder under Exclusive Access.
    return isOfReads ? BARS_READS | BARS_WRITES : BARS_WRITES;
  }

  /** A registrant takes the reservation. */
  hold(host: string, type: number): void {
    this.type = type;
    this.holder = this.isForAll ? '' : host;
  }

  /** Nobody holds the reservation any more. */
  release(): void {
    this.type = RESERVATION_TYPE_NONE;
    this.holder = '';
  }

  /**
   * A host is no registrant any more. A reservation ends with its only holder.
   *
   * @returns the type of the reservation that ended with that, RESERVATION_TYPE_NONE when none did
   */
  unregister(host: string): number {
    const wasHolder = this.isHolder(host);
    this.registrants.delete(host);
    if (!wasHolder || (this.isForAll && this.registrants.size > 0)) return RESERVATION_TYPE_NONE;
    const { type } = this;
    this.release();
    return type;
  }

  /** Counts a change of registrations. */
  count(): void {
    this.generation = (this.generation + 1) % U32_RANGE;
  }

  /** Power was lost: without persistence everybody and everything is forgotten. */
  losePower(): void {
    if (this.isPersistent) return;
    this.registrants.clear();
    this.release();
  }
}

/** Whether releasing a reservation of a type is told to the other registrants. [Base] 8.1.22.4, 8.1.22.6 */
export function isReleaseTold(type: number): boolean {
  return (
    type !== RESERVATION_TYPE_NONE &&
    type !== RESERVATION_TYPE_WRITE_EXCLUSIVE &&
    type !== RESERVATION_TYPE_EXCLUSIVE_ACCESS
  );
}
