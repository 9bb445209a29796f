import {
  ADMIN_DOORBELL_BUFFER_CONFIG,
  CSTS,
  NVM_FLUSH,
  REG_ACQ,
  REG_AQA,
  REG_ASQ,
  REG_CC,
  REG_CSTS,
  REG_INTMS,
  STATUS_INVALID_FIELD,
} from '@phasebit/nvme-spec';
import { createDmaArena } from '@phasebit/pcie';
import { describe, expect, it } from 'vitest';
import { RawHost } from '../test-support/raw-host.js';

const FLUSH = { opcode: NVM_FLUSH, nsid: 1 };

describe('a function level reset', () => {
  it('leaves a register, a queue or a command of the time before', () => {
    const host = new RawHost().enable();
    const queue = host.createPair(1);
    queue.push({ ...FLUSH, cid: 1 });
    queue.ring();
    host.controller.resetFunction();
    host.settle();
    expect(host.controller.state).toBe('disabled');
    for (const offset of [REG_CC, REG_CSTS, REG_AQA, REG_ASQ, REG_ASQ + 4, REG_ACQ])
      expect(host.read32(offset)).toBe(0);
    expect(queue.completions.poll()).toBeUndefined();
    host.enable();
    const again = host.createPair(1);
    again.push({ ...FLUSH, cid: 2 });
    again.ring();
    host.settle();
    expect(again.completions.drain().map(({ cid }) => cid)).toEqual([2]);
  });

  it.each(['fatal', 'hang'] as const)('does not end a %s', (mode) => {
    const host = new RawHost().enable();
    host.controller.fail(mode);
    host.controller.resetFunction();
    expect(CSTS.RDY.get(host.enable().read32(REG_CSTS))).toBe(1);
  });

  it('brings back what has left the bus', () => {
    const host = new RawHost().enable();
    host.controller.fail('remove');
    host.controller.resetFunction();
    host.write32(REG_CC, 0);
    expect(host.controller.state).toBe('ready');
  });
});

describe('register writes that are taken without a turn', () => {
  it('wait for the turn, or bring commands with them', () => {
    const host = new RawHost().enable();
    const queue = host.createPair(1);
    queue.push({ ...FLUSH, cid: 1 });
    queue.ring();
    host.function.registers.write32(REG_INTMS, 5);
    expect([host.controller.takeWrites(), host.controller.takeWrites()]).toEqual([1, 0]);
    expect(host.memory.words[REG_INTMS >>> 2]).toBe(5);
    expect(queue.completions.poll()).toBeUndefined();
    host.settle();
    expect(queue.completions.poll()).toBeDefined();
  });

  it('reach a controller that hangs', () => {
    const host = new RawHost().enable();
    host.controller.fail('hang');
    host.function.registers.write32(REG_CC, 0);
    expect(host.controller.takeWrites()).toBe(1);
    expect(host.controller.state).toBe('ready');
  });
});

describe('shadow doorbells', () => {
  it('are taken into pages of which the controller has copies only', () => {
    const host = new RawHost({ shadowDoorbells: 'polling' });
    const copies = createDmaArena({ bytes: 2 * 4096, iovaBase: 2 ** 45 });
    host.deviceDma.map(copies, { fetch: () => undefined, hold: () => undefined });
    host.enable();
    const buffers = { opcode: ADMIN_DOORBELL_BUFFER_CONFIG, prp1: 2 ** 45, prp2: 2 ** 45 + 4096 };
    expect(host.run(buffers)).toMatchObject({ code: STATUS_INVALID_FIELD, dnr: true });
  });
});
