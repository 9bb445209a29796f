import {
  ADMIN_ASYNC_EVENT_REQUEST,
  ADMIN_DELETE_IO_CQ,
  ADMIN_DELETE_IO_SQ,
  ASYNC_EVENT_ERROR_INVALID_DOORBELL_REGISTER,
  ASYNC_EVENT_ERROR_INVALID_DOORBELL_VALUE,
  ASYNC_EVENT_RESULT,
  ASYNC_EVENT_TYPE_ERROR,
  LOG_ERROR_INFORMATION,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import { demand, demandEqual, demandSuccess } from '../failure.js';
import { logData } from './commands.js';

const list = new CaseList('doorbells');

/** Parks an event request, does something wrong, and takes the event that has to come. */
async function demandEvent(host: ConformanceHost, information: number, spoil: () => void): Promise<void> {
  host.admin.push({ opcode: ADMIN_ASYNC_EVENT_REQUEST });
  host.admin.ring();
  await host.rest();
  spoil();
  const event = await host.next(host.admin.completions);
  demandSuccess(event);
  demandEqual(ASYNC_EVENT_RESULT.AET.get(event.result), ASYNC_EVENT_TYPE_ERROR, 'event type');
  demandEqual(ASYNC_EVENT_RESULT.AEI.get(event.result), information, 'event information');
}

list.refuses('[Base] 5.1.2', 'a tail beyond its queue raises Invalid Doorbell Write Value', async (host) => {
  const queue = await host.io();
  await demandEvent(host, ASYNC_EVENT_ERROR_INVALID_DOORBELL_VALUE, () => queue.ring(queue.entries));
});

list.refuses('[Base] 5.1.2', 'a tail of FFFFh raises Invalid Doorbell Write Value', async (host) => {
  const queue = await host.createPair({ id: 1, entries: 8 });
  await demandEvent(host, ASYNC_EVENT_ERROR_INVALID_DOORBELL_VALUE, () => queue.ring(0xffff));
});

/** What a host has to do with a queue whose doorbell it wrote wrongly, and that it then works. [Base] 3.3.1.2 */
async function demandRemade(host: ConformanceHost): Promise<void> {
  demandSuccess(await host.run({ opcode: ADMIN_DELETE_IO_SQ, cdw10: 1 }));
  demandSuccess(await host.run({ opcode: ADMIN_DELETE_IO_CQ, cdw10: 1 }));
  const queue = await host.createPair({ id: 1, entries: 8 });
  demandSuccess(await host.execute(queue, { opcode: 0, nsid: host.facts.plain.nsid }));
}

list.refuses(
  '[Base] 3.3.1.2',
  'a queue with a bad tail executes nothing, and works once it is made again',
  async (host) => {
    const queue = await host.createPair({ id: 1, entries: 8 });
    queue.push({ opcode: 0, nsid: host.facts.plain.nsid });
    queue.ring(8);
    demandEqual(await host.surplus(queue.completions), undefined, 'completion after a bad doorbell');
    await demandRemade(host);
  },
);

list.refuses(
  '[Base] 5.1.2',
  'a doorbell of a queue that does not exist raises Invalid Doorbell Register',
  async (host) => {
    await demandEvent(host, ASYNC_EVENT_ERROR_INVALID_DOORBELL_REGISTER, () => host.fn.doorbells.ringSq(3, 1));
  },
  { skip: ({ queuePairs }) => (queuePairs >= 3 ? undefined : 'no doorbell to spare') },
);

list.refuses(
  '[Base] 5.1.2',
  'a head doorbell of a queue that does not exist raises Invalid Doorbell Register',
  async (host) => {
    await demandEvent(host, ASYNC_EVENT_ERROR_INVALID_DOORBELL_REGISTER, () => host.fn.doorbells.ringCq(3, 1));
  },
  { skip: ({ queuePairs }) => (queuePairs >= 3 ? undefined : 'no doorbell to spare') },
);

list.refuses('[Base] 5.1.12.1.2', 'a bad doorbell leaves an entry in the Error Information log', async (host) => {
  const before = (await logData(host, LOG_ERROR_INFORMATION, 64)).data.getUint32(0, true);
  const queue = await host.createPair({ id: 1, entries: 8 });
  await demandEvent(host, ASYNC_EVENT_ERROR_INVALID_DOORBELL_VALUE, () => queue.ring(9));
  const after = (await logData(host, LOG_ERROR_INFORMATION, 64)).data.getUint32(0, true);
  demandEqual(after > before, true, `error count after (${after}) is above that before (${before})`);
});

list.refuses(
  '[Base] 3.3.1.2',
  'a queue with a completion head that passes the tail completes nothing twice, and works once it is made again',
  async (host) => {
    const queue = await host.createPair({ id: 1, entries: 4 });
    const { nsid } = host.facts.plain;
    demandSuccess(await host.execute(queue, { opcode: 0, nsid }));
    queue.completions.ring(3);
    await host.rest();
    const cids = [0, 1, 2].map(() => queue.push({ opcode: 0, nsid }));
    queue.ring();
    await host.rest();
    const seen: number[] = [];
    for (let next = queue.completions.take(); next !== undefined; next = queue.completions.take()) seen.push(next.cid);
    demand(new Set(seen).size === seen.length, `expected each command to complete once, got ${seen.join(' ')}`);
    demand(
      seen.every((cid) => cids.includes(cid)),
      `expected completions of ${cids.join(' ')}, got those of ${seen.join(' ')}`,
    );
    await demandRemade(host);
  },
);

/** Doorbell values and doorbells that no host may write. */
export const DOORBELL_CASES: readonly ConformanceCase[] = list.cases;
