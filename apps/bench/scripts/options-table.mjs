// Puts the option reference, made from src/job/options.ts, between the two marks in the README.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const app = new URL('../', import.meta.url);
const bundle = new URL('dist/options-table.tmp.mjs', app);
await build({
  absWorkingDir: app.pathname,
  entryPoints: ['src/cli/options-reference.ts'],
  outfile: bundle.pathname,
  bundle: true,
  format: 'esm',
  platform: 'node',
  logLevel: 'error',
});
const { optionsReference } = await import(bundle.href);
rmSync(bundle);

const readme = new URL('README.md', app);
const before = readFileSync(readme, 'utf8');
const marks = /(<!-- options:begin -->\n)[^]*(<!-- options:end -->)/;
if (!marks.test(before)) throw new Error('README.md: expected the marks options:begin and options:end, got none');
const text = `<!-- prettier-ignore-start -->\n\n${optionsReference()}\n<!-- prettier-ignore-end -->\n`;
writeFileSync(
  readme,
  before.replace(marks, (_whole, begin, end) => begin + text + end),
);
