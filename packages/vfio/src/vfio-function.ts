import type { Log } from '@phasebit/core';
import type {
  DmaSpace,
  Doorbells,
  EventVectors,
  InterruptVectors,
  MemoryOrder,
  MmioCounters,
  PcieFunction,
  RegisterWindow,
} from '@phasebit/pcie';
import { IRQ_ERROR, IRQ_MSIX, IRQ_REQUEST } from './abi/vfio-requests.js';
import type { Bar } from './device/bar.js';
import type { ConfigSpace } from './device/config-space.js';
import type { ControllerMemory } from './device/controller-memory.js';
import type { MappedDoorbells } from './device/mapped-doorbells.js';
import type { MappedRegisters } from './device/mapped-registers.js';
import type { VfioDevice } from './device/vfio-device.js';
import type { Kernel } from './kernel.js';
import { PRESENCE_LOOKS } from './limits.js';
import type { VfioMemory } from './vfio-memory.js';

/**
 * What a function has come to:
 *
 * - `open`: it can be used
 * - `asked-back`: it can be used, but the kernel waits for it to be closed: it is being unplugged or unbound
 * - `gone`: it does not answer any more; nothing reaches it, and waits for messages reject
 * - `closed`: {@link VfioFunction.close} was called
 */
export type VfioState = 'open' | 'asked-back' | 'gone' | 'closed';

/**
 * Why an owner is called:
 *
 * - `asked-back`: shut the controller down and close the function; until then whoever wants the device waits
 * - `error`: the device reported an error that it cannot correct: reset it, or close the function
 * - `gone`: the device has left; close the function
 */
export type RemovalReason = 'asked-back' | 'error' | 'gone';

/** An NVMe controller that is reached through VFIO. Whoever opened it closes it. */
export interface VfioFunction extends PcieFunction {
  /** its address, `0000:01:00.0` */
  readonly bdf: string;
  /** the memory it reaches; `dma` is part of that */
  readonly memory: VfioMemory;
  /** what has become of it */
  readonly state: VfioState;
  /** is called once for each reason, from the event loop */
  onRemoval: ((reason: RemovalReason) => void) | undefined;
  /**
   * Resets the function: all of the controller's queues are gone, and registers are as after power on. Mappings, interrupts and memory stay.
   * A driver that is attached has to be reset too.
   *
   * @throws VfioRefusal `unsupported` when the function cannot be reset by itself
   */
  reset(): void;
  /**
   * Gives the function back to VFIO: interrupts off, no accesses of its own any more, memory out of its reach, descriptors closed. Waits for
   * messages reject. The memory is closed too unless it was given at opening. Views of registers and memory stay harmless: they lead nowhere.
   * Once is enough.
   */
  close(): Promise<void>;
}

/** What {@link OpenFunction} is put together from. */
export interface FunctionParts {
  readonly kernel: Kernel;
  readonly log: Log;
  readonly device: VfioDevice;
  readonly config: ConfigSpace;
  readonly bars: readonly Bar[];
  readonly memory: VfioMemory;
  readonly registers: MappedRegisters;
  readonly doorbells: MappedDoorbells;
  readonly vectors: EventVectors;
  readonly controllerMemory: ControllerMemory;
  readonly counters: MmioCounters;
  readonly memoryOrder: MemoryOrder;
  /** eventfds of the kernel's wish and of errors; absent where the device has no such */
  readonly requestFd: number | undefined;
  readonly errorFd: number | undefined;
  /** takes back everything that opening made, in the opposite order */
  readonly undo: () => Promise<void>;
}

/** A function that is open. */
export class OpenFunction implements VfioFunction {
  onRemoval: ((reason: RemovalReason) => void) | undefined;
  private current: VfioState = 'open';
  private hasReportedError = false;
  private looks = 0;
  private closing: Promise<void> | undefined;

  constructor(private readonly parts: FunctionParts) {}

  get bdf(): string {
    return this.parts.device.bdf;
  }

  get memory(): VfioMemory {
    return this.parts.memory;
  }

  get dma(): DmaSpace {
    return this.parts.memory.dma;
  }

  get registers(): RegisterWindow {
    return this.parts.registers;
  }

  get doorbells(): Doorbells {
    return this.parts.doorbells;
  }

  get vectors(): InterruptVectors {
    return this.parts.vectors;
  }

  get cmb(): ArrayBuffer | undefined {
    return this.parts.controllerMemory.cmb;
  }

  get pmr(): ArrayBuffer | undefined {
    return this.parts.controllerMemory.pmr;
  }

  get counters(): MmioCounters {
    return this.parts.counters;
  }

  get memoryOrder(): MemoryOrder {
    return this.parts.memoryOrder;
  }

  get state(): VfioState {
    return this.current;
  }

  pause(): Promise<void> {
    return this.parts.kernel.sleep(0);
  }

  reset(): void {
    if (this.current === 'gone' || this.current === 'closed') throw new Error(`${this.bdf} is ${this.current}`);
    this.parts.device.reset();
  }

  close(): Promise<void> {
    this.closing ??= this.closeNow();
    return this.closing;
  }

  private async closeNow(): Promise<void> {
    const isGone = this.current === 'gone';
    this.current = 'closed';
    this.parts.registers.isGone = true;
    const { device, config, log } = this.parts;
    for (const step of [
      () => device.setIrqs(IRQ_MSIX, []),
      () => this.parts.requestFd !== undefined && device.setIrqs(IRQ_REQUEST, []),
      () => this.parts.errorFd !== undefined && device.setIrqs(IRQ_ERROR, []),
      // The device makes no access from here on, so that its memory can go.
      () => config.enable(false),
    ]) {
      try {
        step();
      } catch (error) {
        if (!isGone) log.warn(`${this.bdf}: ${String(error)}`);
      }
    }
    await this.parts.undo();
  }

  /** Looks whether the kernel wants the device back, it has failed, or it has left. Called again and again while it is open. */
  look(): void {
    if (this.current === 'closed' || this.current === 'gone') return;
    const { kernel, requestFd, errorFd } = this.parts;
    const isAskedBack = requestFd !== undefined && kernel.takeEvents(requestFd) > 0;
    const hasFailed = errorFd !== undefined && kernel.takeEvents(errorFd) > 0;
    this.looks++;
    if ((isAskedBack || hasFailed || this.looks % PRESENCE_LOOKS === 0) && !this.isPresent()) {
      this.leave();
      return;
    }
    if (isAskedBack && this.current === 'open') {
      this.current = 'asked-back';
      this.parts.log.warn(
        `${this.bdf}: the kernel asks for the device: it is unplugged or unbound as soon as it is closed here`,
      );
      this.onRemoval?.('asked-back');
    }
    if (hasFailed && !this.hasReportedError) {
      this.hasReportedError = true;
      this.parts.log.warn(`${this.bdf}: the device reported an error that it cannot correct`);
      this.onRemoval?.('error');
    }
  }

  private isPresent(): boolean {
    try {
      return this.parts.config.isPresent();
    } catch {
      return false;
    }
  }

  /** Nothing may touch the device any more: a load from a BAR that is not there ends the process. */
  private leave(): void {
    this.current = 'gone';
    this.parts.registers.isGone = true;
    for (const bar of this.parts.bars) bar.detach();
    this.parts.vectors.end('the device has left');
    this.parts.log.warn(`${this.bdf}: the device has left`);
    this.onRemoval?.('gone');
  }
}
