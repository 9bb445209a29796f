import { describe, expect, it } from 'vitest';
import { ScriptedController } from '../../test-support/scripted-controller.js';

const ABORT = 0x08;

async function open(acl = 1) {
  const device = new ScriptedController();
  device.identity[258] = acl;
  const controller = await device.attach();
  const pair = await controller.createQueuePair({ entries: 32 });
  device.commands.length = 0;
  return { device, controller, pair };
}

describe('an abort', () => {
  it('names another command, or takes success for an abort', async () => {
    const { device, controller, pair } = await open();
    expect(await controller.abort(pair, 0x1234)).toBe(true);
    expect(device.seen(ABORT)[0].dwords[10]).toBe(0x1234_0001);
    // Bit 0: immediate abort not performed.
    device.answer(ABORT, { dw0: 0xffff_ffff });
    expect(await controller.abort(pair, 1)).toBe(false);
    device.answer(ABORT, { status: 0x103 });
    await expect(controller.abort(pair, 1)).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
  });

  it.each([
    [0, 1],
    [3, 4],
    [255, 16],
  ])('is one too many for the controller, or waits without need: ACL %i', async (acl, most) => {
    const { device, controller, pair } = await open(acl);
    device.answer(ABORT, 'keep');
    let seen = 0;
    const order: number[] = [];
    device.onPause = () => {
      const atOnce = device.kept.filter(({ opcode }) => opcode === ABORT);
      seen = Math.max(seen, atOnce.length);
      expect(atOnce.length).toBeLessThanOrEqual(most);
      // Each stays a while; then the oldest is answered.
      if (device.clock.nowNs() % 5e6 === 0 && atOnce[0] !== undefined) {
        order.push(atOnce[0].dwords[10] >>> 16);
        device.complete(atOnce[0]);
      }
    };
    const cids = Array.from({ length: 40 }, (_, cid) => cid);
    const aborted = await Promise.all(cids.map((cid) => controller.abort(pair, cid)));
    expect(aborted.every((each) => each)).toBe(true);
    // First come, first served.
    expect(order).toEqual(cids);
    expect(seen).toBe(most);
  });

  it('waits for its turn past its deadline, or keeps its turn after it was given up', async () => {
    const { device, controller, pair } = await open(0);
    device.answer(ABORT, 'keep');
    const first = controller.abort(pair, 1, { deadlineMs: 100 }).catch((error: unknown) => error);
    await expect(controller.abort(pair, 2, { deadlineMs: 10 })).rejects.toMatchObject({
      code: 'COMMAND_TIMEOUT',
      facts: { opcode: 'Abort', qid: 1, cid: 2, deadlineMs: 10 },
    });
    const signal = { aborted: true, reason: 'enough' };
    await expect(controller.abort(pair, 3, { signal })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await first).toMatchObject({ code: 'COMMAND_TIMEOUT' });
    device.handlers.shift();
    expect(await controller.abort(pair, 4)).toBe(true);
    expect(device.seen(ABORT).map(({ dwords }) => dwords[10] >>> 16)).toEqual([1, 4]);
  });
});

describe('an abort by context', () => {
  it('misses a command, or hits one of another', async () => {
    const { device, controller, pair } = await open(3);
    const statuses: [string, number][] = [];
    const namespace = controller.namespace(1);
    const onDone = (context: unknown, status: number): void => void statuses.push([context as string, status]);
    for (let i = 0; i < 40; i++) pair.flush(namespace, onDone, i % 2 === 0 ? 'mine' : 'theirs');
    pair.poll();
    const mine = pair.cidsOf('mine');
    device.answer(ABORT, ({ dwords }) => ({ dw0: dwords[10] >>> 16 === mine[0] ? 1 : 0 }));
    // 31 are in the ring, 9 wait: 16 and 4 of them are of this context.
    const aborted = await controller.abortContext(pair, 'mine');
    expect(aborted).toEqual({ queued: 4, aborted: 15, notAborted: 1 });
    expect(device.seen(ABORT).map(({ dwords }) => dwords[10] >>> 16)).toEqual(mine);
    expect(statuses).toEqual([]);
    pair.poll();
    // Command Abort Requested.
    expect(statuses.map(([context]) => context)).toEqual(['mine', 'mine', 'mine', 'mine']);
    expect(new Set(statuses.map(([, status]) => status & 0x7ff))).toEqual(new Set([0x007]));
    expect(await controller.abortContext(pair, 'nobody')).toEqual({ queued: 0, aborted: 0, notAborted: 0 });
  });
});
