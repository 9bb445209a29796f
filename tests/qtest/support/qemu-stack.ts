/**
 * The driver on QEMU's controller, and what a test needs around it: disks whose files it can look into, memory, and somebody who polls.
 */
import type { WaitOptions } from '@phasebit/core';
import { Controller, type ControllerOptions, type Namespace, type QueuePair, type Transfer } from '@phasebit/nvme';
import type { DmaSpace } from '@phasebit/pcie';
import { noQemu, openQtestMachine, type QtestMachine } from '@phasebit/qtest';
import { closeSync, openSync, readSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { describe } from 'vitest';

/** What a test's QEMU is to be. */
export interface QemuStackOptions {
  /** QEMU's arguments about devices, given where files are kept */
  readonly devices: (folder: string) => readonly string[];
  /** how every driver is attached */
  readonly driver?: Partial<Omit<ControllerOptions, 'clock'>>;
  /** bytes of the machine's RAM; default 64 MiB */
  readonly memoryBytes?: number;
}

type Submit = (callback: (context: unknown, status: number, dw0: number) => void) => number;

/** Turns of the event loop after which nobody believes any more that it will be done: many seconds. */
const WAIT_MS = 20_000;
const clock = { nowNs: (): number => performance.now() * 1e6 };

/** Why tests on QEMU are left out, if they are. @throws Error where `PHASEBIT_REQUIRE_QEMU` says that they must not be */
export function whyNoQemu(): string | undefined {
  const missing = noQemu();
  if (missing !== undefined && process.env['PHASEBIT_REQUIRE_QEMU'] === '1') {
    throw new Error(`PHASEBIT_REQUIRE_QEMU=1: expected QEMU, but ${missing}`);
  }
  return missing;
}

/** A `describe` that is left out, and says why on the console and in its title, where there is no QEMU. */
export function describeOnQemu(title: string, body: () => void): void {
  const missing = whyNoQemu();
  if (missing === undefined) {
    describe(title, body);
    return;
  }
  console.warn(`${title}: skipped, ${missing}`);
  describe.skip(`${title} (skipped: ${missing})`, body);
}

/** Makes a sparse file in a folder and gives the arguments for a raw drive on it. */
export function rawDrive(folder: string, id: string, bytes: number, more = ''): string[] {
  const file = path.join(folder, id);
  writeFileSync(file, '');
  truncateSync(file, bytes);
  return ['-drive', `file=${file},format=raw,cache=unsafe,discard=unmap,detect-zeroes=off,if=none,id=${id}${more}`];
}

/** QEMU with drivers on its controllers. Use with `await using`. */
export class QemuStack {
  readonly clock: typeof clock = clock;
  readonly dma: DmaSpace;
  /** drivers, by slot of their function; empty until {@link QemuStack.attach} */
  readonly controllers: Controller[] = [];

  private constructor(
    readonly machine: QtestMachine,
    private readonly options: QemuStackOptions,
  ) {
    this.dma = machine.functions[0].dma;
  }

  /** A QEMU without any driver yet. */
  static async powerOn(options: QemuStackOptions): Promise<QemuStack> {
    const { devices, memoryBytes } = options;
    const memory = memoryBytes === undefined ? {} : { memoryBytes };
    return new QemuStack(await openQtestMachine({ arguments: devices, ...memory }), options);
  }

  /** A QEMU with a driver on every controller. */
  static async open(options: QemuStackOptions): Promise<QemuStack> {
    const stack = await QemuStack.powerOn(options);
    for (let i = 0; i < stack.machine.functions.length; i++) await stack.attach(i);
    return stack;
  }

  /** Brings up the driver of one controller. */
  async attach(index = 0, driver: Partial<ControllerOptions> = {}, wait: WaitOptions = {}): Promise<Controller> {
    const options = { clock, ioQueuePairs: 8, ...this.options.driver, ...driver };
    this.controllers[index] = await Controller.attach(this.machine.functions[index], options, wait);
    return this.controllers[index];
  }

  /** Zeroed DMA memory. */
  allocate(bytes: number): number {
    const address = this.dma.allocate(bytes);
    this.dma.bytes(address, bytes).fill(0);
    return address;
  }

  /** Polls, with turns of the event loop between, until it is done. @throws Error after 20 s */
  async until(isDone: () => boolean, pairs: readonly QueuePair[] = []): Promise<void> {
    const deadline = performance.now() + WAIT_MS;
    for (let turns = 1; ; turns++) {
      for (const pair of pairs) pair.poll();
      for (const controller of this.controllers) controller?.tick();
      if (isDone()) return;
      if (performance.now() > deadline) throw new Error(`not done after ${WAIT_MS} ms`);
      if (turns % 8 === 0) await this.machine.functions[0].pause();
    }
  }

  /** Submits one command and gives its status and dword 0. @throws Error when it is not accepted */
  async run(pair: QueuePair, submit: Submit): Promise<{ readonly status: number; readonly dw0: number }> {
    let outcome: { readonly status: number; readonly dw0: number } | undefined;
    const answer = submit((_, status, dw0) => (outcome = { status, dw0 }));
    if (answer !== 0) throw new Error(`not accepted (${answer}): ${JSON.stringify(pair.lastRefusal)}`);
    await this.until(() => outcome !== undefined, [pair]);
    return outcome!;
  }

  /** Submits a transfer and gives its status. */
  async transfer(pair: QueuePair, opcode: number, namespace: Namespace, transfer: Transfer): Promise<number> {
    const submit: Submit = (done) => pair.submitTransfer(opcode, namespace, transfer, done, undefined);
    return (await this.run(pair, submit)).status;
  }

  /** Bytes of a file of the machine, as the host sees them. */
  fileBytes(id: string, offset: number, bytes: number): Uint8Array {
    const fd = openSync(path.join(this.machine.folder, id), 'r');
    const found = new Uint8Array(bytes);
    readSync(fd, found, 0, bytes, offset);
    closeSync(fd);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine.close();
  }
}
