import { describe, expect, it } from 'vitest';
import { doorbellOffset, shadowDoorbellOffset } from './doorbells.js';

describe('doorbells', () => {
  it.each([
    [0, false, 0, 0x1000],
    [0, true, 0, 0x1004],
    [1, false, 0, 0x1008],
    [1, true, 0, 0x100c],
    [1, false, 4, 0x1000 + 2 * 64],
    [3, true, 2, 0x1000 + 7 * 16],
    [0xffff, true, 15, 0x1000 + 0x1ffff * 0x20000],
  ])('queue %i, completion %s, stride %i is at %i', (queueId, isCompletion, dstrd, offset) => {
    expect(doorbellOffset(queueId, isCompletion, dstrd)).toBe(offset);
    expect(shadowDoorbellOffset(queueId, isCompletion, dstrd)).toBe(offset - 0x1000);
  });

  it('rejects queues and strides that do not exist', () => {
    expect(() => doorbellOffset(-1, false, 0)).toThrow('queue identifier 0..65535, got -1');
    expect(() => doorbellOffset(0x10000, false, 0)).toThrow(RangeError);
    expect(() => doorbellOffset(0, false, 16)).toThrow('CAP.DSTRD 0..15, got 16');
  });
});
