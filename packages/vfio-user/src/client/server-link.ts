import type { Clock } from '@phasebit/core';
import type { UnixConnection } from '@phasebit/linux';
import { CAPABILITIES_DEFAULT, type Capabilities } from '../protocol/capabilities.js';
import { FLAG_ERROR } from '../protocol/commands.js';
import { ENOSYS } from '../protocol/errno.js';
import type { Message } from '../protocol/header.js';
import { closeDescriptors, MessageLink } from '../protocol/message-link.js';

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

/** The connection to a server: replies are promises, and the server's own requests are answered whenever somebody looks. */
export class ServerLink extends MessageLink {
  /** Answers a request of the server's: with a payload, or an error number. */
  onRequest: (message: Message) => Uint8Array | number = () => ENOSYS;
  /** What the server can take, once it has said so. */
  capabilities: Capabilities = CAPABILITIES_DEFAULT;

  constructor(private readonly options: ServerLinkOptions) {
    super(options.connection);
  }

  /**
   * Sends a command and waits for the reply.
   *
   * @returns its payload, and descriptors, which are the caller's to close
   * @throws RefusedError when the reply is an error; LostServerError when none comes
   */
  async call(command: number, payload: Uint8Array, descriptors: readonly number[] = []): Promise<Message> {
    const { clock, replyTimeoutMs, pause } = this.options;
    const id = this.ask(command, payload, descriptors);
    const deadlineNs = clock.nowNs() + replyTimeoutMs * 1e6;
    for (this.serve(); this.isAwaited(id); this.serve()) {
      if (clock.nowNs() > deadlineNs) this.fail(`no reply within ${replyTimeoutMs} ms`);
      else await pause();
    }
    const message = this.takeReply(id);
    if (message === undefined) throw new LostServerError(`expected a reply to command ${command}: ${this.failure}`);
    if ((message.header.flags & FLAG_ERROR) === 0) return message;
    closeDescriptors(message);
    throw new RefusedError(command, message.header.errno);
  }

  /** Takes what has arrived: replies are kept for those who wait, requests are answered. */
  serve(): void {
    for (let message = this.receive(); message !== undefined; message = this.receive()) {
      closeDescriptors(message);
      this.reply(message.header, this.onRequest(message));
    }
  }
}
