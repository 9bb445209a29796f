import {
  ADMIN_GET_FEATURES,
  ADMIN_KEEP_ALIVE,
  ADMIN_SET_FEATURES,
  CC,
  CSTS,
  FEATURE_ARBITRATION,
  FEATURE_KEEP_ALIVE_TIMER,
  NVM_FLUSH,
  REG_CC,
  REG_CSTS,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { ENABLED, RawHost, type RawSubmissionQueue } from '../../test-support/raw-host.js';
import type { FailMode } from './fail-mode.js';
import type { FaultRule } from './fault-rule.js';

const flush = (cid: number) => ({ opcode: NVM_FLUSH, nsid: 1, cid });

function started(...rules: readonly FaultRule[]) {
  const host = new RawHost({ faults: { rules } }).enable();
  return { host, queue: host.createPair(1) };
}

function submit(host: RawHost, queue: RawSubmissionQueue, ...cids: readonly number[]): number[] {
  for (const cid of cids) queue.push(flush(cid));
  queue.ring();
  host.settle();
  return queue.completions.drain().map((each) => each.cid);
}

describe('a controller that breaks at a command', () => {
  it.each<FailMode>(['fatal', 'hang', 'remove'])('(%s) completes it and nothing else', async (kind) => {
    const { host, queue } = started({ kind, skip: 2, count: 1 });
    expect(submit(host, queue, 1, 2, 3, 4, 5)).toEqual([1, 2, 3]);
    expect(submit(host, queue, 6)).toEqual([]);
    const csts = await host.function.registers.read32(REG_CSTS);
    expect(csts).toBe({ fatal: 3, hang: 1, remove: 0xffff_ffff }[kind]);
  });

  it('loses that command too when it is told to', () => {
    const { host, queue } = started({ kind: 'fatal', skip: 2, count: 1 }, { kind: 'lost', skip: 2, count: 1 });
    expect(submit(host, queue, 1, 2, 3, 4)).toEqual([1, 2]);
    expect(CSTS.CFS.get(host.read32(REG_CSTS))).toBe(1);
  });

  it('does so at an admin command, and serves no I/O queue in that turn', () => {
    const { host, queue } = started({ kind: 'hang', queue: 0, opcode: ADMIN_GET_FEATURES });
    host.admin.push({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION, cid: 9 });
    host.admin.ring();
    expect(submit(host, queue, 1)).toEqual([]);
    expect(host.admin.completions.drain().map((each) => each.cid)).toEqual([9]);
  });

  it('works again after a reset from a fatal status, as often as the rule says', () => {
    const { host, queue } = started({ kind: 'fatal', count: 2 });
    let current = queue;
    for (let life = 0; life < 2; life++) {
      expect(submit(host, current, 1, 2)).toEqual([1]);
      host.write32(REG_CC, 0);
      host.enable();
      current = host.createPair(1);
    }
    expect(submit(host, current, 1, 2)).toEqual([1, 2]);
  });
});

describe('a controller that is revived', () => {
  it('goes on where it was: doorbells are seen, register writes were lost', () => {
    const { host, queue } = started();
    host.controller.fail('hang');
    expect(submit(host, queue, 1, 2)).toEqual([]);
    host.write32(REG_CC, 0);
    host.controller.revive();
    host.settle();
    expect(queue.completions.drain().map((each) => each.cid)).toEqual([1, 2]);
    expect(host.read32(REG_CC)).toBe(ENABLED);
    host.write32(REG_CC, 0);
    expect(host.read32(REG_CSTS)).toBe(0);
  });

  it('completes what has become due meanwhile', () => {
    const { host, queue } = started({ kind: 'late', delayNs: 100 });
    submit(host, queue, 1);
    host.controller.fail('hang');
    host.clock.advanceNs(1000);
    host.settle();
    expect(queue.completions.poll()).toBeUndefined();
    host.controller.revive();
    host.settle();
    expect(queue.completions.drain().map((each) => each.cid)).toEqual([1]);
  });

  it('must not have left the bus', async () => {
    const { host, queue } = started();
    host.controller.fail('remove');
    host.controller.revive();
    expect(submit(host, queue, 1)).toEqual([]);
    expect(await host.function.registers.read32(REG_CSTS)).toBe(0xffff_ffff);
  });

  it('keeps a fatal status', () => {
    const { host, queue } = started();
    host.controller.fail('fatal');
    host.controller.revive();
    expect(submit(host, queue, 1)).toEqual([]);
    expect(CSTS.CFS.get(host.read32(REG_CSTS))).toBe(1);
  });
});

describe('doorbells that are lost', () => {
  it('are seen when the time is over; the command that began it completes', () => {
    const { host, queue } = started({ kind: 'doorbells-lost', durationNs: 1000, count: 1 });
    expect(submit(host, queue, 1)).toEqual([1]);
    expect(submit(host, queue, 2)).toEqual([]);
    host.admin.push({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION, cid: 9 });
    host.admin.ring();
    host.clock.advanceNs(999);
    expect(submit(host, queue, 3)).toEqual([]);
    expect(host.admin.completions.poll()).toBeUndefined();
    host.clock.advanceNs(1);
    host.settle();
    expect(queue.completions.drain().map((each) => each.cid)).toEqual([2, 3]);
    expect(host.admin.completions.drain().map((each) => each.cid)).toEqual([9]);
    expect(submit(host, queue, 4)).toEqual([4]);
  });

  it('are lost for the other queues of the same turn too', () => {
    const { host, queue } = started({ kind: 'doorbells-lost', durationNs: 1000, count: 1 });
    const other = host.createPair(2);
    other.push(flush(7));
    other.ring();
    expect(submit(host, queue, 1)).toEqual([1]);
    expect(other.completions.poll()).toBeUndefined();
    host.clock.advanceNs(1000);
    host.settle();
    expect(other.completions.drain().map((each) => each.cid)).toEqual([7]);
  });

  it('do not keep commands in flight from completing', () => {
    const { host, queue } = started({ kind: 'late', delayNs: 100 });
    submit(host, queue, 1);
    host.controller.faults.loseDoorbells(1000);
    host.clock.advanceNs(100);
    host.settle();
    expect(queue.completions.drain().map((each) => each.cid)).toEqual([1]);
  });

  it('do not keep registers from being seen', () => {
    const { host } = started();
    host.controller.faults.loseDoorbells(1000);
    host.write32(REG_CC, 0);
    expect(host.read32(REG_CSTS)).toBe(0);
  });

  it('let the keep alive timer run out', () => {
    const { host } = started();
    host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_KEEP_ALIVE_TIMER, cdw11: 100 });
    host.controller.faults.loseDoorbells(1e9);
    host.admin.push({ opcode: ADMIN_KEEP_ALIVE, cid: 1 });
    host.admin.ring();
    host.clock.advanceNs(101e6);
    host.settle();
    expect(CSTS.CFS.get(host.read32(REG_CSTS))).toBe(1);
  });

  it('are seen at once when the plan is cleared', () => {
    const { host, queue } = started();
    host.controller.faults.loseDoorbells(1000);
    expect(submit(host, queue, 1)).toEqual([]);
    host.controller.faults.clear();
    expect(submit(host, queue, 2)).toEqual([1, 2]);
  });
});

describe('CSTS.RDY that is stuck', () => {
  it('stays 0 when the host enables, and moves when it tries again', () => {
    const host = new RawHost({ faults: { rules: [{ kind: 'stuck-ready', enable: true, count: 1 }] } });
    expect(() => host.enable()).toThrow('not ready: CSTS 0');
    expect(host.controller.state).toBe('disabled');
    expect(CC.EN.get(host.read32(REG_CC))).toBe(1);
    host.write32(REG_CC, 0);
    host.enable();
    expect(host.createPair(1).execute(flush(1)).code).toBe(0);
  });

  it('stays 1 when the host disables, and nothing is fetched all the same', () => {
    const { host, queue } = started({ kind: 'stuck-ready', enable: false, count: 1 });
    host.write32(REG_CC, 0);
    expect(host.read32(REG_CSTS)).toBe(1);
    expect(submit(host, queue, 1)).toEqual([]);
    host.enable();
    host.write32(REG_CC, 0);
    expect(host.read32(REG_CSTS)).toBe(0);
  });

  it('stays 0 when it was 0, after a fatal enable', () => {
    const host = new RawHost({ faults: { rules: [{ kind: 'stuck-ready', enable: false }] } });
    host.write32(REG_CC, ENABLED);
    expect(CSTS.CFS.get(host.read32(REG_CSTS))).toBe(1);
    host.write32(REG_CC, 0);
    expect(host.read32(REG_CSTS)).toBe(0);
  });

  it('can come and go while the controller runs', () => {
    const { host } = started();
    const rule: FaultRule = { kind: 'stuck-ready' };
    host.controller.faults.add(rule);
    host.write32(REG_CC, 0);
    expect(host.read32(REG_CSTS)).toBe(1);
    host.controller.faults.remove(rule);
    host.write32(REG_CC, ENABLED);
    host.write32(REG_CC, 0);
    expect(host.read32(REG_CSTS)).toBe(0);
  });
});
