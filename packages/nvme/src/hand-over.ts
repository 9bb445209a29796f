import { PAGE_BYTES, type PcieFunction, ShadowDoorbells } from '@phasebit/pcie';
import type { QueuePairDescription } from './queue-pair-description.js';
import { QueuePair } from './queue-pair.js';
import type { ShadowPages } from './shadow-use.js';

const PAGE_WORDS = PAGE_BYTES / 4;

/**
 * Goes on with a queue pair that another thread has released. The thread that calls owns it from then on, until it releases it in turn;
 * the queues stay the controller's to delete, which is done where they were created, once nobody uses them any more.
 *
 * @param fn - the same function, as this thread sees it: same host addresses
 * @throws RangeError when its memory is not where the description says
 */
export function adoptQueuePair(fn: PcieFunction, description: QueuePairDescription): QueuePair {
  const { place, settings, shadow, state } = description;
  const pair = new QueuePair({ ...place, function: fn }, settings);
  pair.takeOver(state);
  if (shadow !== undefined) pair.useDoorbells(openShadows(fn, shadow), shadow);
  return pair;
}

/** Each queue's words of the two pages have one writer, its owner, so several threads can have the pages open. */
function openShadows(fn: PcieFunction, pages: ShadowPages): ShadowDoorbells {
  const view = (address: number): Int32Array => {
    const { buffer, byteOffset, length } = fn.dma.words(address, PAGE_WORDS);
    return new Int32Array(buffer, byteOffset, length);
  };
  return new ShadowDoorbells({
    inner: fn.doorbells,
    shadow: view(pages.shadowAddress),
    eventIdx: view(pages.eventIdxAddress),
    dstrd: pages.dstrd,
    counters: fn.counters,
    memoryOrder: fn.memoryOrder,
  });
}
