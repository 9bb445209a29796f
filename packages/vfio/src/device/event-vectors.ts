import { type Clock, throwIfAborted } from '@phasebit/core';
import { type InterruptVectors, type InterruptWaitOptions, WAIT_SLICE_MS } from '@phasebit/pcie';
import type { Kernel } from '../kernel.js';

interface Vector {
  readonly fd: number;
  /** messages counted, modulo 2^32 */
  received: number;
  isMasked: boolean;
  /** a message came while the vector was masked */
  isPending: boolean;
  /** the wait in the event loop that all who wait for this vector share; a descriptor has one at a time */
  sleep: Promise<unknown> | undefined;
  /** ends their waits without a message from the device */
  readonly wakes: Set<() => void>;
}

/**
 * MSI-X vectors that the kernel reports to eventfds. An eventfd counts messages by itself; they are taken from it whenever somebody looks.
 *
 * VFIO offers no masking of MSI-X, so it is done here: what comes while a vector is masked is counted as one message when the mask goes.
 * The interrupts themselves still happen.
 */
export class EventVectors implements InterruptVectors {
  readonly count: number;
  private readonly vectors: Vector[];
  private isClosed = false;

  /** @param fds - an eventfd for each vector; closed by {@link EventVectors.close} */
  constructor(
    fds: readonly number[],
    private readonly kernel: Kernel,
    private readonly clock: Clock,
  ) {
    this.count = fds.length;
    this.vectors = fds.map((fd) => {
      return { fd, received: 0, isMasked: false, isPending: false, sleep: undefined, wakes: new Set<() => void>() };
    });
  }

  received(vector: number): number {
    const at = this.at(vector);
    this.take(at);
    return at.received;
  }

  setMasked(vector: number, masked: boolean): void {
    const at = this.at(vector);
    this.take(at);
    at.isMasked = masked;
    if (masked || !at.isPending) return;
    at.isPending = false;
    at.received = (at.received + 1) >>> 0;
    wake(at);
  }

  async wait(vector: number, seen: number, options: InterruptWaitOptions = {}): Promise<number> {
    const { signal, timeoutMs = Infinity } = options;
    const at = this.at(vector);
    const deadlineNs = this.clock.nowNs() + timeoutMs * 1e6;
    for (;;) {
      throwIfAborted(signal);
      if (this.isClosed) throw new Error('the function was closed');
      this.take(at);
      const leftMs = (deadlineNs - this.clock.nowNs()) / 1e6;
      if (at.received !== seen >>> 0 || leftMs <= 0) return at.received;
      await this.sleep(at, Math.min(leftMs, WAIT_SLICE_MS));
    }
  }

  /** Ends all waits, which then reject, and closes the eventfds. The device must not use them any more. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const at of this.vectors) {
      wake(at);
      // The event loop looks at the descriptor until its wait is over.
      while (at.sleep !== undefined) await this.kernel.sleep(1);
      this.kernel.close(at.fd);
    }
  }

  private async sleep(at: Vector, timeoutMs: number): Promise<void> {
    at.sleep ??= this.kernel.waitReadable(at.fd, timeoutMs).finally(() => (at.sleep = undefined));
    let onWake = (): void => undefined;
    const woken = new Promise<void>((resolve) => (onWake = resolve));
    at.wakes.add(onWake);
    try {
      await Promise.race([at.sleep, woken]);
    } finally {
      at.wakes.delete(onWake);
    }
  }

  /** Takes what the eventfd has counted. */
  private take(at: Vector): void {
    if (this.isClosed) return;
    const messages = this.kernel.takeEvents(at.fd);
    if (messages === 0) return;
    if (at.isMasked) at.isPending = true;
    else at.received = (at.received + messages) >>> 0;
  }

  private at(vector: number): Vector {
    if (!(vector >= 0 && vector < this.count)) {
      throw new RangeError(`vector: expected 0 to ${this.count - 1}, got ${vector}`);
    }
    return this.vectors[vector];
  }
}

function wake(at: Vector): void {
  for (const each of at.wakes) each();
}
