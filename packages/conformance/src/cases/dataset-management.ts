import {
  NVM_DATASET_MANAGEMENT,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_INVALID_NAMESPACE,
  STATUS_LBA_OUT_OF_RANGE,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import { demandBytes, demandStatus, demandSuccess } from '../failure.js';
import type { RawCompletion } from '../raw-completion.js';
import { demandFilled, readBack, seedBlocks, skipWithout } from './transfers.js';

const DEALLOCATE = 4;
const RANGE_BYTES = 16;

const datasets = new CaseList('dataset-management');
const hasDatasets = skipWithout(NVM_DATASET_MANAGEMENT, 'Dataset Management');
type Range = readonly [lba: number, blocks: number];

async function manage(
  host: ConformanceHost,
  ranges: readonly Range[],
  attributes: number,
  changes = {},
): Promise<RawCompletion> {
  const address = host.memory.data(ranges.length * RANGE_BYTES);
  const view = host.memory.view(address, ranges.length * RANGE_BYTES);
  ranges.forEach(([lba, blocks], i) => {
    view.setUint32(i * RANGE_BYTES + 4, blocks, true);
    view.setBigUint64(i * RANGE_BYTES + 8, BigInt(lba), true);
  });
  const place = host.memory.prps(address, ranges.length * RANGE_BYTES);
  const command = { opcode: NVM_DATASET_MANAGEMENT, nsid: host.facts.plain.nsid, ...place };
  return host.execute(await host.io(), { ...command, cdw10: ranges.length - 1, cdw11: attributes, ...changes });
}

datasets.accepts(
  '[NVM] 3.3.3',
  'deallocated blocks read as DLFEAT says, and others are left alone',
  async (host) => {
    const { blockBytes, identify } = host.facts.plain;
    const pattern = await seedBlocks(host, 30, 10, 5);
    demandSuccess(await manage(host, [[31, 8]], DEALLOCATE));
    const after = await readBack(host, 30, 10);
    demandBytes(after.subarray(0, blockBytes), pattern.subarray(0, blockBytes), 'block before');
    demandBytes(after.subarray(9 * blockBytes), pattern.subarray(9 * blockBytes), 'block after');
    const behaviour = identify.dlfeat & 7;
    if (behaviour === 1) demandFilled(after.subarray(blockBytes, 9 * blockBytes), 0, 'deallocated blocks');
    if (behaviour === 2) demandFilled(after.subarray(blockBytes, 9 * blockBytes), 0xff, 'deallocated blocks');
  },
  hasDatasets,
);
datasets.accepts(
  '[NVM] 3.3.3',
  '256 ranges are accepted',
  async (host) => {
    const ranges = Array.from({ length: 256 }, (_, i): Range => [i, 1]);
    demandSuccess(await manage(host, ranges, DEALLOCATE));
  },
  hasDatasets,
);
datasets.accepts(
  '[NVM] 3.3.3',
  'a range of no blocks is accepted and does nothing',
  async (host) => {
    const pattern = await seedBlocks(host, 33, 1, 6);
    demandSuccess(await manage(host, [[33, 0]], DEALLOCATE));
    demandBytes(await readBack(host, 33, 1), pattern, 'block 33');
  },
  hasDatasets,
);
for (const [name, attributes] of [
  ['Integral Dataset for Read', 1],
  ['Integral Dataset for Write', 2],
  ['no attribute', 0],
] as const) {
  datasets.accepts(
    '[NVM] 3.3.3',
    `${name} is accepted and keeps the data`,
    async (host) => {
      const pattern = await seedBlocks(host, 34, 2, 7);
      demandSuccess(await manage(host, [[34, 2]], attributes));
      demandBytes(await readBack(host, 34, 2), pattern, 'blocks 34 and 35');
    },
    hasDatasets,
  );
}
datasets.refuses(
  '[NVM] 3.3.3',
  'a range beyond the namespace is out of range, and no range before it is deallocated',
  async (host) => {
    const pattern = await seedBlocks(host, 36, 1, 8);
    const ranges: Range[] = [
      [36, 1],
      [host.facts.plain.blocks, 1],
    ];
    demandStatus(await manage(host, ranges, DEALLOCATE), [STATUS_LBA_OUT_OF_RANGE]);
    demandBytes(await readBack(host, 36, 1), pattern, 'block 36');
  },
  hasDatasets,
);
datasets.refuses(
  '[NVM] 3.3.3',
  'a range that begins inside and ends outside is out of range',
  async (host) => {
    demandStatus(await manage(host, [[host.facts.plain.blocks - 1, 0xffff_ffff]], DEALLOCATE), [
      STATUS_LBA_OUT_OF_RANGE,
    ]);
  },
  hasDatasets,
);
datasets.refuses(
  '[Base] 4.1.1',
  'ranges in memory that is not there are a data transfer error',
  async (host) => {
    demandStatus(await manage(host, [[0, 1]], DEALLOCATE, { prp1: host.unmappedIova }), [STATUS_DATA_TRANSFER_ERROR]);
  },
  { ...hasDatasets, needsUnmapped: true },
);
datasets.refuses(
  '[Base] 3.2.1',
  'Dataset Management of a namespace beyond NN is refused',
  async (host) => {
    const nsid = host.facts.identify.nn + 1;
    demandStatus(await manage(host, [[0, 1]], DEALLOCATE, { nsid }), [STATUS_INVALID_NAMESPACE]);
  },
  hasDatasets,
);

/** Dataset Management. */
export const DATASET_CASES: readonly ConformanceCase[] = datasets.cases;
