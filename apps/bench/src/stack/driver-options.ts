import type { ControllerOptions, PciIdentity, QueuePairOptions } from '@phasebit/nvme';
import { RING_ENTRIES_DEFAULT, type StackOptions } from '../cli/bench-options.js';
import { nodeClock } from './node-clock.js';

/** Most I/Os of a channel of the block layer. */
const IO_COUNT_MAX = 65_536;

/** What a controller is attached with. */
export function controllerOptions(
  options: StackOptions,
  ioQueuePairs: number,
  pci: PciIdentity | undefined,
): ControllerOptions {
  const { arbitration, ioTimeoutMs, onLost, shadowDoorbells } = options;
  return {
    clock: nodeClock,
    ioQueuePairs,
    shadowDoorbells: shadowDoorbells !== 'off',
    ...(pci === undefined ? {} : { pci }),
    ...(arbitration === undefined ? {} : { arbitration }),
    ...(ioTimeoutMs === undefined ? {} : { ioTimeoutMs }),
    ...(onLost === undefined ? {} : { onLost }),
  };
}

/**
 * Entries of each ring on a device.
 *
 * @param entriesMax - CAP.MQES + 1
 * @throws RangeError when more were asked for than it has
 */
export function ringEntriesOf({ ringEntries }: StackOptions, entriesMax: number): number {
  if (ringEntries === undefined) return Math.min(RING_ENTRIES_DEFAULT, entriesMax);
  if (ringEntries <= entriesMax) return ringEntries;
  throw new RangeError(`--ring: expected 2 to ${entriesMax} (CAP.MQES + 1), got ${ringEntries}`);
}

/** What a queue pair is made with. */
export function queuePairOptions(options: StackOptions, entries: number): QueuePairOptions {
  const {
    sqDoorbell,
    cqDoorbell,
    callbackIn,
    lookAhead,
    completionsPerPollMax,
    requests,
    payload,
    iovecs,
    retriesMax,
  } = options;
  return {
    entries,
    sqDoorbell,
    cqDoorbell,
    callbackIn,
    lookAhead,
    ...(completionsPerPollMax === undefined ? {} : { completionsPerPollMax }),
    ...(requests === undefined ? {} : { requests }),
    ...(payload === undefined ? {} : { payload }),
    // Elements that follow each other would be one descriptor otherwise.
    ...(iovecs === undefined ? {} : { sglMerge: false }),
    ...(retriesMax === undefined ? {} : { retriesMax }),
  };
}

/** As many block I/Os as the driver has requests: a deeper queue waits in the driver, not in front of it. */
export function ioCountOf({ requests }: StackOptions, ringEntries: number): number {
  return Math.min(IO_COUNT_MAX, requests ?? ringEntries * 2);
}
