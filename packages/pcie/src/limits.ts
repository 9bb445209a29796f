/** Bytes of a memory page on both sides of the bus: CC.MPS 0. [Base] 3.1.4.5 */
export const PAGE_BYTES = 4096;

/** log2 of {@link PAGE_BYTES}. */
export const PAGE_SHIFT = 12;

/** Offset bits of an address inside its page. */
export const PAGE_MASK = 0xfff;

/**
 * Most bytes of DMA memory that one host can address: 2 GiB. Host addresses then are small integers to V8, which it keeps in
 * registers and never puts on the heap. The page table of that many pages takes 4 MiB.
 */
export const DMA_SPACE_BYTES_MAX = 0x8000_0000;

/** Most entries of the posted-write queue of a link: many times what a controller's bring-up writes before its next read. */
export const POSTED_WRITES_MAX = 256;

/** Most MSI-X vectors of a function. [PCIe] MSI-X table size is an 11-bit field, 0's based. */
export const MSIX_VECTORS_MAX = 2048;

/**
 * Most bytes of each of a controller's own memories: with both of them and the host's arenas attached, a `DmaSpace` still has room.
 * CMBSZ could say 2^32 units of up to 64 GiB.
 */
export const CONTROLLER_MEMORY_BYTES_MAX = 0x4000_0000;

/**
 * A wait for an interrupt that has a signal looks at it this often, milliseconds: long against the few microseconds that a look costs,
 * short against what a person notices.
 */
export const WAIT_SLICE_MS = 20;
