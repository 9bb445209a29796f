import { InvariantError } from '@phasebit/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkReconnectOptions,
  RECONNECT_NEVER,
  ReconnectTimer,
  TIMER_CTRLR_LOST,
  TIMER_FAST_IO_FAIL,
  TIMER_RECONNECT,
} from './index.js';

const MS = 1e6;

function options(ctrlrLossTimeoutMs: number, reconnectDelayMs: number, fastIoFailTimeoutMs: number) {
  return { ctrlrLossTimeoutMs, reconnectDelayMs, fastIoFailTimeoutMs };
}

describe('the three times', () => {
  it.each([
    [0, 0, 0],
    [-1, 1, 0],
    [-1, 10, 10],
    [-1, 10, 100_000],
    [10, 1, 0],
    [10, 10, 0],
    [10, 10, 10],
    [10, 2, 5],
  ])('loss %d, delay %d, fast fail %d go together', (loss, delay, fast) => {
    expect(() => checkReconnectOptions(options(loss, delay, fast))).not.toThrow();
  });

  it.each([
    [0, 1, 0, 'reconnectDelayMs: with ctrlrLossTimeoutMs 0, expected 0, got 1'],
    [0, 0, 1, 'fastIoFailTimeoutMs: with ctrlrLossTimeoutMs 0, expected 0, got 1'],
    [-1, 0, 0, 'reconnectDelayMs: with ctrlrLossTimeoutMs -1, expected more than 0, got 0'],
    [5, 0, 0, 'reconnectDelayMs: with ctrlrLossTimeoutMs 5, expected more than 0, got 0'],
    [5, 6, 0, 'reconnectDelayMs: with ctrlrLossTimeoutMs 5, expected no more than that, got 6'],
    [-1, 10, 9, 'fastIoFailTimeoutMs: with reconnectDelayMs 10, expected 0 or no less than that, got 9'],
    [20, 10, 9, 'fastIoFailTimeoutMs: with reconnectDelayMs 10, expected 0 or no less than that, got 9'],
    [20, 10, 21, 'fastIoFailTimeoutMs: with ctrlrLossTimeoutMs 20, expected no more than that, got 21'],
    [-2, 1, 0, 'ctrlrLossTimeoutMs: expected an integer of -1 or more, got -2'],
    [10, -1, 0, 'reconnectDelayMs: expected an integer of 0 or more, got -1'],
    [10, 1, -1, 'fastIoFailTimeoutMs: expected an integer of 0 or more, got -1'],
    [1.5, 1, 0, 'ctrlrLossTimeoutMs: expected an integer of -1 or more, got 1.5'],
    [10, NaN, 0, 'reconnectDelayMs: expected an integer of 0 or more, got NaN'],
  ])('loss %d, delay %d, fast fail %d do not', (loss, delay, fast, message) => {
    expect(() => checkReconnectOptions(options(loss, delay, fast))).toThrow(new RangeError(message));
    expect(() => new ReconnectTimer(options(loss, delay, fast))).toThrow(RangeError);
  });
});

describe('a controller that was lost', () => {
  it('is tried for at once and then after each delay, until it recovers', () => {
    const timer = new ReconnectTimer(options(-1, 10, 0));
    expect(timer.tick(0)).toBe(0);
    expect(timer.lost(100)).toBe(true);
    expect(timer.tick(100)).toBe(TIMER_RECONNECT);
    expect(timer.tick(1e15)).toBe(0); // an attempt is running
    timer.attemptFailed(1e15);
    expect(timer.tick(1e15 + 10 * MS - 1)).toBe(0);
    expect(timer.tick(1e15 + 10 * MS)).toBe(TIMER_RECONNECT);
    timer.recovered();
    expect([timer.tick(1e16), timer.isTrying, timer.fastFailAtNs]).toEqual([0, false, Infinity]);
    expect(timer.lost(2e16)).toBe(true);
    expect(timer.tick(2e16)).toBe(TIMER_RECONNECT);
  });

  it('fails I/O fast at its time, although an attempt hangs, and goes on trying', () => {
    const timer = new ReconnectTimer(options(-1, 10, 20));
    timer.lost(0);
    expect(timer.fastFailAtNs).toBe(20 * MS);
    expect(timer.tick(0)).toBe(TIMER_RECONNECT);
    expect(timer.tick(20 * MS - 1)).toBe(0);
    expect(timer.tick(20 * MS)).toBe(TIMER_FAST_IO_FAIL);
    expect(timer.tick(21 * MS)).toBe(0);
    timer.attemptFailed(30 * MS);
    expect(timer.tick(40 * MS)).toBe(TIMER_RECONNECT);
  });

  it('is given up at its time, although an attempt hangs, and once', () => {
    const timer = new ReconnectTimer(options(50, 10, 20));
    timer.lost(0);
    expect(timer.tick(0)).toBe(TIMER_RECONNECT);
    expect(timer.tick(50 * MS)).toBe(TIMER_FAST_IO_FAIL | TIMER_CTRLR_LOST);
    expect([timer.tick(60 * MS), timer.isTrying]).toEqual([0, false]);
    timer.attemptFailed(61 * MS);
    expect(timer.tick(100 * MS)).toBe(0);
    expect(timer.lost(200 * MS)).toBe(false);
  });

  it('is given up rather than tried for when both are due', () => {
    const timer = new ReconnectTimer(options(50, 10, 0));
    timer.lost(0);
    timer.tick(0);
    timer.attemptFailed(45 * MS);
    expect(timer.tick(60 * MS)).toBe(TIMER_CTRLR_LOST);
  });

  it('does not start its clocks again when it is lost again', () => {
    const timer = new ReconnectTimer(options(50, 10, 20));
    timer.lost(0);
    timer.tick(0);
    expect(timer.lost(10 * MS)).toBe(true);
    expect(timer.fastFailAtNs).toBe(20 * MS);
    expect(timer.tick(20 * MS)).toBe(TIMER_FAST_IO_FAIL);
  });

  it('is not tried for at all without times, and nothing waits for it', () => {
    const timer = new ReconnectTimer(RECONNECT_NEVER);
    expect(timer.lost(5)).toBe(false);
    expect([timer.tick(1e15), timer.isTrying, timer.fastFailAtNs]).toEqual([0, false, 5]);
  });

  it('cannot fail an attempt before it was lost', () => {
    expect(() => new ReconnectTimer(RECONNECT_NEVER).attemptFailed(0)).toThrow(InvariantError);
  });

  it('never has two attempts at once, none after the end, and each limit on the first tick after its time', () => {
    const step = fc.record({ deltaMs: fc.nat(15), fails: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 20, max: 100 }), (steps, lossMs) => {
        const timer = new ReconnectTimer(options(lossMs, 5, 10));
        timer.lost(0);
        let [now, isAttempting, hasFastFailed, isOver, lastFailureMs] = [0, false, false, false, -Infinity];
        for (const { deltaMs, fails } of steps) {
          if (isAttempting && fails) {
            timer.attemptFailed(now * MS);
            [isAttempting, lastFailureMs] = [false, now];
          }
          now += deltaMs;
          const due = timer.tick(now * MS);
          expect((due & TIMER_FAST_IO_FAIL) !== 0).toBe(!hasFastFailed && now >= 10);
          expect((due & TIMER_CTRLR_LOST) !== 0).toBe(!isOver && now >= lossMs);
          hasFastFailed ||= now >= 10;
          isOver ||= now >= lossMs;
          expect((due & TIMER_RECONNECT) !== 0).toBe(!isOver && !isAttempting && now >= lastFailureMs + 5);
          isAttempting = !isOver && (isAttempting || (due & TIMER_RECONNECT) !== 0);
        }
      }),
    );
  });
});
