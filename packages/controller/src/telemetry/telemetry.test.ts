import {
  ADMIN_GET_LOG_PAGE,
  ADMIN_SET_FEATURES,
  ASYNC_EVENT_NOTICE_TELEMETRY,
  ASYNC_EVENT_TYPE_NOTICE,
  decodeTelemetryHeader,
  FEATURE_ASYNC_EVENT_CONFIG,
  LOG_TELEMETRY_CONTROLLER,
  LOG_TELEMETRY_HOST,
  LOG_TELEMETRY_LSP_CREATE,
  STATUS_INVALID_FIELD,
  TELEMETRY_BLOCK_BYTES,
  TELEMETRY_THDGN,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { begin, buffer, heard, listen, logDword, readLog, resetController } from '../../test-support/admin-calls.js';
import { RawHost } from '../../test-support/raw-host.js';

const CREATE = LOG_TELEMETRY_LSP_CREATE << 8;
/** Bit 15 of dword 10: retain the event. */
const RETAIN = 1 << 15;

const started = (): RawHost => new RawHost({ subnqn: 'nqn.telemetry' }).enable();
const header = (host: RawHost, id: number, flags = 0): ReturnType<typeof decodeTelemetryHeader> =>
  decodeTelemetryHeader(readLog(host, id, TELEMETRY_BLOCK_BYTES, 0, flags));
const textOf = (data: Uint8Array): string => String.fromCharCode(...data.filter((byte) => byte !== 0));
const reasonOf = (host: RawHost, id: number): string => textOf(readLog(host, id, 512, 0, RETAIN).subarray(384));

describe('the host-initiated telemetry log', () => {
  it('is empty until the host has it made', () => {
    const host = started();
    expect(header(host, LOG_TELEMETRY_HOST)).toMatchObject({ lid: LOG_TELEMETRY_HOST, lastBlocks: [0, 0, 0, 0] });
  });

  it('says in words how the controller was when it was made', () => {
    const host = started();
    host.createPair(3);
    const { lastBlocks } = header(host, LOG_TELEMETRY_HOST, CREATE);
    expect(lastBlocks).toEqual([lastBlocks[0], lastBlocks[0], lastBlocks[0], 0]);
    expect(lastBlocks[0]).toBeGreaterThan(0);
    host.clock.advanceNs(5e9);
    const bytes = lastBlocks[0] * TELEMETRY_BLOCK_BYTES;
    const text = textOf(readLog(host, LOG_TELEMETRY_HOST, bytes, TELEMETRY_BLOCK_BYTES));
    expect(text).toContain('controller 0 of nqn.telemetry');
    expect(text).toContain('state ready');
    expect(text).toContain('up 0 ms since the last reset');
    expect(text).toContain('3: head 0 of 64');
    expect(reasonOf(host, LOG_TELEMETRY_HOST)).toBe('asked for by the host');
  });

  it('counts how often it was made', () => {
    const host = started();
    const generation = (flags: number): number => readLog(host, LOG_TELEMETRY_HOST, 512, 0, flags)[TELEMETRY_THDGN];
    expect([generation(0), generation(CREATE), generation(0), generation(CREATE)]).toEqual([0, 1, 1, 2]);
  });

  it.each([
    ['an offset inside of a block', 512, 256],
    ['a length that is not whole blocks', 256, 0],
    ['an offset past the end', 512, 8192],
  ])('is refused for %s', (_, bytes, from) => {
    const host = started();
    for (const id of [LOG_TELEMETRY_HOST, LOG_TELEMETRY_CONTROLLER]) {
      const fields = { ...buffer(host, 512).fields, opcode: ADMIN_GET_LOG_PAGE };
      const command = { ...fields, cdw10: logDword(id, bytes), cdw12: from };
      expect(host.run(command)).toMatchObject({ code: STATUS_INVALID_FIELD, dnr: true });
    }
  });
});

describe('the controller-initiated telemetry log', () => {
  it('is made when the controller fails, and waits until it is read without RAE', () => {
    const host = started();
    expect(header(host, LOG_TELEMETRY_CONTROLLER)).toMatchObject({
      controllerDataAvailable: false,
      controllerGeneration: 0,
    });
    host.controller.fail('fatal');
    resetController(host);
    const failed = header(host, LOG_TELEMETRY_CONTROLLER, RETAIN);
    expect(failed).toMatchObject({ controllerDataAvailable: true, controllerGeneration: 1 });
    // The other log says that there is something to be read here.
    expect(header(host, LOG_TELEMETRY_HOST).controllerDataAvailable).toBe(true);
    expect(reasonOf(host, LOG_TELEMETRY_CONTROLLER)).toBe('controller fatal status');
    const bytes = failed.lastBlocks[0] * TELEMETRY_BLOCK_BYTES;
    const text = textOf(readLog(host, LOG_TELEMETRY_CONTROLLER, bytes, TELEMETRY_BLOCK_BYTES, RETAIN));
    expect(text).toContain('state failed');
    header(host, LOG_TELEMETRY_CONTROLLER);
    expect(header(host, LOG_TELEMETRY_CONTROLLER, RETAIN).controllerDataAvailable).toBe(false);
  });

  it('keeps the first failure until somebody has read it', () => {
    const host = started();
    for (let i = 0; i < 2; i++) {
      host.controller.fail('fatal');
      resetController(host);
    }
    expect(header(host, LOG_TELEMETRY_CONTROLLER).controllerGeneration).toBe(1);
    host.controller.fail('fatal');
    resetController(host);
    expect(header(host, LOG_TELEMETRY_CONTROLLER).controllerGeneration).toBe(2);
  });

  it('is told to a host that asks to hear of it, after the reset', () => {
    const host = started();
    host.controller.fail('fatal');
    resetController(host);
    listen(host, 1, 2);
    expect(heard(host)).toEqual([]);
    begin(host, { opcode: ADMIN_SET_FEATURES, cid: 9, cdw10: FEATURE_ASYNC_EVENT_CONFIG, cdw11: 1 << 10 });
    const result = ASYNC_EVENT_TYPE_NOTICE | (ASYNC_EVENT_NOTICE_TELEMETRY << 8) | (LOG_TELEMETRY_CONTROLLER << 16);
    const all = host.admin.completions.drain();
    expect(all.map((each) => each.cid).sort()).toEqual([1, 9]);
    expect(all.find((each) => each.cid === 1)).toMatchObject({ code: 0, result });
  });

  it('is told to nobody when there is none', () => {
    const host = started();
    listen(host, 1);
    begin(host, { opcode: ADMIN_SET_FEATURES, cid: 9, cdw10: FEATURE_ASYNC_EVENT_CONFIG, cdw11: 1 << 10 });
    expect(host.admin.completions.drain().map((each) => each.cid)).toEqual([9]);
  });
});
