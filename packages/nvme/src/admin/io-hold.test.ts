import { describe, expect, it } from 'vitest';
import { ScriptedController } from '../../test-support/scripted-controller.js';
import type { ControllerOptions } from '../controller-options.js';
import { adoptQueuePair } from '../hand-over.js';
import type { QueuePair } from '../queue-pair.js';

const GET_LOG = 0x02;
const EFFECTS = 0x05;
const VENDOR = 0xc0;
// CSUPP, CSE at bit 16, CSER at bit 14. [Base] 5.1.12.1.6
const FREE = 1;
const ALONE_IN_NAMESPACE = 1 | (1 << 16);
const ALONE = 1 | (2 << 16);
const RESERVED = 1 | (5 << 16);
const ONLY_ADMIN = 1 | (1 << 16) | (1 << 14);

/** A controller with a flush in flight, which nobody completes until the pair is ended. */
async function open(word: number, options: Partial<ControllerOptions> = {}) {
  const device = new ScriptedController();
  const log = new Uint8Array(4096);
  new DataView(log.buffer).setUint32(VENDOR * 4, word, true);
  device.answer(GET_LOG, { data: log }, EFFECTS);
  const controller = await device.attach(options);
  const pair = await controller.createQueuePair({ entries: 8 });
  const flush = (through: QueuePair): void => {
    through.flush(controller.namespace(1), () => undefined, 0);
    through.poll();
  };
  flush(pair);
  const send = (wait = {}) => controller.management.passthrough({ opcode: VENDOR, nsid: 1 }, new Uint8Array(0), wait);
  return { device, controller, pair, flush, send };
}

describe('a command that bears no other', () => {
  it.each([
    [ALONE_IN_NAMESPACE, 'the same namespace'],
    [ALONE, 'any namespace'],
    [RESERVED, 'what is reserved'],
  ])('is sent while I/O is in flight, or I/O beside it: effects %i, %s', async (word) => {
    const { device, controller, pair, flush, send } = await open(word);
    const other = await controller.createQueuePair({ entries: 8 });
    device.answer(VENDOR, 'keep');
    const done = send();
    for (let i = 0; i < 50; i++) await device.function.pause();
    expect(device.seen(VENDOR)).toEqual([]);
    flush(other);
    expect(other.inFlight).toBe(0);
    pair.disconnect();
    for (let i = 0; i < 5; i++) await device.function.pause();
    expect(device.seen(VENDOR)).toHaveLength(1);
    const late = await controller.createQueuePair({ entries: 8 });
    flush(late);
    expect([other.inFlight, late.inFlight, late.outstanding]).toEqual([0, 0, 1]);
    device.complete(device.seen(VENDOR)[0], 0, 5);
    expect(await done).toEqual({ status: 0, dw0: 5 });
    expect([other.inFlight, late.inFlight]).toEqual([1, 1]);
  });

  it('waits for ever for I/O that does not complete, does not say so, or holds I/O back after that', async () => {
    const { device, flush, pair, send } = await open(ALONE);
    await expect(send({ deadlineMs: 30 })).rejects.toMatchObject({
      code: 'OPERATION_TIMEOUT',
      facts: { operation: 'wait for I/O in flight', deadlineMs: 30, inFlight: 1 },
    });
    const signal = { aborted: true, reason: 'enough' };
    await expect(send({ signal })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(device.seen(VENDOR)).toEqual([]);
    flush(pair);
    expect(pair.inFlight).toBe(2);
  });

  it('fails, and holds I/O back after that', async () => {
    const { device, controller, pair, send } = await open(ALONE);
    pair.disconnect();
    device.answer(VENDOR, { status: 0x4002 });
    expect(await send()).toMatchObject({ status: 0x4002 });
    device.answer(VENDOR, 'keep');
    await expect(send({ deadlineMs: 20 })).rejects.toMatchObject({ code: 'COMMAND_TIMEOUT' });
    const other = await controller.createQueuePair({ entries: 8 });
    other.flush(controller.namespace(1), () => undefined, 0);
    expect(other.inFlight).toBe(1);
  });

  it('is sent beside another one', async () => {
    const { device, pair, send } = await open(ONLY_ADMIN);
    device.answer(VENDOR, 'keep');
    const both = [send(), send({ deadlineMs: 1000 })];
    for (let i = 0; i < 20; i++) await device.function.pause();
    expect(device.seen(VENDOR)).toHaveLength(1);
    // CSER: I/O may go on.
    expect(pair.inFlight).toBe(1);
    device.complete(device.seen(VENDOR)[0]);
    await both[0];
    for (let i = 0; i < 20; i++) await device.function.pause();
    expect(device.seen(VENDOR)).toHaveLength(2);
    const third = send({ deadlineMs: 20 });
    await expect(third).rejects.toMatchObject({ facts: { operation: 'wait for another command' } });
    device.complete(device.seen(VENDOR)[1]);
    await both[1];
  });

  it('is sent in silence beside I/O of other threads', async () => {
    const log: string[] = [];
    const note = (message: string): void => void log.push(message);
    const { controller, device, flush, pair, send } = await open(ALONE, { log: { info: note, warn: note } });
    pair.disconnect();
    const given = await controller.createQueuePair({ entries: 8 });
    const owned = adoptQueuePair({ ...device.function }, given.release());
    flush(owned);
    await send();
    expect(owned.inFlight).toBe(1);
    expect(log).toContain('I/O of 1 queue pairs of other threads is not held back');
  });
});

describe('a command that bears others', () => {
  it.each([
    ['by its effects', FREE, {}],
    ['since its caller says so', ALONE, { holdsIo: false }],
    ['by a relaxation', ONLY_ADMIN, {}],
  ])('waits for I/O in flight: %s', async (_, word, options) => {
    const { pair, send } = await open(word);
    expect(await send(options)).toMatchObject({ status: 0 });
    expect(pair.inFlight).toBe(1);
  });
});

describe('a controller that does not say the effects of its commands', () => {
  it('takes no command that is passed through, or is asked again and again', async () => {
    const { device, controller, pair, flush } = await open(FREE);
    device.handlers.length = 0;
    device.answer(GET_LOG, { status: 0x4109 }, EFFECTS);
    const lists = (): number => device.seen(0x06).filter(({ dwords }) => dwords[10] === 2).length;
    const { management } = controller;
    expect(await management.passthrough({ opcode: VENDOR })).toMatchObject({ status: 0 });
    const before = lists();
    expect(await management.passthrough({ opcode: 0x0d })).toMatchObject({ status: 0 });
    expect(lists()).toBe(before + 1);
    for (const opcode of [0x80, 0x84]) {
      const held = management.passthrough({ opcode, nsid: 1 }, new Uint8Array(0), { deadlineMs: 20 });
      await expect(held).rejects.toMatchObject({ code: 'OPERATION_TIMEOUT' });
    }
    expect(device.seen(GET_LOG)).toHaveLength(1);
    flush(pair);
    expect(pair.inFlight).toBe(2);
  });
});
