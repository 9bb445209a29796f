import type { DmaSpace } from '@phasebit/pcie';
import { ARENAS_DEFAULT, ClientArenas, type VfioUserArena } from './client-arenas.js';

/**
 * Memory that several functions share: each of their controllers reaches it at the same addresses, so that a payload can go over any of
 * them. Whoever makes it closes it, after the functions that were opened with it.
 */
export class VfioUserMemory {
  /** what the functions register with their servers. @internal */
  readonly arenas: ClientArenas;

  /**
   * @param arenas - default one of 64 MiB
   * @throws RangeError when an arena's size or address is out of range; SystemCallError when there is no memory
   */
  constructor(arenas: readonly VfioUserArena[] = ARENAS_DEFAULT) {
    this.arenas = new ClientArenas(arenas);
  }

  /** the memory as the host sees it */
  get dma(): DmaSpace {
    return this.arenas.space;
  }

  /** Gives the memory back. Views of it are of empty memory from now on */
  close(): void {
    this.arenas.close();
  }
}
