/**
 * The conformance suite on QEMU's controller through VFIO, in a guest. What fails has to be what fails without a guest too.
 */
import { CONFORMANCE_CASES, type ConformanceCase, type ConformanceResult } from '@phasebit/conformance';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { qemuArguments } from '../conformance/qemu-device.js';
import { QEMU_DIFFERENCES, QEMU_RELEASES } from '../conformance/qemu-differences.js';
import { ConformanceRecord } from '../conformance/record.js';
import type { ConformanceLine, ConformanceRequest } from './conformance-request.js';
import { bindToVfio } from './support/bind-to-vfio.js';
import { guestSuite } from './support/guest-suite.js';
import { Guest } from './support/guest.js';
import { nvmeFunctions } from './support/nvme-functions.js';

/** The suite itself takes 10 s on a machine that does nothing else. */
const TIMEOUT_MS = 300_000;
const HANGS = QEMU_DIFFERENCES.filter(({ isHang }) => isHang === true).flatMap(({ cases }) => cases);
const HANG_REASON = 'QEMU does not come back from it, and the guest with it: see qtest';
const SLOWEST_SHOWN = 3;

const nameOf = ({ area, name }: { readonly area: string; readonly name: string }): string => `${area}: ${name}`;

/** What the program in the guest printed: the revision, then results, with those that it was not to try. */
function resultsOf(lines: readonly ConformanceLine[]): ConformanceResult[] {
  const told = new Map(lines.map((line) => [nameOf(line), line]));
  return CONFORMANCE_CASES.map((each: ConformanceCase) => {
    const isHang = HANGS.includes(nameOf(each));
    const line = told.get(nameOf(each));
    if (line === undefined && !isHang) throw new Error(`${nameOf(each)}: expected a result, got none`);
    const { outcome, reason } = line ?? { outcome: 'skipped' as const, reason: HANG_REASON };
    return { case: each, outcome, reason };
  });
}

/** Says how long it took, and what took longest. */
function showTimes(lines: readonly ConformanceLine[]): void {
  const slowest = [...lines].sort((a, b) => b.ms - a.ms).slice(0, SLOWEST_SHOWN);
  const seconds = lines.reduce((sum, { ms }) => sum + ms, 0) / 1000;
  const shown = slowest.map((line) => `${line.ms} ms ${nameOf(line)}`).join('; ');
  console.log(`${lines.length} cases through VFIO in ${seconds.toFixed(1)} s; slowest: ${shown}`);
}

guestSuite("QEMU's controller through VFIO", { qemu: 'plain' }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'phasebit-conformance-'));
  let guest: Guest;
  let revision: string;
  let results: readonly ConformanceResult[];
  let record: ConformanceRecord;

  beforeAll(async () => {
    guest = await Guest.boot({ iommu: true, args: qemuArguments(folder) });
    const [slot] = await nvmeFunctions(guest);
    await bindToVfio(guest, slot);
    const request: ConformanceRequest = { skipped: HANGS, known: QEMU_DIFFERENCES.flatMap(({ cases }) => cases) };
    const args = [slot, JSON.stringify(request)];
    const { status, stdout, output } = await guest.node('guest/conformance.ts', args, { timeoutMs: TIMEOUT_MS });
    if (status !== 0) throw new Error(`the suite ended with status ${status}:\n${output.slice(-2000)}`);
    const [first, ...rest] = stdout.trim().split('\n');
    revision = first;
    const lines = rest.map((line) => JSON.parse(line) as ConformanceLine);
    showTimes(lines);
    results = resultsOf(lines);
    record = new ConformanceRecord('vfio', `QEMU ${revision}`);
    for (const result of results) record.add(result);
    record.write();
  }, TIMEOUT_MS);

  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await guest?.close();
  });

  /** Names of what is known to fail in this release; of a release that nobody has tried, all that is known of any. */
  function known(): Set<string> {
    const release = QEMU_RELEASES.find((each) => revision.startsWith(`${each}.`));
    const applying = QEMU_DIFFERENCES.filter(
      ({ releases = QEMU_RELEASES }) => release === undefined || releases.includes(release),
    );
    return new Set(applying.flatMap(({ cases }) => cases));
  }

  it('fails in cases that it passes without a guest', () => {
    const surprises = results.filter((each) => each.outcome === 'failed' && !known().has(nameOf(each.case)));
    expect(surprises.map((each) => `${nameOf(each.case)}: ${each.reason}`)).toEqual([]);
  });

  it('passes in cases that it fails without a guest', () => {
    if (!QEMU_RELEASES.some((each) => revision.startsWith(`${each}.`))) return;
    const passed = results.filter((each) => each.outcome === 'passed' && known().has(nameOf(each.case)));
    expect(passed.map((each) => nameOf(each.case))).toEqual([]);
  });

  it('passes fewer cases than are worth a suite', () => {
    expect(results.filter(({ outcome }) => outcome === 'passed').length).toBeGreaterThan(CONFORMANCE_CASES.length / 2);
  });

  it('is not what docs/conformance.md says it is: `pnpm conformance` writes it anew', () => {
    const { published } = record;
    if (published !== undefined) expect(record.counts).toEqual(published.areas);
  });
});
