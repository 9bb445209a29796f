import {
  CTRATT_HOST_IDENTIFIER_128,
  decodeReservationStatus,
  NVM_RESERVATION_ACQUIRE,
  NVM_RESERVATION_REGISTER,
  NVM_RESERVATION_RELEASE,
  NVM_RESERVATION_REPORT,
  ONCS_RESERVATIONS,
  RESERVATION_ACQUIRE_CDW10,
  RESERVATION_REGISTER_CDW10,
  RESERVATION_REGISTER_KEY,
  RESERVATION_RELEASE_CDW10,
  RESERVATION_UNREGISTER_KEY,
  type ReservationStatus,
} from '@phasebit/nvme-spec';
import type { ConformanceHost } from '../conformance-host.js';
import type { ControllerFacts } from '../controller-facts.js';
import { demandSuccess } from '../failure.js';
import type { RawCommand } from '../raw-command.js';
import type { RawCompletion } from '../raw-completion.js';
import { hostIdentifier, setHostIdentifier } from './host-identity.js';

/** Keys of the hosts of the cases, by number of the host. */
export const KEYS: readonly bigint[] = [0x1111_0000_0000_00aan, 0x2222_0000_0000_00bbn];
const REPORT_BYTES = 4096;

/** Why cases of reservations do not apply. */
export function skipWithoutReservations({ identify, plain }: ControllerFacts): string | undefined {
  if ((identify.oncs & ONCS_RESERVATIONS) === 0) return 'no reservations';
  return plain.identify.rescap === 0 ? 'the namespace has no reservations' : undefined;
}

async function keyCommand(
  host: ConformanceHost,
  command: RawCommand,
  keys: readonly bigint[],
  changes: Partial<RawCommand>,
): Promise<RawCompletion> {
  const page = host.memory.page();
  keys.forEach((key, i) => host.memory.view(page, 64).setBigUint64(i * 8, key, true));
  const prp1 = host.memory.iova(page);
  return host.execute(await host.io(), { nsid: host.facts.plain.nsid, prp1, ...command, ...changes });
}

/** What a reservation command may have different from a good one of the first host. */
export interface ReservationChanges extends Partial<RawCommand> {
  /** action field */
  readonly action?: number;
  /** current key; default that of the first host */
  readonly key?: bigint;
  /** new key, or the key to preempt */
  readonly other?: bigint;
  /** whether the current key is not checked */
  readonly ignores?: boolean;
  /** reservation type; default Write Exclusive */
  readonly type?: number;
}

/** Reservation Register; without an action it registers the key. */
export function register(host: ConformanceHost, changes: ReservationChanges = {}): Promise<RawCompletion> {
  const { action = RESERVATION_REGISTER_KEY, key = KEYS[0], other = key, ignores = false, ...rest } = changes;
  const { RREGA, IEKEY } = RESERVATION_REGISTER_CDW10;
  const cdw10 = IEKEY.set(RREGA.set(0, action), ignores ? 1 : 0);
  return keyCommand(host, { opcode: NVM_RESERVATION_REGISTER, cdw10 }, [key, other], rest);
}

/** Reservation Acquire; without an action it acquires. */
export function acquire(host: ConformanceHost, changes: ReservationChanges = {}): Promise<RawCompletion> {
  const { action = 0, key = KEYS[0], other = 0n, ignores = false, type = 1, ...rest } = changes;
  const { RACQA, IEKEY, RTYPE } = RESERVATION_ACQUIRE_CDW10;
  const cdw10 = RTYPE.set(IEKEY.set(RACQA.set(0, action), ignores ? 1 : 0), type);
  return keyCommand(host, { opcode: NVM_RESERVATION_ACQUIRE, cdw10 }, [key, other], rest);
}

/** Reservation Release; without an action it releases. */
export function release(host: ConformanceHost, changes: ReservationChanges = {}): Promise<RawCompletion> {
  const { action = 0, key = KEYS[0], ignores = false, type = 1, ...rest } = changes;
  const { RRELA, IEKEY, RTYPE } = RESERVATION_RELEASE_CDW10;
  const cdw10 = RTYPE.set(IEKEY.set(RRELA.set(0, action), ignores ? 1 : 0), type);
  return keyCommand(host, { opcode: NVM_RESERVATION_RELEASE, cdw10 }, [key], rest);
}

/** Reservation Report, with the structure that fits the identifiers of the hosts. */
export async function report(
  host: ConformanceHost,
  changes: Partial<RawCommand> = {},
): Promise<{ readonly completion: RawCompletion; readonly status: ReservationStatus }> {
  const isExtended = (host.facts.identify.ctratt & CTRATT_HOST_IDENTIFIER_128) !== 0;
  const page = host.memory.page();
  const range = { cdw10: REPORT_BYTES / 4 - 1, cdw11: isExtended ? 1 : 0, prp1: host.memory.iova(page) };
  const command = { opcode: NVM_RESERVATION_REPORT, nsid: host.facts.plain.nsid, ...range, ...changes };
  const completion = await host.execute(await host.io(), command);
  return { completion, status: decodeReservationStatus(host.memory.bytes(page, REPORT_BYTES), isExtended) };
}

/** From here on, after a controller reset, the controller is that of another host. */
export async function becomeHost(host: ConformanceHost, number: number): Promise<void> {
  await host.disable();
  await host.enable();
  demandSuccess(await setHostIdentifier(host, hostIdentifier(host.facts, number + 1)));
}

/** Makes a case of something that the first host begins; afterwards no host is registered any more. */
export function asHosts(run: (host: ConformanceHost) => Promise<void>): (host: ConformanceHost) => Promise<void> {
  return async (host) => {
    await becomeHost(host, 0);
    try {
      await run(host);
    } finally {
      for (const number of KEYS.keys()) {
        await becomeHost(host, number);
        await register(host, { action: RESERVATION_UNREGISTER_KEY, ignores: true });
      }
    }
  };
}
