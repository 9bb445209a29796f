import { describe, expect, it } from 'vitest';
import { assert, InvariantError, ManualClock, silentLog } from './index.js';

describe('assert', () => {
  it('throws although the rule holds', () => {
    expect(() => assert(true, 'never seen')).not.toThrow();
  });

  it('lets a broken rule pass, or hides which one it is', () => {
    expect(() => assert(false, 'a ring has two entries or more')).toThrow(InvariantError);
    expect(() => assert(false, 'a ring has two entries or more')).toThrow('a ring has two entries or more');
    expect(new InvariantError('x')).toMatchObject({ name: 'InvariantError', message: 'x' });
  });

  it('does not narrow types', () => {
    const value: string | undefined = [undefined, 'here'].at(1);
    assert(value !== undefined, 'the value is there');
    expect(value.length).toBe(4);
  });
});

describe('a manual clock', () => {
  it('moves by itself, or backwards', () => {
    const clock = new ManualClock();
    expect(clock.nowNs()).toBe(0);
    expect(clock.nowNs()).toBe(0);
    clock.advanceNs(1500);
    clock.advanceNs(0);
    expect(clock.nowNs()).toBe(1500);
    for (const wrong of [-1, NaN, -Infinity]) {
      expect(() => clock.advanceNs(wrong)).toThrow(`deltaNs: expected 0 or more, got ${wrong}`);
    }
    expect(clock.nowNs()).toBe(1500);
  });
});

describe('the silent log', () => {
  it('says something', () => {
    expect(silentLog.info('up')).toBeUndefined();
    expect(silentLog.warn('down')).toBeUndefined();
  });
});
