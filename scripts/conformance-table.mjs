// Writes docs/conformance.md: cases of the conformance suite by transport, and where QEMU does otherwise than the specification says.
//   node scripts/conformance-table.mjs             takes what the suites have left in coverage/conformance, then writes the page
//   node scripts/conformance-table.mjs --check     writes nothing; fails when the page is not what docs/conformance.json says
// A suite leaves { transport, device, cases: [{ area, name, outcome, reason }] }, outcome passed, skipped or failed. docs/conformance.json
// keeps the counts, so that transports that are tried elsewhere keep their columns; each suite compares its own with it.
import { build } from 'esbuild';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readJson, root } from './workspace.mjs';

const PAGE = 'docs/conformance.md';
const SUMMARY = 'docs/conformance.json';
const RESULTS = 'coverage/conformance';
const DIFFERENCES = 'tests/conformance/qemu-differences.ts';

/** Every column that there can be, in order, and how its controller is reached. */
const TRANSPORTS = {
  inline: 'the modelled controller on the thread of the host',
  'inline-scattered': 'the same, no two neighbouring pages of data memory next to each other on the bus',
  'inline-minimal': 'the same, with nothing that is optional',
  thread: 'the modelled controller on a thread of its own',
  'vfio-user': 'the modelled controller behind a vfio-user server and a UNIX socket; memory and doorbells are shared',
  'vfio-user-messages': 'the same with nothing shared: memory and doorbells by messages',
  qtest: "QEMU's controller, without a guest, through QEMU's qtest socket",
  vfio: "QEMU's controller in a Linux guest, through VFIO",
};
const OUTCOMES = ['passed', 'skipped', 'failed'];

/** A suite's results as they are kept: cases of each area by outcome, and why cases do not apply. */
function summaryOf({ transport, device, cases }) {
  if (TRANSPORTS[transport] === undefined) {
    throw new Error(`transport: expected one of ${Object.keys(TRANSPORTS).join(', ')}, got ${transport}`);
  }
  const areas = {};
  const notOffered = {};
  for (const { area, outcome, reason } of cases) {
    areas[area] ??= [0, 0, 0];
    areas[area][OUTCOMES.indexOf(outcome)] += 1;
    if (outcome === 'skipped') notOffered[reason] = (notOffered[reason] ?? 0) + 1;
  }
  return { transport, device, areas, notOffered };
}

/** The summary with everything in it that has been run since. */
function merged() {
  const summaries = new Map(readJson(SUMMARY).transports.map((each) => [each.transport, each]));
  const folder = path.join(root, RESULTS);
  for (const file of existsSync(folder) ? readdirSync(folder) : []) {
    const summary = summaryOf(readJson(`${RESULTS}/${file}`));
    summaries.set(summary.transport, summary);
  }
  return Object.keys(TRANSPORTS).flatMap((name) => summaries.get(name) ?? []);
}

async function loadDifferences() {
  const { outputFiles } = await build({
    entryPoints: [path.join(root, DIFFERENCES)],
    bundle: true,
    format: 'esm',
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

function table(header, alignments, rows) {
  return [header, alignments, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** `31`, or `28 / 3 / 0` where not every case passed. */
function cell(counts) {
  if (counts === undefined) return '';
  return counts[1] + counts[2] === 0 ? String(counts[0]) : counts.join(' / ');
}

function sum(rows) {
  return rows.reduce((total, counts) => total.map((value, i) => value + counts[i]), [0, 0, 0]);
}

function areaTable(transports) {
  const areas = [...new Set(transports.flatMap((each) => Object.keys(each.areas)))];
  const rows = areas.map((area) => {
    const cells = transports.map((each) => each.areas[area]);
    const cases = sum([cells.find((counts) => counts !== undefined)]).reduce((a, b) => a + b);
    return [`\`${area}\``, cases, ...cells.map(cell)];
  });
  const totals = transports.map((each) => sum(Object.values(each.areas)));
  const all = rows.reduce((total, [, cases]) => total + cases, 0);
  const header = ['area', 'cases', ...transports.map(({ transport }) => transport)];
  return table(header, ['---', ...header.slice(1).map(() => '---:')], [...rows, ['all', all, ...totals.map(cell)]]);
}

function differenceTable({ QEMU_DIFFERENCES, QEMU_RELEASES }) {
  const rows = QEMU_DIFFERENCES.map(({ does, should, section, cases, releases = QEMU_RELEASES }, i) => [
    i + 1,
    does,
    should,
    section,
    [...new Set(cases.map((each) => `\`${each.split(':')[0]}\``))].join(', '),
    cases.length,
    releases.join(', '),
  ]);
  const header = ['', 'what QEMU does', 'what is asked for', 'where', 'area', 'cases', 'seen in'];
  return table(header, ['---:', '---', '---', '---', '---', '---:', '---'], rows);
}

function notOfferedList(transports) {
  return transports
    .filter(({ notOffered }) => Object.keys(notOffered).length > 0)
    .map(({ transport, notOffered }) => {
      const reasons = Object.entries(notOffered).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
      return `- **${transport}**: ${reasons.map(([reason, count]) => `${reason} (${count})`).join('; ')}.`;
    })
    .join('\n');
}

async function pageOf(transports) {
  const differences = await loadDifferences();
  const columns = transports.map(
    ({ transport, device }) => `- **${transport}** (${device}): ${TRANSPORTS[transport]}.`,
  );
  return `# Conformance

What the [conformance suite](../packages/conformance/README.md) says of every controller that it reaches. The page is made from what the suites leave
behind when they are run: \`pnpm conformance\` writes it, \`pnpm lint\` fails when it is not what \`docs/conformance.json\` says, and each suite fails when that
is not what came out.

${columns.join('\n')}

A cell has the cases that passed, or passed / not offered / otherwise than the specification says.

${areaTable(transports)}

## Where QEMU does otherwise

Each was looked up: where the specification did not demand what a case did, the case was changed. What is listed here has to fail, and nothing else may; an entry
that QEMU has caught up with is an error too. The list is [qemu-differences.ts](../tests/conformance/qemu-differences.ts), which names the cases.

${differenceTable(differences)}

## What is not offered

Why cases do not apply to a controller, with their number. A case about the refusal of what is not offered does not apply where it is.

${notOfferedList(transports)}
`;
}

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
if (values.check) {
  const expected = await pageOf(readJson(SUMMARY).transports);
  const found = existsSync(path.join(root, PAGE)) ? readFileSync(path.join(root, PAGE), 'utf8') : '';
  if (found === expected) console.log(`conformance: ${PAGE} is what ${SUMMARY} and ${DIFFERENCES} say`);
  else {
    console.error(`conformance: ${PAGE} is not what ${SUMMARY} and ${DIFFERENCES} say: write it with pnpm conformance`);
    process.exitCode = 1;
  }
} else {
  const transports = merged();
  writeFileSync(path.join(root, SUMMARY), `${JSON.stringify({ transports }, null, 1)}\n`);
  writeFileSync(path.join(root, PAGE), await pageOf(transports));
  console.log(`conformance: ${transports.map(({ transport }) => transport).join(', ')} in ${PAGE}`);
}
