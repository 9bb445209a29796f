import { closeDescriptor, DESCRIPTORS_MAX, type UnixConnection } from '@phasebit/linux';
import { DATA_BYTES_MAX } from './capabilities.js';
import { decodeHeader, HEADER_BYTES, isCommand, isReply, type Message, type MessageHeader } from './header.js';

/** Largest message that either end may send: the most data, and room for what is around it. */
export const MESSAGE_BYTES_MAX: number = DATA_BYTES_MAX + 4096;

/**
 * Cuts what arrives on a connection into messages. It never reads beyond the message it is in, so that descriptors, which come with the
 * first byte of theirs, belong to it.
 *
 * A stream whose lengths cannot be believed is lost: `failure` says why, and nothing is received any more.
 */
export class MessageStream {
  /** Why nothing will come any more, or undefined. Whoever has a reason of its own for that may say so here. */
  failure: string | undefined = undefined;
  private readonly headerBytes = new Uint8Array(HEADER_BYTES);
  private header: MessageHeader | undefined = undefined;
  private payload: Uint8Array = this.headerBytes;
  private received = 0;
  private descriptors: number[] = [];

  /** @param bytesMax - of the largest message that is believed */
  constructor(
    private readonly connection: UnixConnection,
    private readonly bytesMax: number,
  ) {}

  /** The next message, or undefined while it has not arrived in full. */
  receive(): Message | undefined {
    while (this.failure === undefined) {
      const { header } = this;
      if (header === undefined) {
        if (!this.fill(this.headerBytes)) return undefined;
        this.begin(decodeHeader(this.headerBytes));
      } else {
        if (!this.fill(this.payload)) return undefined;
        const message = { header, payload: this.payload, descriptors: this.descriptors };
        this.header = undefined;
        this.received = 0;
        this.descriptors = [];
        return message;
      }
    }
    return undefined;
  }

  /** Closes the connection, and descriptors of a message that was never finished. */
  close(): void {
    this.failure ??= 'closed';
    for (const fd of this.descriptors.splice(0)) closeDescriptor(fd);
    this.connection.close();
  }

  /** Receives until `into` is full; false when that takes longer. */
  private fill(into: Uint8Array): boolean {
    while (this.received < into.length && this.failure === undefined) {
      const bytes = this.connection.receive(into, this.received, this.descriptors);
      if (bytes < 0)
        this.failure = this.received > 0 || this.header !== undefined ? 'hung up within a message' : 'hung up';
      if (this.descriptors.length > DESCRIPTORS_MAX)
        this.failure = `more than ${DESCRIPTORS_MAX} descriptors in a message`;
      if (bytes <= 0) return false;
      this.received += bytes;
    }
    return this.failure === undefined;
  }

  private begin(header: MessageHeader): void {
    if (header.bytes < HEADER_BYTES || header.bytes > this.bytesMax) {
      this.failure = `a message of ${header.bytes} bytes, expected ${HEADER_BYTES} to ${this.bytesMax}`;
    } else if (!isCommand(header) && !isReply(header)) {
      this.failure = `a message that is neither command nor reply: flags ${header.flags.toString(16)}h`;
    } else {
      this.header = header;
      this.payload = new Uint8Array(header.bytes - HEADER_BYTES);
      this.received = 0;
    }
  }
}
