import {
  ADMIN_FORMAT_NVM,
  DPC_TYPE_1,
  FNA_CRYPTOGRAPHIC,
  FNA_ERASE_ALL,
  FNA_FORMAT_ALL,
  FNA_NO_BROADCAST,
  FORMAT_NVM_SES_CRYPTOGRAPHIC,
  FORMAT_NVM_SES_NONE,
  FORMAT_NVM_SES_USER_DATA,
  MC_EXTENDED,
  NSID_BROADCAST,
  OACS_FORMAT_NVM,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_FORMAT,
  STATUS_INVALID_NAMESPACE,
  PROTECTION_TYPE_1,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import type { ControllerFacts } from '../controller-facts.js';
import { demand, demandBytes, demandEqual, demandStatus, demandSuccess } from '../failure.js';
import { formatNamespace, formatOf, identifyNamespace } from './namespaces.js';
import { demandFilled, readBack, seedBlocks } from './transfers.js';
import { knowFormat } from './wide-transfers.js';

const list = new CaseList('format');

function skipWithoutFormat({ identify }: ControllerFacts): string | undefined {
  return (identify.oacs & OACS_FORMAT_NVM) !== 0 ? undefined : 'no Format NVM command';
}

/** Cases that change the format of one namespace do not apply where that changes all of them. */
function skipWithoutOwnFormat(facts: ControllerFacts): string | undefined {
  if ((facts.identify.fna & (FNA_FORMAT_ALL | FNA_ERASE_ALL)) !== 0) return 'a format is one of all namespaces';
  return skipWithoutFormat(facts);
}

/** Formats the plain namespace, runs something, and gives the namespace its own format back. */
async function formatted(
  host: ConformanceHost,
  changes: { lbaf?: number; pi?: number; mset?: number },
  run: () => Promise<void>,
): Promise<void> {
  const { plain } = host.facts;
  try {
    demandSuccess(await formatNamespace(host, plain, changes));
    await run();
  } finally {
    demandSuccess(await formatNamespace(host, plain));
  }
}

for (const [name, ses, bit] of [
  ['without secure erase', FORMAT_NVM_SES_NONE, 0],
  ['with user data erase', FORMAT_NVM_SES_USER_DATA, 0],
  ['with cryptographic erase', FORMAT_NVM_SES_CRYPTOGRAPHIC, FNA_CRYPTOGRAPHIC],
] as const) {
  list.accepts(
    '[Base] 5.1.10',
    `no user data is left after a format ${name}`,
    async (host) => {
      const patterns = [await seedBlocks(host, 0, 4, 1), await seedBlocks(host, host.facts.plain.blocks - 4, 4, 2)];
      demandSuccess(await formatNamespace(host, host.facts.plain, { ses }));
      const after = [await readBack(host, 0, 4), await readBack(host, host.facts.plain.blocks - 4, 4)];
      after.forEach((bytes, i) => {
        const same = bytes.reduce((sum, byte, at) => sum + (byte === patterns[i][at] ? 1 : 0), 0);
        demand(
          same < bytes.length / 2,
          `data: expected none of what was written, got ${same} of ${bytes.length} bytes`,
        );
      });
    },
    {
      skip: (facts) =>
        (facts.identify.fna & bit) === bit ? skipWithoutOwnFormat(facts) : 'FNA offers no cryptographic erase',
    },
  );
}

list.accepts(
  '[NVM] 4.1.5.1',
  'a namespace says that it has each of the formats without metadata once it is formatted so',
  async (host) => {
    const { plain } = host.facts;
    for (let lbaf = 0; lbaf <= plain.identify.nlbaf; lbaf++) {
      const { ms, lbads } = plain.identify.lbaf[lbaf];
      if (ms !== 0 || lbads === 0) continue;
      await formatted(host, { lbaf }, async () => {
        const identify = await identifyNamespace(host, plain.nsid);
        demandEqual(identify.flbas & 0xf, lbaf & 0xf, 'format in FLBAS');
        demand(identify.nsze > 0, 'NSZE: expected blocks, got none');
        const most = plain.blocks * plain.blockBytes;
        const got = identify.nsze * 2 ** lbads;
        demand(got <= most && got >= most / 2, `bytes: expected ${most} at most and half of it at least, got ${got}`);
      });
    }
    demandEqual((await identifyNamespace(host, plain.nsid)).nsze, plain.blocks, 'NSZE in the end');
  },
  { skip: skipWithoutOwnFormat },
);

list.accepts(
  '[NVM] 4.1.5.1',
  'a namespace has extended blocks once it is formatted so',
  async (host) => {
    const { plain } = host.facts;
    const lbaf = plain.identify.lbaf.findIndex((each) => each.ms > 0 && each.lbads > 0);
    await formatted(host, { lbaf, mset: 1 }, async () => {
      const { flbas } = await identifyNamespace(host, plain.nsid);
      demandEqual((flbas >>> 4) & 1, 1, 'FLBAS bit 4, metadata behind the data');
    });
  },
  {
    skip: (facts) => {
      const { mc, lbaf } = facts.plain.identify;
      if ((mc & MC_EXTENDED) === 0 || !lbaf.some((each) => each.ms > 0)) return 'no format with extended blocks';
      return skipWithoutOwnFormat(facts);
    },
  },
);

list.accepts(
  '[NVM] 4.1.5.1',
  'a namespace has protection information once it is formatted so',
  async (host) => {
    const { plain } = host.facts;
    const lbaf = plain.identify.lbaf.findIndex((each) => each.ms >= 8 && each.lbads > 0);
    await formatted(host, { lbaf, pi: PROTECTION_TYPE_1 }, async () => {
      demandEqual((await identifyNamespace(host, plain.nsid)).dps & 7, PROTECTION_TYPE_1, 'type in DPS');
    });
  },
  {
    skip: (facts) => {
      const { dpc, lbaf } = facts.plain.identify;
      if ((dpc & DPC_TYPE_1) === 0 || !lbaf.some((each) => each.ms >= 8)) return 'no format with protection';
      return skipWithoutOwnFormat(facts);
    },
  },
);

list.accepts(
  '[Base] 5.1.10',
  'other namespaces keep their data',
  async (host) => {
    const pattern = await seedBlocks(host, 8, 8, 5);
    const other = host.facts.namespaces.find((each) => each !== host.facts.plain)!;
    const { isExtended, piType } = other;
    demandSuccess(await formatNamespace(host, other, { mset: isExtended ? 1 : 0, pi: piType }));
    demandBytes(await readBack(host, 8, 8), pattern, 'data of the namespace that was not formatted');
  },
  { skip: (facts) => (facts.namespaces.length > 1 ? skipWithoutOwnFormat(facts) : 'there is one namespace') },
);

list.accepts(
  '[NVM] 3.3.3.2.1',
  'blocks that were not written since the format read as DLFEAT says',
  async (host) => {
    const behaviour = host.facts.plain.identify.dlfeat & 7;
    demandSuccess(await formatNamespace(host, host.facts.plain));
    if (behaviour === 1) demandFilled(await readBack(host, 16, 4), 0, 'blocks that were never written');
    if (behaviour === 2) demandFilled(await readBack(host, 16, 4), 0xff, 'blocks that were never written');
  },
  { skip: skipWithoutOwnFormat },
);

interface BadFormat {
  readonly name: string;
  readonly codes: readonly number[];
  readonly changes: (facts: ControllerFacts) => object;
  readonly skip?: (facts: ControllerFacts) => string | undefined;
}

const BAD_FORMATS: readonly BadFormat[] = [
  {
    name: 'to a format that does not exist',
    codes: [STATUS_INVALID_FORMAT],
    changes: ({ plain }) => ({ lbaf: plain.identify.nlbaf + 1 }),
    skip: ({ plain }) => (plain.identify.nlbaf < 15 ? undefined : 'every number is a format'),
  },
  {
    name: 'with protection information but no metadata for it',
    codes: [STATUS_INVALID_FORMAT],
    changes: ({ plain }) => ({ lbaf: formatOf(plain), pi: PROTECTION_TYPE_1 }),
  },
  {
    name: 'with a reserved type of protection information',
    codes: [STATUS_INVALID_FIELD, STATUS_INVALID_FORMAT],
    changes: () => ({ pi: 5 }),
  },
  { name: 'with a reserved secure erase setting', codes: [STATUS_INVALID_FIELD], changes: () => ({ ses: 5 }) },
  { name: 'of namespace 0', codes: [STATUS_INVALID_NAMESPACE], changes: () => ({ nsid: 0 }) },
  {
    name: 'of a namespace beyond NN',
    codes: [STATUS_INVALID_NAMESPACE],
    changes: ({ identify }) => ({ nsid: identify.nn + 1 }),
  },
  {
    name: 'of all namespaces, where FNA offers none,',
    codes: [STATUS_INVALID_FIELD, STATUS_INVALID_NAMESPACE],
    changes: () => ({ nsid: NSID_BROADCAST }),
    skip: ({ identify }) => ((identify.fna & FNA_NO_BROADCAST) !== 0 ? undefined : 'all namespaces can be formatted'),
  },
  {
    name: 'with a cryptographic erase that FNA does not offer',
    codes: [STATUS_INVALID_FIELD],
    changes: () => ({ ses: FORMAT_NVM_SES_CRYPTOGRAPHIC }),
    skip: ({ identify }) => ((identify.fna & FNA_CRYPTOGRAPHIC) === 0 ? undefined : 'it is offered'),
  },
];

for (const { name, codes, changes, skip } of BAD_FORMATS) {
  list.refuses(
    '[Base] 5.1.10',
    `a format ${name} is refused, and the data stays`,
    async (host) => {
      // So that no namespace is a reason to refuse.
      for (const each of host.facts.namespaces) await knowFormat(host, each);
      const pattern = await seedBlocks(host, 0, 2, 9);
      demandStatus(await formatNamespace(host, host.facts.plain, changes(host.facts)), codes);
      demandBytes(await readBack(host, 0, 2), pattern, 'data');
    },
    { skip: (facts) => skip?.(facts) ?? skipWithoutFormat(facts) },
  );
}

list.refuses(
  '[Base] 5.1.10',
  'a format of all namespaces to one that does not exist touches none',
  async (host) => {
    const pattern = await seedBlocks(host, 0, 2, 9);
    const completion = await host.run({ opcode: ADMIN_FORMAT_NVM, nsid: NSID_BROADCAST, cdw10: 0xf });
    demandStatus(completion, [STATUS_INVALID_FORMAT, STATUS_INVALID_FIELD, STATUS_INVALID_NAMESPACE]);
    demandBytes(await readBack(host, 0, 2), pattern, 'data');
  },
  {
    skip: (facts) => (facts.plain.identify.nlbaf < 15 ? skipWithoutFormat(facts) : 'every number is a format'),
  },
);

/** Format NVM. */
export const FORMAT_CASES: readonly ConformanceCase[] = list.cases;
