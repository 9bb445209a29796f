import type { Guest } from './guest.js';

const NVME_CLASS = '0x010802';

/** Addresses of all NVMe functions of a guest, by slot, such as `0000:00:03.0`. */
export async function nvmeFunctions(guest: Guest): Promise<string[]> {
  const { stdout } = await guest.expect(`cd /sys/bus/pci/devices; grep -l ${NVME_CLASS} */class`);
  return stdout
    .trim()
    .split('\n')
    .map((file) => file.replace('/class', ''));
}
