import { addressOf } from './mapped-memory.js';

const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
/** Most descriptors of one message. The kernel's own limit is 253. */
export const DESCRIPTORS_MAX = 16;

// struct msghdr, 56 bytes, in 64-bit words: name, namelen, iov, iovlen, control, controllen, flags.
const IOV = 2;
const IOV_COUNT = 3;
const CONTROL = 4;
const CONTROL_BYTES = 5;
const HEADER_WORDS = 7;
// struct iovec behind it: base, bytes.
const IOV_BASE = HEADER_WORDS;
const IOV_BYTES = HEADER_WORDS + 1;
// struct cmsghdr behind that: bytes (64 bits), level, type, and the descriptors, 32 bits each.
const CONTROL_AT = HEADER_WORDS + 2;
const CMSG_BYTES = 16;
const CONTROL_BYTES_MAX = CMSG_BYTES + 4 * DESCRIPTORS_MAX;

/**
 * What sendmsg(2) and recvmsg(2) work on, in one piece of memory: the header, one stretch of data, one control message with
 * descriptors.
 *
 * ```text
 *   0 msghdr                 56 iovec        72 cmsghdr           88 descriptors
 *   [.. iov ->56 control->72][base, bytes]   [bytes, level, type] [fd, fd, ...]
 * ```
 */
export class MessageHeader {
  /** the memory, to be passed to the calls */
  readonly memory: ArrayBuffer = new ArrayBuffer(CONTROL_AT * 8 + CONTROL_BYTES_MAX);
  private readonly words = new BigUint64Array(this.memory, 0, CONTROL_AT + 2);
  private readonly control = new Int32Array(this.memory, CONTROL_AT * 8);
  private readonly address = addressOf(this.memory);

  constructor() {
    this.words[IOV] = this.address + BigInt(IOV_BASE * 8);
    this.words[IOV_COUNT] = 1n;
    this.words[CONTROL] = this.address + BigInt(CONTROL_AT * 8);
  }

  /** Points it at data to be sent, with descriptors: 1 to {@link DESCRIPTORS_MAX}. */
  describe(data: Uint8Array, descriptors: readonly number[]): void {
    if (descriptors.length > DESCRIPTORS_MAX) {
      throw new RangeError(`descriptors: expected up to ${DESCRIPTORS_MAX}, got ${descriptors.length}`);
    }
    this.aim(data);
    const bytes = CMSG_BYTES + 4 * descriptors.length;
    this.words[CONTROL_BYTES] = BigInt(bytes);
    this.words[CONTROL_AT] = BigInt(bytes);
    this.control[2] = SOL_SOCKET;
    this.control[3] = SCM_RIGHTS;
    for (let i = 0; i < descriptors.length; i++) this.control[4 + i] = descriptors[i];
  }

  /** Points it at room for data, and makes room for descriptors. */
  makeRoom(data: Uint8Array): void {
    this.aim(data);
    this.words[CONTROL_BYTES] = BigInt(CONTROL_BYTES_MAX);
    this.words[CONTROL_AT] = 0n;
  }

  /** Appends the descriptors that have come to `into`. */
  takeDescriptors(into: number[]): void {
    const bytes = Math.min(Number(this.words[CONTROL_BYTES]), Number(this.words[CONTROL_AT]));
    if (bytes < CMSG_BYTES || this.control[2] !== SOL_SOCKET || this.control[3] !== SCM_RIGHTS) return;
    const count = Math.min(DESCRIPTORS_MAX, (bytes - CMSG_BYTES) >> 2);
    for (let i = 0; i < count; i++) into.push(this.control[4 + i]);
  }

  private aim(data: Uint8Array): void {
    this.words[IOV_BASE] = addressOf(data);
    this.words[IOV_BYTES] = BigInt(data.byteLength);
  }
}
