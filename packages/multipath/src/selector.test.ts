import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupOf, setPath } from '../test/kit.js';
import {
  ActivePassiveSelector,
  nextBest,
  NumaSelector,
  type PathGroup,
  type PathSelector,
  QueueDepthSelector,
  RoundRobinSelector,
} from './index.js';

/** What a selector chooses in a number of turns, each beginning from the choice before. */
function turns(selector: PathSelector, group: PathGroup, count: number, current = -1): number[] {
  return Array.from({ length: count }, () => (current = selector.select(group, current)));
}

const SELECTORS: [string, () => PathSelector][] = [
  ['active-passive', () => new ActivePassiveSelector()],
  ['active-passive without failback', () => new ActivePassiveSelector({ failback: false })],
  ['active-passive with a preferred path', () => new ActivePassiveSelector({ preferred: 1 })],
  ['round-robin', () => new RoundRobinSelector()],
  ['round-robin with minIo', () => new RoundRobinSelector({ minIo: 3 })],
  ['queue-depth', () => new QueueDepthSelector()],
  ['numa', () => new NumaSelector()],
];

/** Every group of up to four paths, with every current path. */
function everySituation(check: (letters: string, group: PathGroup, current: number) => void): void {
  const letters = ['O', 'N', '-', 'x'];
  let all = [''];
  for (let length = 0; length <= 4; length++) {
    for (const each of all) {
      const group = groupOf(each);
      for (let current = -1; current <= each.length; current++) check(each, group, current);
    }
    all = all.flatMap((each) => letters.map((letter) => each + letter));
  }
}

describe.each(SELECTORS)('%s', (_name, make) => {
  it('chooses a usable path, and a non-optimized one only when it has to, in every situation', () => {
    everySituation((letters, group, current) => {
      const selector = make();
      const chosen = selector.select(group, current);
      const isUsable = /[ON]/.test(letters);
      const keeps = selector.name === 'active-passive' && /[ON]/.test(letters[current] ?? '');
      if (!isUsable) expect(chosen).toBe(-1);
      else if (letters.includes('O') && !(keeps && chosen === current)) expect(letters[chosen]).toBe('O');
      else expect(letters[chosen]).toMatch(/[ON]/);
    });
  });

  it('says the same again while nothing changes, if it says that its choices stand', () => {
    everySituation((_letters, group, current) => {
      const selector = make();
      if (!selector.isSticky) return;
      const chosen = selector.select(group, current);
      expect(selector.select(group, chosen)).toBe(chosen);
    });
  });
});

describe('active-passive', () => {
  it.each([
    // group, current, preferred, with failback, without
    ['OO', -1, -1, 0, 0],
    ['OO', 1, -1, 1, 1],
    ['OO', 1, 0, 0, 1],
    ['NO', 0, -1, 1, 0],
    ['NO', 0, 0, 1, 0],
    ['NON', 2, 0, 1, 2],
    ['NN', 1, 0, 0, 1],
    ['xO', 0, 0, 1, 1],
    ['xN', 0, -1, 1, 1],
    ['-NO', 1, 1, 2, 1],
    ['x-', 0, 0, -1, -1],
    ['OOO', 5, 2, 2, 2],
    ['OxO', 1, -1, 2, 2],
    ['NNx', 2, -1, 0, 0],
  ])(
    'in %s from %d with preferred %d goes to %d, and without failback to %d',
    (letters, current, preferred, to, without) => {
      const group = groupOf(letters);
      expect(new ActivePassiveSelector({ preferred }).select(group, current)).toBe(to);
      expect(new ActivePassiveSelector({ preferred, failback: false }).select(group, current)).toBe(without);
    },
  );

  it('comes back to the preferred path when that has recovered, or stays', () => {
    const group = groupOf('OO');
    const [back, stay] = [
      new ActivePassiveSelector({ preferred: 0 }),
      new ActivePassiveSelector({ preferred: 0, failback: false }),
    ];
    const choices: number[][] = [];
    let [a, b] = [-1, -1];
    for (const letter of ['O', 'x', 'O'] as const) {
      setPath(group, 0, letter, 0);
      [a, b] = [back.select(group, a), stay.select(group, b)];
      choices.push([a, b]);
    }
    expect(choices).toEqual([
      [0, 0],
      [1, 1],
      [0, 1],
    ]);
  });
});

describe('round-robin', () => {
  it.each([
    ['OOO', 1, [0, 1, 2, 0, 1, 2, 0]],
    ['OOO', 2, [0, 0, 1, 1, 2, 2, 0]],
    ['ONO', 1, [0, 2, 0, 2, 0, 2, 0]],
    ['xNN', 1, [1, 2, 1, 2, 1, 2, 1]],
    ['O', 3, [0, 0, 0, 0, 0, 0, 0]],
    ['-x', 1, [-1, -1, -1, -1, -1, -1, -1]],
  ])('in %s with minIo %d takes turns', (letters, minIo, expected) => {
    expect(turns(new RoundRobinSelector({ minIo }), groupOf(letters), 7)).toEqual(expected);
  });

  it('leaves a path in the middle of its turn when that is not among the best any more', () => {
    const group = groupOf('OO');
    const selector = new RoundRobinSelector({ minIo: 10 });
    expect(turns(selector, group, 3)).toEqual([0, 0, 0]);
    setPath(group, 0, 'N', 0);
    expect(turns(selector, group, 2, 0)).toEqual([1, 1]);
  });

  it.each([0, -1, 1.5, NaN])('refuses a minIo of %d', (minIo) => {
    expect(() => new RoundRobinSelector({ minIo })).toThrow(/^minIo: expected an integer of 1 or more/);
  });
});

describe('queue-depth', () => {
  it.each([
    ['OOO', [5, 3, 4], -1, 1],
    ['OOO', [5, 3, 3], -1, 1],
    ['OOO', [5, 3, 3], 1, 2],
    ['OOO', [0, 0, 0], 0, 1],
    ['OOO', [0, 0, 0], 2, 0],
    ['ONO', [9, 0, 8], 0, 2],
    ['xNN', [0, 2, 1], 0, 2],
    ['-x', [0, 0], 0, -1],
  ])('in %s with %j in flight, from %d, goes to %d', (letters, outstanding, current, expected) => {
    const group = groupOf(letters);
    group.outstanding.set(outstanding);
    expect(new QueueDepthSelector().select(group, current)).toBe(expected);
  });
});

describe('numa', () => {
  it.each([
    ['OOO', [5, 3, 4], -1, 1],
    ['OOO', [5, 3, 3], -1, 1],
    ['OOO', [5, 3, 3], 2, 2],
    ['OOO', [5, 3, 3], 0, 1],
    ['ONO', [9, 0, 8], 0, 2],
    ['xNN', [0, 2, 1], 0, 2],
    ['-x', [0, 0], 0, -1],
    ['OO', [-3, 0], 1, 0],
  ])('in %s with weights %j, from %d, goes to %d', (letters, weights, current, expected) => {
    const group = groupOf(letters);
    weights.forEach((weight, path) => group.setWeight(path, weight));
    expect(new NumaSelector().select(group, current)).toBe(expected);
  });
});

describe('against a naive oracle, for any group', () => {
  const situation = fc.record({
    letters: fc.string({ unit: fc.constantFrom('O', 'N', '-', 'x'), minLength: 1, maxLength: 9 }),
    numbers: fc.array(fc.nat(3), { minLength: 9, maxLength: 9 }),
    current: fc.integer({ min: -1, max: 9 }),
  });

  /** The best paths in the order in which they come after the current one. */
  function bestInOrder(letters: string, current: number): number[] {
    const best = letters.includes('O') ? 'O' : 'N';
    const order = [...letters].map((_letter, path) => path).filter((path) => letters[path] === best);
    return [...order.filter((path) => path > current), ...order.filter((path) => path <= current)];
  }

  it('the next best path is the first after the current one', () => {
    fc.assert(
      fc.property(situation, ({ letters, current }) => {
        expect(nextBest(groupOf(letters), current)).toBe(bestInOrder(letters, current)[0] ?? -1);
      }),
    );
  });

  it('queue-depth has the shortest queue, and numa the least weight', () => {
    fc.assert(
      fc.property(situation, ({ letters, numbers, current }) => {
        const group = groupOf(letters);
        for (let path = 0; path < letters.length; path++) {
          group.outstanding[path] = numbers[path]!;
          group.setWeight(path, numbers[path]);
        }
        const order = bestInOrder(letters, current);
        const least = Math.min(...order.map((path) => numbers[path]));
        const shortest = order.find((path) => numbers[path] === least) ?? -1;
        expect(new QueueDepthSelector().select(group, current)).toBe(shortest);
        const nearest = [...order].sort((a, b) => a - b).filter((path) => numbers[path] === least);
        expect(new NumaSelector().select(group, current)).toBe(
          nearest.includes(current) ? current : (nearest[0] ?? -1),
        );
      }),
    );
  });

  it('round-robin gives each of the best paths the same share', () => {
    fc.assert(
      fc.property(situation, fc.integer({ min: 1, max: 4 }), ({ letters, current }, minIo) => {
        const order = bestInOrder(letters, current);
        fc.pre(order.length > 0);
        const selector = new RoundRobinSelector({ minIo });
        const first = selector.select(groupOf(letters), -1);
        const chosen = [first, ...turns(selector, groupOf(letters), order.length * minIo * 2 - 1, first)];
        for (const path of order) expect(chosen.filter((each) => each === path).length).toBe(2 * minIo);
      }),
    );
  });
});
