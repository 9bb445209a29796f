import type { Clock } from '@phasebit/core';
import { type DmaDescription, type DmaRange, DmaSpace } from './dma-space.js';
import type { MemoryOrder, PcieFunction, RegisterWindow } from './function.js';
import { openLink } from './link-host.js';
import type { LinkMemory } from './link-memory.js';

/** The host's end of a link as another thread needs it to reach the same function. Plain data, to be posted; its memory is shared. */
export interface LinkDescription {
  /** registers, doorbells and messages of the link */
  readonly memory: LinkMemory;
  /** the host's DMA memory, at the same addresses on each thread */
  readonly dma: DmaDescription;
}

/** What {@link reopenLink} needs of its surroundings. */
export interface ReopenLinkOptions {
  /** for the deadlines of register reads and of waits for interrupts */
  readonly clock: Clock;
  /** see {@link PcieFunction.pause} */
  readonly pause: () => Promise<void>;
  /** as of `openLink`; default `weak` */
  readonly memoryOrder?: MemoryOrder;
  /** memory that was set aside for this thread, for its own payloads; default none, so that nothing can be allocated */
  readonly ranges?: readonly DmaRange[];
}

/**
 * Describes the host's end of a link, to be opened by another thread too with {@link reopenLink}.
 *
 * @throws RangeError when the link, or an arena, is not shared memory
 */
export function describeLink(memory: LinkMemory, dma: DmaSpace): LinkDescription {
  const isShared = typeof SharedArrayBuffer !== 'undefined' && memory.words.buffer instanceof SharedArrayBuffer;
  if (!isShared) throw new RangeError('memory: expected a link made with shared: true');
  return { memory, dma: dma.describe() };
}

/**
 * Opens the host's end of a link on another thread than the one that opened it first: same host addresses, counters of its own. Doorbells,
 * vectors and register reads work; register writes are the first thread's, since posted writes have one writer, and throw here.
 */
export function reopenLink(description: LinkDescription, options: ReopenLinkOptions): PcieFunction {
  const { ranges, ...surroundings } = options;
  const dma = DmaSpace.adopt(description.dma, ranges);
  const fn = openLink({ ...surroundings, memory: description.memory, dma });
  return { ...fn, registers: new ReadOnlyRegisters(fn.registers) };
}

class ReadOnlyRegisters implements RegisterWindow {
  constructor(private readonly registers: RegisterWindow) {}

  read32(offset: number): ReturnType<RegisterWindow['read32']> {
    return this.registers.read32(offset);
  }

  read64(offset: number): ReturnType<RegisterWindow['read64']> {
    return this.registers.read64(offset);
  }

  write32(offset: number): void {
    failWrite(offset);
  }

  write64(offset: number): void {
    failWrite(offset);
  }
}

function failWrite(offset: number): never {
  throw new Error(`register ${offset}: expected a write by the thread that opened the link, got one by another`);
}
