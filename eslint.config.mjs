import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import { readFileSync } from 'node:fs';
import tseslint from 'typescript-eslint';

// The I/O path: one stray allocation per I/O is a garbage collection every few milliseconds. See CONTRIBUTING.md, "The hot files".
// Each of these says at its head: Hot path: allocates only in the constructor.
const HOT_FILES = [
  'packages/bdev/src/bdev-channel.ts',
  'packages/bdev/src/channel-statistics.ts',
  'packages/bdev/src/io-pool.ts',
  'packages/bdev/src/null-bdev.ts',
  'packages/bdev/src/wait-line.ts',
  'packages/bdev-nvme/src/nvme-backend.ts',
  'packages/controller/src/arbiter.ts',
  'packages/controller/src/completion-queue.ts',
  'packages/controller/src/data-pointer.ts',
  'packages/controller/src/in-flight.ts',
  'packages/controller/src/interrupts.ts',
  'packages/controller/src/io/command-runner.ts',
  'packages/controller/src/io/io-engine.ts',
  'packages/controller/src/io/read-write.ts',
  'packages/controller/src/media/ram-medium.ts',
  'packages/controller/src/submission-queue.ts',
  'packages/controller/src/transfer.ts',
  'packages/core/src/free-list.ts',
  'packages/core/src/index-fifo.ts',
  'packages/core/src/prng.ts',
  'packages/multipath/src/path-group.ts',
  'packages/nvme/src/command-builder.ts',
  'packages/nvme/src/copy-sources.ts',
  'packages/nvme/src/cut-plan.ts',
  'packages/nvme/src/data-pointers.ts',
  'packages/nvme/src/dataset-ranges.ts',
  'packages/nvme/src/list-memory.ts',
  'packages/nvme/src/parked-requests.ts',
  'packages/nvme/src/payload-cursor.ts',
  'packages/nvme/src/poll-group.ts',
  'packages/nvme/src/polled-pair.ts',
  'packages/nvme/src/protection-tags.ts',
  'packages/nvme/src/queue-pair.ts',
  'packages/nvme/src/request-pool.ts',
  'packages/nvme/src/ring-pair.ts',
  'packages/nvme/src/scatter-list.ts',
  'packages/nvme/src/slow-path.ts',
  'packages/nvme/src/split-transfers.ts',
  'packages/nvme/src/trace.ts',
  'packages/nvme/src/tracker-table.ts',
  'packages/nvme/src/transfer-path.ts',
  'packages/nvme/src/transfer-rules.ts',
  'packages/nvme/src/transfer.ts',
  'packages/pcie/src/shadow-doorbells.ts',
  'packages/vfio/src/device/mapped-doorbells.ts',
];

const LIBRARY_SOURCES = ['packages/*/src/**/*.ts'];
const LAYERS = JSON.parse(readFileSync(new URL('layers.json', import.meta.url), 'utf8'));
/** Libraries that are about the system itself. */
const NODE_LIBRARIES = Object.keys(LAYERS)
  .filter((name) => LAYERS[name].runsOn === 'node')
  .map((name) => `packages/${name}/src/**/*.ts`);
const TESTS = ['**/*.test.ts', '**/{test,tests,test-support}/**/*.ts'];
const SCRIPTS = ['**/*.mjs', '**/*.js'];

const INJECTED = 'A library takes its clock, chance and log from its caller, so that a run can be repeated.';
const NOT_THE_LANGUAGE = 'The libraries run in a browser too: only what the language itself has.';

// Code that runs after construction. Constructors, static blocks and top-level statements may allocate; what they leave behind may not.
// Functions called fail* never return, so what they allocate is allocated once.
// A closure inside a constructor (`Array.from({ length }, () => new Tracker())`) is construction; one that is stored is hot code.
const HOT_BODY = `:matches(
  MethodDefinition[kind!="constructor"] > FunctionExpression,
  FunctionDeclaration[id.name!=/^fail/],
  :matches(PropertyDefinition, VariableDeclarator, AssignmentExpression) > :matches(ArrowFunctionExpression, FunctionExpression)
)`.replaceAll(/\s+/g, ' ');

/** What the hot files may not say, and what to say instead. */
const HOT_BANS = {
  ForOfStatement: 'for-of makes an iterator: count with an index.',
  ':matches(ArrowFunctionExpression, FunctionExpression)': 'A closure is an allocation: make it in the constructor.',
  SpreadElement: 'Spread copies into a new array or object: pass the values.',
  TemplateLiteral: 'A template builds a string even when nobody reads it: use a constant message.',
  AwaitExpression: 'A promise is an allocation and a trip through the microtask queue: use a callback.',
  TryStatement: 'Full and not-ready are answers, not exceptions: return a code.',
  NewExpression: 'Allocate in the constructor; throw through a function called fail*.',
  ChainExpression: 'Optional chaining hides an absence that the constructor can rule out.',
  'Literal[bigint]': 'A BigInt is an allocation: use two 32-bit halves.',
};

export default defineConfig(
  { ignores: ['**/dist/**', '**/coverage/**', '**/.turbo/**', 'docs/api/**'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,

  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    // One program for every file, instead of one per package that each load all the packages below.
    languageOptions: { parserOptions: { project: 'tsconfig.tests.json', tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX },
    settings: {
      // Without this the plugin ignores every .ts file it follows an import to, and no-cycle finds nothing.
      'import-x/extensions': ['.ts'],
      'import-x/resolver-next': [
        createNodeResolver({
          extensions: ['.ts', '.js'],
          extensionAlias: { '.js': ['.ts', '.js'] },
          conditionNames: ['@phasebit/source', 'types', 'import', 'default'],
        }),
      ],
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_', caughtErrors: 'none' },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/prefer-readonly': 'error',
      // One implementation of an asynchronous contract may have nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      eqeqeq: 'error',
      'import-x/no-cycle': 'error',
      'import-x/no-duplicates': ['error', { 'prefer-inline': true }],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },

  {
    name: 'libraries: nothing but the language, and nothing that differs from run to run',
    files: LIBRARY_SOURCES,
    ignores: [...TESTS, ...NODE_LIBRARIES],
    rules: {
      'no-restricted-globals': [
        'error',
        {
          checkGlobalObject: true,
          globals: [
            ...['Date', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'console'].map(
              (name) => ({
                name,
                message: INJECTED,
              }),
            ),
            ...['process', 'Buffer', 'require'].map((name) => ({ name, message: NOT_THE_LANGUAGE })),
          ],
        },
      ],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: INJECTED }],
    },
  },

  {
    name: 'hot files: nothing is allocated after construction',
    files: HOT_FILES,
    rules: {
      'no-restricted-syntax': [
        'error',
        ...Object.entries(HOT_BANS).map(([node, message]) => ({ selector: `${HOT_BODY} ${node}`, message })),
      ],
    },
  },

  {
    name: 'tests: a table of cases is long and still easy to read',
    files: TESTS,
    rules: {
      // Matchers such as expect.any() are `any` by design.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      'max-lines-per-function': 'off',
      'max-lines': ['error', { max: 800, skipBlankLines: true, skipComments: true }],
    },
  },

  {
    files: SCRIPTS,
    languageOptions: {
      globals: Object.fromEntries(
        ['Buffer', 'URL', 'clearTimeout', 'console', 'performance', 'process', 'setTimeout'].map((name) => [
          name,
          'readonly',
        ]),
      ),
    },
  },
);
