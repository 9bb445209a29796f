// Brings a fresh clone to where a job can start: pnpm, dependencies, built packages. Node and npm are all it asks for.
// Everything it says goes to stderr; stdout belongs to the job.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { apps, filesBelow, libraries, readJson, root } from './workspace.mjs';

// What was set up last, as hashes. Inside node_modules, so that deleting that folder forgets it.
const STAMP = path.join(root, 'node_modules', '.phasebit-setup');
const PNPM = readJson('package.json').packageManager.split('+')[0];

/** The command line that runs `command` with the pinned pnpm on the PATH: turbo and some scripts call it. */
export function withPnpm(...command) {
  return ['npx', '--yes', '--no-progress', '--loglevel=error', `--package=${PNPM}`, '--', ...command];
}

const say = (text) => process.stderr.write(`phasebit: ${text}\n`);

function readStamp() {
  return existsSync(STAMP) ? JSON.parse(readFileSync(STAMP, 'utf8')) : {};
}

function writeStamp(stamp) {
  writeFileSync(STAMP, `${JSON.stringify(stamp, null, 2)}\n`);
}

/** A hash over names and whatever `read` says of each file. */
function hash(files, read, start = '') {
  const sum = createHash('sha256').update(start);
  for (const file of files) sum.update(`\n${file}\n`).update(read(path.join(root, file)));
  return sum.digest('hex');
}

const workspacePackages = () => [...libraries(), ...apps()];

function hashOfDependencies() {
  const manifests = [...workspacePackages().map(({ folder }) => folder), 'tests'].map(
    (folder) => `${folder}/package.json`,
  );
  const files = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', '.npmrc', 'package.json', ...manifests];
  return hash(files, (file) => readFileSync(file), `${process.version} ${process.platform} ${process.arch}`);
}

function hashOfSources(dependencies) {
  const files = workspacePackages()
    .flatMap(({ folder }) => [`${folder}/rollup.config.js`, `${folder}/tsconfig.json`, ...filesBelow(`${folder}/src`)])
    .filter((file) => !file.endsWith('.test.ts') && existsSync(path.join(root, file)));
  return hash(
    ['rollup.preset.mjs', 'tsconfig.base.json', 'turbo.json', ...files],
    (file) => readFileSync(file),
    dependencies,
  );
}

/** Size and time are enough here: somebody who builds another branch by hand changes both. */
function hashOfOutputs() {
  const files = workspacePackages().flatMap(({ folder }) => filesBelow(`${folder}/dist`));
  return hash(files, (file) => `${statSync(file).size} ${statSync(file).mtimeMs}`);
}

/** Runs a command and keeps its output back; if it fails, shows all of it on stderr and ends this process with its status. */
function quietly(what, [command, ...args]) {
  say(`${what} ...`);
  const started = performance.now();
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  return new Promise((resolve) => {
    child.on('error', (error) => {
      say(`${what} failed: ${error.message}`);
      process.exit(1);
    });
    child.on('close', (code, signal) => {
      if (code === 0) {
        say(`${what}: done in ${((performance.now() - started) / 1000).toFixed(1)} s`);
        return resolve();
      }
      process.stderr.write(Buffer.concat(output));
      say(`${what} failed (${signal ?? `exit status ${code}`}): ${[command, ...args].join(' ')}`);
      process.exit(code ?? 1);
    });
  });
}

/** Installs what the lock file says, unless that is what is there. */
export async function installIfNeeded() {
  const dependencies = hashOfDependencies();
  if (readStamp().dependencies === dependencies) return;
  const install = ['pnpm', 'install', '--frozen-lockfile', '--config.confirm-modules-purge=false'];
  await quietly(`installing dependencies with ${PNPM}`, withPnpm(...install));
  writeStamp({ dependencies });
}

/** Builds every package, unless sources and outputs are those of the last build. Even a fully cached turbo takes seconds. */
export async function buildIfNeeded() {
  const stamp = readStamp();
  const sources = hashOfSources(stamp.dependencies);
  if (stamp.sources === sources && stamp.outputs === hashOfOutputs()) return;
  await quietly('building', withPnpm('pnpm', 'run', 'build'));
  writeStamp({ ...stamp, sources, outputs: hashOfOutputs() });
}
