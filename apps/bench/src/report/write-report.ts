import { writeFileSync } from 'node:fs';
import type { ReportOptions } from '../cli/bench-options.js';

/** Puts the report where it was asked for. */
export function writeReport(text: string, { outputFile }: ReportOptions): void {
  if (outputFile === undefined) process.stdout.write(text);
  else writeFileSync(outputFile, text);
}

/** Whether the report may have colour: never in a file; undefined leaves it to the terminal. */
export function colorOf({ outputFile }: ReportOptions): boolean | undefined {
  return outputFile === undefined ? undefined : false;
}
