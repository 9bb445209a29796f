/** Memory through which ordinary `Uint8Array`s reach a device. The DMA space of `@phasebit/pcie` is one. */
export interface BounceMemory {
  /** Sets `bytes` bytes aside, aligned for the device, and gives their host address. @throws RangeError when there are none */
  allocate(bytes: number): number;
  /** Gives back what `allocate` gave. */
  free(address: number): void;
  /** A view of `length` bytes from `address` on. */
  bytes(address: number, length: number): Uint8Array;
}

/** Bounce memory, and how much of it is on loan. */
export class BounceLoans {
  /** loans that were not given back */
  count = 0;
  private readonly memory: BounceMemory;

  /** @param memory - where it comes from */
  constructor(memory: BounceMemory) {
    this.memory = memory;
  }

  /** Takes `bytes` bytes and gives their address. @throws RangeError when there are none */
  take(bytes: number): number {
    const address = this.memory.allocate(bytes);
    this.count++;
    return address;
  }

  /** Gives a loan back. */
  give(address: number): void {
    this.memory.free(address);
    this.count--;
  }

  /** A view of a loan. */
  view(address: number, bytes: number): Uint8Array {
    return this.memory.bytes(address, bytes);
  }
}
