import { describe, expect, it } from 'vitest';
import { ScriptedController } from '../../test-support/scripted-controller.js';
import { EffectsLog } from './effects.js';

const GET_LOG = 0x02;
const IDENTIFY = 0x06;
const EFFECTS = 0x05;

async function open(offers: { oacs?: number; sanicap?: number } = {}) {
  const device = new ScriptedController();
  const view = new DataView(device.identity.buffer);
  view.setUint16(256, offers.oacs ?? 0, true);
  view.setUint32(328, offers.sanicap ?? 0, true);
  const controller = await device.attach();
  device.commands.length = 0;
  return { device, controller, management: controller.management };
}

describe('what a controller does not offer', () => {
  it('is asked of it', async () => {
    const { device, management } = await open();
    const attempts = [
      () => management.createNamespace({ blocks: 1 }),
      () => management.deleteNamespace(1),
      () => management.attachNamespace(1),
      () => management.detachNamespace(1),
      () => management.format(1),
      () => management.updateFirmware(new Uint8Array(4), { action: 'activate' }),
      () => management.selfTest().next(),
      () => management.sanitize({ action: 'block-erase' }).next(),
    ];
    for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    expect(device.commands).toEqual([]);
  });

  it.each([
    ['crypto-erase', 1],
    ['block-erase', 2],
    ['overwrite', 4],
  ] as const)('is another way to sanitize: %s', async (action, bit) => {
    const log = new Uint8Array(512);
    log[2] = 1;
    const fits = await open({ sanicap: bit });
    fits.device.answer(GET_LOG, { data: log }, 0x81);
    expect(await fits.management.sanitize({ action }).next()).toMatchObject({ done: true });
    const { management } = await open({ sanicap: 7 & ~bit });
    await expect(management.sanitize({ action }).next()).rejects.toMatchObject({ facts: { field: 'SANICAP' } });
  });
});

describe('a namespace that is made, attached, detached or deleted', () => {
  it('is not in the table afterwards, or still is', async () => {
    const { device, controller, management } = await open({ oacs: 8 });
    const attached: number[][] = [];
    device.answer(0x0d, ({ dwords }) => (dwords[10] === 0 ? { dw0: 2 } : (device.namespaces.delete(2), {})));
    device.answer(0x15, (command) => {
      const piece = command.data(4096)[0];
      attached.push([...piece.subarray(0, 4)]);
      if (command.dwords[10] === 0) device.addNamespace(command.nsid);
      else device.namespaces.delete(command.nsid);
      return {};
    });
    expect(await management.createNamespace({ blocks: 100 })).toBe(2);
    expect(attached).toEqual([[1, 0, 7, 0]]);
    expect(controller.namespace(2).blocks).toBe(1024);
    await management.detachNamespace(2);
    expect(controller.namespaces.has(2)).toBe(false);
    await management.attachNamespace(2, { cntlids: [9] });
    expect(attached.at(-1)).toEqual([1, 0, 9, 0]);
    expect(controller.namespaces.has(2)).toBe(true);
    await management.deleteNamespace(2);
    expect(controller.namespaces.has(2)).toBe(false);
    attached.length = 0;
    await management.createNamespace({ blocks: 100 }, { cntlids: [] });
    expect(attached).toEqual([]);
  });
});

describe('a namespace that is formatted', () => {
  it('is the same as before to the driver', async () => {
    const { device, controller, management } = await open({ oacs: 2 });
    const before = controller.namespace(1);
    device.answer(0x80, () => {
      new DataView(device.namespaces.get(1)!.buffer).setUint32(128, 9 << 16, true);
      return {};
    });
    const seen: unknown[] = [];
    controller.subscribe('namespaces', ({ changes }) => seen.push(changes));
    await management.format(1);
    const now = controller.namespace(1);
    expect([before.blockBytes, now.blockBytes]).toEqual([4096, 512]);
    controller.tick();
    expect(seen).toEqual([{ added: [], removed: [], changed: [{ before, now }] }]);
  });
});

describe('firmware that is activated at once', () => {
  it('is not asked who it is', async () => {
    const { device, controller, management } = await open({ oacs: 4 });
    device.identity.set(new TextEncoder().encode('2'), 64);
    await management.updateFirmware(new Uint8Array(8), { action: 'activate' });
    expect(controller.identity.fr).toBe('1');
    expect(await management.updateFirmware(new Uint8Array(8), { action: 'activate-now' })).toMatchObject({
      needs: 'nothing',
    });
    expect(controller.identity.fr).toBe('2');
  });
});

describe('a command that is passed through', () => {
  /** An effects log with one admin opcode. */
  function effectsOf(opcode: number, word: number): Uint8Array {
    const log = new Uint8Array(4096);
    new DataView(log.buffer).setUint32(opcode * 4, word, true);
    return log;
  }

  it.each([
    // CSUPP alone, LBCC, NCC, NIC, CCC.
    [0x01, 0, 0],
    [0x03, 0, 0],
    [0x05, 0, 1],
    [0x09, 0, 1],
    [0x11, 1, 0],
    [0x1d, 1, 1],
    // What is not supported has no effects.
    [0x1c, 0, 0],
  ])('changes what the driver believes to know, unnoticed: effects %i', async (word, controllers, lists) => {
    const { device, management } = await open();
    device.answer(GET_LOG, { data: effectsOf(0xc1, word) }, EFFECTS);
    const payload = Uint8Array.of(1, 2, 3, 4);
    device.answer(0xc1, (command) => {
      expect([...command.data(4)[0]]).toEqual([1, 2, 3, 4]);
      return { dw0: 99 };
    });
    const command = { opcode: 0xc1, nsid: 1, cdw10: 10, cdw15: 15 };
    expect(await management.passthrough(command, payload)).toEqual({ status: 0, dw0: 99 });
    const asked = (cns: number): number => device.seen(IDENTIFY).filter(({ dwords }) => dwords[10] === cns).length;
    expect([asked(1), asked(2)]).toEqual([controllers, lists]);
    // The log is read once, unless the command may have changed it.
    await management.passthrough(command, payload);
    expect(device.seen(GET_LOG).length).toBe(controllers === 0 ? 1 : 2);
  });

  it('and fails has changed something, or is thrown', async () => {
    const { device, management } = await open();
    device.answer(GET_LOG, { data: effectsOf(0xc0, 0x1d) }, EFFECTS);
    device.answer(0xc0, { status: 0x4002 });
    expect(await management.passthrough({ opcode: 0xc0 })).toEqual({ status: 0x4002, dw0: 0 });
    expect(device.seen(IDENTIFY)).toEqual([]);
  });
});

describe('effects', () => {
  it('are decoded from other bits', () => {
    const page = new Uint8Array(4096);
    const view = new DataView(page.buffer);
    view.setUint32(0x84 * 4, 0x0002_0003, true);
    view.setUint32(1024 + 0x01 * 4, 0x0001_0003, true);
    view.setUint32(0xc0 * 4, 0x0001_4001, true);
    view.setUint32(0xc1 * 4, 0x0002_8001, true);
    const effects = new EffectsLog(page);
    // CSER: 01b takes the place of CSE, what is reserved does not.
    expect([effects.ofAdmin(0xc0).runsBeside, effects.ofAdmin(0xc1).runsBeside]).toEqual(['io', 'nothing']);
    const none = { changesNamespaces: false, changesInventory: false, changesController: false };
    expect(effects.ofAdmin(0x84)).toEqual({ supported: true, changesData: true, ...none, runsBeside: 'nothing' });
    expect(effects.ofIo(1)).toEqual({ supported: true, changesData: true, ...none, runsBeside: 'not-in-namespace' });
    expect(effects.ofAdmin(1)).toMatchObject({ supported: false, runsBeside: 'anything' });
    expect(() => effects.ofIo(256)).toThrow(/^opcode: expected 0 to 255, got 256/);
    expect(() => new EffectsLog(new Uint8Array(4095))).toThrow(/^page: expected 4096 bytes, got 4095/);
  });
});
