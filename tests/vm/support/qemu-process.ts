import { type ChildProcess, spawn } from 'node:child_process';
import type { Qemu } from './qemu.js';

/** So many of the console's last characters go into a message. */
const CONSOLE_SHOWN = 3000;

/** A running QEMU: what its guest's console says, and its end. */
export class QemuProcess {
  /** When QEMU has ended, with what can be said about why. Never rejects. */
  readonly ended: Promise<Error>;
  readonly #child: ChildProcess;
  #console = '';
  #errors = '';
  #hasEnded = false;

  /** @param lifetimeSeconds - then it is killed, even if this process has died by then */
  constructor({ command, args, env }: Qemu, machine: readonly string[], lifetimeSeconds: number) {
    const guarded = ['-s', 'KILL', `${lifetimeSeconds}`, command, ...args, ...machine];
    this.#child = spawn('timeout', guarded, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // a Ctrl-C is for the tests, which then close their guests
    });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.#console += text));
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
    this.ended = new Promise((resolve) => {
      const end = (how: string): void => {
        this.#hasEnded = true;
        resolve(this.problem(how));
      };
      this.#child.on('error', (error) => end(`QEMU cannot be started: ${error.message}`));
      this.#child.on('close', (code, signal) => end(this.#howItEnded(code, signal, lifetimeSeconds)));
    });
  }

  /** Everything on the guest's console so far, without carriage returns. */
  get console(): string {
    return this.#console.replaceAll('\r', '');
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The status in the guest's last words `GUEST-EXIT rc=N`; undefined while, or if, it has not said them. */
  get exitStatus(): number | undefined {
    const match = /^GUEST-EXIT rc=(\d+)$/m.exec(this.console);
    return match === null ? undefined : Number(match[1]);
  }

  /** An error that shows what QEMU complained of, and the end of the console. */
  problem(what: string): Error {
    const errors = this.#errors.trim() === '' ? '' : `\nQEMU: ${this.#errors.trim()}`;
    return new Error(`${what}${errors}\nthe console's last lines:\n${this.console.slice(-CONSOLE_SHOWN)}`);
  }

  /** Ends QEMU at once and waits for it. */
  async kill(): Promise<void> {
    if (!this.#hasEnded && this.#child.pid !== undefined) process.kill(-this.#child.pid, 'SIGKILL');
    await this.ended;
  }

  #howItEnded(code: number | null, signal: NodeJS.Signals | null, lifetimeSeconds: number): string {
    if (/Kernel panic/.test(this.#console)) return 'the guest has panicked';
    if (this.exitStatus !== undefined) return `the guest has left with status ${this.exitStatus}`;
    // timeout(1) kills itself with the signal that it sent.
    if (signal === 'SIGKILL' || code === 137) return `QEMU was killed (a guest may live for ${lifetimeSeconds} s)`;
    return `QEMU has ended (${signal ?? `exit status ${code}`})`;
  }
}
