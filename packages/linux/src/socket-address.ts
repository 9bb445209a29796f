const AF_UNIX = 1;
/** sun_path holds 108 bytes, the last of which ends it. */
export const SOCKET_PATH_BYTES_MAX = 107;

/** struct sockaddr_un of a path. @throws RangeError when the path is longer than a socket's may be */
export function socketAddress(path: string): Uint8Array {
  const name = new TextEncoder().encode(path);
  if (name.length === 0 || name.length > SOCKET_PATH_BYTES_MAX || name.includes(0)) {
    throw new RangeError(`path: expected 1 to ${SOCKET_PATH_BYTES_MAX} bytes, got ${name.length}: ${path}`);
  }
  const address = new Uint8Array(2 + SOCKET_PATH_BYTES_MAX + 1);
  new Uint16Array(address.buffer, 0, 1)[0] = AF_UNIX;
  address.set(name, 2);
  return address;
}
