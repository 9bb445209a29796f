import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

/** Whether a program brings our packages along, made from their sources, or imports the built ones that are in the guest. */
export type PackagesFrom = 'source' | 'dist';

/**
 * A program for the guest made of one file: what it imports is in it, except Node and koffi, which is partly machine code and lies in
 * the guest.
 *
 * @param entry - path from `tests/vm`
 */
export async function bundleForGuest(entry: string, packages: PackagesFrom = 'source'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`../${entry}`, import.meta.url))],
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@phasebit/source'],
    external: ['koffi', ...(packages === 'dist' ? ['@phasebit/*'] : [])],
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
    logLevel: 'error',
  });
  return outputFiles[0].text;
}
