// Everything that must hold before a change is merged, in order of what fails most cheaply. Continuous integration runs this too.
//   npm test                            all steps
//   npm test -- --only lint,unit        some of them (and the build, where they need it)
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { root } from './workspace.mjs';

// Vitest's own account of the unit tests, for whoever wants to count (.ci/run does).
const UNIT_REPORT = 'coverage/unit.json';

// `script` is a script of the root package.json. `shown` steps print as they go; the others print only when they fail.
const STEPS = [
  { name: 'build', script: 'build' },
  { name: 'check', script: 'check' },
  { name: 'lint', script: 'lint' },
  {
    name: 'unit',
    script: 'unit',
    shown: true,
    args: ['--coverage', '--reporter=default', '--reporter=json', `--outputFile.json=${UNIT_REPORT}`],
  },
  { name: 'coverage', script: 'coverage:table', shown: true },
  { name: 'docs', script: 'docs:check' },
  { name: 'dist', script: 'test:dist', needsBuild: true },
  { name: 'examples', script: 'examples', needsBuild: true },
];

function chosenSteps() {
  const { values } = parseArgs({ options: { only: { type: 'string' } } });
  if (values.only === undefined) return STEPS;
  const names = values.only.split(',');
  const unknown = names.filter((name) => !STEPS.some((step) => step.name === name));
  if (unknown.length > 0) {
    console.error(`no step called ${unknown.join(', ')}; there are ${STEPS.map(({ name }) => name).join(', ')}`);
    process.exit(2);
  }
  const chosen = STEPS.filter(({ name }) => names.includes(name));
  const build = STEPS.find(({ name }) => name === 'build');
  return chosen.some(({ needsBuild }) => needsBuild) && !chosen.includes(build) ? [build, ...chosen] : chosen;
}

/** Runs one step to its end; resolves with the exit status. */
function runStep({ name, script, shown = false, args = [] }) {
  const started = performance.now();
  const stdio = shown ? 'inherit' : ['ignore', 'pipe', 'pipe'];
  if (shown) console.log(`test: ${name} ...`);
  const child = spawn('pnpm', ['run', script, ...args], { cwd: root, stdio });
  const passOn = (signal) => child.kill(signal);
  process.on('SIGINT', passOn).on('SIGTERM', passOn);
  const output = [];
  child.stdout?.on('data', (chunk) => output.push(chunk));
  child.stderr?.on('data', (chunk) => output.push(chunk));
  return new Promise((resolve) => {
    child.on('error', (error) => output.push(Buffer.from(`${error.message}\n`)));
    child.on('close', (code, signal) => {
      process.off('SIGINT', passOn).off('SIGTERM', passOn);
      const status = signal ? 128 + constants.signals[signal] : code;
      if (status !== 0) process.stdout.write(Buffer.concat(output));
      console.log(
        `test: ${name} ${status === 0 ? 'passed' : 'FAILED'} in ${((performance.now() - started) / 1000).toFixed(1)} s`,
      );
      resolve(status);
    });
  });
}

rmSync(`${root}/${UNIT_REPORT}`, { force: true });
const steps = chosenSteps();
for (const step of steps) {
  const status = await runStep(step);
  if (status !== 0) {
    console.error(`test: stopped at ${step.name} (pnpm ${step.script}), exit status ${status}`);
    process.exit(status < 0 ? 1 : status);
  }
}
console.log(`test: ${steps.map(({ name }) => name).join(', ')}: all passed`);
