#!/usr/bin/env node
import process from 'node:process';
import { runCommandLine } from './cli/run-command-line.js';

process.exitCode = runCommandLine(process.argv.slice(2), {
  out: (text) => void process.stdout.write(`${text}\n`),
  error: (text) => void process.stderr.write(`${text}\n`),
});
