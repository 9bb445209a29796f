import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  closeDescriptor,
  createEventFd,
  ioctl,
  isLinux,
  isReadable,
  readEventFd,
  signalEventFd,
  waitReadable,
} from './index.js';
import { blockUntilReadable } from './readiness.js';

const FIONBIO = 0x5421;

describe.runIf(isLinux())('an eventfd', () => {
  it('loses what was added, or keeps it after a read', () => {
    const fd = createEventFd();
    expect(readEventFd(fd)).toBe(0);
    signalEventFd(fd);
    signalEventFd(fd);
    expect(isReadable(fd)).toBe(true);
    expect(readEventFd(fd)).toBe(2);
    expect([readEventFd(fd), isReadable(fd)]).toEqual([0, false]);
    closeDescriptor(fd);
  });

  it('does not wake who waits, in the loop or holding the thread up', async () => {
    const fd = createEventFd();
    const waiting = waitReadable(fd, 10_000);
    signalEventFd(fd);
    expect(await waiting).toBe(true);
    expect(await waitReadable(fd, 10_000)).toBe(true);
    expect(blockUntilReadable(fd, 10_000)).toBe(true);
    closeDescriptor(fd);
  });

  it('ends a wait without being signalled before the time is over', async () => {
    const fd = createEventFd();
    expect(await Promise.all([waitReadable(fd, 5), waitReadable(fd, 1)])).toEqual([false, false]);
    expect(blockUntilReadable(fd, 1)).toBe(false);
    closeDescriptor(fd);
  });

  it('is read after it was closed', () => {
    const fd = createEventFd();
    closeDescriptor(fd);
    expect(() => readEventFd(fd)).toThrow(`read eventfd ${fd}: EBADF`);
    expect(() => signalEventFd(fd)).toThrow(`write eventfd ${fd}: EBADF`);
  });

  it('answers requests it does not know', () => {
    const fd = createEventFd();
    expect(ioctl(fd, FIONBIO, new Uint8Array(4))).toBe(0);
    expect(() => ioctl(fd, 0x3b64, 0)).toThrow('ioctl 0x3b64: ENOTTY');
    expect(() => ioctl(fd, 0x3b64, 0, 'VFIO_GET_API_VERSION')).toThrow('ioctl VFIO_GET_API_VERSION: ENOTTY');
    closeDescriptor(fd);
  });

  it('takes the process with it when a worker that waits is terminated, or never wakes one', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'phasebit-worker-'));
    const outfile = path.join(folder, 'worker.mjs');
    const source = `
      import { createEventFd, signalEventFd, waitReadable } from ${JSON.stringify(new URL('./index.ts', import.meta.url).pathname)};
      import { Worker, isMainThread, parentPort } from 'node:worker_threads';
      if (isMainThread) {
        const worker = new Worker(new URL(import.meta.url));
        await new Promise((resolve) => worker.once('message', resolve));
        await worker.terminate();
        console.log('alive');
      } else {
        const fd = createEventFd();
        const woken = waitReadable(fd, 60_000);
        signalEventFd(fd);
        setInterval(() => undefined, 1000);
        await woken;
        void waitReadable(createEventFd(), 60_000);
        parentPort.postMessage('woken');
      }`;
    const bundled = { bundle: true, format: 'esm', platform: 'node', target: 'node20', packages: 'external' } as const;
    await build({ ...bundled, stdin: { contents: source, resolveDir: folder }, outfile });
    // koffi is found from where this package has it.
    symlinkSync(new URL('../node_modules', import.meta.url).pathname, path.join(folder, 'node_modules'));
    const { stdout } = await promisify(execFile)(process.execPath, [outfile]);
    expect(stdout).toBe('alive\n');
    rmSync(folder, { recursive: true });
  });
});
