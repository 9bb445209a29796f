import type { Socket } from 'node:net';
import { type AgentEvent, type AgentRequest, LineReader } from './agent-messages.js';
import { type CommandResult, type Deadline, GuestCommand } from './guest-command.js';

/** A part of a file that travels in one message. */
const CHUNK_BYTES = 256 * 1024;

/** The host's end of the agent in a guest. */
export class AgentConnection {
  /** When the agent takes commands. */
  readonly ready: Promise<void>;
  readonly #socket: Socket;
  readonly #commands = new Map<number, GuestCommand>();
  #lastId = 0;
  #failure: Error | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    let becomeReady = (): void => undefined;
    this.ready = new Promise((resolve) => (becomeReady = resolve));
    const reader = new LineReader((line) => {
      const event = JSON.parse(line) as AgentEvent;
      if (event.is === 'ready') becomeReady();
      else this.#take(event);
    });
    socket.setEncoding('latin1').on('data', (text) => reader.push(text.toString()));
    socket.on('error', () => undefined); // the guest's end is told by QEMU's exit
  }

  /** Starts a command of the guest's shell. */
  start(command: string): GuestCommand {
    const { id, pending } = this.#next(command);
    this.#send({ do: 'start', id, command });
    return pending;
  }

  /** Writes a file in the guest. */
  async write(file: string, bytes: Uint8Array, deadline: Deadline = {}): Promise<void> {
    const parts: Promise<CommandResult>[] = [];
    for (let offset = 0; offset === 0 || offset < bytes.length; offset += CHUNK_BYTES) {
      const { id, pending } = this.#next(`write ${file}`);
      const data = Buffer.from(bytes.subarray(offset, offset + CHUNK_BYTES)).toString('base64');
      this.#send({ do: 'write', id, file, data, append: offset > 0 });
      parts.push(pending.finish(deadline));
    }
    for (const { command, status, output } of await Promise.all(parts)) {
      if (status !== 0) throw new Error(`${command} in the guest failed: ${output}`);
    }
  }

  /** Has the agent leave, and the guest power off. */
  leave(): void {
    this.#send({ do: 'leave', status: 0 });
  }

  /** The guest is gone: everything that waits for it fails, now and later. */
  fail(reason: Error): void {
    this.#failure = reason;
    for (const command of this.#commands.values()) command.fail(reason);
    this.#commands.clear();
    this.#socket.destroy();
  }

  #next(command: string): { id: number; pending: GuestCommand } {
    const id = ++this.#lastId;
    const pending = new GuestCommand(command, (signal) => this.#send({ do: 'signal', id, signal }));
    if (this.#failure === undefined) this.#commands.set(id, pending);
    else pending.fail(this.#failure);
    return { id, pending };
  }

  #send(request: AgentRequest): void {
    if (this.#failure === undefined) this.#socket.write(`${JSON.stringify(request)}\n`);
  }

  #take(event: Exclude<AgentEvent, { is: 'ready' }>): void {
    this.#commands.get(event.id)?.take(event);
    if (event.is === 'end') this.#commands.delete(event.id);
  }
}
