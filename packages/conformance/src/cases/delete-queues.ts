import {
  ADMIN_DELETE_IO_CQ,
  ADMIN_DELETE_IO_SQ,
  STATUS_INVALID_QUEUE_DELETION,
  STATUS_INVALID_QUEUE_IDENTIFIER,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import { demandEqual, demandStatus, demandSuccess } from '../failure.js';
import { createCq, createSq } from './commands.js';

const list = new CaseList('delete-queue');

list.accepts('[PCIe]', 'a pair is deleted, the submission queue first, and created again', async (host) => {
  for (let round = 0; round < 3; round++) {
    const queue = await host.createPair({ id: 1, entries: 8 });
    demandSuccess(await host.execute(queue, { opcode: 0, nsid: host.facts.plain.nsid }));
    demandSuccess(await host.run({ opcode: ADMIN_DELETE_IO_SQ, cdw10: 1 }));
    demandSuccess(await host.run({ opcode: ADMIN_DELETE_IO_CQ, cdw10: 1 }));
  }
});

list.accepts('[PCIe]', 'a submission queue is replaced over the same completion queue', async (host) => {
  demandSuccess(await createCq(host));
  for (let round = 0; round < 3; round++) {
    demandSuccess(await createSq(host));
    demandSuccess(await host.run({ opcode: ADMIN_DELETE_IO_SQ, cdw10: 1 }));
  }
});

list.accepts(
  '[PCIe]',
  'a completion queue is deleted once the last of its submission queues is',
  async (host) => {
    demandSuccess(await createCq(host));
    demandSuccess(await createSq(host, { id: 1 }));
    demandSuccess(await createSq(host, { id: 2 }));
    demandSuccess(await host.run({ opcode: ADMIN_DELETE_IO_SQ, cdw10: 1 }));
    demandStatus(await host.run({ opcode: ADMIN_DELETE_IO_CQ, cdw10: 1 }), [STATUS_INVALID_QUEUE_DELETION]);
    demandSuccess(await host.run({ opcode: ADMIN_DELETE_IO_SQ, cdw10: 2 }));
    demandSuccess(await host.run({ opcode: ADMIN_DELETE_IO_CQ, cdw10: 1 }));
  },
  { skip: ({ queuePairs }) => (queuePairs >= 2 ? undefined : 'only one queue pair') },
);

for (const [name, opcode] of [
  ['submission', ADMIN_DELETE_IO_SQ],
  ['completion', ADMIN_DELETE_IO_CQ],
] as const) {
  for (const [which, id] of [
    ['0', 0],
    ['that was never created', 1],
    ['FFFFh', 0xffff],
  ] as const) {
    list.refuses('[PCIe]', `deletion of ${name} queue ${which} is refused`, async (host) => {
      demandStatus(await host.run({ opcode, cdw10: id }), [STATUS_INVALID_QUEUE_IDENTIFIER]);
    });
  }
}

list.refuses('[PCIe]', 'a submission queue cannot be deleted twice', async (host) => {
  await host.createPair({ id: 1, entries: 8 });
  demandSuccess(await host.run({ opcode: ADMIN_DELETE_IO_SQ, cdw10: 1 }));
  demandStatus(await host.run({ opcode: ADMIN_DELETE_IO_SQ, cdw10: 1 }), [STATUS_INVALID_QUEUE_IDENTIFIER]);
});

list.refuses('[PCIe]', 'a completion queue in use is not deleted, and goes on', async (host) => {
  const queue = await host.createPair({ id: 1, entries: 8 });
  demandStatus(await host.run({ opcode: ADMIN_DELETE_IO_CQ, cdw10: 1 }), [STATUS_INVALID_QUEUE_DELETION]);
  demandSuccess(await host.execute(queue, { opcode: 0, nsid: host.facts.plain.nsid }));
});

list.refuses(
  '[PCIe]',
  'a doorbell of a deleted queue does nothing',
  async (host) => {
    const queue = await host.createPair({ id: 1, entries: 8 });
    demandSuccess(await host.run({ opcode: ADMIN_DELETE_IO_SQ, cdw10: 1 }));
    queue.push({ opcode: 0, nsid: host.facts.plain.nsid });
    queue.ring();
    demandEqual(await host.surplus(queue.completions), undefined, 'completion of a deleted queue');
    demandSuccess(await host.run({ opcode: 0x18 }));
  },
  { skip: ({ adminOpcodes }) => (adminOpcodes.has(0x18) ? undefined : 'no Keep Alive command') },
);

/** Delete I/O Submission Queue and Delete I/O Completion Queue. */
export const DELETE_QUEUE_CASES: readonly ConformanceCase[] = list.cases;
