/**
 * The Linux system calls that Node lacks, as far as a user-space driver and a device server need them: mapped memory, ioctl, eventfd,
 * memfd, readiness, and UNIX sockets that pass descriptors. The C library is called through koffi; nothing here is native code of its own.
 * Start with {@link mapMemory}.
 *
 * @packageDocumentation
 */

// 1. Where it works, and what goes wrong
export { isLinux } from './libc.js';
export { SystemCallError } from './system-call-error.js';

// 2. Memory
export { addressOf, MappedMemory, mapMemory, type MapOptions, viewMemory } from './mapped-memory.js';

// 3. Descriptors, and waiting for them
export { closeDescriptor, createMemFd, openDescriptor } from './descriptors.js';
export { createEventFd, readEventFd, signalEventFd } from './event-fd.js';
export { ioctl } from './ioctl.js';
export { blockUntilReadable, endWaits, isReadable, keepAlive, waitReadable } from './readiness.js';

// 4. UNIX sockets
export { DESCRIPTORS_MAX } from './message-header.js';
export { SOCKET_PATH_BYTES_MAX } from './socket-address.js';
export { SEND_TIMEOUT_MS, UnixConnection } from './unix-connection.js';
export { UnixListener } from './unix-listener.js';
