/**
 * A program for a worker: the controller of the conformance suite, stepped until it is told to stop.
 */
import { Controller, RamMedium } from '@phasebit/controller';
import { type DmaArena, DeviceDma, LinkDevice, type LinkMemory } from '@phasebit/pcie';
import { performance } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import { CONFORMANCE_DEVICE, CONFORMANCE_NAMESPACES } from './device.js';

interface Start {
  readonly link: LinkMemory;
  readonly arenas: readonly DmaArena[];
  /** word 0 becomes 1 when the thread shall end; word 1 is never changed, to nap on */
  readonly control: Int32Array;
}

const NAP_MS = 0.05;
const IDLE_TURNS_MAX = 200;

const { link, arenas, control } = workerData as Start;
const device = new Controller({
  ...CONFORMANCE_DEVICE,
  link: new LinkDevice(link),
  dma: new DeviceDma(arenas),
  clock: { nowNs: () => performance.now() * 1e6 },
  namespaces: CONFORMANCE_NAMESPACES.map(({ bytes, ...rest }) => ({ ...rest, medium: new RamMedium({ bytes }) })),
});
parentPort!.postMessage('ready');
let idle = 0;
while (Atomics.load(control, 0) === 0) {
  idle = device.step() === 0 ? idle + 1 : 0;
  if (idle > IDLE_TURNS_MAX) Atomics.wait(control, 1, 0, NAP_MS);
}
