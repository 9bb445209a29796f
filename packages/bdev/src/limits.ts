import { assert } from '@phasebit/core';
import { BDEV_IO_TYPES } from './io-type.js';

/**
 * I/Os of a channel unless told otherwise: the deepest queue of the benchmarks (1,024) with every I/O in flight.
 */
export const CHANNEL_IO_COUNT_DEFAULT = 1024;

/** Most I/Os of a channel: about 15 MiB of `BdevIo`, and as many as a full-size NVMe queue has entries. */
export const CHANNEL_IO_COUNT_MAX = 0x1_0000;

/**
 * Most blocks of one I/O, 2^31 - 1 (1 TiB in blocks of 512 bytes): block counts stay small integers to V8.
 * More is refused with `BDEV_NEVER`.
 */
export const IO_BLOCKS_MAX = 0x7fff_ffff;

/**
 * Most pieces of one split I/O that are with the device at once. Eight of the usual 128 KiB make 1 MiB in flight, which is enough to
 * keep a device busy; more would let one large I/O take the pool from its neighbours.
 */
export const SPLIT_PIECES_IN_FLIGHT_MAX = 8;

/** Smallest block, the sector of old disks. [NVM] allows 2^9 and up. */
export const BLOCK_BYTES_MIN = 512;

/** Largest block: nothing bigger is in use. */
export const BLOCK_BYTES_MAX = 0x1_0000;

/** Largest alignment that a device may ask for: memory comes in pages of 4 KiB, so that no more can be had cheaply. */
export const ALIGNMENT_BYTES_MAX = 4096;

/** Largest RAM disk, 64 GiB: sixteen million pages, whose views take about 2 GiB by themselves. */
export const MALLOC_BYTES_MAX = 0x10_0000_0000;

/** Largest heap memory, 1 GiB: all its addresses are small integers to V8. */
export const HEAP_MEMORY_BYTES_MAX = 0x4000_0000;

/** Most bytes that the promise face moves in one I/O unless told otherwise: what most devices take in one command. */
export const BOUNCE_CHUNK_BYTES_DEFAULT = 0x2_0000;

assert(BDEV_IO_TYPES <= 31, 'a set of I/O types must fit a small integer');
