import type { DmaArena, LinkMemory } from '@phasebit/pcie';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { DeviceSet } from './device-set.js';
import { type DeviceReport, type DeviceSpec, NO_DEVICE_REPORT } from './device-spec.js';
import { CONTROL_WORDS, NAP_MS, NAP_WORD, STOP_WORD, type ThreadStart } from './thread-protocol.js';

/** Where the devices run. */
export interface DevicePlace {
  /** Gives devices on this thread their turn; devices on another take theirs themselves. */
  step(): void;
  /** Makes room for the devices' thread, where there are more threads than processors; nothing where they are on this one. */
  nap(): void;
  /** Lets a moment pass while the host waits for a device. */
  pause(): Promise<void>;
  /** Ends the devices: what was written is durable then. Gives what they have to say. */
  close(): Promise<DeviceReport>;
}

/** Devices on this thread: stepped by whoever waits for them. */
export function placeInline(spec: DeviceSpec, links: readonly LinkMemory[], arenas: readonly DmaArena[]): DevicePlace {
  const devices = new DeviceSet(spec, links, arenas);
  return {
    step: () => void devices.step(),
    nap: () => undefined,
    pause: () => {
      devices.step();
      return Promise.resolve();
    },
    close: () => Promise.resolve(devices.close()),
  };
}

/** Devices on a thread of their own. @throws Error when their medium cannot be had as asked */
export async function placeOnThread(
  spec: DeviceSpec,
  links: readonly LinkMemory[],
  arenas: readonly DmaArena[],
): Promise<DevicePlace> {
  const control = new Int32Array(new SharedArrayBuffer(CONTROL_WORDS * 4));
  const workerData: ThreadStart = { spec, links, arenas, control };
  const worker = new Worker(new URL('./device-worker.js', import.meta.url), { workerData });
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
  });
  let report = NO_DEVICE_REPORT;
  worker.on('message', (last: DeviceReport) => (report = last));
  return {
    step: () => undefined,
    nap: () => void Atomics.wait(control, NAP_WORD, 0, NAP_MS),
    pause: () => nextTurn(),
    close: async () => {
      Atomics.store(control, STOP_WORD, 1);
      await ended;
      return report;
    },
  };
}
