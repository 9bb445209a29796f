/**
 * Runs commands in the guest for the tests on the host. It speaks over a virtio serial port, which nothing else writes to; the kernel
 * has the console for itself.
 *
 *   node agent.mjs /dev/vportNpM
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, openSync, read, writeFileSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { type AgentEvent, type AgentRequest, LineReader } from '../support/agent-messages.js';

/** After a command has ended, so long its output is waited for: what it left in the background may hold on to the pipes for ever. */
const DRAIN_MS = 200;
const WORK_FOLDER = '/job';

const port = openSync(process.argv[2], 'r+');
const running = new Map<number, ChildProcess>();

/** Waits while the port is full: the host reads all the time. */
function say(event: AgentEvent): void {
  const bytes = Buffer.from(`${JSON.stringify(event)}\n`);
  for (let written = 0; written < bytes.length;) written += writeSync(port, bytes, written);
}

function start(id: number, command: string): void {
  // A process group of its own, so that a signal reaches everything that the command started.
  const child = spawn('/bin/sh', ['-c', command], {
    cwd: WORK_FOLDER,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.set(id, child);
  for (const from of ['stdout', 'stderr'] as const) {
    child[from].on('data', (data: Buffer) => {
      if (running.has(id)) say({ is: 'output', id, from, data: data.toString('base64') });
    });
  }
  const end = (status: number, error?: string): void => {
    if (running.delete(id)) say({ is: 'end', id, status, ...(error === undefined ? {} : { error }) });
  };
  child.on('error', (error) => end(127, error.message));
  child.on('exit', (code, signal) => {
    const status = code ?? 128 + constants.signals[signal!];
    child.on('close', () => end(status));
    setTimeout(() => end(status), DRAIN_MS);
  });
}

function write({ id, file, data, append }: Extract<AgentRequest, { do: 'write' }>): void {
  try {
    const place = path.resolve(WORK_FOLDER, file);
    mkdirSync(path.dirname(place), { recursive: true });
    (append ? appendFileSync : writeFileSync)(place, Buffer.from(data, 'base64'));
    say({ is: 'end', id, status: 0 });
  } catch (error) {
    say({ is: 'end', id, status: 1, error: (error as Error).message });
  }
}

function signal(id: number, name: NodeJS.Signals): void {
  const pid = running.get(id)?.pid;
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // It has ended by itself.
  }
}

const requests = new LineReader((line) => {
  const request = JSON.parse(line) as AgentRequest;
  switch (request.do) {
    case 'start':
      return start(request.id, request.command);
    case 'signal':
      return signal(request.id, request.signal);
    case 'write':
      return write(request);
    case 'leave':
      return process.exit(request.status);
  }
});

const buffer = Buffer.alloc(64 * 1024);

/** An end of file means that the host has gone: a guest that nobody talks to leaves too. */
function readOn(): void {
  read(port, buffer, 0, buffer.length, null, (error, bytes) => {
    if (error !== null || bytes === 0) process.exit(3);
    requests.push(buffer.toString('latin1', 0, bytes));
    readOn();
  });
}

mkdirSync(WORK_FOLDER, { recursive: true });
say({ is: 'ready' });
readOn();
