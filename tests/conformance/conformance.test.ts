/**
 * The conformance suite on every transport that reaches our own controller, and on one that offers as little as it may.
 */
import { caseTable, CONFORMANCE_CASES, type ControllerFacts, gatherFacts, runCase } from '@phasebit/conformance';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALWAYS_OFFERED } from './always-offered.js';
import { ConformanceRecord } from './record.js';
import { openInline, openThread, type OpenTarget } from './targets.js';
import { openVfioUserTarget } from './vfio-user-target.js';

const LEAST_CASES = 600;
/** Cases that some target has tried, as `area: name`. */
const tried = new Set<string>();

describe.each([
  ['inline', () => openInline()],
  ['inline-scattered', () => openInline({ scatterSeed: 7 })],
  ['inline-minimal', () => openInline({ isMinimal: true })],
  ['thread', () => openThread()],
  ['vfio-user', () => openVfioUserTarget(false)],
  ['vfio-user-messages', () => openVfioUserTarget(true)],
] as const)('our controller, %s', (transport, open) => {
  const record = new ConformanceRecord(transport, 'Phasebit');
  let opened: OpenTarget;
  let facts: ControllerFacts;

  beforeAll(async () => {
    opened = await open();
    facts = await gatherFacts(opened.target);
  });

  afterAll(async () => {
    record.write();
    await opened.close();
  });

  it.each(CONFORMANCE_CASES.map((each) => [each.area, each.name, each] as const))(
    '%s: %s',
    async (area, name, each) => {
      const result = await runCase(opened.target, facts, each);
      const { outcome, reason } = result;
      record.add(result);
      if (outcome === 'passed') tried.add(`${area}: ${name}`);
      expect(outcome === 'failed' ? reason : '').toBe('');
    },
  );

  it('is not what docs/conformance.md says it is: `pnpm conformance` writes it anew', () => {
    expect(record.counts).toEqual(record.published?.areas);
  });
});

describe('the conformance suite', () => {
  it('has cases that no target tries', () => {
    const all = CONFORMANCE_CASES.map(({ area, name }) => `${area}: ${name}`);
    expect(all.filter((each) => !tried.has(each))).toEqual(ALWAYS_OFFERED);
  });

  it('has another number of cases than its README says', () => {
    const readme = readFileSync(new URL('../../packages/conformance/README.md', import.meta.url), 'utf8');
    const squeezed = readme.replace(/ +/g, ' ').replace(/-{3,}/g, '---');
    expect(squeezed).toContain(caseTable(CONFORMANCE_CASES));
  });

  it('has fewer cases than promised, or more good input than bad', () => {
    expect(CONFORMANCE_CASES.length).toBeGreaterThanOrEqual(LEAST_CASES);
    const refusals = CONFORMANCE_CASES.filter((each) => each.isRefusal).length;
    expect(refusals).toBeGreaterThan(CONFORMANCE_CASES.length / 2);
  });
});
