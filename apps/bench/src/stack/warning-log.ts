import type { Log } from '@phasebit/core';

/** Says on standard error what is out of the ordinary, and nothing else. */
export const warningLog: Log = {
  info: () => undefined,
  warn: (text) => void process.stderr.write(`warning: ${text}\n`),
};
