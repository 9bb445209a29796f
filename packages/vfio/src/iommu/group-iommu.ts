import { groupStatusRequest, isGroupViable } from '../abi/device-structs.js';
import {
  decodeType1Info,
  type IommuFacts,
  type1InfoRequest,
  type1MapRequest,
  type1UnmapRequest,
  wantedBytes,
} from '../abi/iommu-structs.js';
import {
  VFIO_API_VERSION,
  VFIO_CHECK_EXTENSION,
  VFIO_GET_API_VERSION,
  VFIO_GROUP_GET_DEVICE_FD,
  VFIO_GROUP_GET_STATUS,
  VFIO_GROUP_SET_CONTAINER,
  VFIO_IOMMU_GET_INFO,
  VFIO_IOMMU_MAP_DMA,
  VFIO_IOMMU_UNMAP_DMA,
  VFIO_SET_IOMMU,
  VFIO_TYPE1_IOMMU,
  VFIO_TYPE1V2_IOMMU,
} from '../abi/vfio-requests.js';
import type { Kernel } from '../kernel.js';
import type { Places } from '../places.js';
import { errorCode, errorText, VfioRefusal } from '../refusal.js';
import type { AttachedDevice, AttachRequest, Iommu } from './iommu.js';
import { mapRefusal, noInterruptRemapping, openFile } from './open-file.js';

/** Bytes of `struct vfio_iommu_type1_info` without capabilities. */
const TYPE1_INFO_BYTES = 24;

/** Most bytes of an answer that are asked for again: thousands of ranges. */
const INFO_BYTES_MAX = 1 << 16;

interface OpenGroup {
  readonly fd: number;
  devices: number;
}

/** The address space of a VFIO container, with IOMMU groups in it: the interface of every kernel since 3.6. */
export class GroupIommu implements Iommu {
  readonly kind = 'group';
  private readonly container: number;
  private readonly type: number;
  private readonly groups = new Map<number, OpenGroup>();
  private hasIommu = false;

  /** @throws VfioRefusal `no-vfio`, `no-permission`, `unsupported` */
  constructor(
    private readonly kernel: Kernel,
    private readonly places: Places,
  ) {
    const path = `${places.dev}/vfio/vfio`;
    this.container = openFile(kernel, path, {
      missing: `there is no ${path}: VFIO is not there. Load it with 'modprobe vfio-pci', which 'phasebit-vfio bind' does too`,
      busy: `${path} is busy`,
    });
    try {
      this.type = this.chooseType(path);
    } catch (error) {
      kernel.close(this.container);
      throw error;
    }
  }

  private chooseType(path: string): number {
    const { kernel, container } = this;
    const version = kernel.ioctl(container, VFIO_GET_API_VERSION, 0, 'VFIO_GET_API_VERSION');
    if (version !== VFIO_API_VERSION) {
      throw new VfioRefusal('unsupported', `${path}: expected version ${VFIO_API_VERSION} of VFIO, got ${version}`);
    }
    for (const type of [VFIO_TYPE1V2_IOMMU, VFIO_TYPE1_IOMMU]) {
      if (kernel.ioctl(container, VFIO_CHECK_EXTENSION, type, 'VFIO_CHECK_EXTENSION') > 0) return type;
    }
    throw new VfioRefusal(
      'unsupported',
      `${path}: expected an IOMMU of type 1, which this kernel's VFIO does not offer. Load it with 'modprobe vfio_iommu_type1'`,
    );
  }

  attach(request: AttachRequest): AttachedDevice {
    const group = this.openGroup(request.group);
    try {
      const name = new TextEncoder().encode(`${request.bdf}\0`);
      const fd = this.deviceFd(group.fd, name, request);
      group.devices++;
      return {
        fd,
        close: () => {
          this.kernel.close(fd);
          group.devices--;
          this.closeUnused(request.group);
        },
      };
    } catch (error) {
      this.closeUnused(request.group);
      throw error;
    }
  }

  private deviceFd(group: number, name: Uint8Array, { bdf, group: id }: AttachRequest): number {
    try {
      return this.kernel.ioctl(group, VFIO_GROUP_GET_DEVICE_FD, name, 'VFIO_GROUP_GET_DEVICE_FD');
    } catch (error) {
      // Where groups are emulated by iommufd, this is where the device is bound to it.
      if (errorCode(error) === 'EPERM') throw iommuRefusal(error, id);
      throw new VfioRefusal('busy', `${bdf} cannot be had from its group: ${errorText(error)}`, { cause: error });
    }
  }

  /** A group can be opened once, so functions of one group share the descriptor. */
  private openGroup(id: number): OpenGroup {
    const known = this.groups.get(id);
    if (known !== undefined) return known;
    const { kernel, places } = this;
    const path = `${places.dev}/vfio/${id}`;
    const fd = openFile(kernel, path, {
      missing: `there is no ${path}: IOMMU group ${id} has no device bound to vfio-pci`,
      busy: `${path} is open already: another process uses a device of IOMMU group ${id}`,
    });
    try {
      this.admit(fd, id);
    } catch (error) {
      kernel.close(fd);
      throw error;
    }
    const group = { fd, devices: 0 };
    this.groups.set(id, group);
    return group;
  }

  private admit(fd: number, id: number): void {
    const { kernel } = this;
    const status = groupStatusRequest();
    kernel.ioctl(fd, VFIO_GROUP_GET_STATUS, status, 'VFIO_GROUP_GET_STATUS');
    if (!isGroupViable(status)) {
      throw new VfioRefusal(
        'group-not-viable',
        `IOMMU group ${id} is not viable: the kernel uses another device of it`,
      );
    }
    try {
      const container = new Uint8Array(new Int32Array([this.container]).buffer);
      kernel.ioctl(fd, VFIO_GROUP_SET_CONTAINER, container, 'VFIO_GROUP_SET_CONTAINER');
      // The first group decides on the kind of IOMMU; further ones join, and see what is mapped already.
      if (!this.hasIommu) kernel.ioctl(this.container, VFIO_SET_IOMMU, this.type, 'VFIO_SET_IOMMU');
    } catch (error) {
      throw iommuRefusal(error, id);
    }
    this.hasIommu = true;
  }

  private closeUnused(id: number): void {
    const group = this.groups.get(id);
    if (group === undefined || group.devices > 0) return;
    this.groups.delete(id);
    this.kernel.close(group.fd);
    // With its last group the container has lost its IOMMU, and all mappings with it.
    if (this.groups.size === 0) this.hasIommu = false;
  }

  facts(): IommuFacts {
    const { kernel, container } = this;
    let answer = type1InfoRequest(TYPE1_INFO_BYTES);
    kernel.ioctl(container, VFIO_IOMMU_GET_INFO, answer, 'VFIO_IOMMU_GET_INFO');
    const wanted = wantedBytes(answer);
    if (wanted > answer.length && wanted <= INFO_BYTES_MAX) {
      answer = type1InfoRequest(wanted);
      kernel.ioctl(container, VFIO_IOMMU_GET_INFO, answer, 'VFIO_IOMMU_GET_INFO');
    }
    return decodeType1Info(answer);
  }

  map(address: bigint, bytes: number, iova: number): void {
    try {
      this.kernel.ioctl(
        this.container,
        VFIO_IOMMU_MAP_DMA,
        type1MapRequest(address, bytes, iova),
        'VFIO_IOMMU_MAP_DMA',
      );
    } catch (error) {
      throw mapRefusal(error, bytes);
    }
  }

  unmap(iova: number, bytes: number): void {
    if (!this.hasIommu) return;
    this.kernel.ioctl(this.container, VFIO_IOMMU_UNMAP_DMA, type1UnmapRequest(iova, bytes), 'VFIO_IOMMU_UNMAP_DMA');
  }

  close(): void {
    this.kernel.close(this.container);
  }
}

function iommuRefusal(error: unknown, id: number): VfioRefusal {
  const cause = { cause: error };
  if (errorCode(error) === 'EPERM') {
    return new VfioRefusal('unsupported', noInterruptRemapping(id), cause);
  }
  return new VfioRefusal('unsupported', `IOMMU group ${id} cannot be used: ${errorText(error)}`, cause);
}
