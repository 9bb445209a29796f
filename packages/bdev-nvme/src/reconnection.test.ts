import { silentLog, type WaitOptions } from '@phasebit/core';
import {
  CONTROLLER_CONNECTING,
  CONTROLLER_FAILED,
  CONTROLLER_LIVE,
  CONTROLLER_RESETTING,
  type ReconnectOptions,
} from '@phasebit/multipath';
import type { Controller, ControllerState } from '@phasebit/nvme';
import { describe, expect, it } from 'vitest';
import { Reconnection } from './reconnection.js';

const MS = 1e6;
const TIMES = { ctrlrLossTimeoutMs: 1000, reconnectDelayMs: 100, fastIoFailTimeoutMs: 300 };

/** A controller that is in whatever state, attempts that end when the test says so, and a clock that goes in milliseconds. */
function scripted(options: { reconnect?: ReconnectOptions; attaches?: boolean } = {}) {
  const { reconnect = TIMES, attaches = true } = options;
  const old = fakeController();
  const story: string[] = [];
  const attempts: { wait: WaitOptions; end: (controller: Controller) => void; fail: () => void }[] = [];
  const replaced: Controller[] = [];
  const attach = (wait: WaitOptions): Promise<Controller> =>
    new Promise((end, reject) => attempts.push({ wait, end, fail: () => reject(new Error('no answer')) }));
  const reconnection = new Reconnection({
    ...{ reconnect, attach: attaches ? attach : undefined },
    log: { ...silentLog, warn: (text) => void story.push(text) },
    replace: (controller) => {
      if (controller.identity.cntlid !== 3) throw new Error('another controller');
      replaced.push(controller);
      reconnection.recovered();
    },
  });
  let nowMs = 0;
  return {
    ...{ old, reconnection, story, attempts, replaced },
    /** Ticks each millisecond until then. */
    goTo: async (ms: number): Promise<void> => {
      for (; nowMs <= ms; nowMs++) {
        reconnection.tick(old.as, nowMs * MS);
        for (let i = 0; i < 5; i++) await Promise.resolve();
      }
    },
  };
}

function fakeController(state: ControllerState = 'READY', cntlid = 3) {
  const calls: string[] = [];
  const fake = {
    state,
    identity: { cntlid },
    giveUp: () => {
      calls.push('giveUp');
      return Promise.resolve();
    },
    shutDown: () => {
      calls.push('shutDown');
      return Promise.resolve();
    },
  };
  return { fake, calls, as: fake as unknown as Controller };
}

describe('a controller that is lost', () => {
  it.each<[ControllerState, number, number]>([
    ['READY', CONTROLLER_LIVE, CONTROLLER_LIVE],
    ['RESETTING', CONTROLLER_RESETTING, CONTROLLER_RESETTING],
    ['FAILING', CONTROLLER_RESETTING, CONTROLLER_RESETTING],
    ['FAILED', CONTROLLER_CONNECTING, CONTROLLER_FAILED],
    ['DETACHED', CONTROLLER_FAILED, CONTROLLER_FAILED],
  ])('%s looks to its paths as if nobody or somebody brought it up', (state, attaching, alone) => {
    const { as } = fakeController(state);
    expect(scripted().reconnection.stateOf(as)).toBe(attaching);
    expect(scripted({ attaches: false }).reconnection.stateOf(as)).toBe(alone);
    const never = { ctrlrLossTimeoutMs: 0, reconnectDelayMs: 0, fastIoFailTimeoutMs: 0 };
    expect(scripted({ reconnect: never }).reconnection.stateOf(as)).toBe(alone);
  });

  it('is attached anew while the driver is at it, or at other times than the delay says', async () => {
    const { old, attempts, goTo, reconnection } = scripted();
    await goTo(10);
    old.fake.state = 'RESETTING';
    await goTo(150);
    old.fake.state = 'FAILING';
    await goTo(160);
    expect(attempts.length).toBe(0);
    old.fake.state = 'FAILED';
    await goTo(170);
    expect(attempts.length).toBe(1);
    // An attempt that hangs is not joined by another.
    await goTo(400);
    expect(attempts.length).toBe(1);
    expect(reconnection.fastFailAtNs).toBe(311 * MS);
    attempts[0].fail();
    await goTo(500);
    expect(attempts.length).toBe(1);
    await goTo(502);
    expect(attempts.length).toBe(2);
  });

  it('is gone on with twice, or is tried further', async () => {
    const { old, attempts, goTo, reconnection, replaced, story } = scripted();
    old.fake.state = 'FAILED';
    await goTo(50);
    const next = fakeController();
    attempts[0].end(next.as);
    await goTo(51);
    expect(replaced).toEqual([next.as]);
    expect([reconnection.fastFailAtNs, attempts.length]).toEqual([Infinity, 1]);
    expect([next.calls, story]).toEqual([[], []]);
  });

  it('is another one afterwards, and stays up', async () => {
    const { old, attempts, goTo, story } = scripted();
    old.fake.state = 'FAILED';
    await goTo(50);
    const other = fakeController('READY', 4);
    attempts[0].end(other.as);
    await goTo(149);
    expect([other.calls, attempts.length]).toEqual([['shutDown'], 1]);
    expect(story).toEqual(['controller 3 not attached: Error: another controller']);
    await goTo(152);
    expect(attempts.length).toBe(2);
  });

  it('is given up too early, too late, or not with what is going on', async () => {
    const { old, attempts, goTo, reconnection, replaced, story } = scripted();
    old.fake.state = 'FAILED';
    await goTo(299);
    expect(story).toEqual([]);
    await goTo(301);
    expect(story).toEqual(['I/O does not wait for controller 3 any more']);
    await goTo(999);
    expect([reconnection.stateOf(old.as), attempts[0].wait.signal?.aborted]).toEqual([CONTROLLER_CONNECTING, false]);
    await goTo(1001);
    expect([reconnection.stateOf(old.as), attempts[0].wait.signal?.aborted]).toEqual([CONTROLLER_FAILED, true]);
    expect(story[1]).toBe('controller 3 given up: not back after 1000 ms');
    // It comes after all.
    const late = fakeController();
    attempts[0].end(late.as);
    await goTo(3000);
    expect([late.calls, replaced, attempts.length]).toEqual([['shutDown'], [], 1]);
  });

  it('is given up while the driver still resets it, which goes on', async () => {
    const { old, goTo, reconnection } = scripted({ attaches: false });
    old.fake.state = 'RESETTING';
    await goTo(999);
    expect(old.calls).toEqual([]);
    await goTo(1100);
    expect(old.calls).toEqual(['giveUp']);
    expect(reconnection.stateOf(old.as)).toBe(CONTROLLER_FAILED);
  });

  it('is back, and its clocks go on', async () => {
    const { old, goTo, reconnection, story } = scripted();
    old.fake.state = 'RESETTING';
    await goTo(200);
    old.fake.state = 'READY';
    await goTo(2000);
    expect([reconnection.fastFailAtNs, story]).toEqual([Infinity, []]);
    // A second loss has its own time.
    old.fake.state = 'RESETTING';
    await goTo(2900);
    expect(reconnection.stateOf(old.as)).toBe(CONTROLLER_RESETTING);
    expect(reconnection.fastFailAtNs).toBe(2301 * MS);
  });
});

it('times that do not go together are accepted', () => {
  expect(() => scripted({ reconnect: { ...TIMES, reconnectDelayMs: 0 } })).toThrow(/^reconnectDelayMs: /);
});
