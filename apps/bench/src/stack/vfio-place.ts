import type { VfioFunction } from '@phasebit/vfio';
import type { DevicePlace, PlacedFunction, PlaceDemand } from './device-place.js';
import { NO_DEVICE_REPORT } from './device-spec.js';
import { readPciIdentity } from './pci-identity.js';
import { warningLog } from './warning-log.js';

/** MSI-X vectors of the admin queue. */
const ADMIN_VECTORS = 1;

/**
 * Opens PCI functions through VFIO. They share one piece of memory, so that a payload can go over either.
 *
 * @param addresses - PCI addresses
 * @throws VfioRefusal saying why one cannot be had, and what to do about it
 */
export async function openVfioPlace(addresses: readonly string[], demand: PlaceDemand): Promise<DevicePlace> {
  const { openVfio, VfioMemory } = await import('@phasebit/vfio');
  const memory = new VfioMemory({ bytes: demand.ringBytes + demand.dataBytes, log: warningLog });
  const functions: VfioFunction[] = [];
  const close = async (): Promise<void> => {
    for (const each of functions) await each.close();
    memory.close();
  };
  try {
    const options = { memory, vectors: demand.queuePairs + ADMIN_VECTORS, log: warningLog };
    for (const address of addresses) functions.push(await openVfio(address, options));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    transport: 'vfio',
    functions: functions.map(placed),
    dma: functions[0].dma,
    figures: 'of a PCI device of this machine, through VFIO',
    isGuarded: true,
    step: () => undefined,
    nap: () => undefined,
    isWantedBack: () => functions.some(({ state }) => state !== 'open'),
    close: async () => {
      await close();
      return NO_DEVICE_REPORT;
    },
  };
}

function placed(opened: VfioFunction): PlacedFunction {
  const pci = readPciIdentity(opened.bdf);
  return { function: opened, name: `vfio:${opened.bdf}`, ...(pci === undefined ? {} : { pci }) };
}
