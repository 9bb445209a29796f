/**
 * A PCIe function through Linux VFIO: mapped BARs, IOMMU-mapped memory, MSI-X by eventfd; and a command that binds devices and gives them back.
 * Start with {@link openVfio}.
 *
 * @packageDocumentation
 */

// 1. Open a function
export { openVfio, type VfioOptions } from './open-vfio.js';
export { type RemovalReason, type VfioFunction, type VfioState } from './vfio-function.js';

// 2. The memory that functions reach
export { VfioMemory, type VfioMemoryOptions } from './vfio-memory.js';
export { type RegisteredMemory } from './registered-memory.js';
export { type IommuKind } from './iommu/iommu.js';

// 3. What goes wrong
export { type RefusalCode, VfioRefusal } from './refusal.js';

// 4. The system underneath, injected
export { type Places, PLACES } from './places.js';
export { type Kernel, linuxKernel, type Mapping, type MappingRequest } from './kernel.js';

// 5. Giving functions to VFIO and back, as the command does
export { bindFunction, type BindOptions, unbindFunction } from './bind/bind-function.js';
export { type CommandResult, type SystemActions, systemActions } from './bind/system-actions.js';
export { listNvmeFunctions, type NvmeFunctionState } from './sysfs/nvme-functions.js';
export { type PciFunction } from './sysfs/pci-function.js';
export { type BlockDevice } from './sysfs/block-devices.js';
