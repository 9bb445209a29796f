import type { Log } from '@phasebit/core';
import {
  CAP,
  CMBLOC,
  CMBSZ,
  cmbBytes,
  PMRCAP,
  REG_CAP,
  REG_CMBLOC,
  REG_CMBMSC,
  REG_CMBSZ,
  REG_PMRCAP,
} from '@phasebit/nvme-spec';
import { CONTROLLER_MEMORY_BYTES_MAX, PAGE_BYTES } from '@phasebit/pcie';
import type { Bar } from './bar.js';
import type { MappedRegisters } from './mapped-registers.js';

/** CMBMSC.CRE: the registers of the Controller Memory Buffer say what there is. */
const CAPABILITIES_ENABLED = 1;

/** Memory of a controller's own, mapped as far as a host can address it. */
export interface ControllerMemory {
  readonly cmb: ArrayBuffer | undefined;
  readonly pmr: ArrayBuffer | undefined;
}

/**
 * Looks what memory a controller has and maps it. The controller is disabled, and is left as it was found. [Base] 3.1.4.11 and up
 *
 * A buffer of the time before CMBMSC (1.4) is left out: commands would name it by addresses of the PCI bus, which VFIO does not tell.
 */
export function mapControllerMemory(
  registers: MappedRegisters,
  bar: (index: number) => Bar,
  log: Log,
): ControllerMemory {
  const low = registers.load(REG_CAP);
  const high = registers.load(REG_CAP + 4);
  const cmb = CAP.CMBS.get(low, high) === 0 ? undefined : mapCmb(registers, bar, log);
  const pmr = CAP.PMRS.get(low, high) === 0 ? undefined : mapPmr(registers, bar, log);
  return { cmb, pmr };
}

function mapCmb(registers: MappedRegisters, bar: (index: number) => Bar, log: Log): ArrayBuffer | undefined {
  registers.store(REG_CMBMSC, CAPABILITIES_ENABLED);
  const location = registers.load(REG_CMBLOC);
  const size = registers.load(REG_CMBSZ);
  registers.store(REG_CMBMSC, 0);
  const unitBytes = PAGE_BYTES * 16 ** CMBSZ.SZU.get(size);
  return mapPart('CMB', bar, CMBLOC.BIR.get(location), CMBLOC.OFST.get(location) * unitBytes, cmbBytes(size), log);
}

function mapPmr(registers: MappedRegisters, bar: (index: number) => Bar, log: Log): ArrayBuffer | undefined {
  const index = PMRCAP.BIR.get(registers.load(REG_PMRCAP));
  return index > 5 ? undefined : mapPart('PMR', bar, index, 0, bar(index).facts.bytes, log);
}

function mapPart(
  name: string,
  bar: (index: number) => Bar,
  index: number,
  offset: number,
  wholeBytes: number,
  log: Log,
): ArrayBuffer | undefined {
  // What the registers say is checked against the BAR, which the kernel knows.
  const bytes = Math.min(wholeBytes, CONTROLLER_MEMORY_BYTES_MAX);
  if (bytes === 0 || index > 5) return undefined;
  const area = offset % PAGE_BYTES === 0 && bytes % PAGE_BYTES === 0 ? bar(index).map(offset, bytes) : undefined;
  if (area === undefined) {
    log.warn(`${name} of ${bytes} bytes at ${offset} of BAR ${index} cannot be mapped: left out`);
    return undefined;
  }
  const start = area.mapping.address + BigInt(offset - area.offset);
  return bar(index).viewOf(start, bytes);
}
