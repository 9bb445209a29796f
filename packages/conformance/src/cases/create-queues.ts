import {
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_INVALID_COMPLETION_QUEUE,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_INTERRUPT_VECTOR,
  STATUS_INVALID_PRP_OFFSET,
  STATUS_INVALID_QUEUE_IDENTIFIER,
  STATUS_INVALID_QUEUE_SIZE,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import { demandStatus, demandSuccess } from '../failure.js';
import { createCq, createSq, type QueueChanges } from './commands.js';

const list = new CaseList('create-queue');

list.accepts('[PCIe]', 'a completion and a submission queue are created', async (host) => {
  demandSuccess(await createCq(host));
  demandSuccess(await createSq(host));
});

list.accepts('[PCIe]', 'queues of the least size, two entries, are created and work', async (host) => {
  const queue = await host.createPair({ id: 1, entries: 2 });
  for (let i = 0; i < 5; i++) demandSuccess(await host.execute(queue, { opcode: 0, nsid: host.facts.plain.nsid }));
});

list.accepts('[PCIe]', 'queues of the largest size that CAP.MQES allows are created and work', async (host) => {
  const entries = Math.min(host.facts.queueEntriesMax, 4096);
  const queue = await host.createPair({ id: 1, entries });
  demandSuccess(await host.execute(queue, { opcode: 0, nsid: host.facts.plain.nsid }));
});

list.accepts('[PCIe]', 'every granted identifier can be used at once', async (host) => {
  for (let id = 1; id <= host.facts.queuePairs; id++) await host.createPair({ id, entries: 4 });
});

list.accepts(
  '[PCIe]',
  'several submission queues can complete into one completion queue',
  async (host) => {
    demandSuccess(await createCq(host, { id: 1, entries: 32 }));
    demandSuccess(await createSq(host, { id: 1 }));
    demandSuccess(await createSq(host, { id: 2 }));
  },
  { skip: ({ queuePairs }) => (queuePairs >= 2 ? undefined : 'only one queue pair') },
);

list.accepts(
  '[PCIe]',
  'a submission queue may have another identifier than its completion queue',
  async (host) => {
    const queue = await host.createPair({ id: 2, completionId: 1, entries: 8 });
    demandSuccess(await host.execute(queue, { opcode: 0, nsid: host.facts.plain.nsid }));
  },
  { skip: ({ queuePairs }) => (queuePairs >= 2 ? undefined : 'only one queue pair') },
);

list.accepts('[PCIe]', 'submission and completion queue may have different sizes', async (host) => {
  const queue = await host.createPair({ id: 1, entries: 16, completionEntries: 3 });
  for (let i = 0; i < 9; i++) demandSuccess(await host.execute(queue, { opcode: 0, nsid: host.facts.plain.nsid }));
});

list.accepts(
  '[PCIe]',
  'a completion queue with an interrupt vector is created',
  async (host) => {
    demandSuccess(await createCq(host, { vector: host.facts.vectors - 1 }));
  },
  { skip: ({ vectors }) => (vectors > 0 ? undefined : 'no vectors') },
);

/** A refusal of Create I/O Completion Queue. */
function refusesCq(name: string, codes: readonly number[], changes: (host: ConformanceHost) => QueueChanges): void {
  list.refuses('[PCIe]', `a completion queue ${name} is refused`, async (host) => {
    demandStatus(await createCq(host, changes(host)), codes);
    demandSuccess(await createCq(host, { id: 2 }));
  });
}

/** A refusal of Create I/O Submission Queue; completion queue 1 is there. */
function refusesSq(name: string, codes: readonly number[], changes: (host: ConformanceHost) => QueueChanges): void {
  list.refuses('[PCIe]', `a submission queue ${name} is refused`, async (host) => {
    demandSuccess(await createCq(host));
    demandStatus(await createSq(host, changes(host)), codes);
    demandSuccess(await createSq(host, { id: 2 }));
  });
}

for (const refuses of [refusesCq, refusesSq]) {
  refuses('of identifier 0', [STATUS_INVALID_QUEUE_IDENTIFIER], () => ({ id: 0 }));
  refuses('of identifier FFFFh', [STATUS_INVALID_QUEUE_IDENTIFIER], () => ({ id: 0xffff }));
  refuses('of one entry', [STATUS_INVALID_QUEUE_SIZE], () => ({ entries: 1 }));
  refuses('that is not contiguous, where CAP.CQR asks for it,', [STATUS_INVALID_FIELD], () => ({ contiguous: false }));
  refuses('whose address is not page aligned', [STATUS_INVALID_PRP_OFFSET, STATUS_INVALID_FIELD], (host) => ({
    prp1: host.memory.iova(host.memory.page()) + 64,
  }));
  refuses('whose address has its lowest bits set', [STATUS_INVALID_PRP_OFFSET, STATUS_INVALID_FIELD], (host) => ({
    prp1: host.memory.iova(host.memory.page()) + 3,
  }));
}

for (const [name, create] of [
  ['completion', createCq],
  ['submission', createSq],
] as const) {
  list.refuses(
    '[PCIe]',
    `a ${name} queue where no memory is is refused, or created without harm to others`,
    async (host) => {
      demandSuccess(await createCq(host));
      // Nobody has to look at the memory before there is an entry to fetch or to store.
      const codes = [0, STATUS_DATA_TRANSFER_ERROR, STATUS_INVALID_FIELD, STATUS_INVALID_PRP_OFFSET];
      demandStatus(await create(host, { id: 2, prp1: host.unmappedIova }), codes);
      const queue = await host.createPair({ id: 3, entries: 8 });
      demandSuccess(await host.execute(queue, { opcode: 0, nsid: host.facts.plain.nsid }));
    },
    {
      needsUnmapped: true,
      skip: ({ queuePairs }) => (queuePairs >= 3 ? undefined : 'not enough queues'),
    },
  );
  list.refuses(
    '[PCIe]',
    `a ${name} queue larger than CAP.MQES allows is refused`,
    async (host) => {
      if (name === 'submission') demandSuccess(await createCq(host));
      const entries = host.facts.queueEntriesMax + 1;
      const prp1 = host.memory.iova(host.memory.page());
      demandStatus(await create(host, { entries, prp1 }), [STATUS_INVALID_QUEUE_SIZE]);
    },
    { skip: ({ queueEntriesMax }) => (queueEntriesMax < 0x1_0000 ? undefined : 'CAP.MQES cannot be exceeded') },
  );
}

list.refuses('[PCIe]', 'a completion queue identifier that exists is refused, and the queue goes on', async (host) => {
  const queue = await host.createPair({ id: 1, entries: 8 });
  demandStatus(await createCq(host), [STATUS_INVALID_QUEUE_IDENTIFIER]);
  demandSuccess(await host.execute(queue, { opcode: 0, nsid: host.facts.plain.nsid }));
});

list.refuses('[PCIe]', 'a submission queue identifier that exists is refused, and the queue goes on', async (host) => {
  const queue = await host.createPair({ id: 1, entries: 8 });
  demandStatus(await createSq(host), [STATUS_INVALID_QUEUE_IDENTIFIER]);
  demandSuccess(await host.execute(queue, { opcode: 0, nsid: host.facts.plain.nsid }));
});

list.refuses('[PCIe]', 'a submission queue whose completion queue was never created is refused', async (host) => {
  demandStatus(await createSq(host), [STATUS_INVALID_COMPLETION_QUEUE]);
});

list.refuses('[PCIe]', 'a submission queue whose completion queue is 0 is refused', async (host) => {
  demandStatus(await createSq(host, { completionId: 0 }), [
    STATUS_INVALID_QUEUE_IDENTIFIER,
    STATUS_INVALID_COMPLETION_QUEUE,
  ]);
});

list.refuses('[PCIe]', 'a submission queue whose completion queue is FFFFh is refused', async (host) => {
  demandStatus(await createSq(host, { completionId: 0xffff }), [
    STATUS_INVALID_QUEUE_IDENTIFIER,
    STATUS_INVALID_COMPLETION_QUEUE,
  ]);
});

list.refuses('[PCIe]', 'an interrupt vector that does not exist is refused', async (host) => {
  demandStatus(await createCq(host, { vector: 0xffff }), [STATUS_INVALID_INTERRUPT_VECTOR]);
});

list.refuses(
  '[PCIe]',
  'a queue that was refused has not come into being: its identifier can still be created',
  async (host) => {
    demandStatus(await createCq(host, { entries: 1 }), [STATUS_INVALID_QUEUE_SIZE]);
    demandSuccess(await createCq(host));
  },
);

/** Create I/O Submission Queue and Create I/O Completion Queue. */
export const CREATE_QUEUE_CASES: readonly ConformanceCase[] = list.cases;
