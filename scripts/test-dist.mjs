// Tests what a user gets: every public package is packed, examined, and installed from its tarball into an empty project.
// Needs the packages built and no network: the libraries depend on nothing else, and what a program depends on is linked from here.
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { apps, libraries, readJson, root } from './workspace.mjs';

const run = promisify(execFile);
const isPublic = ({ manifest }) => manifest.private !== true;
const publicLibraries = libraries().filter(isPublic);
const publicApps = apps().filter(isPublic);

const layers = readJson('layers.json');

// What no library may say in its bundle, but for those that are about the system: it ties one to Node or makes one run differ from the next.
const FORBIDDEN = [/\bprocess\.\w/, /['"`]node:/, /\bMath\.random\b/, /\bconsole\.\w/];

const unbuilt = [...publicLibraries, ...publicApps].filter(
  ({ folder }) => !existsSync(path.join(root, folder, 'dist')),
);
if (unbuilt.length > 0) {
  console.error(`test:dist: not built: ${unbuilt.map(({ folder }) => folder).join(', ')} (pnpm build)`);
  process.exit(1);
}

const work = mkdtempSync(path.join(tmpdir(), 'phasebit-dist-'));
const problems = [];
const bin = (name) => path.join(root, 'node_modules/.bin', name);

/** Notes what a failed command printed, or why it could not run. */
function failed(what, error) {
  problems.push(`${what}:\n${[error.stdout, error.stderr].filter(Boolean).join('\n').trim() || error.message}`);
}

/** Runs `check` for every item, as many at a time as there are processors. */
async function inParallel(items, check) {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await check(item);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

/** Packs every package and unpacks the tarball again; answers where both are. */
async function pack(pkg) {
  const tarball = path.join(work, `${pkg.name}.tgz`);
  const unpacked = path.join(work, 'unpacked', pkg.name);
  await run('pnpm', ['pack', '--out', tarball], { cwd: path.join(root, pkg.folder) });
  mkdirSync(unpacked, { recursive: true });
  await run('tar', ['-xzf', tarball, '-C', unpacked, '--strip-components=1']);
  return { ...pkg, tarball, unpacked, packed: JSON.parse(readFileSync(path.join(unpacked, 'package.json'), 'utf8')) };
}

function checkManifest({ name, packed, unpacked }) {
  const text = JSON.stringify(packed);
  for (const leftover of ['@phasebit/source', 'workspace:']) {
    if (text.includes(leftover)) problems.push(`${name}: the packed package.json still says '${leftover}'`);
  }
  const files = readdirSync(unpacked);
  for (const file of ['LICENSE', 'README.md', 'dist']) {
    if (!files.includes(file)) problems.push(`${name}: the tarball has no ${file}`);
  }
  const tests = readdirSync(unpacked, { recursive: true }).filter((file) => /\.test\./.test(file));
  if (tests.length > 0) problems.push(`${name}: the tarball has tests in it: ${tests.join(', ')}`);
}

async function checkWithPublint({ name, unpacked, packed }) {
  const { messages } = await publint({ pkgDir: unpacked, pack: false, strict: true, level: 'suggestion' });
  for (const message of messages) problems.push(`${name}: publint: ${formatMessage(message, packed)}`);
}

/** Are the types wrong? It reads the tarball and nothing else; "ESM only" is how the packages are meant. */
async function checkTypes({ name, tarball }) {
  await run(bin('attw'), [tarball, '--profile', 'esm-only', '--no-color', '--no-emoji']).catch((error) =>
    failed(`${name}: attw`, error),
  );
}

function checkForbidden({ name, unpacked }) {
  if (layers[name].runsOn === 'node') return;
  const bundles = readdirSync(path.join(unpacked, 'dist')).filter((file) => file.endsWith('.js'));
  for (const file of bundles) {
    const lines = readFileSync(path.join(unpacked, 'dist', file), 'utf8').split('\n');
    lines.forEach((line, index) => {
      const code = line.replace(/^\s*(\*|\/\*|\/\/).*/, '');
      const match = FORBIDDEN.map((pattern) => code.match(pattern)).find(Boolean);
      if (match) problems.push(`${name}: dist/${file}:${index + 1} says '${match[0]}': ${line.trim()}`);
    });
  }
}

/** Installs the library tarballs into an empty project with npm, and the programs beside them. */
async function install(packedLibraries, packedApps) {
  const project = path.join(work, 'project');
  mkdirSync(project);
  const dependencies = Object.fromEntries(
    packedLibraries.map(({ packed, tarball }) => [packed.name, `file:${tarball}`]),
  );
  // The override makes the packages find each other's tarballs, and nothing that happens to be published. What a library needs of others
  // is taken from where this workspace has it.
  const overrides = Object.fromEntries(Object.keys(dependencies).map((name) => [name, `$${name}`]));
  for (const { name, folder } of packedLibraries) {
    for (const external of layers[name].external ?? []) {
      overrides[external] = `file:${realpathSync(path.join(root, folder, 'node_modules', external))}`;
    }
  }
  writeFileSync(
    path.join(project, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies, overrides }),
  );
  await run('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'], {
    cwd: project,
  });
  for (const { name, folder, packed, unpacked } of packedApps) {
    symlinkSync(unpacked, path.join(project, 'node_modules', '@phasebit', name));
    const own = path.join(unpacked, 'node_modules');
    mkdirSync(path.join(own, '@phasebit'), { recursive: true });
    for (const dependency of Object.keys(packed.dependencies)) {
      const from = dependencies[dependency] ? project : path.join(root, folder);
      const target = path.join(from, 'node_modules', dependency);
      mkdirSync(path.dirname(path.join(own, dependency)), { recursive: true });
      symlinkSync(target, path.join(own, dependency));
    }
  }
  return project;
}

async function checkImport(project, { packed }) {
  const source = `import(${JSON.stringify(packed.name)}).then((module) => { if (Object.keys(module).length === 0) throw new Error('exports nothing'); })`;
  await run(process.execPath, ['--eval', source], { cwd: project }).catch((error) =>
    failed(`${packed.name}: import`, error),
  );
}

async function checkProgram({ packed, unpacked }) {
  for (const file of Object.values(packed.bin ?? {})) {
    await run(process.execPath, [path.join(unpacked, file), '--help']).catch((error) =>
      failed(`${packed.name}: ${file} --help`, error),
    );
  }
}

/** Compiles a consumer against the shipped declarations, which are checked themselves (no skipLibCheck). */
async function checkConsumer(project, packedLibraries, { module, moduleResolution }) {
  const folder = path.join(project, moduleResolution);
  mkdirSync(folder);
  const lines = packedLibraries.map(
    ({ name, packed }) => `export * as ${name.replaceAll('-', '_')} from '${packed.name}';`,
  );
  writeFileSync(path.join(folder, 'consumer.ts'), `${lines.join('\n')}\n`);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: 'es2022',
    lib: ['es2022'],
    types: [],
    module,
    moduleResolution,
  };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }));
  await run(bin('tsc'), ['-p', folder]).catch((error) => failed(`TypeScript consumer, ${moduleResolution}`, error));
}

try {
  const packed = [];
  await inParallel([...publicLibraries, ...publicApps], async (pkg) => packed.push(await pack(pkg)));
  const packedLibraries = packed.filter(({ folder }) => folder.startsWith('packages/'));
  const packedApps = packed.filter(({ folder }) => folder.startsWith('apps/'));
  packed.forEach(checkManifest);
  packedLibraries.forEach(checkForbidden);

  const project = await install(packedLibraries, packedApps);
  await inParallel(
    [
      ...packed.map((pkg) => () => checkWithPublint(pkg)),
      ...packedLibraries.map((pkg) => () => checkTypes(pkg)),
      ...packedLibraries.map((pkg) => () => checkImport(project, pkg)),
      ...packedApps.map((pkg) => () => checkProgram(pkg)),
      () => checkConsumer(project, packedLibraries, { module: 'nodenext', moduleResolution: 'nodenext' }),
      () => checkConsumer(project, packedLibraries, { module: 'esnext', moduleResolution: 'bundler' }),
    ],
    (check) => check(),
  );

  if (problems.length > 0) {
    console.error(`${problems.join('\n')}\ntest:dist: ${problems.length} problems`);
    process.exitCode = 1;
  } else {
    console.log(`test:dist: ${packed.length} tarballs are sound, install into an empty project and can be imported`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
