#!/usr/bin/env node
import process from 'node:process';
import { runCommandLine } from './cli/run-command-line.js';

// Who reads the output may have had enough, as `head` has: what was asked for is done to its end all the same. Other failures count.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') process.exitCode = 1;
  });
}
process.exitCode = runCommandLine(process.argv.slice(2), {
  out: (text) => void process.stdout.write(`${text}\n`),
  error: (text) => void process.stderr.write(`${text}\n`),
});
