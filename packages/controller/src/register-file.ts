import {
  AQA,
  CAP,
  CAP_CSS_COMMAND_SETS,
  CAP_CSS_NVM,
  CC,
  CRTO,
  CSTS,
  NSSR_RESET_KEY,
  REG_ACQ,
  REG_AQA,
  REG_ASQ,
  REG_CAP,
  REG_CC,
  REG_CRTO,
  REG_CSTS,
  REG_INTMC,
  REG_INTMS,
  REG_NSSR,
  REG_VS,
  VS,
} from '@phasebit/nvme-spec';
import { type LinkDevice, PAGE_MASK, type RegisterTarget } from '@phasebit/pcie';
import { ControllerMemory } from './controller-memory.js';
import type { Settings } from './settings.js';

/** Who acts on what the host configures. */
export interface ConfigurationListener {
  /** CC was written; {@link RegisterFile.cc} holds the new value already. */
  configure(previous: number, next: number): void;
  /** Whether an I/O submission queue exists. */
  readonly hasSubmissionQueues: boolean;
  /** Whether an I/O completion queue exists. */
  readonly hasCompletionQueues: boolean;
  /** The key was written to NSSR. */
  resetSubsystem(): void;
}

const AQA_MASK = AQA.ASQS0.mask | AQA.ACQS0.mask;
/** CC.CRIME is not among them: the controller is ready with its media only, CAP.CRMS. */
const CC_MASK = maskOf([CC.EN, CC.CSS, CC.MPS, CC.AMS, CC.SHN, CC.IOSQES, CC.IOCQES]);
/** What of CC can be changed while the controller is disabled only. [Base] 3.1.4.5 */
const CC_WHILE_DISABLED = maskOf([CC.CSS, CC.MPS, CC.AMS]);
/** CAP.AMS: weighted round robin with urgent priority class. */
const AMS_WEIGHTED_ROUND_ROBIN = 0x1;
/** CAP.CRMS: ready with media. */
const CRMS_WITH_MEDIA = 0x1;

/**
 * The controller's registers: what the host reads lies in the link's register image, what it writes arrives here.
 * Read-only registers, reserved bits and unknown offsets stay as they are, whatever is written, and read as zero where nothing is.
 *
 * A 64-bit write is two 32-bit writes, low half first. Writes that are not aligned to their width, and those of another width, do nothing.
 * What may be changed only while the controller is disabled, or has no I/O queue of a kind, keeps its value otherwise. The reserved low bits of ASQ and ACQ read as zero and are remembered, so that
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
  private readonly memory: ControllerMemory;
  private hadSubsystemReset = false;

  constructor(
    settings: Settings,
    private readonly listener: ConfigurationListener,
  ) {
    this.link = settings.link;
    this.memory = new ControllerMemory(settings.link, settings.dma);
    CAP.MQES0.set(this.cap, settings.mqesEntries - 1);
    CAP.CQR.set(this.cap, 1);
    CAP.TO.set(this.cap, settings.readyTimeout);
    CAP.DSTRD.set(this.cap, settings.link.dstrd);
    CAP.CSS.set(this.cap, CAP_CSS_NVM | CAP_CSS_COMMAND_SETS);
    CAP.AMS.set(this.cap, settings.weightedRoundRobin ? AMS_WEIGHTED_ROUND_ROBIN : 0);
    CAP.NSSRS.set(this.cap, 1);
    CAP.CRMS.set(this.cap, CRMS_WITH_MEDIA);
    this.memory.describe(this.cap);
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
    this.memory.powerOn();
    this.reset();
  }

  /** What an NVM subsystem reset does: as after power-on, and CSTS.NSSRO tells of it. [Base] 3.7.1 */
  resetWithSubsystem(): void {
    this.hadSubsystemReset = true;
    this.powerOn();
  }

  /** Power was lost and is back: nothing tells of an earlier subsystem reset. */
  resetWithPower(): void {
    this.hadSubsystemReset = false;
    this.powerOn();
  }

  /** Whether the persistent memory region is enabled. */
  get isPersistentMemoryEnabled(): boolean {
    return this.memory.isRegionEnabled;
  }

  /** What a controller reset does: the registers of the admin queue and of the controller's memory stay. [Base] 3.7.2 */
  reset(): void {
    this.cc = 0;
    this.interruptMask = 0;
    this.link.show(REG_CC, 0);
    this.link.show(REG_INTMS, 0);
    this.link.show(REG_INTMC, 0);
    this.showStatus(0);
  }

  /** Changes CSTS, all but NSSRO, which the host clears. */
  showStatus(csts: number): void {
    this.csts = CSTS.NSSRO.set(csts, this.hadSubsystemReset ? 1 : 0);
    this.link.show(REG_CSTS, this.csts);
  }

  /** Whether the host was told that the controller is ready. */
  get isReady(): boolean {
    return CSTS.RDY.get(this.csts) === 1;
  }

  /** @inheritDoc */
  writeRegister(offset: number, low: number, high: number, bytes: number): void {
    if (bytes === 4 && offset % 4 === 0) this.writeWord(offset, low);
    if (bytes === 8 && offset % 8 === 0) {
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
      case REG_CSTS:
        if (CSTS.NSSRO.get(value) === 1) this.hadSubsystemReset = false;
        this.showStatus(this.csts);
        break;
      case REG_NSSR:
        if (value >>> 0 === NSSR_RESET_KEY) this.listener.resetSubsystem();
        break;
      case REG_AQA:
      case REG_ASQ:
      case REG_ASQ + 4:
      case REG_ACQ:
      case REG_ACQ + 4:
        if (CC.EN.get(this.cc) === 0) this.writeAdminQueue(offset, value);
        break;
      default: // the controller's memory; or read only, reserved, or not supported, such as NSSD
        this.memory.write(offset, value);
    }
  }

  private writeAdminQueue(offset: number, value: number): void {
    switch (offset) {
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
      default:
        this.acqHigh = value;
        this.link.show(offset, value);
    }
  }

  private writeConfiguration(value: number): void {
    const previous = this.cc;
    let kept = CC.EN.get(previous) === 1 ? CC_WHILE_DISABLED : 0;
    if (this.listener.hasSubmissionQueues) kept |= CC.IOSQES.mask;
    if (this.listener.hasCompletionQueues) kept |= CC.IOCQES.mask;
    const next = (value & ~kept) | (previous & kept);
    this.cc = next;
    this.link.show(REG_CC, next);
    this.listener.configure(previous, next);
  }

  private mask(value: number): void {
    this.interruptMask = value >>> 0;
    this.link.show(REG_INTMS, value);
    this.link.show(REG_INTMC, value);
  }
}

function maskOf(fields: readonly { readonly mask: number }[]): number {
  return fields.reduce((mask, each) => mask | each.mask, 0);
}

/** Version 2.0 of the base specification. */
export const VERSION: number = VS.MJR.set(0, 2);
