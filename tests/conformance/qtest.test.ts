/**
 * The conformance suite on QEMU's own controller. What fails has to be listed in qemu-differences.ts, and what is listed has to fail.
 */
import {
  CONFORMANCE_CASES,
  type ConformanceCase,
  type ConformanceResult,
  type ControllerFacts,
  gatherFacts,
  runCase,
} from '@phasebit/conformance';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { QEMU_DIFFERENCES, QEMU_RELEASES, type QemuDifference } from './qemu-differences.js';
import { IMPATIENT, openQemu, PATIENT, type QemuTarget } from './qemu-device.js';
import { whyNoQemu } from '../qtest/support/qemu-stack.js';
import { ConformanceRecord } from './record.js';

const missing = whyNoQemu();
if (missing !== undefined) console.warn(`conformance on qtest: skipped, ${missing}`);

function nameOf({ area, name }: ConformanceCase): string {
  return `${area}: ${name}`;
}

describe.skipIf(missing !== undefined)(
  `QEMU's controller${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let opened: QemuTarget;
    let facts: ControllerFacts;
    let record: ConformanceRecord;
    /** `7.2` */
    let release: string;
    let differences: ReadonlyMap<string, QemuDifference>;

    beforeAll(async () => {
      opened = await openQemu();
      facts = await gatherFacts(opened.target);
      const revision = facts.identify.fr.trim();
      release = revision.split('.').slice(0, 2).join('.');
      record = new ConformanceRecord('qtest', `QEMU ${revision}`);
      const known = QEMU_DIFFERENCES.filter(({ releases = QEMU_RELEASES }) => isOf(releases, release));
      differences = new Map(known.flatMap((each) => each.cases.map((name) => [name, each])));
    });

    afterAll(async () => {
      record.write();
      await opened.close();
    });

    it.each(CONFORMANCE_CASES.map((each) => [each.area, each.name, each] as const))('%s: %s', async (_, __, each) => {
      const difference = differences.get(nameOf(each));
      const result = await (difference?.isHang === true ? runHanging(each) : run(each, difference !== undefined));
      record.add(result);
      if (difference === undefined) expect(result.outcome === 'failed' ? result.reason : '').toBe('');
      else if (isTried(release)) expect(`${result.outcome}, no longer differs`).toMatch(/^failed/);
    });

    it('differs in cases that are not cases', () => {
      const names = CONFORMANCE_CASES.map(nameOf);
      const listed = QEMU_DIFFERENCES.flatMap(({ cases }) => cases);
      expect(listed.filter((each) => !names.includes(each))).toEqual([]);
      expect(new Set(listed).size).toBe(listed.length);
    });

    it('is not what docs/conformance.md says it is: `pnpm conformance` writes it anew', () => {
      const { published } = record;
      if (published !== undefined) expect(record.counts).toEqual(published.areas);
    });

    /** Runs a case; a QEMU that dies of it is replaced by another one. */
    async function run(each: ConformanceCase, isKnown: boolean): Promise<ConformanceResult> {
      const { deadlineMs, quietMs } = isKnown ? IMPATIENT : PATIENT;
      try {
        return await runCase({ ...opened.target, deadlineMs, quietMs }, facts, each);
      } catch (error) {
        await opened.close();
        opened = await openQemu();
        return { case: each, outcome: 'failed', reason: String(error) };
      }
    }

    /** Runs a case that QEMU is known to hang in, on a QEMU of its own. */
    async function runHanging(each: ConformanceCase): Promise<ConformanceResult> {
      const own = await openQemu(IMPATIENT);
      try {
        return await runCase(own.target, facts, each);
      } catch (error) {
        return { case: each, outcome: 'failed', reason: String(error) };
      } finally {
        await own.close();
      }
    }
  },
);

function isTried(release: string): boolean {
  return (QEMU_RELEASES as readonly string[]).includes(release);
}

/** Whether something seen in some releases may be there in this one; of one that nobody has tried, nobody knows. */
function isOf(releases: readonly string[], release: string): boolean {
  return releases.includes(release) || !isTried(release);
}
