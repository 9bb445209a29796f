import {
  AQA,
  CAP,
  CAP_CSS_COMMAND_SETS,
  CAP_CSS_NVM,
  CC,
  CRTO,
  CSTS,
  REG_ACQ,
  REG_AQA,
  REG_ASQ,
  REG_CAP,
  REG_CC,
  REG_CRTO,
  REG_CSTS,
  REG_INTMC,
  REG_INTMS,
  REG_VS,
  VS,
} from '@phasebit/nvme-spec';
import { type LinkDevice, PAGE_MASK, type RegisterTarget } from '@phasebit/pcie';
import type { Settings } from './settings.js';

/** Who acts on what the host configures. */
export interface ConfigurationListener {
  /** CC was written; {@link RegisterFile.cc} holds the new value already. */
  configure(previous: number, next: number): void;
}

const AQA_MASK = AQA.ASQS0.mask | AQA.ACQS0.mask;
const CC_MASK = [CC.EN, CC.CSS, CC.MPS, CC.AMS, CC.SHN, CC.IOSQES, CC.IOCQES].reduce(
  (mask, each) => mask | each.mask,
  0,
);

/**
 * The controller's registers: what the host reads lies in the link's register image, what it writes arrives here.
 * Read-only registers, reserved bits and unknown offsets stay as they are, whatever is written.
 *
 * A 64-bit write is two 32-bit writes, low half first. The reserved low bits of ASQ and ACQ read as zero and are remembered, so that
 * a misaligned base can be refused when the controller is enabled instead of being rounded.
 */
export class RegisterFile implements RegisterTarget {
  /** low and high half of CAP */
  readonly cap: Uint32Array = new Uint32Array(2);
  /** Controller Configuration */
  cc = 0;
  /** Controller Status */
  csts = 0;
  /** Admin Queue Attributes */
  aqa = 0;
  /** bits 31:0 of the admin submission queue's address */
  asqLow = 0;
  /** bits 63:32 */
  asqHigh = 0;
  /** bits 31:0 of the admin completion queue's address */
  acqLow = 0;
  /** bits 63:32 */
  acqHigh = 0;
  /** interrupt mask as INTMS and INTMC show it; with MSI-X it masks nothing */
  interruptMask = 0;
  private readonly link: LinkDevice;

  constructor(
    settings: Settings,
    private readonly listener: ConfigurationListener,
  ) {
    this.link = settings.link;
    CAP.MQES0.set(this.cap, settings.mqesEntries - 1);
    CAP.CQR.set(this.cap, 1);
    CAP.TO.set(this.cap, settings.readyTimeout);
    CAP.DSTRD.set(this.cap, settings.link.dstrd);
    CAP.CSS.set(this.cap, CAP_CSS_NVM | CAP_CSS_COMMAND_SETS);
    CAP.CRMS.set(this.cap, 1);
    this.link.show(REG_CAP, this.cap[0]);
    this.link.show(REG_CAP + 4, this.cap[1]);
    this.link.show(REG_VS, VERSION);
    this.link.show(REG_CRTO, CRTO.CRWMT.set(0, settings.readyTimeout));
    this.powerOn();
  }

  /** All that the host may write takes its value after power-on. */
  powerOn(): void {
    this.aqa = this.asqLow = this.asqHigh = this.acqLow = this.acqHigh = 0;
    this.link.show(REG_AQA, 0);
    for (const offset of [REG_ASQ, REG_ASQ + 4, REG_ACQ, REG_ACQ + 4]) this.link.show(offset, 0);
    this.reset();
  }

  /** What a controller reset does: the admin queue's registers stay. [Base] 3.7.2 */
  reset(): void {
    this.cc = 0;
    this.interruptMask = 0;
    this.link.show(REG_CC, 0);
    this.link.show(REG_INTMS, 0);
    this.link.show(REG_INTMC, 0);
    this.showStatus(0);
  }

  /** Changes CSTS. */
  showStatus(csts: number): void {
    this.csts = csts;
    this.link.show(REG_CSTS, csts);
  }

  /** Whether the host was told that the controller is ready. */
  get isReady(): boolean {
    return CSTS.RDY.get(this.csts) === 1;
  }

  /** @inheritDoc */
  writeRegister(offset: number, low: number, high: number, bytes: number): void {
    if (bytes === 4) this.writeWord(offset, low);
    if (bytes === 8) {
      this.writeWord(offset, low);
      this.writeWord(offset + 4, high);
    }
  }

  private writeWord(offset: number, value: number): void {
    switch (offset) {
      case REG_INTMS:
        this.mask(this.interruptMask | value);
        break;
      case REG_INTMC:
        this.mask(this.interruptMask & ~value);
        break;
      case REG_CC:
        this.writeConfiguration(value & CC_MASK);
        break;
      case REG_AQA:
        this.aqa = value & AQA_MASK;
        this.link.show(offset, this.aqa);
        break;
      case REG_ASQ:
        this.asqLow = value;
        this.link.show(offset, value & ~PAGE_MASK);
        break;
      case REG_ASQ + 4:
        this.asqHigh = value;
        this.link.show(offset, value);
        break;
      case REG_ACQ:
        this.acqLow = value;
        this.link.show(offset, value & ~PAGE_MASK);
        break;
      case REG_ACQ + 4:
        this.acqHigh = value;
        this.link.show(offset, value);
        break;
      default: // read only, reserved, or unsupported such as NSSR
    }
  }

  private writeConfiguration(value: number): void {
    const previous = this.cc;
    this.cc = value;
    this.link.show(REG_CC, value);
    this.listener.configure(previous, value);
  }

  private mask(value: number): void {
    this.interruptMask = value >>> 0;
    this.link.show(REG_INTMS, value);
    this.link.show(REG_INTMC, value);
  }
}

/** Version 2.0 of the base specification. */
export const VERSION: number = VS.MJR.set(0, 2);
