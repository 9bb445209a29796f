import { ManualClock } from '@phasebit/core';
import { describe, expect, it } from 'vitest';
import { ScriptedController } from '../../test-support/scripted-controller.js';
import { HealthProbe } from './health-probe.js';

const MS = 1e6;

// Opcodes of [Base], stated here by themselves.
const CREATE_CQ = 0x05;
const IDENTIFY = 0x06;
const SET_FEATURES = 0x09;

type Ailment = [what: string, code: string, facts: object, ail: (device: ScriptedController) => void];

const AILMENTS: Ailment[] = [
  ['leaves the bus', 'CONTROLLER_GONE', { register: 'CSTS' }, (device) => device.vanish()],
  ['reports a fatal status', 'CONTROLLER_FATAL', { csts: 3 }, (device) => device.showStatus(2)],
  ['is not ready any more', 'CONTROLLER_FATAL', { csts: 0, expected: 'CSTS.RDY=1' }, (device) => device.setReady(0)],
];

/** Falls ill on a command, and answers nothing from then on. */
function ailOn(device: ScriptedController, opcode: number, cdw10: number | undefined, ail: Ailment[3]): void {
  const keep = (): 'keep' => {
    ail(device);
    return 'keep';
  };
  device.answer(opcode, keep, cdw10);
}

describe('a controller that falls ill while it is brought up', () => {
  it.each(
    AILMENTS.flatMap((ailment) => [
      [...ailment, 'IDENTIFY', 'Identify (06h)', IDENTIFY, 1] as const,
      [...ailment, 'NUM_QUEUES', 'Set Features (09h)', SET_FEATURES, 7] as const,
      [...ailment, 'DESCRIPTORS', 'Identify (06h)', IDENTIFY, 3] as const,
    ]),
  )('and %s is noticed at the deadline of a command, or as something else: %s', async (...row) => {
    const [, code, facts, ail, state, waitedFor, opcode, cdw10] = row;
    const device = new ScriptedController();
    let illNs = 0;
    ailOn(device, opcode, cdw10, (each) => {
      illNs = each.clock.nowNs();
      ail(each);
    });
    const failed = device.attach({ adminDeadlineMs: 20_000 });
    await expect(failed).rejects.toMatchObject({ code, facts: { ...facts, state, waitedFor } });
    // Two looks, and what it takes to disable it.
    expect(device.clock.nowNs() - illNs).toBeLessThan(30 * MS);
    device.dma.free(device.dma.allocate(8 << 20));
  });

  it('is looked at more seldom than it is to be', async () => {
    const device = new ScriptedController();
    ailOn(device, IDENTIFY, 1, (each) => each.showStatus(2));
    await expect(device.attach({ healthCheckMs: 300 })).rejects.toMatchObject({ code: 'CONTROLLER_FATAL' });
    expect(device.clock.nowNs()).toBeGreaterThan(300 * MS);
    expect(device.clock.nowNs()).toBeLessThan(400 * MS);
  });

  it.each(AILMENTS.slice(1))('again, when it %s in a reset, costs the deadline of a command: %s', async (...row) => {
    const [, , , ail] = row;
    const device = new ScriptedController();
    const controller = await device.attach({ adminDeadlineMs: 20_000 });
    await controller.createQueuePair({ entries: 8 });
    ailOn(device, CREATE_CQ, undefined, ail);
    const beganNs = device.clock.nowNs();
    await expect(controller.reset()).rejects.toMatchObject({
      code: 'RESET_FAILED',
      facts: { last: 'CONTROLLER_FATAL' },
    });
    expect(device.clock.nowNs() - beganNs).toBeLessThan(500 * MS);
  });

  it('has a command of a controller that is ready given up by others than its tick', async () => {
    const device = new ScriptedController();
    const controller = await device.attach({ adminDeadlineMs: 40 });
    ailOn(device, IDENTIFY, 1, (each) => each.showStatus(2));
    await expect(controller.identify()).rejects.toMatchObject({ code: 'COMMAND_TIMEOUT' });
    expect(controller.state).toBe('READY');
    for (let i = 0; i < 20; i++) {
      controller.tick();
      await device.function.pause();
    }
    expect(controller.error).toMatchObject({ code: 'CONTROLLER_FATAL' });
  });
});

describe('registers that do not answer', () => {
  it('hold up what waits for a command, or are asked again and again', () => {
    const device = new ScriptedController();
    const clock = new ManualClock();
    let reads = 0;
    const registers = {
      ...device.function.registers,
      read32: (): Promise<number> => {
        reads++;
        return new Promise(() => undefined);
      },
    };
    const probe = new HealthProbe({ ...device.function, registers }, clock, 10);
    for (let i = 0; i < 100; i++) {
      clock.advanceNs(MS);
      probe.check(IDENTIFY);
    }
    expect(reads).toBe(1);
  });

  it('fail, and that is not said', async () => {
    const device = new ScriptedController();
    const { function: fn } = device;
    const read32 = fn.registers.read32.bind(fn.registers);
    let isClosed = false;
    device.answer(IDENTIFY, () => ((isClosed = true), 'keep'), 1);
    fn.registers.read32 = (offset) => (isClosed ? Promise.reject(new Error('closed')) : read32(offset));
    await expect(device.attach()).rejects.toThrow('closed');
    expect(device.clock.nowNs()).toBeLessThan(1200 * MS);
  });
});
