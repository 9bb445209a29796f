import {
  ADMIN_FORMAT_NVM,
  FEATURE_NAMESPACE_WRITE_PROTECTION,
  NSATTR_WRITE_PROTECTED,
  NVM_COMPARE,
  NVM_DATASET_MANAGEMENT,
  NVM_FLUSH,
  NVM_VERIFY,
  NVM_WRITE,
  NVM_WRITE_UNCORRECTABLE,
  NVM_WRITE_ZEROES,
  NWPC_PERMANENT,
  NWPC_UNTIL_POWER_CYCLE,
  NWPC_WRITE_PROTECT,
  STATUS_FEATURE_NOT_CHANGEABLE,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
  STATUS_NAMESPACE_WRITE_PROTECTED,
  WRITE_PROTECTION_NONE,
  WRITE_PROTECTION_ON,
  WRITE_PROTECTION_PERMANENT,
  WRITE_PROTECTION_UNTIL_POWER_CYCLE,
} from '@phasebit/nvme-spec';
import { CaseList, type CaseDetails, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import type { ControllerFacts } from '../controller-facts.js';
import { demandBytes, demandEqual, demandStatus, demandSuccess } from '../failure.js';
import type { RawCompletion } from '../raw-completion.js';
import { getFeature, setFeature } from './commands.js';
import { identifyNamespace } from './namespaces.js';
import { blockCommand, readBack, seedBlocks } from './transfers.js';

const list = new CaseList('write-protection');

function skipWithoutProtection({ identify }: ControllerFacts): string | undefined {
  return (identify.nwpc & NWPC_WRITE_PROTECT) !== 0 ? undefined : 'no namespace write protection';
}

const hasProtection: CaseDetails = { skip: skipWithoutProtection };

function protect(host: ConformanceHost, state: number, nsid = host.facts.plain.nsid): Promise<RawCompletion> {
  return setFeature(host, FEATURE_NAMESPACE_WRITE_PROTECTION, state, { nsid });
}

async function state(host: ConformanceHost): Promise<number> {
  return (await getFeature(host, FEATURE_NAMESPACE_WRITE_PROTECTION, { nsid: host.facts.plain.nsid })).result & 7;
}

/** Runs something while the plain namespace is write protected. */
async function whileProtected(host: ConformanceHost, run: () => Promise<void>): Promise<void> {
  demandSuccess(await protect(host, WRITE_PROTECTION_ON));
  try {
    await run();
  } finally {
    demandSuccess(await protect(host, WRITE_PROTECTION_NONE));
  }
}

list.accepts(
  '[Base] 5.1.25.1.31',
  'the state is read back, and Identify Namespace says so',
  async (host) => {
    demandEqual(await state(host), WRITE_PROTECTION_NONE, 'state at first');
    await whileProtected(host, async () => {
      demandEqual(await state(host), WRITE_PROTECTION_ON, 'state');
      const { nsattr } = await identifyNamespace(host, host.facts.plain.nsid);
      demandEqual(nsattr & NSATTR_WRITE_PROTECTED, NSATTR_WRITE_PROTECTED, 'NSATTR, write protected');
    });
    const { nsattr } = await identifyNamespace(host, host.facts.plain.nsid);
    demandEqual(nsattr & NSATTR_WRITE_PROTECTED, 0, 'NSATTR at last');
  },
  hasProtection,
);

list.accepts(
  '[Base] 5.1.25.1.31',
  'the state outlasts a controller reset',
  async (host) => {
    await whileProtected(host, async () => {
      await host.disable();
      await host.enable();
      demandEqual(await state(host), WRITE_PROTECTION_ON, 'state');
    });
  },
  hasProtection,
);

list.accepts(
  '[Base] 8.1.16.1',
  'data can be read while the namespace is protected',
  async (host) => {
    const pattern = await seedBlocks(host, 0, 4, 1);
    await whileProtected(host, async () => demandBytes(await readBack(host, 0, 4), pattern, 'data'));
  },
  hasProtection,
);

for (const [name, opcode] of [
  ['Flush', NVM_FLUSH],
  ['Verify', NVM_VERIFY],
  ['Compare', NVM_COMPARE],
] as const) {
  list.accepts(
    '[Base] 8.1.16.1',
    `${name} works while the namespace is protected`,
    async (host) => {
      const pattern = await seedBlocks(host, 2, 1, 6);
      const address = host.memory.data(pattern.length);
      host.memory.bytes(address, pattern.length).set(pattern);
      await whileProtected(host, async () => {
        demandSuccess(await blockCommand(host, opcode, { lba: 2, blocks: 1, address }));
      });
    },
    {
      skip: (facts) => (facts.ioOpcodes.has(opcode) ? skipWithoutProtection(facts) : `no ${name} command`),
    },
  );
}

list.accepts(
  '[Base] 8.1.16',
  'the namespace can be written again afterwards',
  async (host) => {
    await whileProtected(host, () => Promise.resolve());
    const pattern = await seedBlocks(host, 0, 2, 3);
    demandBytes(await readBack(host, 0, 2), pattern, 'data');
  },
  hasProtection,
);

for (const [name, opcode] of [
  ['Write', NVM_WRITE],
  ['Write Zeroes', NVM_WRITE_ZEROES],
  ['Write Uncorrectable', NVM_WRITE_UNCORRECTABLE],
] as const) {
  list.refuses(
    '[Base] 8.1.16.1',
    `${name} is refused while the namespace is protected, and the data stays`,
    async (host) => {
      const pattern = await seedBlocks(host, 4, 2, 2);
      const address = host.memory.data(pattern.length);
      await whileProtected(host, async () => {
        const completion = await blockCommand(host, opcode, { lba: 4, blocks: 2, address });
        demandStatus(completion, [STATUS_NAMESPACE_WRITE_PROTECTED], true);
      });
      demandBytes(await readBack(host, 4, 2), pattern, 'data');
    },
    {
      skip: (facts) => (facts.ioOpcodes.has(opcode) ? skipWithoutProtection(facts) : `no ${name} command`),
    },
  );
}

list.refuses(
  '[Base] 8.1.16.1',
  'deallocation is refused, or does nothing, while the namespace is protected',
  async (host) => {
    const pattern = await seedBlocks(host, 4, 2, 2);
    await whileProtected(host, async () => {
      const page = host.memory.page();
      host.memory.view(page, 16).setUint32(4, 2, true);
      host.memory.view(page, 16).setUint32(8, 4, true);
      const { nsid } = host.facts.plain;
      const command = { opcode: NVM_DATASET_MANAGEMENT, nsid, prp1: host.memory.iova(page), cdw11: 4 };
      demandStatus(await host.execute(await host.io(), command), [0, STATUS_NAMESPACE_WRITE_PROTECTED]);
    });
    demandBytes(await readBack(host, 4, 2), pattern, 'data');
  },
  {
    skip: (facts) =>
      facts.ioOpcodes.has(NVM_DATASET_MANAGEMENT) ? skipWithoutProtection(facts) : 'no Dataset Management command',
  },
);

list.refuses(
  '[Base] 8.1.16.1',
  'a format is refused while the namespace is protected',
  async (host) => {
    const pattern = await seedBlocks(host, 4, 2, 2);
    await whileProtected(host, async () => {
      const { nsid, identify } = host.facts.plain;
      const completion = await host.run({ opcode: ADMIN_FORMAT_NVM, nsid, cdw10: identify.flbas & 0xf });
      demandStatus(completion, [STATUS_NAMESPACE_WRITE_PROTECTED]);
    });
    demandBytes(await readBack(host, 4, 2), pattern, 'data');
  },
  {
    skip: (facts) =>
      facts.adminOpcodes.has(ADMIN_FORMAT_NVM) ? skipWithoutProtection(facts) : 'no Format NVM command',
  },
);

for (const [name, value, bit] of [
  ['until the power cycle', WRITE_PROTECTION_UNTIL_POWER_CYCLE, NWPC_UNTIL_POWER_CYCLE],
  ['for ever', WRITE_PROTECTION_PERMANENT, NWPC_PERMANENT],
] as const) {
  list.refuses(
    '[Base] 5.1.25.1.31',
    `protection ${name} is not changeable where NWPC does not offer it`,
    async (host) => {
      demandStatus(await protect(host, value), [STATUS_FEATURE_NOT_CHANGEABLE, STATUS_INVALID_FIELD]);
      demandEqual(await state(host), WRITE_PROTECTION_NONE, 'state');
    },
    {
      skip: (facts) => ((facts.identify.nwpc & bit) === 0 ? skipWithoutProtection(facts) : 'it is offered'),
    },
  );
}

list.refuses(
  '[Base] 5.1.25.1.31',
  'a reserved state is an invalid field',
  async (host) => {
    for (const value of [4, 7]) demandStatus(await protect(host, value), [STATUS_INVALID_FIELD]);
    demandEqual(await state(host), WRITE_PROTECTION_NONE, 'state');
  },
  hasProtection,
);

for (const [name, nsid] of [
  ['0', () => 0],
  ['beyond NN', ({ identify }: ControllerFacts) => identify.nn + 1],
] as const) {
  list.refuses(
    '[Base] 5.1.25',
    `protection of namespace ${name} is refused`,
    async (host) => {
      const completion = await protect(host, WRITE_PROTECTION_ON, nsid(host.facts));
      demandStatus(completion, [STATUS_INVALID_NAMESPACE, STATUS_INVALID_FIELD]);
    },
    hasProtection,
  );
}

/** Namespace Write Protection. */
export const WRITE_PROTECTION_CASES: readonly ConformanceCase[] = list.cases;
