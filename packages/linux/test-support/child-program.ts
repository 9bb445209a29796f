import { build } from 'esbuild';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** What became of a program. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** exit status, or null when a signal ended it */
  readonly status: number | null;
}

/** A program that uses this package, in a process of its own: what holds a thread up, or ends a process, cannot be tried in the test's own. */
export class ChildProgram {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
  private text = '';
  private errors = '';

  private constructor(folder: string, file: string) {
    this.child = spawn(process.execPath, [file]);
    this.child.stdout!.on('data', (data: Buffer) => (this.text += data.toString()));
    this.child.stderr!.on('data', (data: Buffer) => (this.errors += data.toString()));
    this.outcome = new Promise((resolve) => {
      this.child.once('close', (status) => {
        rmSync(folder, { recursive: true });
        resolve({ stdout: this.text, stderr: this.errors, status });
      });
    });
  }

  /** Starts a program. @param source - TypeScript; what this package exports is imported from `linux` */
  static async start(source: string): Promise<ChildProgram> {
    const folder = mkdtempSync(path.join(tmpdir(), 'phasebit-linux-'));
    const outfile = path.join(folder, 'program.mjs');
    const at = (name: string): string => new URL(name, import.meta.url).pathname;
    await build({
      ...{ bundle: true, format: 'esm', platform: 'node', target: 'node20', packages: 'external' },
      ...{
        stdin: { contents: source, resolveDir: folder, loader: 'ts' },
        outfile,
        alias: { linux: at('../src/index.ts') },
      },
    });
    // koffi is found from where this package has it.
    symlinkSync(at('../node_modules'), path.join(folder, 'node_modules'));
    return new ChildProgram(folder, outfile);
  }

  /** Lets time pass until the program has printed a line. */
  async hasPrinted(line: string): Promise<void> {
    while (!this.text.includes(`${line}\n`)) await this.moment();
  }

  /** Lets time pass until the program's first thread sleeps in the kernel. */
  async sleeps(): Promise<void> {
    while (!/^State:\s+S/m.test(this.status())) await this.moment();
  }

  /** Sends a signal, and lets time pass until the program's first thread has taken it. */
  async interrupt(signal: NodeJS.Signals): Promise<void> {
    this.child.kill(signal);
    while (!/^ShdPnd:\s+0+$/m.test(this.status())) await this.moment();
  }

  private status(): string {
    return readFileSync(`/proc/${this.child.pid!}/status`, 'utf8');
  }

  private async moment(): Promise<void> {
    if (this.child.exitCode !== null) throw new Error(`the program has ended: ${this.text}${this.errors}`);
    await nextTurn();
  }
}
