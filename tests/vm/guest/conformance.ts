/**
 * Tries a controller that is bound to VFIO with the conformance suite. Prints its firmware revision, then a line of JSON for each result.
 *
 *   node conformance.mjs 0000:00:03.0 OPTIONS
 *
 * OPTIONS is a {@link ConformanceRequest} as JSON.
 */
import { CONFORMANCE_CASES, type ConformanceTarget, gatherFacts, runCase } from '@phasebit/conformance';
import { openVfio } from '@phasebit/vfio';
import { performance } from 'node:perf_hooks';
import type { ConformanceLine, ConformanceRequest } from '../conformance-request.js';

/** Enough for a case that is known to fail. */
const IMPATIENT_MS = 1000;
const PATIENT_MS = 10_000;
/** Within the 39 bits that the IOMMU translates, and far above what is mapped. */
const NOWHERE = 2 ** 38;

const [address, json] = process.argv.slice(2) as [string, string];
const { skipped, known } = JSON.parse(json) as ConformanceRequest;
const fn = await openVfio(address, { dmaBytes: 32 << 20 });
const clock = { nowNs: () => performance.now() * 1e6 };
const target: ConformanceTarget = { name: 'vfio', fn, clock, unmappedIova: NOWHERE, quietMs: 5, waitMsMax: 50 };
const facts = await gatherFacts(target);
console.log(facts.identify.fr.trim());
for (const each of CONFORMANCE_CASES) {
  const name = `${each.area}: ${each.name}`;
  if (skipped.includes(name)) continue;
  const begin = performance.now();
  const deadlineMs = known.includes(name) ? IMPATIENT_MS : PATIENT_MS;
  const { outcome, reason } = await runCase({ ...target, deadlineMs }, facts, each);
  const ms = Math.round(performance.now() - begin);
  console.log(JSON.stringify({ area: each.area, name: each.name, outcome, reason, ms } satisfies ConformanceLine));
}
await fn.close();
