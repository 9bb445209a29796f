import { silentLog } from '@phasebit/core';
import type { Controller, QueuePair } from '@phasebit/nvme';
import { expect, it } from 'vitest';
import { Leftovers } from './leftovers.js';

function fake(state: string, fails = false) {
  const deleted: unknown[] = [];
  const controller = {
    state,
    identity: { cntlid: 3 },
    deleteQueuePair: (pair: unknown) => {
      deleted.push(pair);
      return fails ? Promise.reject(new Error('no')) : Promise.resolve();
    },
  };
  return { controller, deleted, as: controller as unknown as Controller };
}

const pairOf = (connected: boolean): QueuePair => ({ qid: 1, connected }) as QueuePair;

it.each([
  ['READY', true, 1],
  ['READY', false, 0],
  ['FAILED', true, 1],
  ['FAILED', false, 1],
  ['DETACHED', true, 0],
  ['RESETTING', true, 0],
  ['FAILING', true, 0],
])(
  'a queue pair of a controller that is %s (connected: %s) is deleted at another moment',
  (state, connected, times) => {
    const { as, deleted } = fake(state);
    const leftovers = new Leftovers(silentLog);
    leftovers.add(as, pairOf(connected));
    leftovers.tick();
    expect(deleted.length).toBe(times);
  },
);

it.each(['READY', 'FAILED'])('a queue pair is kept after its controller has become %s, or deleted twice', (state) => {
  const { as, controller, deleted } = fake('RESETTING');
  const leftovers = new Leftovers(silentLog);
  const pairs = [pairOf(true), pairOf(true)];
  for (const pair of pairs) leftovers.add(as, pair);
  leftovers.tick();
  controller.state = 'FAILING';
  leftovers.tick();
  expect(deleted).toEqual([]);
  controller.state = state;
  for (let i = 0; i < 3; i++) leftovers.tick();
  expect(deleted).toEqual(pairs);
});

it('a deletion that fails is nobody’s business', async () => {
  const warnings: string[] = [];
  const leftovers = new Leftovers({ ...silentLog, warn: (text) => void warnings.push(text) });
  leftovers.add(fake('FAILED', true).as, pairOf(false));
  await Promise.resolve();
  await Promise.resolve();
  expect(warnings).toEqual(['queue pair 1 of controller 3 not deleted: Error: no']);
});
