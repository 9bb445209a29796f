import { ManualClock } from '@phasebit/core';
import { CAP, CAP_CSS_NVM, CC, CSTS, REG_CAP, REG_CC, REG_CSTS, REG_VS } from '@phasebit/nvme-spec';
import { createDmaArena, createLinkMemory, DmaSpace, LinkDevice, openLink, type PcieFunction } from '@phasebit/pcie';

const PAUSE_NS = 1e6;

/**
 * A device that is registers and nothing else. It shows what a test says, and a write of CC does what a test says. Each pause takes a
 * millisecond of its own clock.
 */
export class RegisterDevice {
  readonly clock = new ManualClock();
  readonly function: PcieFunction;
  /** values written to CC, in order */
  readonly configured: number[] = [];
  /** what happens when CC is written; at first nothing */
  onConfigure: (cc: number) => void = () => undefined;
  /** runs with every pause */
  onPause: () => void = () => undefined;
  /** whether it takes what is written at all */
  isListening = true;
  private readonly link: LinkDevice;

  /** @param readyTimeout - CAP.TO, units of 500 ms */
  constructor(readyTimeout = 2) {
    const memory = createLinkMemory({ queues: 2 });
    const dma = new DmaSpace(2 << 20);
    dma.attach(createDmaArena({ bytes: 1 << 20 }));
    this.link = new LinkDevice(memory);
    this.function = openLink({ memory, dma, clock: this.clock, pause: this.pause });
    const cap = new Uint32Array(2);
    CAP.MQES0.set(cap, 63);
    CAP.TO.set(cap, readyTimeout);
    CAP.CSS.set(cap, CAP_CSS_NVM);
    this.showCapabilities(cap);
    this.link.show(REG_VS, 0x2_0000);
  }

  /** Shows CAP. */
  showCapabilities(cap: Uint32Array): void {
    this.link.show(REG_CAP, cap[0]);
    this.link.show(REG_CAP + 4, cap[1]);
  }

  /** What CAP shows, to be changed and shown again. */
  get capabilities(): Uint32Array {
    return Uint32Array.of(this.link.words[REG_CAP / 4], this.link.words[REG_CAP / 4 + 1]);
  }

  /** Shows CC, as a previous owner has left it. */
  showConfiguration(enabled: number): void {
    this.link.show(REG_CC, CC.EN.set(0, enabled));
  }

  /** Shows CSTS. */
  showStatus(ready: number, fatal = 0): void {
    this.link.show(REG_CSTS, CSTS.CFS.set(CSTS.RDY.set(0, ready), fatal));
  }

  /** Leaves the bus. */
  vanish(): void {
    this.link.vanish();
  }

  private readonly pause = (): Promise<void> => {
    this.clock.advanceNs(PAUSE_NS);
    if (this.isListening) this.link.drain({ writeRegister: (offset, low) => this.write(offset, low) });
    this.onPause();
    return Promise.resolve();
  };

  private write(offset: number, low: number): void {
    if (offset !== REG_CC) return;
    this.link.show(REG_CC, low);
    this.configured.push(low);
    this.onConfigure(low);
  }
}
