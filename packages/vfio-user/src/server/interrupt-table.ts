import { closeDescriptor, signalEventFd } from '@phasebit/linux';
import type { LinkPort } from '@phasebit/pcie';
import {
  IRQ_ERROR,
  IRQ_INFO_EVENTFD,
  IRQ_INFO_MASKABLE,
  IRQ_MSIX,
  IRQ_REQUEST,
  IRQ_SET_ACTION_MASK,
  IRQ_SET_ACTION_TRIGGER,
  IRQ_SET_ACTION_UNMASK,
  IRQ_SET_DATA_BOOL,
  IRQ_SET_DATA_EVENTFD,
  IRQ_SET_DATA_NONE,
  IRQS,
} from '../protocol/commands.js';
import { EINVAL } from '../protocol/errno.js';
import type { IrqSetRequest } from '../protocol/payloads.js';

const DATA = IRQ_SET_DATA_NONE | IRQ_SET_DATA_BOOL | IRQ_SET_DATA_EVENTFD;
const ACTIONS = IRQ_SET_ACTION_MASK | IRQ_SET_ACTION_UNMASK | IRQ_SET_ACTION_TRIGGER;
/** No eventfd. */
const NONE = -1;

/**
 * Where interrupts go: an eventfd for each MSI-X vector, one each for errors and for the request to let go. There are no other interrupts:
 * a function with MSI-X need not have INTx. [VFIO] VFIO_DEVICE_SET_IRQS
 *
 * A vector without an eventfd counts as masked: its message is kept as a pending one, and sent when there is one.
 */
export class InterruptTable {
  private readonly eventFds: number[][];
  private readonly isMasked: Uint8Array;
  private readonly isDue: Uint8Array;
  private due = 0;

  constructor(
    private readonly port: LinkPort,
    private readonly vectors: number,
  ) {
    this.eventFds = Array.from({ length: IRQS }, (_, index) => new Array<number>(this.countOf(index)).fill(NONE));
    this.isMasked = new Uint8Array(vectors);
    this.isDue = new Uint8Array(vectors);
    for (let vector = 0; vector < vectors; vector++) {
      port.listen(vector);
      port.setMasked(vector, true);
    }
  }

  /** How many interrupts a type has. */
  countOf(index: number): number {
    if (index === IRQ_MSIX) return this.vectors;
    return index === IRQ_ERROR || index === IRQ_REQUEST ? 1 : 0;
  }

  /** What a type can do, `IRQ_INFO_*`. */
  flagsOf(index: number): number {
    if (index === IRQ_MSIX) return IRQ_INFO_EVENTFD | IRQ_INFO_MASKABLE;
    return this.countOf(index) > 0 ? IRQ_INFO_EVENTFD : 0;
  }

  /** A message was sent on a vector: its eventfd is signalled by the next {@link InterruptTable.flush}. */
  note(vector: number): void {
    if (this.isDue[vector] !== 0) return;
    this.isDue[vector] = 1;
    this.due++;
  }

  /** Signals what was noted: once all that the messages are about is where the client can see it. */
  flush(): void {
    if (this.due === 0) return;
    this.due = 0;
    for (let vector = 0; vector < this.vectors; vector++) {
      if (this.isDue[vector] === 0) continue;
      this.isDue[vector] = 0;
      this.signal(this.eventFds[IRQ_MSIX][vector]);
    }
  }

  /**
   * Carries a request out.
   *
   * @param flags - a byte for each interrupt, with `IRQ_SET_DATA_BOOL`
   * @param descriptors - eventfds, with `IRQ_SET_DATA_EVENTFD`: the table's own if it succeeds
   * @returns 0, or an error number
   */
  set(request: IrqSetRequest, flags: Uint8Array, descriptors: readonly number[]): number {
    const { index, start, count } = request;
    const data = request.flags & DATA;
    const action = request.flags & ACTIONS;
    if ((request.flags & ~(DATA | ACTIONS)) !== 0 || !isOneBit(data) || !isOneBit(action)) return EINVAL;
    if (index >= IRQS || start + count > this.countOf(index)) return EINVAL;
    if (count === 0) {
      if (data !== IRQ_SET_DATA_NONE || action !== IRQ_SET_ACTION_TRIGGER || start !== 0) return EINVAL;
      this.disable(index);
      return 0;
    }
    if (data === IRQ_SET_DATA_EVENTFD) return this.assign(request, action, descriptors);
    if (data === IRQ_SET_DATA_BOOL && flags.length < count) return EINVAL;
    if (action !== IRQ_SET_ACTION_TRIGGER && index !== IRQ_MSIX) return EINVAL;
    for (let i = 0; i < count; i++) {
      if (data === IRQ_SET_DATA_BOOL && flags[i] === 0) continue;
      if (action === IRQ_SET_ACTION_TRIGGER) this.signal(this.eventFds[index][start + i]);
      else this.mask(start + i, action === IRQ_SET_ACTION_MASK);
    }
    return 0;
  }

  /** Messages that wait are forgotten: the function was reset. */
  reset(): void {
    for (let vector = 0; vector < this.vectors; vector++) this.port.clearPending(vector);
    this.isDue.fill(0);
    this.due = 0;
  }

  /** Closes every eventfd: the client has gone. */
  clear(): void {
    for (let index = 0; index < IRQS; index++) this.disable(index);
    this.isMasked.fill(0);
    this.reset();
  }

  private assign({ index, start, count }: IrqSetRequest, action: number, descriptors: readonly number[]): number {
    if (action !== IRQ_SET_ACTION_TRIGGER) return EINVAL;
    if (descriptors.length !== 0 && descriptors.length !== count) return EINVAL;
    for (let i = 0; i < count; i++) this.put(index, start + i, descriptors[i] ?? NONE);
    return 0;
  }

  private disable(index: number): void {
    for (let at = 0; at < this.eventFds[index].length; at++) this.put(index, at, NONE);
  }

  private put(index: number, at: number, fd: number): void {
    const before = this.eventFds[index][at];
    if (before !== NONE) closeDescriptor(before);
    this.eventFds[index][at] = fd;
    if (index === IRQ_MSIX) this.applyMask(at);
  }

  private mask(vector: number, isMasked: boolean): void {
    this.isMasked[vector] = isMasked ? 1 : 0;
    this.applyMask(vector);
  }

  private applyMask(vector: number): void {
    const isMasked = this.isMasked[vector] !== 0 || this.eventFds[IRQ_MSIX][vector] === NONE;
    if (this.port.setMasked(vector, isMasked)) this.note(vector);
  }

  private signal(fd: number): void {
    if (fd === NONE) return;
    try {
      signalEventFd(fd);
    } catch {
      // What the client gave is no eventfd, or nobody reads it: its interrupts are its own affair.
    }
  }
}

function isOneBit(flags: number): boolean {
  return flags !== 0 && (flags & (flags - 1)) === 0;
}
