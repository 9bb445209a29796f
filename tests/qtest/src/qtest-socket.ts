import { blockUntilReadable, SystemCallError, UnixConnection } from '@phasebit/linux';

const LINE_END = 0x0a;
const INCOMING_BYTES = 1 << 16;
/**
 * Most commands without their answers. An answer takes a kernel buffer of about 1 KiB, and QEMU stands still once 200 KiB of them wait,
 * while this end would stand still with a command that QEMU does not take.
 */
const UNANSWERED_MAX = 128;
/** After so many commands the answers that are there are taken. */
const TAKE_AFTER = 32;
/** How long QEMU may take for an answer unless told otherwise, milliseconds. */
const ANSWER_TIMEOUT_MS = 10_000;

const NO_DESCRIPTORS: number[] = [];

/**
 * QEMU's qtest protocol: lines of text that read and write the ports and the memory of the machine, each answered by a line. QEMU carries
 * commands out in order, so what only writes is not waited for: {@link QtestSocket.post}.
 *
 * Everything is synchronous, so that a polling loop can ring doorbells without giving the event loop a turn.
 */
export class QtestSocket {
  /** commands sent; the number of the last one */
  private sent = 0;
  /** commands answered */
  private answered = 0;
  private readonly incoming = new Uint8Array(INCOMING_BYTES);
  private held = 0;
  private readonly awaited = new Map<number, string>();
  private readonly encoder = new TextEncoder();
  private readonly decoder = new TextDecoder();

  constructor(
    private readonly connection: UnixConnection,
    private readonly answerTimeoutMs: number,
  ) {}

  /**
   * Connects to the socket that QEMU listens at.
   *
   * @param answerTimeoutMs - how long QEMU may take for an answer, milliseconds; default 10,000
   * @throws SystemCallError ENOENT or ECONNREFUSED while it does not listen yet
   */
  static connect(path: string, answerTimeoutMs: number = ANSWER_TIMEOUT_MS): QtestSocket {
    return new QtestSocket(UnixConnection.connect(path), answerTimeoutMs);
  }

  /** Whether QEMU has hung up. What is asked of it then has no answer, and what is posted goes nowhere. */
  get isClosed(): boolean {
    return this.connection.isClosed;
  }

  /** Sends one command, a line with its end, and does not wait for the answer. */
  post(line: Uint8Array): void {
    if (this.connection.isClosed) return;
    this.sent++;
    try {
      this.connection.send(line);
    } catch (error) {
      if (!(error instanceof SystemCallError) || !this.connection.isClosed) throw error;
      return;
    }
    if (this.sent - this.answered >= TAKE_AFTER) this.takeAnswers(UNANSWERED_MAX);
  }

  /** As {@link QtestSocket.post}, of text without the line's end. */
  postText(command: string): void {
    this.post(this.encoder.encode(`${command}\n`));
  }

  /**
   * Sends a command and waits for its answer.
   *
   * @returns what follows `OK`; undefined when QEMU has hung up
   * @throws Error when QEMU refuses the command, or does not answer in time
   */
  ask(command: string): string | undefined {
    const number = this.sent + 1;
    this.awaited.set(number, '');
    this.postText(command);
    this.takeAnswers(0);
    const answer = this.awaited.get(number);
    this.awaited.delete(number);
    return this.connection.isClosed ? undefined : answer;
  }

  /** Waits until QEMU has carried out everything that was posted. */
  settle(): void {
    this.takeAnswers(0);
  }

  /** Hangs up. */
  close(): void {
    this.connection.close();
  }

  /** Takes the answers that are there, and waits for more while more than `unansweredMax` commands have none. */
  private takeAnswers(unansweredMax: number): void {
    for (;;) {
      const received = this.connection.receive(this.incoming, this.held, NO_DESCRIPTORS);
      if (received < 0) return;
      if (received > 0) this.takeLines(this.held + received);
      if (this.sent - this.answered <= unansweredMax) return;
      if (received === 0 && !blockUntilReadable(this.connection.fd, this.answerTimeoutMs)) {
        throw new Error(`QEMU: expected an answer within ${this.answerTimeoutMs} ms, got none`);
      }
    }
  }

  /** Takes the whole lines of the first `bytes` bytes received, and keeps the rest for when it is complete. */
  private takeLines(bytes: number): void {
    let begin = 0;
    for (let at = this.held; at < bytes; at++) {
      if (this.incoming[at] !== LINE_END) continue;
      this.takeLine(begin, at);
      begin = at + 1;
    }
    this.incoming.copyWithin(0, begin, bytes);
    this.held = bytes - begin;
  }

  private takeLine(begin: number, end: number): void {
    this.answered++;
    // `OK` and nothing else, to a command that nobody waits for.
    const isPlain = end - begin === 2 && this.incoming[begin] === 0x4f;
    if (isPlain && !this.awaited.has(this.answered)) return;
    const line = this.decoder.decode(this.incoming.subarray(begin, end));
    if (!line.startsWith('OK')) throw new Error(`QEMU refused a qtest command: ${line}`);
    if (this.awaited.has(this.answered)) this.awaited.set(this.answered, line.slice(3));
  }
}
