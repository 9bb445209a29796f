import { FLAG_ERROR, FLAG_NO_REPLY, FLAGS_TYPE, TYPE_COMMAND, TYPE_REPLY } from './commands.js';

/** Bytes of the header that every message begins with. */
export const HEADER_BYTES = 16;

/**
 * The header of a message, little-endian. [vfio-user] Header
 *
 * ```text
 *   0  identifier   2  command   4  bytes of the message, header included   8  flags   12  error number, in a reply
 * ```
 */
export interface MessageHeader {
  /** chosen by who sends a command; a reply has its command's */
  readonly id: number;
  /** `COMMAND_*` */
  readonly command: number;
  /** bytes of the whole message */
  readonly bytes: number;
  /** `FLAGS_TYPE`, `FLAG_NO_REPLY`, `FLAG_ERROR` */
  readonly flags: number;
  /** error number, valid with `FLAG_ERROR` */
  readonly errno: number;
}

/** A message as it came: its header, what follows, and the descriptors that came with it, which are the receiver's to close. */
export interface Message {
  readonly header: MessageHeader;
  readonly payload: Uint8Array;
  readonly descriptors: readonly number[];
}

/** Reads a header from the first 16 bytes. */
export function decodeHeader(bytes: Uint8Array): MessageHeader {
  const view = viewOf(bytes);
  return {
    id: view.getUint16(0, true),
    command: view.getUint16(2, true),
    bytes: view.getUint32(4, true),
    flags: view.getUint32(8, true),
    errno: view.getUint32(12, true),
  };
}

/** A command with its payload. */
export function encodeCommand(id: number, command: number, payload: Uint8Array, isPosted = false): Uint8Array {
  return encode(id, command, TYPE_COMMAND | (isPosted ? FLAG_NO_REPLY : 0), 0, payload);
}

/** A reply to a command. */
export function encodeReply(to: MessageHeader, payload: Uint8Array): Uint8Array {
  return encode(to.id, to.command, TYPE_REPLY, 0, payload);
}

/** A reply that says what went wrong; it has no payload. */
export function encodeError(to: MessageHeader, errno: number): Uint8Array {
  return encode(to.id, to.command, TYPE_REPLY | FLAG_ERROR, errno, NOTHING);
}

/** Whether a message is a reply; anything but 0 and 1 is neither that nor a command. */
export function isReply(header: MessageHeader): boolean {
  return (header.flags & FLAGS_TYPE) === TYPE_REPLY;
}

/** Whether a message is a command. */
export function isCommand(header: MessageHeader): boolean {
  return (header.flags & FLAGS_TYPE) === TYPE_COMMAND;
}

/** No payload. */
export const NOTHING: Uint8Array = new Uint8Array(0);

/** A view to read and write numbers in bytes with. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function encode(id: number, command: number, flags: number, errno: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  const view = viewOf(bytes);
  view.setUint16(0, id, true);
  view.setUint16(2, command, true);
  view.setUint32(4, bytes.length, true);
  view.setUint32(8, flags, true);
  view.setUint32(12, errno, true);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}
