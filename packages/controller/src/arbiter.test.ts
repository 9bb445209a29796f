import {
  ADMIN_CREATE_IO_SQ,
  ADMIN_GET_FEATURES,
  ADMIN_SET_FEATURES,
  CAP,
  CC,
  CC_AMS_WEIGHTED_ROUND_ROBIN,
  CSTS,
  FEATURE_ARBITRATION,
  FEATURE_ARBITRATION_VALUE,
  NVM_FLUSH,
  QUEUE_PRIORITY_HIGH,
  QUEUE_PRIORITY_LOW,
  QUEUE_PRIORITY_MEDIUM,
  QUEUE_PRIORITY_URGENT,
  REG_CAP,
  REG_CC,
  REG_CSTS,
} from '@phasebit/nvme-spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENABLED, RawHost, RawSubmissionQueue } from '../test-support/raw-host.js';

const FLUSH = { opcode: NVM_FLUSH, nsid: 1 };
const UNLIMITED = 7;

interface Weights {
  readonly high: number;
  readonly medium: number;
  readonly low: number;
  /** log2 of the arbitration burst, 7 for no limit */
  readonly burst: number;
}

/** A host that has chosen weighted round robin, with queues of several classes that complete into one queue. */
class WeightedHost extends RawHost {
  constructor(weights: Weights) {
    super({ mqesEntries: 4096, queuePairs: 16 });
    this.enable();
    this.write32(REG_CC, 0);
    const pair = this.queuePair(0, 64, 64);
    this.admin = pair;
    this.write64(0x28, this.iova(pair.sqAddress));
    this.write64(0x30, this.iova(pair.cqAddress));
    this.write32(REG_CC, CC.AMS.set(ENABLED, CC_AMS_WEIGHTED_ROUND_ROBIN));
    expect(CSTS.RDY.get(this.read32(REG_CSTS))).toBe(1);
    let value = FEATURE_ARBITRATION_VALUE.AB.set(0, weights.burst);
    value = FEATURE_ARBITRATION_VALUE.HPW0.set(value, weights.high - 1);
    value = FEATURE_ARBITRATION_VALUE.MPW0.set(value, weights.medium - 1);
    value = FEATURE_ARBITRATION_VALUE.LPW0.set(value, weights.low - 1);
    expect(this.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_ARBITRATION, cdw11: value }).code).toBe(0);
  }

  /** A submission queue of a class, with `commands` commands in it that the controller was not told of. */
  filled(id: number, priority: number, commands: number, first: RawSubmissionQueue | undefined): RawSubmissionQueue {
    const completions = (first ?? this.createPair(16, 2, 4096)).completions;
    const address = this.ring(1024 * 64);
    const created = this.run({
      opcode: ADMIN_CREATE_IO_SQ,
      prp1: this.iova(address),
      cdw10: (1023 << 16) | id,
      cdw11: (completions.id << 16) | (priority << 1) | 1,
    });
    expect(created.code).toBe(0);
    const queue = new RawSubmissionQueue(this, id, 1024, this.dma.words(address, 1024 * 16), completions);
    for (let cid = 0; cid < commands; cid++) queue.push({ ...FLUSH, cid });
    return queue;
  }
}

/** Queues of the classes given, all full of commands; tells the controller of all at once and gives whose commands it took, in order. */
function order(weights: Weights, priorities: readonly number[], commands: number): number[] {
  const host = new WeightedHost(weights);
  const queues: RawSubmissionQueue[] = [];
  priorities.forEach((priority, i) => queues.push(host.filled(i + 1, priority, commands, queues[0])));
  for (const queue of queues) queue.ring();
  host.settle();
  return queues[0].completions.drain().map(({ sqId }) => sqId);
}

const [URGENT, HIGH, MEDIUM, LOW] = [
  QUEUE_PRIORITY_URGENT,
  QUEUE_PRIORITY_HIGH,
  QUEUE_PRIORITY_MEDIUM,
  QUEUE_PRIORITY_LOW,
];

describe('weighted round robin', () => {
  it('gives each level its weight in every round', () => {
    const taken = order({ high: 8, medium: 4, low: 2, burst: UNLIMITED }, [HIGH, MEDIUM, LOW], 100);
    const round = [...Array<number>(8).fill(1), ...Array<number>(4).fill(2), 3, 3];
    expect(taken.slice(0, 42)).toEqual([...round, ...round, ...round]);
    expect(taken).toHaveLength(300);
  });

  it('shares a level among its queues, a burst or what is left of the weight at a time', () => {
    // Bursts of 2, five credits: 2 of one, 2 of the other, half a burst; the next round begins with the other half.
    const taken = order({ high: 5, medium: 1, low: 1, burst: 1 }, [HIGH, HIGH, LOW], 40);
    const other = 3 - taken[0]; // Which of the two is first is of no account.
    const expected = [1, 1, 2, 2, 1, 3, 1, 2, 2, 1, 1, 3, 2, 2, 1, 1, 2, 3];
    expect(taken.slice(0, 18)).toEqual(other === 2 ? expected : expected.map((id) => (id === 3 ? 3 : 3 - id)));
  });

  it('gives what one level does not need to the others', () => {
    expect(order({ high: 16, medium: 1, low: 1, burst: UNLIMITED }, [LOW, MEDIUM], 3)).toEqual([2, 1, 2, 1, 2, 1]);
    expect(order({ high: 1, medium: 1, low: 200, burst: UNLIMITED }, [LOW], 500)).toHaveLength(500);
  });

  it('takes everything urgent first, a burst of each urgent queue in turn', () => {
    const taken = order({ high: 4, medium: 4, low: 4, burst: 1 }, [LOW, URGENT, HIGH, URGENT], 5);
    expect(taken.slice(0, 10)).toEqual([2, 2, 4, 4, 2, 2, 4, 4, 2, 4]);
    expect(taken.slice(10)).toEqual([3, 3, 3, 3, 1, 1, 1, 1, 3, 1]);
  });

  it('lets something urgent in between two bursts, and then goes on with the credits that were left', () => {
    const host = new WeightedHost({ high: 6, medium: 2, low: 1, burst: 1 });
    const high = host.filled(1, HIGH, 20, undefined);
    const medium = host.filled(2, MEDIUM, 20, high);
    const urgent = host.filled(3, URGENT, 20, high);
    for (const queue of [high, medium]) queue.ring();
    urgent.ring(1);
    const taken: number[] = [];
    for (let told = 2; host.controller.step() > 0 && told <= 20; told++) {
      for (const { sqId } of high.completions.drain()) taken.push(sqId);
      urgent.ring(told);
    }
    // One urgent command is there at each look: after it a turn begins anew, so the others get nothing but what was begun.
    expect(taken).toEqual(Array<number>(19).fill(3));
    for (let told = 0; told < 4; told++) {
      host.controller.step();
      for (const { sqId } of high.completions.drain()) taken.push(sqId);
    }
    const round = [...Array<number>(6).fill(1), 2, 2];
    expect(taken.slice(19)).toEqual([3, ...round, ...round]);
  });

  it('serves no queue past its budget while another one of its level waits: nobody is left out for ever', () => {
    const weights = fc.record({
      high: fc.integer({ min: 1, max: 20 }),
      medium: fc.integer({ min: 1, max: 20 }),
      low: fc.integer({ min: 1, max: 20 }),
      burst: fc.integer({ min: 0, max: 7 }),
    });
    const classes = fc.array(fc.constantFrom(HIGH, MEDIUM, LOW), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(weights, classes, (chosen, priorities) => {
        const commands = 60;
        const taken = order(chosen, priorities, commands);
        expect(taken).toHaveLength(priorities.length * commands);
        // While every queue still has commands, each round of weights shows up in the order of the completions.
        const weightOf = (priority: number): number =>
          priority === HIGH ? chosen.high : priority === MEDIUM ? chosen.medium : chosen.low;
        const levels = [HIGH, MEDIUM, LOW].filter((level) => priorities.includes(level));
        const round = levels.reduce((sum, level) => sum + weightOf(level), 0);
        const counts = priorities.map(() => 0);
        const perLevel = new Map<number, number>();
        for (let at = 0; at < taken.length; at++) {
          const index = taken[at] - 1;
          counts[index]++;
          perLevel.set(priorities[index], (perLevel.get(priorities[index]) ?? 0) + 1);
          if (counts.some((count) => count === commands)) break;
          if ((at + 1) % round !== 0) continue;
          for (const level of levels) expect(perLevel.get(level)).toBe(((at + 1) / round) * weightOf(level));
          for (const level of levels) {
            const mates = counts.filter((_, i) => priorities[i] === level);
            const burst = chosen.burst === UNLIMITED ? weightOf(level) : Math.min(1 << chosen.burst, weightOf(level));
            expect(Math.max(...mates) - Math.min(...mates)).toBeLessThanOrEqual(burst);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('leaves the admin queue its place before everything else', () => {
    const host = new WeightedHost({ high: 255, medium: 1, low: 1, burst: UNLIMITED });
    const urgent = host.filled(1, URGENT, 1000, undefined);
    urgent.ring();
    host.controller.step();
    host.admin.push({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION, cid: 77 });
    host.admin.ring();
    host.controller.step();
    expect(host.admin.completions.poll()?.cid).toBe(77);
    expect(urgent.completions.drain().length).toBeLessThan(1000);
  });
});

describe('round robin', () => {
  it('ignores priorities', () => {
    const host = new RawHost().enable();
    host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_ARBITRATION, cdw11: 0 });
    const first = host.createPair(1);
    const address = host.ring(4096);
    const cdw11 = (1 << 16) | (QUEUE_PRIORITY_LOW << 1) | 1;
    host.run({ opcode: ADMIN_CREATE_IO_SQ, prp1: host.iova(address), cdw10: (63 << 16) | 2, cdw11 });
    const second = new RawSubmissionQueue(host, 2, 64, host.dma.words(address, 1024), first.completions);
    for (const queue of [second, first]) {
      for (let cid = 0; cid < 3; cid++) queue.push({ ...FLUSH, cid });
      queue.ring();
    }
    host.settle();
    expect(first.completions.drain().map((each) => each.sqId)).toEqual([1, 2, 1, 2, 1, 2]);
  });

  it('of many queues looks at each in every turn', () => {
    const host = new RawHost({ linkQueues: 65, queuePairs: 64 }).enable();
    const first = host.createPair(1, 4, 1024);
    const queues = [first];
    for (let id = 2; id <= 64; id++) queues.push(host.createSubmission(id, 4, first.completions));
    for (const queue of queues) {
      queue.push(FLUSH);
      queue.ring();
    }
    host.controller.step();
    expect(first.completions.drain().map((each) => each.sqId)).toEqual(queues.map((queue) => queue.id));
  });
});

describe('CAP.AMS', () => {
  it.each([
    [undefined, 1],
    [true, 1],
    [false, 0],
  ])('says whether weighted round robin can be chosen: %s', (weightedRoundRobin, ams) => {
    const host = new RawHost(weightedRoundRobin === undefined ? {} : { weightedRoundRobin }).enable();
    expect(CAP.AMS.get(host.read32(REG_CAP), host.read32(REG_CAP + 4))).toBe(ams);
    host.write32(REG_CC, 0);
    host.write32(REG_CC, CC.AMS.set(ENABLED, CC_AMS_WEIGHTED_ROUND_ROBIN));
    expect([CSTS.RDY, CSTS.CFS].map((field) => field.get(host.read32(REG_CSTS)))).toEqual([ams, 1 - ams]);
  });
});
