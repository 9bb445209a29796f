// Prints how much of each package the tests ran, and fails when a package is under its floor in coverage.json.
//   vitest run --coverage writes coverage/coverage-summary.json; this reads it.
import path from 'node:path';
import { readJson, root } from './workspace.mjs';

const summary = readJson('coverage/coverage-summary.json');
const floors = readJson('coverage.json');

/** Sums of lines and branches by package folder, from a file-by-file summary. */
function byPackage() {
  const packages = new Map();
  for (const [file, { lines, branches }] of Object.entries(summary)) {
    if (file === 'total') continue;
    const name = path.relative(root, file).split(path.sep).slice(0, 2).join('/');
    const sum = packages.get(name) ?? { lines: [0, 0], branches: [0, 0] };
    for (const [kind, counts] of [
      ['lines', lines],
      ['branches', branches],
    ]) {
      sum[kind][0] += counts.covered;
      sum[kind][1] += counts.total;
    }
    packages.set(name, sum);
  }
  return packages;
}

const percent = ([covered, total]) => (total === 0 ? 100 : (100 * covered) / total);
const cell = (counts) => `${percent(counts).toFixed(1)} % of ${counts[1]}`.padStart(18);

const errors = [];
console.log(`\n${'coverage'.padEnd(24)}${'lines'.padStart(18)}${'branches'.padStart(18)}`);
for (const [name, sum] of [...byPackage()].sort(([a], [b]) => a.localeCompare(b))) {
  const floor = floors[name];
  console.log(`${name.padEnd(24)}${cell(sum.lines)}${cell(sum.branches)}  ${floor?.why ?? ''}`);
  if (floor === undefined) {
    errors.push(`${name}: found no floor in coverage.json, expected lines and branches`);
    continue;
  }
  for (const kind of ['lines', 'branches']) {
    const got = percent(sum[kind]);
    if (got < floor[kind])
      errors.push(`${name}: expected ${floor[kind]} % of ${kind} covered or more, got ${got.toFixed(2)}`);
  }
}
for (const error of errors) console.error(error);
process.exit(errors.length > 0 ? 1 : 0);
