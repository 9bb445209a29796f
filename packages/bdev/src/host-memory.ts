/** log2 of the bytes of a host page. */
export const HOST_PAGE_SHIFT = 12;

/** Bytes of a host page. */
export const HOST_PAGE_BYTES = 4096;

/**
 * Memory behind host addresses, for devices that move data themselves. The DMA space of `@phasebit/pcie` is one.
 * A device that hands addresses on, as the null device and NVMe do, needs none.
 */
export interface HostMemory {
  /** Whether all of `[address, address + bytes)` is memory. */
  contains(address: number, bytes: number): boolean;
  /** The 4 KiB at `pageIndex * 4096`: the same view each time, so that copying makes no garbage. REQUIRES that they are memory. */
  page(pageIndex: number): Uint8Array;
}
