#!/usr/bin/env node
import pc from 'picocolors';
import { EXIT_REFUSED, parseArguments } from './arguments.js';
import { endingSignal } from '@phasebit/program';
import { readyLine } from './ready-line.js';
import { Target } from './target.js';
import { packageVersion } from './version.js';

async function main(): Promise<number> {
  const parsed = parseArguments(process.argv.slice(2), packageVersion());
  if (parsed.kind === 'exit') {
    process.stdout.write(parsed.stdout);
    process.stderr.write(parsed.stderr);
    return parsed.exitCode;
  }
  const { options } = parsed;
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const log = options.quiet
    ? { info: () => undefined, warn: () => undefined }
    : { info: (text: string) => say(pc.dim(text)), warn: (text: string) => say(pc.yellow(text)) };
  let target: Target;
  try {
    target = Target.open(options, log);
  } catch (error) {
    say(pc.red(`phasebit-target: ${(error as Error).message}`));
    return EXIT_REFUSED;
  }
  const ending = endingSignal();
  process.stdout.write(`${readyLine(options)}\n`);
  try {
    await target.run(ending);
  } finally {
    target.close();
  }
  return 0;
}

// Who waited for the line that says it is ready, or read what it says of clients, may have gone: guests are served all the same.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);
process.exitCode = await main();
