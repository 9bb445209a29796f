import { describe, expect, it, vi } from 'vitest';
import { ScriptedController } from '../../test-support/scripted-controller.js';
import type { Controller } from '../controller.js';
import type { ControllerOptions } from '../controller-options.js';
import type { QueuePair } from '../queue-pair.js';

const MS = 1e6;
const ABORTED_BY_HOST = 0x371;

// Opcodes of [Base], stated here by themselves.
const CREATE_SQ = 0x01;
const CREATE_CQ = 0x05;
const DELETE_SQ = 0x00;
const IDENTIFY = 0x06;
const SET_FEATURES = 0x09;
const EVENT_REQUEST = 0x0c;
const KEEP_ALIVE = 0x18;

async function open(
  options: Partial<ControllerOptions> = {},
  prepare: (device: ScriptedController) => void = () => undefined,
) {
  const device = new ScriptedController();
  prepare(device);
  const states: string[] = [];
  const controller = await device.attach({ onState: (state) => states.push(state), ...options });
  states.length = 0;
  const story: string[] = [];
  controller.onReset = (error) => story.push(`reset ${error?.code ?? 'asked for'}`);
  controller.onReady = (gone) => story.push(`ready ${gone.length}`);
  controller.onFailed = (error) => story.push(`failed ${error.code}`);
  return { device, controller, states, story };
}

/** Ticks and pauses until it is done. */
async function until(
  device: ScriptedController,
  controller: Controller,
  isDone: () => boolean,
  turnsMax = 20_000,
): Promise<void> {
  for (let turn = 0; !isDone(); turn++) {
    if (turn === turnsMax) throw new Error(`not done after ${turnsMax} turns`);
    controller.tick();
    await device.function.pause();
  }
}

/** A flush in flight; its statuses arrive in the list. */
function flush(controller: Controller, pair: QueuePair): number[] {
  const statuses: number[] = [];
  pair.flush(controller.namespace(1), (_, status) => void statuses.push(status), 'flush');
  pair.poll();
  return statuses;
}

describe('a reset', () => {
  it('does not go through all of a bring-up, or leaves a queue pair with another identifier or other memory', async () => {
    const { device, controller, states, story } = await open();
    const pairs = [await controller.createQueuePair({ entries: 8 }), await controller.createQueuePair({ entries: 16 })];
    await controller.deleteQueuePair(pairs[0]);
    const created = (): unknown[] =>
      [...device.seen(CREATE_CQ), ...device.seen(CREATE_SQ)].map(({ dwords }) => [
        ...dwords.slice(6, 8),
        ...dwords.slice(10, 12),
      ]);
    const before = created();
    device.commands.length = 0;
    await controller.reset();
    expect(story).toEqual(['reset asked for', 'ready 0']);
    expect(states).toEqual([
      ...['READ_CAP', 'DISABLE', 'DISABLE_WAIT_NOT_READY', 'ENABLE', 'ENABLE_WAIT_READY', 'IDENTIFY', 'NUM_QUEUES'],
      ...['AER', 'NAMESPACES', 'DESCRIPTORS', 'QUEUES', 'READY'],
    ]);
    // The pair that is left, and it alone.
    expect(created()).toEqual([before[1], before[3]]);
    expect(controller.queuePairs).toEqual([pairs[1]]);
    expect(pairs[1].isSuspended).toBe(false);
    expect(controller.state).toBe('READY');
    expect(controller.error).toBeUndefined();
  });

  it('forgets or repeats what was in flight, against the rule, or does not send what came meanwhile', async () => {
    const { device, controller } = await open();
    const pair = await controller.createQueuePair({ entries: 8 });
    const repeated = flush(controller, pair);
    const failed: number[] = [];
    const vendor = new Int32Array(16);
    vendor[0] = 0xc0;
    pair.submitCommand(vendor, 0, 0, (_, status) => void failed.push(status), 'vendor');
    pair.poll();
    const done = controller.reset();
    expect(controller.state).toBe('RESETTING');
    expect(pair.isSuspended).toBe(true);
    const waiting = flush(controller, pair);
    await done;
    expect(pair.statistics.submitted).toBe(4);
    pair.poll();
    expect(failed).toEqual([ABORTED_BY_HOST]);
    expect([repeated, waiting]).toEqual([[], []]);
    // Sent again, and sent at all.
    expect(pair.inFlight).toBe(2);
    void device;
  });

  it('hangs admin commands, or has those of before and after taken for one another', async () => {
    const { device, controller } = await open();
    device.answer(IDENTIFY, 'keep', 0x17);
    const stuck = controller.admin.execute({ opcode: IDENTIFY, cdw10: 0x17 });
    await device.function.pause();
    const old = controller.admin.queuePair;
    await controller.reset();
    await expect(stuck).resolves.toEqual({ status: ABORTED_BY_HOST, dw0: 0 });
    expect(controller.admin.queuePair).not.toBe(old);
    expect(old.connected).toBe(false);
    await expect(controller.identify()).resolves.toMatchObject({ cntlid: 7 });
    // As many requests for events are parked as before, none of them twice.
    expect(device.kept.filter(({ opcode }) => opcode === EVENT_REQUEST).length).toBe(4);
    expect(controller.admin.queuePair.statistics.spurious).toBe(0);
  });

  it('takes memory each time', async () => {
    const { device, controller } = await open();
    const pair = await controller.createQueuePair({ entries: 8, requests: 16 });
    const largest = (): number => {
      for (let bytes = 8 << 20; ; bytes -= 4096) {
        try {
          device.dma.free(device.dma.allocate(bytes));
          return bytes;
        } catch {
          continue;
        }
      }
    };
    await controller.reset();
    const least = largest();
    for (let i = 0; i < 10; i++) await controller.reset();
    expect(largest()).toBe(least);
    await controller.deleteQueuePair(pair);
    await controller.shutDown();
    device.dma.free(device.dma.allocate(8 << 20));
  });

  it('keeps the namespaces as they were, or makes new objects of those that have not changed', async () => {
    const { device, controller } = await open({}, (each) => each.addNamespace(2));
    const [one, two] = [controller.namespace(1), controller.namespace(2)];
    const table = controller.namespaces;
    device.namespaces.delete(2);
    device.addNamespace(3);
    device.addNamespace(4);
    const changes = vi.fn();
    controller.subscribe('namespaces', ({ changes: each, event }) => void changes(each, event));
    await controller.reset();
    expect(controller.namespaces).toBe(table);
    expect([...table.keys()]).toEqual([1, 3, 4]);
    expect(controller.namespace(1)).toBe(one);
    controller.tick();
    const [three, four] = [controller.namespace(3), controller.namespace(4)];
    expect(changes.mock.calls).toEqual([[{ added: [three, four], removed: [two], changed: [] }, undefined]]);
  });

  it('leaves a queue pair that is not granted any more waiting for ever', async () => {
    const { device, controller, story } = await open();
    const pairs = [await controller.createQueuePair({ entries: 8 }), await controller.createQueuePair({ entries: 8 })];
    const statuses = flush(controller, pairs[1]);
    device.answer(SET_FEATURES, { dw0: 0 }, 0x07);
    await controller.reset();
    expect(story).toEqual(['reset asked for', 'ready 1']);
    expect(statuses).toEqual([ABORTED_BY_HOST]);
    expect(controller.queuePairs).toEqual([pairs[0]]);
    expect(controller.ioQueuePairsMax).toBe(1);
  });

  it('can be asked for of a controller that is being reset, and things done that need one that is not', async () => {
    const { controller } = await open();
    const pair = await controller.createQueuePair();
    const first = controller.reset();
    const notReady = { code: 'NOT_READY', facts: { expected: 'READY', state: 'RESETTING' } };
    await expect(controller.reset()).rejects.toMatchObject(notReady);
    await expect(controller.createQueuePair()).rejects.toMatchObject(notReady);
    await expect(controller.deleteQueuePair(pair)).rejects.toMatchObject(notReady);
    await expect(controller.shutDown()).rejects.toMatchObject(notReady);
    await expect(controller.disconnect()).rejects.toMatchObject({ code: 'NOT_READY' });
    await first;
    expect(controller.state).toBe('READY');
  });

  it('is waited for longer than the caller wants to, or stopped by that', async () => {
    const { device, controller } = await open();
    device.readyPauses = 100;
    const late = controller.reset({ deadlineMs: 10 });
    await expect(late).rejects.toMatchObject({ code: 'OPERATION_TIMEOUT', facts: { operation: 'reset' } });
    await until(device, controller, () => controller.state !== 'RESETTING');
    expect(controller.state).toBe('READY');
  });

  it('that fails once fails for good, although only a lost controller is to be tried again', async () => {
    const { device, controller, story } = await open();
    device.readyPauses = 5000;
    const failed = { code: 'RESET_FAILED', facts: { attempts: 1, reason: 'asked for', last: 'READY_TIMEOUT' } };
    await expect(controller.reset()).rejects.toMatchObject(failed);
    expect(controller.state).toBe('FAILED');
    expect(controller.error).toMatchObject({ ...failed, cause: { facts: { state: 'ENABLE_WAIT_READY' } } });
    expect(story).toEqual(['reset asked for', 'failed RESET_FAILED']);
  });
});

describe('a reset in two steps', () => {
  it('does more in the first than disable, or less', async () => {
    const { device, controller, states } = await open();
    const pair = await controller.createQueuePair({ entries: 8 });
    await controller.disconnect();
    expect(device.configured.at(-1)! & 1).toBe(0);
    expect([controller.state, pair.isSuspended, states]).toEqual(['RESETTING', true, []]);
    // Nothing goes on by itself.
    for (let i = 0; i < 3000; i++) {
      controller.tick();
      await device.function.pause();
    }
    expect([controller.state, states]).toEqual(['RESETTING', []]);
    await controller.reconnect();
    expect([controller.state, pair.isSuspended]).toEqual(['READY', false]);
    const early = { code: 'NOT_READY', message: expect.stringContaining('expected=RESETTING, by disconnect()') };
    await expect(controller.reconnect()).rejects.toMatchObject(early);
  });

  it('cannot be tried again, or is final although it need not be', async () => {
    const { device, controller } = await open();
    device.followsEnable = false;
    await expect(controller.disconnect()).rejects.toMatchObject({ code: 'READY_TIMEOUT' });
    device.followsEnable = true;
    await controller.disconnect();
    device.readyPauses = 5000;
    await expect(controller.reconnect()).rejects.toMatchObject({ code: 'READY_TIMEOUT' });
    expect(controller.state).toBe('RESETTING');
    device.readyPauses = 1;
    await controller.reconnect();
    expect(controller.state).toBe('READY');
  });

  it('cannot be given up', async () => {
    const { device, controller, story } = await open();
    const pair = await controller.createQueuePair();
    const statuses = flush(controller, pair);
    await controller.disconnect();
    await controller.giveUp();
    expect([controller.state, statuses]).toEqual(['FAILED', [ABORTED_BY_HOST]]);
    expect(story).toEqual(['reset asked for', 'failed GIVEN_UP']);
    await controller.deleteQueuePair(pair);
    device.dma.free(device.dma.allocate(8 << 20));
    await expect(controller.reconnect()).rejects.toMatchObject({ code: 'NOT_READY' });
  });

  it('goes on with a controller that has left the bus', async () => {
    const { device, controller, story } = await open();
    await controller.disconnect();
    device.vanish();
    await expect(controller.reconnect()).rejects.toMatchObject({ code: 'CONTROLLER_GONE' });
    expect(controller.state).toBe('FAILED');
    expect(story).toEqual(['reset asked for', 'failed CONTROLLER_GONE']);
  });
});

describe('a reset of the subsystem', () => {
  it('is asked of a controller that does not have it', async () => {
    const { controller } = await open();
    await expect(controller.resetSubsystem()).rejects.toMatchObject({
      code: 'NOT_SUPPORTED',
      facts: { field: 'CAP.NSSRS' },
    });
    expect(controller.state).toBe('READY');
  });

  it('does not bring the controller back', async () => {
    const { device, controller, story } = await open({}, (each) =>
      each.showCapabilities(63 | (1 << 16) | (2 << 24), 4 | (1 << 5) | (1 << 4)),
    );
    const pair = await controller.createQueuePair({ entries: 8 });
    let isReset = false;
    device.onPause = () => {
      if (controller.state !== 'RESETTING' || isReset) return;
      isReset = true;
      device.setReady(0);
      device.show(0x14, 0);
    };
    await controller.resetSubsystem();
    expect(isReset).toBe(true);
    expect(story).toEqual(['reset asked for', 'ready 0']);
    expect(controller.queuePairs).toEqual([pair]);
  });
});

describe('a controller that is lost', () => {
  const lost = [
    ['CONTROLLER_FATAL', (device: ScriptedController) => device.showStatus(2)],
    ['CONTROLLER_FATAL', (device: ScriptedController) => device.setReady(0)],
  ] as const;

  it.each(lost)('is given up although it is to be reset: %s', async (code, lose) => {
    const { device, controller, story } = await open({ onLost: 'reset' });
    const pair = await controller.createQueuePair({ entries: 8 });
    const statuses = flush(controller, pair);
    lose(device);
    await until(device, controller, () => story.length === 2);
    expect(story).toEqual([`reset ${code}`, 'ready 0']);
    expect([controller.state, statuses, pair.inFlight]).toEqual(['READY', [], 1]);
    // And again.
    lose(device);
    await until(device, controller, () => story.length === 4);
    expect(controller.state).toBe('READY');
  });

  it.each(lost)('is reset although it is to be given up: %s', async (code, lose) => {
    const { device, controller, story } = await open();
    const pair = await controller.createQueuePair({ entries: 8 });
    const statuses = flush(controller, pair);
    lose(device);
    await until(device, controller, () => controller.state === 'FAILED');
    expect([story, statuses]).toEqual([[`failed ${code}`], [ABORTED_BY_HOST]]);
  });

  it('is reset because of a command that takes too long, before that is so or not at all', async () => {
    const { device, controller, story } = await open({ onLost: 'reset', ioTimeoutMs: 200 });
    const pair = await controller.createQueuePair({ entries: 8, retriesMax: 0 });
    const statuses = flush(controller, pair);
    const beganNs = device.clock.nowNs();
    await until(device, controller, () => story.length === 1);
    expect(story).toEqual(['reset COMMAND_TIMEOUT']);
    expect((device.clock.nowNs() - beganNs) / MS).toBeGreaterThan(200);
    expect((device.clock.nowNs() - beganNs) / MS).toBeLessThan(230);
    await until(device, controller, () => controller.state === 'READY');
    pair.poll();
    expect(statuses).toEqual([ABORTED_BY_HOST]);
  });

  it('is taken from an owner who looks after its commands himself', async () => {
    const { device, controller, story } = await open({ ioTimeoutMs: 100 });
    const pair = await controller.createQueuePair({ entries: 8 });
    const reported: unknown[] = [];
    pair.onTimeout = {
      afterTicks: 300,
      report: (_, cid, context, ageTicks) => reported.push([cid, context, ageTicks]),
    };
    flush(controller, pair);
    const [cid] = pair.cidsOf('flush');
    await until(device, controller, () => reported.length > 0);
    for (let i = 0; i < 500; i++) {
      controller.tick();
      await device.function.pause();
    }
    expect(story).toEqual([]);
    expect(reported).toEqual([[cid, 'flush', expect.any(Number)]]);
  });

  it('is tried for ever, at once, or more seldom than it may be', async () => {
    const { device, controller, story } = await open({ onLost: 'reset', resetAttemptsMax: 3, resetDelayMs: 500 });
    const pair = await controller.createQueuePair({ entries: 8 });
    const statuses = flush(controller, pair);
    const enabledNs: number[] = [];
    let seen = device.configured.length;
    device.readyPauses = 1_000_000;
    device.onPause = () => {
      for (; seen < device.configured.length; seen++) {
        if ((device.configured[seen] & 1) === 1) enabledNs.push(device.clock.nowNs());
      }
    };
    device.showStatus(2);
    await until(device, controller, () => controller.state === 'FAILED');
    expect(enabledNs.length).toBe(3);
    // CAP.TO has one second, and then comes the delay.
    for (const i of [1, 2]) {
      const betweenMs = (enabledNs[i] - enabledNs[i - 1]) / MS;
      expect(betweenMs).toBeGreaterThan(1500);
      expect(betweenMs).toBeLessThan(1600);
    }
    expect(story).toEqual(['reset CONTROLLER_FATAL', 'failed RESET_FAILED']);
    const facts = { attempts: 3, reason: 'CONTROLLER_FATAL', last: 'READY_TIMEOUT' };
    expect(controller.error).toMatchObject({ code: 'RESET_FAILED', facts });
    expect(statuses).toEqual([ABORTED_BY_HOST]);
    await controller.deleteQueuePair(pair);
    device.dma.free(device.dma.allocate(8 << 20));
  });

  it('comes back at the second attempt, and is not taken back', async () => {
    const { device, controller, story } = await open({ onLost: 'reset', resetDelayMs: 10 });
    let failures = 2;
    device.answer(IDENTIFY, () => (failures-- > 0 ? { status: 6 } : undefined), 1);
    device.showStatus(2);
    await until(device, controller, () => story.length === 2);
    expect(story).toEqual(['reset CONTROLLER_FATAL', 'ready 0']);
    // What one loss has used up is not missing at the next.
    failures = 4;
    device.showStatus(2);
    await until(device, controller, () => story.length === 4);
    expect(story.slice(2)).toEqual(['reset CONTROLLER_FATAL', 'ready 0']);
  });

  it.each(['fail', 'reset'] as const)('because it has left the bus is looked for there: onLost %s', async (onLost) => {
    const { device, controller, story } = await open({ onLost });
    device.vanish();
    await until(device, controller, () => controller.state === 'FAILED');
    expect(story).toEqual(['failed CONTROLLER_GONE']);
    expect(device.clock.nowNs()).toBeLessThan(200 * MS);
  });

  it('is given up while it is being reset, and goes on with that', async () => {
    const { device, controller, story } = await open({ onLost: 'reset' });
    device.readyPauses = 1_000_000;
    device.showStatus(2);
    await until(device, controller, () => controller.state === 'RESETTING');
    for (let i = 0; i < 50; i++) await device.function.pause();
    await controller.giveUp();
    expect([controller.state, controller.error?.code]).toEqual(['FAILED', 'GIVEN_UP']);
    expect(story).toEqual(['reset CONTROLLER_FATAL', 'failed GIVEN_UP']);
    const configured = device.configured.length;
    for (let i = 0; i < 2000; i++) {
      controller.tick();
      await device.function.pause();
    }
    expect(device.configured.length).toBe(configured);
  });

  it('because its queues cannot be created again stays half alive', async () => {
    const { device, controller, story } = await open({
      onLost: 'reset',
      resetAttemptsMax: 2,
      resetDelayMs: 10,
      adminDeadlineMs: 50,
    });
    const pair = await controller.createQueuePair({ entries: 8 });
    const statuses = flush(controller, pair);
    device.answer(CREATE_SQ, 'keep');
    device.showStatus(2);
    await until(device, controller, () => controller.state === 'FAILED');
    expect(story).toEqual(['reset CONTROLLER_FATAL', 'failed RESET_FAILED']);
    expect(controller.error).toMatchObject({ facts: { last: 'COMMAND_TIMEOUT' } });
    expect(statuses).toEqual([ABORTED_BY_HOST]);
    await controller.deleteQueuePair(pair);
    device.dma.free(device.dma.allocate(8 << 20));
  });
});

describe('processing that pauses', () => {
  it('counts as time that a command takes, or goes on for ever', async () => {
    const { device, controller, story } = await open({ ioTimeoutMs: 100, adminDeadlineMs: 1000 });
    const pair = await controller.createQueuePair({ entries: 8 });
    flush(controller, pair);
    // CSTS.PP, as in a firmware activation.
    device.showStatus(1 << 5);
    for (let i = 0; i < 500; i++) {
      controller.tick();
      await device.function.pause();
    }
    expect(controller.state).toBe('READY');
    await until(device, controller, () => controller.state === 'FAILED', 1000);
    expect(controller.error).toMatchObject({
      code: 'CONTROLLER_FATAL',
      facts: { expected: 'CSTS.PP=0 within 1000 ms' },
    });
    expect(story.length).toBe(1);
  });
});

describe('a keep alive', () => {
  const granted = (device: ScriptedController): void => {
    device.identity[320] = 1; // KAS
    device.answer(0x0a, { dw0: 1000 }, 0x0f);
  };

  it('that is not answered is not noticed, or too early', async () => {
    const { device, controller, story } = await open({ keepAliveMs: 1000, onLost: 'reset' }, granted);
    await until(device, controller, () => device.seen(KEEP_ALIVE).length === 3);
    expect(story).toEqual([]);
    device.answer(KEEP_ALIVE, 'keep');
    const beganNs = device.clock.nowNs();
    await until(device, controller, () => story.length === 1);
    expect(story).toEqual(['reset KEEP_ALIVE_LOST']);
    const waitedMs = (device.clock.nowNs() - beganNs) / MS;
    expect(waitedMs).toBeGreaterThan(1400);
    expect(waitedMs).toBeLessThan(1600);
    // Afterwards it goes on.
    device.handlers.shift();
    await until(device, controller, () => story.length === 2);
    const before = device.seen(KEEP_ALIVE).length;
    await until(device, controller, () => device.seen(KEEP_ALIVE).length === before + 3);
    expect(story).toEqual(['reset KEEP_ALIVE_LOST', 'ready 0']);
  });

  it('is sent twice after a host was stopped, or taken for unanswered', async () => {
    const { device, controller, story } = await open({ keepAliveMs: 1000 }, granted);
    await until(device, controller, () => device.seen(KEEP_ALIVE).length === 1);
    device.clock.advanceNs(60_000 * MS);
    for (let i = 0; i < 100; i++) {
      controller.tick();
      await device.function.pause();
    }
    expect([device.seen(KEEP_ALIVE).length, story]).toEqual([2, []]);
  });
});

describe('a queue pair that is gone while its controller lives', () => {
  it('is not noticed, keeps its queues at the controller, or takes the controller with it', async () => {
    const { device, controller, story } = await open();
    const pairs = [await controller.createQueuePair({ entries: 8 }), await controller.createQueuePair({ entries: 8 })];
    const gone: unknown[] = [];
    controller.onPairLost = (pair, error) => gone.push([pair, error.code, error.facts]);
    pairs[0].disconnect();
    await until(device, controller, () => gone.length > 0);
    expect(gone).toEqual([[pairs[0], 'PAIR_LOST', { qid: 1 }]]);
    expect(device.seen(DELETE_SQ).map(({ dwords }) => dwords[10])).toEqual([1]);
    expect([controller.state, controller.queuePairs, story]).toEqual(['READY', [pairs[1]], []]);
    // Its identifier can be had again, and to delete it once more does no harm.
    await controller.deleteQueuePair(pairs[0]);
    expect((await controller.createQueuePair({ entries: 8 })).qid).toBe(1);
    expect(gone.length).toBe(1);
  });
});

describe('a shutdown', () => {
  it.each([
    [0, 1000],
    [500_000, 1000],
    [4_000_000, 4000],
  ])('is waited for longer or shorter than RTD3E and the admin deadline say: %i us', async (rtd3e, deadlineMs) => {
    const { device, controller } = await open({ adminDeadlineMs: 1000 }, (each) => {
      new DataView(each.identity.buffer).setUint32(88, rtd3e, true);
    });
    device.followsEnable = false;
    const beganNs = device.clock.nowNs();
    const facts = { timeoutMs: deadlineMs };
    await expect(controller.shutDown()).rejects.toMatchObject({ code: 'SHUTDOWN_TIMEOUT', facts });
    expect((device.clock.nowNs() - beganNs) / MS).toBeGreaterThan(deadlineMs);
    expect((device.clock.nowNs() - beganNs) / MS).toBeLessThan(deadlineMs + 20);
  });

  it('that is never reported is an error although that is known of the device', async () => {
    const { device, controller } = await open({ adminDeadlineMs: 100, quirks: ['NO_SHUTDOWN_STATUS'] });
    const { registers } = device.function;
    const read32 = registers.read32.bind(registers);
    vi.spyOn(registers, 'read32').mockImplementation(async (offset) => {
      const value = await read32(offset);
      return offset === 0x1c && value !== 0xffff_ffff ? value & ~0xc : value;
    });
    await controller.shutDown();
    expect(controller.state).toBe('DETACHED');
    device.dma.free(device.dma.allocate(8 << 20));
  });
});

describe('a queue pair that is asked for', () => {
  it('is waited for longer than its caller wants to', async () => {
    const { device, controller } = await open();
    device.answer(CREATE_CQ, 'keep');
    const late = controller.createQueuePair({}, { deadlineMs: 20 });
    await expect(late).rejects.toMatchObject({ code: 'COMMAND_TIMEOUT', facts: { deadlineMs: 20 } });
    const signal = { aborted: true, reason: 'enough' };
    await expect(controller.createQueuePair({}, { signal })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(controller.queuePairs).toEqual([]);
  });

  it('and deleted while the controller is reset is created again, or never given back', async () => {
    const { device, controller } = await open();
    const pair = await controller.createQueuePair({ entries: 8 });
    device.answer(DELETE_SQ, 'keep');
    const deleted = controller.deleteQueuePair(pair);
    const created = device.seen(CREATE_CQ).length;
    await device.function.pause();
    await controller.reset();
    // The reset has done what was asked for.
    await expect(deleted).resolves.toBeUndefined();
    expect(device.seen(CREATE_CQ).length).toBe(created);
    expect(controller.queuePairs).toEqual([]);
    await controller.deleteQueuePair(pair);
    await controller.shutDown();
    device.dma.free(device.dma.allocate(8 << 20));
  });
});
