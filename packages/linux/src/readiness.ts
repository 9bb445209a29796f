import process from 'node:process';
import { isMainThread } from 'node:worker_threads';
import { foreign, libc } from './libc.js';
import { checked, EINTR, lastErrno } from './system-call-error.js';

const POLLIN = 1;
const POLLOUT = 4;

/** One struct pollfd: descriptor, then 16 bits asked for and 16 bits that came. */
const entry = new Int32Array(new ArrayBuffer(8));

function pollOne(fd: number, events: number, timeoutMs: number): boolean {
  entry[0] = fd;
  entry[1] = events;
  const endMs = performance.now() + timeoutMs;
  for (let leftMs = timeoutMs; ; leftMs = Math.max(0, Math.ceil(endMs - performance.now()))) {
    const ready = libc().poll(entry, 1, leftMs);
    // A signal ends the call, and not the wait.
    if (ready === -1 && lastErrno() === EINTR) continue;
    return checked(ready, 'poll') > 0;
  }
}

/** Whether something can be read now, or the other end has hung up. */
export function isReadable(fd: number): boolean {
  return pollOne(fd, POLLIN, 0);
}

/** Holds this thread up until a descriptor takes bytes again, or the time is over. @internal */
export function blockUntilWritable(fd: number, timeoutMs: number): boolean {
  return pollOne(fd, POLLOUT, timeoutMs);
}

/** Holds this thread up until something can be read, the other end has hung up, or the time is over: false then. */
export function blockUntilReadable(fd: number, timeoutMs: number): boolean {
  return pollOne(fd, POLLIN, timeoutMs);
}

/** How often a descriptor is looked at on a worker thread, milliseconds. */
const WORKER_LOOK_MS = 1;

/** What looks at a descriptor. */
interface Look {
  stop(): void;
  close(): void;
}

/**
 * Has the event loop look. It keeps no process alive. It calls from outside of Node's callbacks, after which Node 26 settles no promise until
 * it has something else to do; an immediate, still in the same turn of the loop, is a callback of Node's own.
 */
function lookByLoop(fd: number, onReady: () => void): Look {
  const handle = foreign().node.poll(fd, { readable: true, disconnect: true }, () => void setImmediate(onReady));
  handle.unref();
  return handle;
}

/** Looks every now and then: a handle in the loop of a worker that is terminated takes the whole process with it. */
function lookByTimer(fd: number, onReady: () => void): Look {
  const timer = setInterval(() => {
    if (isReadable(fd)) onReady();
  }, WORKER_LOOK_MS).unref();
  return { stop: () => clearInterval(timer), close: () => undefined };
}

/** Who waits for one descriptor. The event loop takes a descriptor once, however many wait for it. */
class Watch {
  private readonly waiters = new Set<(isReady: boolean) => void>();
  private readonly handle: Look;

  constructor(private readonly fd: number) {
    const onReady = (): void => this.wake();
    this.handle = isMainThread ? lookByLoop(fd, onReady) : lookByTimer(fd, onReady);
  }

  wait(timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const end = (isReady: boolean): void => {
        clearTimeout(timer);
        this.leave(end);
        resolve(isReady);
      };
      this.waiters.add(end);
      if (timeoutMs <= TIMER_MS_MAX) timer = setTimeout(() => end(false), timeoutMs).unref();
    });
  }

  /** Ends all waits as if their time were over. */
  end(): void {
    for (const end of [...this.waiters]) end(false);
  }

  /** Looks at the descriptor no more. */
  stop(): void {
    this.handle.stop();
  }

  private wake(): void {
    for (const end of [...this.waiters]) end(true);
  }

  private leave(end: (isReady: boolean) => void): void {
    if (!this.waiters.delete(end) || this.waiters.size > 0) return;
    watches.delete(this.fd);
    this.handle.stop();
    this.handle.close();
  }
}

/** The longest time that a timer of Node's takes, milliseconds: 24 days. */
const TIMER_MS_MAX = 0x7fff_ffff;

const watches = new Map<number, Watch>();

// A descriptor that becomes ready while Node takes the thread down would call into it, which ends the process with a fatal error.
process.on('exit', () => {
  for (const each of watches.values()) each.stop();
});

/**
 * Waits in the event loop until something can be read or the other end has hung up. It does not by itself keep a process alive.
 * The descriptor must stay open meanwhile: see {@link endWaits}. On a worker thread it is looked at once a millisecond.
 *
 * @param timeoutMs - milliseconds until the wait is given up; Infinity for never, as is anything above 2^31 - 1
 * @returns false when the time was over first
 */
export function waitReadable(fd: number, timeoutMs: number): Promise<boolean> {
  if (isReadable(fd)) return Promise.resolve(true);
  const watch = watches.get(fd) ?? new Watch(fd);
  watches.set(fd, watch);
  return watch.wait(timeoutMs);
}

/** Ends all waits of {@link waitReadable} for a descriptor, which give false: for who is about to close it, or has other news. */
export function endWaits(fd: number): void {
  watches.get(fd)?.end();
}

/** Keeps the process, or the worker, alive until what it gives is called: waits alone do not. */
export function keepAlive(): () => void {
  const timer = setInterval(() => undefined, TIMER_MS_MAX);
  return () => clearInterval(timer);
}
