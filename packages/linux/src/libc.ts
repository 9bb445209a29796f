import { createRequire } from 'node:module';
import { platform } from 'node:process';
import type koffi from 'koffi';

type Koffi = typeof koffi;

/** A process address, as the foreign-function interface takes it: an address, or a buffer whose memory is meant. */
export type Pointer = bigint | ArrayBuffer | ArrayBufferView | null;

/** The functions of the C library that this package calls. All of them answer -1 and set errno when they fail. */
export interface Libc {
  readonly mmap: (at: Pointer, bytes: number, protection: number, flags: number, fd: number, offset: number) => bigint;
  readonly munmap: (at: bigint, bytes: number) => number;
  readonly memfdCreate: (name: string, flags: number) => number;
  readonly eventfd: (initial: number, flags: number) => number;
  readonly read: (fd: number, into: Pointer, bytes: number) => number;
  readonly write: (fd: number, from: Pointer, bytes: number) => number;
  readonly ioctlPointer: (fd: number, request: number, argument: Pointer) => number;
  readonly ioctlValue: (fd: number, request: number, argument: number) => number;
  readonly poll: (fds: Pointer, count: number, timeoutMs: number) => number;
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly bind: (fd: number, address: Pointer, bytes: number) => number;
  readonly listen: (fd: number, backlog: number) => number;
  readonly connect: (fd: number, address: Pointer, bytes: number) => number;
  readonly accept: (fd: number, address: Pointer, bytes: Pointer, flags: number) => number;
  readonly send: (fd: number, from: Pointer, bytes: number, flags: number) => number;
  readonly sendmsg: (fd: number, message: Pointer, flags: number) => number;
  readonly recvmsg: (fd: number, message: Pointer, flags: number) => number;
}

let loaded: { koffi: Koffi; libc: Libc } | undefined;

/** Whether this is Linux. Anywhere else every function of this package throws. */
export function isLinux(): boolean {
  return platform === 'linux';
}

function load(): { koffi: Koffi; libc: Libc } {
  if (!isLinux()) throw new Error(`expected Linux, whose system calls these are; this is ${platform}`);
  // Not imported at the top: whoever only looks at a type, or asks isLinux(), needs no native module.
  const koffi = createRequire(import.meta.url)('koffi') as Koffi;
  return { koffi, libc: declare(koffi) };
}

/** Binds the functions once. Their prototypes are those of the manual pages, with pointers passed as addresses or buffers. */
function declare(koffi: Koffi): Libc {
  const library = koffi.load(null);
  return {
    mmap: library.func('void *mmap(void *at, size_t bytes, int prot, int flags, int fd, int64_t offset)'),
    munmap: library.func('int munmap(void *at, size_t bytes)'),
    memfdCreate: library.func('int memfd_create(const char *name, unsigned int flags)'),
    eventfd: library.func('int eventfd(unsigned int initial, int flags)'),
    read: library.func('int64_t read(int fd, void *into, size_t bytes)'),
    write: library.func('int64_t write(int fd, const void *from, size_t bytes)'),
    // One function, two prototypes: the argument of some requests is an address, that of others a number.
    ioctlPointer: library.func('int ioctl(int fd, unsigned long request, void *argument)'),
    ioctlValue: library.func('int ioctl(int fd, unsigned long request, intptr_t argument)'),
    poll: library.func('int poll(void *fds, unsigned long count, int timeout)'),
    socket: library.func('int socket(int domain, int type, int protocol)'),
    bind: library.func('int bind(int fd, const void *address, unsigned int bytes)'),
    listen: library.func('int listen(int fd, int backlog)'),
    connect: library.func('int connect(int fd, const void *address, unsigned int bytes)'),
    accept: library.func('int accept4(int fd, void *address, void *bytes, int flags)'),
    send: library.func('int64_t send(int fd, const void *from, size_t bytes, int flags)'),
    sendmsg: library.func('int64_t sendmsg(int fd, const void *message, int flags)'),
    recvmsg: library.func('int64_t recvmsg(int fd, void *message, int flags)'),
  };
}

/** The C library. @throws Error anywhere but on Linux */
export function libc(): Libc {
  return (loaded ??= load()).libc;
}

/** The foreign-function interface itself. @throws Error anywhere but on Linux */
export function foreign(): Koffi {
  return (loaded ??= load()).koffi;
}
