import { ManualClock } from '@phasebit/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { BackgroundTasks } from './background-tasks.js';

describe('background tasks', () => {
  let clock: ManualClock;
  let tasks: BackgroundTasks;
  let done: string[];
  const start = (ms: number, name: string): ReturnType<BackgroundTasks['start']> =>
    tasks.start(ms, () => done.push(name));

  beforeEach(() => {
    clock = new ManualClock();
    tasks = new BackgroundTasks(clock);
    done = [];
  });

  it('that take no time are done at once', () => {
    start(0, 'a');
    expect([done, tasks.count, tasks.nextDueNs]).toEqual([['a'], 0, Infinity]);
  });

  it('are done in the order in which they end, when somebody looks', () => {
    start(5, 'a');
    start(3, 'b');
    expect(tasks.nextDueNs).toBe(3e6);
    clock.advanceNs(2e6);
    expect(tasks.run()).toBe(0);
    clock.advanceNs(9e6);
    expect([tasks.run(), done, tasks.nextDueNs]).toEqual([2, ['b', 'a'], Infinity]);
  });

  it('may start other ones when they end', () => {
    tasks.start(1, () => {
      done.push('first');
      start(1, 'second');
    });
    clock.advanceNs(1e6);
    expect([tasks.run(), tasks.count, tasks.nextDueNs]).toEqual([1, 1, 2e6]);
    clock.advanceNs(1e6);
    expect([tasks.run(), done]).toEqual([1, ['first', 'second']]);
  });

  it('that are canceled are never done', () => {
    const task = start(1, 'a');
    tasks.cancel(task);
    // To no effect.
    tasks.cancel(task);
    clock.advanceNs(1e9);
    expect([tasks.run(), done, tasks.count]).toEqual([0, [], 0]);
  });

  it('know how much of them is done, and never say all before they are', () => {
    const task = start(10, 'a');
    expect(tasks.progress(task)).toBe(0);
    clock.advanceNs(5e6);
    expect(tasks.progress(task)).toBe(0.5);
    clock.advanceNs(50e6);
    expect(tasks.progress(task)).toBeLessThan(1);
  });
});
