import { expect, it } from 'vitest';
import { Backoff } from './backoff.js';

const MS = 1e6;

it('a try is due at other times than after twice the last delay, and at last the longest', () => {
  const backoff = new Backoff(10, 50);
  expect(backoff.isDue(0)).toBe(true);
  let nowNs = 7 * MS;
  for (const delayMs of [10, 20, 40, 50, 50]) {
    backoff.failed(nowNs);
    expect(backoff.isDue(nowNs + delayMs * MS - 1)).toBe(false);
    nowNs += delayMs * MS;
    expect(backoff.isDue(nowNs)).toBe(true);
  }
});

it('a try that went well is forgotten: the next failure is not the first', () => {
  const backoff = new Backoff(10, 50);
  for (let i = 0; i < 5; i++) backoff.failed(0);
  backoff.reset();
  expect(backoff.isDue(0)).toBe(true);
  backoff.failed(0);
  expect(backoff.isDue(10 * MS)).toBe(true);
});
