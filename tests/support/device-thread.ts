/**
 * A program for a worker: a modelled device over shared memory, stepped until it is told to stop.
 */
import { Controller, RamMedium } from '@phasebit/controller';
import { type DmaArena, DeviceDma, LinkDevice, type LinkMemory } from '@phasebit/pcie';
import { performance } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';

/** What the worker is started with. All of its memory is shared. */
export interface DeviceThreadStart {
  readonly link: LinkMemory;
  readonly arenas: readonly DmaArena[];
  readonly mediumBytes: number;
  /** word 0 becomes 1 when the thread shall end; word 1 is never changed, to nap on */
  readonly control: Int32Array;
}

/** What the worker says when it ends. */
export interface DeviceThreadEnd {
  readonly strayWrites: number;
  readonly invalidValues: number;
}

const STOP = 0;
const NAP = 1;
const NAP_MS = 1;
/** Turns without work before a nap, so that two busy threads do not take a machine from everybody else. */
const IDLE_TURNS_MAX = 20_000;

const { link, arenas, mediumBytes, control } = workerData as DeviceThreadStart;
const device = new Controller({
  link: new LinkDevice(link),
  dma: new DeviceDma(arenas),
  clock: { nowNs: () => performance.now() * 1e6 },
  namespaces: [{ nsid: 1, medium: new RamMedium({ bytes: mediumBytes }), blockBytes: 4096 }],
});
parentPort!.postMessage('ready');
let idle = 0;
while (Atomics.load(control, STOP) === 0) {
  idle = device.step() === 0 ? idle + 1 : 0;
  if (idle > IDLE_TURNS_MAX) Atomics.wait(control, NAP, 0, NAP_MS);
}
const { strayWrites, invalidValues } = device.doorbellFaults;
parentPort!.postMessage({ strayWrites, invalidValues } satisfies DeviceThreadEnd);
