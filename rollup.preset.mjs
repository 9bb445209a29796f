import { fileURLToPath } from 'node:url';
import esbuild from 'rollup-plugin-esbuild';

/**
 * A field without an initialiser is not first defined as `undefined`: V8 would then keep no small integer or double in it, but a tagged
 * value, and box every double. Half of a hot loop's time, Node 20; see docs/decisions.md.
 */
const ASSIGN_FIELDS = { useDefineForClassFields: false };

/**
 * The one way a package here is bundled: a single ES module with a source map. A single file because V8 folds constants of the
 * same module into the code that uses them and does not fold imported ones (docs/decisions.md, "One bundle per package").
 * Everything that is not a relative path stays external. Warnings, circular imports among them, are errors.
 */
export function phasebitPackage(entries = { index: 'src/index.ts' }) {
  return {
    input: entries,
    external: (id) => !id.startsWith('.') && !id.startsWith('/'),
    output: {
      dir: 'dist',
      format: 'es',
      sourcemap: true,
      entryFileNames: '[name].js',
      chunkFileNames: 'chunk-[name].js',
    },
    plugins: [esbuild({ target: 'es2022', tsconfig: false, tsconfigRaw: { compilerOptions: ASSIGN_FIELDS } })],
    onwarn: (warning) => {
      throw new Error(`${warning.code}: ${warning.message}`);
    },
  };
}

/** Folders of the packages that are not published, by name. */
const PRIVATE = {
  '@phasebit/program': 'apps/program',
  '@phasebit/qtest': 'tests/qtest',
};

/** A program: packages of this workspace that are not published go into the bundle, as if their sources lay there. */
export function phasebitProgram(entries) {
  const config = phasebitPackage(entries);
  const sourceOf = (id) =>
    Object.hasOwn(PRIVATE, id) ? fileURLToPath(new URL(`${PRIVATE[id]}/src/index.ts`, import.meta.url)) : null;
  return {
    ...config,
    external: (id) => sourceOf(id) === null && config.external(id),
    plugins: [{ name: 'bundle-private-packages', resolveId: sourceOf }, ...config.plugins],
  };
}
