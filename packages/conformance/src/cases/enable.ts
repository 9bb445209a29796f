import { AQA, CC, CSTS, REG_ACQ, REG_AQA, REG_ASQ, REG_CC, REG_CSTS } from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import { demand, demandEqual, demandSuccess } from '../failure.js';
import { identify } from './commands.js';

const ALL_ONES = 0xffff_ffff;
const list = new CaseList('enable');

list.accepts('[Base] 3.5.1', 'an enabled controller answers on its admin queue', async (host) => {
  demandSuccess(await identify(host, { cns: 1 }));
});

list.accepts('[Base] 3.5.1', 'it can be disabled and enabled ten times', async (host) => {
  for (let round = 0; round < 10; round++) {
    await host.disable();
    await host.enable();
    demandSuccess(await identify(host, { cns: 1 }));
  }
});

list.accepts('[Base] 3.1.4.8', 'admin queues of the least size, two entries, work', async (host) => {
  await host.disable();
  await host.enable({ entries: 2 });
  for (let i = 0; i < 5; i++) demandSuccess(await identify(host, { cns: 1 }));
});

list.accepts('[Base] 3.1.4.8', 'admin queues of the largest size, 4096 entries, work', async (host) => {
  await host.disable();
  await host.enable({ entries: 4096 });
  demandSuccess(await identify(host, { cns: 1 }));
});

list.accepts('[Base] 3.1.4.8', 'admin queues of different sizes work', async (host) => {
  await host.disable();
  await host.enable({ entries: 32, completionEntries: 5 });
  for (let i = 0; i < 12; i++) demandSuccess(await identify(host, { cns: 1 }));
});

list.accepts('[Base] 3.5.3', 'disabling removes I/O queues, so their identifiers are free again', async (host) => {
  await host.io();
  await host.disable();
  await host.enable();
  await host.io();
});

list.accepts('[Base] 3.5.3', 'a command that was in the ring before a reset is not executed after it', async (host) => {
  const page = host.memory.page();
  host.admin.push({ opcode: 0x06, prp1: host.memory.iova(page), cdw10: 1 });
  await host.disable();
  await host.enable();
  const surplus = await host.surplus(host.admin.completions);
  demandEqual(surplus, undefined, 'completion after the reset');
});

/** The host enables with what no host may: whatever the controller makes of it, it answers. */
async function staysThere(host: ConformanceHost): Promise<void> {
  await host.rest();
  const csts = await host.fn.registers.read32(REG_CSTS);
  demand(csts !== ALL_ONES, 'CSTS: expected a controller that answers, got all ones');
}

/** A fatal controller comes back with a reset and good values. */
async function recovers(host: ConformanceHost): Promise<void> {
  await host.disable();
  await host.enable();
  demandSuccess(await identify(host, { cns: 1 }));
}

/** Values that no host may choose; what becomes of the controller until its next reset, nothing says. [Base] 1.4.1.6, 3.1.4.5 */
const BAD_CONFIGURATIONS: readonly (readonly [section: string, name: string, cc: (cc: number) => number])[] = [
  ['[Base] 3.1.4.5', 'a page size above CAP.MPSMAX', (cc) => CC.MPS.set(cc, 15)],
  ['[Base] 3.1.4.5', 'a reserved command set', (cc) => CC.CSS.set(cc, 3)],
  ['[Base] 3.1.4.5', 'a reserved arbitration mechanism', (cc) => CC.AMS.set(cc, 5)],
];
for (const [section, name, cc] of BAD_CONFIGURATIONS) {
  list.refuses(section, `${name} is survived, and a reset helps`, async (host) => {
    await host.disable();
    await host.configure({ cc });
    await staysThere(host);
    await recovers(host);
  });
}

const BAD_REGISTERS: readonly (readonly [section: string, name: string, spoil: (host: ConformanceHost) => void])[] = [
  [
    '[Base] 3.1.4.8',
    'an admin submission queue of one entry',
    (host) => host.fn.registers.write32(REG_AQA, AQA.ACQS0.set(0, 7)),
  ],
  [
    '[Base] 3.1.4.8',
    'an admin completion queue of one entry',
    (host) => host.fn.registers.write32(REG_AQA, AQA.ASQS0.set(0, 7)),
  ],
];
for (const [section, name, spoil] of BAD_REGISTERS) {
  list.refuses(section, `${name} is survived, and a reset helps`, async (host) => {
    await host.disable();
    await host.configure({ cc: (cc) => CC.EN.set(cc, 0) });
    const cc = await host.plainConfiguration();
    spoil(host);
    host.fn.registers.write32(REG_CC, cc);
    await staysThere(host);
    await recovers(host);
  });
}

for (const [name, register] of [
  ['submission', REG_ASQ],
  ['completion', REG_ACQ],
] as const) {
  list.refuses(
    '[Base] 3.1.4.9',
    `an admin ${name} queue where no memory is ends in a fatal status, not in a crash`,
    async (host) => {
      await host.disable();
      await host.configure({ cc: (cc) => CC.EN.set(cc, 0) });
      host.write64(register, host.unmappedIova);
      host.fn.registers.write32(REG_CC, await host.plainConfiguration());
      await host.rest();
      host.admin.push({ opcode: 0x06, cdw10: 1 });
      host.admin.ring();
      await host.waitForStatus((csts) => CSTS.CFS.get(csts) === 1, 'CSTS.CFS=1');
      await recovers(host);
    },
    { needsUnmapped: true },
  );
}

list.refuses('[Base] 3.6.1', 'no command is taken once a shutdown is complete', async (host) => {
  const cc = await host.fn.registers.read32(REG_CC);
  host.fn.registers.write32(REG_CC, CC.SHN.set(cc, 1));
  await host.waitForStatus((csts) => CSTS.SHST.get(csts) === 2, 'CSTS.SHST=2');
  host.admin.push({ opcode: 0x18 });
  host.admin.ring();
  demandEqual(await host.surplus(host.admin.completions), undefined, 'completion after the shutdown');
});

list.refuses(
  '[Base] 3.1.4.5',
  'a write to CC that changes nothing but reserved bits leaves the controller ready',
  async (host) => {
    const cc = await host.fn.registers.read32(REG_CC);
    host.fn.registers.write32(REG_CC, (cc | 0xf000_0000) >>> 0);
    demandEqual(CSTS.RDY.get(await host.fn.registers.read32(REG_CSTS)), 1, 'CSTS.RDY');
    demandSuccess(await identify(host, { cns: 1 }));
  },
);

list.refuses('[Base] 3.1.3', 'a write to a reserved register is ignored', async (host) => {
  host.fn.registers.write32(0x100, 0xffff_ffff);
  demandSuccess(await identify(host, { cns: 1 }));
});

/** From disabled to ready, and what keeps a controller from it. */
export const ENABLE_CASES: readonly ConformanceCase[] = list.cases;
