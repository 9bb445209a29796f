import {
  COPY_RANGE_BYTES,
  NVM_COPY,
  STATUS_COMMAND_SIZE_LIMIT_EXCEEDED,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
  STATUS_LBA_OUT_OF_RANGE,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import type { ControllerFacts } from '../controller-facts.js';
import { demandBytes, demandStatus, demandSuccess } from '../failure.js';
import type { RawCommand } from '../raw-command.js';
import type { RawCompletion } from '../raw-completion.js';
import { readBack, seedBlocks } from './transfers.js';

const RANGE_SLBA = 8;
const RANGE_NLB0 = 16;
const list = new CaseList('copy');
const hasCopy = {
  skip: ({ ioOpcodes }: ControllerFacts) => (ioOpcodes.has(NVM_COPY) ? undefined : 'no Copy command'),
};
type Source = readonly [lba: number, blocks: number];

/** Copy of format 0: 32-byte ranges. [NVM] 3.3.2 */
async function copy(
  host: ConformanceHost,
  to: number,
  sources: readonly Source[],
  changes: Partial<RawCommand> = {},
): Promise<RawCompletion> {
  const bytes = sources.length * COPY_RANGE_BYTES;
  const address = host.memory.data(bytes);
  const view = host.memory.view(address, bytes);
  sources.forEach(([lba, blocks], i) => {
    view.setBigUint64(i * COPY_RANGE_BYTES + RANGE_SLBA, BigInt(lba), true);
    view.setUint16(i * COPY_RANGE_BYTES + RANGE_NLB0, blocks - 1, true);
  });
  const command = { opcode: NVM_COPY, nsid: host.facts.plain.nsid, ...host.memory.prps(address, bytes) };
  return host.execute(await host.io(), { ...command, cdw10: to, cdw12: sources.length - 1, ...changes });
}

list.accepts(
  '[NVM] 3.3.2',
  'one range is copied',
  async (host) => {
    const pattern = await seedBlocks(host, 100, 4, 1);
    await seedBlocks(host, 200, 4, 2);
    demandSuccess(await copy(host, 200, [[100, 4]]));
    demandBytes(await readBack(host, 200, 4), pattern, 'destination');
    demandBytes(await readBack(host, 100, 4), pattern, 'source');
  },
  hasCopy,
);

list.accepts(
  '[NVM] 3.3.2',
  'several ranges are joined in their order',
  async (host) => {
    const first = await seedBlocks(host, 100, 2, 3);
    const second = await seedBlocks(host, 110, 1, 4);
    demandSuccess(
      await copy(host, 210, [
        [110, 1],
        [100, 2],
      ]),
    );
    const expected = new Uint8Array(first.length + second.length);
    expected.set(second);
    expected.set(first, second.length);
    demandBytes(await readBack(host, 210, 3), expected, 'destination');
  },
  { skip: (facts) => hasCopy.skip(facts) ?? (facts.plain.identify.msrc >= 1 ? undefined : 'MSRC allows one range') },
);

list.accepts(
  '[NVM] 3.3.2',
  'blocks beside the destination are left alone',
  async (host) => {
    const { blockBytes } = host.facts.plain;
    await seedBlocks(host, 100, 1, 5);
    const around = await seedBlocks(host, 220, 3, 6);
    demandSuccess(await copy(host, 221, [[100, 1]]));
    const after = await readBack(host, 220, 3);
    demandBytes(after.subarray(0, blockBytes), around.subarray(0, blockBytes), 'block before');
    demandBytes(after.subarray(2 * blockBytes), around.subarray(2 * blockBytes), 'block after');
  },
  hasCopy,
);

list.refuses(
  '[NVM] 3.3.2',
  'a source beyond the namespace is out of range, and nothing is copied',
  async (host) => {
    const pattern = await seedBlocks(host, 200, 2, 7);
    demandStatus(await copy(host, 200, [[host.facts.plain.blocks - 1, 2]]), [STATUS_LBA_OUT_OF_RANGE]);
    demandBytes(await readBack(host, 200, 2), pattern, 'destination');
  },
  hasCopy,
);

list.refuses(
  '[NVM] 3.3.2',
  'a destination beyond the namespace is out of range',
  async (host) => {
    demandStatus(await copy(host, host.facts.plain.blocks - 1, [[0, 2]]), [STATUS_LBA_OUT_OF_RANGE]);
  },
  hasCopy,
);

list.refuses(
  '[NVM] 3.3.2',
  'a range longer than MSSRL exceeds the size limit',
  async (host) => {
    const { mssrl } = host.facts.plain.identify;
    demandStatus(await copy(host, 0, [[0, mssrl + 1]]), [STATUS_COMMAND_SIZE_LIMIT_EXCEEDED]);
  },
  { skip: (facts) => hasCopy.skip(facts) ?? (facts.plain.identify.mssrl < 65_535 ? undefined : 'MSSRL sets no limit') },
);

list.refuses(
  '[NVM] 3.3.2',
  'more ranges than MSRC exceed the size limit',
  async (host) => {
    const count = host.facts.plain.identify.msrc + 2;
    const sources = Array.from({ length: count }, (_, i): Source => [i, 1]);
    demandStatus(await copy(host, 1000, sources), [STATUS_COMMAND_SIZE_LIMIT_EXCEEDED]);
  },
  { skip: (facts) => hasCopy.skip(facts) ?? (facts.plain.identify.msrc < 255 ? undefined : 'MSRC sets no limit') },
);

list.refuses(
  '[NVM] 3.3.2',
  'a format of ranges that is reserved is refused',
  async (host) => {
    demandStatus(await copy(host, 200, [[0, 1]], { cdw12: 0xf << 8 }), [STATUS_INVALID_FIELD]);
  },
  hasCopy,
);

list.refuses(
  '[Base] 4.1.1',
  'ranges in memory that is not there are a data transfer error',
  async (host) => {
    demandStatus(await copy(host, 200, [[0, 1]], { prp1: host.unmappedIova }), [STATUS_DATA_TRANSFER_ERROR]);
  },
  { ...hasCopy, needsUnmapped: true },
);

list.refuses(
  '[Base] 3.2.1',
  'Copy in a namespace beyond NN is refused',
  async (host) => {
    demandStatus(await copy(host, 200, [[0, 1]], { nsid: host.facts.identify.nn + 1 }), [STATUS_INVALID_NAMESPACE]);
  },
  hasCopy,
);

/** Copy. */
export const COPY_CASES: readonly ConformanceCase[] = list.cases;
