import { spawnSync } from 'node:child_process';
import { chownSync, writeFileSync } from 'node:fs';
import { env } from 'node:process';

/** What became of a command. */
export interface CommandResult {
  /** its exit status; -1 when it could not be started */
  readonly status: number;
  /** what it said, on both outputs */
  readonly output: string;
}

/** What binding does to the system, so that tests can put something else in its place. Failures are errors with the `code` of errno. */
export interface SystemActions {
  /** Writes a file of sysfs. */
  readonly writeFile: (file: string, text: string) => void;
  /** Gives a file to a user; its group stays. */
  readonly chown: (file: string, uid: number) => void;
  /** Runs a program and waits for it. */
  readonly run: (command: string, args: readonly string[]) => CommandResult;
}

/** As the system does it. */
export const systemActions: SystemActions = {
  writeFile: (file, text) => writeFileSync(file, text),
  chown: (file, uid) => chownSync(file, uid, -1),
  run: (command, args) => {
    // Programs for administrators may not be on a user's path.
    const environment = { ...env, PATH: `${env.PATH ?? ''}:/usr/sbin:/sbin` };
    const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env: environment });
    if (error !== undefined) return { status: -1, output: error.message };
    return { status: status ?? -1, output: stdout + stderr };
  },
};
