import type { Socket } from 'node:net';
import { LineReader } from './agent-messages.js';

/** Something that QEMU told by itself, such as `DEVICE_DELETED`. */
export interface QmpEvent {
  readonly event: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

type QmpMessage = {
  readonly id?: number;
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
} & Partial<QmpEvent>;

/** QEMU's monitor (docs/interop/qmp-spec): devices plugged and pulled, faults injected while the guest runs. */
export class Qmp {
  /** All events so far. */
  readonly events: QmpEvent[] = [];
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    const reader = new LineReader((line) => this.#take(JSON.parse(line) as QmpMessage));
    socket.setEncoding('utf8').on('data', (text) => reader.push(text.toString()));
    socket.on('error', () => undefined); // the guest's end is told by QEMU's exit
    // The first command has to be this one. Its answer is waited for by nobody: commands are carried out in order.
    this.#send('qmp_capabilities', {}, 0);
  }

  /** Has QEMU carry out a command; answers what it returns. @throws Error with QEMU's description */
  execute(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      const fail = (error: Error): void => reject(new Error(`QMP ${command}: ${error.message}`));
      this.#pending.set(id, { resolve, reject: fail });
      this.#send(command, args, id);
    });
  }

  /** QEMU is gone. */
  fail(reason: Error): void {
    for (const { reject } of this.#pending.values()) reject(reason);
    this.#pending.clear();
  }

  #send(command: string, args: Readonly<Record<string, unknown>>, id: number): void {
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
  }

  #take({ id, error, event, data, ...rest }: QmpMessage): void {
    if (event !== undefined) this.events.push({ event, ...(data === undefined ? {} : { data }) });
    const pending = id === undefined ? undefined : this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id!);
    if (error === undefined) pending.resolve(rest.return);
    else pending.reject(new Error(error.desc));
  }
}
