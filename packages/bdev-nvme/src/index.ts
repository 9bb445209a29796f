/**
 * NVMe namespaces as block devices, over one controller or many: the driver and the path policy behind the block layer's contract.
 * Start with {@link NvmeBdev}.
 *
 * @packageDocumentation
 */

// 1. Controllers as sources of paths
export { PathController, type PathControllerOptions } from './path-controller.js';
export { type AttachController } from './reconnection.js';

// 2. A namespace as a block device
export { NvmeBdev, type NvmeBdevOptions, type NvmeChannelOptions } from './nvme-bdev.js';

// 3. What can go wrong
export { NvmeBdevError, type NvmeBdevErrorCode } from './errors.js';
