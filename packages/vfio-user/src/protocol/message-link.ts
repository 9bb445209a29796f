import { closeDescriptor, SystemCallError, type UnixConnection } from '@phasebit/linux';
import { encodeCommand, encodeError, encodeReply, isReply, type Message, type MessageHeader } from './header.js';
import { MESSAGE_BYTES_MAX, MessageStream } from './message-stream.js';

/** Commands that may be without a reply, those that nobody waits for included: half of the identifiers that there are. */
export const UNANSWERED_MAX = 0x8000;

/**
 * One end of a connection, whichever: commands of its own, which are numbered and whose replies are kept for who asked, and commands of the
 * peer's, which are answered. How a reply is waited for is what the two ends differ in.
 *
 * A peer that hangs up, sends what is no message, or replies to nothing is lost, and stays lost: {@link MessageLink.failure} says why, and
 * nothing is sent or received any more. Nothing here throws then.
 */
export class MessageLink {
  private readonly stream: MessageStream;
  /** commands that a reply is waited for, and the replies that have come */
  private readonly asked = new Map<number, Message | undefined>();
  /** commands whose replies nobody waits for any more, but which may come */
  private readonly abandoned = new Set<number>();
  private lastId = 0xffff;

  constructor(private readonly connection: UnixConnection) {
    this.stream = new MessageStream(connection, MESSAGE_BYTES_MAX);
  }

  /** The socket, to wait for. */
  get fd(): number {
    return this.connection.fd;
  }

  /** Why the peer is lost, or undefined. */
  get failure(): string | undefined {
    return this.stream.failure;
  }

  /** Sends a command that wants no reply. They are carried out in the order in which they are sent, before commands sent later. */
  post(command: number, payload: Uint8Array): void {
    this.send(encodeCommand(this.takeId(), command, payload, true), []);
  }

  /** Sends a command. @returns its identifier, by which the reply is had */
  ask(command: number, payload: Uint8Array, descriptors: readonly number[] = []): number {
    const id = this.takeId();
    if (this.failure === undefined) this.asked.set(id, undefined);
    this.send(encodeCommand(id, command, payload), descriptors);
    return id;
  }

  /** Whether the reply to a command can still come. */
  isAwaited(id: number): boolean {
    return this.failure === undefined && this.asked.has(id) && this.asked.get(id) === undefined;
  }

  /** Gives the reply to a command, and its descriptors, away; or undefined if none has come, and then nobody waits for it any more. */
  takeReply(id: number): Message | undefined {
    const message = this.asked.get(id);
    if (message === undefined) this.abandon(id);
    this.asked.delete(id);
    return message;
  }

  /** Nobody waits for the reply to a command any more, if somebody did. */
  abandon(id: number): void {
    const message = this.asked.get(id);
    if (message !== undefined) closeDescriptors(message);
    else if (this.asked.has(id)) this.abandoned.add(id);
    this.asked.delete(id);
  }

  /** The peer's next command, whose descriptors are the caller's, or undefined. Replies that came before it are kept. */
  receive(): Message | undefined {
    while (this.failure === undefined) {
      const message = this.stream.receive();
      if (message === undefined || !isReply(message.header)) return message;
      this.keepReply(message);
    }
    return undefined;
  }

  /** Sends the reply to a command of the peer's: its payload, or an error number. */
  reply(to: MessageHeader, answer: Uint8Array | number, descriptors: readonly number[] = []): void {
    this.send(typeof answer === 'number' ? encodeError(to, answer) : encodeReply(to, answer), descriptors);
  }

  /** Gives the peer up. */
  fail(reason: string): void {
    this.stream.failure ??= reason;
  }

  /** Hangs up. */
  close(): void {
    for (const id of [...this.asked.keys()]) this.abandon(id);
    this.stream.close();
  }

  private takeId(): number {
    if (this.asked.size + this.abandoned.size >= UNANSWERED_MAX)
      this.fail(`${UNANSWERED_MAX} commands without a reply`);
    do this.lastId = (this.lastId + 1) & 0xffff;
    while (this.asked.has(this.lastId) || this.abandoned.has(this.lastId));
    return this.lastId;
  }

  private keepReply(message: Message): void {
    const { id } = message.header;
    if (this.isAwaited(id)) {
      this.asked.set(id, message);
      return;
    }
    closeDescriptors(message);
    if (!this.abandoned.delete(id)) this.fail(`a reply to nothing: message ${id}`);
  }

  private send(bytes: Uint8Array, descriptors: readonly number[]): void {
    if (this.failure !== undefined) return;
    try {
      this.connection.send(bytes, descriptors);
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      this.fail(error.message);
    }
  }
}

/** Closes what came with a message. */
export function closeDescriptors({ descriptors }: Message): void {
  for (const fd of descriptors) closeDescriptor(fd);
}
