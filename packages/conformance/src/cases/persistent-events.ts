import {
  ADMIN_GET_LOG_PAGE,
  decodePersistentEventHeader,
  decodePersistentEvents,
  GET_LOG_PAGE_CDW10,
  LOG_PERSISTENT_EVENT,
  LOG_PERSISTENT_EVENT_LSP_ESTABLISH,
  LOG_PERSISTENT_EVENT_LSP_READ,
  LOG_PERSISTENT_EVENT_LSP_RELEASE,
  LPA_PERSISTENT_EVENT,
  PEL_EVENT_POWER_ON_OR_RESET,
  PEL_HEADER_BYTES,
  type PersistentEvent,
  type PersistentEventHeader,
  STATUS_COMMAND_SEQUENCE_ERROR,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import type { ControllerFacts } from '../controller-facts.js';
import { demand, demandBytes, demandEqual, demandStatus, demandSuccess } from '../failure.js';
import type { RawCompletion } from '../raw-completion.js';
import { logData } from './commands.js';

const list = new CaseList('persistent-events');
const STEP_BYTES = 4096;
/** More of the log than a case looks at. */
const LOG_BYTES_MAX = 512 * 1024;
const hasLog = {
  skip: ({ identify }: ControllerFacts): string | undefined =>
    (identify.lpa & LPA_PERSISTENT_EVENT) !== 0 ? undefined : 'no Persistent Event log',
};

async function read(
  host: ConformanceHost,
  action: number,
  bytes = PEL_HEADER_BYTES,
  from = 0,
): Promise<{ readonly completion: RawCompletion; readonly data: Uint8Array }> {
  const dwords0 = bytes / 4 - 1;
  const cdw10 = GET_LOG_PAGE_CDW10.LSP.set(
    GET_LOG_PAGE_CDW10.NUMDL0.set(LOG_PERSISTENT_EVENT, dwords0 & 0xffff),
    action,
  );
  const { completion, data } = await logData(host, LOG_PERSISTENT_EVENT, bytes, { cdw10, cdw12: from });
  return { completion, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

function release(host: ConformanceHost): Promise<RawCompletion> {
  const cdw10 = GET_LOG_PAGE_CDW10.LSP.set(LOG_PERSISTENT_EVENT, LOG_PERSISTENT_EVENT_LSP_RELEASE);
  const prp1 = host.memory.iova(host.memory.page());
  return host.run({ opcode: ADMIN_GET_LOG_PAGE, nsid: 0xffff_ffff, cdw10, prp1 });
}

/** Establishes a context and gives the header of the log. */
async function establish(host: ConformanceHost): Promise<PersistentEventHeader> {
  demandSuccess(await release(host));
  const { completion, data } = await read(host, LOG_PERSISTENT_EVENT_LSP_ESTABLISH);
  demandSuccess(completion);
  return decodePersistentEventHeader(data);
}

/** The whole log, in pieces of 4 KiB. */
async function wholeLog(host: ConformanceHost): Promise<{ header: PersistentEventHeader; events: PersistentEvent[] }> {
  const header = await establish(host);
  const bytes = Number(header.tll);
  demand(bytes >= PEL_HEADER_BYTES && bytes <= LOG_BYTES_MAX, `TLL: expected 512 to ${LOG_BYTES_MAX}, got ${bytes}`);
  const log = new Uint8Array(Math.ceil(bytes / STEP_BYTES) * STEP_BYTES);
  for (let from = 0; from < bytes; from += STEP_BYTES) {
    const length = Math.min(STEP_BYTES, Math.ceil((bytes - from) / 4) * 4);
    const { completion, data } = await read(host, LOG_PERSISTENT_EVENT_LSP_READ, length, from);
    demandSuccess(completion);
    log.set(data, from);
  }
  demandSuccess(await release(host));
  return { header, events: decodePersistentEvents(log.subarray(0, bytes)) };
}

list.accepts(
  '[Base] 5.1.12.1.14',
  'the header names the log, and the device as Identify does',
  async (host) => {
    const { sn, mn, lrev } = await establish(host);
    demandEqual(sn.trim(), host.facts.identify.sn.trim(), 'serial number');
    demandEqual(mn.trim(), host.facts.identify.mn.trim(), 'model number');
    demand(lrev >= 1, `log revision: expected 1 or more, got ${lrev}`);
  },
  hasLog,
);

list.accepts(
  '[Base] 5.1.12.1.14',
  'there are as many events as the header says',
  async (host) => {
    const { header, events } = await wholeLog(host);
    demandEqual(events.length, header.tnev, 'events in the log');
  },
  hasLog,
);

list.accepts(
  '[Base] 5.1.12.1.14.1',
  'a controller reset is an event',
  async (host) => {
    const resetsIn = (events: readonly PersistentEvent[]): number =>
      events.filter(({ type }) => type === PEL_EVENT_POWER_ON_OR_RESET).length;
    const before = resetsIn((await wholeLog(host)).events);
    await host.disable();
    await host.enable();
    const { events } = await wholeLog(host);
    // A log that is full loses an old event for each new one; then the newest one should be the first.
    const isThere = resetsIn(events) > before || events[0]?.type === PEL_EVENT_POWER_ON_OR_RESET;
    demand(isThere, `resets in the log: expected more than ${before}, got ${resetsIn(events)}`);
  },
  hasLog,
);

list.accepts(
  '[Base] 5.1.12.1.14',
  'the log does not change while a context exists',
  async (host) => {
    await establish(host);
    const before = (await read(host, LOG_PERSISTENT_EVENT_LSP_READ)).data.slice();
    await host.run({ opcode: 9, cdw10: 0x0e, prp1: host.memory.iova(host.memory.page()) });
    const { completion, data } = await read(host, LOG_PERSISTENT_EVENT_LSP_READ);
    demandSuccess(completion);
    demandBytes(data, before, 'header');
  },
  hasLog,
);

list.accepts(
  '[Base] 5.1.12.1.14',
  'releasing a context that does not exist is no error',
  async (host) => {
    for (let i = 0; i < 2; i++) demandSuccess(await release(host));
  },
  hasLog,
);

list.refuses(
  '[Base] 5.1.12.1.14',
  'reading without a context is refused',
  async (host) => {
    demandSuccess(await release(host));
    const { completion } = await read(host, LOG_PERSISTENT_EVENT_LSP_READ);
    demandStatus(completion, [STATUS_COMMAND_SEQUENCE_ERROR]);
  },
  hasLog,
);

list.refuses(
  '[Base] 5.1.12.1.14',
  'a second context is refused while one exists',
  async (host) => {
    await establish(host);
    const { completion } = await read(host, LOG_PERSISTENT_EVENT_LSP_ESTABLISH);
    demandStatus(completion, [STATUS_COMMAND_SEQUENCE_ERROR]);
    demandSuccess((await read(host, LOG_PERSISTENT_EVENT_LSP_READ)).completion);
  },
  hasLog,
);

/** The Persistent Event log and its contexts. */
export const PERSISTENT_EVENT_CASES: readonly ConformanceCase[] = list.cases;
