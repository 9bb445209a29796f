import { PAGE_BYTES } from '@phasebit/pcie';
import { RING_ENTRIES_DEFAULT, type StackOptions } from '../cli/bench-options.js';
import { isModelled } from '../cli/device-choice.js';
import type { PlaceDemand } from './device-place.js';
import { slotBytes } from './metadata-slots.js';

/** Where the data arena begins on the bus, if it is one of its own: far above the rings. */
export const DATA_IOVA_BASE = 0x40_0000_0000;

/** Bytes per queue pair beside what follows from its entries: page roundings of four allocations. */
const PAIR_SLACK_BYTES = 8 * PAGE_BYTES;
/** PRP list of one request: 128 pages, the transfer limit of the modelled controllers; and the longest there can be, of others. */
const LIST_BYTES_MODELLED = 1024;
const LIST_BYTES_MAX = 4096;
/** Bytes per controller for its admin queue and what is identified through it. */
const ADMIN_BYTES = 64 * PAGE_BYTES;
/** Most bytes of metadata for each byte of data: 128 for 512. What the format is, a controller says only when it has memory. */
const METADATA_SHARE_MAX = 128 / 512;

/** What the jobs of a run need beside the stack itself. */
export interface StackDemand {
  /** jobs that run side by side at most: each has queue pairs of its own */
  readonly jobs: number;
  /** bytes of DMA memory for their buffers */
  readonly dataBytes: number;
  /** bytes of the largest command that any of them issues */
  readonly commandBytesMax: number;
  /** commands that any of them has in flight at most */
  readonly ioDepthMax: number;
}

/** What the devices of a run have to be made for, or asked for. */
export function placeDemand(options: StackOptions, demand: StackDemand): PlaceDemand {
  const { jobs, dataBytes, commandBytesMax, ioDepthMax } = demand;
  const modelled = isModelled(options.device);
  const { ringEntries = RING_ENTRIES_DEFAULT, requests = ringEntries * 2, controllers } = options;
  const queuePairs = jobs * options.queuePairs;
  const listBytes = modelled ? LIST_BYTES_MODELLED : LIST_BYTES_MAX;
  const pairBytes = ringEntries * (64 + 16) + requests * listBytes + PAIR_SLACK_BYTES;
  // The other layers move data alone.
  const ofDevice = modelled ? (options.metadataBytes ?? 0) / options.lbaBytes : METADATA_SHARE_MAX;
  const metadataShare = options.layer === 'nvme' ? ofDevice : 0;
  const metadata = jobs * wholePages(ioDepthMax * slotBytes(commandBytesMax * metadataShare));
  return {
    queuePairs,
    ringBytes: wholePages(controllers * (queuePairs * pairBytes + ADMIN_BYTES)),
    dataBytes: wholePages(dataBytes + metadata + 16 * PAGE_BYTES),
  };
}

/** Bytes rounded up to whole pages. */
export function wholePages(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
}
