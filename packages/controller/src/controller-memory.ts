import {
  CAP,
  CMBLOC,
  CMBMSC,
  CMBSTS,
  CMBSZ,
  PMRCAP,
  PMRCTL,
  PMRMSCL,
  PMRSTS,
  REG_CMBLOC,
  REG_CMBMSC,
  REG_CMBSTS,
  REG_CMBSZ,
  REG_PMRCAP,
  REG_PMRCTL,
  REG_PMRMSCL,
  REG_PMRMSCU,
  REG_PMRSTS,
} from '@phasebit/nvme-spec';
import { type DeviceDma, type LinkDevice, PAGE_BYTES } from '@phasebit/pcie';
import { MemorySpace } from './memory-space.js';

/** The base address registers that hold them; BAR 0 and 1 are the registers. */
const CMB_BAR = 2;
const PMR_BAR = 4;
/** What makes writes to the region persistent: the completion of a read of it, bit 0, or of PMRSTS, bit 1. */
const PMR_WRITE_BARRIERS = 0x3;
/** Worst case time to enable the region, 500 ms units. The model needs none. */
const PMR_TIMEOUT = 1;
const REG_CMBMSC_HIGH: number = REG_CMBMSC + 4;
/** CMBMSC bits 1:0. */
const CMB_CONTROLS = 0x3;

/**
 * The controller's own memory and its registers: the Controller Memory Buffer, and the Persistent Memory Region, which keeps its content
 * for as long as there is a link. [Base] 3.1.4.11, 3.1.4.12, 3.1.4.16 to 3.1.4.19, 3.1.4.22 to 3.1.4.28, 8.2.1, 8.2.4
 *
 * The host reaches both through base address registers. In commands it names them by addresses of its own choice, CMBMSC and PMRMSC,
 * which hide what else has these addresses. The buffer takes submission queues, PRP and SGL lists and data, the region takes data. All of
 * a queue lies in one memory, and so does all data of a command; lists may lie elsewhere than what they point to.
 */
export class ControllerMemory {
  private readonly cmb: MemorySpace;
  private readonly pmr: MemorySpace;
  private showsBuffer = false;
  private asksForBuffer = false;
  private asksForRegion = false;
  private isRegionReady = false;

  constructor(
    private readonly link: LinkDevice,
    dma: DeviceDma,
  ) {
    this.cmb = new MemorySpace(dma, link.cmb);
    this.pmr = new MemorySpace(dma, link.pmr);
    if (link.pmr !== undefined) link.show(REG_PMRCAP, regionCapabilities());
  }

  /** Says in CAP what there is. */
  describe(cap: Uint32Array): void {
    CAP.CMBS.set(cap, this.cmb.memory === undefined ? 0 : 1);
    CAP.PMRS.set(cap, this.pmr.memory === undefined ? 0 : 1);
  }

  /** Whether the persistent memory region is enabled. */
  get isRegionEnabled(): boolean {
    return this.isRegionReady;
  }

  /** After power-on and an NVM subsystem reset nothing is mapped. A controller reset leaves all of this alone. [Base] 3.7.2 */
  powerOn(): void {
    this.showsBuffer = this.asksForBuffer = this.asksForRegion = this.isRegionReady = false;
    this.cmb.powerOn();
    this.pmr.powerOn();
    this.show();
    if (this.pmr.memory !== undefined) this.link.show(REG_PMRSTS, 0);
  }

  /** Carries out a write of a 32-bit word. @returns false when it is not one of these registers, or there is no such memory */
  write(offset: number, value: number): boolean {
    switch (offset) {
      case REG_CMBMSC:
        this.showsBuffer = CMBMSC.CRE.get(value, 0) === 1;
        this.asksForBuffer = CMBMSC.CMSE.get(value, 0) === 1;
        this.cmb.setLow(value);
        break;
      case REG_CMBMSC_HIGH:
        this.cmb.baseHigh = value;
        break;
      case REG_PMRCTL:
        this.isRegionReady = PMRCTL.EN.get(value) === 1;
        break;
      case REG_PMRMSCL:
        this.asksForRegion = PMRMSCL.CMSE.get(value) === 1;
        this.pmr.setLow(value);
        break;
      case REG_PMRMSCU:
        this.pmr.baseHigh = value;
        break;
      default:
        return false;
    }
    this.place(offset < REG_PMRCAP ? this.cmb : this.pmr);
    this.show();
    return true;
  }

  /** Maps what was changed, and then the other one, which may have waited for its addresses. */
  private place(changed: MemorySpace): void {
    const { cmb, pmr } = this;
    cmb.isWanted = this.showsBuffer && this.asksForBuffer;
    pmr.isWanted = this.isRegionReady && this.asksForRegion;
    const other = changed === cmb ? pmr : cmb;
    changed.place(other);
    if (!other.isMapped) other.place(changed);
  }

  private show(): void {
    const { link, cmb, pmr } = this;
    if (cmb.memory !== undefined) {
      const controls = (this.showsBuffer ? 1 : 0) | (this.asksForBuffer ? 2 : 0);
      link.show(REG_CMBMSC, cmb.baseLow | (controls & CMB_CONTROLS));
      link.show(REG_CMBMSC_HIGH, cmb.baseHigh);
      link.show(REG_CMBLOC, this.showsBuffer ? bufferLocation() : 0);
      link.show(REG_CMBSZ, this.showsBuffer ? bufferSize(cmb.memory.byteLength) : 0);
      link.show(REG_CMBSTS, CMBSTS.CBAI.set(0, cmb.isWanted && !cmb.isMapped ? 1 : 0));
    }
    if (pmr.memory !== undefined) {
      link.show(REG_PMRCTL, PMRCTL.EN.set(0, this.isRegionReady ? 1 : 0));
      link.show(REG_PMRMSCL, pmr.baseLow | PMRMSCL.CMSE.set(0, this.asksForRegion ? 1 : 0));
      link.show(REG_PMRMSCU, pmr.baseHigh);
      const invalid = PMRSTS.CBAI.set(0, pmr.isWanted && !pmr.isMapped ? 1 : 0);
      link.show(REG_PMRSTS, PMRSTS.NRDY.set(invalid, this.isRegionReady ? 0 : 1));
    }
  }
}

/** Lists may lie anywhere, queues and data in one memory. */
function bufferLocation(): number {
  return CMBLOC.CDPMLS.set(CMBLOC.CDPCILS.set(CMBLOC.BIR.set(0, CMB_BAR), 1), 1);
}

function bufferSize(bytes: number): number {
  let size = CMBSZ.SZ.set(0, bytes / PAGE_BYTES);
  for (const use of [CMBSZ.SQS, CMBSZ.LISTS, CMBSZ.RDS, CMBSZ.WDS]) size = use.set(size, 1);
  return size;
}

function regionCapabilities(): number {
  let capabilities = PMRCAP.BIR.set(0, PMR_BAR);
  for (const has of [PMRCAP.RDS, PMRCAP.WDS, PMRCAP.CMSS]) capabilities = has.set(capabilities, 1);
  capabilities = PMRCAP.PMRWBM.set(capabilities, PMR_WRITE_BARRIERS);
  return PMRCAP.PMRTO.set(capabilities, PMR_TIMEOUT);
}
