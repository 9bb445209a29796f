// The lock file must name packages and their hashes, never where one machine happened to fetch them: a mirror's address would
// make every other machine fetch from it too.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './workspace.mjs';

const lines = readFileSync(path.join(root, 'pnpm-lock.yaml'), 'utf8').split('\n');
// What a package says of its own deprecation may have an address in it.
const found = lines.flatMap((line, index) =>
  /tarball:|https?:\/\//.test(line) && !/^\s*deprecated:/.test(line) ? [index + 1] : [],
);

if (found.length > 0) {
  console.error(
    found
      .map((line) => `pnpm-lock.yaml:${line}: found an address, expected only a version and an integrity`)
      .join('\n'),
  );
  process.exitCode = 1;
} else {
  console.log('lock file: no addresses');
}
