// Checks that the arrows point down: imports found in src == dependencies in package.json, and both within layers.json.
// An alias or a hoisted folder can make an undeclared import work on this machine and fail on a user's; this cannot be fooled by either.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { apps, filesBelow, libraries, readJson, root } from './workspace.mjs';

const SCOPE = '@phasebit/';
// A layer is a list of those below it, or says more: that it runs on Node only, and which packages of others it needs.
const layers = Object.fromEntries(
  Object.entries(readJson('layers.json')).map(([name, layer]) => [
    name,
    Array.isArray(layer) ? { below: layer, external: [] } : { external: [], ...layer },
  ]),
);
const errors = [];
let importCount = 0;

function report(file, line, found, expected) {
  errors.push(`${file}:${line}: found ${found}, expected ${expected}`);
}

/** The line of `file` that first contains `text`, counted from 1. */
function lineOf(file, text) {
  const lines = readFileSync(path.join(root, file), 'utf8').split('\n');
  return (
    Math.max(
      0,
      lines.findIndex((line) => line.includes(text)),
    ) + 1
  );
}

/** Everything a source file refers to, whether by import, export from, import type, import(), require or a reference comment. */
function importsOf(file) {
  const text = readFileSync(path.join(root, file), 'utf8');
  const found = ts.preProcessFile(text, true, true);
  return [...found.importedFiles, ...found.referencedFiles, ...found.typeReferenceDirectives].map((reference) => ({
    file,
    line: text.slice(0, reference.pos).split('\n').length,
    specifier: reference.fileName,
  }));
}

function checkRelative(pkg, { file, line, specifier }) {
  const target = path.posix.join(path.posix.dirname(file), specifier);
  if (!target.startsWith(`${pkg.folder}/src/`)) {
    report(file, line, `'${specifier}'`, `a path inside ${pkg.folder}/src`);
  }
}

/** Whether layers.json lets a library have this: Node's modules, or a package of others. */
function isFromOutside({ name }, specifier) {
  const { runsOn, external } = layers[name];
  return external.includes(specifier) || (runsOn === 'node' && specifier.startsWith('node:'));
}

/** Checks one import; answers the name of the package it enters, without the scope, or nothing. */
function checkImport(pkg, allowed, reference) {
  const { file, line, specifier } = reference;
  importCount += 1;
  if (specifier.startsWith('.')) return checkRelative(pkg, reference);
  if (!specifier.startsWith(SCOPE)) {
    if (pkg.isLibrary && !isFromOutside(pkg, specifier))
      report(file, line, `'${specifier}'`, `only relative paths and ${SCOPE}*: a library needs nothing else`);
    return undefined;
  }
  const [name, ...deep] = specifier.slice(SCOPE.length).split('/');
  if (deep.length > 0) report(file, line, `'${specifier}'`, `'${SCOPE}${name}', its public entry`);
  if (!allowed.includes(name)) {
    report(file, line, `'${specifier}'`, `one of [${allowed.join(', ')}], the layers below ${pkg.name} in layers.json`);
    return undefined;
  }
  return { name, file, line };
}

/** Folders of private packages that a program has among its devDependencies: they go into its bundle, and what they import is its own import. */
function bundledInto({ manifest, isLibrary }) {
  const names = isLibrary ? [] : Object.keys(manifest.devDependencies ?? {}).filter((name) => name.startsWith(SCOPE));
  const folderOf = (name) =>
    ['apps', 'tests'].map((parent) => `${parent}/${name}`).find((folder) => existsSync(path.join(root, folder)));
  return new Map(names.map((name) => name.slice(SCOPE.length)).map((name) => [name, folderOf(name)]));
}

function checkPackage(pkg, allowed) {
  const manifestFile = `${pkg.folder}/package.json`;
  if (pkg.manifest.name !== SCOPE + pkg.name) {
    report(
      manifestFile,
      lineOf(manifestFile, '"name"'),
      `name '${pkg.manifest.name}'`,
      `'${SCOPE}${pkg.name}', after the folder`,
    );
  }
  const dependencies = Object.keys(pkg.manifest.dependencies ?? {});
  const declared = dependencies.filter((name) => name.startsWith(SCOPE)).map((name) => name.slice(SCOPE.length));
  const foreign = dependencies.filter((dependency) => !dependency.startsWith(SCOPE));
  for (const name of foreign.filter((dependency) => pkg.isLibrary && !layers[pkg.name].external.includes(dependency))) {
    report(manifestFile, lineOf(manifestFile, `"${name}"`), `dependency '${name}'`, `only ${SCOPE}* in a library`);
  }
  const bundled = bundledInto(pkg);
  const used = [pkg.folder, ...bundled.values()].flatMap((folder) =>
    filesBelow(`${folder}/src`)
      .filter((file) => /\.[cm]?[jt]sx?$/.test(file) && !/\.test\.ts$/.test(file))
      .flatMap(importsOf)
      .map((reference) => checkImport({ ...pkg, folder }, [...allowed, ...bundled.keys()], reference))
      .filter((entry) => entry && !bundled.has(entry.name)),
  );

  for (const { name, file, line } of used) {
    if (!declared.includes(name))
      report(file, line, `'${SCOPE}${name}'`, `it among the dependencies in ${manifestFile}`);
  }
  for (const name of declared) {
    const line = lineOf(manifestFile, `"${SCOPE}${name}": `);
    if (!used.some((entry) => entry.name === name)) {
      report(
        manifestFile,
        line,
        `dependency '${SCOPE}${name}'`,
        `an import of it in ${pkg.folder}/src, or no such dependency`,
      );
    }
    if (!allowed.includes(name))
      report(manifestFile, line, `dependency '${SCOPE}${name}'`, `one of [${allowed.join(', ')}]`);
  }
}

/** layers.json is itself an order: each layer names only layers above it in the file, and each is a folder in packages. */
function checkOrder() {
  const seen = [];
  for (const [name, { below }] of Object.entries(layers)) {
    const line = lineOf('layers.json', `"${name}":`);
    if (!existsSync(path.join(root, 'packages', name)))
      report('layers.json', line, `'${name}'`, `a folder packages/${name}`);
    for (const lower of below.filter((candidate) => !seen.includes(candidate))) {
      report('layers.json', line, `'${lower}' below '${name}'`, `only layers listed before '${name}'`);
    }
    seen.push(name);
  }
}

checkOrder();
const found = [
  ...libraries().map((pkg) => ({ ...pkg, isLibrary: true })),
  ...apps().map((pkg) => ({ ...pkg, isLibrary: false })),
];
for (const pkg of found) {
  if (pkg.isLibrary && !layers[pkg.name])
    report(`${pkg.folder}/package.json`, 1, `package '${pkg.name}'`, 'an entry for it in layers.json');
  else checkPackage(pkg, pkg.isLibrary ? layers[pkg.name].below : Object.keys(layers));
}

if (errors.length > 0) {
  console.error(`${[...new Set(errors)].join('\n')}\nlayers: ${new Set(errors).size} errors`);
  process.exitCode = 1;
} else {
  console.log(`layers: ${found.length} packages, ${importCount} imports, every arrow points down`);
}
