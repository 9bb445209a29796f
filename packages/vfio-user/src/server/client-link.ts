import { blockUntilReadable, type UnixConnection } from '@phasebit/linux';
import type { Message } from '../protocol/header.js';
import { closeDescriptors, MessageLink } from '../protocol/message-link.js';

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
 * The connection to one client. The thread is held up while an answer is waited for, but commands of the client's are dealt with, since it may
 * wait for their replies before it answers.
 */
export class ClientLink extends MessageLink {
  /** Answers are not waited for any more. */
  isAborting = false;
  /** Called before the next request, once: a client that waits for a reply may not answer before it has it. */
  beforeRequest: (() => void) | undefined = undefined;

  constructor(private readonly options: ClientLinkOptions) {
    super(options.connection);
  }

  /** Sends a request, whose identifier {@link ClientLink.answer} takes. */
  request(command: number, payload: Uint8Array): number {
    const { beforeRequest } = this;
    this.beforeRequest = undefined;
    beforeRequest?.();
    return this.ask(command, payload);
  }

  /** Waits for the reply to a request; undefined if none comes. */
  answer(id: number): Message | undefined {
    const { onCommand, replyTimeoutMs } = this.options;
    for (let waitedMs = 0; !this.isAborting && this.isAwaited(id);) {
      const command = this.receive();
      if (command !== undefined) onCommand(command);
      else if (waitedMs >= replyTimeoutMs) this.fail(`no answer within ${replyTimeoutMs} ms`);
      else if (this.isAwaited(id)) waitedMs += this.sleep();
    }
    const message = this.takeReply(id);
    if (message !== undefined) closeDescriptors(message);
    return message;
  }

  /** Sleeps until something comes. @returns milliseconds in which nothing did */
  private sleep(): number {
    this.options.whileWaiting();
    return this.failure !== undefined || blockUntilReadable(this.fd, WAIT_SLICE_MS) ? 0 : WAIT_SLICE_MS;
  }
}
