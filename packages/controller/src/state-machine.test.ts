import {
  ADMIN_GET_FEATURES,
  ADMIN_GET_LOG_PAGE,
  ADMIN_KEEP_ALIVE,
  ADMIN_SET_FEATURES,
  AQA,
  CC,
  CC_AMS_VENDOR,
  CC_CSS_ADMIN_ONLY,
  CC_CSS_ALL,
  CC_SHN_ABRUPT,
  CC_SHN_NORMAL,
  CSTS,
  CSTS_SHST_COMPLETE,
  decodeErrorLogEntry,
  FEATURE_ARBITRATION,
  FEATURE_ASYNC_EVENT_CONFIG,
  FEATURE_ERROR_RECOVERY,
  FEATURE_INTERRUPT_COALESCING,
  FEATURE_KEEP_ALIVE_TIMER,
  FEATURE_NUMBER_OF_QUEUES,
  FEATURE_TEMPERATURE_THRESHOLD,
  FEATURE_VOLATILE_WRITE_CACHE,
  FEATURE_WRITE_ATOMICITY,
  LOG_ERROR_INFORMATION,
  NSSR_RESET_KEY,
  NVM_WRITE,
  REG_ACQ,
  REG_AQA,
  REG_ASQ,
  REG_CC,
  REG_CSTS,
  REG_NSSR,
  STATUS_KEEP_ALIVE_EXPIRED,
} from '@phasebit/nvme-spec';
import { ManualClock } from '@phasebit/core';
import { describe, expect, it } from 'vitest';
import { ENABLED, NOWHERE, RawHost } from '../test-support/raw-host.js';
import { NullMedium } from './media/null-medium.js';
import { Subsystem } from './subsystem.js';

/** A host whose admin queue registers are good, with the controller still disabled. */
function prepared(): RawHost {
  const host = new RawHost().enable();
  host.write32(REG_CC, 0);
  return host;
}

const BAD_CONFIGURATIONS: readonly (readonly [string, (host: RawHost) => void, number])[] = [
  ['CC.CSS admin only', () => undefined, CC.CSS.set(ENABLED, CC_CSS_ADMIN_ONLY)],
  ['CC.CSS reserved', () => undefined, CC.CSS.set(ENABLED, 3)],
  ['CC.MPS above MPSMAX', () => undefined, CC.MPS.set(ENABLED, 1)],
  ['CC.MPS largest', () => undefined, CC.MPS.set(ENABLED, 15)],
  ['CC.AMS vendor specific', () => undefined, CC.AMS.set(ENABLED, CC_AMS_VENDOR)],
  ['CC.AMS reserved', () => undefined, CC.AMS.set(ENABLED, 5)],
  ['AQA.ASQS 0', (host) => host.write32(REG_AQA, AQA.ACQS0.set(0, 31)), ENABLED],
  ['AQA.ACQS 0', (host) => host.write32(REG_AQA, AQA.ASQS0.set(0, 31)), ENABLED],
  ['AQA 0', (host) => host.write32(REG_AQA, 0), ENABLED],
  ['ASQ misaligned', (host) => host.write32(REG_ASQ, host.read32(REG_ASQ) + 64), ENABLED],
  ['ACQ misaligned', (host) => host.write32(REG_ACQ, host.read32(REG_ACQ) + 16), ENABLED],
  ['ASQ not mapped', (host) => host.write64(REG_ASQ, NOWHERE), ENABLED],
  ['ACQ not mapped', (host) => host.write64(REG_ACQ, NOWHERE), ENABLED],
  ['ASQ of 2^53 and more', (host) => host.write32(REG_ASQ + 4, 0xffff_ffff), ENABLED],
  ['ACQ of 2^53 and more', (host) => host.write32(REG_ACQ + 4, 0x0020_0000), ENABLED],
  [
    'ASQ that runs out of mapped memory',
    (host) => {
      host.write64(REG_ASQ, host.iova(host.data(4096)));
      host.write32(REG_AQA, 0x0fff_0fff);
    },
    ENABLED,
  ],
];

describe('enabling', () => {
  it.each(BAD_CONFIGURATIONS)('with %s fails with CFS, and works after a reset', (_, prepare, cc) => {
    // The small data arena makes a long ring at its start run out of memory.
    const host = new RawHost({ dataBytes: 16 * 4096 }).enable();
    host.write32(REG_CC, 0);
    prepare(host);
    host.write32(REG_CC, cc);
    expect(CSTS.CFS.get(host.read32(REG_CSTS))).toBe(1);
    expect(CSTS.RDY.get(host.read32(REG_CSTS))).toBe(0);
    expect(host.controller.state).toBe('failed');
    host.write32(REG_CC, 0);
    expect(host.read32(REG_CSTS)).toBe(0);
    host.enable();
  });

  it.each([
    ['two entries each', 2, 2],
    ['4,096 entries each', 4096, 4096],
    ['different sizes', 33, 7],
  ])('works with an admin queue of %s', (_, entries, completionEntries) => {
    const host = new RawHost().enable(entries, completionEntries);
    for (let i = 0; i < 3 * entries && i < 200; i++) {
      expect(host.run({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION }).code).toBe(0);
    }
  });

  it('works with CC.CSS 110b too', () => {
    const host = prepared();
    host.write32(REG_CC, CC.CSS.set(ENABLED, CC_CSS_ALL));
    expect(CSTS.RDY.get(host.read32(REG_CSTS))).toBe(1);
  });

  it('does nothing for a command that was rung before', () => {
    const host = prepared();
    host.function.doorbells.ringSq(0, 5);
    host.settle();
    host.write32(REG_CC, ENABLED);
    expect(host.admin.completions.poll()).toBeUndefined();
    expect(CSTS.RDY.get(host.read32(REG_CSTS))).toBe(1);
  });
});

const SETTINGS: readonly (readonly [string, number, number, number])[] = [
  ['Arbitration', FEATURE_ARBITRATION, 0x0102_0303, 0],
  ['Temperature Threshold', FEATURE_TEMPERATURE_THRESHOLD, 400, 0],
  ['Error Recovery', FEATURE_ERROR_RECOVERY, 77, 1],
  ['Volatile Write Cache', FEATURE_VOLATILE_WRITE_CACHE, 0, 0],
  ['Number of Queues', FEATURE_NUMBER_OF_QUEUES, 0x0001_0002, 0],
  ['Interrupt Coalescing', FEATURE_INTERRUPT_COALESCING, 0x0405, 0],
  ['Write Atomicity', FEATURE_WRITE_ATOMICITY, 1, 0],
  ['Async Event Configuration', FEATURE_ASYNC_EVENT_CONFIG, 0x0000_0900, 0],
  ['Keep Alive Timer', FEATURE_KEEP_ALIVE_TIMER, 15_000, 0],
];

describe('a controller reset', () => {
  it('keeps AQA, ASQ and ACQ and clears CC and CSTS', () => {
    const host = new RawHost().enable();
    const before = [REG_AQA, REG_ASQ, REG_ASQ + 4, REG_ACQ, REG_ACQ + 4].map((offset) => host.read32(offset));
    host.write32(REG_CC, 0x0046_0000);
    expect([REG_AQA, REG_ASQ, REG_ASQ + 4, REG_ACQ, REG_ACQ + 4].map((offset) => host.read32(offset))).toEqual(before);
    expect([host.read32(REG_CC), host.read32(REG_CSTS)]).toEqual([0, 0]);
  });

  it.each(SETTINGS)('brings %s back to its default', (_, feature, value, nsid) => {
    const host = new RawHost().enable();
    const get = (): number => host.run({ opcode: ADMIN_GET_FEATURES, nsid, cdw10: feature }).result;
    const initial = get();
    expect(host.run({ opcode: ADMIN_SET_FEATURES, nsid, cdw10: feature, cdw11: value }).code).toBe(0);
    expect(get()).toBe(value);
    host.write32(REG_CC, 0);
    host.enable();
    expect(get()).toBe(initial);
  });

  it('lets the number of queues be chosen again', () => {
    const host = new RawHost().enable();
    host.createPair(1);
    host.write32(REG_CC, 0);
    host.enable();
    const set = { opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_NUMBER_OF_QUEUES, cdw11: 0x0001_0001 };
    expect(host.run(set)).toMatchObject({ code: 0, result: 0x0001_0001 });
  });

  it('forgets the I/O queues; a new one starts with phase 1', () => {
    const host = new RawHost().enable();
    const before = host.createPair(1, 4);
    for (let i = 0; i < 6; i++) before.execute({ opcode: NVM_WRITE, nsid: 1, prp1: host.iova(host.page()) });
    host.write32(REG_CC, 0);
    before.push({ opcode: NVM_WRITE, nsid: 1 });
    before.ring();
    host.settle();
    expect(before.completions.poll()).toBeUndefined();
    host.enable();
    const after = host.createPair(1, 4);
    expect(after.execute({ opcode: NVM_WRITE, nsid: 1, prp1: host.iova(host.page()) })).toMatchObject({
      phase: 1,
      code: 0,
    });
  });

  it('a thousand times in a row is no different from once', () => {
    const host = new RawHost().enable(8);
    for (let i = 0; i < 1000; i++) {
      host.write32(REG_CC, 0);
      expect(host.read32(REG_CSTS)).toBe(0);
      host.admin.words.fill(0);
      host.admin.tail = 0;
      host.dma.words(host.admin.cqAddress, host.admin.completions.entries * 4).fill(0);
      host.admin.completions.head = 0;
      host.admin.completions.phase = 1;
      host.write32(REG_CC, ENABLED);
      expect(host.run({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION }).code).toBe(0);
    }
  });
});

describe('an NVM subsystem reset', () => {
  it('resets every register, tells of it in CSTS, and the controller works again', () => {
    const host = new RawHost().enable();
    host.createPair(1);
    host.write32(REG_NSSR, NSSR_RESET_KEY);
    expect(host.controller.state).toBe('disabled');
    for (const offset of [REG_CC, REG_AQA, REG_ASQ, REG_ASQ + 4, REG_ACQ, REG_ACQ + 4]) {
      expect(host.read32(offset)).toBe(0);
    }
    expect(host.read32(REG_CSTS)).toBe(CSTS.NSSRO.mask);
    host.enable();
    expect(host.run({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION }).code).toBe(0);
    expect(host.createPair(1).execute({ opcode: NVM_WRITE, nsid: 1, prp1: host.iova(host.page()) }).code).toBe(0);
  });

  it('is told of until the host clears it, by a one and by nothing else', () => {
    const host = new RawHost().enable();
    host.write32(REG_NSSR, NSSR_RESET_KEY);
    host.enable();
    const both = (CSTS.NSSRO.mask | CSTS.RDY.mask) >>> 0;
    expect(host.read32(REG_CSTS)).toBe(both);
    host.write32(REG_CSTS, ~CSTS.NSSRO.mask >>> 0);
    expect(host.read32(REG_CSTS)).toBe(both);
    host.write32(REG_CC, 0);
    expect(host.read32(REG_CSTS)).toBe(CSTS.NSSRO.mask);
    host.write32(REG_CSTS, CSTS.NSSRO.mask);
    expect(host.read32(REG_CSTS)).toBe(0);
    host.enable();
    expect(host.read32(REG_CSTS)).toBe(CSTS.RDY.mask);
  });

  it.each(['fatal', 'shut down', 'disabled'])('brings back a controller that is %s', (state) => {
    const host = new RawHost().enable();
    if (state === 'fatal') host.controller.fail('fatal');
    if (state === 'shut down') host.write32(REG_CC, CC.SHN.set(ENABLED, CC_SHN_NORMAL));
    if (state === 'disabled') host.write32(REG_CC, 0);
    host.write32(REG_NSSR, NSSR_RESET_KEY);
    expect(host.read32(REG_CSTS)).toBe(CSTS.NSSRO.mask);
    host.enable();
    expect(host.run({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION }).code).toBe(0);
  });

  it('reaches every controller of the subsystem, and no other', () => {
    const clock = new ManualClock();
    const subsystem = new Subsystem({ clock });
    const members = [0, 1, 2].map((cntlid) => new RawHost({ subsystem, clock, cntlid, namespaces: [] }).enable());
    const stranger = new RawHost().enable();
    members[1].write32(REG_NSSR, NSSR_RESET_KEY);
    for (const host of members) expect(host.read32(REG_CSTS)).toBe(CSTS.NSSRO.mask);
    expect(stranger.read32(REG_CSTS)).toBe(CSTS.RDY.mask);
    for (const host of members) host.enable();
  });
});

describe('a shutdown', () => {
  it.each([
    ['normal', CC_SHN_NORMAL],
    ['abrupt', CC_SHN_ABRUPT],
  ])('(%s) flushes every medium and reports complete', (_, shn) => {
    let flushes = 0;
    class Counted extends NullMedium {
      override flush(): number {
        flushes++;
        return 0;
      }
    }
    const namespaces = [1, 2].map((nsid) => ({ nsid, medium: new Counted(1024 * 1024) }));
    const host = new RawHost({ namespaces }).enable();
    host.write32(REG_CC, CC.SHN.set(ENABLED, shn));
    const csts = host.read32(REG_CSTS);
    expect(flushes).toBe(2);
    expect([CSTS.SHST.get(csts), CSTS.ST.get(csts), CSTS.CFS.get(csts)]).toEqual([CSTS_SHST_COMPLETE, 0, 0]);
  });

  it('ends the processing of commands, admin and I/O, until a reset', () => {
    const host = new RawHost().enable();
    const queue = host.createPair(1);
    host.write32(REG_CC, CC.SHN.set(ENABLED, CC_SHN_NORMAL));
    queue.push({ opcode: NVM_WRITE, nsid: 1 });
    queue.ring();
    host.admin.push({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION });
    host.admin.ring();
    host.settle();
    expect(queue.completions.poll()).toBeUndefined();
    expect(host.admin.completions.poll()).toBeUndefined();
    host.write32(REG_CC, ENABLED);
    host.settle();
    expect(CSTS.SHST.get(host.read32(REG_CSTS))).toBe(CSTS_SHST_COMPLETE);
    expect(host.admin.completions.poll()).toBeUndefined();
    host.write32(REG_CC, 0);
    expect(host.read32(REG_CSTS)).toBe(0);
    host.enable();
    expect(host.run({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION }).code).toBe(0);
  });

  it('in the write that clears EN happens as well as the reset', () => {
    const host = new RawHost().enable();
    host.createPair(1);
    host.write32(REG_CC, CC.SHN.set(0, CC_SHN_NORMAL));
    const csts = host.read32(REG_CSTS);
    expect([CSTS.RDY.get(csts), CSTS.SHST.get(csts)]).toEqual([0, CSTS_SHST_COMPLETE]);
    host.enable();
    expect(CSTS.SHST.get(host.read32(REG_CSTS))).toBe(0);
  });

  it('with the reserved notification 11b does not happen', () => {
    const host = new RawHost().enable();
    host.write32(REG_CC, CC.SHN.set(ENABLED, 3));
    expect(CSTS.SHST.get(host.read32(REG_CSTS))).toBe(0);
    expect(host.run({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION }).code).toBe(0);
  });

  it('of a controller that was never enabled is answered, and enabling clears it', () => {
    const host = prepared();
    host.write32(REG_CC, CC.SHN.set(0, CC_SHN_NORMAL));
    expect(CSTS.SHST.get(host.read32(REG_CSTS))).toBe(CSTS_SHST_COMPLETE);
    host.enable();
    expect(CSTS.SHST.get(host.read32(REG_CSTS))).toBe(0);
  });
});

describe('the keep alive timer', () => {
  const keepAlive = (host: RawHost): number => host.run({ opcode: ADMIN_KEEP_ALIVE }).code;

  it('that runs out is fatal and logged; until then Keep Alive restarts it', () => {
    const host = new RawHost().enable();
    host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_KEEP_ALIVE_TIMER, cdw11: 250 });
    expect(host.run({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_KEEP_ALIVE_TIMER }).result).toBe(300);
    for (let i = 0; i < 5; i++) {
      host.clock.advanceNs(290e6);
      expect(keepAlive(host)).toBe(0);
    }
    host.clock.advanceNs(301e6);
    host.settle();
    expect(CSTS.CFS.get(host.read32(REG_CSTS))).toBe(1);
    host.write32(REG_CC, 0);
    host.enable();
    const page = host.page();
    host.run({ opcode: ADMIN_GET_LOG_PAGE, prp1: host.iova(page), cdw10: LOG_ERROR_INFORMATION | (15 << 16) });
    const entry = decodeErrorLogEntry(host.dma.bytes(page, 64));
    expect(entry).toMatchObject({ sqid: 0xffff, cid: 0xffff, status: STATUS_KEEP_ALIVE_EXPIRED });
  });

  it('of 0 never runs out, and a reset disables it', () => {
    const host = new RawHost().enable();
    host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_KEEP_ALIVE_TIMER, cdw11: 100 });
    host.write32(REG_CC, 0);
    host.enable();
    host.clock.advanceNs(1e12);
    expect(keepAlive(host)).toBe(0);
  });
});
