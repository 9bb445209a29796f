import { closeSync, openSync, writeFileSync } from 'node:fs';
import type { ReportOptions } from '../cli/bench-options.js';

/** Finds out before a long run whether its report can be written. @throws Error naming the file */
export function checkOutput({ outputFile }: ReportOptions): void {
  if (outputFile === undefined) return;
  try {
    closeSync(openSync(outputFile, 'a'));
  } catch (cause) {
    throw new Error(`--output ${outputFile}: expected a file that can be written: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** Puts the report where it was asked for. @throws Error naming the file that does not take it */
export function writeReport(text: string, { outputFile }: ReportOptions): void {
  if (outputFile === undefined) {
    process.stdout.write(text);
    return;
  }
  try {
    writeFileSync(outputFile, text);
  } catch (cause) {
    throw new Error(`--output ${outputFile}: the report could not be written: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Lets a program end well when nobody reads its output any more, as behind `head`, and with a message when the output cannot be
 * written for another reason, as on a disk that is full.
 */
export function watchOutput(exitCode: number): void {
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    process.stderr.write(`phasebit-bench: standard output: ${error.message}\n`);
    process.exit(exitCode);
  });
}

/** Whether the report may have colour: never in a file; undefined leaves it to the terminal. */
export function colorOf({ outputFile }: ReportOptions): boolean | undefined {
  return outputFile === undefined ? undefined : false;
}
