import type { AgentEvent } from './agent-messages.js';

/** What a command in the guest left behind. */
export interface CommandResult {
  readonly command: string;
  /** exit status; 128 and the number of the signal that ended it */
  readonly status: number;
  /** stdout and stderr in the order in which they arrived, without carriage returns */
  readonly output: string;
  /** stdout alone, without carriage returns */
  readonly stdout: string;
  /** stdout alone, as it was */
  readonly bytes: Buffer;
}

/** How long to wait for something, in milliseconds of the host. */
export interface Deadline {
  readonly timeoutMs?: number;
}

/** Of a command that ran out of time or was cut off, so much of its output goes into the message. */
const OUTPUT_SHOWN = 4000;

const text = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString('utf8').replaceAll('\r', '');

/** A command that was started in the guest. */
export class GuestCommand {
  readonly command: string;
  readonly #signal: (name: NodeJS.Signals) => void;
  readonly #all: Buffer[] = [];
  readonly #stdout: Buffer[] = [];
  readonly #waiting = new Set<() => void>();
  #status: number | undefined;
  #failure: Error | undefined;

  /** @param signal - sends one to the command and all it started */
  constructor(command: string, signal: (name: NodeJS.Signals) => void) {
    this.command = command;
    this.#signal = signal;
  }

  /** What it has printed so far, stdout and stderr, without carriage returns. */
  get output(): string {
    return text(this.#all);
  }

  get isRunning(): boolean {
    return this.#status === undefined && this.#failure === undefined;
  }

  /** Sends a signal to the command and to everything that it started. */
  signal(name: NodeJS.Signals): void {
    if (this.isRunning) this.#signal(name);
  }

  /**
   * Waits until the output so far has the text or fits the pattern; answers the match.
   *
   * @throws Error when the command ends first, or the time is over (60 s if not given; the command goes on)
   */
  async waitFor(pattern: RegExp | string, { timeoutMs = 60_000 }: Deadline = {}): Promise<RegExpMatchArray> {
    const expression =
      typeof pattern === 'string' ? new RegExp(pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')) : pattern;
    const found = (): RegExpMatchArray | null => this.output.match(expression);
    const inTime = await this.#until(() => found() !== null || !this.isRunning, timeoutMs);
    const match = found();
    if (match !== null) return match;
    if (this.#failure !== undefined) throw this.#failure;
    throw new Error(
      `expected ${expression} from ${inTime ? `${this.#told()}, which has ended` : this.#told()}${this.#shown()}`,
    );
  }

  /**
   * Waits for the end.
   *
   * @throws Error when the guest dies, or the time is over (60 s if not given): then the command is killed
   */
  async finish({ timeoutMs = 60_000 }: Deadline = {}): Promise<CommandResult> {
    const inTime = await this.#until(() => !this.isRunning, timeoutMs);
    if (this.#failure !== undefined) throw this.#failure;
    if (!inTime) {
      this.signal('SIGKILL');
      throw new Error(`${this.#told()} has not ended after ${timeoutMs} ms and was killed${this.#shown()}`);
    }
    const { command, output } = this;
    return { command, status: this.#status!, output, stdout: text(this.#stdout), bytes: Buffer.concat(this.#stdout) };
  }

  /** Takes what the agent says about this command. */
  take(event: Extract<AgentEvent, { is: 'output' | 'end' }>): void {
    if (event.is === 'output') {
      const bytes = Buffer.from(event.data, 'base64');
      this.#all.push(bytes);
      if (event.from === 'stdout') this.#stdout.push(bytes);
    } else {
      if (event.error !== undefined) this.#all.push(Buffer.from(event.error));
      this.#status = event.status;
    }
    this.#wake();
  }

  /** The guest is gone. */
  fail(reason: Error): void {
    if (!this.isRunning) return;
    this.#failure = new Error(`${this.#told()} was cut off: ${reason.message}${this.#shown()}`);
    this.#wake();
  }

  #told(): string {
    return `\`${this.command}\` in the guest`;
  }

  #shown(): string {
    const { output } = this;
    return output === '' ? '; it printed nothing' : `; it printed:\n${output.slice(-OUTPUT_SHOWN)}`;
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Resolves with true once `isMet`, with false when the time is over. */
  #until(isMet: () => boolean, timeoutMs: number): Promise<boolean> {
    if (isMet()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (met: boolean): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve(met);
      };
      const wake = (): void => {
        if (isMet()) end(true);
      };
      const timer = setTimeout(() => end(false), timeoutMs);
      this.#waiting.add(wake);
    });
  }
}
