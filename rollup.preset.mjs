import esbuild from 'rollup-plugin-esbuild';

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
    plugins: [esbuild({ target: 'es2022', tsconfig: false })],
    onwarn: (warning) => {
      throw new Error(`${warning.code}: ${warning.message}`);
    },
  };
}
