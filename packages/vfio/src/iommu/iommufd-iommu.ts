import {
  attachRequest,
  bindIommufdRequest,
  decodeIoasId,
  decodeIoasRanges,
  decodeRangeCount,
  destroyRequest,
  ioasAllocRequest,
  ioasMapRequest,
  ioasRangesRequest,
  ioasUnmapRequest,
  type IommuFacts,
} from '../abi/iommu-structs.js';
import {
  IOMMU_DESTROY,
  IOMMU_IOAS_ALLOC,
  IOMMU_IOAS_IOVA_RANGES,
  IOMMU_IOAS_MAP,
  IOMMU_IOAS_UNMAP,
} from '../abi/iommufd-requests.js';
import { VFIO_DEVICE_ATTACH_IOMMUFD_PT, VFIO_DEVICE_BIND_IOMMUFD } from '../abi/vfio-requests.js';
import type { Kernel } from '../kernel.js';
import type { Places } from '../places.js';
import { errorCode, errorText, VfioRefusal } from '../refusal.js';
import type { AttachedDevice, AttachRequest, Iommu } from './iommu.js';
import { mapRefusal, noInterruptRemapping, openFile } from './open-file.js';

/** Ranges that there is room for at first; the kernel says if it has more. */
const RANGES_FIRST = 32;

/** Most ranges that are read. */
const RANGES_MAX = 4096;

/** An address space of `/dev/iommu`, with devices attached by their own character devices: kernels since 6.6, where configured. */
export class IommufdIommu implements Iommu {
  readonly kind = 'iommufd';
  private readonly fd: number;
  private readonly ioas: number;

  /** @throws VfioRefusal `no-vfio`, `no-permission`, `unsupported` */
  constructor(
    private readonly kernel: Kernel,
    private readonly places: Places,
  ) {
    const path = `${places.dev}/iommu`;
    this.fd = openFile(kernel, path, {
      missing: `there is no ${path}: this kernel has no iommufd, or its module is not loaded`,
      busy: `${path} is busy`,
    });
    try {
      const request = ioasAllocRequest();
      kernel.ioctl(this.fd, IOMMU_IOAS_ALLOC, request, 'IOMMU_IOAS_ALLOC');
      this.ioas = decodeIoasId(request);
    } catch (error) {
      kernel.close(this.fd);
      throw new VfioRefusal('unsupported', `${path} has no address space: ${errorText(error)}`, { cause: error });
    }
  }

  attach(request: AttachRequest): AttachedDevice {
    const { kernel, places } = this;
    if (request.cdev === undefined) {
      throw new VfioRefusal('no-vfio', `${request.bdf} has no character device of its own: use the group interface`);
    }
    const path = `${places.dev}/vfio/devices/${request.cdev}`;
    const fd = openFile(kernel, path, { missing: `there is no ${path}`, busy: `${path} is busy` });
    try {
      this.bind(fd, path, request);
    } catch (error) {
      kernel.close(fd);
      throw error;
    }
    return { fd, close: () => kernel.close(fd) };
  }

  /** Anybody who may can open the file, as often as he likes: whose the device is is decided by binding. */
  private bind(fd: number, path: string, request: AttachRequest): void {
    const { kernel } = this;
    try {
      kernel.ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, bindIommufdRequest(this.fd), 'VFIO_DEVICE_BIND_IOMMUFD');
    } catch (error) {
      throw bindRefusal(error, path, request);
    }
    try {
      kernel.ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, attachRequest(this.ioas), 'VFIO_DEVICE_ATTACH_IOMMUFD_PT');
    } catch (error) {
      throw unattachable(error, request.bdf);
    }
  }

  facts(): IommuFacts {
    let count = RANGES_FIRST;
    for (;;) {
      const room = new Uint8Array(new ArrayBuffer(16 * count));
      const request = ioasRangesRequest(this.ioas, this.kernel.addressOf(room), count);
      try {
        this.kernel.ioctl(this.fd, IOMMU_IOAS_IOVA_RANGES, request, 'IOMMU_IOAS_IOVA_RANGES');
      } catch (error) {
        const wanted = decodeRangeCount(request);
        if (errorCode(error) !== 'EMSGSIZE' || wanted <= count || wanted > RANGES_MAX) throw error;
        count = wanted;
        continue;
      }
      return decodeIoasRanges(request, room);
    }
  }

  map(address: bigint, bytes: number, iova: number): void {
    try {
      this.kernel.ioctl(this.fd, IOMMU_IOAS_MAP, ioasMapRequest(this.ioas, address, bytes, iova), 'IOMMU_IOAS_MAP');
    } catch (error) {
      throw mapRefusal(error, bytes);
    }
  }

  unmap(iova: number, bytes: number): void {
    this.kernel.ioctl(this.fd, IOMMU_IOAS_UNMAP, ioasUnmapRequest(this.ioas, iova, bytes), 'IOMMU_IOAS_UNMAP');
  }

  close(): void {
    try {
      this.kernel.ioctl(this.fd, IOMMU_DESTROY, destroyRequest(this.ioas), 'IOMMU_DESTROY');
    } finally {
      this.kernel.close(this.fd);
    }
  }
}

/** Why a device cannot be had. The kernel has one word for several reasons; the likely one is told first. */
function bindRefusal(error: unknown, path: string, { bdf, group, isGroupShared }: AttachRequest): VfioRefusal {
  const code = errorCode(error);
  const cause = { cause: error };
  if (code === 'EINVAL') {
    const other = 'or its IOMMU does not keep caches coherent, which iommufd demands';
    return new VfioRefusal('busy', `${path} is bound already: another process uses ${bdf}, ${other}`, cause);
  }
  if (code === 'EBUSY') {
    const other = 'or the kernel uses a device of it';
    return new VfioRefusal('busy', `another process has IOMMU group ${group} of ${bdf} open, ${other}`, cause);
  }
  if (code !== 'EPERM') return unattachable(error, bdf);
  if (isGroupShared) {
    const whose = 'by another process or with other memory';
    return new VfioRefusal('busy', `another device of IOMMU group ${group} of ${bdf} is in use, ${whose}`, cause);
  }
  return new VfioRefusal('unsupported', noInterruptRemapping(group), cause);
}

function unattachable(error: unknown, bdf: string): VfioRefusal {
  return new VfioRefusal('unsupported', `${bdf} cannot be attached to an IOMMU: ${errorText(error)}`, {
    cause: error,
  });
}
