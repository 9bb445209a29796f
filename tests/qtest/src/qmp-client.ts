import { createConnection, type Socket } from 'node:net';

interface Reply {
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
  readonly event?: string;
  readonly QMP?: unknown;
}

interface Waiter {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** QEMU's monitor: JSON lines, a command and its answer at a time. */
export class QmpClient {
  private readonly waiters: Waiter[] = [];
  private rest = '';

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('utf8').unref();
    socket.on('data', (text: unknown) => this.take(String(text)));
    const end = (): void => {
      for (const { reject } of this.waiters.splice(0)) reject(new Error('QEMU hung up on its monitor'));
    };
    socket.on('error', end).on('close', end);
  }

  /** Connects to the monitor's socket. */
  static async connect(path: string): Promise<QmpClient> {
    const client = new QmpClient(createConnection(path));
    await client.reply();
    await client.execute('qmp_capabilities');
    return client;
  }

  /** Executes a command and gives what it returns. @throws Error when QEMU refuses it, or is gone */
  async execute(command: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const answer = this.reply();
    this.socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    const { error, return: value } = await answer;
    if (error !== undefined) throw new Error(`${command}: QEMU refused it: ${error.class}: ${error.desc}`);
    return value;
  }

  /** Hangs up. */
  close(): void {
    this.socket.destroy();
  }

  private reply(): Promise<Reply> {
    this.socket.ref();
    return new Promise<Reply>((resolve, reject) => this.waiters.push({ resolve, reject })).finally(() =>
      this.socket.unref(),
    );
  }

  private take(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop()!;
    for (const line of lines) {
      const reply = JSON.parse(line) as Reply;
      if (reply.event === undefined) this.waiters.shift()?.resolve(reply);
    }
  }
}
