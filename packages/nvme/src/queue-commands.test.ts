import { describe, expect, it } from 'vitest';
import { ScriptedController, type SeenCommand } from '../test-support/scripted-controller.js';
import type { Controller } from './controller.js';
import type { ControllerOptions } from './controller-options.js';

// Opcodes and status codes of [Base], stated here by themselves.
const DELETE_SQ = 0x00;
const CREATE_SQ = 0x01;
const DELETE_CQ = 0x04;
const CREATE_CQ = 0x05;
const INVALID_QUEUE_IDENTIFIER = 0x4101;
const INVALID_FIELD = 0x4002;

const GIVEN_UP = { deadlineMs: 20 };

async function open(options: Partial<ControllerOptions> = {}) {
  const device = new ScriptedController();
  const controller = await device.attach({ adminDeadlineMs: 50, ...options });
  return { device, controller };
}

/** Ticks for a while: longer than any deadline here. */
async function goOn(device: ScriptedController, controller: Controller): Promise<void> {
  for (let turn = 0; turn < 200; turn++) {
    controller.tick();
    await device.function.pause();
  }
}

/** A pair whose creation is given up since one command is not answered; that command. */
async function giveUp(device: ScriptedController, controller: Controller, opcode: number): Promise<SeenCommand> {
  device.answer(opcode, 'keep');
  await expect(controller.createQueuePair({ entries: 8 }, GIVEN_UP)).rejects.toMatchObject({
    code: 'COMMAND_TIMEOUT',
    facts: { qid: 1 },
  });
  device.handlers.shift();
  return device.kept.find((command) => command.opcode === opcode)!;
}

/** Which queues were deleted, in order. */
function deletions(device: ScriptedController): [opcode: number, qid: number][] {
  return device.commands
    .filter(({ opcode }) => opcode === DELETE_SQ || opcode === DELETE_CQ)
    .map(({ opcode, dwords }) => [opcode, dwords[10]]);
}

/** Whether all memory can be had. */
function expectAllMemory(device: ScriptedController): void {
  device.dma.free(device.dma.allocate(8 << 20));
}

describe('a queue whose creation nobody waited for to the end', () => {
  it.each([
    ['its completion queue', CREATE_CQ, 0, [[DELETE_CQ, 1]]],
    ['its completion queue, refused', CREATE_CQ, INVALID_FIELD, []],
    [
      'its submission queue',
      CREATE_SQ,
      0,
      [
        [DELETE_SQ, 1],
        [DELETE_CQ, 1],
      ],
    ],
    ['its submission queue, refused', CREATE_SQ, INVALID_FIELD, [[DELETE_CQ, 1]]],
  ] as const)('is left at the controller, or its identifier is used twice or never again: %s', async (...row) => {
    const [, opcode, status, deleted] = row;
    const { device, controller } = await open();
    const command = await giveUp(device, controller, opcode);
    expect(controller.queuePairs).toEqual([]);
    const second = await controller.createQueuePair({ entries: 8 });
    expect(second.qid).toBe(2);
    await goOn(device, controller);
    expect(deletions(device)).toEqual([]);
    device.complete(command, status);
    await goOn(device, controller);
    expect(deletions(device)).toEqual(deleted);
    const third = await controller.createQueuePair({ entries: 8 });
    expect(third.qid).toBe(1);
    await controller.shutDown();
    expectAllMemory(device);
  });

  it('has its memory given to others', async () => {
    const { device, controller } = await open();
    const command = await giveUp(device, controller, CREATE_CQ);
    const [ring] = command.data(128);
    const others: number[] = [];
    for (;;) {
      try {
        others.push(device.dma.allocate(4096));
      } catch {
        break;
      }
    }
    for (const address of others) device.dma.bytes(address, 4096).fill(0xa5);
    expect(ring.every((byte) => byte === 0)).toBe(true);
    for (const address of others) device.dma.free(address);
    device.complete(command);
    await goOn(device, controller);
    await controller.shutDown();
    expectAllMemory(device);
  });

  it('keeps its identifier over a reset, or takes a later answer for one about the new queue', async () => {
    const { device, controller } = await open();
    await giveUp(device, controller, CREATE_SQ);
    await controller.reset();
    expect((await controller.createQueuePair({ entries: 8 })).qid).toBe(1);
    await goOn(device, controller);
    expect(deletions(device)).toEqual([]);
    expect(controller.queuePairs.map(({ qid }) => qid)).toEqual([1]);
    await controller.shutDown();
    expectAllMemory(device);
  });

  it('is deleted by a command that is lost too, and forgotten then', async () => {
    const { device, controller } = await open();
    const command = await giveUp(device, controller, CREATE_CQ);
    device.answer(DELETE_CQ, 'keep');
    device.complete(command);
    await goOn(device, controller);
    expect((await controller.createQueuePair({ entries: 8 })).qid).toBe(2);
    device.handlers.shift();
    device.complete(device.kept.find(({ opcode }) => opcode === DELETE_CQ)!);
    await goOn(device, controller);
    expect(deletions(device)).toEqual([[DELETE_CQ, 1]]);
    expect((await controller.createQueuePair({ entries: 8 })).qid).toBe(1);
  });

  it('cannot be deleted, and takes its identifier with it in silence', async () => {
    const log: string[] = [];
    const note = (message: string): void => void log.push(message);
    const { device, controller } = await open({ ioQueuePairs: 1, log: { info: note, warn: note } });
    const command = await giveUp(device, controller, CREATE_CQ);
    device.answer(DELETE_CQ, { status: INVALID_FIELD });
    device.complete(command);
    await goOn(device, controller);
    await expect(controller.createQueuePair()).rejects.toMatchObject({
      code: 'QUEUE_REFUSED',
      facts: { expected: 'at most 1 queue pairs, as granted', setAside: 1 },
    });
    expect(log.filter((line) => line.includes('queues of identifier 1 could not be deleted'))).toHaveLength(1);
    await controller.reset();
    expect((await controller.createQueuePair()).qid).toBe(1);
  });

  it.each(['shut down', 'given up'])('keeps memory of a controller that is %s', async (end) => {
    const { device, controller } = await open();
    await giveUp(device, controller, CREATE_SQ);
    await (end === 'shut down' ? controller.shutDown() : controller.giveUp());
    expectAllMemory(device);
  });

  it('that was refused leaves a completion queue which could not be deleted for the next pair to stumble over', async () => {
    const { device, controller } = await open();
    device.answer(CREATE_SQ, { status: INVALID_FIELD });
    device.answer(DELETE_CQ, { status: INVALID_FIELD });
    const refused = { code: 'QUEUE_REFUSED', facts: { queue: 'submission', qid: 1 } };
    await expect(controller.createQueuePair({ entries: 8 })).rejects.toMatchObject(refused);
    device.handlers.splice(0, 2);
    await goOn(device, controller);
    expect((await controller.createQueuePair({ entries: 8 })).qid).toBe(2);
    await controller.reset();
    expect((await controller.createQueuePair({ entries: 8 })).qid).toBe(1);
  });
});

describe('a deletion', () => {
  it('that was given up cannot be repeated once it was carried out', async () => {
    const { device, controller } = await open();
    const pair = await controller.createQueuePair({ entries: 8 });
    device.answer(DELETE_SQ, 'keep');
    await expect(controller.deleteQueuePair(pair, GIVEN_UP)).rejects.toMatchObject({ code: 'COMMAND_TIMEOUT' });
    expect(controller.queuePairs).toEqual([pair]);
    device.handlers.shift();
    device.answer(DELETE_SQ, { status: INVALID_QUEUE_IDENTIFIER });
    await controller.deleteQueuePair(pair);
    expect(controller.queuePairs).toEqual([]);
    expect(deletions(device)).toEqual([
      [DELETE_SQ, 1],
      [DELETE_SQ, 1],
      [DELETE_CQ, 1],
    ]);
    // The first one may still be to come, and must not meet another queue.
    expect((await controller.createQueuePair({ entries: 8 })).qid).toBe(2);
    device.complete(device.kept.find(({ opcode }) => opcode === DELETE_SQ)!);
    await goOn(device, controller);
    expect((await controller.createQueuePair({ entries: 8 })).qid).toBe(1);
  });

  it('of a queue that the controller does not know, for no reason, is taken for done', async () => {
    const { device, controller } = await open();
    const pair = await controller.createQueuePair({ entries: 8 });
    device.answer(DELETE_SQ, { status: INVALID_QUEUE_IDENTIFIER });
    await expect(controller.deleteQueuePair(pair)).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
    expect(controller.queuePairs).toEqual([pair]);
  });
});
