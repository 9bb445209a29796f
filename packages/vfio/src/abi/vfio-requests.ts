/**
 * Numbers of the requests of `linux/vfio.h`: `_IO(';', 100 + n)`. They carry no size; the first word of each structure does.
 */
const VFIO_BASE = 0x3b64;

export const VFIO_GET_API_VERSION: number = VFIO_BASE;
export const VFIO_CHECK_EXTENSION: number = VFIO_BASE + 1;
export const VFIO_SET_IOMMU: number = VFIO_BASE + 2;
export const VFIO_GROUP_GET_STATUS: number = VFIO_BASE + 3;
export const VFIO_GROUP_SET_CONTAINER: number = VFIO_BASE + 4;
export const VFIO_GROUP_UNSET_CONTAINER: number = VFIO_BASE + 5;
export const VFIO_GROUP_GET_DEVICE_FD: number = VFIO_BASE + 6;
export const VFIO_DEVICE_GET_INFO: number = VFIO_BASE + 7;
export const VFIO_DEVICE_GET_REGION_INFO: number = VFIO_BASE + 8;
export const VFIO_DEVICE_GET_IRQ_INFO: number = VFIO_BASE + 9;
export const VFIO_DEVICE_SET_IRQS: number = VFIO_BASE + 10;
export const VFIO_DEVICE_RESET: number = VFIO_BASE + 11;
/** The numbers of IOMMU requests begin again at 12; they go to another descriptor than those of devices. */
export const VFIO_IOMMU_GET_INFO: number = VFIO_BASE + 12;
export const VFIO_IOMMU_MAP_DMA: number = VFIO_BASE + 13;
export const VFIO_IOMMU_UNMAP_DMA: number = VFIO_BASE + 14;
export const VFIO_DEVICE_BIND_IOMMUFD: number = VFIO_BASE + 18;
export const VFIO_DEVICE_ATTACH_IOMMUFD_PT: number = VFIO_BASE + 19;

/** What VFIO_GET_API_VERSION answers. */
export const VFIO_API_VERSION = 0;

/** Kinds of IOMMU, for VFIO_CHECK_EXTENSION and VFIO_SET_IOMMU. Version 2 unmaps exactly what was mapped. */
export const VFIO_TYPE1_IOMMU = 1;
export const VFIO_TYPE1V2_IOMMU = 3;

/** Regions of a PCI function: BARs by their numbers, then these. */
export const REGION_CONFIG = 7;

/** Interrupts of a PCI function. */
export const IRQ_MSIX = 2;
/** the device reported an error that cannot be corrected */
export const IRQ_ERROR = 3;
/** the kernel wants the device back */
export const IRQ_REQUEST = 4;
