import {
  STATUS_ABORT_REQUESTED,
  STATUS_ABORTED_SQ_DELETION,
  STATUS_ANA_INACCESSIBLE,
  STATUS_ANA_PERSISTENT_LOSS,
  STATUS_ANA_TRANSITION,
  STATUS_COMMAND_ABORTED_BY_HOST,
  STATUS_COMMAND_INTERRUPTED,
  STATUS_COMPARE_FAILURE,
  STATUS_CONTROLLER_PATHING_ERROR,
  STATUS_DNR,
  STATUS_HOST_PATHING_ERROR,
  STATUS_INTERNAL_PATH_ERROR,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
  STATUS_UNRECOVERED_READ_ERROR,
} from '@phasebit/nvme-spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupOf } from '../test/kit.js';
import {
  checkRetryPolicy,
  CompletionFacts,
  CONTROLLER_FAILED,
  describeDisposition,
  DISPOSITION_COMPLETE,
  DISPOSITION_FAIL,
  DISPOSITION_FAILOVER,
  DISPOSITION_RETRY_SAME_PATH,
  DISPOSITION_WAIT,
  isNamespaceDoubt,
  judgeCompletion,
  judgeUnsent,
  NAMESPACE_DOUBTFUL,
  NAMESPACE_GONE,
  PATH_ERROR_PAUSE_NS,
  type PathGroup,
  RETRY_POLICY_DEFAULT,
  type RetryPolicy,
  Verdict,
} from './index.js';

const COMPLETE = DISPOSITION_COMPLETE;
const SAME = DISPOSITION_RETRY_SAME_PATH;
const OTHER = DISPOSITION_FAILOVER;
const WAIT = DISPOSITION_WAIT;
const FAIL = DISPOSITION_FAIL;

const READ_ERROR = STATUS_UNRECOVERED_READ_ERROR;
const crd = (value: number, status: number): number => status | (value << 11);

function factsOf(part: Partial<CompletionFacts>): CompletionFacts {
  return Object.assign(new CompletionFacts(), { path: 0, nowNs: 1000 }, part);
}

function judge(group: PathGroup, part: Partial<CompletionFacts>, policy: RetryPolicy = RETRY_POLICY_DEFAULT): Verdict {
  const verdict = new Verdict();
  expect(judgeCompletion(factsOf(part), group, policy, verdict)).toBe(verdict.action);
  return verdict;
}

describe('a command that came back over path 0', () => {
  it.each<[string, string, number, number, number]>([
    // what, group, status, action, delay
    ['success', 'OO', 0, COMPLETE, 0],
    ['success with CRD', 'OO', crd(1, 0), COMPLETE, 0],
    ['success although the path is gone', 'x', 0, COMPLETE, 0],
    ['do not retry', 'OO', STATUS_DNR | READ_ERROR, COMPLETE, 0],
    ['do not retry, of a path error', 'OO', STATUS_DNR | STATUS_INTERNAL_PATH_ERROR, COMPLETE, 0],
    ['aborted since someone asked for it', 'OO', STATUS_ABORT_REQUESTED, COMPLETE, 0],
    ['a compare that found a difference', 'OO', STATUS_COMPARE_FAILURE, COMPLETE, 0],

    ['internal path error, another path', 'OO', STATUS_INTERNAL_PATH_ERROR, OTHER, 0],
    ['internal path error, another non-optimized path', 'ON', STATUS_INTERNAL_PATH_ERROR, OTHER, 0],
    ['internal path error, no other path', 'O', STATUS_INTERNAL_PATH_ERROR, SAME, 0],
    ['internal path error, the other one inaccessible', 'O-', STATUS_INTERNAL_PATH_ERROR, SAME, 0],
    ['controller pathing error', 'OO', STATUS_CONTROLLER_PATHING_ERROR, OTHER, 0],
    ['host pathing error', 'xO', STATUS_HOST_PATHING_ERROR, OTHER, 0],
    ['aborted by host, none usable', 'xx', STATUS_COMMAND_ABORTED_BY_HOST, WAIT, 0],
    ['queue deleted, another path', 'xN', STATUS_ABORTED_SQ_DELETION, OTHER, 0],
    ['queue deleted, one path that is being reset', 'x', STATUS_ABORTED_SQ_DELETION, WAIT, 0],
    ['vendor path error', 'OO', 0x3c5, OTHER, 0],

    ['inaccessible, another path', 'OO', STATUS_ANA_INACCESSIBLE, OTHER, 0],
    ['inaccessible, no other path', 'O', STATUS_ANA_INACCESSIBLE, WAIT, 0],
    ['transition, no other path', 'O', STATUS_ANA_TRANSITION, WAIT, 0],
    ['persistent loss, no other path: the log will tell', 'O', STATUS_ANA_PERSISTENT_LOSS, WAIT, 0],
    ['persistent loss, another path', 'ON', STATUS_ANA_PERSISTENT_LOSS, OTHER, 0],

    ['no such namespace, another path', 'OO', STATUS_DNR | STATUS_INVALID_NAMESPACE, OTHER, 0],
    ['no such namespace, another one that is being reset', 'Ox', STATUS_DNR | STATUS_INVALID_NAMESPACE, WAIT, 0],
    ['an inactive namespace, no other path: a look will tell', 'O', STATUS_DNR | STATUS_INVALID_FIELD, WAIT, 0],

    ['a read error', 'OO', READ_ERROR, SAME, 0],
    ['a read error with CRD 1', 'OO', crd(1, READ_ERROR), SAME, 0.1e9],
    ['a read error with CRD 2', 'OO', crd(2, READ_ERROR), SAME, 2e9],
    ['a read error with CRD 3', 'OO', crd(3, READ_ERROR), SAME, 30e9],
    ['interrupted, the path gone, another usable', 'xO', crd(1, STATUS_COMMAND_INTERRUPTED), OTHER, 0.1e9],
    ['interrupted, the path gone, none usable', 'x-', STATUS_COMMAND_INTERRUPTED, WAIT, 0],
  ])('%s (%s)', (_what, letters, status, action, delayNs) => {
    const verdict = judge(groupOf(letters, { crdt: [1, 20, 300] }), { status });
    expect([verdict.action, verdict.delayNs]).toEqual([action, delayNs]);
  });

  it('fails when no path is left and none will come', () => {
    for (const status of [STATUS_HOST_PATHING_ERROR, STATUS_COMMAND_INTERRUPTED]) {
      const group = groupOf('OO');
      group.setController(0, CONTROLLER_FAILED, 0);
      group.setController(1, CONTROLLER_FAILED, 0);
      expect(judge(group, { status }).action).toBe(FAIL);
    }
  });

  it('over a path that was removed meanwhile is judged all the same', () => {
    const group = groupOf('OO');
    group.remove(0);
    expect(judge(group, { status: STATUS_HOST_PATHING_ERROR }).action).toBe(OTHER);
    expect(judge(group, { status: STATUS_ANA_INACCESSIBLE, path: -1 })).toMatchObject({
      action: OTHER,
      needsAnaLog: false,
    });
    expect(judge(group, { status: crd(2, READ_ERROR) }).action).toBe(OTHER);
  });
});

describe('a namespace that a controller says it does not have', () => {
  const status = STATUS_DNR | STATUS_INVALID_FIELD;

  it('is looked for once, and its path is not used meanwhile', () => {
    const group = groupOf('OO');
    expect(judge(group, { status })).toMatchObject({ needsNamespaceScan: true, isPathError: true, usesRetry: false });
    expect([group.isPathUsable(0), group.namespaceState(0)]).toEqual([false, NAMESPACE_DOUBTFUL]);
    expect(judge(group, { status })).toMatchObject({ action: OTHER, needsNamespaceScan: false });
  });

  it('is believed when it was tried on as many paths as there are', () => {
    const group = groupOf('OO');
    expect(judge(group, { status, pathErrors: 2 })).toMatchObject({ action: COMPLETE, needsNamespaceScan: false });
    expect(group.isPathUsable(0)).toBe(true);
  });

  it('is gone: nothing waits for it', () => {
    const group = groupOf('O');
    expect(judge(group, { status }).action).toBe(WAIT);
    group.setNamespace(0, NAMESPACE_GONE);
    expect(judgeUnsent(factsOf({}), group, RETRY_POLICY_DEFAULT)).toBe(FAIL);
    expect(judge(group, { status })).toMatchObject({ action: FAIL, needsNamespaceScan: false });
  });
});

describe('the retry budget', () => {
  it('is used by errors of the command and not by errors of the path', () => {
    expect(judge(groupOf('OO'), { status: READ_ERROR })).toMatchObject({ usesRetry: true, isPathError: false });
    expect(judge(groupOf('OO'), { status: STATUS_INTERNAL_PATH_ERROR })).toMatchObject({
      usesRetry: false,
      isPathError: true,
    });
    expect(judge(groupOf('OO'), { status: READ_ERROR, retries: 3 })).toMatchObject({
      action: COMPLETE,
      usesRetry: false,
    });
    expect(judge(groupOf('OO'), { status: STATUS_INTERNAL_PATH_ERROR, retries: 99 }).action).toBe(OTHER);
  });

  it.each([
    [0, 0, COMPLETE],
    [1, 0, SAME],
    [1, 1, COMPLETE],
    [3, 2, SAME],
    [3, 3, COMPLETE],
    [-1, 1_000_000, SAME],
  ])('with a limit of %d and %d used', (retryLimit, retries, action) => {
    const policy = { ...RETRY_POLICY_DEFAULT, retryLimit };
    expect(judge(groupOf('O'), { status: READ_ERROR, retries }, policy).action).toBe(action);
  });

  it('of zero does not switch failover off', () => {
    const policy = { ...RETRY_POLICY_DEFAULT, retryLimit: 0 };
    expect(judge(groupOf('OO'), { status: STATUS_INTERNAL_PATH_ERROR }, policy).action).toBe(OTHER);
  });
});

describe('path errors', () => {
  it('are answered at once in the first round over all paths, and after a pause from then on', () => {
    const delays = [0, 1, 2, 3, 4].map((pathErrors) => {
      return judge(groupOf('OOO'), { status: STATUS_INTERNAL_PATH_ERROR, pathErrors }).delayNs;
    });
    expect(delays).toEqual([0, 0, 0, PATH_ERROR_PAUSE_NS, PATH_ERROR_PAUSE_NS]);
  });

  it('are bounded by time', () => {
    const policy = { ...RETRY_POLICY_DEFAULT, pathErrorTimeoutNs: 500 };
    const status = STATUS_INTERNAL_PATH_ERROR;
    expect(judge(groupOf('OO'), { status }, policy).action).toBe(OTHER);
    expect(judge(groupOf('OO'), { status, firstPathErrorNs: 501 }, policy).action).toBe(OTHER);
    expect(judge(groupOf('OO'), { status, firstPathErrorNs: 500 }, policy).action).toBe(FAIL);
  });
});

describe('an ANA status', () => {
  it.each([STATUS_ANA_INACCESSIBLE, STATUS_ANA_TRANSITION, STATUS_ANA_PERSISTENT_LOSS])(
    '%d makes its path unusable and asks for the log once',
    (status) => {
      const group = groupOf('OO');
      expect(judge(group, { status }).needsAnaLog).toBe(true);
      expect([group.isPathUsable(0), group.isPathUsable(1)]).toEqual([false, true]);
      expect(judge(group, { status }).needsAnaLog).toBe(false);
    },
  );

  it('is noted even when the command itself is not retried', () => {
    const group = groupOf('OO');
    expect(judge(group, { status: STATUS_ANA_INACCESSIBLE | STATUS_DNR })).toMatchObject({
      action: COMPLETE,
      needsAnaLog: true,
    });
    expect(group.isPathUsable(0)).toBe(false);
  });

  it('is the only kind that touches the path', () => {
    const group = groupOf('OO');
    const { version } = group;
    for (const status of [
      0,
      READ_ERROR,
      STATUS_INTERNAL_PATH_ERROR,
      STATUS_HOST_PATHING_ERROR,
      STATUS_ABORTED_SQ_DELETION,
    ]) {
      expect(judge(group, { status }).needsAnaLog).toBe(false);
    }
    expect(group.version).toBe(version);
  });
});

describe('a command that changes data and was lost without a word from the device', () => {
  const lost = { status: STATUS_HOST_PATHING_ERROR, isConfirmed: false, changesData: true, nowNs: 300 };

  function lostGroup(letters: string): PathGroup {
    const group = groupOf(`O${letters}`, { quiesceNs: 1000 });
    group.setConnected(0, false, 200);
    return group;
  }

  it.each<[string, Partial<CompletionFacts>, number, number]>([
    ['O', {}, OTHER, 900],
    ['N', {}, OTHER, 900],
    ['x', {}, WAIT, 900],
    ['O', { nowNs: 1199 }, OTHER, 1],
    ['O', { nowNs: 1200 }, OTHER, 0],
    ['O', { nowNs: 5000 }, OTHER, 0],
    ['O', { changesData: false }, OTHER, 0],
    ['O', { isConfirmed: true }, OTHER, 0],
    ['O', { status: STATUS_HOST_PATHING_ERROR | STATUS_DNR }, COMPLETE, 900],
    ['O', { status: STATUS_COMMAND_INTERRUPTED, retries: 3 }, COMPLETE, 900],
    ['O', { status: STATUS_COMMAND_INTERRUPTED }, OTHER, 900],
  ])('is held until the old path is quiet, whatever is done (%s, %o)', (letters, part, action, delayNs) => {
    const verdict = judge(lostGroup(letters), { ...lost, ...part });
    expect([verdict.action, verdict.delayNs]).toEqual([action, delayNs]);
  });

  it('is held even when it is to fail', () => {
    const group = lostGroup('x');
    group.setController(0, CONTROLLER_FAILED, 250);
    group.setController(1, CONTROLLER_FAILED, 250);
    expect(judge(group, lost)).toMatchObject({ action: FAIL, delayNs: 900 });
  });

  it('is held for the longer of the quiet time and any other delay', () => {
    expect(judge(lostGroup('O'), { ...lost, pathErrors: 9 }).delayNs).toBe(PATH_ERROR_PAUSE_NS);
  });
});

describe('a command without a path', () => {
  it.each([
    ['OO', OTHER],
    ['xN', OTHER],
    ['x-', WAIT],
  ])('in %s', (letters, action) => {
    expect(judgeUnsent(factsOf({ path: -1 }), groupOf(letters), RETRY_POLICY_DEFAULT)).toBe(action);
  });

  it('fails when nothing will come, and when its time is over', () => {
    const group = groupOf('x');
    const policy = { ...RETRY_POLICY_DEFAULT, pathErrorTimeoutNs: 500 };
    expect(judgeUnsent(factsOf({ firstPathErrorNs: 500 }), group, policy)).toBe(FAIL);
    expect(judgeUnsent(factsOf({ firstPathErrorNs: 501 }), group, policy)).toBe(WAIT);
    group.setFastFailAt(0, 1000);
    expect(judgeUnsent(factsOf({}), group, policy)).toBe(FAIL);
  });
});

describe('for any status and any group', () => {
  it('a verdict can be carried out', () => {
    const letters = fc.string({ unit: fc.constantFrom('O', 'N', '-', 'x'), minLength: 1, maxLength: 5 });
    const facts = fc.record({
      status: fc.nat(0x7fff),
      path: fc.integer({ min: -1, max: 5 }),
      retries: fc.nat(5),
      pathErrors: fc.nat(8),
      firstPathErrorNs: fc.oneof(fc.constant(Infinity), fc.nat(1000)),
      isConfirmed: fc.boolean(),
      changesData: fc.boolean(),
    });
    const policy = fc.record({ retryLimit: fc.integer({ min: -1, max: 4 }), pathErrorTimeoutNs: fc.nat(2000) });
    fc.assert(
      fc.property(letters, facts, policy, (shape, part, rules) => {
        const group = groupOf(shape, { quiesceNs: 700, crdt: [1, 2, 3] });
        const verdict = judge(group, part, rules);
        const { action, delayNs, usesRetry, isPathError, needsAnaLog } = verdict;
        expect(delayNs).toBeGreaterThanOrEqual(0);
        expect(Number.isFinite(delayNs)).toBe(true);
        if (action === SAME) expect(group.isPathUsable(part.path)).toBe(true);
        if (action === OTHER) expect(group.isAnotherUsable(part.path)).toBe(true);
        if (action === WAIT) expect([group.bestRank, group.anyMayBecomeUsable(1000)]).toEqual([0, true]);
        const isSentAgain = action === WAIT || action === SAME || action === OTHER;
        if (isSentAgain && !isNamespaceDoubt(part.status)) expect(part.status & STATUS_DNR).toBe(0);
        if (verdict.needsNamespaceScan) expect(group.isPathUsable(part.path)).toBe(false);
        if ((part.status & 0x7ff) === 0) expect([action, delayNs]).toEqual([COMPLETE, 0]);
        if (needsAnaLog) expect(group.isPathUsable(part.path)).toBe(false);
        expect(usesRetry && isPathError).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a policy from outside', () => {
  it.each([
    { retryLimit: -2 },
    { retryLimit: 1.5 },
    { retryLimit: NaN },
    { pathErrorTimeoutNs: -1 },
    { pathErrorTimeoutNs: NaN },
  ])('is refused with %o', (part) => {
    expect(() => checkRetryPolicy({ ...RETRY_POLICY_DEFAULT, ...part })).toThrow(RangeError);
  });

  it('is accepted when it makes sense', () => {
    for (const retryLimit of [-1, 0, 3]) checkRetryPolicy({ retryLimit, pathErrorTimeoutNs: 0 });
    checkRetryPolicy(RETRY_POLICY_DEFAULT);
  });
});

it('dispositions have names', () => {
  expect([0, 1, 2, 3, 4, 9].map(describeDisposition)).toEqual([
    'complete',
    'retry on the same path',
    'fail over',
    'wait',
    'fail',
    'unknown disposition 9',
  ]);
});
