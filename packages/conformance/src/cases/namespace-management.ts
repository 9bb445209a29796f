import {
  ADMIN_NAMESPACE_MANAGEMENT,
  decodeIdentifyController,
  IDENTIFY_CNS_ALLOCATED_NAMESPACE,
  IDENTIFY_CNS_CONTROLLER,
  IDNS_NSZE,
  NAMESPACE_MANAGEMENT_CREATE,
  NSID_BROADCAST,
  NVM_READ,
  STATUS_COMMAND_SET_NOT_SUPPORTED,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_FORMAT,
  STATUS_INVALID_NAMESPACE,
  STATUS_INVALID_PRP_OFFSET,
  STATUS_NAMESPACE_INSUFFICIENT_CAPACITY,
  STATUS_THIN_PROVISIONING_NOT_SUPPORTED,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import type { ControllerFacts } from '../controller-facts.js';
import { demand, demandEqual, demandStatus, demandSuccess } from '../failure.js';
import { identifyData } from './commands.js';
import {
  attach,
  CREATED_BLOCKS,
  createNamespace,
  type CreationChanges,
  deleteNamespace,
  identifyNamespace,
  namespaceList,
  skipWithoutManagement,
  skipWithoutSpare,
  withNamespace,
} from './namespaces.js';

const list = new CaseList('namespace-management');
const hasSpare = { skip: skipWithoutSpare };
const hasManagement = { skip: skipWithoutManagement };

async function unallocatedBytes(host: ConformanceHost): Promise<number> {
  const { data } = await identifyData(host, IDENTIFY_CNS_CONTROLLER);
  return Number(decodeIdentifyController(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)).unvmcap);
}

list.accepts(
  '[Base] 5.1.21',
  'a namespace is created with an identifier that was free',
  async (host) => {
    const before = await namespaceList(host, true);
    await withNamespace(host, async (nsid) => {
      demand(nsid >= 1 && nsid <= host.facts.identify.nn, `NSID: expected 1 to ${host.facts.identify.nn}, got ${nsid}`);
      demand(!before.includes(nsid), `NSID: expected one that was free, got ${nsid}`);
      const after = await namespaceList(host, true);
      demandEqual(after.join(), [...before, nsid].sort((a, b) => a - b).join(), 'allocated namespaces');
    });
    demandEqual((await namespaceList(host, true)).join(), before.join(), 'allocated namespaces after the deletion');
  },
  hasSpare,
);

list.accepts(
  '[Base] 8.1.15',
  'a namespace that was created is attached to no controller',
  async (host) => {
    await withNamespace(host, async (nsid) => {
      demand(!(await namespaceList(host, false)).includes(nsid), `active namespaces: expected without ${nsid}`);
      demandEqual((await identifyNamespace(host, nsid)).nsze, 0, 'size that Identify gives of an inactive namespace');
    });
  },
  hasSpare,
);

list.accepts(
  '[Base] 5.1.13.2.11',
  'the size of an allocated namespace is the one asked for',
  async (host) => {
    await withNamespace(host, async (nsid) => {
      const { completion, data } = await identifyData(host, IDENTIFY_CNS_ALLOCATED_NAMESPACE, { nsid });
      demandSuccess(completion);
      demandEqual(data.getUint32(IDNS_NSZE, true), CREATED_BLOCKS, 'NSZE');
    });
  },
  hasSpare,
);

list.accepts(
  '[Base] 5.1.13.2.1',
  'unallocated capacity shrinks with a creation and comes back with the deletion',
  async (host) => {
    const before = await unallocatedBytes(host);
    await withNamespace(host, async () => {
      const left = await unallocatedBytes(host);
      const most = before - CREATED_BLOCKS * host.facts.plain.blockBytes;
      demand(left <= most, `UNVMCAP: expected at most ${most}, got ${left}`);
    });
    demandEqual(await unallocatedBytes(host), before, 'UNVMCAP after the deletion');
  },
  hasSpare,
);

list.accepts(
  '[Base] 5.1.21',
  'an identifier that was deleted can be had again',
  async (host) => {
    for (let i = 0; i <= host.facts.identify.nn; i++) await withNamespace(host, () => Promise.resolve());
  },
  { skip: (facts) => (facts.identify.nn <= 64 ? skipWithoutSpare(facts) : 'too many identifiers to use them all') },
);

list.accepts(
  '[Base] 5.1.21',
  'a namespace is deleted although it is attached',
  async (host) => {
    await withNamespace(host, async (nsid) => {
      demandSuccess(await attach(host, nsid));
      demandSuccess(await deleteNamespace(host, nsid));
      demand(!(await namespaceList(host, false)).includes(nsid), `active namespaces: expected without ${nsid}`);
      const completion = await host.execute(await host.io(), { opcode: NVM_READ, nsid });
      demandStatus(completion, [STATUS_INVALID_FIELD, STATUS_INVALID_NAMESPACE]);
    });
  },
  hasSpare,
);

list.accepts(
  '[Base] 3.5.3',
  'a namespace outlasts a controller reset',
  async (host) => {
    await withNamespace(host, async (nsid) => {
      await host.disable();
      await host.enable();
      demand((await namespaceList(host, true)).includes(nsid), `allocated namespaces: expected ${nsid} among them`);
    });
  },
  hasSpare,
);

interface BadCreation {
  readonly name: string;
  readonly codes: readonly number[];
  readonly changes: (facts: ControllerFacts) => CreationChanges;
  readonly skip?: (facts: ControllerFacts) => string | undefined;
}

const BAD_CREATIONS: readonly BadCreation[] = [
  {
    name: 'larger than what is left',
    codes: [STATUS_NAMESPACE_INSUFFICIENT_CAPACITY],
    changes: ({ identify, plain }) => ({ nsze: Math.floor(Number(identify.unvmcap) / plain.blockBytes) + 1 }),
  },
  {
    name: 'of 2^63 blocks',
    codes: [STATUS_NAMESPACE_INSUFFICIENT_CAPACITY, STATUS_INVALID_FIELD],
    changes: () => ({ nsze: 2 ** 63 }),
  },
  { name: 'of no blocks', codes: [STATUS_INVALID_FIELD], changes: () => ({ nsze: 0 }) },
  {
    name: 'with a capacity above its size',
    codes: [STATUS_INVALID_FIELD],
    changes: () => ({ nsze: CREATED_BLOCKS, ncap: CREATED_BLOCKS + 1 }),
  },
  {
    name: 'with a capacity below its size, where no namespace is thin,',
    codes: [STATUS_THIN_PROVISIONING_NOT_SUPPORTED],
    changes: () => ({ nsze: CREATED_BLOCKS, ncap: CREATED_BLOCKS / 2 }),
    skip: ({ plain }) => ((plain.identify.nsfeat & 1) === 0 ? undefined : 'thin provisioning is offered'),
  },
  {
    name: 'of a format that does not exist',
    codes: [STATUS_INVALID_FORMAT],
    changes: () => ({ flbas: 0x6f }),
    skip: ({ plain }) => (plain.identify.nlbaf < 15 ? undefined : 'every number is a format'),
  },
  {
    name: 'with protection information but no metadata for it',
    codes: [STATUS_INVALID_FORMAT, STATUS_INVALID_FIELD],
    changes: () => ({ dps: 1 }),
  },
  {
    name: 'with a reserved type of protection information',
    codes: [STATUS_INVALID_FORMAT, STATUS_INVALID_FIELD],
    changes: () => ({ dps: 7 }),
  },
  {
    name: 'of a command set that does not exist',
    codes: [STATUS_COMMAND_SET_NOT_SUPPORTED],
    changes: () => ({ cdw11: 0x3f00_0000 }),
  },
];

for (const { name, codes, changes, skip } of BAD_CREATIONS) {
  list.refuses(
    '[Base] 5.1.21',
    `creation of a namespace ${name} is refused`,
    async (host) => {
      const before = (await namespaceList(host, true)).join();
      const completion = await createNamespace(host, changes(host.facts));
      if (completion.code === 0) await deleteNamespace(host, completion.result);
      demandStatus(completion, codes);
      demandEqual((await namespaceList(host, true)).join(), before, 'allocated namespaces');
    },
    { skip: (facts) => skip?.(facts) ?? skipWithoutManagement(facts) },
  );
}

for (const [name, nsid] of [
  ['0', () => 0],
  ['beyond NN', ({ identify }: ControllerFacts) => identify.nn + 1],
  ['FFFFFFFEh', () => NSID_BROADCAST - 1],
] as const) {
  list.refuses(
    '[Base] 5.1.21',
    `deletion of namespace ${name} is refused`,
    async (host) => demandStatus(await deleteNamespace(host, nsid(host.facts)), [STATUS_INVALID_NAMESPACE]),
    hasManagement,
  );
}

list.refuses(
  '[Base] 5.1.21',
  'deletion of a namespace that was deleted already is refused',
  async (host) => {
    await withNamespace(host, async (nsid) => {
      demandSuccess(await deleteNamespace(host, nsid));
      demandStatus(await deleteNamespace(host, nsid), [STATUS_INVALID_FIELD, STATUS_INVALID_NAMESPACE]);
    });
  },
  hasSpare,
);

for (const select of [2, 0xf]) {
  list.refuses(
    '[Base] 5.1.21',
    `reserved operation ${select} is an invalid field`,
    async (host) => {
      const command = { opcode: ADMIN_NAMESPACE_MANAGEMENT, cdw10: select, prp1: host.memory.iova(host.memory.page()) };
      demandStatus(await host.run(command), [STATUS_INVALID_FIELD]);
    },
    hasManagement,
  );
}

list.refuses(
  '[Base] 4.1.1',
  'creation from memory that is not there is a data transfer error',
  async (host) => {
    const completion = await createNamespace(host, { prp1: host.unmappedIova });
    demandStatus(completion, [STATUS_DATA_TRANSFER_ERROR]);
  },
  { ...hasManagement, needsUnmapped: true },
);

list.refuses(
  '[Base] 4.1.1',
  'creation with a second page that is not page aligned is refused',
  async (host) => {
    const prp1 = host.memory.iova(host.memory.page()) + 8;
    const prp2 = host.memory.iova(host.memory.page()) + 8;
    const command = { opcode: ADMIN_NAMESPACE_MANAGEMENT, cdw10: NAMESPACE_MANAGEMENT_CREATE, prp1, prp2 };
    demandStatus(await host.run(command), [STATUS_INVALID_PRP_OFFSET, STATUS_INVALID_FIELD]);
  },
  hasManagement,
);

/** Namespace Management: create and delete. */
export const NAMESPACE_MANAGEMENT_CASES: readonly ConformanceCase[] = list.cases;
