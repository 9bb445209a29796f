/**
 * The ways to reach our own controller, for the conformance suite. Each is opened once and used by every case.
 */
import type { ConformanceTarget } from '@phasebit/conformance';
import { Controller, type FaultOptions, RamMedium } from '@phasebit/controller';
import { ManualClock } from '@phasebit/core';
import { createDmaArena, createLinkMemory, DeviceDma, DmaSpace, LinkDevice, openLink } from '@phasebit/pcie';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type Bundle, bundle } from '../support/bundle.js';
import {
  CONFORMANCE_DEVICE,
  CONFORMANCE_FIRMWARE,
  CONFORMANCE_NAMESPACES,
  MINIMAL_DEVICE,
  MINIMAL_NAMESPACES,
} from './device.js';

/** An opened target, and how to let go of it. */
export interface OpenTarget {
  readonly target: ConformanceTarget;
  close(): Promise<void>;
}

const RINGS_BYTES = 4 << 20;
const DATA_BYTES = 16 << 20;
const DATA_IOVA = 2 ** 40;
/** Nothing is mapped there. */
const NOWHERE = 2 ** 45;
const QUEUES = 17;
const CMB_BYTES = 64 << 10;
/** How far the clock of an inline device moves with each pause. */
const PAUSE_NS = 1e5;

function hostMemory(shared: boolean, scatterSeed?: number): DmaSpace {
  const dma = new DmaSpace(RINGS_BYTES + DATA_BYTES + 4096);
  dma.attach(createDmaArena({ bytes: RINGS_BYTES, shared }));
  const scatter = scatterSeed === undefined ? {} : { scatterSeed };
  dma.attach(createDmaArena({ bytes: DATA_BYTES, iovaBase: DATA_IOVA, shared, ...scatter }));
  return dma;
}

/** How an inline target differs from the plain one. */
export interface InlineChoices {
  /** permutes the pages of the data memory */
  readonly scatterSeed?: number;
  /** the controller offers nothing that is optional */
  readonly isMinimal?: boolean;
  /** what goes wrong with the controller */
  readonly faults?: FaultOptions;
}

/** A target whose controller is at hand. */
export interface InlineTarget extends OpenTarget {
  readonly device: Controller;
}

/** The controller on this thread, under a clock that only waiting moves. */
export function openInline(choices: InlineChoices = {}): Promise<InlineTarget> {
  const { scatterSeed, isMinimal = false, faults = {} } = choices;
  const namespaces = isMinimal ? MINIMAL_NAMESPACES : CONFORMANCE_NAMESPACES;
  const firmware = isMinimal ? {} : { firmwareImage: CONFORMANCE_FIRMWARE };
  const clock = new ManualClock();
  const dma = hostMemory(false, scatterSeed);
  const memory = createLinkMemory({ queues: QUEUES, cmbBytes: isMinimal ? 0 : CMB_BYTES });
  const device = new Controller({
    ...(isMinimal ? MINIMAL_DEVICE : CONFORMANCE_DEVICE),
    link: new LinkDevice(memory),
    dma: new DeviceDma(dma.arenas),
    clock,
    faults,
    namespaces: namespaces.map(({ bytes, ...rest }) => ({ ...rest, medium: new RamMedium({ bytes }) })),
  });
  const pause = (): Promise<void> => {
    for (let turns = 0; turns < 100 && device.step() > 0; turns++);
    clock.advanceNs(PAUSE_NS);
    return Promise.resolve();
  };
  const fn = openLink({ memory, dma, clock, pause });
  return Promise.resolve({
    device,
    target: { name: 'inline', fn, clock, unmappedIova: NOWHERE, ...firmware },
    close: () => Promise.resolve(),
  });
}

/** The controller on another thread, over shared memory, in real time. */
export async function openThread(): Promise<OpenTarget> {
  const program: Bundle = await bundle('../conformance/device-thread.ts');
  const dma = hostMemory(true);
  const memory = createLinkMemory({ queues: QUEUES, cmbBytes: CMB_BYTES, shared: true });
  const control = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(program.file, { workerData: { link: memory, arenas: dma.arenas, control } });
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
  });
  let failure: Error | undefined;
  worker.on('error', (error) => (failure = error));
  const pause = async (): Promise<void> => {
    await nextTurn();
    // Nobody will answer any more, and every case would wait until its deadline.
    if (failure !== undefined) throw failure;
  };
  const clock = { nowNs: () => performance.now() * 1e6 };
  const fn = openLink({ memory, dma, clock, pause });
  const close = async (): Promise<void> => {
    Atomics.store(control, 0, 1);
    await worker.terminate();
    program.remove();
  };
  const target = { name: 'thread', fn, clock, unmappedIova: NOWHERE, firmwareImage: CONFORMANCE_FIRMWARE };
  return { target: { ...target, quietMs: 5, deadlineMs: 3000, waitMsMax: 50 }, close };
}
