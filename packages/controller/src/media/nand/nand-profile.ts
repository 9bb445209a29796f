import { checkRange } from '../../checks.js';

/** How the flash of a `NandMedium` is laid out. */
export interface NandGeometry {
  /** channels, 1 to 64; transfers on different channels go on at the same time */
  readonly channels: number;
  /** dies of each channel, 1 to 64; a die does one thing at a time */
  readonly diesPerChannel: number;
  /** planes of each die, 1 to 16; pages of a row, one of each plane, are read, programmed and erased together */
  readonly planesPerDie: number;
  /** data bytes of a page, 512 to 65,536, a power of two: the unit of striping and of mapping */
  readonly pageBytes: number;
  /** pages of a block of one plane, 1 to 65,536; a block is erased as a whole, in all planes of its die */
  readonly pagesPerBlock: number;
}

/** How long the flash takes for what. */
export interface NandTimes {
  /** sensing a row of pages (tR), microseconds */
  readonly readUs: number;
  /** programming a row of pages (tPROG), microseconds */
  readonly programUs: number;
  /** erasing a block in all planes of a die (tBERS), microseconds */
  readonly eraseUs: number;
  /** what a channel transfers, 10^6 bytes a second */
  readonly channelMBps: number;
  /** what every command takes besides, in the drive's controller, microseconds */
  readonly commandUs: number;
}

/** Flash of one kind. */
export interface NandProfile {
  /** how it is laid out */
  readonly geometry: NandGeometry;
  /** how long it takes for what */
  readonly times: NandTimes;
}

/**
 * A drive with TLC flash, modelled. Page size, planes, transfer rate and the times for one page are the typical ones of [TLC] (read
 * without VPP, effective program time). The number of channels and dies, the time per command and the smaller blocks, which give small
 * media blocks enough to collect, are the model's own.
 */
export const NAND_TLC: NandProfile = {
  geometry: { channels: 8, diesPerChannel: 4, planesPerDie: 4, pageBytes: 16_384, pagesPerBlock: 256 },
  times: { readUs: 74, programUs: 1900, eraseUs: 15_000, channelMBps: 667, commandUs: 5 },
};

/**
 * A drive with low-latency SLC flash, modelled. Page size, read and program time are those of [SLC], which says nothing of the rest:
 * erase time, transfer rate, numbers of channels, dies, planes and pages, and the time per command are assumed.
 */
export const NAND_SLC: NandProfile = {
  geometry: { channels: 8, diesPerChannel: 8, planesPerDie: 2, pageBytes: 4096, pagesPerBlock: 256 },
  times: { readUs: 3, programUs: 100, eraseUs: 3000, channelMBps: 800, commandUs: 3 },
};

const TIME_US_MAX = 10_000_000;

/** @throws RangeError naming the number that is out of range */
export function checkProfile({ geometry, times }: NandProfile): void {
  checkRange('geometry.channels', geometry.channels, 1, 64);
  checkRange('geometry.diesPerChannel', geometry.diesPerChannel, 1, 64);
  checkRange('geometry.planesPerDie', geometry.planesPerDie, 1, 16);
  checkRange('geometry.pageBytes', geometry.pageBytes, 512, 65_536);
  if ((geometry.pageBytes & (geometry.pageBytes - 1)) !== 0) {
    throw new RangeError(`geometry.pageBytes: expected a power of two, got ${geometry.pageBytes}`);
  }
  checkRange('geometry.pagesPerBlock', geometry.pagesPerBlock, 1, 65_536);
  for (const name of ['readUs', 'programUs', 'eraseUs', 'commandUs'] as const) {
    checkNumber(`times.${name}`, times[name], 0, TIME_US_MAX);
  }
  checkNumber('times.channelMBps', times.channelMBps, 0.001, 1e6);
}

/** @throws RangeError unless the option is a number from `from` to `to`, whole or not */
export function checkNumber(name: string, value: number, from: number, to: number): void {
  if (!(value >= from && value <= to)) throw new RangeError(`${name}: expected ${from} to ${to}, got ${value}`);
}
