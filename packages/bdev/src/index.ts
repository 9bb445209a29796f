/**
 * The block layer: what a block device is, one thread's channel into it, and devices that need no NVMe.
 * Addresses are plain numbers which the layer passes to the device untouched. It starts no timer, thread or promise on the I/O path; it
 * acts when it is polled.
 * Start with {@link BdevChannel}, then {@link Bdev} to write a device of your own.
 *
 * @packageDocumentation
 */

// 1. Move blocks
export { BdevChannel, type BdevChannelOptions } from './bdev-channel.js';
export { type BdevCallback, BdevIo, type BdevIoOwner } from './bdev-io.js';
export { ChannelStatistics } from './channel-statistics.js';

// 2. What the numbers mean
export {
  BDEV_ACCEPTED,
  BDEV_AGAIN,
  BDEV_NEVER,
  BDEV_STATUS_ABORTED,
  BDEV_STATUS_BAD_ADDRESS,
  BDEV_STATUS_FAILED,
  BDEV_STATUS_MISCOMPARE,
  BDEV_STATUS_NO_MEMORY,
  BDEV_STATUS_NVME_ERROR,
  BDEV_STATUS_SUCCESS,
  BDEV_STATUS_TIMED_OUT,
  type BdevStatus,
  describeBdevStatus,
  type SubmitResult,
} from './status.js';
export {
  BDEV_IO_COMPARE,
  BDEV_IO_FLUSH,
  BDEV_IO_READ,
  BDEV_IO_TYPES,
  BDEV_IO_UNMAP,
  BDEV_IO_WRITE,
  BDEV_IO_WRITE_ZEROES,
  type BdevIoType,
  describeBdevIoType,
} from './io-type.js';

// 3. Write a device
export { BACKEND_ACCEPTED, BACKEND_NO_MEMORY, type Bdev, type BdevBackend } from './bdev.js';
export { forwardIo, StackedBdev } from './stacked-bdev.js';

// 4. Devices
export { NullBdev, type NullBdevOptions } from './null-bdev.js';
export { MallocBdev, type MallocBdevOptions } from './malloc-bdev.js';
export { DelayBdev, type DelayBdevOptions, type DelayProfile } from './delay-bdev.js';
export { ErrorBdev, type ErrorBdevOptions } from './error-bdev.js';
export { type ErrorEffect, type ErrorRule } from './fault-plan.js';

// 5. Blocks with promises
export { AsyncDevice, type AsyncDeviceOptions } from './async-device.js';

// 6. Memory
export { type BounceMemory } from './bounce.js';
export { HOST_PAGE_BYTES, HOST_PAGE_SHIFT, type HostMemory } from './host-memory.js';
export { HeapMemory } from './heap-memory.js';

// 7. What can go wrong, and bounds
export { BdevError, type BdevErrorCode, type BdevErrorFacts } from './bdev-error.js';
export {
  ALIGNMENT_BYTES_MAX,
  BLOCK_BYTES_MAX,
  BLOCK_BYTES_MIN,
  BOUNCE_CHUNK_BYTES_DEFAULT,
  CHANNEL_IO_COUNT_DEFAULT,
  CHANNEL_IO_COUNT_MAX,
  HEAP_MEMORY_BYTES_MAX,
  IO_BLOCKS_MAX,
  MALLOC_BYTES_MAX,
  SPLIT_PIECES_IN_FLIGHT_MAX,
} from './limits.js';
