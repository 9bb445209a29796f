import {
  decodeDeviceInfo,
  decodeIrqCount,
  decodeRegionInfo,
  type DeviceFacts,
  deviceInfoRequest,
  irqInfoRequest,
  irqSetRequest,
  type RegionFacts,
  regionInfoRequest,
} from '../abi/device-structs.js';
import { wantedBytes } from '../abi/iommu-structs.js';
import {
  REGION_CONFIG,
  VFIO_DEVICE_GET_INFO,
  VFIO_DEVICE_GET_IRQ_INFO,
  VFIO_DEVICE_GET_REGION_INFO,
  VFIO_DEVICE_RESET,
  VFIO_DEVICE_SET_IRQS,
} from '../abi/vfio-requests.js';
import type { AttachedDevice } from '../iommu/iommu.js';
import type { Kernel } from '../kernel.js';
import { errorText, VfioRefusal } from '../refusal.js';

/** Most bytes of an answer about a region that are asked for again: hundreds of areas. */
const REGION_INFO_BYTES_MAX = 1 << 14;

/** A device as VFIO shows it: numbered regions, kinds of interrupts, a reset. */
export class VfioDevice {
  readonly facts: DeviceFacts;

  /** @throws VfioRefusal `unsupported` when it is no PCI function */
  constructor(
    private readonly kernel: Kernel,
    private readonly attached: AttachedDevice,
    readonly bdf: string,
  ) {
    const answer = deviceInfoRequest();
    kernel.ioctl(attached.fd, VFIO_DEVICE_GET_INFO, answer, 'VFIO_DEVICE_GET_INFO');
    this.facts = decodeDeviceInfo(answer);
    if (!this.facts.isPci || this.facts.regions <= REGION_CONFIG) {
      throw new VfioRefusal('unsupported', `${bdf}: expected a PCI function with its configuration space`);
    }
  }

  /** The descriptor, to map regions from. */
  get fd(): number {
    return this.attached.fd;
  }

  /** What there is of a region. */
  region(index: number): RegionFacts {
    let answer = regionInfoRequest(index);
    this.kernel.ioctl(this.fd, VFIO_DEVICE_GET_REGION_INFO, answer, 'VFIO_DEVICE_GET_REGION_INFO');
    const wanted = wantedBytes(answer);
    if (wanted > answer.length && wanted <= REGION_INFO_BYTES_MAX) {
      answer = regionInfoRequest(index, wanted);
      this.kernel.ioctl(this.fd, VFIO_DEVICE_GET_REGION_INFO, answer, 'VFIO_DEVICE_GET_REGION_INFO');
    }
    return decodeRegionInfo(answer);
  }

  /** How many interrupts of a kind an eventfd can take; 0 where the device or the kernel has none. */
  irqCount(index: number): number {
    if (index >= this.facts.irqs) return 0;
    const answer = irqInfoRequest(index);
    try {
      this.kernel.ioctl(this.fd, VFIO_DEVICE_GET_IRQ_INFO, answer, 'VFIO_DEVICE_GET_IRQ_INFO');
    } catch {
      // EINVAL: the kernel has no such kind for this device.
      return 0;
    }
    return decodeIrqCount(answer);
  }

  /**
   * Has interrupts 0 and up of a kind reported to eventfds; none switches the kind off.
   *
   * @returns 0, or how many there are where there are too few: none is switched on then
   */
  setIrqs(index: number, eventFds: readonly number[]): number {
    return this.kernel.ioctl(this.fd, VFIO_DEVICE_SET_IRQS, irqSetRequest(index, eventFds), 'VFIO_DEVICE_SET_IRQS');
  }

  /**
   * Resets the function. Configuration space and interrupts are as before afterwards; all else is as after power on.
   *
   * @throws VfioRefusal `unsupported` when the function has no reset of its own or does not come back from it
   */
  reset(): void {
    if (!this.facts.canReset) throw new VfioRefusal('unsupported', `${this.bdf} cannot be reset by itself`);
    try {
      this.kernel.ioctl(this.fd, VFIO_DEVICE_RESET, 0, 'VFIO_DEVICE_RESET');
    } catch (error) {
      throw new VfioRefusal('unsupported', `${this.bdf} was not reset: ${errorText(error)}`, { cause: error });
    }
  }

  /** Gives the device back to the kernel. */
  close(): void {
    this.attached.close();
  }
}
