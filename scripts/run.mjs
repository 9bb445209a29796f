// The commands of the README. Each sets up whatever is missing, then does its job:
//   node scripts/run.mjs bench [arguments of the benchmark]
//   node scripts/run.mjs test [--only step[,step]]
//   node scripts/run.mjs test:vm [--install] [arguments of vitest]
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { buildIfNeeded, installIfNeeded, withPnpm } from './set-up.mjs';
import { root } from './workspace.mjs';

const BENCH = path.join(root, 'apps/bench/dist/main.js');
const BENCH_FLAGS = [
  '--expose-gc', // the allocation count starts from a collected heap
  '--max-semi-space-size=64', // MiB; set-up survives in the young generation instead of being copied during the run
];
const VITEST = path.join(root, 'node_modules/vitest/vitest.mjs');
const FOLLOW_LAUNCHER = './scripts/follow-launcher.mjs';

/**
 * Runs the job on this process's stdout and stderr, hands signals on to it and leaves with its exit status.
 *
 * With `ownGroup`, Ctrl-C reaches the job once. Without, it can come three times: from the terminal, from npm, which passes on what the
 * terminal has already sent to everybody, and from here. The benchmark answers it by printing what it has so far, and this process
 * waits for that; a second Ctrl-C, half a second or more after the first, is passed on as well.
 */
function runJob(command, args, { ownGroup }) {
  const stdio = ['inherit', 'inherit', 'inherit', ...(ownGroup ? ['ipc'] : [])];
  const child = spawn(command, args, { cwd: root, detached: ownGroup, stdio });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    let passedOnAt = -Infinity;
    process.on(signal, () => {
      if (performance.now() - passedOnAt < 500) return;
      passedOnAt = performance.now();
      child.kill(signal);
    });
  }
  // The terminal tells only its foreground group of a new size.
  if (ownGroup) process.on('SIGWINCH', () => child.kill('SIGWINCH'));
  child.on('error', (error) => {
    console.error(`phasebit: cannot start ${command}: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

async function bench(args) {
  await installIfNeeded();
  await buildIfNeeded();
  if (!existsSync(BENCH)) {
    console.error(`phasebit: ${path.relative(root, BENCH)} is missing: apps/bench has not been built`);
    process.exit(1);
  }
  runJob(process.execPath, [...BENCH_FLAGS, `--import=${FOLLOW_LAUNCHER}`, BENCH, ...args], { ownGroup: true });
}

async function test(args) {
  await installIfNeeded();
  const [command, ...rest] = withPnpm(process.execPath, 'scripts/test-all.mjs', ...args);
  runJob(command, rest, { ownGroup: false });
}

async function testVm(args) {
  await installIfNeeded();
  await buildIfNeeded();
  // What is missing on this machine is installed only where that was asked for, see scripts/vm-packages.mjs.
  if (args.includes('--install')) process.env.PHASEBIT_VM_INSTALL = '1';
  const chosen = args.filter((arg) => arg !== '--install');
  runJob(process.execPath, [VITEST, 'run', '--config', 'tests/vm/vitest.config.ts', ...chosen], { ownGroup: false });
}

// A test run tells nobody that it ran, and asks nobody whether there is a newer turbo.
process.env.TURBO_TELEMETRY_DISABLED ??= '1';
process.env.TURBO_NO_UPDATE_NOTIFIER ??= '1';

const jobs = { bench, test, 'test:vm': testVm };
const [job, ...args] = process.argv.slice(2);
if (!jobs[job]) {
  console.error(`usage: node scripts/run.mjs ${Object.keys(jobs).join('|')} [arguments]`);
  process.exit(2);
}
await jobs[job](args);
