import type { Clock, WaitOptions } from '@phasebit/core';
import { Controller, type ControllerOptions, type QueuePair } from '@phasebit/nvme';
import type { DmaSpace, PcieFunction } from '@phasebit/pcie';
import { performance } from 'node:perf_hooks';

/** How long anything may take before nobody believes in it any more, milliseconds. */
const WAIT_MS = 60_000;
/** Polls between two turns of the event loop. */
const POLLS_PER_TURN = 8;

/** The machine's own clock. */
export const machineClock: Clock = { nowNs: () => performance.now() * 1e6 };

/** What calls back: `(context, status, dw0)`. */
export type Done = (context: unknown, status: number, dw0: number) => void;

/**
 * A driver on some function, and somebody who polls. What is checked with it knows nothing of how the function is reached: the same checks
 * run on QEMU's controller without a guest and, in a guest, through VFIO.
 */
export class DeviceBench {
  /** where time comes from */
  readonly clock: Clock = machineClock;

  private constructor(
    readonly fn: PcieFunction,
    readonly controller: Controller,
  ) {}

  /** Brings the driver up. */
  static async attach(
    fn: PcieFunction,
    options: Partial<ControllerOptions> = {},
    wait: WaitOptions = {},
  ): Promise<DeviceBench> {
    return new DeviceBench(fn, await Controller.attach(fn, { clock: machineClock, ioQueuePairs: 4, ...options }, wait));
  }

  /** Memory that the function reaches. */
  get dma(): DmaSpace {
    return this.fn.dma;
  }

  /** Zeroed DMA memory. */
  allocate(bytes: number): number {
    const address = this.dma.allocate(bytes);
    this.dma.bytes(address, bytes).fill(0);
    return address;
  }

  /** Polls and ticks, with turns of the event loop between, until it is done. @throws Error when that takes too long */
  async until(isDone: () => boolean, poll: () => void): Promise<void> {
    const deadline = performance.now() + WAIT_MS;
    for (let turns = 1; !isDone(); turns++) {
      poll();
      this.controller.tick();
      if (turns % POLLS_PER_TURN !== 0) continue;
      if (performance.now() > deadline) throw new Error(`not done after ${WAIT_MS} ms`);
      await this.fn.pause();
    }
  }

  /** Submits one command and waits for it. @throws Error when it is not accepted */
  async run(pair: QueuePair, submit: (done: Done) => number): Promise<{ status: number; dw0: number }> {
    let outcome: { status: number; dw0: number } | undefined;
    const answer = submit((_, status, dw0) => (outcome = { status, dw0 }));
    if (answer !== 0) throw new Error(`not accepted (${answer}): ${JSON.stringify(pair.lastRefusal)}`);
    await this.until(
      () => outcome !== undefined,
      () => pair.poll(),
    );
    return outcome!;
  }
}
