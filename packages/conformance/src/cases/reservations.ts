import {
  RESERVATION_CLEAR,
  RESERVATION_PREEMPT,
  RESERVATION_REPLACE_KEY,
  RESERVATION_TYPE_EXCLUSIVE_ACCESS,
  RESERVATION_TYPE_EXCLUSIVE_ACCESS_ALL,
  RESERVATION_TYPE_EXCLUSIVE_ACCESS_REGISTRANTS,
  RESERVATION_TYPE_WRITE_EXCLUSIVE,
  RESERVATION_TYPE_WRITE_EXCLUSIVE_ALL,
  RESERVATION_TYPE_WRITE_EXCLUSIVE_REGISTRANTS,
  RESERVATION_UNREGISTER_KEY,
  STATUS_RESERVATION_CONFLICT,
} from '@phasebit/nvme-spec';
import { CaseList, type CaseDetails, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import { demandEqual, demandSuccess } from '../failure.js';
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

const list = new CaseList('reservations');
const details: CaseDetails = { skip: skipWithoutReservations };
const SECOND = { key: KEYS[1] };

const TYPES = [
  ['Write Exclusive', RESERVATION_TYPE_WRITE_EXCLUSIVE],
  ['Exclusive Access', RESERVATION_TYPE_EXCLUSIVE_ACCESS],
  ['Write Exclusive - Registrants Only', RESERVATION_TYPE_WRITE_EXCLUSIVE_REGISTRANTS],
  ['Exclusive Access - Registrants Only', RESERVATION_TYPE_EXCLUSIVE_ACCESS_REGISTRANTS],
  ['Write Exclusive - All Registrants', RESERVATION_TYPE_WRITE_EXCLUSIVE_ALL],
  ['Exclusive Access - All Registrants', RESERVATION_TYPE_EXCLUSIVE_ACCESS_ALL],
] as const;

function isOfReads(type: number): boolean {
  return type % 2 === 0;
}

/** The statuses of a Read and a Write of one block. */
async function access(host: ConformanceHost): Promise<{ read: number; write: number }> {
  const address = host.memory.data(host.facts.plain.blockBytes);
  const { code: read } = await host.readBlocks(0, 1, address);
  const { code: write } = await host.writeBlocks(0, 1, address);
  return { read, write };
}

/** Fails the case unless Read and Write of one block are allowed, or a conflict, as given. */
async function demandAccess(host: ConformanceHost, mayRead: boolean, mayWrite: boolean): Promise<void> {
  const { read, write } = await access(host);
  demandEqual(read, mayRead ? 0 : STATUS_RESERVATION_CONFLICT, 'status of Read');
  demandEqual(write, mayWrite ? 0 : STATUS_RESERVATION_CONFLICT, 'status of Write');
}

list.accepts(
  '[Base] 8.1.22.3',
  'a host that registers a key is reported with it',
  asHosts(async (host) => {
    const before = (await report(host)).status;
    demandEqual(before.registrants.length, 0, 'registrants at first');
    demandSuccess(await register(host));
    const { registrants, generation } = (await report(host)).status;
    demandEqual(registrants.length, 1, 'registrants');
    demandEqual(registrants[0].rkey, KEYS[0], 'key');
    demandEqual(registrants[0].holds, false, 'holds a reservation');
    demandEqual(generation, (before.generation + 1) >>> 0, 'generation');
  }),
  details,
);

list.accepts(
  '[Base] 8.1.22.3',
  'registering the same key again succeeds',
  asHosts(async (host) => {
    demandSuccess(await register(host));
    demandSuccess(await register(host));
    demandEqual((await report(host)).status.registrants.length, 1, 'registrants');
  }),
  details,
);

list.accepts(
  '[Base] 8.1.22.3',
  'a key is replaced',
  asHosts(async (host) => {
    demandSuccess(await register(host));
    demandSuccess(await register(host, { action: RESERVATION_REPLACE_KEY, other: 77n }));
    demandEqual((await report(host)).status.registrants[0]?.rkey, 77n, 'key');
  }),
  details,
);

list.accepts(
  '[Base] 8.1.22.4',
  'unregistering ends the registration and the reservation',
  asHosts(async (host) => {
    demandSuccess(await register(host));
    demandSuccess(await acquire(host));
    demandSuccess(await register(host, { action: RESERVATION_UNREGISTER_KEY }));
    const { registrants, type } = (await report(host)).status;
    demandEqual(registrants.length, 0, 'registrants');
    demandEqual(type, 0, 'type of the reservation');
  }),
  details,
);

list.accepts(
  '[Base] 8.1.22',
  'a registration outlasts a controller reset',
  asHosts(async (host) => {
    demandSuccess(await register(host));
    await becomeHost(host, 0);
    demandEqual((await report(host)).status.registrants[0]?.rkey, KEYS[0], 'key');
  }),
  details,
);

list.accepts(
  '[Base] 8.1.22.5',
  'asking again for the reservation that one holds succeeds',
  asHosts(async (host) => {
    demandSuccess(await register(host));
    demandSuccess(await acquire(host));
    demandSuccess(await acquire(host));
  }),
  details,
);

for (const [name, type] of TYPES) {
  const ofType: CaseDetails = {
    skip: (facts) => (facts.plain.identify.rescap & (1 << type) ? skipWithoutReservations(facts) : 'not in RESCAP'),
  };

  list.accepts(
    '[Base] 8.1.22.1',
    `the holder of ${name} may read and write`,
    asHosts(async (host) => {
      demandSuccess(await register(host));
      demandSuccess(await acquire(host, { type }));
      await demandAccess(host, true, true);
      const { status } = await report(host);
      demandEqual(status.type, type, 'type of the reservation');
      demandEqual(status.registrants[0]?.holds, true, 'holds the reservation');
      demandSuccess(await release(host, { type }));
      demandEqual((await report(host)).status.type, 0, 'type after the release');
    }),
    ofType,
  );

  list.refuses(
    '[Base] 8.1.22.1',
    `another host conflicts with ${name}`,
    asHosts(async (host) => {
      demandSuccess(await register(host));
      demandSuccess(await acquire(host, { type }));
      await becomeHost(host, 1);
      await demandAccess(host, !isOfReads(type), false);
    }),
    ofType,
  );

  list.refuses(
    '[Base] 8.1.22.1',
    `another registrant gets what ${name} leaves to it`,
    asHosts(async (host) => {
      demandSuccess(await register(host));
      demandSuccess(await acquire(host, { type }));
      await becomeHost(host, 1);
      demandSuccess(await register(host, SECOND));
      const isForRegistrants = type >= RESERVATION_TYPE_WRITE_EXCLUSIVE_REGISTRANTS;
      await demandAccess(host, isForRegistrants || !isOfReads(type), isForRegistrants);
    }),
    ofType,
  );
}

list.accepts(
  '[Base] 8.1.22.7',
  'a registrant preempts the holder',
  asHosts(async (host) => {
    demandSuccess(await register(host));
    demandSuccess(await acquire(host));
    await becomeHost(host, 1);
    demandSuccess(await register(host, SECOND));
    demandSuccess(await acquire(host, { ...SECOND, action: RESERVATION_PREEMPT, other: KEYS[0], type: 2 }));
    const { registrants, type } = (await report(host)).status;
    demandEqual(registrants.map(({ rkey }) => rkey).join(), String(KEYS[1]), 'keys');
    demandEqual(type, 2, 'type of the reservation');
    await demandAccess(host, true, true);
    await becomeHost(host, 0);
    await demandAccess(host, false, false);
  }),
  details,
);

list.accepts(
  '[Base] 8.1.22.8',
  'clearing ends every registration',
  asHosts(async (host) => {
    demandSuccess(await register(host));
    demandSuccess(await acquire(host));
    await becomeHost(host, 1);
    demandSuccess(await register(host, SECOND));
    demandSuccess(await release(host, { ...SECOND, action: RESERVATION_CLEAR }));
    demandEqual((await report(host)).status.registrants.length, 0, 'registrants');
    await demandAccess(host, true, true);
  }),
  details,
);

list.accepts(
  '[Base] 8.1.22.6',
  'a registrant that holds nothing releases nothing',
  asHosts(async (host) => {
    demandSuccess(await register(host));
    demandSuccess(await acquire(host));
    await becomeHost(host, 1);
    demandSuccess(await register(host, SECOND));
    demandSuccess(await release(host, SECOND));
    demandEqual((await report(host)).status.type, RESERVATION_TYPE_WRITE_EXCLUSIVE, 'type of the reservation');
  }),
  details,
);

/** Reservations: what one controller can show of it, for one host after the other. */
export const RESERVATION_CASES: readonly ConformanceCase[] = list.cases;
