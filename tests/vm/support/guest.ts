import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inject } from 'vitest';
import { AgentConnection } from './agent-connection.js';
import { bundleForGuest, type PackagesFrom } from './bundle.js';
import type { Provided } from './environment.js';
import type { CommandResult, Deadline, GuestCommand } from './guest-command.js';
import { type MachineOptions, qemuArguments } from './qemu-arguments.js';
import { QemuProcess } from './qemu-process.js';
import { Qmp } from './qmp.js';
import { SocketServer } from './socket-server.js';

/** From the request to leave until QEMU's end. */
const LEAVE_MS = 20_000;
const PROGRAM_FOLDER = '/app/tests';

/** A guest, and how long it may take. */
export interface GuestOptions extends MachineOptions {
  /** until commands can be run (default 120 s) */
  readonly bootTimeoutMs?: number;
  /** after so long QEMU is killed, whatever has become of the tests (default 900 s) */
  readonly lifetimeSeconds?: number;
}

/** How to run a program of `tests/vm/guest`. */
export interface ProgramOptions extends Deadline {
  /** whether it brings our packages along, made from source, or imports the built ones in the guest (default `source`) */
  readonly packages?: PackagesFrom;
  /** for node itself, such as `--expose-gc` */
  readonly nodeArgs?: readonly string[];
}

const needed = <T>(provided: Provided<T>): T => {
  if ('missing' in provided) throw new Error(provided.missing);
  return provided.value;
};

/** One word for the guest's shell, whatever is in it. */
export const shellWord = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** A booted Linux under QEMU in which tests run commands. */
export class Guest {
  /** QEMU's monitor. */
  readonly qmp: Qmp;
  readonly #qemu: QemuProcess;
  readonly #agent: AgentConnection;
  readonly #programs = new Map<string, Promise<string>>();
  #closing: Promise<void> | undefined;

  private constructor(qemu: QemuProcess, agent: AgentConnection, qmp: Qmp) {
    this.#qemu = qemu;
    this.#agent = agent;
    this.qmp = qmp;
    void qemu.ended.then((reason) => {
      agent.fail(reason);
      qmp.fail(reason);
    });
  }

  /** Boots a guest; resolves when it takes commands. @throws Error with the console's last lines when it does not come up in time */
  static async boot(options: GuestOptions = {}): Promise<Guest> {
    const { bootTimeoutMs = 120_000, lifetimeSeconds = 900 } = options;
    const vm = inject('vm');
    const folder = mkdtempSync(path.join(tmpdir(), 'phasebit-vm-'));
    const agents = await SocketServer.listen(path.join(folder, 'agent'));
    const monitors = await SocketServer.listen(path.join(folder, 'qmp'));
    const files = { ...needed(vm.system), agentSocket: agents.path, qmpSocket: monitors.path };
    const program = needed(options.qemu === 'vfio-user' ? vm.vfioUserQemu : vm.qemu);
    const qemu = new QemuProcess(program, qemuArguments(options, files), lifetimeSeconds);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Error>((resolve) => {
      timer = setTimeout(() => resolve(qemu.problem(`the guest is not up after ${bootTimeoutMs} ms`)), bootTimeoutMs);
    });
    try {
      const connected = Promise.all([agents.connection, monitors.connection]).then(async ([agent, monitor]) => {
        const guest = new Guest(qemu, new AgentConnection(agent), new Qmp(monitor));
        await guest.#agent.ready;
        return guest;
      });
      const guest = await Promise.race([connected, late, qemu.ended]);
      if (guest instanceof Guest) return guest;
      await qemu.kill();
      throw guest;
    } finally {
      clearTimeout(timer);
      agents.close();
      monitors.close();
      // Connected sockets need no name.
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Everything on the kernel's console so far, without carriage returns. Commands do not write there. */
  get console(): string {
    return this.#qemu.console;
  }

  /** Starts a command of the guest's shell and lets it run. Its folder is `/job`; it has no stdin. */
  start(command: string): GuestCommand {
    return this.#agent.start(command);
  }

  /** Runs a command to its end, whatever its status. @throws Error when the time is over (60 s if not given) or the guest dies */
  run(command: string, deadline: Deadline = {}): Promise<CommandResult> {
    return this.start(command).finish(deadline);
  }

  /** Runs a command that has to succeed. @throws Error with its output when it does not */
  async expect(command: string, deadline: Deadline = {}): Promise<CommandResult> {
    const result = await this.run(command, deadline);
    if (result.status === 0) return result;
    throw new Error(`\`${command}\` in the guest failed with status ${result.status}:\n${result.output}`);
  }

  /** Runs a command that has to succeed and prints JSON on stdout, such as `nvme id-ctrl -o json /dev/nvme0`. */
  async json<T>(command: string, deadline: Deadline = {}): Promise<T> {
    const { stdout } = await this.expect(command, deadline);
    try {
      return JSON.parse(stdout) as T;
    } catch (error) {
      throw new Error(`expected JSON from \`${command}\`, got:\n${stdout}`, { cause: error });
    }
  }

  /** The kernel's log, all levels. */
  async dmesg(): Promise<string> {
    return (await this.expect('dmesg')).stdout;
  }

  /** Writes a file in the guest. @param name - from `/job`, or absolute */
  copyIn(name: string, contents: string | Uint8Array, deadline: Deadline = {}): Promise<void> {
    return this.#agent.write(name, Buffer.from(contents), deadline);
  }

  /** Reads a file of the guest. */
  async copyOut(name: string, deadline: Deadline = {}): Promise<Buffer> {
    return (await this.expect(`cat ${shellWord(name)}`, deadline)).bytes;
  }

  /**
   * Starts a program of ours under the guest's node.
   *
   * @param entry - TypeScript file, from `tests/vm`, such as `guest/versions.ts`
   */
  async startNode(
    entry: string,
    args: readonly string[] = [],
    { packages = 'source', nodeArgs = [] }: ProgramOptions = {},
  ): Promise<GuestCommand> {
    const key = `${packages} ${entry}`;
    const known = this.#programs.get(key) ?? this.#bring(entry, packages);
    this.#programs.set(key, known);
    return this.start(['node', ...nodeArgs, await known, ...args.map(shellWord)].join(' '));
  }

  /** Runs a program of ours under the guest's node, to its end, whatever its status. */
  async node(entry: string, args: readonly string[] = [], options: ProgramOptions = {}): Promise<CommandResult> {
    return (await this.startNode(entry, args, options)).finish(options);
  }

  /**
   * Powers the guest off.
   *
   * @throws Error when the guest had died before, does not end in time, or has not said `GUEST-EXIT rc=0` at the end
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#qemu.hasEnded) throw await this.#qemu.ended;
    this.#agent.leave();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Error>((resolve) => {
      timer = setTimeout(() => resolve(this.#qemu.problem(`the guest has not left in ${LEAVE_MS} ms`)), LEAVE_MS);
    });
    const reason = await Promise.race([late, this.#qemu.ended]);
    clearTimeout(timer);
    await this.#qemu.kill();
    if (this.#qemu.exitStatus !== 0) throw reason;
  }

  async #bring(entry: string, packages: PackagesFrom): Promise<string> {
    const program = await bundleForGuest(entry, packages);
    const sum = createHash('sha256').update(program).digest('hex').slice(0, 8);
    const place = `${PROGRAM_FOLDER}/${path.basename(entry, '.ts')}-${sum}.mjs`;
    await this.copyIn(place, program);
    return place;
  }
}
