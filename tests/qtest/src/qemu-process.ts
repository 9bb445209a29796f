import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

const PROGRAM = 'qemu-system-x86_64';
/** Names another program, or a script that runs one. */
const PROGRAM_VARIABLE = 'PHASEBIT_QEMU';
/** Most of what QEMU says that is kept, characters. */
const WORDS_KEPT = 16_384;

/**
 * Runs a program and ends it when standard input ends, which happens however this process dies: QEMU by itself outlives whoever started
 * it. The memory of the machine is descriptor 4 of both.
 */
const GUARD =
  'exec 3<&0; "$@" </dev/null 3<&- & child=$!; { read -r _; kill -KILL $child; } <&3 2>/dev/null & wait $child';

/** The QEMU program, or undefined where there is none: `PHASEBIT_QEMU`, or the first `qemu-system-x86_64` in `PATH`. */
export function findQemu(): string | undefined {
  const named = process.env[PROGRAM_VARIABLE];
  if (named !== undefined && named !== '') return named;
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return folders.map((folder) => path.join(folder, PROGRAM)).find(isProgram);
}

/** Why there is no QEMU to run, for the title of what is skipped; undefined where there is one. */
export function noQemu(): string | undefined {
  if (process.platform !== 'linux') return `QEMU is driven through Linux system calls, this is ${process.platform}`;
  return findQemu() === undefined ? `${PROGRAM} is not in PATH (${PROGRAM_VARIABLE} may name another)` : undefined;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A QEMU that is running, and is never left behind. */
export class QemuProcess {
  private readonly child: ChildProcess;
  private words = '';
  private end: string | undefined;
  private readonly ended: Promise<void>;

  /**
   * Starts QEMU.
   *
   * @param args - its arguments
   * @param memoryFd - given to it as descriptor 4
   * @throws Error when there is no QEMU
   */
  constructor(args: readonly string[], memoryFd: number) {
    const program = findQemu();
    if (program === undefined) throw new Error(noQemu());
    this.child = spawn('/bin/sh', ['-c', GUARD, 'qemu', program, ...args], {
      stdio: ['pipe', 'ignore', 'pipe', 'ignore', memoryFd],
      detached: true,
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => this.hear(text));
    // The pipe that keeps QEMU alive must not keep this process alive.
    for (const each of [this.child, this.child.stdin, this.child.stderr])
      (each as { unref?(): void } | null)?.unref?.();
    this.ended = new Promise((resolve) => {
      const finish = (end: string): void => {
        this.end ??= end;
        resolve();
      };
      this.child.once('error', (error) => finish(error.message));
      this.child.once('close', (code, signal) => finish(signal === null ? `exit status ${code}` : `${signal}`));
    });
  }

  /** Whether it is known to have ended. */
  get hasEnded(): boolean {
    return this.end !== undefined;
  }

  /** Whether it has said nothing. */
  get isSilent(): boolean {
    return this.words === '';
  }

  /** How it ended and what it said, as far as is known now: for messages. */
  get lastWords(): string {
    const end = this.end === undefined ? '' : ` (${this.end})`;
    return `QEMU${end}${this.words === '' ? ' said nothing' : `: ${this.words.trim()}`}`;
  }

  /** Ends it at once, whatever it is doing, and waits until it has. */
  async kill(): Promise<void> {
    if (this.end === undefined && this.child.pid !== undefined) {
      // Its group: the shell, the guard, QEMU.
      try {
        process.kill(-this.child.pid, 'SIGKILL');
      } catch {
        // It ended in between.
      }
    }
    await this.waitForEnd();
  }

  /** Waits until it has ended and everything that it said was heard. */
  waitForEnd(): Promise<void> {
    // Both: the end is known when the process has ended and its last words are read.
    for (const each of [this.child, this.child.stderr]) (each as { ref?(): void } | null)?.ref?.();
    return this.ended;
  }

  private hear(text: string): void {
    this.words = (this.words + text).slice(-WORDS_KEPT);
  }
}
