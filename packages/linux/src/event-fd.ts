import { libc } from './libc.js';
import { checked, EAGAIN, EINTR, lastErrno, SystemCallError } from './system-call-error.js';

const EFD_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = 0o4000;
const COUNTER_BYTES = 8;

// Off the heap, so that the call needs no copy; one of each, since a call is over before the next begins.
const counter = new Uint32Array(new ArrayBuffer(COUNTER_BYTES));
const one = new Uint32Array(new ArrayBuffer(COUNTER_BYTES));
one[0] = 1;

/** Makes an eventfd(2), a counter that the kernel or another process adds to. Non-blocking; child processes do not inherit it. */
export function createEventFd(): number {
  return checked(libc().eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), 'eventfd');
}

/** What was added since the last read, modulo 2^32, and sets the counter to 0. It does not wait: 0 when nothing was added. */
export function readEventFd(fd: number): number {
  if (libc().read(fd, counter, COUNTER_BYTES) === COUNTER_BYTES) return counter[0];
  const errno = lastErrno();
  if (errno === EAGAIN || errno === EINTR) return 0;
  throw new SystemCallError('read', errno, `eventfd ${fd}`);
}

/** Adds 1 to the counter, which wakes whoever waits for it. */
export function signalEventFd(fd: number): void {
  // EAGAIN: the counter is full, and whoever waits has been woken by what filled it.
  if (libc().write(fd, one, COUNTER_BYTES) === COUNTER_BYTES || lastErrno() === EAGAIN) return;
  throw new SystemCallError('write', lastErrno(), `eventfd ${fd}`);
}
