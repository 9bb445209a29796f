// Runs every packages/*/examples/*.ts against the built packages, and checks that what a README shows is one of those files:
// a fenced block that begins with ```ts example must equal, line for line, a file in the examples folder beside it.
// An example may use packages that its own must not depend on (a driver needs a device), so names are resolved here, to dist.
import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { filesBelow, libraries, root } from './workspace.mjs';

const run = promisify(execFile);
const TIMEOUT_MS = 60_000;
const problems = [];

const builtPackages = {
  name: 'built-packages',
  setup(esbuild) {
    esbuild.onResolve({ filter: /^@phasebit\// }, ({ path: name }) => {
      const file = path.join(root, 'packages', name.slice('@phasebit/'.length), 'dist/index.js');
      if (!existsSync(file)) return { errors: [{ text: `${path.relative(root, file)} is missing: build first` }] };
      return { path: pathToFileURL(file).href, external: true };
    });
  },
};

async function runExample(file, work) {
  const outfile = path.join(work, file.replace(/\.ts$/, '.mjs'));
  try {
    const options = {
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: 'inline',
      logLevel: 'silent',
    };
    await build({ ...options, entryPoints: [path.join(root, file)], outfile, plugins: [builtPackages] });
    await run(process.execPath, ['--enable-source-maps', outfile], { timeout: TIMEOUT_MS });
  } catch (error) {
    const reason = error.killed ? `not finished after ${TIMEOUT_MS / 1000} s` : error.stderr || error.message;
    problems.push(`${file}: ${reason.trim()}`);
  }
}

/** The blocks marked as examples: the line each starts on, counted from 1, and its lines. */
function markedBlocks(text) {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    if (!/^```ts example\b/.test(line)) return [];
    const end = lines.indexOf('```', index);
    return [{ start: index + 2, lines: lines.slice(index + 1, end === -1 ? undefined : end) }];
  });
}

/** How many lines two texts have in common at their start. */
function commonLines(one, other) {
  const differs = one.findIndex((line, index) => line !== other[index]);
  return differs === -1 ? one.length : differs;
}

function checkReadme({ folder }, examples) {
  const readme = `${folder}/README.md`;
  if (!existsSync(path.join(root, readme))) return 0;
  const texts = examples.map((file) => ({
    file,
    lines: readFileSync(path.join(root, file), 'utf8').trimEnd().split('\n'),
  }));
  const blocks = markedBlocks(readFileSync(path.join(root, readme), 'utf8'));
  for (const { start, lines } of blocks) {
    if (texts.some((text) => text.lines.join('\n') === lines.join('\n'))) continue;
    const [nearest] = texts.sort((a, b) => commonLines(lines, b.lines) - commonLines(lines, a.lines));
    if (!nearest) {
      problems.push(`${readme}:${start}: marked as an example, but there is no file in ${folder}/examples`);
      continue;
    }
    const at = commonLines(lines, nearest.lines);
    const shown = JSON.stringify(lines[at] ?? 'end of block');
    const real = JSON.stringify(nearest.lines[at] ?? 'end of file');
    problems.push(`${readme}:${start + at}: found ${shown}, expected ${real} as in ${nearest.file}:${at + 1}`);
  }
  return blocks.length;
}

const work = mkdtempSync(path.join(tmpdir(), 'phasebit-examples-'));
let exampleCount = 0;
let blockCount = 0;
try {
  for (const pkg of libraries()) {
    const examples = filesBelow(`${pkg.folder}/examples`).filter((file) => /examples\/[^/]+\.ts$/.test(file));
    exampleCount += examples.length;
    blockCount += checkReadme(pkg, examples);
    await Promise.all(examples.map((file) => runExample(file, work)));
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

if (problems.length > 0) {
  console.error(`${problems.join('\n')}\nexamples: ${problems.length} problems`);
  process.exitCode = 1;
} else {
  console.log(`examples: ${exampleCount} run against the built packages, ${blockCount} README blocks equal them`);
}
