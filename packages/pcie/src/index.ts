/**
 * The bus between an NVMe host and a controller: DMA memory with its translation, the register window with counted accesses,
 * doorbells and MSI-X vectors. Start with {@link PcieFunction}, which is all that a driver needs of a device.
 *
 * @packageDocumentation
 */

// 1. DMA memory: made as arenas, seen by the host as one space and by the device through I/O virtual addresses
export { createDmaArena, type DmaArena, type DmaArenaOptions, IOVA_BASE_DEFAULT, wrapDmaArena } from './dma-arena.js';
export {
  type DmaAllocateOptions,
  type DmaAttachOptions,
  type DmaDescription,
  type DmaRange,
  DmaSpace,
} from './dma-space.js';
export { DeviceDma, type PageCopies } from './device-dma.js';

// 2. What a driver sees of a function
export {
  createMmioCounters,
  type Doorbells,
  type InterruptVectors,
  type InterruptWaitOptions,
  type MemoryOrder,
  type MmioCounters,
  type PcieFunction,
  type RegisterWindow,
} from './function.js';
export { type EventSource, EventVectors } from './event-vectors.js';
export { ShadowDoorbells, shadowDoorbellsFit, type ShadowDoorbellsOptions, wantsEvent } from './shadow-doorbells.js';

// 3. A link to a modelled function: shared memory with a host's end and a device's end
export { createLinkMemory, doorbellsBytes, type LinkMemory, type LinkMemoryOptions } from './link-memory.js';
export { type LinkHostOptions, openLink, READ_TIMEOUT_MS } from './link-host.js';
export { describeLink, type LinkDescription, reopenLink, type ReopenLinkOptions } from './link-description.js';
export { DOORBELL_UNWRITTEN, LinkDevice, type RegisterTarget } from './link-device.js';
export { LinkPort } from './link-port.js';

// 4. Bounds
export {
  CONTROLLER_MEMORY_BYTES_MAX,
  DMA_SPACE_BYTES_MAX,
  MSIX_VECTORS_MAX,
  PAGE_BYTES,
  PAGE_MASK,
  PAGE_SHIFT,
  POSTED_WRITES_MAX,
  WAIT_SLICE_MS,
} from './limits.js';
