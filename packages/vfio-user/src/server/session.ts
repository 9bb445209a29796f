import { closeDescriptor, type UnixConnection } from '@phasebit/linux';
import { decodeVersion, encodeVersion } from '../protocol/capabilities.js';
import {
  COMMAND_REGION_READ,
  COMMAND_RESET,
  COMMAND_VERSION,
  FLAG_NO_REPLY,
  PROTOCOL_MAJOR,
} from '../protocol/commands.js';
import { EINVAL } from '../protocol/errno.js';
import type { Message } from '../protocol/header.js';
import { ClientLink } from './client-link.js';
import { ClientMemory } from './client-memory.js';
import { type Answer, type CommandParts, handleCommand } from './command-handler.js';

/** Messages dealt with in one turn: a client that never stops sending does not keep the device from running. */
const MESSAGES_PER_TURN = 64;

/** What {@link Session} needs of its surroundings. */
export interface SessionOptions {
  readonly connection: UnixConnection;
  readonly replyTimeoutMs: number;
  readonly whileWaiting: () => void;
}

/**
 * One client, from its first message to its last.
 *
 * ```text
 *   connected --VERSION--> established --any command--> ...
 *       |                       |
 *       +-- anything else ------+-- hung up, a stream that cannot be believed, no answer --> over
 * ```
 */
export class Session {
  /** The client's memory, by messages. */
  readonly memory: ClientMemory;
  private readonly link: ClientLink;
  private readonly deferred: Message[] = [];
  private parts: CommandParts | undefined = undefined;
  private isEstablished = false;
  private refusal: string | undefined = undefined;

  constructor(private readonly options: SessionOptions) {
    const { connection, replyTimeoutMs, whileWaiting } = options;
    const onCommand = (message: Message): void => this.takeInside(message);
    this.link = new ClientLink({ connection, replyTimeoutMs, whileWaiting, onCommand });
    this.memory = new ClientMemory(this.link);
  }

  /** Says what commands act on, before the first is received. */
  start(parts: CommandParts): void {
    this.parts = parts;
  }

  /** The socket, to wait for. */
  get fd(): number {
    return this.options.connection.fd;
  }

  /** Why it is over, or undefined. */
  get failure(): string | undefined {
    return this.link.failure;
  }

  /** Deals with the commands that have arrived. @returns how many */
  receive(): number {
    let count = 0;
    for (const message of this.deferred.splice(0)) this.take(message);
    while (count < MESSAGES_PER_TURN) {
      const message = this.link.receive();
      if (message === undefined) return count;
      count++;
      this.take(message);
    }
    return count;
  }

  /** Hangs up. */
  close(): void {
    for (const { descriptors } of this.deferred.splice(0)) for (const fd of descriptors) closeDescriptor(fd);
    this.link.close();
  }

  /** A turn of the device is over: what comes now is not in the middle of it any more. */
  endTurn(): void {
    this.memory.forget();
    this.link.isAborting = false;
  }

  /** From now to the end of the turn, the client is asked for nothing: a reset follows. */
  abortTurn(): void {
    this.link.isAborting = true;
  }

  /** Whether a reset waits for the turn of the device to end. */
  get isAborting(): boolean {
    return this.link.isAborting;
  }

  /**
   * A command that came while the device waits for the client's memory. It may be what the client waits for before it can answer, so it is
   * dealt with at once; but for a reset, which ends what the device is doing and then has its turn.
   */
  private takeInside(message: Message): void {
    if (message.header.command !== COMMAND_RESET && this.deferred.length === 0) {
      this.take(message);
      return;
    }
    this.deferred.push(message);
    this.link.isAborting = true;
  }

  /**
   * Deals with a command. A read may have to wait until earlier writes are carried out; if the device asks for the client's memory in the
   * course of that, the registers are as far as they are shown, and the client has its reply before it is asked.
   */
  private take(message: Message): void {
    let isEarly = false;
    if (message.header.command === COMMAND_REGION_READ) {
      this.link.beforeRequest = () => {
        isEarly = true;
        this.finish(message, this.execute(message));
      };
    }
    const answer = this.isEstablished ? this.execute(message) : this.negotiate(message);
    this.link.beforeRequest = undefined;
    if (!isEarly) this.finish(message, answer);
  }

  private finish(message: Message, answer: Answer): void {
    if (answer.isKept !== true) for (const fd of message.descriptors) closeDescriptor(fd);
    if ((message.header.flags & FLAG_NO_REPLY) === 0) {
      this.link.reply(message.header, answer.payload, answer.descriptors);
    }
    // Refused with an answer, so that the client can say why.
    if (this.refusal !== undefined) this.link.fail(this.refusal);
  }

  private execute(message: Message): Answer {
    if (message.header.command === COMMAND_VERSION) return { payload: EINVAL };
    return handleCommand(this.parts!, message);
  }

  private negotiate({ header, payload }: Message): Answer {
    const version = header.command === COMMAND_VERSION ? decodeVersion(payload) : `command ${header.command}`;
    if (typeof version === 'string') {
      this.refusal = `expected a version first, got ${version}`;
      return { payload: EINVAL };
    }
    if (version.major !== PROTOCOL_MAJOR) {
      this.refusal = `expected version ${PROTOCOL_MAJOR} of the protocol, got ${version.major}.${version.minor}`;
      return { payload: EINVAL };
    }
    this.isEstablished = true;
    this.memory.dataBytesMax = version.capabilities.maxDataXferSize;
    return { payload: encodeVersion(version.names) };
  }
}
