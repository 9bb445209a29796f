import {
  decodeReservationStatus,
  NVM_RESERVATION_ACQUIRE,
  NVM_RESERVATION_REGISTER,
  NVM_RESERVATION_RELEASE,
  NVM_RESERVATION_REPORT,
  RESERVATION_ACQUIRE,
  RESERVATION_ACQUIRE_CDW10,
  RESERVATION_PREEMPT,
  RESERVATION_REGISTER_CDW10,
  RESERVATION_REGISTER_KEY,
  RESERVATION_RELEASE,
  RESERVATION_RELEASE_CDW10,
  type ReservationStatus,
} from '@phasebit/nvme-spec';
import type { SubsystemOptions } from '../src/subsystem-options.js';
import { buffer, sayWho } from './admin-calls.js';
import type { RawCommand, RawCompletion, RawHost, RawSubmissionQueue } from './raw-host.js';
import { SharedSubsystem } from './shared-subsystem.js';

const BUFFER_BYTES = 4096;

/** A host with an I/O queue that speaks of reservations; keys are small numbers. */
export class ReservingHost {
  readonly queue: RawSubmissionQueue;
  private readonly memory: ReturnType<typeof buffer>;

  constructor(
    readonly host: RawHost,
    readonly nsid = 1,
  ) {
    this.queue = host.createPair(1);
    this.memory = buffer(host, BUFFER_BYTES);
  }

  /** Runs a command that carries keys. */
  send(opcode: number, cdw10: number, keys: readonly number[], more: Partial<RawCommand> = {}): RawCompletion {
    const { data, fields } = this.memory;
    new BigUint64Array(data.buffer, data.byteOffset, 2).set(keys.map(BigInt));
    return this.queue.execute({ ...fields, opcode, nsid: this.nsid, cdw10, ...more });
  }

  /** Reservation Register; by default registers `next`. @param flags - other bits of dword 10 */
  register(next: number, action: number = RESERVATION_REGISTER_KEY, current = 0, flags = 0): RawCompletion {
    const cdw10 = RESERVATION_REGISTER_CDW10.RREGA.set(flags, action);
    return this.send(NVM_RESERVATION_REGISTER, cdw10, [current, next]);
  }

  /** Reservation Acquire. */
  acquire(key: number, type: number, action: number = RESERVATION_ACQUIRE, preempted = 0): RawCompletion {
    const cdw10 = RESERVATION_ACQUIRE_CDW10.RTYPE.set(RESERVATION_ACQUIRE_CDW10.RACQA.set(0, action), type);
    return this.send(NVM_RESERVATION_ACQUIRE, cdw10, [key, preempted]);
  }

  /** Reservation Acquire that preempts. */
  preempt(key: number, preempted: number, type: number, action: number = RESERVATION_PREEMPT): RawCompletion {
    return this.acquire(key, type, action, preempted);
  }

  /** Reservation Release. */
  release(key: number, type: number, action: number = RESERVATION_RELEASE): RawCompletion {
    const cdw10 = RESERVATION_RELEASE_CDW10.RTYPE.set(RESERVATION_RELEASE_CDW10.RRELA.set(0, action), type);
    return this.send(NVM_RESERVATION_RELEASE, cdw10, [key]);
  }

  /** Reservation Report, decoded. */
  report(isExtended = false): ReservationStatus {
    const { data, fields } = this.memory;
    const cdw10 = BUFFER_BYTES / 4 - 1;
    const command = { ...fields, opcode: NVM_RESERVATION_REPORT, nsid: this.nsid, cdw10, cdw11: isExtended ? 1 : 0 };
    const { code } = this.queue.execute(command);
    if (code !== 0) throw new Error(`expected success, got status ${code.toString(16)}`);
    return decodeReservationStatus(data, isExtended);
  }

  /** An I/O command to the namespace that carries one page of data. @returns its status */
  io(opcode: number, more: Partial<RawCommand> = {}): number {
    return this.queue.execute({ ...this.memory.fields, opcode, nsid: this.nsid, ...more }).code;
  }
}

/** Hosts with the identifiers 1, 2, 3... at one subsystem. */
export function reservingHosts(
  count: number,
  options: Omit<SubsystemOptions, 'clock'>,
): { readonly shared: SharedSubsystem; readonly hosts: readonly ReservingHost[] } {
  const shared = new SharedSubsystem(count, options);
  shared.hosts.forEach((host, i) => sayWho(host, i + 1));
  return { shared, hosts: shared.hosts.map((host) => new ReservingHost(host)) };
}
