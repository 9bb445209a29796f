import type { Clock } from '@phasebit/core';
import { CAP, REG_CAP } from '@phasebit/nvme-spec';
import { createMmioCounters, type DmaSpace, type MemoryOrder, type PcieFunction } from '@phasebit/pcie';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MachineBus } from './machine-bus.js';
import type { BarPlace, PciConfiguration } from './pci-configuration.js';
import { QtestDoorbells } from './qtest-doorbells.js';
import { QtestRegisters, REGISTER_BYTES } from './qtest-registers.js';
import type { QtestSocket } from './qtest-socket.js';
import { QtestVectors } from './qtest-vectors.js';

const BARS = 6;
const DOORBELL_BYTES = 4;
/** Bytes of RAM that the messages of one function take: a word for each of 2048 vectors. */
export const MESSAGE_BYTES = 8192;
/** x86 keeps stores in order, and loads. */
const MEMORY_ORDER: MemoryOrder = process.arch === 'x64' ? 'store-order' : 'weak';

/** A function of the machine, with what its configuration space says of it. */
export interface MachineFunction extends PcieFunction {
  /** PCI identity, by which drivers find quirks */
  readonly pci: { readonly vendorId: number; readonly deviceId: number };
}

/** What a function is made of. */
export interface QtestParts {
  readonly socket: QtestSocket;
  readonly bus: MachineBus;
  readonly configuration: PciConfiguration;
  readonly dma: DmaSpace;
  readonly clock: Clock;
  /** machine address of the words of its messages, and their byte offset in `words` */
  readonly messages: { readonly address: number; readonly offset: number };
  /** RAM that holds the words of messages */
  readonly words: ArrayBuffer;
}

/** Gives a function its windows from an address on, its vectors and its place in this process. */
export function makeFunction(parts: QtestParts, from: number): { fn: MachineFunction; windowsEnd: number } {
  const { socket, bus, configuration, clock } = parts;
  const { windows, windowsEnd } = placeWindows(configuration, from);
  configuration.enable();
  const { address } = windows[0]!;
  const cap = bus.read64(address + REG_CAP);
  const strideBytes = DOORBELL_BYTES << CAP.DSTRD.get(cap.low, cap.high);
  const counters = createMmioCounters();
  const identity = configuration.read(0);
  const fn: MachineFunction = {
    pci: { vendorId: identity & 0xffff, deviceId: identity >>> 16 },
    registers: new QtestRegisters(bus, address, counters),
    doorbells: new QtestDoorbells(socket, address + REGISTER_BYTES, strideBytes, counters),
    dma: parts.dma,
    vectors: makeVectors(parts, windows, clock),
    counters,
    memoryOrder: MEMORY_ORDER,
    pause: () => nextTurn(),
  };
  return { fn, windowsEnd };
}

/** By number of the window; the upper half of a 64-bit window has none. */
type Windows = readonly (BarPlace | undefined)[];

function placeWindows(configuration: PciConfiguration, from: number): { windows: Windows; windowsEnd: number } {
  const windows: (BarPlace | undefined)[] = [];
  let windowsEnd = from;
  for (let bar = 0; bar < BARS; bar += 2) {
    const window = configuration.placeBar(bar, windowsEnd);
    windows.push(window, undefined);
    if (window !== undefined) windowsEnd = window.address + window.bytes;
  }
  return { windows, windowsEnd };
}

function makeVectors(parts: QtestParts, windows: Windows, clock: Clock): QtestVectors {
  const { bus, configuration, messages } = parts;
  const msix = configuration.findMsix();
  const count = msix?.count ?? 0;
  const table = msix === undefined ? 0 : windows[msix.bar]!.address + msix.tableOffset;
  const words = new Int32Array(parts.words, messages.offset, count);
  const vectors = new QtestVectors(bus, { table, messages: messages.address, words }, clock);
  if (msix !== undefined) configuration.enableMsix(msix);
  return vectors;
}
