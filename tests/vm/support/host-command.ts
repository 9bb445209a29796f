import { spawnSync } from 'node:child_process';

/** What a program on this machine left behind. */
export interface HostCommandResult {
  /** exit status; -1 when it could not be started, or ran out of time */
  readonly status: number;
  readonly stdout: string;
  /** stdout and stderr, for a message */
  readonly output: string;
}

/** Where to run, with what, and how long. */
export interface HostCommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** Runs a program of this machine to its end. Whether it succeeded is for the caller to see. */
export function hostCommand(
  command: string,
  args: readonly string[],
  { cwd, env = {}, timeoutMs = 60_000 }: HostCommandOptions = {},
): HostCommandResult {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, LC_ALL: 'C', ...env },
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: 256 * 1024 * 1024,
    encoding: 'utf8',
  });
  const output = [stdout, stderr, error?.message].filter(Boolean).join('\n').trim();
  return { status: status ?? -1, stdout: stdout ?? '', output };
}

/** Runs a program that has to succeed; answers its stdout. @throws Error with everything that it printed */
export function mustRun(command: string, args: readonly string[], options: HostCommandOptions = {}): string {
  const { status, stdout, output } = hostCommand(command, args, options);
  if (status !== 0) throw new Error(`${[command, ...args].join(' ')} failed (${status}):\n${output}`);
  return stdout;
}
