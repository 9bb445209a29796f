import type { Log, WaitOptions } from '@phasebit/core';
import { ADMIN_DOORBELL_BUFFER_CONFIG, describeStatus, PAGE_BYTES } from '@phasebit/nvme-spec';
import { type PcieFunction, ShadowDoorbells, shadowDoorbellsFit } from '@phasebit/pcie';
import type { AdminQueue } from '../admin-queue.js';
import type { ShadowPages } from '../shadow-use.js';

/**
 * The two pages of Doorbell Buffer Config and the doorbells that use them. The memory stays the same over resets of the controller; the
 * doorbells are made anew each time it takes the command. [Base] 5.2.5
 */
export class DoorbellBuffer {
  private readonly address: number;
  private shadows: ShadowDoorbells | undefined;
  private dstrd = 0;

  /** @throws RangeError when there is no DMA memory for it */
  constructor(private readonly fn: PcieFunction) {
    this.address = fn.dma.allocate(2 * PAGE_BYTES);
  }

  /** The doorbells in memory; undefined while the controller does not look at them. */
  get doorbells(): ShadowDoorbells | undefined {
    return this.shadows;
  }

  /** Where the pages are, for a queue pair that is handed over to another thread. */
  get pages(): ShadowPages {
    return { shadowAddress: this.address, eventIdxAddress: this.address + PAGE_BYTES, dstrd: this.dstrd };
  }

  /**
   * Tells the controller of the pages. When it does not want them, everybody stays with the registers: a shadow doorbell that nobody looks
   * at would lose commands.
   *
   * @param queues - queue identifiers that may be used, the admin queue's included
   * @param dstrd - CAP.DSTRD
   */
  async configure(admin: AdminQueue, queues: number, dstrd: number, log: Log, wait: WaitOptions = {}): Promise<void> {
    this.shadows = undefined;
    this.dstrd = dstrd;
    if (!shadowDoorbellsFit(queues, dstrd)) {
      log.info(`doorbells stay registers: those of ${queues} queues do not fit into a page`);
      return;
    }
    const { dma, doorbells, counters, memoryOrder } = this.fn;
    dma.bytes(this.address, 2 * PAGE_BYTES).fill(0);
    const command = { opcode: ADMIN_DOORBELL_BUFFER_CONFIG };
    const { status } = await admin.executeOver(command, this.address, 2 * PAGE_BYTES, wait);
    if (status !== 0) {
      log.warn(`doorbells stay registers: Doorbell Buffer Config failed: ${describeStatus(status)}`);
      return;
    }
    const shadow = signedWords(dma.words(this.address, PAGE_BYTES / 4));
    const eventIdx = signedWords(dma.words(this.address + PAGE_BYTES, PAGE_BYTES / 4));
    this.shadows = new ShadowDoorbells({ inner: doorbells, shadow, eventIdx, dstrd, counters, memoryOrder });
  }

  /** The controller looks at the pages no more: it was reset or is gone. */
  forget(): void {
    this.shadows = undefined;
  }

  /** Gives the memory back, once the controller does not write to it any more. */
  free(): void {
    this.shadows = undefined;
    this.fn.dma.free(this.address);
  }
}

function signedWords(words: Uint32Array): Int32Array {
  return new Int32Array(words.buffer, words.byteOffset, words.length);
}
