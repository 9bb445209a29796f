import { ManualClock } from '@phasebit/core';
import {
  ADMIN_IDENTIFY,
  NVM_COMPARE,
  NVM_DATASET_MANAGEMENT,
  NVM_FLUSH,
  NVM_READ,
  NVM_WRITE,
  NVM_WRITE_ZEROES,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { encode, type RawCommand } from '../../test-support/raw-host.js';
import { Command } from '../command.js';
import { FaultPlan } from './fault-plan.js';
import type { FaultRule } from './fault-rule.js';

function commandOf(raw: RawCommand, queueId: number): Command {
  const command = new Command();
  const words = new Int32Array(encode(raw).buffer);
  command.load(words, 0, words[0], queueId);
  return command;
}

const planOf = (seed: number, ...rules: readonly FaultRule[]) => new FaultPlan(new ManualClock(), { seed, rules });
const READ = commandOf({ opcode: NVM_READ, nsid: 1, cdw10: 100, cdw12: 7 }, 1);

/** Which of so many equal commands are struck by a `lost` rule. */
function struck(plan: FaultPlan, count: number, command = READ): number[] {
  return Array.from({ length: count }, (_, i) => i).filter(() => plan.strike(command).isLost);
}

describe('what each rule has struck', () => {
  it('is counted rule by rule, changes of CC.EN too', () => {
    const [first, second]: FaultRule[] = [
      { kind: 'lost', count: 2 },
      { kind: 'duplicate', skip: 3 },
    ];
    const stuck: FaultRule = { kind: 'stuck-ready', enable: true, count: 1 };
    const plan = planOf(1, first, second, stuck);
    for (let i = 0; i < 5; i++) plan.strike(READ);
    for (const enable of [false, true, true]) plan.keepsReady(enable);
    expect([first, second, stuck].map((rule) => plan.struckBy(rule))).toEqual([2, 2, 1]);
    expect(plan.struckCommands).toBe(4);
    expect(plan.struckBy({ kind: 'lost' })).toBe(0);
  });
});

describe('a rule strikes', () => {
  it.each<readonly [string, Partial<FaultRule>, RawCommand, number, boolean]>([
    ['any I/O command', {}, { opcode: NVM_FLUSH }, 5, true],
    ['no admin command', {}, { opcode: ADMIN_IDENTIFY }, 0, false],
    ['an admin command when it says so', { queue: 0 }, { opcode: ADMIN_IDENTIFY }, 0, true],
    ['only its queue', { queue: 2 }, { opcode: NVM_READ }, 1, false],
    ['its queue', { queue: 2 }, { opcode: NVM_READ }, 2, true],
    ['only its opcode', { opcode: NVM_READ }, { opcode: NVM_WRITE }, 1, false],
    ['its opcode', { opcode: NVM_READ }, { opcode: NVM_READ }, 1, true],
    ['only its namespace', { nsid: 2 }, { opcode: NVM_READ, nsid: 1 }, 1, false],
    ['its namespace', { nsid: 2 }, { opcode: NVM_READ, nsid: 2 }, 1, true],
    ['a range that ends with its block', { lba: 17 }, { opcode: NVM_READ, cdw10: 10, cdw12: 7 }, 1, true],
    ['no range that ends before its block', { lba: 18 }, { opcode: NVM_READ, cdw10: 10, cdw12: 7 }, 1, false],
    ['a range that begins with its last block', { lba: 2, blocks: 9 }, { opcode: NVM_COMPARE, cdw10: 10 }, 1, true],
    ['no range behind its last block', { lba: 2, blocks: 8 }, { opcode: NVM_COMPARE, cdw10: 10 }, 1, false],
    ['blocks past 2^32', { lba: 2 ** 32 + 1 }, { opcode: NVM_WRITE_ZEROES, cdw10: 1, cdw11: 1 }, 1, true],
    ['no block 2^32 away', { lba: 1 }, { opcode: NVM_WRITE_ZEROES, cdw10: 1, cdw11: 1 }, 1, false],
    ['no command without a range', { lba: 0, blocks: 2 ** 50 }, { opcode: NVM_DATASET_MANAGEMENT }, 1, false],
  ])('%s', (_, fields, raw, queueId, isStruck) => {
    const plan = planOf(1, { kind: 'lost', ...fields } as FaultRule);
    expect(plan.strike(commandOf(raw, queueId)).isLost).toBe(isStruck);
    expect(plan.struckCommands).toBe(isStruck ? 1 : 0);
  });

  it('after those that it skips, and so often as it counts', () => {
    expect(struck(planOf(1, { kind: 'lost', skip: 3, count: 2 }), 10)).toEqual([3, 4]);
    expect(struck(planOf(1, { kind: 'lost', skip: 8 }), 10)).toEqual([8, 9]);
  });

  it('skips only what it would fit', () => {
    const plan = planOf(1, { kind: 'lost', opcode: NVM_READ, skip: 1 });
    const flush = commandOf({ opcode: NVM_FLUSH, nsid: 1 }, 1);
    expect([flush, READ, flush, READ].map((each) => plan.strike(each).isLost)).toEqual([false, false, false, true]);
  });

  it('always or never when the chance is 1 or 0', () => {
    expect(struck(planOf(1, { kind: 'lost', probability: { num: 7, den: 7 } }), 100)).toHaveLength(100);
    expect(struck(planOf(1, { kind: 'lost', probability: { num: 0, den: 7 } }), 100)).toHaveLength(0);
  });

  it('about as often as the chance says', () => {
    const { length } = struck(planOf(5, { kind: 'lost', probability: { num: 1, den: 10 } }), 10_000);
    expect(Math.abs(length - 1000)).toBeLessThan(100);
  });

  it('counts strikes, not candidates, when it goes by chance', () => {
    expect(struck(planOf(5, { kind: 'lost', count: 3, probability: { num: 1, den: 10 } }), 1000)).toHaveLength(3);
  });
});

describe('chance', () => {
  const rule: FaultRule = { kind: 'lost', probability: { num: 1, den: 5 } };

  it('is the same for the same seed, and another for another', () => {
    const runs = [1, 1, 2].map((seed) => struck(planOf(seed, rule), 200));
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).not.toEqual(runs[0]);
  });

  it('of a rule does not depend on the rules beside it', () => {
    const late: FaultRule = { kind: 'late', delayNs: 1, probability: { num: 1, den: 3 } };
    expect(struck(planOf(1, rule, late), 200)).toEqual(struck(planOf(1, rule), 200));
  });

  it('of two equal rules differs', () => {
    const plan = planOf(1, { ...rule, nsid: 1 }, { ...rule, nsid: 2 });
    const other = commandOf({ opcode: NVM_READ, nsid: 2 }, 1);
    expect(struck(plan, 200, other)).not.toEqual(struck(plan, 200));
  });
});

describe('several rules', () => {
  it('all act, and of a kind the first', () => {
    const strike = planOf(
      1,
      { kind: 'status', status: 0x281 },
      { kind: 'late', delayNs: 5 },
      { kind: 'status', status: 0x280 },
      { kind: 'late', delayNs: 6 },
      { kind: 'reorder', commands: 2, withinNs: 7 },
      { kind: 'reorder', commands: 3 },
      { kind: 'duplicate' },
      { kind: 'corrupt', bits: 4 },
      { kind: 'corrupt' },
      { kind: 'hang' },
      { kind: 'fatal' },
      { kind: 'doorbells-lost', durationNs: 8 },
      { kind: 'doorbells-lost', durationNs: 9 },
    ).strike(READ);
    expect(strike).toMatchObject({
      status: 0x281,
      delayNs: 5,
      laterCommands: 2,
      withinNs: 7,
      isDuplicate: true,
      bits: 4,
      failMode: 'hang',
      doorbellsLostNs: 8,
      isLost: false,
    });
  });

  it('do not linger: what struck one command does not strike the next', () => {
    const plan = planOf(1, { kind: 'late', delayNs: 5, count: 1 }, { kind: 'hang', count: 1 });
    plan.strike(READ);
    expect(plan.strike(READ)).toMatchObject({ delayNs: 0, failMode: undefined });
  });
});

describe('a plan', () => {
  it('is looked at only while it has rules, or doorbells are lost', () => {
    const clock = new ManualClock();
    const plan = new FaultPlan(clock);
    const rule: FaultRule = { kind: 'lost' };
    expect(plan.isActive).toBe(false);
    plan.add(rule);
    expect([plan.isActive, plan.rules]).toEqual([true, [rule]]);
    expect([plan.remove(rule), plan.remove(rule), plan.isActive]).toEqual([true, false, false]);
    plan.loseDoorbells(100);
    expect([plan.isActive, plan.areDoorbellsLost()]).toEqual([true, true]);
    clock.advanceNs(100);
    expect([plan.areDoorbellsLost(), plan.isActive]).toEqual([false, false]);
    plan.loseDoorbells(100);
    plan.add(rule);
    plan.clear();
    expect([plan.isActive, plan.areDoorbellsLost(), plan.rules]).toEqual([false, false, []]);
  });

  it('keeps RDY as it is for the changes that its rules fit', () => {
    const keeps = (rule: FaultRule): boolean[] => {
      const plan = planOf(1, rule);
      expect(plan.isActive).toBe(false);
      return [true, false, true, false, true].map((enable) => plan.keepsReady(enable));
    };
    expect(keeps({ kind: 'stuck-ready' })).toEqual([true, true, true, true, true]);
    expect(keeps({ kind: 'stuck-ready', enable: true })).toEqual([true, false, true, false, true]);
    expect(keeps({ kind: 'stuck-ready', enable: false, count: 1 })).toEqual([false, true, false, false, false]);
    expect(keeps({ kind: 'stuck-ready', skip: 1, count: 2 })).toEqual([false, true, true, false, false]);
  });

  it('takes a stuck RDY away again', () => {
    const rule: FaultRule = { kind: 'stuck-ready' };
    const plan = planOf(1, rule);
    expect([plan.rules, plan.remove(rule), plan.keepsReady(true)]).toEqual([[rule], true, false]);
  });

  it('corrupts reads and writes of data, and nothing else', () => {
    const plan = planOf(1, { kind: 'corrupt' });
    const bits = (opcode: number, queueId: number): number => plan.strike(commandOf({ opcode }, queueId)).bits;
    expect([bits(NVM_READ, 1), bits(NVM_WRITE, 1), bits(NVM_COMPARE, 1), bits(NVM_READ, 0)]).toEqual([1, 1, 0, 0]);
  });

  it.each([-1, 2 ** 32, 0.5, Number.NaN])('with a seed of %d is refused', (seed) => {
    expect(() => planOf(seed)).toThrow('faults: seed: expected 0 to 4294967295');
  });

  it('with a bad rule is refused, and the rules before it stay', () => {
    const plan = planOf(1, { kind: 'lost' });
    expect(() => plan.add({ kind: 'late' } as FaultRule)).toThrow('delayNs');
    expect(plan.rules).toHaveLength(1);
  });
});
