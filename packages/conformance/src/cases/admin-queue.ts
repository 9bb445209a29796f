import {
  ADMIN_DELETE_IO_SQ,
  ADMIN_IDENTIFY,
  ADMIN_KEEP_ALIVE,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_OPCODE,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import { demandEqual, demandStatus, demandSuccess } from '../failure.js';
import { identify } from './commands.js';

const list = new CaseList('admin-queue');

list.accepts(
  '[Base] 4.2.1',
  'a completion names its command, its queue, and how far that was fetched',
  async (host) => {
    for (let i = 1; i <= 3; i++) {
      const completion = await identify(host, { cns: 1, cid: 0x4321 });
      demandSuccess(completion);
      demandEqual(completion.cid, 0x4321, 'command identifier');
      demandEqual(completion.sqId, 0, 'submission queue identifier');
      demandEqual(completion.sqHead, i, 'submission queue head pointer');
    }
  },
);

list.accepts('[Base] 3.3.1', 'the rings wrap many times', async (host) => {
  await host.disable();
  await host.enable({ entries: 3 });
  for (let i = 0; i < 50; i++) demandSuccess(await identify(host, { cns: 1 }));
});

list.accepts('[Base] 3.3.1', 'several commands told with one doorbell all complete', async (host) => {
  const prp1 = host.memory.iova(host.memory.page());
  const cids = new Set<number>();
  for (let i = 0; i < 20; i++) cids.add(host.admin.push({ opcode: ADMIN_IDENTIFY, cdw10: 1, prp1 }));
  host.admin.ring();
  for (let i = 0; i < 20; i++) {
    const completion = await host.next(host.admin.completions);
    demandSuccess(completion);
    demandEqual(cids.delete(completion.cid), true, `command identifier ${completion.cid} is in flight`);
  }
  demandEqual(await host.surplus(host.admin.completions), undefined, 'a completion too many');
});

list.accepts('[Base] 3.3.1.2', 'a full completion ring holds commands back and loses none', async (host) => {
  await host.disable();
  await host.enable({ entries: 32, completionEntries: 4 });
  const prp1 = host.memory.iova(host.memory.page());
  for (let i = 0; i < 12; i++) host.admin.push({ opcode: ADMIN_IDENTIFY, cdw10: 1, prp1 });
  host.admin.ring();
  await host.rest();
  const { completions } = host.admin;
  let taken = 0;
  for (; taken < 3; taken++) demandSuccess(await host.peekNext(completions));
  demandEqual(completions.take(), undefined, 'completion beyond the free entries');
  completions.ring();
  for (; taken < 12; taken++) demandSuccess(await host.next(completions));
  demandEqual(await host.surplus(completions), undefined, 'a completion too many');
});

list.accepts('[Base] 3.3.1.1', 'a doorbell written again with the same value executes nothing again', async (host) => {
  demandSuccess(await identify(host, { cns: 1 }));
  host.admin.ring();
  demandEqual(await host.surplus(host.admin.completions), undefined, 'a completion too many');
});

list.accepts(
  '[Base] 5.1.14',
  'Keep Alive succeeds',
  async (host) => {
    demandSuccess(await host.run({ opcode: ADMIN_KEEP_ALIVE }));
  },
  { skip: ({ adminOpcodes }) => (adminOpcodes.has(ADMIN_KEEP_ALIVE) ? undefined : 'no Keep Alive command') },
);

for (const opcode of [0x07, 0x0b, 0x12, 0x1b, 0x3f, 0x77, 0xbf]) {
  list.refuses('[Base] 5.1', `reserved admin opcode ${opcode.toString(16)}h is an invalid opcode`, async (host) => {
    demandStatus(await host.run({ opcode }), [STATUS_INVALID_OPCODE]);
  });
}

list.refuses('[Base] 5.1', 'vendor specific admin opcodes that are not listed are invalid opcodes', async (host) => {
  for (let opcode = 0xc0; opcode <= 0xff; opcode++) {
    if (host.facts.adminOpcodes.has(opcode)) continue;
    demandStatus(await host.run({ opcode }), [STATUS_INVALID_OPCODE]);
  }
});

for (const fuse of [1, 2]) {
  list.refuses(
    '[Base] 4.1.1',
    `an admin command fused as ${fuse === 1 ? 'first' : 'second'} is an invalid field`,
    async (host) => {
      demandStatus(await identify(host, { cns: 1, fuse }), [STATUS_INVALID_FIELD]);
    },
  );
}

for (const psdt of [1, 2, 3]) {
  list.refuses('[Base] 4.1.1', `an admin command with PSDT ${psdt} is an invalid field over PCIe`, async (host) => {
    demandStatus(await identify(host, { cns: 1, psdt }), [STATUS_INVALID_FIELD]);
  });
}

list.refuses('[Base] 4.2.1', 'a failed command still moves the submission queue head', async (host) => {
  demandEqual((await host.run({ opcode: 0x07 })).sqHead, 1, 'submission queue head pointer');
  demandEqual((await identify(host, { cns: 1 })).sqHead, 2, 'submission queue head pointer');
});

list.refuses('[Base] 5.2.4', 'the admin submission queue cannot be deleted', async (host) => {
  const completion = await host.run({ opcode: ADMIN_DELETE_IO_SQ, cdw10: 0 });
  demandEqual(completion.code !== 0, true, 'refused');
  demandSuccess(await identify(host, { cns: 1 }));
});

/** The admin queue pair as a ring, and commands that no controller takes. */
export const ADMIN_QUEUE_CASES: readonly ConformanceCase[] = list.cases;
