/** The program as users start it: the bundle, in a process of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const app = fileURLToPath(new URL('..', import.meta.url));
const program = path.join(app, 'dist/main.js');
const folder = mkdtempSync(path.join(tmpdir(), 'phasebit-target-program-'));
const children: ChildProcess[] = [];

beforeAll(() => {
  if (existsSync(program)) return;
  const rollup = path.join(path.dirname(createRequire(import.meta.url).resolve('rollup')), 'bin/rollup');
  execFileSync(process.execPath, [rollup, '-c', '--silent'], { cwd: app });
});

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** Starts it; what it says so far, and how it ends. */
function start(...args: string[]) {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => (said.stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (said.stderr += data.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const isReady = new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  return { child, said, ended, isReady };
}

describe('the program', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('leaves its socket behind at %s, or does not end', async (signal) => {
    const { child, said, ended, isReady } = start('--socket', path.join(folder, 's'), '--media', 'null:1G');
    await isReady;
    expect(said.stdout).toMatch(/^ready: 1 namespace of null:1 GiB at .*\n$/);
    expect(readdirSync(folder)).toEqual(['s']);
    child.kill(signal);
    expect(await ended).toBe(0);
    expect([readdirSync(folder), said.stderr]).toEqual([[], '']);
  });

  it.each([
    ['--media file:none', 'phasebit-target: --media file:none: expected a file that can be read and written'],
    ['--media ram', 'expected ram:SIZE, null:SIZE or file:PATH'],
    [`--serial ${'x'.repeat(21)}`, 'phasebit-target: serial: expected'],
  ])('is said to be ready although it is not: %s', async (line, why) => {
    const { said, ended } = start('--socket', path.join(folder, 's'), ...line.split(' '));
    expect(await ended).toBe(2);
    expect([said.stdout, said.stderr]).toEqual(['', expect.stringContaining(why)]);
  });
});
