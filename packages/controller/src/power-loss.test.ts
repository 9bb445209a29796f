import { ManualClock } from '@phasebit/core';
import {
  ADMIN_GET_FEATURES,
  ADMIN_GET_LOG_PAGE,
  ADMIN_SET_FEATURES,
  CC,
  CC_SHN_NORMAL,
  CSTS,
  FEATURE_VOLATILE_WRITE_CACHE,
  LOG_SMART,
  NVM_FLUSH,
  NVM_READ,
  NVM_RESERVATION_REGISTER,
  NVM_RESERVATION_REPORT,
  NVM_WRITE,
  REG_AQA,
  REG_CC,
  REG_CSTS,
  REG_NSSR,
  NSSR_RESET_KEY,
  RESERVATION_CPTPL_CLEAR,
  RESERVATION_CPTPL_SET,
  RESERVATION_REGISTER_CDW10,
  RW_CDW12_FUA,
  RW_CDW12_PRACT,
  RW_CDW12_PRCHK_GUARD,
  SMART_BYTES,
  SMART_POWER_CYCLES,
  SMART_UNSAFE_SHUTDOWNS,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { sayWho } from '../test-support/admin-calls.js';
import { ENABLED, RawHost, type RawSubmissionQueue } from '../test-support/raw-host.js';
import { SharedSubsystem } from '../test-support/shared-subsystem.js';
import { NAND_SLC } from './media/nand/nand-profile.js';
import { NandMedium } from './media/nand/nand-medium.js';
import { PowerLossMedium } from './media/power-loss-medium.js';
import { RamMedium } from './media/ram-medium.js';

const volatileMedium = (): PowerLossMedium => new PowerLossMedium({ medium: new RamMedium({ bytes: 2 ** 20 }) });

function started(medium = volatileMedium()) {
  const host = new RawHost({ namespaces: [{ nsid: 1, medium }] }).enable();
  return { host, medium, queue: host.createPair(1) };
}

/** Writes block 0 filled with `value`, or reads it. */
function block(host: RawHost, queue: RawSubmissionQueue, value?: number, flags = 0): number {
  const page = host.page();
  const bytes = host.dma.bytes(page, 512).fill(value ?? 0xee);
  const opcode = value === undefined ? NVM_READ : NVM_WRITE;
  expect(queue.execute({ opcode, nsid: 1, prp1: host.iova(page), cdw12: flags }).code).toBe(0);
  return bytes[0];
}

function smart(host: RawHost): { cycles: number; unsafe: number } {
  const page = host.page();
  host.run({ opcode: ADMIN_GET_LOG_PAGE, nsid: 0xffff_ffff, prp1: host.iova(page), cdw10: LOG_SMART | (127 << 16) });
  const view = new DataView(host.dma.bytes(page, SMART_BYTES).slice().buffer);
  return { cycles: view.getUint32(SMART_POWER_CYCLES, true), unsafe: view.getUint32(SMART_UNSAFE_SHUTDOWNS, true) };
}

describe('a loss of power', () => {
  it('leaves a controller as it is after power-on, which can be enabled again', () => {
    const { host, queue } = started();
    host.write32(REG_NSSR, NSSR_RESET_KEY);
    host.enable();
    expect(CSTS.NSSRO.get(host.read32(REG_CSTS))).toBe(1);
    host.controller.losePower(1);
    expect(host.controller.state).toBe('disabled');
    expect([REG_CC, REG_CSTS, REG_AQA].map((each) => host.read32(each))).toEqual([0, 0, 0]);
    queue.push({ opcode: NVM_FLUSH, nsid: 1 });
    queue.ring();
    host.settle();
    expect(queue.completions.poll()).toBeUndefined();
    host.enable();
    expect(block(host, host.createPair(1))).toBe(0);
  });

  it('takes register writes with it that had not arrived', () => {
    const { host } = started();
    host.function.registers.write32(REG_AQA, 0x000f_000f);
    host.function.registers.write32(REG_CC, 0);
    host.controller.losePower(1);
    expect([host.controller.step(), host.read32(REG_AQA), host.read32(REG_CC)]).toEqual([0, 0, 0]);
  });

  it('keeps what was flushed or written with Force Unit Access, and may lose the rest', () => {
    const after = (write: (host: RawHost, queue: RawSubmissionQueue) => void): Set<number> => {
      const found = new Set<number>();
      for (let seed = 0; seed < 20; seed++) {
        const { host, queue } = started();
        write(host, queue);
        host.controller.losePower(seed);
        host.enable();
        found.add(block(host, host.createPair(1)));
      }
      return found;
    };
    expect(after((host, queue) => block(host, queue, 5))).toEqual(new Set([0, 5]));
    expect(after((host, queue) => block(host, queue, 5, RW_CDW12_FUA))).toEqual(new Set([5]));
    const flushed = after((host, queue) => {
      block(host, queue, 5);
      expect(queue.execute({ opcode: NVM_FLUSH, nsid: 1 }).code).toBe(0);
    });
    expect(flushed).toEqual(new Set([5]));
    const read = after((host, queue) => {
      block(host, queue, 5);
      block(host, queue, undefined, RW_CDW12_FUA);
    });
    expect(read).toEqual(new Set([5]));
    const withoutCache = after((host, queue) => {
      host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_VOLATILE_WRITE_CACHE, cdw11: 0 });
      block(host, queue, 5);
    });
    expect(withoutCache).toEqual(new Set([5]));
  });

  it('is a power cycle for SMART, and an unsafe shutdown unless there was a shutdown before', () => {
    const { host } = started();
    expect(smart(host)).toEqual({ cycles: 1, unsafe: 0 });
    host.controller.losePower(1);
    host.enable();
    expect(smart(host)).toEqual({ cycles: 2, unsafe: 1 });
    host.write32(REG_CC, CC.SHN.set(ENABLED, CC_SHN_NORMAL));
    host.controller.losePower(2);
    host.enable();
    expect(smart(host)).toEqual({ cycles: 3, unsafe: 1 });
  });

  it('loses nothing after a shutdown', () => {
    for (let seed = 0; seed < 10; seed++) {
      const { host, queue } = started();
      block(host, queue, 5);
      host.write32(REG_CC, CC.SHN.set(ENABLED, CC_SHN_NORMAL));
      host.controller.losePower(seed);
      host.enable();
      expect(block(host, host.createPair(1))).toBe(5);
    }
  });

  it('leaves the saved features', () => {
    const { host } = started();
    const saved = { opcode: ADMIN_SET_FEATURES, cdw10: 0x8000_0000 | FEATURE_VOLATILE_WRITE_CACHE, cdw11: 0 };
    expect(host.run(saved).code).toBe(0);
    host.controller.losePower(1);
    host.enable();
    expect(host.run({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_VOLATILE_WRITE_CACHE }).result & 1).toBe(0);
  });

  it('completes nothing that was in flight, and the flash stands still', () => {
    const clock = new ManualClock();
    const medium = new NandMedium({ ...NAND_SLC, medium: volatileMedium(), clock, cacheBytes: 0 });
    const host = new RawHost({ clock, namespaces: [{ nsid: 1, medium }] }).enable();
    const queue = host.createPair(1);
    queue.push({ opcode: NVM_WRITE, nsid: 1, prp1: host.iova(host.page()) });
    queue.ring();
    host.settle();
    expect(host.controller.nextDueNs).toBeGreaterThan(100_000);
    host.controller.losePower(1);
    expect(host.controller.nextDueNs).toBe(Infinity);
    expect(medium.statistics.dieUtilization).toBe(0);
    clock.advanceNs(1e9);
    host.settle();
    expect(queue.completions.poll()).toBeUndefined();
  });

  it('ends a hang, but brings nobody back to the bus', () => {
    const { host } = started();
    host.controller.fail('hang');
    host.controller.losePower(1);
    host.enable();
    host.controller.fail('remove');
    host.controller.losePower(2);
    expect(host.read32(REG_CSTS)).toBe(0);
    expect(() => host.enable()).toThrow('not ready');
  });

  it.each([
    [RESERVATION_CPTPL_CLEAR, 0],
    [RESERVATION_CPTPL_SET, 1],
  ])('with CPTPL %i leaves %i registrants', (persistence, registrants) => {
    const { host, queue } = started();
    expect(sayWho(host, 7).code).toBe(0);
    const keys = host.page();
    host.dma.words(keys, 4).set([0, 0, 5, 0]);
    const register = { opcode: NVM_RESERVATION_REGISTER, nsid: 1, prp1: host.iova(keys) };
    const cdw10 = RESERVATION_REGISTER_CDW10.CPTPL.set(0, persistence);
    expect(queue.execute({ ...register, cdw10 }).code).toBe(0);
    host.controller.losePower(1);
    host.enable();
    sayWho(host, 7);
    const page = host.page();
    const report = { opcode: NVM_RESERVATION_REPORT, nsid: 1, prp1: host.iova(page), cdw10: 31 };
    expect(host.createPair(1).execute(report).code).toBe(0);
    expect(host.dma.bytes(page, 64)[5]).toBe(registrants);
  });

  it('leaves no block whose protection information is not its own', () => {
    const found = new Set<number>();
    for (let seed = 0; seed < 30; seed++) {
      const medium = volatileMedium();
      const namespace = { nsid: 1, medium, blockBytes: 512, metadataBytes: 8, piType: 1 } as const;
      const host = new RawHost({ namespaces: [namespace] }).enable();
      const page = host.page();
      const bytes = host.dma.bytes(page, 2048);
      const blocks = { nsid: 1, prp1: host.iova(page), cdw12: 3 | RW_CDW12_PRACT | RW_CDW12_PRCHK_GUARD };
      const queue = host.createPair(1);
      for (const [value, flags] of [
        [5, RW_CDW12_FUA],
        [6, 0],
      ]) {
        bytes.fill(value);
        expect(queue.execute({ ...blocks, opcode: NVM_WRITE, cdw12: blocks.cdw12 | flags }).code).toBe(0);
      }
      host.controller.losePower(seed);
      host.enable();
      expect(host.createPair(1).execute({ ...blocks, opcode: NVM_READ }).code).toBe(0);
      for (const at of [0, 512, 1024, 1536]) found.add(bytes[at]);
    }
    expect(found).toEqual(new Set([5, 6]));
  });

  it('reaches every controller of the subsystem', () => {
    const { hosts, subsystem } = new SharedSubsystem(2);
    subsystem.losePower(1);
    expect(hosts.map((host) => host.read32(REG_CSTS))).toEqual([0, 0]);
    expect(hosts.map((host) => smart(host.enable()))).toEqual([
      { cycles: 2, unsafe: 1 },
      { cycles: 2, unsafe: 1 },
    ]);
  });
});
