import { describe, expect, it } from 'vitest';
import { settleControllerOptions } from './controller-options.js';
import { DriverError } from './errors.js';
import { settleQueuePairOptions, trackersOf } from './queue-pair-options.js';

const clock = { nowNs: () => 0 };

describe('options of a controller', () => {
  it('are other than what is documented when nothing is said', () => {
    expect(settleControllerOptions({ clock })).toEqual({
      ioQueuePairs: 64,
      adminEntries: 32,
      adminDeadlineMs: 30_000,
      ioTimeoutMs: 30_000,
      healthCheckMs: 10,
      keepAliveMs: 0,
      hostId: undefined,
      arbitration: undefined,
      shadowDoorbells: true,
      followNamespaces: true,
      pci: undefined,
      quirks: [],
      onState: expect.any(Function),
      onLost: 'fail',
      resetAttemptsMax: 5,
      resetDelayMs: 1000,
    });
    const arbitration = { burst: 'unlimited', highWeight: 1, mediumWeight: 1, lowWeight: 1 };
    expect(settleControllerOptions({ clock, arbitration: {} }).arbitration).toEqual(arbitration);
  });

  it.each([
    [{ hostId: new Uint8Array(7) }, 'hostId: expected 8 or 16 bytes, got 7'],
    [{ hostId: new Uint8Array(16) }, 'hostId: expected a byte that is not zero, got none'],
    [{ arbitration: { burst: 3 } }, "arbitration.burst: expected a power of two from 1 to 64 or 'unlimited', got 3"],
    [
      { arbitration: { burst: 128 } },
      "arbitration.burst: expected a power of two from 1 to 64 or 'unlimited', got 128",
    ],
    [{ arbitration: { lowWeight: 0 } }, 'arbitration.lowWeight: expected an integer from 1 to 256, got 0'],
    [{ arbitration: { highWeight: 257 } }, 'arbitration.highWeight: expected an integer from 1 to 256, got 257'],
    [{ pci: { vendorId: 0x1_0000, deviceId: 0 } }, 'pci.vendorId: expected an integer from 0 to 65535, got 65536'],
    [{ pci: { vendorId: 0, deviceId: -1 } }, 'pci.deviceId: expected an integer from 0 to 65535, got -1'],
    [{ onLost: 'retry' as 'reset' }, 'onLost: expected fail, reset, got retry'],
    [{ clock: undefined as never }, 'clock: expected an object with nowNs(), got none'],
    [{ clock: performance as never }, 'clock: expected an object with nowNs(), got none'],
  ])('that cannot be are taken: %j', (options, message) => {
    expect(() => settleControllerOptions({ clock, ...options })).toThrow(new RangeError(message));
  });

  it('may be quirks that there are not', () => {
    const quirks = ['NO_SGL', 'NO_SGLS' as 'NO_SGL'] as const;
    expect(settleControllerOptions({ clock, quirks: quirks.slice(0, 1) }).quirks).toEqual(['NO_SGL']);
    expect(() => settleControllerOptions({ clock, quirks })).toThrow(
      /^quirks: expected DELAY.*, NO_SGL, .*, got NO_SGLS$/,
    );
  });

  it('change after they were given', () => {
    const hostId = new Uint8Array(8).fill(1);
    const settings = settleControllerOptions({ clock, hostId });
    hostId.fill(2);
    expect(settings.hostId).toEqual(new Uint8Array(8).fill(1));
  });

  it.each([
    ['ioQueuePairs', 0, 'an integer from 1 to 65535'],
    ['ioQueuePairs', 65_536, 'an integer from 1 to 65535'],
    ['adminDeadlineMs', 0, 'an integer from 1 to 2147483647'],
    ['ioTimeoutMs', -1, 'an integer from 0 to 2147483647'],
    ['healthCheckMs', 1.5, 'an integer from 1 to 2147483647'],
    ['healthCheckMs', NaN, 'an integer from 1 to 2147483647'],
    ['adminEntries', 1, 'an integer from 2 to 4096'],
    ['adminEntries', 4097, 'an integer from 2 to 4096'],
    ['keepAliveMs', -1, 'an integer from 0 to 2147483647'],
    ['resetAttemptsMax', 0, 'an integer from 1 to 1000000'],
    ['resetDelayMs', -1, 'an integer from 0 to 2147483647'],
  ])('out of range are taken: %s %d', (name, value, expected) => {
    expect(() => settleControllerOptions({ clock, [name]: value })).toThrow(
      new RangeError(`${name}: expected ${expected}, got ${value}`),
    );
  });
});

describe('options of a queue pair', () => {
  it('are other than what is documented when nothing is said', () => {
    expect(settleQueuePairOptions({}, 65_536)).toEqual({
      entries: 256,
      requests: 512,
      sqDoorbell: 'poll',
      cqDoorbell: 'half',
      callbackIn: 'tracker',
      lookAhead: true,
      completionsPerPollMax: 65_536,
      payload: 'auto',
      sglMerge: true,
      retriesMax: 4,
      priority: 'urgent',
    });
    expect(settleQueuePairOptions({}, 2)).toMatchObject({ entries: 2, requests: 4 });
  });

  it.each([
    [{ sqDoorbell: 'each' as 'poll' }, 'sqDoorbell: expected poll, command, got each'],
    [{ cqDoorbell: 'all' as 'poll' }, 'cqDoorbell: expected half, poll, got all'],
    [{ callbackIn: 'tracer' as 'tracker' }, 'callbackIn: expected tracker, request, got tracer'],
    [{ payload: 'prps' as 'prp' }, 'payload: expected auto, prp, sgl, got prps'],
  ])('are no choices and taken for the default: %j', (options, message) => {
    expect(() => settleQueuePairOptions(options, 64)).toThrow(new RangeError(message));
  });

  it('have more requests than an index of 16 bits names', () => {
    expect(settleQueuePairOptions({ entries: 65_536 }, 65_536).requests).toBe(65_536);
  });

  it.each([
    ['entries', 1, '2 to 64 (CAP.MQES + 1)'],
    ['entries', 65, '2 to 64 (CAP.MQES + 1)'],
    ['entries', 2.5, '2 to 64 (CAP.MQES + 1)'],
    ['requests', 0, '1 to 65536'],
    ['requests', 65_537, '1 to 65536'],
    ['completionsPerPollMax', 0, '1 to 65536'],
  ])('out of range are taken: %s %d', (name, value, expected) => {
    expect(() => settleQueuePairOptions({ [name]: value }, 64)).toThrow(
      new RangeError(`${name}: expected ${expected}, got ${value}`),
    );
  });

  it('let more be in flight than a ring, the requests, or the command identifiers allow', () => {
    const trackers = (entries: number, requests?: number): number =>
      trackersOf(settleQueuePairOptions({ entries, ...(requests === undefined ? {} : { requests }) }, 65_536));
    expect(trackers(2)).toBe(1);
    expect(trackers(1024)).toBe(1023);
    expect(trackers(1024, 7)).toBe(7);
    expect(trackers(65_536)).toBe(32_767);
  });
});

describe('an error of the driver', () => {
  it('keeps what was expected and what came to itself', () => {
    const cause = new Error('below');
    const error = new DriverError('QUEUE_REFUSED', { qid: 3, status: 'busy' }, { cause });
    expect(error).toMatchObject({ name: 'DriverError', code: 'QUEUE_REFUSED', facts: { qid: 3 }, cause });
    expect(error.message).toBe('no such queue pair can be had (qid=3, status=busy)');
    expect(new DriverError('ABORTED').message).toBe('the caller gave the wait up');
    const more = error.with({ state: 'QUEUES' });
    expect(more).toMatchObject({ code: 'QUEUE_REFUSED', facts: { qid: 3, status: 'busy', state: 'QUEUES' }, cause });
    expect(new DriverError('ABORTED').with({}).cause).toMatchObject({ code: 'ABORTED' });
  });
});
