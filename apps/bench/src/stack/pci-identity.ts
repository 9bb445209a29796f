import type { PciIdentity } from '@phasebit/nvme';
import { readFileSync } from 'node:fs';

/** Who made a PCI function, as the system says; undefined where it does not. */
export function readPciIdentity(address: string): PciIdentity | undefined {
  try {
    const read = (name: string): number => Number(readFileSync(`/sys/bus/pci/devices/${address}/${name}`, 'utf8'));
    const [vendorId, deviceId] = [read('vendor'), read('device')];
    return Number.isInteger(vendorId) && Number.isInteger(deviceId) ? { vendorId, deviceId } : undefined;
  } catch {
    return undefined;
  }
}
