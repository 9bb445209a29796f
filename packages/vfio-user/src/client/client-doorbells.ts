import { DOORBELL_BASE } from '@phasebit/nvme-spec';
import type { Doorbells, MmioCounters } from '@phasebit/pcie';
import { COMMAND_REGION_WRITE, REGION_BAR0 } from '../protocol/commands.js';
import { encodeRegionAccess, words } from '../protocol/payloads.js';
import type { ServerLink } from './server-link.js';

/**
 * Doorbells of a server that lets them be mapped. They are memory, not a device's registers: an atomic store is what publishes the entries
 * before it.
 */
export class MappedDoorbells implements Doorbells {
  /**
   * @param words - the mapped part of BAR 0, from queue 0's submission tail on
   * @param dstrd - CAP.DSTRD
   */
  constructor(
    private readonly words: Int32Array,
    private readonly dstrd: number,
    private readonly counters: MmioCounters,
  ) {}

  /** @inheritDoc */
  ringSq(qid: number, tail: number): void {
    this.counters.sqDoorbellWrites++;
    Atomics.store(this.words, (qid << 1) << this.dstrd, tail);
  }

  /** @inheritDoc */
  ringCq(qid: number, head: number): void {
    this.counters.cqDoorbellWrites++;
    Atomics.store(this.words, ((qid << 1) | 1) << this.dstrd, head);
  }
}

/** Doorbells by messages that want no reply. */
export class MessageDoorbells implements Doorbells {
  constructor(
    private readonly link: ServerLink,
    private readonly dstrd: number,
    private readonly counters: MmioCounters,
  ) {}

  /** @inheritDoc */
  ringSq(qid: number, tail: number): void {
    this.counters.sqDoorbellWrites++;
    this.ring(qid * 2, tail);
  }

  /** @inheritDoc */
  ringCq(qid: number, head: number): void {
    this.counters.cqDoorbellWrites++;
    this.ring(qid * 2 + 1, head);
  }

  private ring(index: number, value: number): void {
    const offset = DOORBELL_BASE + index * (4 << this.dstrd);
    this.link.post(COMMAND_REGION_WRITE, encodeRegionAccess({ offset, region: REGION_BAR0, count: 4 }, words(value)));
  }
}
