// What the other scripts need to know about the workspace. Node only: it is used before anything is installed.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

export function readJson(file) {
  return JSON.parse(readFileSync(path.join(root, file), 'utf8'));
}

/** The folders directly below `parent` that hold a package, in alphabetical order. */
function packagesBelow(parent) {
  return readdirSync(path.join(root, parent))
    .map((name) => ({ name, folder: `${parent}/${name}` }))
    .filter(({ folder }) => existsSync(path.join(root, folder, 'package.json')))
    .map(({ name, folder }) => ({ name, folder, manifest: readJson(`${folder}/package.json`) }));
}

/** The libraries: packages/*. */
export function libraries() {
  return packagesBelow('packages');
}

/** The programs: apps/*. */
export function apps() {
  return packagesBelow('apps');
}

/** Files of the workspace below `folder`, as paths relative to the root, sorted; no folder named in `skip` is entered. */
export function filesBelow(folder, skip = ['node_modules', 'dist']) {
  if (!existsSync(path.join(root, folder))) return [];
  return readdirSync(path.join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const file = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return skip.includes(entry.name) ? [] : filesBelow(file, skip);
      return [file];
    })
    .sort();
}
