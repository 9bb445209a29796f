import type { BdevCallback, BdevIo } from './bdev-io.js';
import type { ChannelStatistics } from './channel-statistics.js';
import type { CutRule } from './cut-rule.js';

/** What cutting an I/O needs of the pool of a channel; the pool itself is `IoPool`. */
export interface SplitPool {
  /** all I/Os */
  readonly ios: readonly BdevIo[];
  /** I/Os that nobody holds */
  readonly available: number;
  /** for each kind of I/O where it must be cut */
  readonly cutRules: readonly CutRule[];
  /** what has passed through */
  readonly statistics: ChannelStatistics;
  /** Takes a free I/O and fills it in; REQUIRES `available > 0`. */
  take(type: number, address: number, lba: number, blocks: number, callback: BdevCallback, context: unknown): BdevIo;
  /** Gives an I/O back. */
  give(io: BdevIo): void;
  /** Hands an I/O to the backend, or lets it wait behind those that wait already. */
  dispatch(io: BdevIo): void;
  /** Frees an I/O, counts it and calls its callback. */
  deliver(io: BdevIo, blocks: number, status: number, nvmeStatus: number): void;
}
