import type { LinkDevice } from '@phasebit/pcie';
import { EVENT_NEVER, type ShadowSlot } from './shadow-slot.js';

/**
 * One doorbell of the admin queue while there are shadow doorbells. Most hosts leave the admin queue out of the shadow, so its register
 * counts, and is copied into the shadow. A value there that is not the copy was put there by a host that does it by the book: from then
 * on the shadow counts. Neither host has to be told apart beforehand, and the admin queue never sleeps.
 */
export class AdminMirror {
  /** Whether the host writes the shadow. */
  isHosts = false;
  private copied: number;

  /**
   * @param doorbell - word of the register in the link
   * @param slot - where the copy goes
   */
  constructor(
    private readonly link: LinkDevice,
    private readonly doorbell: number,
    readonly slot: ShadowSlot,
  ) {
    this.copied = Atomics.load(link.doorbells, doorbell);
    Atomics.store(slot.shadow, slot.at, this.copied);
    Atomics.store(slot.eventIdx, slot.at, EVENT_NEVER);
  }

  /** Copies the register into the shadow. @returns true once, when it has found out that the host writes the shadow itself */
  copy(): boolean {
    const { link, doorbell, slot } = this;
    if (this.isHosts) return false;
    // Nothing has changed, as far as plain loads show: what they miss is seen a turn later.
    if (link.doorbells[doorbell] === this.copied && slot.shadow[slot.at] === this.copied) return false;
    // The register first: a host that goes by the book stores into the shadow before, and so is not taken for one that does not.
    const value = Atomics.load(link.doorbells, doorbell);
    this.isHosts = Atomics.compareExchange(slot.shadow, slot.at, this.copied, value) !== this.copied;
    if (!this.isHosts) this.copied = value;
    return this.isHosts;
  }
}
