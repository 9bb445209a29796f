// Which files stand behind one row of docs/support.md: driver, controller and tests, those that say most about it first.
import path from 'node:path';

/** Folders with anything to say about support. */
export const SUPPORT_FOLDERS = [
  ...['nvme-spec', 'nvme', 'multipath', 'bdev-nvme', 'controller', 'conformance'].map((name) => `packages/${name}/src`),
  'tests',
];

export const isTest = (file) => file.endsWith('.test.ts');
export const isSpec = (file) => file.startsWith('packages/nvme-spec/');
const isCase = (file) => file.startsWith('packages/conformance/src/cases/');
const isDriver = (file) => /^packages\/(nvme|multipath|bdev-nvme)\/src\//.test(file) && !isTest(file);
const isController = (file) => file.startsWith('packages/controller/src/') && !isTest(file);

/**
 * The files of one row.
 *
 * @param family - `constants` of its table, and `dispatched`: constant to handler for tables that the controller dispatches by
 */
export function filesOfRow(sources, constant, family) {
  const throughSpec = isTrivial(constant) ? [] : sources.filesReaching(constant, isSpec);
  const driver = ranked([...sources.filesNaming(constant), ...throughSpec].filter(isDriver));
  const controller =
    family.dispatched === undefined
      ? ranked([...sources.filesStating(constant), ...throughSpec].filter(isController))
      : [family.dispatched.get(constant)].filter(Boolean);
  return { driver, controller, tests: testFiles([driver[0], controller[0]].filter(Boolean)) };

  /** Files that are about few rows of the table before those that are about many. */
  function ranked(files) {
    const breadth = new Map(files.map((file) => [file, sources.breadth(file, family.constants)]));
    return [...breadth.keys()].sort((a, b) => breadth.get(a) - breadth.get(b) || (a < b ? -1 : 1));
  }

  /** The test nearest to the code, the conformance cases nearest by name, then the others. */
  function testFiles(code) {
    const all = [...sources.filesNaming(constant), ...(isTrivial(constant) ? [] : sources.filesReaching(constant))];
    const named = new Set(sources.filesNaming(constant));
    const order = (a, b) =>
      distance(a, code) - distance(b, code) ||
      Number(named.has(b)) - Number(named.has(a)) ||
      affinity(b, constant) - affinity(a, constant);
    const tests = ranked(all.filter((file) => isTest(file) && !isSpec(file))).sort(order);
    // Beside the cases are the helpers that they share.
    const cases = ranked(all.filter((file) => isCase(file) && sources.mentions(file, 'CaseList')));
    cases.sort((a, b) => affinity(b, constant) - affinity(a, constant));
    return [...tests.slice(0, 1), ...cases.slice(0, 1), ...tests.slice(1), ...cases.slice(1)];
  }
}

/** Success is what every function answers, so that a function which answers it says nothing. */
function isTrivial(constant) {
  return constant === 'STATUS_SUCCESS';
}

/** How far a test is from the code that it covers: beside one of its files, in the folder of one, in its package, elsewhere. */
function distance(test, code) {
  const distanceTo = (file) => {
    if (test === file.replace(/\.ts$/, '.test.ts')) return 0;
    if (path.dirname(test) === path.dirname(file)) return 1;
    return test.split('/')[1] === file.split('/')[1] ? 2 : 3;
  };
  return Math.min(3, ...code.map(distanceTo));
}

/** How many words of a constant's name are in a file's: LOG_SMART and logs.ts have one in common. */
function affinity(file, constant) {
  const name = path.basename(file);
  return constant.split('_').filter((word) => word.length > 2 && name.includes(word.toLowerCase())).length;
}
