/**
 * A suite that cannot fail shows nothing: a controller with an injected fault must fail the cases about what is broken, and only those,
 * with a message that says what was expected and what came.
 */
import {
  CONFORMANCE_CASES,
  type ConformanceCase,
  type ConformanceResult,
  ConformanceFailure,
  demandBytes,
  demandEqual,
  demandStatus,
  gatherFacts,
  runCase,
  runConformance,
} from '@phasebit/conformance';
import type { FaultRule } from '@phasebit/controller';
import {
  ADMIN_DELETE_IO_CQ,
  ADMIN_DEVICE_SELF_TEST,
  ADMIN_FORMAT_NVM,
  ADMIN_IDENTIFY,
  ADMIN_SANITIZE,
  FEATURE_ARBITRATION,
  FNA_NO_BROADCAST,
  NVM_COMPARE,
  NVM_FLUSH,
  NVM_READ,
  NVM_WRITE,
  OACS_FORMAT_NVM,
  STATUS_DNR,
  STATUS_INTERNAL_ERROR,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { ALWAYS_OFFERED } from './always-offered.js';
import { openInline } from './targets.js';

/** What a command may take where completions are lost. */
const DEADLINE_MS = 20;
const EXPECTED_AND_GOT = /expected .+, got /s;

function casesOf(...areas: string[]): readonly ConformanceCase[] {
  return CONFORMANCE_CASES.filter(({ area }) => areas.includes(area));
}

/** Runs cases on a controller that breaks after it was asked what it is. */
async function resultsOf(rule: FaultRule, cases: readonly ConformanceCase[]): Promise<ConformanceResult[]> {
  const { target, device } = await openInline();
  const facts = await gatherFacts(target);
  device.faults.add(rule);
  const results: ConformanceResult[] = [];
  for (const each of cases) results.push(await runCase({ ...target, deadlineMs: DEADLINE_MS }, facts, each));
  return results;
}

function failuresOf(results: readonly ConformanceResult[]): readonly ConformanceResult[] {
  return results.filter(({ outcome }) => outcome === 'failed');
}

const STATUS = { kind: 'status', status: STATUS_INTERNAL_ERROR | STATUS_DNR } as const;

describe('a controller that', () => {
  it.each<[string, FaultRule, string, RegExp]>([
    ['fails every Flush', { ...STATUS, opcode: NVM_FLUSH }, 'flush', /expected Successful.*, got Internal Error/i],
    ['fails every Compare', { ...STATUS, opcode: NVM_COMPARE }, 'compare', /got Internal Error/i],
    ['corrupts what is read', { kind: 'corrupt', opcode: NVM_READ }, 'read-write', /byte \d+: expected \d+, got \d+/],
    [
      'corrupts what is written',
      { kind: 'corrupt', opcode: NVM_WRITE },
      'read-write',
      /byte \d+: expected \d+, got \d+/,
    ],
    [
      'loses completions of Read',
      { kind: 'lost', opcode: NVM_READ },
      'read-write',
      /expected a completion in time, got none/,
    ],
    ['loses the first Identify', { kind: 'lost', queue: 0, opcode: ADMIN_IDENTIFY }, 'identify', /got none/],
    ['completes Flush twice', { kind: 'duplicate', opcode: NVM_FLUSH }, 'doorbells', EXPECTED_AND_GOT],
    ['cannot sanitize', { ...STATUS, queue: 0, opcode: ADMIN_SANITIZE }, 'sanitize', /got Internal Error/i],
    ['cannot format', { ...STATUS, queue: 0, opcode: ADMIN_FORMAT_NVM }, 'format', /got Internal Error/i],
    ['cannot delete', { ...STATUS, queue: 0, opcode: ADMIN_DELETE_IO_CQ }, 'delete-queue', /got Internal Error/i],
    ['stays ready', { kind: 'stuck-ready', enable: false, count: 2 }, 'enable', /CSTS: expected CSTS.RDY=0 in time/],
    [
      'hangs after a Flush',
      { kind: 'hang', opcode: NVM_FLUSH, count: 1 },
      'flush',
      /CSTS: expected CSTS.RDY=0 in time/,
    ],
  ])('%s fails the cases about that, which say what came', async (_, rule, area, message) => {
    const cases = casesOf(area);
    expect(cases).not.toEqual([]);
    const failures = failuresOf(await resultsOf(rule, cases));
    expect(failures.map(({ reason }) => reason)).toContainEqual(expect.stringMatching(message));
    for (const { reason } of failures) expect(reason).toMatch(EXPECTED_AND_GOT);
  });

  it('fails every Compare passes the cases about anything else', async () => {
    const rule: FaultRule = { ...STATUS, opcode: NVM_COMPARE };
    expect(failuresOf(await resultsOf(rule, casesOf('registers', 'create-queue', 'identify', 'flush')))).toEqual([]);
  });

  it.each<[string, FaultRule, string]>([
    ['serves Read while it sanitizes', { ...STATUS, opcode: NVM_READ }, 'Read is refused while the operation runs'],
    [
      'takes a second self-test for something else',
      { ...STATUS, queue: 0, opcode: ADMIN_DEVICE_SELF_TEST, skip: 2, count: 1 },
      'a second test is refused while a short test runs',
    ],
  ])('%s fails the case that looks while the first thing still runs', async (_, rule, name) => {
    const cases = CONFORMANCE_CASES.filter((each) => each.name === name);
    const [failure] = failuresOf(await resultsOf(rule, cases));
    expect(failure?.reason).toMatch(/expected .*in progress.*, got Internal Error/i);
  });

  it('loses one completion fails one case', async () => {
    const results = await resultsOf({ kind: 'lost', opcode: NVM_FLUSH, count: 1 }, casesOf('flush'));
    expect(failuresOf(results)).toHaveLength(1);
  });

  it('cannot even say what it is ends the run', async () => {
    const { target } = await openInline({ faults: { rules: [{ kind: 'lost', queue: 0 }] } });
    const outcome = runConformance({ ...target, deadlineMs: DEADLINE_MS }, casesOf('flush'));
    await expect(outcome).rejects.toThrow(ConformanceFailure);
  });
});

describe('a controller that offers what it says it does not', () => {
  const cases = CONFORMANCE_CASES.filter(({ area, name }) => ALWAYS_OFFERED.includes(`${area}: ${name}`));

  it.each(cases.map((each) => [`${each.area}: ${each.name}`, each] as const))('fails %s', async (_, each) => {
    const { target } = await openInline();
    const facts = await gatherFacts(target);
    const oacs = each.area === 'format' ? OACS_FORMAT_NVM : 0;
    const none = { sgls: 0, fuses: 0, sanicap: 0, ctratt: 0, oacs, fna: FNA_NO_BROADCAST };
    const cap = { low: facts.cap.low, high: 0 };
    const { outcome, reason } = await runCase(
      target,
      { ...facts, cap, identify: { ...facts.identify, ...none }, fixedFeatures: new Set([FEATURE_ARBITRATION]) },
      each,
    );
    expect(outcome).toBe('failed');
    expect(reason).toMatch(EXPECTED_AND_GOT);
  });
});

describe('a demand', () => {
  it('says what was expected and what came', () => {
    expect(() => demandEqual(3, 4, 'entries')).toThrow('entries: expected 4, got 3');
    expect(() => demandBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 7), 'data')).toThrow(
      'data, byte 1: expected 7, got 2',
    );
    const completion = { result: 0, dw1: 0, sqHead: 0, sqId: 0, cid: 0, code: 2, dnr: true, more: false, crd: 0 };
    expect(() => demandStatus(completion, [0])).toThrow(EXPECTED_AND_GOT);
    expect(() => demandStatus(completion, [2], false)).toThrow(/Do Not Retry.*: expected false, got true/);
    expect(() => demandStatus(completion, [0, 2], true)).not.toThrow();
  });
});
