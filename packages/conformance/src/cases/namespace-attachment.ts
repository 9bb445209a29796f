import {
  ADMIN_NAMESPACE_ATTACHMENT,
  NMIC_SHRNS,
  NSID_BROADCAST,
  NVM_READ,
  NVM_WRITE,
  STATUS_CONTROLLER_LIST_INVALID,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
  STATUS_NAMESPACE_ALREADY_ATTACHED,
  STATUS_NAMESPACE_NOT_ATTACHED,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import { demand, demandEqual, demandStatus, demandSuccess } from '../failure.js';
import {
  attach,
  CREATED_BLOCKS,
  detach,
  identifyNamespace,
  namespaceList,
  skipWithoutSpare,
  withNamespace,
} from './namespaces.js';
import { blockRange, demandFilled } from './transfers.js';

const list = new CaseList('namespace-attachment');
const hasSpare = { skip: skipWithoutSpare };

list.accepts(
  '[Base] 5.1.20',
  'an attached namespace is active and has its size',
  async (host) => {
    await withNamespace(host, async (nsid) => {
      demandSuccess(await attach(host, nsid));
      demand((await namespaceList(host, false)).includes(nsid), `active namespaces: expected ${nsid} among them`);
      demandEqual((await identifyNamespace(host, nsid)).nsze, CREATED_BLOCKS, 'NSZE');
    });
  },
  hasSpare,
);

list.accepts(
  '[Base] 5.1.20',
  'a shared namespace is attached as well',
  async (host) => {
    await withNamespace(host, async (nsid) => demandSuccess(await attach(host, nsid)), { nmic: NMIC_SHRNS });
  },
  { skip: (facts) => (facts.identify.cmic & 2 ? skipWithoutSpare(facts) : 'CMIC offers no second controller') },
);

list.accepts(
  '[Base] 8.1.15',
  'a namespace that was created can be written and read once it is attached',
  async (host) => {
    await withNamespace(host, async (nsid) => {
      demandSuccess(await attach(host, nsid));
      const { blockBytes } = host.facts.plain;
      const address = host.memory.data(blockBytes);
      const bytes = host.memory.bytes(address, blockBytes).fill(0x3c);
      const command = { nsid, ...host.memory.prps(address, blockBytes), ...blockRange(CREATED_BLOCKS - 1, 1) };
      const queue = await host.io();
      demandSuccess(await host.execute(queue, { opcode: NVM_WRITE, ...command }));
      bytes.fill(0);
      demandSuccess(await host.execute(queue, { opcode: NVM_READ, ...command }));
      demandFilled(bytes, 0x3c, 'last block of the namespace');
    });
  },
  hasSpare,
);

list.accepts(
  '[Base] 5.1.20',
  'a namespace can be detached and attached again',
  async (host) => {
    await withNamespace(host, async (nsid) => {
      for (let i = 0; i < 3; i++) {
        demandSuccess(await attach(host, nsid));
        demandSuccess(await detach(host, nsid));
      }
      demand(!(await namespaceList(host, false)).includes(nsid), `active namespaces: expected without ${nsid}`);
    });
  },
  hasSpare,
);

list.accepts(
  '[Base] 8.1.15',
  'data outlasts that a namespace is detached',
  async (host) => {
    await withNamespace(host, async (nsid) => {
      const { blockBytes } = host.facts.plain;
      const address = host.memory.data(blockBytes);
      const bytes = host.memory.bytes(address, blockBytes).fill(0x77);
      const command = { nsid, ...host.memory.prps(address, blockBytes), ...blockRange(3, 1) };
      const queue = await host.io();
      demandSuccess(await attach(host, nsid));
      demandSuccess(await host.execute(queue, { opcode: NVM_WRITE, ...command }));
      demandSuccess(await detach(host, nsid));
      demandSuccess(await attach(host, nsid));
      bytes.fill(0);
      demandSuccess(await host.execute(queue, { opcode: NVM_READ, ...command }));
      demandFilled(bytes, 0x77, 'block');
    });
  },
  hasSpare,
);

list.refuses(
  '[Base] 3.2.1.4',
  'I/O to a namespace that is not attached is refused',
  async (host) => {
    await withNamespace(host, async (nsid) => {
      const prp1 = host.memory.iova(host.memory.page());
      for (const opcode of [NVM_READ, NVM_WRITE]) {
        const completion = await host.execute(await host.io(), { opcode, nsid, prp1 });
        demandStatus(completion, [STATUS_INVALID_FIELD, STATUS_INVALID_NAMESPACE]);
      }
    });
  },
  hasSpare,
);

list.refuses(
  '[Base] 3.2.1.4',
  'I/O to a namespace that was detached is refused',
  async (host) => {
    await withNamespace(host, async (nsid) => {
      const queue = await host.io();
      const prp1 = host.memory.iova(host.memory.page());
      demandSuccess(await attach(host, nsid));
      demandSuccess(await host.execute(queue, { opcode: NVM_READ, nsid, prp1 }));
      demandSuccess(await detach(host, nsid));
      const completion = await host.execute(queue, { opcode: NVM_READ, nsid, prp1 });
      demandStatus(completion, [STATUS_INVALID_FIELD, STATUS_INVALID_NAMESPACE]);
    });
  },
  hasSpare,
);

list.refuses(
  '[Base] 5.1.20',
  'a namespace that is attached cannot be attached again',
  async (host) => {
    await withNamespace(host, async (nsid) => {
      demandSuccess(await attach(host, nsid));
      demandStatus(await attach(host, nsid), [STATUS_NAMESPACE_ALREADY_ATTACHED]);
      demand((await namespaceList(host, false)).includes(nsid), `active namespaces: expected ${nsid} among them`);
    });
  },
  hasSpare,
);

list.refuses(
  '[Base] 5.1.20',
  'a namespace that is not attached cannot be detached',
  async (host) => {
    await withNamespace(host, async (nsid) => {
      demandStatus(await detach(host, nsid), [STATUS_NAMESPACE_NOT_ATTACHED]);
    });
  },
  hasSpare,
);

/** Lists that name no controllers, too many, the same one twice, or one that does not exist. [Base] 4.6.1 */
const BAD_LISTS: readonly (readonly [name: string, bytes: (view: DataView, cntlid: number) => void])[] = [
  [
    'of more identifiers than fit',
    (view, cntlid) => {
      view.setUint16(0, 2048, true);
      view.setUint16(2, cntlid, true);
    },
  ],
  [
    'with a controller that does not exist',
    (view) => {
      view.setUint16(0, 1, true);
      view.setUint16(2, 0xffe0, true);
    },
  ],
  [
    'with one controller twice',
    (view, cntlid) => {
      view.setUint16(0, 2, true);
      view.setUint16(2, cntlid, true);
      view.setUint16(4, cntlid, true);
    },
  ],
  [
    'that does not ascend',
    (view, cntlid) => {
      view.setUint16(0, 2, true);
      view.setUint16(2, 0xffe0, true);
      view.setUint16(4, cntlid, true);
    },
  ],
];

for (const [name, write] of BAD_LISTS) {
  list.refuses(
    '[Base] 4.6.1',
    `a controller list ${name} is refused`,
    async (host) => {
      await withNamespace(host, async (nsid) => {
        const page = host.memory.page();
        write(host.memory.view(page, 4096), host.facts.identify.cntlid);
        const prp1 = host.memory.iova(page);
        const completion = await host.run({ opcode: ADMIN_NAMESPACE_ATTACHMENT, nsid, prp1 });
        demandStatus(completion, [STATUS_CONTROLLER_LIST_INVALID]);
      });
    },
    hasSpare,
  );
}

for (const [name, nsid] of [
  ['0', () => 0],
  ['beyond NN', (host: ConformanceHost) => host.facts.identify.nn + 1],
  ['FFFFFFFFh', () => NSID_BROADCAST],
] as const) {
  list.refuses(
    '[Base] 3.2.1',
    `attachment of namespace ${name} is refused`,
    async (host) => {
      demandStatus(await attach(host, nsid(host)), [STATUS_INVALID_NAMESPACE, STATUS_INVALID_FIELD]);
    },
    hasSpare,
  );
}

list.refuses(
  '[Base] 5.1.20',
  'a reserved operation is an invalid field',
  async (host) => {
    await withNamespace(host, async (nsid) => {
      for (const cdw10 of [2, 0xf]) {
        demandStatus(await attach(host, nsid, undefined, { cdw10 }), [STATUS_INVALID_FIELD]);
      }
    });
  },
  hasSpare,
);

list.refuses(
  '[Base] 4.1.1',
  'a controller list in memory that is not there is a data transfer error',
  async (host) => {
    await withNamespace(host, async (nsid) => {
      const completion = await attach(host, nsid, undefined, { prp1: host.unmappedIova });
      demandStatus(completion, [STATUS_DATA_TRANSFER_ERROR]);
    });
  },
  { ...hasSpare, needsUnmapped: true },
);

/** Namespace Attachment: attach and detach. */
export const NAMESPACE_ATTACHMENT_CASES: readonly ConformanceCase[] = list.cases;
