/**
 * Where one queue's shadow doorbell and EventIdx are: index {@link ShadowSlot.at} of both pages.
 */
export interface ShadowSlot {
  /** the page of shadow doorbells: written by the host */
  readonly shadow: Int32Array;
  /** the page of EventIdx values: written by the controller */
  readonly eventIdx: Int32Array;
  /** word of the queue's doorbell in both */
  readonly at: number;
  /**
   * whether the controller looks at the shadow only while it is awake. Before it sleeps it says where it stopped, in EventIdx, and is
   * woken by a write of the register. Otherwise it looks whenever it passes by, and EventIdx asks for nothing.
   */
  readonly sleeps: boolean;
}

/**
 * An EventIdx that is never passed: positions of a queue are below it, unless the queue has 65,536 entries. A host that moves over the end
 * of its ring seems to pass it all the same, and writes the register once a lap for nothing.
 */
export const EVENT_NEVER = 0xffff;
