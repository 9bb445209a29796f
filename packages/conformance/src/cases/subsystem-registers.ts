import {
  CAP,
  cmbBytes,
  CMBSZ,
  CSTS,
  NSSR_RESET_KEY,
  REG_CMBLOC,
  REG_CMBMSC,
  REG_CMBSZ,
  REG_CSTS,
  REG_NSSR,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ControllerFacts } from '../controller-facts.js';
import { demand, demandEqual, demandSuccess } from '../failure.js';
import { identify } from './commands.js';

const list = new CaseList('subsystem-registers');
const IDENTIFY_CONTROLLER = 1;
/** CMBMSC.CRE: the buffer's registers say what there is. */
const CAPABILITIES_ENABLED = 1;

const hasReset = {
  skip: ({ cap }: ControllerFacts): string | undefined =>
    CAP.NSSRS.get(cap.low, cap.high) === 1 ? undefined : 'CAP.NSSRS offers no subsystem reset',
};
const hasNoReset = {
  skip: ({ cap }: ControllerFacts): string | undefined =>
    CAP.NSSRS.get(cap.low, cap.high) === 0 ? undefined : 'CAP.NSSRS offers a subsystem reset',
};
const hasBuffer = {
  skip: ({ cap }: ControllerFacts): string | undefined =>
    CAP.CMBS.get(cap.low, cap.high) === 1 ? undefined : 'CAP.CMBS offers no controller memory buffer',
};
const hasNoBuffer = {
  skip: ({ cap }: ControllerFacts): string | undefined =>
    CAP.CMBS.get(cap.low, cap.high) === 0 ? undefined : 'CAP.CMBS offers a controller memory buffer',
};

list.accepts(
  '[Base] 3.1.4.7',
  'a subsystem reset disables the controller and is remembered in CSTS.NSSRO',
  async (host) => {
    host.fn.registers.write32(REG_NSSR, NSSR_RESET_KEY);
    const csts = await host.waitForStatus((each) => CSTS.RDY.get(each) === 0, 'CSTS.RDY=0');
    demandEqual(CSTS.NSSRO.get(csts), 1, 'CSTS.NSSRO');
    await host.disable();
    await host.enable();
    demandSuccess(await identify(host, { cns: IDENTIFY_CONTROLLER }));
  },
  hasReset,
);

list.accepts(
  '[Base] 3.1.4.6',
  'CSTS.NSSRO is cleared by writing one to it, and not by zero',
  async (host) => {
    host.fn.registers.write32(REG_NSSR, NSSR_RESET_KEY);
    await host.waitForStatus((each) => CSTS.RDY.get(each) === 0, 'CSTS.RDY=0');
    host.fn.registers.write32(REG_CSTS, 0);
    demandEqual(CSTS.NSSRO.get(await host.fn.registers.read32(REG_CSTS)), 1, 'CSTS.NSSRO after a zero');
    host.fn.registers.write32(REG_CSTS, CSTS.NSSRO.set(0, 1));
    demandEqual(CSTS.NSSRO.get(await host.fn.registers.read32(REG_CSTS)), 0, 'CSTS.NSSRO after a one');
  },
  hasReset,
);

for (const [name, value] of [
  ['zero', 0],
  ['another value', NSSR_RESET_KEY + 1],
  ['the value with its bytes reversed', 0x654d_564e],
] as const) {
  list.refuses('[Base] 3.1.4.7', `${name} in NSSR resets nothing`, async (host) => {
    host.fn.registers.write32(REG_NSSR, value);
    await host.rest();
    demandEqual(CSTS.RDY.get(await host.fn.registers.read32(REG_CSTS)), 1, 'CSTS.RDY');
    demandSuccess(await identify(host, { cns: IDENTIFY_CONTROLLER }));
  });
}

list.refuses(
  '[Base] 3.1.4.7',
  'the reset value in NSSR does nothing where CAP.NSSRS is clear',
  async (host) => {
    host.fn.registers.write32(REG_NSSR, NSSR_RESET_KEY);
    await host.rest();
    demandEqual(CSTS.RDY.get(await host.fn.registers.read32(REG_CSTS)), 1, 'CSTS.RDY');
    demandSuccess(await identify(host, { cns: IDENTIFY_CONTROLLER }));
  },
  hasNoReset,
);

list.accepts(
  '[Base] 3.1.4.12',
  'CMBSZ and CMBLOC are zero until CMBMSC.CRE is set, then there is a buffer',
  async (host) => {
    const { registers } = host.fn;
    await registers.read32(REG_CMBSZ);
    registers.write64(REG_CMBMSC, CAPABILITIES_ENABLED, 0);
    const cmbsz = await registers.read32(REG_CMBSZ);
    demand(cmbBytes(cmbsz) > 0, `bytes of the buffer: expected some, got ${cmbBytes(cmbsz)}`);
    demand(CMBSZ.SQS.get(cmbsz) + CMBSZ.WDS.get(cmbsz) + CMBSZ.RDS.get(cmbsz) > 0, 'uses of the buffer: expected one');
    registers.write64(REG_CMBMSC, 0, 0);
    demandEqual(await registers.read32(REG_CMBSZ), 0, 'CMBSZ when CRE is clear');
    demandEqual(await registers.read32(REG_CMBLOC), 0, 'CMBLOC when CRE is clear');
  },
  hasBuffer,
);

list.refuses(
  '[Base] 3.1.4.12',
  'CMBMSC shows no buffer where CAP.CMBS is clear',
  async (host) => {
    const { registers } = host.fn;
    registers.write64(REG_CMBMSC, 1, 0);
    demandEqual(await registers.read32(REG_CMBSZ), 0, 'CMBSZ');
    demandEqual(await registers.read32(REG_CMBLOC), 0, 'CMBLOC');
    demandSuccess(await identify(host, { cns: IDENTIFY_CONTROLLER }));
  },
  hasNoBuffer,
);

/** Registers of the subsystem reset and of the controller memory buffer. */
export const SUBSYSTEM_REGISTER_CASES: readonly ConformanceCase[] = list.cases;
