import { lstatSync, unlinkSync } from 'node:fs';
import { closeDescriptor } from './descriptors.js';
import { libc } from './libc.js';
import { socketAddress } from './socket-address.js';
import { checked, EADDRINUSE, EAGAIN, ECONNREFUSED, EINTR, lastErrno, SystemCallError } from './system-call-error.js';
import { streamSocket, UnixConnection } from './unix-connection.js';

const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const BACKLOG = 8;

/** A UNIX stream socket that others connect to. */
export class UnixListener {
  private isOpen = true;

  private constructor(
    /** readable when somebody wants to connect */
    readonly fd: number,
    /** the file that it is found by */
    readonly path: string,
  ) {}

  /**
   * Listens at a path. A socket that a dead process has left there is replaced.
   *
   * @throws SystemCallError EADDRINUSE when a live one listens there or the path is another kind of file; EACCES, ENOENT for its folder
   */
  static listen(path: string): UnixListener {
    const address = socketAddress(path);
    const fd = streamSocket();
    try {
      if (libc().bind(fd, address, address.byteLength) === -1) bindAgain(fd, path, address, lastErrno());
      checked(libc().listen(fd, BACKLOG), 'listen', path);
    } catch (error) {
      closeDescriptor(fd);
      throw error;
    }
    return new UnixListener(fd, path);
  }

  /** A connection that somebody has made, or undefined: it does not wait. */
  accept(): UnixConnection | undefined {
    const fd = libc().accept(this.fd, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) return new UnixConnection(fd);
    const errno = lastErrno();
    if (errno === EAGAIN || errno === EINTR) return undefined;
    throw new SystemCallError('accept', errno, this.path);
  }

  /** Ends it and removes the file. Connections live on. Once is enough. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    closeDescriptor(this.fd);
    try {
      unlinkSync(this.path);
    } catch {
      // Somebody else has removed it, which is what was wanted.
    }
  }
}

/** Binds where a file is in the way, if that is a socket without anybody behind it. */
function bindAgain(fd: number, path: string, address: Uint8Array, errno: number): void {
  if (errno !== EADDRINUSE || !isAbandoned(path)) throw new SystemCallError('bind', errno, path);
  unlinkSync(path);
  checked(libc().bind(fd, address, address.byteLength), 'bind', path);
}

function isAbandoned(path: string): boolean {
  try {
    UnixConnection.connect(path).close();
    return false;
  } catch (error) {
    // A file that is no socket refuses too.
    return error instanceof SystemCallError && error.errno === ECONNREFUSED && isSocket(path);
  }
}

function isSocket(path: string): boolean {
  return lstatSync(path).isSocket();
}
