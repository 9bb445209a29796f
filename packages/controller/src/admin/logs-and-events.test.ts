import {
  ADMIN_ABORT,
  ADMIN_ASYNC_EVENT_REQUEST,
  ADMIN_GET_FEATURES,
  ADMIN_GET_LOG_PAGE,
  ADMIN_IDENTIFY,
  ADMIN_KEEP_ALIVE,
  ADMIN_SET_FEATURES,
  ANA_STATE_INACCESSIBLE,
  ANA_STATE_OPTIMIZED,
  ASYNC_EVENT_RESULT,
  decodeAnaLog,
  decodeErrorLogEntry,
  decodeNamespaceList,
  decodeSmartLog,
  FEATURE_ARBITRATION,
  FEATURE_ASYNC_EVENT_CONFIG,
  FEATURE_TEMPERATURE_THRESHOLD,
  LOG_ANA,
  LOG_CHANGED_NAMESPACES,
  LOG_ERROR_INFORMATION,
  LOG_FIRMWARE_SLOT,
  LOG_SMART,
  LOG_SUPPORTED_PAGES,
  NVM_READ,
  NVM_WRITE,
  STATUS_ABORT_REQUESTED,
  STATUS_ASYNC_EVENT_LIMIT_EXCEEDED,
  STATUS_DNR,
  STATUS_INVALID_LOG_PAGE,
  STATUS_INVALID_OPCODE,
  STATUS_LBA_OUT_OF_RANGE,
  STATUS_MORE,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { type RawCompletion, RawHost, type RawHostOptions } from '../../test-support/raw-host.js';
import { NullMedium } from '../media/null-medium.js';

const medium = new NullMedium(1024 * 1024);
const RETAIN = 1 << 15;

/** Reads `bytes` of a log page into fresh memory. */
function log(host: RawHost, id: number, bytes = 512, from = 0, flags = 0, cdw14 = 0): Uint8Array {
  const page = host.data(Math.max(bytes, 4096));
  const data = host.dma.bytes(page, bytes).fill(0xee);
  const cdw10 = id | flags | ((bytes / 4 - 1) << 16);
  const prp2 = bytes > 4096 ? host.iova(page + 4096) : 0;
  const completion = host.run({ opcode: ADMIN_GET_LOG_PAGE, prp1: host.iova(page), prp2, cdw10, cdw12: from, cdw14 });
  expect(completion.code).toBe(0);
  return data;
}

function started(options: RawHostOptions = {}): RawHost {
  const host = new RawHost(options).enable();
  host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_ASYNC_EVENT_CONFIG, cdw11: 0x9ff });
  return host;
}

function listen(host: RawHost, ...cids: number[]): void {
  for (const cid of cids) host.admin.push({ opcode: ADMIN_ASYNC_EVENT_REQUEST, cid });
  host.admin.ring();
  host.settle();
}

function events(host: RawHost): { cid: number; type: number; information: number; page: number }[] {
  host.settle();
  return host.admin.completions.drain().map(({ cid, code, result }) => {
    expect(code).toBe(0);
    return {
      cid,
      type: ASYNC_EVENT_RESULT.AET.get(result),
      information: ASYNC_EVENT_RESULT.AEI.get(result),
      page: ASYNC_EVENT_RESULT.LID.get(result),
    };
  });
}

describe('Get Log Page', () => {
  it('gives any part at dword granularity, and zeros past the end', () => {
    const host = started({ firmware: 'ABCDEFGH' });
    const whole = log(host, LOG_FIRMWARE_SLOT);
    expect(whole[0]).toBe(1);
    expect(String.fromCharCode(...whole.subarray(8, 16))).toBe('ABCDEFGH');
    expect(String.fromCharCode(...log(host, LOG_FIRMWARE_SLOT, 4, 12))).toBe('EFGH');
    expect([...log(host, LOG_FIRMWARE_SLOT, 8, 508)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect([...log(host, LOG_FIRMWARE_SLOT, 4, 512)]).toEqual([0, 0, 0, 0]);
  });

  it('Supported Log Pages names every page there is, and no other', () => {
    const supported = (host: RawHost): number[] => {
      const data = log(host, LOG_SUPPORTED_PAGES, 1024);
      return [...Array(256).keys()].filter((id) => (data[id * 4] & 1) === 1);
    };
    const always = [0, 1, 2, 3, 4, 5, 6, 7, 8, 0x0d, 0x12, 0x1c, 0x80, 0x81];
    expect(supported(started())).toEqual(always);
    expect(supported(started({ anaGroups: 1 }))).toEqual([...always, LOG_ANA].sort((a, b) => a - b));
    const host = started();
    for (let id = 0; id < 256; id++) {
      const code = host.run({ opcode: ADMIN_GET_LOG_PAGE, cdw10: id, prp1: host.iova(host.page()) }).code;
      expect([id, code === STATUS_INVALID_LOG_PAGE]).toEqual([id, !always.includes(id)]);
    }
  });
});

describe('the SMART log', () => {
  it('counts commands and data', () => {
    const host = started();
    const queue = host.createPair(1);
    const prp1 = host.iova(host.page());
    for (let i = 0; i < 125; i++) queue.execute({ opcode: NVM_READ, nsid: 1, prp1, cdw12: 7 });
    for (let i = 0; i < 126; i++) queue.execute({ opcode: NVM_WRITE, nsid: 1, prp1, cdw12: 7 });
    queue.execute({ opcode: NVM_READ, nsid: 1, prp1, cdw11: 1 });
    host.clock.advanceNs(2 * 3600e9);
    const smart = decodeSmartLog(log(host, LOG_SMART));
    // 125 reads of 4 KiB are 512,000 bytes, one unit; 126 writes are more than that, and are rounded up.
    expect(smart).toMatchObject({
      hostReadCommands: 125,
      hostWriteCommands: 126,
      dataUnitsRead: 1,
      dataUnitsWritten: 2,
    });
    expect(smart).toMatchObject({ powerOnHours: 2, errorLogEntries: 1, mediaErrors: 0, criticalWarning: 0 });
    expect(smart).toMatchObject({ availableSpare: 100, compositeTemperature: 300, powerCycles: 1 });
  });
});

describe('the error log', () => {
  it('has the newest error first, with all that is known of it', () => {
    const host = started();
    const queue = host.createPair(1);
    queue.execute({ opcode: NVM_READ, cid: 77, nsid: 1, prp1: host.iova(host.page()), cdw10: 0x1234, cdw11: 0x56 });
    host.run({ opcode: 0x7b, cid: 99 });
    const data = log(host, LOG_ERROR_INFORMATION, 128);
    expect(decodeErrorLogEntry(data)).toMatchObject({
      errorCount: 2,
      sqid: 0,
      cid: 99,
      status: STATUS_INVALID_OPCODE | STATUS_DNR | STATUS_MORE,
      parameterLocation: 0,
      opcode: 0x7b,
    });
    expect(decodeErrorLogEntry(data, 64)).toMatchObject({
      errorCount: 1,
      sqid: 1,
      cid: 77,
      status: STATUS_LBA_OUT_OF_RANGE | STATUS_DNR | STATUS_MORE,
      parameterLocation: 40,
      lba: 0x56 * 2 ** 32 + 0x1234,
      nsid: 1,
      opcode: NVM_READ,
    });
  });

  it('keeps the last 64, and survives a reset', () => {
    const host = started();
    for (let i = 0; i < 70; i++) host.run({ opcode: 0x7b, cid: i });
    host.write32(0x14, 0);
    host.enable();
    const data = log(host, LOG_ERROR_INFORMATION, 4096);
    expect(decodeErrorLogEntry(data)).toMatchObject({ errorCount: 70, cid: 69 });
    expect(decodeErrorLogEntry(data, 63 * 64)).toMatchObject({ errorCount: 7, cid: 6 });
  });
});

describe('asynchronous events', () => {
  it('requests wait, up to the limit; one more is refused', () => {
    const host = started();
    listen(host, 1, 2, 3, 4);
    expect(events(host)).toEqual([]);
    expect(host.run({ opcode: ADMIN_ASYNC_EVENT_REQUEST, cid: 5 })).toMatchObject({
      code: STATUS_ASYNC_EVENT_LIMIT_EXCEEDED,
    });
    expect(host.run({ opcode: ADMIN_KEEP_ALIVE }).code).toBe(0);
  });

  it('a temperature threshold that is crossed is reported once, until the SMART log is read', () => {
    const host = started();
    listen(host, 1, 2);
    const set = (kelvin: number): RawCompletion =>
      host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_TEMPERATURE_THRESHOLD, cdw11: kelvin });
    host.admin.push({ opcode: ADMIN_SET_FEATURES, cid: 50, cdw10: FEATURE_TEMPERATURE_THRESHOLD, cdw11: 290 });
    host.admin.ring();
    host.settle();
    const [setting, event] = host.admin.completions.drain();
    expect(setting?.cid).toBe(50);
    expect(ASYNC_EVENT_RESULT.AET.get(event.result)).toBe(1);
    expect(ASYNC_EVENT_RESULT.AEI.get(event.result)).toBe(1);
    expect(ASYNC_EVENT_RESULT.LID.get(event.result)).toBe(LOG_SMART);
    expect(decodeSmartLog(log(host, LOG_SMART, 512, 0, RETAIN)).criticalWarning).toBe(2);
    // Still masked: the log was read with RAE.
    set(400);
    set(290);
    expect(events(host)).toEqual([]);
    log(host, LOG_SMART);
    set(400);
    expect(events(host)).toEqual([]);
    host.controller.setTemperature(500);
    expect(events(host)).toEqual([{ cid: 2, type: 1, information: 1, page: LOG_SMART }]);
  });

  it('a warning that is there already is reported to a host that asks later', () => {
    const host = new RawHost().enable();
    host.controller.setTemperature(500);
    host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_ASYNC_EVENT_CONFIG, cdw11: 2 });
    listen(host, 1);
    expect(events(host)).toEqual([{ cid: 1, type: 1, information: 1, page: LOG_SMART }]);
  });

  it('a warning of a threshold is gone after a reset, and one that stays is reported again', () => {
    const host = started();
    const reset = (): void => {
      host.write32(0x14, 0);
      host.enable();
    };
    host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_TEMPERATURE_THRESHOLD, cdw11: 290 });
    expect(decodeSmartLog(log(host, LOG_SMART)).criticalWarning).toBe(2);
    reset();
    expect(decodeSmartLog(log(host, LOG_SMART)).criticalWarning).toBe(0);
    host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_ASYNC_EVENT_CONFIG, cdw11: 2 });
    listen(host, 1);
    host.controller.setTemperature(500);
    expect(events(host)).toHaveLength(1);
    reset();
    host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_ASYNC_EVENT_CONFIG, cdw11: 2 });
    listen(host, 1);
    expect(events(host)).toEqual([{ cid: 1, type: 1, information: 1, page: LOG_SMART }]);
  });

  it('nothing is raised that the host did not ask for', () => {
    const host = new RawHost({ anaGroups: 1 }).enable();
    listen(host, 1);
    host.controller.setTemperature(500);
    host.controller.setAnaState(1, ANA_STATE_INACCESSIBLE);
    host.controller.detach(1);
    expect(events(host)).toEqual([]);
  });

  it('an event waits for a request, and kinds do not mask each other', () => {
    const host = started({ anaGroups: 2, largestNsid: 4 });
    host.controller.setAnaState(2, ANA_STATE_INACCESSIBLE);
    host.controller.attach({ nsid: 4, medium });
    host.controller.attach({ nsid: 3, medium });
    listen(host, 7, 8, 9);
    expect(events(host)).toEqual([
      { cid: 7, type: 2, information: 3, page: LOG_ANA },
      { cid: 8, type: 2, information: 0, page: LOG_CHANGED_NAMESPACES },
    ]);
    expect(decodeNamespaceList(log(host, LOG_CHANGED_NAMESPACES, 4096))).toEqual([3, 4]);
    expect(decodeNamespaceList(log(host, LOG_CHANGED_NAMESPACES, 4096))).toEqual([]);
    host.controller.detach(4);
    expect(events(host)).toEqual([{ cid: 9, type: 2, information: 0, page: LOG_CHANGED_NAMESPACES }]);
  });

  it('an event that waits is dropped when its log page is read first', () => {
    const host = started({ anaGroups: 1 });
    host.controller.setAnaState(1, ANA_STATE_INACCESSIBLE);
    log(host, LOG_ANA, 64);
    listen(host, 1);
    expect(events(host)).toEqual([]);
  });

  it('two events of one kind that wait are one report: the second is in the log that the first leads to', () => {
    const host = started();
    const queue = host.createPair(1, 16);
    queue.ring(99);
    host.settle();
    host.function.doorbells.ringSq(9, 1);
    for (let i = 0; i < 3000; i++) host.controller.step();
    expect(host.controller.doorbellFaults).toMatchObject({ strayWrites: 1, invalidValues: 1 });
    listen(host, 1, 2);
    expect(events(host)).toEqual([{ cid: 1, type: 0, information: 1, page: LOG_ERROR_INFORMATION }]);
    const data = log(host, LOG_ERROR_INFORMATION, 128);
    expect([decodeErrorLogEntry(data).sqid, decodeErrorLogEntry(data, 64).sqid]).toEqual([9, 1]);
    expect(events(host)).toEqual([]);
    queue.ring(98);
    expect(events(host)).toHaveLength(1);
  });

  it('requests do not block a small admin completion queue', () => {
    const host = new RawHost().enable(8, 2);
    listen(host, 1, 2, 3, 4);
    for (let i = 0; i < 20; i++)
      expect(host.run({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION }).code).toBe(0);
  });

  it('an event waits for a slot of the completion queue', () => {
    const host = new RawHost({ anaGroups: 1 }).enable(8, 2);
    host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_ASYNC_EVENT_CONFIG, cdw11: 0x9ff });
    listen(host, 1);
    host.admin.push({ opcode: ADMIN_GET_FEATURES, cid: 60, cdw10: FEATURE_ARBITRATION });
    host.admin.ring();
    host.settle();
    host.controller.setAnaState(1, ANA_STATE_INACCESSIBLE);
    host.settle();
    expect(host.admin.completions.drain().map((each) => each.cid)).toEqual([60]);
    expect(events(host).map((each) => each.cid)).toEqual([1]);
  });

  it('a reset forgets requests, events and masks', () => {
    const host = started({ anaGroups: 1 });
    listen(host, 1, 2, 3, 4);
    host.controller.setAnaState(1, ANA_STATE_INACCESSIBLE);
    host.settle();
    host.write32(0x14, 0);
    host.enable();
    host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_ASYNC_EVENT_CONFIG, cdw11: 0x9ff });
    listen(host, 1, 2, 3, 4);
    expect(events(host)).toEqual([]);
    host.controller.setAnaState(1, ANA_STATE_OPTIMIZED);
    expect(events(host)).toHaveLength(1);
  });
});

describe('Abort', () => {
  it('completes a waiting event request with Abort Requested', () => {
    const host = started();
    listen(host, 21, 22);
    host.admin.push({ opcode: ADMIN_ABORT, cid: 90, cdw10: 22 << 16 });
    host.admin.ring();
    host.settle();
    const all = host.admin.completions.drain();
    expect(all.find((each) => each.cid === 90)).toMatchObject({ code: 0, result: 0 });
    expect(all.find((each) => each.cid === 22)).toMatchObject({ code: STATUS_ABORT_REQUESTED });
    expect(all).toHaveLength(2);
    // The place is free again.
    listen(host, 23, 24, 25);
    expect(events(host)).toEqual([]);
  });

  it.each([
    ['a command that is not there', 0, 12],
    ['a command of an I/O queue', 1, 3],
  ])('of %s succeeds and says that nothing was aborted', (_, queueId, cid) => {
    const host = started();
    host.createPair(1);
    expect(host.run({ opcode: ADMIN_ABORT, cdw10: (cid << 16) | queueId })).toMatchObject({ code: 0, result: 1 });
  });
});

describe('the ANA log', () => {
  it('lists groups, states, change counts and members', () => {
    const namespaces = [1, 2, 3].map((nsid) => ({ nsid, medium, anaGroupId: nsid === 3 ? 2 : 1 }));
    const host = started({ anaGroups: 3, namespaces });
    host.controller.setAnaState(2, ANA_STATE_INACCESSIBLE);
    host.controller.setAnaState(1, ANA_STATE_INACCESSIBLE);
    host.controller.setAnaState(1, ANA_STATE_OPTIMIZED);
    host.controller.setAnaState(1, ANA_STATE_OPTIMIZED);
    expect(decodeAnaLog(log(host, LOG_ANA, 256))).toEqual({
      chgcnt: 3,
      groups: [
        { agid: 1, chgcnt: 3, state: ANA_STATE_OPTIMIZED, nsids: [1, 2] },
        { agid: 2, chgcnt: 1, state: ANA_STATE_INACCESSIBLE, nsids: [3] },
        { agid: 3, chgcnt: 0, state: ANA_STATE_OPTIMIZED, nsids: [] },
      ],
    });
    expect(decodeAnaLog(log(host, LOG_ANA, 256, 0, 1 << 8)).groups.map((each) => each.nsids)).toEqual([[], [], []]);
  });

  it('Identify keeps working while a group is inaccessible', () => {
    const host = started({ anaGroups: 1 });
    host.controller.setAnaState(1, ANA_STATE_INACCESSIBLE);
    expect(host.run({ opcode: ADMIN_IDENTIFY, nsid: 1, prp1: host.iova(host.page()) }).code).toBe(0);
  });
});
