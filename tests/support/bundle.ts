import { build } from 'esbuild';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** A program made of one file. */
export interface Bundle {
  readonly file: string;
  /** Removes it. */
  remove(): void;
}

/**
 * Builds a program from sources, the packages' included, as they are bundled for users: one file, fields assigned and not defined.
 *
 * @param entry - path from this file's folder
 */
export async function bundle(entry: string): Promise<Bundle> {
  const folder = mkdtempSync(path.join(tmpdir(), 'phasebit-tests-'));
  const file = path.join(folder, path.basename(entry).replace(/\.ts$/, '.mjs'));
  await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'es2022',
    conditions: ['@phasebit/source'],
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
    // The one native module is found from the package that has it, wherever the program lies.
    define: { 'import.meta.url': JSON.stringify(new URL('../../packages/linux/src/libc.ts', import.meta.url).href) },
    sourcemap: 'inline',
    logLevel: 'error',
  });
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
