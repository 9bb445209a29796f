import type { VfioUserFunction } from '@phasebit/vfio-user';
import type { StackOptions } from '../cli/bench-options.js';
import type { DevicePlace, PlaceDemand } from './device-place.js';
import { NO_DEVICE_REPORT } from './device-spec.js';
import { DATA_IOVA_BASE } from './memory-need.js';
import { napForOthers } from './nap.js';
import { nodeClock } from './node-clock.js';
import { warningLog } from './warning-log.js';

/** MSI-X vectors of the admin queue. */
const ADMIN_VECTORS = 1;

/**
 * Connects to controllers that other processes serve over vfio-user. They share one piece of memory, so that a payload can go over either.
 *
 * @param paths - their sockets
 * @throws Error naming the socket, when nobody listens there or it is no NVMe controller
 */
export async function openVfioUserPlace(
  paths: readonly string[],
  { scatterSeed }: StackOptions,
  { ringBytes, dataBytes, queuePairs }: PlaceDemand,
): Promise<DevicePlace> {
  const { openVfioUser, VfioUserMemory } = await import('@phasebit/vfio-user');
  const scatter = scatterSeed === undefined ? {} : { scatterSeed };
  const memory = new VfioUserMemory([{ bytes: ringBytes }, { bytes: dataBytes, iovaBase: DATA_IOVA_BASE, ...scatter }]);
  const functions: VfioUserFunction[] = [];
  const close = (): void => {
    for (const each of functions) each.close();
    memory.close();
  };
  for (const path of paths) {
    try {
      const options = { clock: nodeClock, log: warningLog, memory, vectors: queuePairs + ADMIN_VECTORS };
      functions.push(await openVfioUser(path, options));
    } catch (cause) {
      close();
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`--device vfio-user:${path}: expected a server with an NVMe controller: ${why}`, { cause });
    }
  }
  return {
    transport: 'vfio-user',
    functions: functions.map(({ identity: { vendorId, deviceId } }, at) => ({
      ...{ function: functions[at], name: `vfio-user:${paths[at]}` },
      pci: { vendorId, deviceId },
    })),
    dma: memory.dma,
    figures: 'of a controller that another process serves, over vfio-user; what is behind it is not known here',
    isGuarded: true,
    step: () => undefined,
    nap: napForOthers,
    isWantedBack: () => functions.some(({ isLost }) => isLost),
    close: () => {
      close();
      return Promise.resolve(NO_DEVICE_REPORT);
    },
  };
}
