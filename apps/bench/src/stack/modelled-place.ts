import {
  createDmaArena,
  createLinkMemory,
  type DmaArena,
  DMA_SPACE_BYTES_MAX,
  DmaSpace,
  type LinkMemory,
  type MemoryOrder,
  openLink,
  PAGE_BYTES,
} from '@phasebit/pcie';
import { arch } from 'node:process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { StackOptions } from '../cli/bench-options.js';
import type { ModelledDevice } from '../cli/device-choice.js';
import type { DevicePlace, PlaceDemand } from './device-place.js';
import { DeviceSet } from './device-set.js';
import { type DeviceReport, type DeviceSpec, NO_DEVICE_REPORT } from './device-spec.js';
import { DATA_IOVA_BASE } from './memory-need.js';
import { nodeClock } from './node-clock.js';
import { CONTROL_WORDS, NAP_MS, NAP_WORD, STOP_WORD, type ThreadStart } from './thread-protocol.js';

/** x86 keeps stores and loads in order: one atomic load begins a poll. Elsewhere each entry takes one. */
const MEMORY_ORDER: MemoryOrder = arch === 'x64' || arch === 'ia32' ? 'store-order' : 'weak';

/** What keeps modelled devices going. */
interface Runner extends Pick<DevicePlace, 'step' | 'nap' | 'close'> {
  /** Lets a moment pass while the host waits for them. */
  readonly pause: () => Promise<void>;
}

/** Makes devices, and links to them. @throws Error when their medium or the memory cannot be had as asked */
export async function openModelledPlace(
  options: StackOptions,
  device: ModelledDevice,
  demand: PlaceDemand,
): Promise<DevicePlace> {
  const shared = device === 'thread';
  const dma = new DmaSpace();
  for (const arena of makeArenas(options, demand, shared)) dma.attach(arena);
  const links: LinkMemory[] = [];
  const queues = demand.queuePairs + 1;
  for (let i = 0; i < options.controllers; i++) links.push(createLinkMemory({ queues, vectors: queues, shared }));
  const spec = deviceSpec(options, demand.queuePairs);
  const runner = shared ? await runOnThread(spec, links, dma.arenas) : runInline(spec, links, dma.arenas);
  const surroundings = { dma, clock: nodeClock, pause: runner.pause, memoryOrder: MEMORY_ORDER };
  const { step, nap, close } = runner;
  return {
    step,
    nap,
    close,
    transport: device,
    functions: links.map((memory, at) => ({
      function: openLink({ memory, ...surroundings }),
      name: links.length === 1 ? device : `${device} ${at}`,
    })),
    dma,
    figures: 'of a controller that this program models, and of no drive',
    isGuarded: false,
    isWantedBack: () => false,
  };
}

/** Devices on this thread: stepped by whoever waits for them. */
function runInline(spec: DeviceSpec, links: readonly LinkMemory[], arenas: readonly DmaArena[]): Runner {
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
async function runOnThread(
  spec: DeviceSpec,
  links: readonly LinkMemory[],
  arenas: readonly DmaArena[],
): Promise<Runner> {
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

/** An arena for rings, contiguous on the bus, and one for data, scattered when asked for. */
function makeArenas(options: StackOptions, { ringBytes, dataBytes }: PlaceDemand, shared: boolean): DmaArena[] {
  if (ringBytes + dataBytes + PAGE_BYTES > DMA_SPACE_BYTES_MAX) {
    throw new RangeError(
      `iodepth x bs x jobs: expected at most ${DMA_SPACE_BYTES_MAX} bytes of DMA memory, got ${ringBytes + dataBytes}`,
    );
  }
  const scatter = options.scatterSeed === undefined ? {} : { scatterSeed: options.scatterSeed };
  return [
    createDmaArena({ bytes: ringBytes, shared }),
    createDmaArena({ bytes: dataBytes, shared, iovaBase: DATA_IOVA_BASE, ...scatter }),
  ];
}

function deviceSpec(options: StackOptions, queuePairs: number): DeviceSpec {
  return {
    media: options.media,
    mediaBytes: options.mediaBytes,
    lbaBytes: options.lbaBytes,
    controllers: options.controllers,
    queuePairs,
    failControllerAfter: options.failControllerAfter,
    metadataBytes: options.metadataBytes ?? 0,
    piType: options.piType ?? 0,
    guardBits: options.guardBits ?? 16,
    shadowDoorbells: options.shadowDoorbells ?? 'off',
    faults: options.faults ?? [],
    faultSeed: options.faultSeed ?? options.seed,
  };
}
