import {
  ADMIN_ABORT,
  ADMIN_ASYNC_EVENT_REQUEST,
  ADMIN_GET_FEATURES,
  FEATURE_ARBITRATION,
  FEATURE_ASYNC_EVENT_CONFIG,
  LOG_SMART,
  STATUS_ABORT_REQUESTED,
  STATUS_CID_CONFLICT,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { begin, listen, readLog, resetController, setFeature } from '../../test-support/admin-calls.js';
import { RawHost } from '../../test-support/raw-host.js';
import type { FaultRule } from './fault-rule.js';

const REQUESTS = { queue: 0, opcode: ADMIN_ASYNC_EVENT_REQUEST } as const;
const GET = { opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION } as const;
const abortOf = (cid: number) => ({ opcode: ADMIN_ABORT, cdw10: cid << 16 });

/** A host that asked to hear of warnings. */
function started(...rules: readonly FaultRule[]): RawHost {
  const host = new RawHost({ faults: { rules } }).enable();
  setFeature(host, FEATURE_ASYNC_EVENT_CONFIG, 0xff);
  return host;
}

/** There is a warning that there was not. */
function warn(host: RawHost): void {
  host.controller.setConditions({ availableSparePercent: 100 });
  host.controller.setConditions({ availableSparePercent: 1 });
  host.settle();
}

/** Command identifiers of the completions that have arrived. */
const drained = (host: RawHost): number[] => host.admin.completions.drain().map((each) => each.cid);

describe('an event request that is lost', () => {
  it('takes an event with it, and the next one hears of the next event', () => {
    const host = started({ kind: 'lost', ...REQUESTS, count: 1 });
    listen(host, 1, 2);
    warn(host);
    expect(drained(host)).toEqual([]);
    readLog(host, LOG_SMART);
    warn(host);
    expect(drained(host)).toEqual([2]);
  });

  it('is not found by Abort, and leaves its identifier free', () => {
    const host = started({ kind: 'lost', ...REQUESTS, count: 1 });
    listen(host, 1);
    expect(host.run(abortOf(1))).toMatchObject({ code: 0, result: 1 });
    expect(host.run({ ...GET, cid: 1 }).code).toBe(0);
  });
});

describe('an event request that is late', () => {
  it('completes so much later than the event', () => {
    const host = started({ kind: 'late', ...REQUESTS, delayNs: 500 });
    listen(host, 1);
    host.clock.advanceNs(1e9);
    warn(host);
    host.clock.advanceNs(499);
    host.settle();
    expect(drained(host)).toEqual([]);
    begin(host, { ...GET, cid: 1 });
    expect(host.admin.completions.poll()).toMatchObject({ cid: 1, code: STATUS_CID_CONFLICT });
    host.clock.advanceNs(1);
    host.settle();
    expect(host.admin.completions.poll()).toMatchObject({ cid: 1, code: 0 });
    expect(drained(host)).toEqual([]);
  });

  it('is aborted at once, before the event and after it', () => {
    const host = started({ kind: 'late', ...REQUESTS, delayNs: 500 });
    const aborted = (): unknown[] => {
      begin(host, abortOf(1));
      return host.admin.completions.drain().map((each) => [each.code, each.result]);
    };
    listen(host, 1);
    expect(aborted()).toEqual([
      [STATUS_ABORT_REQUESTED, 0],
      [0, 0],
    ]);
    listen(host, 1);
    warn(host);
    expect(aborted()).toEqual([
      [STATUS_ABORT_REQUESTED, 0],
      [0, 0],
    ]);
  });

  it('is forgotten by a controller reset', () => {
    const host = started({ kind: 'late', ...REQUESTS, delayNs: 500 });
    listen(host, 1);
    warn(host);
    resetController(host);
    host.clock.advanceNs(500);
    host.settle();
    expect(drained(host)).toEqual([]);
  });

  it('is not late when so much is late already that there is no room for it', () => {
    const rule: FaultRule = { kind: 'late', queue: 0, delayNs: 500 };
    const host = new RawHost({ commandsInFlight: 2 }).enable();
    setFeature(host, FEATURE_ASYNC_EVENT_CONFIG, 0xff);
    host.controller.faults.add(rule);
    listen(host, 1);
    // Two, and the sixteen that are left to admin commands.
    for (let cid = 2; cid < 20; cid++) begin(host, { ...GET, cid });
    expect(drained(host)).toEqual([]);
    warn(host);
    expect(drained(host)).toEqual([1]);
    host.clock.advanceNs(500);
    host.settle();
    expect(drained(host)).toHaveLength(18);
  });
});

it('an event request that is answered twice is heard twice', () => {
  const host = started({ kind: 'duplicate', ...REQUESTS });
  listen(host, 7);
  warn(host);
  expect(drained(host)).toEqual([7, 7]);
});

it('an event request that is out of order waits for later commands after its event', () => {
  const host = started({ kind: 'reorder', ...REQUESTS, commands: 2 });
  listen(host, 7);
  begin(host, { ...GET, cid: 1 });
  begin(host, { ...GET, cid: 2 });
  warn(host);
  expect(drained(host)).toEqual([1, 2]);
  begin(host, { ...GET, cid: 3 });
  begin(host, { ...GET, cid: 4 });
  expect(drained(host)).toEqual([3, 4, 7]);
});

it('a status on an event request still refuses it', () => {
  const host = started({ kind: 'status', ...REQUESTS, status: 0x0006 });
  listen(host, 1);
  expect(host.admin.completions.poll()).toMatchObject({ cid: 1, code: 0x0006 });
});
