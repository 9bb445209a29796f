import type { Guest } from './guest.js';

/** Takes functions from whatever driver of the guest has them, and gives them to vfio-pci. @param slots - such as `0000:00:10.0` */
export async function bindToVfio(guest: Guest, ...slots: readonly string[]): Promise<void> {
  const each = slots.map((slot) => {
    const folder = `/sys/bus/pci/devices/${slot}`;
    return `if [ -e ${folder}/driver ]; then echo ${slot} > ${folder}/driver/unbind; fi
      echo vfio-pci > ${folder}/driver_override
      echo ${slot} > /sys/bus/pci/drivers_probe
      test "$(basename $(readlink ${folder}/driver))" = vfio-pci`;
  });
  await guest.expect(`modprobe -a vfio-pci vfio_iommu_type1\n${each.join(' || exit 1\n')}`);
}
