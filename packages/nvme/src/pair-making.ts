import type { PcieFunction } from '@phasebit/pcie';
import { allocateRings, freeRings, type Rings } from './io-queues.js';
import { QueuePair } from './queue-pair.js';
import { type QueuePairPlace, type QueuePairSettings, settleQueuePairOptions } from './queue-pair-options.js';

/** A queue pair and where its rings are. */
export interface MadePair {
  readonly pair: QueuePair;
  readonly rings: Rings;
}

/** Makes the admin queue pair. Its commands are rare, wanted at once, and nobody's to repeat but the caller's. @throws RangeError when there is not enough DMA memory */
export function makeAdminPair(fn: PcieFunction, entries: number, transferBytesMax: number): MadePair {
  // CAP.MQES is about I/O queues; the admin queue has a limit of its own. [Base] 3.1.4.1, 3.1.4.8
  const settings = settleQueuePairOptions(
    // A poll ends after one round of the ring, however fast the controller answers what callbacks submit.
    { entries, sqDoorbell: 'command', cqDoorbell: 'poll', retriesMax: 0, completionsPerPollMax: entries },
    entries,
  );
  return makePair({ qid: 0, function: fn, transferBytesMax }, settings);
}

/** Makes a queue pair over new rings. What cannot be made leaves nothing behind. @throws RangeError when there is not enough DMA memory */
export function makePair(place: Omit<QueuePairPlace, keyof Rings>, settings: QueuePairSettings): MadePair {
  const { dma } = place.function;
  const rings = allocateRings(dma, settings);
  try {
    return { pair: new QueuePair({ ...place, ...rings }, settings), rings };
  } catch (error) {
    freeRings(dma, rings);
    throw error;
  }
}
