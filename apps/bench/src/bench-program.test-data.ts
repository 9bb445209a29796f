/** Runs the program as users start it, for the tests: the bundle, in a process of its own. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const app = fileURLToPath(new URL('..', import.meta.url));
/** The bundle. */
export const program: string = join(app, 'dist/main.js');

/** Makes the bundle unless it is there. */
export function buildProgram(): void {
  build(app, program);
}

/** The program that serves controllers over vfio-user, made unless it is there. */
export function buildTarget(): string {
  const folder = join(app, '../target');
  const file = join(folder, 'dist/main.js');
  build(folder, file);
  return file;
}

function build(folder: string, file: string): void {
  if (existsSync(file)) return;
  const rollup = join(dirname(createRequire(import.meta.url).resolve('rollup')), 'bin/rollup');
  execFileSync(process.execPath, [rollup, '-c', '--silent'], { cwd: folder });
}

/** How the program ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** What it is run in. */
export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  /** Sends SIGINT once standard error has this. */
  readonly interruptAt?: RegExp;
  /** What is done then in place of that. */
  readonly act?: () => void;
}

/** Runs it with the words of a line. */
export function bench(line: string, { env = {}, interruptAt, act }: Surroundings = {}): Promise<Ended> {
  const startedMs = performance.now();
  const args = ['--expose-gc', program, ...line.split(' ').filter(Boolean)];
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  let isInterrupted = false;
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString();
    if (isInterrupted || interruptAt?.test(stderr) !== true) return;
    isInterrupted = true;
    if (act === undefined) child.kill('SIGINT');
    else act();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr, seconds: (performance.now() - startedMs) / 1000 }));
  });
}

/** What the tests read of its JSON. */
export interface Report {
  readonly jobs: readonly {
    readonly error: number;
    readonly read: { readonly total_ios: number; readonly iops: number };
  }[];
  readonly phasebit: {
    readonly jobs: readonly {
      readonly errors: number;
      readonly errors_by_status: Readonly<Record<string, number>>;
      readonly verified_bytes: number;
      readonly verify_errors: number;
      readonly verify_failures: readonly string[];
      readonly mmio_writes_per_io: number;
      readonly sq_shadow_writes_per_io: number;
      readonly cq_shadow_writes_per_io: number;
      readonly interrupts_per_io: number;
      readonly retried: number;
      readonly spurious_completions: number;
    }[];
    readonly run: {
      readonly transport: string;
      readonly figures: string;
      readonly devices: readonly { readonly name: string; readonly serial: string }[];
      readonly ring_entries: number;
      readonly faults: readonly { readonly controller: number; readonly struck: number }[];
      readonly struck_commands: number;
      readonly resets: Readonly<Record<string, number>>;
      readonly lost: Readonly<Record<string, number>>;
      readonly modelled_media?: { readonly source: string; readonly statistics: { readonly programs: number } };
    };
  };
}

/** Runs it for its JSON, with nothing on standard error. */
export async function benchJson(line: string): Promise<{ code: number | null; report: Report; seconds: number }> {
  const { code, stdout, stderr, seconds } = await bench(`${line} --output-format=json --eta=never`);
  expect(stderr).toBe('');
  return { code, report: JSON.parse(stdout) as Report, seconds };
}
