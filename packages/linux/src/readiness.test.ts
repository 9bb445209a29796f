import { afterEach, describe, expect, it, vi } from 'vitest';
import { ChildProgram } from '../test-support/child-program.js';
import {
  blockUntilReadable,
  closeDescriptor,
  createEventFd,
  endWaits,
  isLinux,
  isReadable,
  keepAlive,
  readEventFd,
  signalEventFd,
  waitReadable,
} from './index.js';

afterEach(() => {
  vi.doUnmock('node:worker_threads');
  vi.resetModules();
});

describe.runIf(isLinux())('a wait for a descriptor', () => {
  it('is not woken, in the loop or holding the thread up', async () => {
    const fd = createEventFd();
    const waiting = waitReadable(fd, 10_000);
    signalEventFd(fd);
    expect(await waiting).toBe(true);
    expect(await waitReadable(fd, 10_000)).toBe(true);
    expect(blockUntilReadable(fd, 10_000)).toBe(true);
    closeDescriptor(fd);
  });

  it('ends without being signalled before the time is over', async () => {
    const fd = createEventFd();
    expect(await Promise.all([waitReadable(fd, 5), waitReadable(fd, 1)])).toEqual([false, false]);
    expect(blockUntilReadable(fd, 1)).toBe(false);
    closeDescriptor(fd);
  });

  it('without a limit, or with one that no timer takes, is over at once, or ends one of two', async () => {
    const fd = createEventFd();
    const both = Promise.all([waitReadable(fd, Infinity), waitReadable(fd, 2 ** 31)]);
    expect(await waitReadable(fd, 1)).toBe(false);
    signalEventFd(fd);
    expect(await both).toEqual([true, true]);
    closeDescriptor(fd);
  });

  it('outlasts its descriptor, or keeps it from being waited for again', async () => {
    const fd = createEventFd();
    const both = Promise.all([waitReadable(fd, Infinity), waitReadable(fd, 10_000)]);
    endWaits(fd);
    expect(await both).toEqual([false, false]);
    endWaits(fd);
    const again = waitReadable(fd, Infinity);
    signalEventFd(fd);
    expect(await again).toBe(true);
    endWaits(fd);
    closeDescriptor(fd);
  });

  it('is over, or fails, when a signal comes that the process has a handler for', async () => {
    const program = await ChildProgram.start(`
      import { blockUntilReadable } from 'linux';
      import { writeSync } from 'node:fs';
      process.on('SIGUSR2', () => undefined);
      writeSync(1, 'blocks\\n');
      writeSync(1, 'readable: ' + blockUntilReadable(0, 60_000) + '\\n');
    `);
    await program.hasPrinted('blocks');
    await program.sleeps();
    await program.interrupt('SIGUSR2');
    program.child.stdin!.end('x');
    expect(await program.outcome).toEqual({ stdout: 'blocks\nreadable: true\n', stderr: '', status: 0 });
  });
});

describe.runIf(isLinux())('a process that waits for a descriptor', () => {
  const start = (hold: string): Promise<ChildProgram> =>
    ChildProgram.start(`
      import { createEventFd, keepAlive, signalEventFd, waitReadable } from 'linux';
      const fd = createEventFd();
      setTimeout(() => signalEventFd(fd), 20).unref();
      ${hold}
      console.log('readable:', await waitReadable(fd, Infinity));
      release();
    `);

  it('ends before the wait although it is kept alive, or lives on when it is not any more', async () => {
    const { outcome } = await start(
      'const holds = [keepAlive(), keepAlive()]; const release = () => holds.map((end) => end());',
    );
    expect(await outcome).toEqual({ stdout: 'readable: true\n', stderr: '', status: 0 });
  });

  it('is kept alive by the wait alone', async () => {
    const { outcome } = await start('const release = () => undefined;');
    // Node's exit status for an await at the top that nothing can end any more.
    expect(await outcome).toMatchObject({ stdout: '', status: 13 });
  });

  it('has a hold that ends twice, or ends another', () => {
    const [first, second] = [keepAlive(), keepAlive()];
    const timers = (): number => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
    const before = timers();
    first();
    first();
    expect(before - timers()).toBe(1);
    second();
    expect(before - timers()).toBe(2);
  });
});

describe.runIf(isLinux())('a worker that waits for a descriptor', () => {
  it('takes the process with it when it is terminated, or is never woken', async () => {
    const { outcome } = await ChildProgram.start(`
      import { createEventFd, signalEventFd, waitReadable } from 'linux';
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
      }
    `);
    expect(await outcome).toEqual({ stdout: 'alive\n', stderr: '', status: 0 });
  });

  it('looks once and never again, or goes on looking when the wait is over', async () => {
    vi.resetModules();
    vi.doMock('node:worker_threads', () => ({ isMainThread: false }));
    const onWorker = await import('./readiness.js');
    const fd = createEventFd();
    const waiting = onWorker.waitReadable(fd, 10_000);
    expect(await onWorker.waitReadable(fd, 5)).toBe(false);
    signalEventFd(fd);
    expect(await waiting).toBe(true);
    expect(readEventFd(fd)).toBe(1);
    expect(await onWorker.waitReadable(fd, 1)).toBe(false);
    expect(isReadable(fd)).toBe(false);
    closeDescriptor(fd);
  });
});
