import type { ControllerOptions as DeviceOptions, NamespaceFormat } from '@phasebit/controller';
import type { ControllerOptions, QueuePairOptions } from '@phasebit/nvme';

/** A load under which nothing may be allocated: plain data, so that it can be handed to a process of its own. */
export interface ProbeSpec {
  /** where the load enters the stack */
  readonly layer: 'nvme' | 'bdev';
  /** I/Os that are looked at */
  readonly ios: number;
  /** what keeps the data: nothing, RAM, or RAM that takes the time of SLC flash */
  readonly medium: 'null' | 'ram' | 'nand';
  /** controllers below a block device */
  readonly controllers: number;
  /** blocks of 4 KiB per I/O */
  readonly blocks: number;
  /** log2 of the pages that one command of the device moves */
  readonly mdts: number;
  /** I/Os outstanding */
  readonly depth: number;
  /** share of writes: every n-th I/O, 0 for none */
  readonly writeEvery: number;
  /** first block of the load: from 2^31 on a block number is no small integer to V8 */
  readonly lbaBase: number;
  /** whether the load itself allocates for each I/O: the measurement's own check */
  readonly leaks: boolean;
  readonly queuePair: QueuePairOptions;
  /**
   * what else every queue pair does: remembers a trace, looks out for commands to fail, is polled as one of a group, or is given transfers
   * that can say all that a command can, with a payload in one piece or in two
   */
  readonly extra: 'none' | 'trace' | 'injection' | 'group' | 'transfer' | 'vector';
  /** of transfers: bits of command dword 12 */
  readonly flags: number;
  /** of transfers: hints */
  readonly dsm: number;
  /** more about the blocks */
  readonly format: Partial<NamespaceFormat>;
  /** more about every device */
  readonly device: Pick<DeviceOptions, 'faults' | 'shadowDoorbells'>;
  /** more about every driver */
  readonly driver: Pick<ControllerOptions, 'arbitration'>;
}

/** What a load did. */
export interface ProbeResult {
  readonly ios: number;
  /** heap growth per I/O without a collection in between, in the window that grew least */
  readonly bytesPerIo: number;
  /** garbage collections between those moments */
  readonly collections: number;
  readonly nsPerIo: number;
  /** transfers that were cut, and requests that had to wait for a tracker, per I/O */
  readonly splitPerIo: number;
  readonly queuedPerIo: number;
}

/** The four tricks of the fast path, all on: 4 KiB reads at a depth of 128 over a ring of 1,024. */
export const PLAIN: ProbeSpec = {
  layer: 'nvme',
  ios: 1_000_000,
  medium: 'null',
  controllers: 1,
  blocks: 1,
  mdts: 7,
  depth: 128,
  writeEvery: 0,
  lbaBase: 0,
  leaks: false,
  extra: 'none',
  flags: 0,
  dsm: 0,
  format: {},
  device: {},
  driver: {},
  queuePair: { entries: 1024, sqDoorbell: 'poll', cqDoorbell: 'half', callbackIn: 'tracker', lookAhead: true },
};
