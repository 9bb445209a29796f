import { FEATURE_NUMBER_OF_QUEUES_RESULT, SQE_PRP1, SQE_PRP2, STATUS_INVALID_FIELD } from '@phasebit/nvme-spec';
import { PAGE_BYTES, PAGE_MASK, shadowDoorbellsFit } from '@phasebit/pcie';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import { resolveRing } from '../ring.js';
import { refuse } from './admin-handler.js';

/**
 * Doorbell Buffer Config, once or again with other pages: PRP1 is the page of shadow doorbells, PRP2 the page of EventIdx values. Both are
 * whole pages of host memory, two different ones, and the doorbells of all queues that were granted fit into one. [Base] 5.2.5
 */
export function configureDoorbellBuffers(inside: Internals, command: Command): number {
  const { queues } = inside;
  const { prp1Low, prp1High, prp2Low, prp2High } = command;
  const shadow = pageAt(inside, prp1Low, prp1High);
  if (shadow === undefined) return refuse(command, STATUS_INVALID_FIELD, SQE_PRP1);
  const eventIdx = pageAt(inside, prp2Low, prp2High);
  if (eventIdx === undefined) return refuse(command, STATUS_INVALID_FIELD, SQE_PRP2);
  if (prp1Low === prp2Low && prp1High === prp2High) return refuse(command, STATUS_INVALID_FIELD, SQE_PRP2);
  if (!shadowDoorbellsFit(identifiers(inside), inside.settings.link.dstrd)) {
    return refuse(command, STATUS_INVALID_FIELD, SQE_PRP1);
  }
  queues.buffers.configure(shadow, eventIdx, queues.submission, queues.completion);
  return 0;
}

/**
 * The words of a page of host memory, or undefined when the address is not that of one. 0 is the address of nothing. Of memory that is not
 * shared but copied, neither side would see in time what the other writes.
 */
function pageAt(inside: Internals, low: number, high: number): Int32Array | undefined {
  if ((low & PAGE_MASK) !== 0 || (low === 0 && high === 0)) return undefined;
  const page = inside.settings.dma.pageAt(low, high);
  if (page >= 0 && inside.settings.dma.isCopy(page)) return undefined;
  const ring = resolveRing(inside.settings.dma, low, high, PAGE_BYTES);
  return ring === undefined || ring.memory !== undefined ? undefined : ring.pages[0];
}

/** Queue identifiers that can be in use, the admin queue's included. */
function identifiers(inside: Internals): number {
  const { numberOfQueues } = inside.features;
  const submission0 = FEATURE_NUMBER_OF_QUEUES_RESULT.NSQA0.get(numberOfQueues);
  const completion0 = FEATURE_NUMBER_OF_QUEUES_RESULT.NCQA0.get(numberOfQueues);
  return Math.max(submission0, completion0) + 2;
}
