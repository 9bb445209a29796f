import {
  CTRATT_HOST_IDENTIFIER_128,
  CTRATT_RESERVATIONS_HOST_IDENTIFIER,
  NSID_BROADCAST,
  NVM_RESERVATION_REPORT,
  RESERVATION_CLEAR,
  RESERVATION_REPLACE_KEY,
  RESERVATION_TYPE_EXCLUSIVE_ACCESS,
  RESERVATION_UNREGISTER_KEY,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_HOST_IDENTIFIER_INCONSISTENT,
  STATUS_HOST_IDENTIFIER_NOT_INITIALIZED,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
  STATUS_RESERVATION_CONFLICT,
} from '@phasebit/nvme-spec';
import { CaseList, type CaseDetails, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import { demandEqual, demandStatus, demandSuccess } from '../failure.js';
import { hostIdentifier } from './host-identity.js';
import {
  acquire,
  asHosts,
  becomeHost,
  KEYS,
  register,
  release,
  report,
  skipWithoutReservations,
} from './reservation-commands.js';

const list = new CaseList('reservation-refusals');
const details: CaseDetails = { skip: skipWithoutReservations };
const CONFLICT = [STATUS_RESERVATION_CONFLICT];
const SECOND = { key: KEYS[1] };

const REGISTER_UNKNOWN = { action: RESERVATION_UNREGISTER_KEY };
for (const [name, run] of [
  ['another key of a registrant', async (host: ConformanceHost) => register(host, { key: 5n })],
  ['unregistering with a wrong key', async (host: ConformanceHost) => register(host, { ...REGISTER_UNKNOWN, key: 5n })],
  [
    'replacing with a wrong key',
    async (host: ConformanceHost) => register(host, { action: RESERVATION_REPLACE_KEY, key: 5n }),
  ],
  ['acquiring with a wrong key', async (host: ConformanceHost) => acquire(host, { key: 5n })],
  ['releasing with a wrong key', async (host: ConformanceHost) => release(host, { key: 5n })],
  ['clearing with a wrong key', async (host: ConformanceHost) => release(host, { key: 5n, action: RESERVATION_CLEAR })],
] as const) {
  list.refuses(
    '[Base] 8.1.22',
    `${name} is a conflict`,
    asHosts(async (host) => {
      demandSuccess(await register(host));
      demandStatus(await run(host), CONFLICT);
      demandEqual((await report(host)).status.registrants[0]?.rkey, KEYS[0], 'key');
    }),
    details,
  );
}

list.refuses(
  '[Base] 8.1.22',
  'acquiring, releasing and unregistering are conflicts for a host without a key',
  asHosts(async (host) => {
    for (const run of [acquire, release]) demandStatus(await run(host), CONFLICT);
    demandStatus(await register(host, REGISTER_UNKNOWN), CONFLICT);
  }),
  details,
);

list.refuses(
  '[Base] 8.1.22.5',
  'a reservation that somebody holds cannot be acquired',
  asHosts(async (host) => {
    demandSuccess(await register(host));
    demandSuccess(await acquire(host));
    await becomeHost(host, 1);
    demandSuccess(await register(host, SECOND));
    demandStatus(await acquire(host, SECOND), CONFLICT);
  }),
  details,
);

list.refuses(
  '[Base] 8.1.22.5',
  'the holder cannot acquire another type',
  asHosts(async (host) => {
    demandSuccess(await register(host));
    demandSuccess(await acquire(host));
    demandStatus(await acquire(host, { type: RESERVATION_TYPE_EXCLUSIVE_ACCESS }), CONFLICT);
  }),
  details,
);

const FIELD = [STATUS_INVALID_FIELD];
for (const [section, name, run] of [
  ['7.6', 'a reserved register action', (host: ConformanceHost) => register(host, { action: 5 })],
  ['7.5', 'a reserved acquire action', (host: ConformanceHost) => acquire(host, { action: 5 })],
  ['7.7', 'a reserved release action', (host: ConformanceHost) => release(host, { action: 5 })],
  ['7.5', 'a reservation of type 0', (host: ConformanceHost) => acquire(host, { type: 0 })],
  ['7.5', 'a reservation of a reserved type', (host: ConformanceHost) => acquire(host, { type: 7 })],
  ['7.5', 'acquiring without a check of the key', (host: ConformanceHost) => acquire(host, { ignores: true })],
  ['7.7', 'releasing without a check of the key', (host: ConformanceHost) => release(host, { ignores: true })],
] as const) {
  list.refuses(
    `[Base] ${section}`,
    `${name} is an invalid field`,
    asHosts(async (host) => {
      demandSuccess(await register(host));
      demandStatus(await run(host), FIELD);
    }),
    details,
  );
}

list.refuses(
  '[Base] 7.7',
  'releasing another type than the one held is an invalid field',
  asHosts(async (host) => {
    demandSuccess(await register(host));
    demandSuccess(await acquire(host));
    demandStatus(await release(host, { type: RESERVATION_TYPE_EXCLUSIVE_ACCESS }), FIELD);
  }),
  details,
);

for (const [name, nsid] of [
  ['0', 0],
  ['FFFFFFFFh', NSID_BROADCAST],
] as const) {
  list.refuses(
    '[Base] 3.2.1',
    `reservations of namespace ${name} are refused`,
    asHosts(async (host) => {
      for (const run of [register, acquire, release]) {
        demandStatus(await run(host, { nsid }), [STATUS_INVALID_NAMESPACE, STATUS_INVALID_FIELD]);
      }
    }),
    details,
  );
}

list.refuses(
  '[Base] 8.1.22',
  'a host without an identifier is refused where CTRATT says so',
  async (host) => {
    demandStatus(await register(host), [STATUS_HOST_IDENTIFIER_NOT_INITIALIZED]);
  },
  {
    skip: (facts) =>
      facts.identify.ctratt & CTRATT_RESERVATIONS_HOST_IDENTIFIER ? skipWithoutReservations(facts) : 'RHII is clear',
  },
);

list.refuses(
  '[Base] 7.8',
  'hosts with identifiers of 128 bits are not reported in the short structure',
  asHosts(async (host) => {
    demandEqual(hostIdentifier(host.facts, 0).length, 16, 'bytes of the identifier');
    demandSuccess(await register(host));
    const { completion } = await report(host, { opcode: NVM_RESERVATION_REPORT, cdw11: 0 });
    demandStatus(completion, [STATUS_HOST_IDENTIFIER_INCONSISTENT]);
  }),
  {
    skip: (facts) =>
      facts.identify.ctratt & CTRATT_HOST_IDENTIFIER_128 ? skipWithoutReservations(facts) : 'identifiers have 64 bits',
  },
);

list.refuses(
  '[Base] 4.1.1',
  'keys in memory that is not there are a data transfer error',
  asHosts(async (host) => {
    for (const run of [register, acquire, release]) {
      demandStatus(await run(host, { prp1: host.unmappedIova }), [STATUS_DATA_TRANSFER_ERROR]);
    }
  }),
  { ...details, needsUnmapped: true },
);

/** What reservations refuse to a host that is not entitled, or that asks for what cannot be. */
export const RESERVATION_REFUSAL_CASES: readonly ConformanceCase[] = list.cases;
