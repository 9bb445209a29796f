import { closeDescriptor } from './descriptors.js';
import { libc } from './libc.js';
import { MessageHeader } from './message-header.js';
import { blockUntilWritable } from './readiness.js';
import { socketAddress } from './socket-address.js';
import { checked, EAGAIN, EINTR, ETIMEDOUT, lastErrno, SystemCallError } from './system-call-error.js';

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x4000_0000;
/** How long {@link UnixConnection.send} waits for a peer that does not take what it is sent, milliseconds. */
export const SEND_TIMEOUT_MS = 5000;

/** Makes a stream socket that neither blocks nor is inherited. @internal */
export function streamSocket(): number {
  return checked(libc().socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), 'socket');
}

/**
 * One end of a UNIX stream connection, over which bytes and open descriptors pass. Every call is synchronous: there is no event loop
 * between a polling loop and its peer.
 */
export class UnixConnection {
  private readonly header = new MessageHeader();
  private isOpen = true;
  private isHungUp = false;

  /** @param fd - a connected non-blocking stream socket; it is this object's from now on */
  constructor(readonly fd: number) {}

  /** Connects to a listening socket. @throws SystemCallError ENOENT when there is none, ECONNREFUSED when nobody listens, EACCES */
  static connect(path: string): UnixConnection {
    const address = socketAddress(path);
    const fd = streamSocket();
    if (libc().connect(fd, address, address.byteLength) === -1) {
      const errno = lastErrno();
      closeDescriptor(fd);
      throw new SystemCallError('connect', errno, path);
    }
    return new UnixConnection(fd);
  }

  /** Whether the peer has hung up, or {@link UnixConnection.close} was called. */
  get isClosed(): boolean {
    return this.isHungUp || !this.isOpen;
  }

  /**
   * Sends all of `bytes`; waits inside where the peer's buffer is full.
   *
   * @param descriptors - up to 16, which arrive with the first byte; they stay open here
   * @throws SystemCallError EPIPE or ECONNRESET when the peer is gone, ETIMEDOUT when it takes nothing for 5 seconds
   */
  send(bytes: Uint8Array, descriptors: readonly number[] = []): void {
    let sent = descriptors.length === 0 ? 0 : this.sendWithDescriptors(bytes, descriptors);
    while (sent < bytes.byteLength) {
      const rest = sent === 0 ? bytes : bytes.subarray(sent);
      sent += this.retried(() => libc().send(this.fd, rest, rest.byteLength, MSG_NOSIGNAL));
    }
  }

  /**
   * Receives what is there.
   *
   * @param into - where the bytes go, from `offset` on; at least one byte of room
   * @param descriptors - descriptors that came with them are appended: the caller's to close
   * @returns bytes received; 0 when there are none now, -1 when the peer has hung up
   */
  receive(into: Uint8Array, offset: number, descriptors: number[]): number {
    if (this.isClosed) return -1;
    const room = into.subarray(offset);
    if (room.byteLength === 0) throw new RangeError('into: expected room for a byte, got none');
    this.header.makeRoom(room);
    const received = libc().recvmsg(this.fd, this.header.memory, MSG_CMSG_CLOEXEC);
    if (received > 0) this.header.takeDescriptors(descriptors);
    if (received > 0) return received;
    const errno = received === 0 ? 0 : lastErrno();
    if (errno === EAGAIN || errno === EINTR) return 0;
    // An end, or a reset by a peer that left bytes unread: nothing will come any more.
    this.isHungUp = true;
    return -1;
  }

  /** Hangs up. Once is enough. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    closeDescriptor(this.fd);
  }

  private sendWithDescriptors(bytes: Uint8Array, descriptors: readonly number[]): number {
    if (bytes.byteLength === 0) throw new RangeError('bytes: expected a byte for the descriptors to go with, got none');
    this.header.describe(bytes, descriptors);
    return this.retried(() => libc().sendmsg(this.fd, this.header.memory, MSG_NOSIGNAL));
  }

  /** Makes a call until it takes something, waiting while the socket is full. */
  private retried(call: () => number): number {
    if (!this.isOpen) throw new Error('send: expected an open connection, this one was closed');
    for (;;) {
      const sent = call();
      if (sent >= 0) return sent;
      const errno = lastErrno();
      if (errno === EINTR) continue;
      if (errno !== EAGAIN) {
        this.isHungUp = true;
        throw new SystemCallError('send', errno);
      }
      if (!blockUntilWritable(this.fd, SEND_TIMEOUT_MS)) throw new SystemCallError('send', ETIMEDOUT);
    }
  }
}
