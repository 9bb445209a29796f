/**
 * The device's thread: steps its controllers until it is told to stop. It polls, as an I/O thread of a virtual machine does, and naps
 * when nothing has come for a while.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { DeviceSet } from './device-set.js';
import { NAP_MS, NAP_WORD, STOP_WORD, type ThreadStart } from './thread-protocol.js';

/** Turns without work before the first nap: some 0.3 ms of polling. */
const IDLE_TURNS_MAX = 16_384;
/** Turns between two looks at the stop word. */
const TURNS_PER_LOOK = 256;

function serve(devices: DeviceSet, control: Int32Array): void {
  let idle = 0;
  while (Atomics.load(control, STOP_WORD) === 0) {
    for (let turn = 0; turn < TURNS_PER_LOOK; turn++) idle = devices.step() === 0 ? idle + 1 : 0;
    if (idle > IDLE_TURNS_MAX) Atomics.wait(control, NAP_WORD, 0, NAP_MS);
  }
}

const { spec, links, arenas, control } = workerData as ThreadStart;
const devices = new DeviceSet(spec, links, arenas);
parentPort!.postMessage('ready');
serve(devices, control);
parentPort!.postMessage(devices.close());
