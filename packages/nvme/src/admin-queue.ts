import type { Clock, WaitOptions } from '@phasebit/core';
import { describeAdminOpcode, describeStatus, PAGE_BYTES } from '@phasebit/nvme-spec';
import type { PcieFunction } from '@phasebit/pcie';
import { type AdminCommand, type CommandCompletion, encodeCommand } from './admin-command.js';
import { Deadline } from './deadline.js';
import { DriverError } from './errors.js';
import type { HealthProbe } from './recovery/health-probe.js';
import type { QueuePair } from './queue-pair.js';
import { SUBMIT_ACCEPTED, SUBMIT_AGAIN, SUBMIT_NEVER } from './submit-result.js';

/** Enough payload to have PRP1 filled in, too little for PRP2. */
const ADDRESS_ONLY_BYTES = 4;

const NO_BYTES = new Uint8Array(0);

/** Told what came of a command, also when nobody waits for it any more: undefined when it was never sent. */
export type CompletionListener = (completion: CommandCompletion | undefined) => void;

const ignore: CompletionListener = () => undefined;

/**
 * Admin commands as promises, over a queue pair like any other. Waiting is polling: each call polls the admin completions, then
 * lets a moment pass, until its own has come or its deadline has.
 *
 * A reset of the controller replaces the queue pair. What was in flight on the old one completes with _Command Aborted By Host_.
 */
export class AdminQueue {
  /** most bytes of one command's payload; the controller's own limit, MDTS, is applied once it is known */
  transferBytesMax: number = PAGE_BYTES;
  /** whether log pages can be read from any offset: LPA, extended data; believed until Identify says otherwise */
  hasLogOffsets = true;
  /**
   * Looked at by every wait while the controller is brought up; afterwards that is the business of `Controller.tick`.
   *
   * @internal
   */
  health: HealthProbe | undefined;
  private pair: QueuePair;

  /** @param deadlineMsDefault - milliseconds a command may take unless its caller says otherwise */
  constructor(
    queuePair: QueuePair,
    private readonly fn: PcieFunction,
    /** where deadlines are measured */
    readonly clock: Clock,
    private readonly deadlineMsDefault: number,
  ) {
    this.health = undefined;
    this.pair = queuePair;
  }

  /** The queue pair itself, polled by every wait and by `Controller.tick`. */
  get queuePair(): QueuePair {
    return this.pair;
  }

  /** For the bring-up after a reset: commands go to another queue pair from now on. @internal */
  replacePair(queuePair: QueuePair): void {
    this.pair = queuePair;
  }

  /** Lets a moment pass: for whoever waits for something that several commands bring about. */
  pause(): Promise<void> {
    return this.fn.pause();
  }

  /**
   * Sends a command without payload and waits for its completion, whatever the status.
   *
   * @param onDone - told what came, also when nobody waits any more; undefined for a command that was never sent
   * @throws DriverError COMMAND_TIMEOUT, ABORTED or NOT_READY; of a controller that is being brought up also CONTROLLER_GONE and CONTROLLER_FATAL
   */
  async execute(
    command: AdminCommand,
    options: WaitOptions = {},
    onDone: CompletionListener = ignore,
  ): Promise<CommandCompletion> {
    return this.run(command, 0, 0, options, onDone);
  }

  /** As {@link AdminQueue.execute}, with PRP1 pointing at `address`: for commands that name memory which stays the caller's, as rings do. */
  async executeAt(
    command: AdminCommand,
    address: number,
    options: WaitOptions = {},
    onDone: CompletionListener = ignore,
  ): Promise<CommandCompletion> {
    return this.run(command, address, ADDRESS_ONLY_BYTES, options, onDone);
  }

  /** As {@link AdminQueue.executeAt}, with `bytes` bytes from `address` on described by both pointers. */
  async executeOver(
    command: AdminCommand,
    address: number,
    bytes: number,
    options: WaitOptions = {},
  ): Promise<CommandCompletion> {
    return this.run(command, address, bytes, options);
  }

  /**
   * As {@link AdminQueue.execute}, but an error status is thrown too.
   *
   * @throws DriverError also COMMAND_FAILED, with opcode and status
   */
  async demand(command: AdminCommand, options: WaitOptions = {}): Promise<CommandCompletion> {
    return demandSuccess(command, await this.execute(command, options));
  }

  /**
   * Sends a command that gives `bytes` bytes back and returns them, in memory of their own.
   *
   * @throws DriverError as {@link AdminQueue.demand}; RangeError when `bytes` is more than one command can carry
   */
  async receive(command: AdminCommand, bytes: number, options: WaitOptions = {}): Promise<Uint8Array> {
    const buffer = new Uint8Array(bytes);
    await this.transfer(command, buffer, options);
    return buffer;
  }

  /**
   * Sends a command that takes `payload` with it.
   *
   * @throws DriverError as {@link AdminQueue.demand}; RangeError when the payload is more than one command can carry
   */
  async send(command: AdminCommand, payload: Uint8Array, options: WaitOptions = {}): Promise<CommandCompletion> {
    return this.transfer(command, payload.slice(), options);
  }

  /** As {@link AdminQueue.exchange}, but an error status is thrown too. @throws DriverError also COMMAND_FAILED */
  async transfer(command: AdminCommand, payload: Uint8Array, options: WaitOptions = {}): Promise<CommandCompletion> {
    return demandSuccess(command, await this.exchange(command, payload, options));
  }

  /**
   * Sends any command and waits for its completion, whatever the status. The device finds the bytes of `payload` and may write over them;
   * what it left is in `payload` afterwards.
   *
   * @throws DriverError as {@link AdminQueue.execute}; RangeError when the payload is more than one command can carry
   */
  async exchange(command: AdminCommand, payload: Uint8Array, options: WaitOptions = {}): Promise<CommandCompletion> {
    const bytes = payload.length;
    if (bytes === 0) return this.run(command, 0, 0, options);
    if (bytes > this.transferBytesMax) {
      throw new RangeError(`payload: expected at most ${this.transferBytesMax} bytes of one command, got ${bytes}`);
    }
    const { dma } = this.fn;
    const address = dma.allocate(bytes);
    const buffer = dma.bytes(address, bytes);
    buffer.set(payload);
    let left = NO_BYTES;
    const completion = await this.run(command, address, bytes, options, () => {
      left = buffer.slice();
      dma.free(address);
    });
    payload.set(left);
    return completion;
  }

  private async run(
    command: AdminCommand,
    address: number,
    bytes: number,
    options: WaitOptions,
    onDone: CompletionListener = ignore,
  ): Promise<CommandCompletion> {
    const deadline = new Deadline(this.clock, options.deadlineMs ?? this.deadlineMsDefault, options.signal);
    const late = (): DriverError =>
      new DriverError('COMMAND_TIMEOUT', {
        opcode: describeAdminOpcode(command.opcode),
        deadlineMs: deadline.deadlineMs,
      });
    const box: { completion: CommandCompletion | undefined } = { completion: undefined };
    const callback = (_: unknown, status: number, dw0: number): void => {
      // Also when nobody waits any more: only now is the payload the host's again.
      const completion = { status, dw0: dw0 >>> 0 };
      onDone(completion);
      box.completion = completion;
    };
    let queuePair: QueuePair;
    try {
      queuePair = await this.submit(command, address, bytes, callback, deadline, late);
    } catch (error) {
      onDone(undefined);
      throw error;
    }
    for (;;) {
      if (queuePair.connected) queuePair.poll();
      if (box.completion !== undefined) return box.completion;
      this.health?.check(command.opcode);
      deadline.check(late);
      await this.fn.pause();
    }
  }

  /** Submits as soon as there is a request free, and gives the queue pair that took the command. */
  private async submit(
    command: AdminCommand,
    address: number,
    bytes: number,
    callback: (context: unknown, status: number, dw0: number) => void,
    deadline: Deadline,
    late: () => DriverError,
  ): Promise<QueuePair> {
    const words = encodeCommand(command);
    for (;;) {
      const queuePair = this.pair;
      const answer = queuePair.submitCommand(words, address, bytes, callback, undefined);
      if (answer === SUBMIT_ACCEPTED) return queuePair;
      if (answer === SUBMIT_NEVER) throw new RangeError(`payload: expected memory of one command, got ${bytes} bytes`);
      if (answer !== SUBMIT_AGAIN) {
        const facts = { opcode: describeAdminOpcode(command.opcode), expected: 'an admin queue that is connected' };
        throw new DriverError('NOT_READY', facts);
      }
      deadline.check(late);
      await this.fn.pause();
      if (queuePair.connected) queuePair.poll();
    }
  }
}

/** @throws DriverError COMMAND_FAILED, unless a completion says success */
export function demandSuccess(command: AdminCommand, completion: CommandCompletion): CommandCompletion {
  if (completion.status === 0) return completion;
  throw new DriverError('COMMAND_FAILED', {
    opcode: describeAdminOpcode(command.opcode),
    status: describeStatus(completion.status),
    statusCode: completion.status,
  });
}
