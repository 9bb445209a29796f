import {
  ADMIN_DEVICE_SELF_TEST,
  ADMIN_FORMAT_NVM,
  ADMIN_NAMESPACE_MANAGEMENT,
  ADMIN_SANITIZE,
  decodeIdentifyController,
  decodeSelfTestLog,
  IDENTIFY_CNS_CONTROLLER,
  LOG_DEVICE_SELF_TEST,
  NAMESPACE_MANAGEMENT_DELETE,
  SANITIZE_ACTION_BLOCK_ERASE,
  SELF_TEST_ABORT,
  SELF_TEST_EXTENDED,
  SELF_TEST_LOG_BYTES,
  SELF_TEST_LOG_RESULT_COUNT,
  SELF_TEST_RESULT_ABORTED,
  SELF_TEST_RESULT_ABORTED_FORMAT,
  SELF_TEST_RESULT_ABORTED_NAMESPACE,
  SELF_TEST_RESULT_ABORTED_RESET,
  SELF_TEST_RESULT_ABORTED_SANITIZE,
  SELF_TEST_RESULT_KNOWN_SEGMENT_FAILED,
  SELF_TEST_RESULT_OK,
  SELF_TEST_SHORT,
  type SelfTestLog,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
  STATUS_SELF_TEST_IN_PROGRESS,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { identify, readLog, resetController } from '../../test-support/admin-calls.js';
import { type RawCompletion, RawHost } from '../../test-support/raw-host.js';
import { SharedSubsystem } from '../../test-support/shared-subsystem.js';
import { RamMedium } from '../media/ram-medium.js';

const SHORT_MS = 60_000;
const EXTENDED_MS = 150_000;
const ALL = 0xffff_ffff;

function started(): RawHost {
  const namespaces = [1, 2].map((nsid) => ({ nsid, medium: new RamMedium({ bytes: 65_536 }) }));
  const durations = { shortTestMs: SHORT_MS, extendedTestMs: EXTENDED_MS };
  return new RawHost({ namespaces, largestNsid: 4, durations }).enable();
}

const test = (host: RawHost, code: number, nsid = 0): RawCompletion =>
  host.run({ opcode: ADMIN_DEVICE_SELF_TEST, nsid, cdw10: code });
const log = (host: RawHost): SelfTestLog => decodeSelfTestLog(readLog(host, LOG_DEVICE_SELF_TEST, SELF_TEST_LOG_BYTES));

function pass(host: RawHost, ms: number): void {
  host.clock.advanceNs(ms * 1e6);
  host.settle();
}

describe('Device Self-test', () => {
  it.each([
    ['short', SELF_TEST_SHORT, SHORT_MS],
    ['extended', SELF_TEST_EXTENDED, EXTENDED_MS],
  ])('runs a %s test in the background, with progress, and logs the result', (_, code, ms) => {
    const host = started();
    expect(log(host)).toEqual({ current: 0, percent: 0, results: [] });
    expect(test(host, code, 2).code).toBe(0);
    pass(host, ms / 4);
    expect(log(host)).toEqual({ current: code, percent: 25, results: [] });
    pass(host, (ms * 3) / 4);
    expect(log(host)).toMatchObject({ current: 0, results: [{ code, result: SELF_TEST_RESULT_OK, nsid: 2 }] });
  });

  it('says how long an extended test takes, minutes rounded up', () => {
    expect(decodeIdentifyController(identify(started(), IDENTIFY_CNS_CONTROLLER)).edstt).toBe(3);
  });

  it('is done at once when it takes no time', () => {
    const host = new RawHost().enable();
    test(host, SELF_TEST_SHORT);
    expect(log(host)).toMatchObject({ current: 0, results: [{ result: SELF_TEST_RESULT_OK, nsid: undefined }] });
  });

  it('fails in the segment about health while there is a critical warning', () => {
    const host = started();
    host.controller.setConditions({ isDegraded: true });
    test(host, SELF_TEST_SHORT);
    pass(host, SHORT_MS);
    expect(log(host).results).toMatchObject([{ result: SELF_TEST_RESULT_KNOWN_SEGMENT_FAILED, segment: 2 }]);
  });

  it('keeps the last twenty results, newest first, with their hour', () => {
    const host = started();
    for (let i = 0; i < SELF_TEST_LOG_RESULT_COUNT + 5; i++) {
      pass(host, 3_600_000);
      test(host, SELF_TEST_SHORT);
      test(host, SELF_TEST_ABORT);
    }
    const { results } = log(host);
    expect(results.map((each) => each.powerOnHours)).toEqual(
      Array.from({ length: SELF_TEST_LOG_RESULT_COUNT }, (_, i) => 25 - i),
    );
  });

  it.each([
    ['an abort', SELF_TEST_RESULT_ABORTED, (host: RawHost) => test(host, SELF_TEST_ABORT)],
    [
      'a format of it',
      SELF_TEST_RESULT_ABORTED_FORMAT,
      (host: RawHost) => host.run({ opcode: ADMIN_FORMAT_NVM, nsid: 1 }),
    ],
    [
      'a format of all namespaces',
      SELF_TEST_RESULT_ABORTED_FORMAT,
      (host: RawHost) => host.run({ opcode: ADMIN_FORMAT_NVM, nsid: ALL }),
    ],
    [
      'its deletion',
      SELF_TEST_RESULT_ABORTED_NAMESPACE,
      (host: RawHost) => host.run({ opcode: ADMIN_NAMESPACE_MANAGEMENT, nsid: 1, cdw10: NAMESPACE_MANAGEMENT_DELETE }),
    ],
    [
      'a sanitize operation',
      SELF_TEST_RESULT_ABORTED_SANITIZE,
      (host: RawHost) => host.run({ opcode: ADMIN_SANITIZE, cdw10: SANITIZE_ACTION_BLOCK_ERASE }),
    ],
  ])('of a namespace is ended by %s', (_, result, act) => {
    const host = started();
    test(host, SELF_TEST_EXTENDED, 1);
    expect(act(host).code).toBe(0);
    expect(log(host)).toMatchObject({ current: 0, results: [{ code: SELF_TEST_EXTENDED, result, nsid: 1 }] });
    // The time of the test that was ended does not come back.
    pass(host, EXTENDED_MS);
    expect(log(host).results).toHaveLength(1);
  });

  it('of the controller alone, or of another namespace, goes on through what happens to a namespace', () => {
    for (const nsid of [0, 2]) {
      const host = started();
      test(host, SELF_TEST_EXTENDED, nsid);
      host.run({ opcode: ADMIN_FORMAT_NVM, nsid: 1 });
      expect(log(host)).toMatchObject({ current: SELF_TEST_EXTENDED, results: [] });
    }
  });

  it('is ended by a controller reset when it is short, and goes on when it is extended', () => {
    const host = started();
    test(host, SELF_TEST_SHORT);
    resetController(host);
    expect(log(host)).toMatchObject({ current: 0, results: [{ result: SELF_TEST_RESULT_ABORTED_RESET }] });
    test(host, SELF_TEST_EXTENDED);
    resetController(host);
    pass(host, EXTENDED_MS);
    expect(log(host).results[0]).toMatchObject({ code: SELF_TEST_EXTENDED, result: SELF_TEST_RESULT_OK });
  });

  it('of one controller is no business of another', () => {
    const shared = new SharedSubsystem(2, { durations: { shortTestMs: SHORT_MS } });
    const [a, b] = shared.hosts;
    test(a, SELF_TEST_SHORT);
    expect(test(b, SELF_TEST_SHORT).code).toBe(0);
    shared.pass(SHORT_MS);
    test(b, SELF_TEST_ABORT);
    expect([log(a).results.length, log(b).results.length]).toEqual([1, 1]);
  });

  it('that does not run can be aborted, to no effect', () => {
    const host = started();
    expect(test(host, SELF_TEST_ABORT).code).toBe(0);
    expect(log(host).results).toEqual([]);
  });
});

describe('Device Self-test is refused', () => {
  it.each([
    ['code 0', 0, 0, STATUS_INVALID_FIELD],
    ['code 4', 4, 0, STATUS_INVALID_FIELD],
    ['a vendor specific test', 0xe, 0, STATUS_INVALID_FIELD],
    ['a namespace past the last', SELF_TEST_SHORT, 5, STATUS_INVALID_NAMESPACE],
    ['an inactive namespace', SELF_TEST_SHORT, 3, STATUS_INVALID_FIELD],
  ])('for %s', (_, code, nsid, expected) => {
    const host = started();
    expect(test(host, code, nsid)).toMatchObject({ code: expected, dnr: true });
    expect(log(host).current).toBe(0);
  });

  it('while one runs', () => {
    const host = started();
    test(host, SELF_TEST_EXTENDED);
    expect(test(host, SELF_TEST_SHORT)).toMatchObject({ code: STATUS_SELF_TEST_IN_PROGRESS, dnr: false });
    expect(log(host).current).toBe(SELF_TEST_EXTENDED);
  });
});
