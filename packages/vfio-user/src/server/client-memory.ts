import { COMMAND_DMA_READ, COMMAND_DMA_WRITE, FLAG_ERROR } from '../protocol/commands.js';
import { type Message, viewOf } from '../protocol/header.js';
import { DMA_ACCESS_BYTES, encodeDmaAccess } from '../protocol/payloads.js';
import type { ClientLink } from './client-link.js';

/** Requests that may be without an answer at a time: few enough for the buffers of the socket. */
const OUTSTANDING_MAX = 32;
/** Where data begins in the accesses of those who have a count of 32 bits. */
const NARROW_ACCESS_BYTES = 12;

const NO_DATA = new Uint8Array(0);

/** A stretch of the client's memory, to be read into bytes here. */
export interface RemotePiece {
  readonly address: number;
  readonly into: Uint8Array;
}

/**
 * The client's memory could not be read or written. There is no status for that in the middle of a command, so the controller's turn ends
 * here, and a reset is what follows.
 */
export class LostMemoryError extends Error {
  override readonly name = 'LostMemoryError';
}

/** The client's memory, reached by messages. */
export class ClientMemory {
  /** Most bytes of data in one message to the client. */
  dataBytesMax: number = 1 << 20;
  private readonly written: { readonly id: number; readonly address: number }[] = [];
  private isNarrow = false;

  constructor(private readonly link: ClientLink) {}

  /** Reads all pieces. @throws LostMemoryError if one of them cannot be read */
  read(pieces: readonly RemotePiece[]): void {
    this.flush();
    const parts = pieces.flatMap((piece) => this.partsOf(piece));
    for (let first = 0; first < parts.length; first += OUTSTANDING_MAX) {
      const batch = parts.slice(first, first + OUTSTANDING_MAX);
      const ids = batch.map(({ address, into }) =>
        this.link.request(COMMAND_DMA_READ, encodeDmaAccess(address, into.length, NO_DATA)),
      );
      try {
        ids.forEach((id, i) => this.take(id, batch[i]));
      } finally {
        // Those behind one that failed.
        for (const id of ids) this.link.abandon(id);
      }
    }
  }

  /** Writes bytes; they are where the client sees them only after {@link ClientMemory.flush}. @throws LostMemoryError as it does */
  write(address: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += this.dataBytesMax) {
      if (this.written.length === OUTSTANDING_MAX) this.takeWritten();
      const part = bytes.subarray(at, at + this.dataBytesMax);
      const payload = encodeDmaAccess(address + at, part.length, part);
      if (this.isNarrow) payload.copyWithin(NARROW_ACCESS_BYTES, DMA_ACCESS_BYTES);
      this.written.push({ id: this.link.request(COMMAND_DMA_WRITE, payload), address: address + at });
    }
  }

  /** Waits until everything written has arrived. @throws LostMemoryError if some of it has not */
  flush(): void {
    while (this.written.length > 0) this.takeWritten();
  }

  /** Nothing is known of what was written any more: the turn that did it was given up. */
  forget(): void {
    for (const { id } of this.written.splice(0)) this.link.abandon(id);
  }

  /** A piece, cut to what one message can have. */
  private partsOf({ address, into }: RemotePiece): RemotePiece[] {
    return Array.from({ length: Math.ceil(into.length / this.dataBytesMax) }, (_, i) => {
      const at = i * this.dataBytesMax;
      return { address: address + at, into: into.subarray(at, at + this.dataBytesMax) };
    });
  }

  private take(id: number, { address, into }: RemotePiece): void {
    const { payload } = this.answer(id, address);
    if (payload.length < DMA_ACCESS_BYTES + into.length) fail(address, `${payload.length} bytes came`);
    // QEMU 10.1 and later have a count of 32 bits with the data right behind it, in a message of the right size. What should be the
    // count's upper half is then the first word of the data: once that is not zero, there is no doubt.
    if (viewOf(payload).getUint32(NARROW_ACCESS_BYTES, true) !== 0) this.isNarrow = true;
    const from = this.isNarrow ? NARROW_ACCESS_BYTES : DMA_ACCESS_BYTES;
    into.set(payload.subarray(from, from + into.length));
  }

  private takeWritten(): void {
    const { id, address } = this.written.shift()!;
    this.answer(id, address);
  }

  private answer(id: number, address: number): Message {
    const message = this.link.answer(id);
    if (message === undefined) return fail(address, 'no answer came');
    const { flags, errno } = message.header;
    return (flags & FLAG_ERROR) === 0 ? message : fail(address, `error ${errno} came`);
  }
}

function fail(address: number, what: string): never {
  throw new LostMemoryError(`expected the memory that was mapped at ${address.toString(16)}h, ${what}`);
}
