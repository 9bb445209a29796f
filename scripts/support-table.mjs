// Writes docs/support.md: what of the specification's tables the driver and the controller have, and which tests cover it.
//   node scripts/support-table.mjs             writes the page; fails when a cell is empty without a reason
//   node scripts/support-table.mjs --check     writes nothing; fails also when the page is not what the sources say
// Reasons are in support-reasons.mjs.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { filesOfRow, isSpec, isTest, SUPPORT_FOLDERS } from './support-files.mjs';
import { REASONS } from './support-reasons.mjs';
import { loadSpec, Sources } from './support-sources.mjs';
import { root } from './workspace.mjs';

const PAGE = 'docs/support.md';
const REASONS_FILE = 'scripts/support-reasons.mjs';
const LINKS_MAX = 2;
const PATH_RULE = 'packages/multipath/src/disposition.ts';

const spec = await loadSpec();

// `name` is the table's in nvme-spec. `dispatch` is the controller's table of the same rows; without one it has what it answers with.
// `unnamed` is what the driver does with rows that it has no code for, and `byNumber` are its functions that take any row.
const FAMILIES = [
  { title: 'Admin commands', name: 'ADMIN_OPCODES', prefix: 'ADMIN_', dispatch: 'admin/admin-commands.ts' },
  { title: 'I/O commands', name: 'NVM_OPCODES', prefix: 'NVM_', dispatch: 'io/io-commands.ts' },
  {
    title: 'Features',
    name: 'FEATURES',
    prefix: 'FEATURE_',
    dispatch: 'admin/feature-table.ts',
    unnamed: 'by number',
    byNumber: ['getFeature', 'setFeature'],
  },
  {
    title: 'Log pages',
    name: 'LOG_PAGES',
    prefix: 'LOG_',
    dispatch: 'admin/log-pages-supported.ts',
    unnamed: 'by number',
    byNumber: ['readLogPage'],
  },
  {
    title: 'Identify structures',
    name: 'IDENTIFY_STRUCTURES',
    prefix: 'IDENTIFY_CNS_',
    dispatch: 'admin/identify.ts',
    unnamed: 'by number',
    byNumber: ['identify'],
  },
  statuses('Generic command status', spec.SCT_GENERIC, 'reported'),
  statuses('Command specific status', spec.SCT_COMMAND_SPECIFIC, 'reported'),
  statuses('Media and data integrity errors', spec.SCT_MEDIA, 'reported'),
  statuses('Path related status', spec.SCT_PATH, 'by type'),
].map((family) => {
  const rows = spec[family.name].filter(([value]) => family.sct === undefined || spec.statusSct(value) === family.sct);
  rows.sort(([a], [b]) => a - b);
  return { ...family, rows, constants: new Set(rows.map(([, name]) => family.prefix + name)) };
});

function statuses(title, sct, unnamed) {
  return { title, name: 'STATUS_CODES', prefix: 'STATUS_', sct, unnamed };
}

const errors = [];
const sources = new Sources(
  SUPPORT_FOLDERS,
  FAMILIES.map(({ constants }) => constants),
);
for (const family of FAMILIES) prepare(family);
const reasons = readReasons();

/** Adds what is looked up once for all rows of a family: the controller's table, and where the rows are written down and tested. */
function prepare(family) {
  if (family.dispatch !== undefined) {
    family.dispatchFile = `packages/controller/src/${family.dispatch}`;
    family.dispatched = sources.dispatchedIn(family.dispatchFile, family.constants);
    if (family.dispatched.size === 0) fail(`found no row of ${family.name} in ${family.dispatchFile}`);
  }
  const files = [...sources.byFile.values()].filter(({ file, names }) => isSpec(file) && names.has(family.name));
  family.rowTest = files.find(({ file }) => isTest(file))?.file;
  family.specFile = files.find(({ syntax }) => syntax.text.includes(`export const ${family.name}:`))?.file;
  if (family.rowTest === undefined) fail(`no test of nvme-spec names ${family.name}`);
  if (family.specFile === undefined) fail(`found no \`export const ${family.name}:\` in nvme-spec`);
}

/** Something that this script takes for granted is not so any more. */
function fail(found) {
  console.error(`support: ${found}: correct FAMILIES in scripts/support-table.mjs`);
  process.exit(1);
}

/** Reasons by constant: `why` for the cells of driver and controller, `untested` for that of the test. */
function readReasons() {
  const known = new Set(FAMILIES.flatMap(({ constants }) => [...constants]));
  const found = { why: new Map(), untested: new Map() };
  const report = (wrong, expected) => errors.push(`${REASONS_FILE}: found ${wrong}, expected ${expected}`);
  for (const { constants, ...group } of REASONS) {
    for (const [kind, reason] of Object.entries(group)) {
      if (found[kind] === undefined) {
        report(`\`${kind}\``, '`why` or `untested`');
        continue;
      }
      for (const constant of constants) {
        if (!known.has(constant)) report(`${constant} in '${reason}'`, 'a constant of a table of nvme-spec');
        if (found[kind].has(constant)) report(`${constant} twice, the second time in '${reason}'`, `one \`${kind}\``);
        found[kind].set(constant, reason);
      }
    }
  }
  return found;
}

function link(file, text) {
  return `[${text}](../${file})`;
}

/** `packages/nvme/src/admin/abort.ts` as `nvme/admin/abort.ts`, or without its package in the column of that package. */
function shortName(file, home) {
  const short = file
    .replace(/^packages\//, '')
    .replace('/src/', '/')
    .replace('conformance/cases/', 'conformance/');
  return short.startsWith(`${home}/`) ? short.slice(home.length + 1) : short;
}

function linksTo(files, home) {
  const shown = files.slice(0, LINKS_MAX).map((file) => link(file, shortName(file, home)));
  const rest = files.length - shown.length;
  return shown.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

/** The cells of one row as text, and which of them have files. */
function cellsOf(constant, family) {
  const { driver, controller, tests } = filesOfRow(sources, constant, family);
  const cells = {
    driver: linksTo(driver, 'nvme') || (family.unnamed ?? ''),
    controller: linksTo(controller, 'controller'),
    test: linksTo(tests),
  };
  // Where nobody acts on a row, there is nothing to be tested but the row.
  const isUsed = driver.length + controller.length > 0;
  if (cells.test === '' && !isUsed) cells.test = `row: ${linksTo([family.rowTest], 'nvme-spec')}`;
  explain(constant, cells, [...driver, ...controller]);
  return { cells, counts: [1, ...[driver, controller, tests].map(({ length }) => Math.min(1, length))] };
}

/** Puts reasons into empty cells; reports cells that have none, and reasons that no cell needs. */
function explain(constant, cells, code) {
  const why = reasons.why.get(constant);
  const untested = reasons.untested.get(constant);
  const empty = ['driver', 'controller'].filter((column) => cells[column] === '');
  if (empty.length > 0 && why === undefined) {
    const missing = `neither used by the ${empty.join(' nor by the ')} nor explained`;
    errors.push(`${constant}: ${missing}: use it, or add it to a group with a \`why\` in ${REASONS_FILE}`);
  }
  if (empty.length === 0 && why !== undefined) {
    errors.push(`${REASONS_FILE}: ${constant} is used, in ${code.join(', ')}: take it out of '${why}'`);
  }
  if (cells.test === '' && untested === undefined) {
    const missing = `used in ${code.join(', ')}, and no test names it or an exported function that uses it`;
    errors.push(`${constant}: ${missing}: write one, or add it to a group with an \`untested\` in ${REASONS_FILE}`);
  }
  if (cells.test !== '' && untested !== undefined) {
    errors.push(`${REASONS_FILE}: ${constant} has a test, or needs none: take it out of '${untested}'`);
  }
  for (const column of empty) cells[column] = why === undefined ? '**none**' : `_${why}_`;
  if (cells.test === '') cells.test = untested === undefined ? '**none**' : `_${untested}_`;
}

function hex(value) {
  return `${value.toString(16).padStart(2, '0').toUpperCase()}h`;
}

/** A function of the driver, as a link to its file. */
function functionLink(name) {
  const file = sources.fileOfFunction('packages/nvme/src', name);
  return file === undefined ? fail(`packages/nvme/src exports no function ${name}`) : link(file, `\`${name}\``);
}

/** What is above a table. */
function paragraphOf({ name, sct, unnamed, byNumber, dispatchFile, specFile }) {
  const said = [];
  if (sct !== undefined) said.push(`Status code type ${sct}.`);
  if (byNumber !== undefined) said.push(`Driver, ${unnamed}: ${byNumber.map(functionLink).join(' and ')}.`);
  if (unnamed === 'by type')
    said.push(`Driver, ${unnamed}: ${linksTo([PATH_RULE])} takes every one for the path's fault.`);
  if (dispatchFile !== undefined) said.push(`Controller: the rows of ${linksTo([dispatchFile], 'controller')}.`);
  said.push(`The table is \`${name}\` of ${linksTo([specFile])}.`);
  return said.join(' ');
}

/** A table with its heading, and its row of the summary. */
function sectionOf(family) {
  const counts = [0, 0, 0, 0];
  const lines = family.rows.map(([value, name, text]) => {
    const { cells, counts: one } = cellsOf(family.prefix + name, family);
    one.forEach((count, i) => (counts[i] += count));
    const code = hex(family.sct === undefined ? value : spec.statusSc(value));
    return `| ${[code, text, cells.driver, cells.controller, cells.test].join(' | ')} |`;
  });
  const head = ['| code | name | driver | controller | test |', '| ---: | --- | --- | --- | --- |'];
  const anchor = family.title.toLowerCase().replaceAll('/', '').replaceAll(' ', '-');
  return {
    text: [`## ${family.title}`, '', paragraphOf(family), '', ...head, ...lines, ''].join('\n'),
    summary: `| [${family.title}](#${anchor}) | ${counts.join(' | ')} |`,
  };
}

const INTRODUCTION = `# Support

Every command, feature, log page, Identify structure and status code of NVMe: what the driver and the controller model have of it, and the tests that
cover it. The page is made from the sources: \`pnpm support\` writes it, and \`pnpm lint\` fails when it is not what they say.

- **driver**: files of \`nvme\`, \`multipath\` and \`bdev-nvme\` that use the row by its name. What they have no code for is still within reach. _by number_: through a
  function that takes any row. _reported_: as the status of a command, with its text; a retry is decided by type, DNR and CRD. A command without a function
  of its own can be passed through, with \`ControllerManagement.passthrough\` or \`QueuePair.submitCommand\`.
- **controller**: the file that carries it out, or the files that answer with the status. A status that is nowhere answered with can be
  [injected](../packages/controller/README.md#faults).
- **test**: files that name the row, or an exported function that uses it; first the one nearest to the code, then cases of the conformance suite. _row_: nobody acts on
  it, and what is tested is that its number and name are right.
- A cell in italics says why there is nothing else in it. The reasons are in [support-reasons.mjs](../scripts/support-reasons.mjs).
`;

function page() {
  const sections = FAMILIES.map(sectionOf);
  const summary = [
    '| table | rows | driver, by name | controller | test |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...sections.map((section) => section.summary),
    '',
  ].join('\n');
  return [INTRODUCTION, summary, ...sections.map(({ text }) => text)].join('\n');
}

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const text = page();
const file = path.join(root, PAGE);
if (!values.check) writeFileSync(file, text);
else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
  errors.push(`${PAGE}: not what the sources say: run \`node scripts/support-table.mjs\` and commit the result`);
}
if (errors.length > 0) {
  console.error(`${errors.join('\n')}\nsupport: ${errors.length} errors`);
  process.exitCode = 1;
} else {
  const rowCount = FAMILIES.reduce((sum, { rows }) => sum + rows.length, 0);
  console.log(`support: ${rowCount} rows, every cell filled or explained`);
}
