/** Numbers of the requests of `linux/iommufd.h`: `_IO(';', 0x80 + n)`. */
const IOMMUFD_BASE = 0x3b80;

export const IOMMU_DESTROY: number = IOMMUFD_BASE;
export const IOMMU_IOAS_ALLOC: number = IOMMUFD_BASE + 1;
export const IOMMU_IOAS_IOVA_RANGES: number = IOMMUFD_BASE + 4;
export const IOMMU_IOAS_MAP: number = IOMMUFD_BASE + 5;
export const IOMMU_IOAS_UNMAP: number = IOMMUFD_BASE + 6;

/** Flags of {@link IOMMU_IOAS_MAP}. */
export const IOAS_MAP_FIXED_IOVA = 1;
export const IOAS_MAP_WRITEABLE = 2;
export const IOAS_MAP_READABLE = 4;
