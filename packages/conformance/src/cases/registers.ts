import {
  AQA,
  CAP,
  CC,
  CSTS,
  CSTS_SHST_COMPLETE,
  REG_AQA,
  REG_ASQ,
  REG_CAP,
  REG_CC,
  REG_CSTS,
  REG_VS,
  VS,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import { demand, demandEqual } from '../failure.js';

const ALL_ONES = 0xffff_ffff;
const SHN_NORMAL = 1;
const SHN_ABRUPT = 2;

const list = new CaseList('registers');

list.accepts('[Base] 3.1.4.1', 'CAP offers queues of at least two entries', (host) => {
  demand(host.facts.queueEntriesMax >= 2, `CAP.MQES: expected 1 or more, got ${host.facts.queueEntriesMax - 1}`);
  return Promise.resolve();
});

list.accepts('[Base] 3.1.4.1', 'CAP offers the NVM command set or says which others', (host) => {
  const { low, high } = host.facts.cap;
  demand(CAP.CSS.get(low, high) !== 0, 'CAP.CSS: expected a command set, got none');
  return Promise.resolve();
});

list.accepts('[Base] 3.1.4.1', 'CAP.MPSMIN is not above CAP.MPSMAX', (host) => {
  const { low, high } = host.facts.cap;
  const least = CAP.MPSMIN.get(low, high);
  const most = CAP.MPSMAX.get(low, high);
  demand(least <= most, `CAP.MPSMIN: expected at most MPSMAX ${most}, got ${least}`);
  return Promise.resolve();
});

list.accepts('[Base] 3.1.4.2', 'VS names version 1.0 or later', (host) => {
  demand(VS.MJR.get(host.facts.version) >= 1, `VS: expected 1.0 or later, got 0x${host.facts.version.toString(16)}`);
  return Promise.resolve();
});

list.accepts('[Base] 3.1.4.6', 'CSTS shows neither fatal status nor shutdown when ready', async (host) => {
  const csts = await host.fn.registers.read32(REG_CSTS);
  demandEqual(CSTS.RDY.get(csts), 1, 'CSTS.RDY');
  demandEqual(CSTS.CFS.get(csts), 0, 'CSTS.CFS');
  demandEqual(CSTS.SHST.get(csts), 0, 'CSTS.SHST');
});

list.accepts('[Base] 3.1.4.8', 'AQA keeps what was written', async (host) => {
  await host.disable();
  const value = AQA.ASQS0.set(AQA.ACQS0.set(0, 11), 7);
  host.fn.registers.write32(REG_AQA, value);
  demandEqual(await host.fn.registers.read32(REG_AQA), value, 'AQA');
});

list.accepts('[Base] 3.1.4.9', 'ASQ keeps an address written as two halves', async (host) => {
  await host.disable();
  host.fn.registers.write32(REG_ASQ, 0x1234_5000);
  host.fn.registers.write32(REG_ASQ + 4, 0x12);
  const asq = await host.fn.registers.read64(REG_ASQ);
  demandEqual(asq.low, 0x1234_5000, 'ASQ bits 31:0');
  demandEqual(asq.high, 0x12, 'ASQ bits 63:32');
});

list.accepts('[Base] 3.5.3', 'a controller reset keeps AQA, ASQ and ACQ', async (host) => {
  const before = await host.fn.registers.read64(REG_ASQ);
  const aqa = await host.fn.registers.read32(REG_AQA);
  await host.disable();
  const after = await host.fn.registers.read64(REG_ASQ);
  demandEqual(after.low, before.low, 'ASQ bits 31:0');
  demandEqual(after.high, before.high, 'ASQ bits 63:32');
  demandEqual(await host.fn.registers.read32(REG_AQA), aqa, 'AQA');
});

for (const [name, shn] of [
  ['normal', SHN_NORMAL],
  ['abrupt', SHN_ABRUPT],
] as const) {
  list.accepts('[Base] 3.6.1', `a ${name} shutdown comes to its end`, async (host) => {
    const cc = await host.fn.registers.read32(REG_CC);
    host.fn.registers.write32(REG_CC, CC.SHN.set(cc, shn));
    await host.waitForStatus((csts) => CSTS.SHST.get(csts) === CSTS_SHST_COMPLETE, 'CSTS.SHST=2');
  });
}

list.accepts('[Base] 3.6.1', 'a controller that was shut down can be reset and enabled again', async (host) => {
  const cc = await host.fn.registers.read32(REG_CC);
  host.fn.registers.write32(REG_CC, CC.SHN.set(cc, SHN_NORMAL));
  await host.waitForStatus((csts) => CSTS.SHST.get(csts) === CSTS_SHST_COMPLETE, 'CSTS.SHST=2');
  await host.disable();
  await host.enable();
  demandEqual(CSTS.SHST.get(await host.fn.registers.read32(REG_CSTS)), 0, 'CSTS.SHST after the reset');
});

for (const [name, offset] of [
  ['CAP', REG_CAP],
  ['CAP bits 63:32', REG_CAP + 4],
  ['VS', REG_VS],
] as const) {
  list.refuses('[Base] 3.1.4', `a write to ${name}, which is read only, changes nothing`, async (host) => {
    const before = await host.fn.registers.read32(offset);
    host.fn.registers.write32(offset, (before ^ ALL_ONES) >>> 0);
    demandEqual(await host.fn.registers.read32(offset), before, name);
  });
}

list.refuses('[Base] 3.1.4.6', 'a write of zeros to CSTS does not end readiness', async (host) => {
  host.fn.registers.write32(REG_CSTS, 0);
  demandEqual(CSTS.RDY.get(await host.fn.registers.read32(REG_CSTS)), 1, 'CSTS.RDY');
});

/** Registers and the state machine of CC and CSTS. */
export const REGISTER_CASES: readonly ConformanceCase[] = list.cases;
