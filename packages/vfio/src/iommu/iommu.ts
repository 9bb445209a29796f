import type { IommuFacts } from '../abi/iommu-structs.js';

/** Which of the kernel's interfaces is used: `group` is `/dev/vfio/N` with the type 1 IOMMU, `iommufd` is `/dev/iommu`. */
export type IommuKind = 'group' | 'iommufd';

/** A device that is attached to an address space. */
export interface AttachedDevice {
  /** its descriptor, for registers, interrupts and reset */
  readonly fd: number;
  /** Closes the descriptor, upon which the kernel resets the device, and whatever the device was reached through. */
  close(): void;
}

/** Where a function is found by an {@link Iommu}. */
export interface AttachRequest {
  readonly bdf: string;
  /** number of its IOMMU group */
  readonly group: number;
  /** whether there are other functions in that group */
  readonly isGroupShared: boolean;
  /** name of its character device below `/dev/vfio/devices`, where the kernel has that */
  readonly cdev: string | undefined;
}

/** An address space of an IOMMU: what devices attached to it see of this process's memory. */
export interface Iommu {
  readonly kind: IommuKind;
  /** Gives a device to this address space. What is mapped becomes visible to it. @throws VfioRefusal */
  attach(request: AttachRequest): AttachedDevice;
  /** What may be mapped where. Each device that is attached may narrow it. */
  facts(): IommuFacts;
  /** Maps memory of this process, readable and writable. It stays locked until it is unmapped. @throws VfioRefusal `memory-limit` */
  map(address: bigint, bytes: number, iova: number): void;
  unmap(iova: number, bytes: number): void;
  /** Once all devices are closed. */
  close(): void;
}
