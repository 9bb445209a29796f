import {
  ADMIN_ABORT,
  ADMIN_ASYNC_EVENT_REQUEST,
  ASYNC_EVENT_RESULT,
  ASYNC_EVENT_TYPE_SMART,
  FEATURE_ASYNC_EVENT_CONFIG,
  FEATURE_TEMPERATURE_THRESHOLD,
  LOG_SMART,
  STATUS_ABORT_REQUESTED,
  STATUS_ASYNC_EVENT_LIMIT_EXCEEDED,
  STATUS_INVALID_FIELD,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import { demand, demandEqual, demandStatus, demandSuccess } from '../failure.js';
import { identify, logData, setFeature } from './commands.js';

/** Cold enough to be above: 1 kelvin. */
const ABSURD_THRESHOLD = 1;
const events = new CaseList('events');
const aborts = new CaseList('abort');

function park(host: ConformanceHost, count: number): number[] {
  const cids = Array.from({ length: count }, () => host.admin.push({ opcode: ADMIN_ASYNC_EVENT_REQUEST }));
  host.admin.ring();
  return cids;
}

/** Has the controller report that it is too warm: any temperature is above 1 kelvin. */
async function heat(host: ConformanceHost): Promise<void> {
  demandSuccess(await setFeature(host, FEATURE_ASYNC_EVENT_CONFIG, 2));
  demandSuccess(await setFeature(host, FEATURE_TEMPERATURE_THRESHOLD, ABSURD_THRESHOLD));
}

events.accepts('[Base] 5.1.2', 'an event request waits as long as nothing happens', async (host) => {
  park(host, 1);
  demandEqual(await host.surplus(host.admin.completions), undefined, 'completion of the request');
});

events.accepts('[Base] 5.1.2', 'other commands go on while requests wait', async (host) => {
  park(host, Math.min(4, host.facts.identify.aerl + 1));
  for (let i = 0; i < 5; i++) demandSuccess(await identify(host, { cns: 1 }));
});

events.accepts('[Base] 5.1.2', 'a temperature past its threshold completes a request', async (host) => {
  const [cid] = park(host, 1);
  demandSuccess(await setFeature(host, FEATURE_ASYNC_EVENT_CONFIG, 2));
  const set = host.admin.push({ opcode: 9, cdw10: FEATURE_TEMPERATURE_THRESHOLD, cdw11: ABSURD_THRESHOLD });
  host.admin.ring();
  const both = [await host.next(host.admin.completions), await host.next(host.admin.completions)];
  demandSuccess(both.find((each) => each.cid === set)!);
  const event = both.find((each) => each.cid === cid)!;
  demandSuccess(event);
  demandEqual(ASYNC_EVENT_RESULT.AET.get(event.result), ASYNC_EVENT_TYPE_SMART, 'event type');
  demandEqual(ASYNC_EVENT_RESULT.LID.get(event.result), LOG_SMART, 'log page');
});

events.accepts('[Base] 5.1.2', 'an event that came before its request is delivered with it', async (host) => {
  await heat(host);
  park(host, 1);
  demandSuccess(await host.next(host.admin.completions));
});

events.accepts('[Base] 5.1.2', 'an event is not reported again until its log page is read', async (host) => {
  await heat(host);
  park(host, 1);
  demandSuccess(await host.next(host.admin.completions));
  park(host, 1);
  demandEqual(await host.surplus(host.admin.completions), undefined, 'the same event again');
});

events.accepts(
  '[Base] 5.1.12',
  'a log page read with Retain Asynchronous Event keeps its event masked',
  async (host) => {
    await heat(host);
    park(host, 1);
    demandSuccess(await host.next(host.admin.completions));
    const cdw10 = ((15 << 16) | (1 << 15) | LOG_SMART) >>> 0;
    demandSuccess((await logData(host, LOG_SMART, 64, { cdw10 })).completion);
    park(host, 1);
    demandEqual(await host.surplus(host.admin.completions), undefined, 'the same event again');
  },
);

events.accepts('[Base] 5.1.2', 'a warning that is not asked for is not reported', async (host) => {
  demandSuccess(await setFeature(host, FEATURE_ASYNC_EVENT_CONFIG, 0));
  demandSuccess(await setFeature(host, FEATURE_TEMPERATURE_THRESHOLD, ABSURD_THRESHOLD));
  park(host, 1);
  demandEqual(await host.surplus(host.admin.completions), undefined, 'completion of the request');
});

events.refuses(
  '[Base] 5.1.2',
  'one request more than AERL allows is refused, and the others go on waiting',
  async (host) => {
    const limit = host.facts.identify.aerl + 1;
    await host.disable();
    await host.enable({ entries: limit + 8 });
    park(host, limit + 1);
    demandStatus(await host.next(host.admin.completions), [STATUS_ASYNC_EVENT_LIMIT_EXCEEDED]);
    demandEqual(await host.surplus(host.admin.completions), undefined, 'completion of a parked request');
  },
);

events.accepts('[Base] 3.7.2', 'a controller reset drops requests without a completion', async (host) => {
  park(host, 1);
  await host.rest();
  const { completions } = host.admin;
  await host.disable();
  demandEqual(completions.take(), undefined, 'completion of the dropped request');
});

aborts.accepts('[Base] 5.1.1', 'an event request that is said to be aborted completes so', async (host) => {
  const [cid] = park(host, 1);
  await host.rest();
  const abort = host.admin.push({ opcode: ADMIN_ABORT, cdw10: (cid << 16) >>> 0 });
  host.admin.ring();
  const first = await host.next(host.admin.completions);
  // Abort is best effort, and says in bit 0 whether it was.
  const answer = first.cid === abort ? first : await host.next(host.admin.completions);
  demandEqual(answer.cid, abort, 'command identifier of the answer');
  demandSuccess(answer);
  const isAborted = (answer.result & 1) === 0;
  const second = first.cid === abort ? await host.surplus(host.admin.completions) : first;
  if (!isAborted && second === undefined) return;
  demand(second !== undefined, 'the request that was said to be aborted: expected its completion, got none');
  demandEqual(second.cid, cid, 'command identifier of the other completion');
  demandStatus(second, [STATUS_ABORT_REQUESTED]);
});

aborts.accepts(
  '[Base] 5.1.1',
  'aborting one of several requests leaves the others',
  async (host) => {
    const cids = park(host, 3);
    await host.rest();
    host.admin.push({ opcode: ADMIN_ABORT, cdw10: (cids[1] << 16) >>> 0 });
    host.admin.ring();
    await host.rest();
    for (let next = host.admin.completions.take(); next !== undefined; next = host.admin.completions.take()) {
      demand(
        next.cid !== cids[0] && next.cid !== cids[2],
        `expected the others to wait, got a completion of ${next.cid}`,
      );
    }
  },
  { skip: ({ identify: { aerl } }) => (aerl >= 2 ? undefined : 'AERL allows fewer than three requests') },
);

aborts.accepts('[Base] 5.1.1', 'a command that does not exist is reported as not aborted', async (host) => {
  const completion = await host.run({ opcode: ADMIN_ABORT, cdw10: (0x1234 << 16) >>> 0 });
  demandSuccess(completion);
  demandEqual(completion.result & 1, 1, 'command not aborted');
});

aborts.accepts('[Base] 5.1.1', 'a command that completed long ago is reported as not aborted', async (host) => {
  const queue = await host.io();
  demandSuccess(await host.execute(queue, { opcode: 0, nsid: host.facts.plain.nsid, cid: 5 }));
  const completion = await host.run({ opcode: ADMIN_ABORT, cdw10: ((5 << 16) | queue.id) >>> 0 });
  demandSuccess(completion);
  demandEqual(completion.result & 1, 1, 'command not aborted');
});

for (const [name, sqid] of [
  ['that was never created', 3],
  ['FFFFh', 0xffff],
] as const) {
  aborts.refuses('[Base] 5.1.1', `an abort on submission queue ${name} is an invalid field`, async (host) => {
    demandStatus(await host.run({ opcode: ADMIN_ABORT, cdw10: sqid }), [STATUS_INVALID_FIELD]);
  });
}

/** Asynchronous Event Request, and Abort. */
export const EVENT_AND_ABORT_CASES: readonly ConformanceCase[] = [...events.cases, ...aborts.cases];
