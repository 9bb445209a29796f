/** Bytes of DMA memory that a function is opened with unless told otherwise: enough for a few queue pairs and their payloads. */
export const DMA_BYTES_DEFAULT: number = 64 << 20;

/** Bytes of a huge page, and what large memory is aligned to on the bus, so that the IOMMU can map it by few entries. */
export const HUGE_PAGE_BYTES: number = 2 << 20;

/** Most MSI-X vectors that are asked for unless told otherwise: each takes an eventfd and an entry of the kernel's interrupt table. */
export const VECTORS_DEFAULT_MAX = 64;

/** How often somebody looks whether the kernel wants the device back or it has failed, milliseconds. */
export const WATCH_MS = 50;

/** Every how manyth of these looks asks the device itself whether it is still there. */
export const PRESENCE_LOOKS = 20;

/** First bus address that is given out: PRP entries of 0 are left to mean a mistake. */
export const IOVA_MIN = 0x10_0000;

/** Bus addresses end here: above, an address is no exact number of pages in a `DmaArena`. */
export const IOVA_END: number = 2 ** 52;

/** Most capabilities that are followed in a chain. The kernel and devices have fewer than ten; a chain that is longer is a loop. */
export const CHAIN_MAX = 64;
