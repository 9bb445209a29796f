import {
  ADMIN_GET_FEATURES,
  CSTS,
  FEATURE_ARBITRATION,
  NVM_FLUSH,
  REG_CC,
  REG_CSTS,
  REG_VS,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { ENABLED, RawHost } from '../test-support/raw-host.js';
import { NullMedium } from './media/null-medium.js';
import { Controller } from './controller.js';
import { LinkDevice, DeviceDma, createLinkMemory } from '@phasebit/pcie';
import { ManualClock } from '@phasebit/core';

const FLUSH = { opcode: NVM_FLUSH, nsid: 1 };

describe('a controller that fails', () => {
  it('fatally says so, stops, and comes back after a reset', () => {
    const host = new RawHost().enable();
    const queue = host.createPair(1);
    host.controller.fail('fatal');
    queue.push(FLUSH);
    queue.ring();
    host.settle();
    expect(queue.completions.poll()).toBeUndefined();
    const csts = host.read32(REG_CSTS);
    expect([CSTS.CFS.get(csts), CSTS.RDY.get(csts)]).toEqual([1, 1]);
    host.write32(REG_CC, 0);
    expect(host.read32(REG_CSTS)).toBe(0);
    host.enable();
    expect(host.createPair(1).execute(FLUSH).code).toBe(0);
  });

  it('by hanging still shows its registers, and does nothing else', async () => {
    const host = new RawHost().enable();
    const queue = host.createPair(1);
    host.controller.fail('hang');
    queue.push(FLUSH);
    queue.ring();
    host.settle();
    expect(queue.completions.poll()).toBeUndefined();
    expect(await host.function.registers.read32(REG_VS)).toBe(0x0002_0000);
    host.write32(REG_CC, 0);
    expect(CSTS.RDY.get(await host.function.registers.read32(REG_CSTS))).toBe(1);
    expect(await host.function.registers.read32(REG_CC)).toBe(ENABLED);
  });

  it('by leaving the bus reads as all ones', async () => {
    const host = new RawHost().enable();
    host.controller.fail('remove');
    expect(await host.function.registers.read32(REG_CSTS)).toBe(0xffff_ffff);
    host.admin.push({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION });
    host.admin.ring();
    host.settle();
    expect(host.admin.completions.poll()).toBeUndefined();
  });

  it.each(['fatal', 'hang', 'remove'] as const)('as planned (%s) completes just that many I/O commands', (failMode) => {
    const host = new RawHost({ failAfterCommands: 5, failMode }).enable();
    const queue = host.createPair(1);
    for (let cid = 0; cid < 12; cid++) queue.push({ ...FLUSH, cid });
    queue.ring();
    host.settle();
    expect(queue.completions.drain().map((each) => each.cid)).toEqual([0, 1, 2, 3, 4]);
    host.settle();
    expect(queue.completions.poll()).toBeUndefined();
    if (failMode === 'fatal') expect(CSTS.CFS.get(host.read32(REG_CSTS))).toBe(1);
  });
});

describe('a planned failure', () => {
  it.each(['fatal', 'hang', 'remove'] as const)(
    '(%s) in the turn of one queue ends the turn of the next',
    (failMode) => {
      const host = new RawHost({ failAfterCommands: 2, failMode }).enable();
      const queues = [host.createPair(1), host.createPair(2)];
      for (const queue of queues) {
        for (let cid = 0; cid < 4; cid++) queue.push({ ...FLUSH, cid });
        queue.ring();
      }
      host.settle();
      expect(queues.map((queue) => queue.completions.drain().length)).toEqual([2, 0]);
    },
  );
});

describe('options out of range are refused', () => {
  const medium = new NullMedium(4096);
  it.each([
    ['mqesEntries', { mqesEntries: 1 }],
    ['mqesEntries', { mqesEntries: 65_537 }],
    ['queuePairs', { queuePairs: 0 }],
    ['queuePairs', { queuePairs: 17 }],
    ['mdts', { mdts: 0 }],
    ['mdts', { mdts: 17 }],
    ['readyTimeout', { readyTimeout: 0 }],
    ['cntlid', { cntlid: 0xfff0 }],
    ['vendorId', { vendorId: 0x1_0000 }],
    ['anaGroups', { anaGroups: 129 }],
    ['serial', { serial: '' }],
    ['serial', { serial: 'x'.repeat(21) }],
    ['model', { model: 'x'.repeat(41) }],
    ['firmware', { firmware: 'x'.repeat(9) }],
    ['subnqn', { subnqn: 'x'.repeat(224) }],
    ['largestNsid', { largestNsid: 4097 }],
    ['largestNsid', { largestNsid: 1, namespaces: [{ nsid: 2, medium }] }],
    ['namespaces', { namespaces: [1, 1].map((nsid) => ({ nsid, medium })) }],
    ['nsid', { namespaces: [{ nsid: 0, medium }] }],
    ['blockBytes', { namespaces: [{ nsid: 1, medium, blockBytes: 520 }] }],
    ['blockBytes', { namespaces: [{ nsid: 1, medium, blockBytes: 256 }] }],
    ['blocks', { namespaces: [{ nsid: 1, medium, blocks: 9 }] }],
    ['blocks', { namespaces: [{ nsid: 1, medium, blockBytes: 8192 }] }],
    ['anaGroupId', { namespaces: [{ nsid: 1, medium, anaGroupId: 1 }] }],
    ['anaGroupId', { anaGroups: 2, namespaces: [{ nsid: 1, medium, anaGroupId: 0 }] }],
    ['uuid', { namespaces: [{ nsid: 1, medium, uuid: '12' }] }],
    ['nguid', { namespaces: [{ nsid: 1, medium, nguid: 'z'.repeat(32) }] }],
  ])('%s', (name, options) => {
    const link = new LinkDevice(createLinkMemory({ queues: 17 }));
    expect(() => new Controller({ link, dma: new DeviceDma(), clock: new ManualClock(), ...options })).toThrow(
      new RegExp(`^${name}: expected`),
    );
  });

  it('attaching twice, beyond the largest identifier, or detaching what is not there', () => {
    const host = new RawHost();
    expect(() => host.controller.attach({ nsid: 1, medium })).toThrow(RangeError);
    expect(() => host.controller.attach({ nsid: 2, medium })).toThrow(RangeError);
    expect(() => host.controller.detach(2)).toThrow(RangeError);
  });
});
