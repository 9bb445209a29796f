import { blockUntilReadable, closeDescriptor, type UnixConnection } from '@phasebit/linux';
import {
  encodeCommand,
  encodeError,
  encodeReply,
  isReply,
  type Message,
  type MessageHeader,
} from '../protocol/header.js';
import { MESSAGE_BYTES_MAX, MessageStream } from '../protocol/message-stream.js';

/** How long it sleeps at a time for an answer, milliseconds. */
const WAIT_SLICE_MS = 5;

/** What {@link ClientLink} needs of its surroundings. */
export interface ClientLinkOptions {
  readonly connection: UnixConnection;
  /** milliseconds that the client may take to answer */
  readonly replyTimeoutMs: number;
  /** deals with a command that came while an answer was waited for */
  readonly onCommand: (message: Message) => void;
  /** called while an answer is waited for */
  readonly whileWaiting: () => void;
}

/**
 * The connection to one client: commands of its own with their replies, and requests to it. While an answer is waited for, commands of the
 * client's are dealt with, since it may wait for their replies before it answers.
 *
 * A client that does not answer, or answers what was not asked, is lost: {@link ClientLink.failure} says why. Nothing here throws then.
 */
export class ClientLink {
  /** Answers are not waited for any more. */
  isAborting = false;
  /** Called before the next request, once: a client that waits for a reply may not answer before it has it. */
  beforeRequest: (() => void) | undefined = undefined;
  private readonly stream: MessageStream;
  private readonly asked = new Map<number, Message | undefined>();
  private readonly abandoned = new Set<number>();
  private nextId = 0;
  private reason: string | undefined = undefined;

  constructor(private readonly options: ClientLinkOptions) {
    this.stream = new MessageStream(options.connection, MESSAGE_BYTES_MAX);
  }

  /** Why the client is to be let go of, or undefined. */
  get failure(): string | undefined {
    return this.reason ?? this.stream.failure;
  }

  /** The next command, or undefined. */
  receive(): Message | undefined {
    while (this.failure === undefined) {
      const message = this.stream.receive();
      if (message === undefined || !isReply(message.header)) return message;
      this.takeReply(message);
    }
    return undefined;
  }

  /** Sends the reply to a command: its payload, or an error number. */
  reply(to: MessageHeader, answer: Uint8Array | number, descriptors: readonly number[] = []): void {
    this.send(typeof answer === 'number' ? encodeError(to, answer) : encodeReply(to, answer), descriptors);
  }

  /** Sends a request, whose identifier {@link ClientLink.answer} takes. */
  request(command: number, payload: Uint8Array): number {
    const { beforeRequest } = this;
    this.beforeRequest = undefined;
    beforeRequest?.();
    const id = this.nextId;
    this.nextId = (id + 1) & 0xffff;
    this.asked.set(id, undefined);
    this.send(encodeCommand(id, command, payload), []);
    return id;
  }

  /** Waits for the reply to a request; undefined if none comes. */
  answer(id: number): Message | undefined {
    for (let waitedMs = 0; !this.isAborting && this.failure === undefined && this.asked.get(id) === undefined;) {
      const message = this.stream.receive();
      if (message !== undefined) {
        if (isReply(message.header)) this.takeReply(message);
        else this.options.onCommand(message);
        continue;
      }
      this.options.whileWaiting();
      if (this.failure !== undefined || blockUntilReadable(this.options.connection.fd, WAIT_SLICE_MS)) continue;
      waitedMs += WAIT_SLICE_MS;
      if (waitedMs >= this.options.replyTimeoutMs) this.fail(`no answer within ${this.options.replyTimeoutMs} ms`);
    }
    const message = this.asked.get(id);
    if (message === undefined) this.abandon(id);
    this.asked.delete(id);
    return message;
  }

  /** Nobody waits for the reply to a request any more. */
  abandon(id: number): void {
    if (this.asked.has(id) && this.asked.get(id) === undefined) this.abandoned.add(id);
    this.asked.delete(id);
  }

  /** Gives the client up. */
  fail(reason: string): void {
    this.reason ??= reason;
  }

  /** Hangs up. */
  close(): void {
    this.fail('closed');
    this.stream.close();
  }

  private send(bytes: Uint8Array, descriptors: readonly number[]): void {
    if (this.failure !== undefined) return;
    try {
      this.options.connection.send(bytes, descriptors);
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
    }
  }

  private takeReply(message: Message): void {
    for (const fd of message.descriptors) closeDescriptor(fd);
    const { id } = message.header;
    if (this.asked.has(id)) this.asked.set(id, message);
    else if (!this.abandoned.delete(id)) this.fail(`a reply to nothing: message ${id}`);
  }
}
