import type { Clock } from '@phasebit/core';
import { closeDescriptor, SystemCallError, type UnixConnection } from '@phasebit/linux';
import { CAPABILITIES_DEFAULT, type Capabilities } from '../protocol/capabilities.js';
import { FLAG_ERROR } from '../protocol/commands.js';
import { ENOSYS } from '../protocol/errno.js';
import {
  encodeCommand,
  encodeError,
  encodeReply,
  isReply,
  type Message,
  type MessageHeader,
} from '../protocol/header.js';
import { MESSAGE_BYTES_MAX, MessageStream } from '../protocol/message-stream.js';

/** What {@link ServerLink} needs of its surroundings. */
export interface ServerLinkOptions {
  readonly connection: UnixConnection;
  readonly clock: Clock;
  /** milliseconds that the server may take to reply */
  readonly replyTimeoutMs: number;
  /** lets a moment pass while a reply is waited for */
  readonly pause: () => Promise<void>;
}

/** The server has hung up, did not reply, or sent what is no message. */
export class LostServerError extends Error {
  /** `LostServerError` */
  override readonly name = 'LostServerError';
}

/** The server replied with an error. */
export class RefusedError extends Error {
  /** `RefusedError` */
  override readonly name = 'RefusedError';
  /** @param errno - error number, 0 when the server gave none */
  constructor(
    command: number,
    readonly errno: number,
  ) {
    super(`expected the server to carry out command ${command}, got error ${errno}`);
  }
}

/**
 * The connection to a server: commands with replies, commands that want none, and the server's own requests, which are answered whenever
 * somebody looks. Once the server is lost it stays lost, and nothing is sent any more.
 */
export class ServerLink {
  /** Answers a request of the server's: with a payload, or an error number. */
  onRequest: (message: Message) => Uint8Array | number = () => ENOSYS;
  /** What the server can take, once it has said so. */
  capabilities: Capabilities = CAPABILITIES_DEFAULT;
  private readonly stream: MessageStream;
  private readonly replies = new Map<number, Message | undefined>();
  private nextId = 0;
  private reason: string | undefined = undefined;

  constructor(private readonly options: ServerLinkOptions) {
    this.stream = new MessageStream(options.connection, MESSAGE_BYTES_MAX);
  }

  /** The socket, to wait for. */
  get fd(): number {
    return this.options.connection.fd;
  }

  /** Why the server is lost, or undefined. */
  get failure(): string | undefined {
    return this.reason ?? this.stream.failure;
  }

  /** Sends a command that wants no reply. They are carried out in the order in which they are sent, before commands sent later. */
  post(command: number, payload: Uint8Array): void {
    this.send(encodeCommand(this.takeId(), command, payload, true), []);
  }

  /**
   * Sends a command and waits for the reply.
   *
   * @returns its payload, and descriptors, which are the caller's to close
   * @throws RefusedError when the reply is an error; LostServerError when none comes
   */
  async call(
    command: number,
    payload: Uint8Array,
    descriptors: readonly number[] = [],
  ): Promise<{ readonly payload: Uint8Array; readonly descriptors: readonly number[] }> {
    const id = this.takeId();
    this.replies.set(id, undefined);
    this.send(encodeCommand(id, command, payload), descriptors);
    const message = await this.replyTo(id);
    if (message === undefined) throw new LostServerError(`expected a reply to command ${command}: ${this.failure}`);
    if ((message.header.flags & FLAG_ERROR) === 0) return message;
    closeAll(message.descriptors);
    throw new RefusedError(command, message.header.errno);
  }

  /** Takes what has arrived: replies are kept for those who wait, requests are answered. */
  serve(): void {
    while (this.failure === undefined) {
      const message = this.stream.receive();
      if (message === undefined) return;
      if (isReply(message.header)) this.takeReply(message);
      else this.answer(message);
    }
  }

  /** Sends and takes nothing any more. */
  abandon(): void {
    this.fail('closed');
  }

  /** Hangs up. */
  close(): void {
    this.fail('closed');
    this.stream.close();
  }

  private fail(reason: string): void {
    this.reason ??= reason;
  }

  private takeId(): number {
    do this.nextId = (this.nextId + 1) & 0xffff;
    while (this.replies.has(this.nextId));
    return this.nextId;
  }

  private async replyTo(id: number): Promise<Message | undefined> {
    const { clock, replyTimeoutMs, pause } = this.options;
    const deadlineNs = clock.nowNs() + replyTimeoutMs * 1e6;
    for (;;) {
      this.serve();
      const message = this.replies.get(id);
      if (message !== undefined || this.failure !== undefined) {
        this.replies.delete(id);
        return message;
      }
      if (clock.nowNs() > deadlineNs) this.fail(`no reply within ${replyTimeoutMs} ms`);
      else await pause();
    }
  }

  private takeReply(message: Message): void {
    const { id } = message.header;
    if (this.replies.has(id)) {
      this.replies.set(id, message);
      return;
    }
    closeAll(message.descriptors);
    this.fail(`a reply to nothing: message ${id}`);
  }

  private answer(message: Message): void {
    closeAll(message.descriptors);
    const answer = this.onRequest(message);
    this.send(encodeAnswer(message.header, answer), []);
  }

  private send(bytes: Uint8Array, descriptors: readonly number[]): void {
    if (this.failure !== undefined) return;
    try {
      this.options.connection.send(bytes, descriptors);
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      this.fail(error.message);
    }
  }
}

function encodeAnswer(to: MessageHeader, answer: Uint8Array | number): Uint8Array {
  return typeof answer === 'number' ? encodeError(to, answer) : encodeReply(to, answer);
}

function closeAll(descriptors: readonly number[]): void {
  for (const fd of descriptors) closeDescriptor(fd);
}
