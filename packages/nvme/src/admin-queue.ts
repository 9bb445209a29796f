import type { Clock, WaitOptions } from '@phasebit/core';
import { describeAdminOpcode, describeStatus } from '@phasebit/nvme-spec';
import type { PcieFunction } from '@phasebit/pcie';
import { type AdminCommand, type CommandCompletion, encodeCommand } from './admin-command.js';
import { DriverError } from './errors.js';
import type { QueuePair } from './queue-pair.js';
import { SUBMIT_ACCEPTED } from './submit-result.js';

/** Enough payload to have PRP1 filled in, too little for PRP2. */
const ADDRESS_ONLY_BYTES = 4;

/**
 * Admin commands as promises, over a queue pair like any other. Waiting is polling: each call polls the admin completions, then
 * lets a moment pass, until its own has come or its deadline has.
 */
export class AdminQueue {
  /** @param deadlineMsDefault - milliseconds a command may take unless its caller says otherwise */
  constructor(
    /** the queue pair itself, polled by every wait and by `Controller.tick` */
    readonly queuePair: QueuePair,
    private readonly fn: PcieFunction,
    private readonly clock: Clock,
    private readonly deadlineMsDefault: number,
  ) {}

  /**
   * Sends a command without payload and waits for its completion, whatever the status.
   *
   * @throws DriverError COMMAND_TIMEOUT, ABORTED or NOT_READY
   */
  async execute(command: AdminCommand, options: WaitOptions = {}): Promise<CommandCompletion> {
    return this.run(command, 0, 0, options);
  }

  /** As {@link AdminQueue.execute}, with PRP1 pointing at `address`: for commands that name memory which stays the caller's, as rings do. */
  async executeAt(command: AdminCommand, address: number, options: WaitOptions = {}): Promise<CommandCompletion> {
    return this.run(command, address, ADDRESS_ONLY_BYTES, options);
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
   * @throws DriverError as {@link AdminQueue.demand}
   */
  async receive(command: AdminCommand, bytes: number, options: WaitOptions = {}): Promise<Uint8Array> {
    const { dma } = this.fn;
    const address = dma.allocate(bytes);
    const buffer = dma.bytes(address, bytes);
    buffer.fill(0);
    let received = new Uint8Array(0);
    const completion = await this.run(command, address, bytes, options, () => {
      received = buffer.slice();
      dma.free(address);
    });
    demandSuccess(command, completion);
    return received;
  }

  private async run(
    command: AdminCommand,
    address: number,
    bytes: number,
    options: WaitOptions,
    onDone: () => void = () => undefined,
  ): Promise<CommandCompletion> {
    const { queuePair } = this;
    const box: { completion: CommandCompletion | undefined } = { completion: undefined };
    const callback = (_: unknown, status: number, dw0: number): void => {
      // Also when nobody waits any more: only now is the payload the host's again.
      onDone();
      box.completion = { status, dw0: dw0 >>> 0 };
    };
    const answer = queuePair.submitCommand(encodeCommand(command), address, bytes, callback, undefined);
    if (answer !== SUBMIT_ACCEPTED) {
      onDone();
      throw new DriverError('NOT_READY', { opcode: describeAdminOpcode(command.opcode), answer });
    }
    const deadlineMs = options.deadlineMs ?? this.deadlineMsDefault;
    const deadlineNs = this.clock.nowNs() + deadlineMs * 1e6;
    for (;;) {
      if (queuePair.connected) queuePair.poll();
      if (box.completion !== undefined) return box.completion;
      if (options.signal?.aborted === true) throw new DriverError('ABORTED', {}, { cause: options.signal.reason });
      if (this.clock.nowNs() > deadlineNs) {
        throw new DriverError('COMMAND_TIMEOUT', { opcode: describeAdminOpcode(command.opcode), deadlineMs });
      }
      await this.fn.pause();
    }
  }
}

function demandSuccess(command: AdminCommand, completion: CommandCompletion): CommandCompletion {
  if (completion.status === 0) return completion;
  throw new DriverError('COMMAND_FAILED', {
    opcode: describeAdminOpcode(command.opcode),
    status: describeStatus(completion.status),
    statusCode: completion.status,
  });
}
