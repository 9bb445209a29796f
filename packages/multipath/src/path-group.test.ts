import { InvariantError } from '@phasebit/core';
import {
  ANA_STATE_CHANGE,
  ANA_STATE_INACCESSIBLE,
  ANA_STATE_NON_OPTIMIZED,
  ANA_STATE_OPTIMIZED,
  ANA_STATE_PERSISTENT_LOSS,
} from '@phasebit/nvme-spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addPath, groupOf, setPath } from '../test/kit.js';
import {
  ANA_STATE_UNKNOWN,
  ANATT_DEFAULT_NS,
  CONTROLLER_CONNECTING,
  CONTROLLER_DELETING,
  CONTROLLER_FAILED,
  CONTROLLER_LIVE,
  CONTROLLER_RESETTING,
  describeControllerState,
  NAMESPACE_GONE,
  NAMESPACE_READY,
  nextAnaDeadline,
  PathGroup,
  pathRank,
  pathTraitsOf,
  RANK_NON_OPTIMIZED,
  RANK_OPTIMIZED,
  RANK_UNUSABLE,
} from './index.js';

const CONTROLLERS = [
  CONTROLLER_LIVE,
  CONTROLLER_RESETTING,
  CONTROLLER_CONNECTING,
  CONTROLLER_FAILED,
  CONTROLLER_DELETING,
];
const ANA_STATES = [
  ANA_STATE_UNKNOWN,
  ANA_STATE_OPTIMIZED,
  ANA_STATE_NON_OPTIMIZED,
  ANA_STATE_INACCESSIBLE,
  ANA_STATE_PERSISTENT_LOSS,
  5, // reserved
  ANA_STATE_CHANGE,
];

describe('the rank of a path', () => {
  it('is more than unusable only when everything is in order, for every combination', () => {
    for (const controller of CONTROLLERS) {
      for (const anaState of ANA_STATES) {
        for (let flags = 0; flags < 8; flags++) {
          const [isConnected, isReady, isPending] = [(flags & 1) !== 0, (flags & 2) !== 0, (flags & 4) !== 0];
          const isUp = controller === CONTROLLER_LIVE && isConnected && isReady && !isPending;
          const ranks: Record<number, number> = {
            [ANA_STATE_OPTIMIZED]: RANK_OPTIMIZED,
            [ANA_STATE_NON_OPTIMIZED]: RANK_NON_OPTIMIZED,
          };
          const expected = isUp ? (ranks[anaState] ?? RANK_UNUSABLE) : RANK_UNUSABLE;
          expect(pathRank(controller, isConnected, isReady, isPending, anaState)).toBe(expected);
        }
      }
    }
  });

  it('follows every change, and the version tells', () => {
    const group = new PathGroup(2);
    const path = group.add();
    const seen: number[] = [];
    const versions = new Set<number>();
    const note = (): void => {
      seen.push(group.ranks[path]);
      expect(group.bestRank).toBe(group.ranks[path]);
      expect(group.isPathUsable(path)).toBe(group.ranks[path] > 0);
      expect(group.isPathOptimized(path)).toBe(group.ranks[path] === RANK_OPTIMIZED);
      versions.add(group.version);
    };
    note();
    group.setController(path, CONTROLLER_LIVE, 0);
    note();
    group.setConnected(path, true, 0);
    note();
    group.setNamespace(path, NAMESPACE_GONE);
    note();
    group.setNamespace(path, NAMESPACE_READY);
    note();
    group.markAnaPending(path, 0);
    note();
    group.setAnaState(path, ANA_STATE_NON_OPTIMIZED, 0);
    note();
    group.setConnected(path, false, 0);
    note();
    expect(seen).toEqual([0, 0, 2, 0, 2, 0, 1, 0]);
    expect(versions.size).toBe(seen.length);
  });
});

describe('a path that is not usable', () => {
  const cases: [string, (group: PathGroup, path: number) => void, boolean][] = [
    ['is resetting', (g, p) => g.setController(p, CONTROLLER_RESETTING, 0), true],
    ['is connecting', (g, p) => g.setController(p, CONTROLLER_CONNECTING, 0), true],
    ['has failed', (g, p) => g.setController(p, CONTROLLER_FAILED, 0), false],
    ['is being deleted', (g, p) => g.setController(p, CONTROLLER_DELETING, 0), false],
    ['lost its queue pair', (g, p) => g.setConnected(p, false, 0), true],
    ['has a namespace that may be gone', (g, p) => void g.doubtNamespace(p), true],
    ['has a namespace that is gone', (g, p) => g.setNamespace(p, NAMESPACE_GONE), false],
    ['has an ANA state that is out of date', (g, p) => void g.markAnaPending(p, 0), true],
    ['is inaccessible', (g, p) => g.setAnaState(p, ANA_STATE_INACCESSIBLE, 0), true],
    ['is changing', (g, p) => g.setAnaState(p, ANA_STATE_CHANGE, 0), true],
    ['is not listed', (g, p) => g.setAnaState(p, ANA_STATE_UNKNOWN, 0), true],
    ['is lost persistently', (g, p) => g.setAnaState(p, ANA_STATE_PERSISTENT_LOSS, 0), false],
  ];

  it.each(cases)('may become so when it %s', (_name, change, may) => {
    const group = groupOf('O');
    change(group, 0);
    expect(group.isPathUsable(0)).toBe(false);
    expect(group.mayBecomeUsable(0, 1)).toBe(may);
    expect(group.anyMayBecomeUsable(1)).toBe(may);
  });

  it('is not waited for after its fast-fail time, until it is live again', () => {
    const group = groupOf('x');
    group.setFastFailAt(0, 100);
    expect([group.mayBecomeUsable(0, 99), group.mayBecomeUsable(0, 100)]).toEqual([true, false]);
    setPath(group, 0, 'O', 150);
    setPath(group, 0, 'x', 160);
    expect(group.mayBecomeUsable(0, 1e12)).toBe(true);
  });

  it.each([
    ['inaccessible', ANA_STATE_INACCESSIBLE],
    ['change', ANA_STATE_CHANGE],
    ['unknown', ANA_STATE_UNKNOWN],
  ])('is not waited for longer than ANATT in %s', (_name, state) => {
    const group = groupOf('O', { anattNs: 1000 });
    group.setAnaState(0, state, 50);
    expect([group.mayBecomeUsable(0, 1049), group.mayBecomeUsable(0, 1050)]).toEqual([true, false]);
    group.setAnaState(0, ANA_STATE_INACCESSIBLE, 1049); // one transition, one clock
    expect(group.mayBecomeUsable(0, 1050)).toBe(false);
    group.setAnaState(0, ANA_STATE_NON_OPTIMIZED, 1060);
    expect(group.mayBecomeUsable(0, 1e12)).toBe(true);
    group.setAnaState(0, state, 2000);
    expect([group.mayBecomeUsable(0, 2999), group.mayBecomeUsable(0, 3000)]).toEqual([true, false]);
  });

  it('is not waited for longer than ANATT for a log that never comes', () => {
    const group = groupOf('O', { anattNs: 1000 });
    expect(group.markAnaPending(0, 10)).toBe(true);
    expect(group.markAnaPending(0, 500)).toBe(false);
    expect([group.mayBecomeUsable(0, 1009), group.mayBecomeUsable(0, 1010)]).toEqual([true, false]);
  });
});

describe('the ANA deadline', () => {
  it.each([
    [ANA_STATE_OPTIMIZED, Infinity, Infinity],
    [ANA_STATE_OPTIMIZED, 500, Infinity],
    [ANA_STATE_NON_OPTIMIZED, 500, Infinity],
    [ANA_STATE_PERSISTENT_LOSS, 500, Infinity],
    [ANA_STATE_CHANGE, Infinity, 1100],
    [ANA_STATE_CHANGE, 500, 500],
    [ANA_STATE_INACCESSIBLE, Infinity, 1100],
    [ANA_STATE_INACCESSIBLE, 500, 500],
    [ANA_STATE_UNKNOWN, Infinity, 1100],
  ])('in state %d with %d so far is %d', (state, soFar, expected) => {
    expect(nextAnaDeadline(state, soFar, 100, 1000)).toBe(expected);
  });
});

describe('a group', () => {
  it('gives indexes out again, lowest first, and forgets what was there', () => {
    const group = groupOf('ONO', { crdt: [1, 2, 3], quiesceNs: 5 });
    group.setFastFailAt(0, 1);
    group.remove(0);
    expect([group.has(0), group.count, group.isPathUsable(0), group.mayBecomeUsable(0, 0)]).toEqual([
      false,
      2,
      false,
      false,
    ]);
    expect(group.add({ weight: 9 })).toBe(0);
    expect([group.weights[0], group.retryDelayNs(0, 0x0806), group.controllerState(0), group.anaState(0)]).toEqual([
      9,
      0,
      CONTROLLER_CONNECTING,
      ANA_STATE_OPTIMIZED,
    ]);
    expect(group.mayBecomeUsable(0, 1e12)).toBe(true);
    expect(() => group.add()).toThrow(/expected room in a group of 3 paths/);
  });

  it('shrinks when its last paths go', () => {
    const group = groupOf('NNO');
    group.remove(1);
    expect(group.end).toBe(3);
    group.remove(2);
    expect([group.end, group.bestRank, group.count]).toEqual([1, RANK_NON_OPTIMIZED, 1]);
    group.remove(0);
    expect([group.end, group.bestRank, group.anyMayBecomeUsable(0)]).toEqual([0, RANK_UNUSABLE, false]);
  });

  it('asserts that only paths are changed, and removed only when idle', () => {
    const group = groupOf('O');
    expect(() => group.setConnected(1, true, 0)).toThrow(InvariantError);
    expect(() => group.setAnaState(-1, 1, 0)).toThrow(InvariantError);
    group.outstanding[0] = 1;
    expect(() => group.remove(0)).toThrow(InvariantError);
  });

  it.each([-1, 1, 5, 0.5, NaN])('says no of an index %d that is no path', (index) => {
    const group = groupOf('O');
    expect([
      group.has(index),
      group.isPathUsable(index),
      group.isPathOptimized(index),
      group.mayBecomeUsable(index, 0),
    ]).toEqual([false, false, false, false]);
  });

  it.each([0, 257, 1.5, NaN])('cannot be for %d paths', (pathsMax) => {
    expect(() => new PathGroup(pathsMax)).toThrow(/^pathsMax: expected an integer from 1 to 256/);
  });

  it('takes CRD 1 to mean CRDT1, and CRD 0 to mean no delay', () => {
    const group = groupOf('O', { crdt: [1, 20, 300] });
    const delays = [0, 1, 2, 3].map((crd) => group.retryDelayNs(0, (crd << 11) | 0x281));
    expect(delays).toEqual([0, 0.1e9, 2e9, 30e9]);
    expect(group.retryDelayNs(7, 0x0a81)).toBe(0);
  });

  it('counts the quiet time from the loss of the path, whichever way it was lost', () => {
    const group = groupOf('O', { quiesceNs: 1000 });
    expect(group.quiescedAtNs(0, 50)).toBe(1050); // no loss reported: from now
    group.setConnected(0, false, 100);
    expect(group.quiescedAtNs(0, 500)).toBe(1100);
    group.setController(0, CONTROLLER_RESETTING, 200); // it was lost already
    expect(group.quiescedAtNs(0, 500)).toBe(1100);
    group.setController(0, CONTROLLER_LIVE, 300);
    group.setConnected(0, true, 400);
    expect(group.quiescedAtNs(0, 5000)).toBe(6000); // up again: the old loss says nothing about a new one
    group.setController(0, CONTROLLER_FAILED, 6000);
    expect(group.quiescedAtNs(0, 6500)).toBe(7000);
    expect(group.quiescedAtNs(9, 6500)).toBe(-Infinity);
  });

  it('keeps its invariants for any sequence of changes', () => {
    const change = fc.record({ what: fc.nat(7), path: fc.nat(5), value: fc.nat(5) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const group = new PathGroup(6);
        changes.forEach(({ what, path, value }, now) => {
          if (what === 0) {
            if (group.count < 6) group.add({ anaState: value });
          } else if (!group.has(path)) return;
          else if (what === 1) group.remove(path);
          else if (what === 2) group.setController(path, value % 5, now);
          else if (what === 3) group.setConnected(path, value > 1, now);
          else if (what === 4) group.setAnaState(path, value, now);
          else if (what === 5) group.setNamespace(path, value % 3);
          else if (what === 7) group.doubtNamespace(path);
          else group.markAnaPending(path, now);
          let best = 0;
          for (let index = 0; index < 6; index++) {
            if (!group.has(index)) expect(group.ranks[index]).toBe(0);
            else expect(index).toBeLessThan(group.end);
            best = Math.max(best, group.ranks[index]);
          }
          expect(group.bestRank).toBe(best);
        });
      }),
    );
  });
});

describe('the traits of a path', () => {
  const none = { crdt1: 0, crdt2: 0, crdt3: 0, anatt: 0, cqt: 0 };

  it('are taken from Identify Controller, in its units', () => {
    const identify = { crdt1: 1, crdt2: 2, crdt3: 3, anatt: 10, cqt: 250 };
    expect(pathTraitsOf(identify)).toEqual({ crdt: [1, 2, 3], anattNs: 10e9, quiesceNs: 0.25e9 });
    expect(pathTraitsOf(identify, 5e9).quiesceNs).toBe(5.25e9);
    expect(pathTraitsOf(none, 5e9)).toEqual({ crdt: [0, 0, 0], quiesceNs: 0 });
  });

  it('have an ANATT even when the controller gives none', () => {
    const group = new PathGroup(1);
    addPath(group, '-', pathTraitsOf(none));
    expect([group.mayBecomeUsable(0, ANATT_DEFAULT_NS - 1), group.mayBecomeUsable(0, ANATT_DEFAULT_NS)]).toEqual([
      true,
      false,
    ]);
  });
});

it('controller states have names', () => {
  expect(CONTROLLERS.map(describeControllerState)).toEqual(['live', 'resetting', 'connecting', 'failed', 'deleting']);
  expect(describeControllerState(9)).toBe('unknown controller state 9');
});
