import { describe, expect, it } from 'vitest';
import { settleControllerOptions } from './controller-options.js';
import { DriverError } from './errors.js';
import { settleQueuePairOptions, trackersOf } from './queue-pair-options.js';

const clock = { nowNs: () => 0 };

describe('options of a controller', () => {
  it('are other than what is documented when nothing is said', () => {
    expect(settleControllerOptions({ clock })).toEqual({
      ioQueuePairs: 64,
      adminDeadlineMs: 30_000,
      ioTimeoutMs: 30_000,
      healthCheckMs: 10,
    });
  });

  it.each([
    ['ioQueuePairs', 0, 'an integer from 1 to 65535'],
    ['ioQueuePairs', 65_536, 'an integer from 1 to 65535'],
    ['adminDeadlineMs', 0, 'an integer from 1 to 2147483647'],
    ['ioTimeoutMs', -1, 'an integer from 0 to 2147483647'],
    ['healthCheckMs', 1.5, 'an integer from 1 to 2147483647'],
    ['healthCheckMs', NaN, 'an integer from 1 to 2147483647'],
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
    });
    expect(settleQueuePairOptions({}, 2)).toMatchObject({ entries: 2, requests: 4 });
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
  });
});
