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

/** Puts the report where it was asked for. */
export function writeReport(text: string, { outputFile }: ReportOptions): void {
  if (outputFile === undefined) process.stdout.write(text);
  else writeFileSync(outputFile, text);
}

/** Whether the report may have colour: never in a file; undefined leaves it to the terminal. */
export function colorOf({ outputFile }: ReportOptions): boolean | undefined {
  return outputFile === undefined ? undefined : false;
}
