// What the host and the agent in the guest say to each other: a JSON object to a line, bytes in base64.

/** From the host. `id` is the host's number for a command, in all that follows about it. */
export type AgentRequest =
  | { readonly do: 'start'; readonly id: number; readonly command: string }
  | { readonly do: 'signal'; readonly id: number; readonly signal: NodeJS.Signals }
  | {
      readonly do: 'write';
      readonly id: number;
      readonly file: string;
      readonly data: string;
      readonly append: boolean;
    }
  | { readonly do: 'leave'; readonly status: number };

/** From the agent. */
export type AgentEvent =
  | { readonly is: 'ready' }
  | { readonly is: 'output'; readonly id: number; readonly from: 'stdout' | 'stderr'; readonly data: string }
  /** a signal counts as 128 and its number, as in a shell; `error` says why nothing was run or written */
  | { readonly is: 'end'; readonly id: number; readonly status: number; readonly error?: string };

/** Puts lines together again. */
export class LineReader {
  #rest = '';
  readonly #onLine: (line: string) => void;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** @param text - ASCII, cut anywhere */
  push(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) if (line !== '') this.#onLine(line);
  }
}
