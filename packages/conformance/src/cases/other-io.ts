import {
  DLFEAT_WRITE_ZEROES_DEALLOCATES,
  NVM_COMPARE,
  NVM_FLUSH,
  NVM_VERIFY,
  NVM_WRITE_UNCORRECTABLE,
  NVM_WRITE_ZEROES,
  STATUS_COMPARE_FAILURE,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
  STATUS_LBA_OUT_OF_RANGE,
  STATUS_UNRECOVERED_READ_ERROR,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ControllerFacts } from '../controller-facts.js';
import { demandBytes, demandStatus, demandSuccess } from '../failure.js';
import { blockCommand, demandFilled, readBack, seedBlocks, skipWithout } from './transfers.js';

const DEAC = 0x0200_0000;

const flushes = new CaseList('flush');
flushes.accepts('[Base] 7.2', 'Flush of a namespace succeeds', async (host) => {
  demandSuccess(await host.execute(await host.io(), { opcode: NVM_FLUSH, nsid: host.facts.plain.nsid }));
});
flushes.accepts('[Base] 7.2', 'Flush of all namespaces does what VWC says of it', async (host) => {
  const behaviour = (host.facts.identify.vwc >>> 1) & 3;
  const completion = await host.execute(await host.io(), { opcode: NVM_FLUSH, nsid: 0xffff_ffff });
  if (behaviour === 2) demandStatus(completion, [STATUS_INVALID_NAMESPACE]);
  if (behaviour === 3) demandSuccess(completion);
});
for (const [name, nsid] of [
  ['namespace 0', () => 0],
  ['a namespace beyond NN', (facts: ControllerFacts) => facts.identify.nn + 1],
] as const) {
  flushes.refuses('[Base] 3.2.1', `Flush of ${name} is refused`, async (host) => {
    const completion = await host.execute(await host.io(), { opcode: NVM_FLUSH, nsid: nsid(host.facts) });
    demandStatus(completion, [STATUS_INVALID_NAMESPACE]);
  });
}

const compares = new CaseList('compare');
const hasCompare = skipWithout(NVM_COMPARE, 'Compare');
compares.accepts(
  '[NVM] 3.3.1',
  'Compare with the data that is there succeeds',
  async (host) => {
    const pattern = await seedBlocks(host, 4, 8, 1);
    const address = host.memory.data(pattern.length);
    host.memory.bytes(address, pattern.length).set(pattern);
    demandSuccess(await blockCommand(host, NVM_COMPARE, { lba: 4, blocks: 8, address }));
  },
  hasCompare,
);
for (const [name, at] of [
  ['first', () => 0],
  ['last', (bytes: number) => bytes - 1],
] as const) {
  compares.refuses(
    '[NVM] 3.3.1',
    `Compare finds a difference in the ${name} byte`,
    async (host) => {
      const pattern = await seedBlocks(host, 4, 8, 2);
      const address = host.memory.data(pattern.length);
      const expected = host.memory.bytes(address, pattern.length);
      expected.set(pattern);
      expected[at(pattern.length)] ^= 1;
      demandStatus(await blockCommand(host, NVM_COMPARE, { lba: 4, blocks: 8, address }), [STATUS_COMPARE_FAILURE]);
      demandBytes(await readBack(host, 4, 8), pattern, 'blocks after the compare');
    },
    hasCompare,
  );
}
compares.refuses(
  '[NVM] 3.3.1',
  'Compare beyond the namespace is out of range',
  async (host) => {
    const address = host.memory.data(host.facts.plain.blockBytes);
    const place = { lba: host.facts.plain.blocks, blocks: 1, address };
    demandStatus(await blockCommand(host, NVM_COMPARE, place), [STATUS_LBA_OUT_OF_RANGE]);
  },
  hasCompare,
);
compares.refuses(
  '[Base] 4.1.1',
  'Compare with memory that is not there is a data transfer error',
  async (host) => {
    const changes = { prp1: host.unmappedIova };
    demandStatus(await blockCommand(host, NVM_COMPARE, { lba: 0, blocks: 1 }, changes), [STATUS_DATA_TRANSFER_ERROR]);
  },
  { ...hasCompare, needsUnmapped: true },
);

const zeroes = new CaseList('write-zeroes');
const hasZeroes = skipWithout(NVM_WRITE_ZEROES, 'Write Zeroes');
for (const [name, flags] of [
  ['Write Zeroes', 0],
  ['Write Zeroes with Deallocate', DEAC],
  ['Write Zeroes with Force Unit Access', 0x4000_0000],
] as const) {
  zeroes.accepts(
    '[NVM] 3.3.8',
    `${name} makes its blocks read as zeros, and no others`,
    async (host) => {
      const { blockBytes, identify } = host.facts.plain;
      const pattern = await seedBlocks(host, 20, 6, 3);
      const cdw12 = (flags | 3) >>> 0;
      const completion = await blockCommand(host, NVM_WRITE_ZEROES, { lba: 21, blocks: 4 }, { cdw12 });
      const after = await readBack(host, 20, 6);
      if (flags === DEAC && (identify.dlfeat & DLFEAT_WRITE_ZEROES_DEALLOCATES) === 0 && completion.code !== 0) {
        // Who does not support the bit may ignore or refuse it.
        demandStatus(completion, [STATUS_INVALID_FIELD]);
        demandBytes(after, pattern, 'blocks of a refused command');
        return;
      }
      demandSuccess(completion);
      demandBytes(after.subarray(0, blockBytes), pattern.subarray(0, blockBytes), 'block before');
      demandFilled(after.subarray(blockBytes, 5 * blockBytes), 0, 'zeroed blocks');
      demandBytes(after.subarray(5 * blockBytes), pattern.subarray(5 * blockBytes), 'block after');
    },
    hasZeroes,
  );
}
zeroes.refuses(
  '[NVM] 3.3.8',
  'Write Zeroes beyond the namespace is out of range and zeroes nothing',
  async (host) => {
    const last = host.facts.plain.blocks - 1;
    const pattern = await seedBlocks(host, last, 1, 4);
    demandStatus(await blockCommand(host, NVM_WRITE_ZEROES, { lba: last, blocks: 2 }), [STATUS_LBA_OUT_OF_RANGE]);
    demandBytes(await readBack(host, last, 1), pattern, 'last block');
  },
  hasZeroes,
);
zeroes.refuses(
  '[Base] 3.2.1',
  'Write Zeroes of namespace 0 is refused',
  async (host) => {
    demandStatus(await blockCommand(host, NVM_WRITE_ZEROES, { lba: 0, blocks: 1 }, { nsid: 0 }), [
      STATUS_INVALID_NAMESPACE,
    ]);
  },
  hasZeroes,
);

const verifies = new CaseList('verify');
const hasVerify = skipWithout(NVM_VERIFY, 'Verify');
verifies.accepts(
  '[NVM] 3.3.5',
  'Verify of good blocks succeeds without a buffer',
  async (host) => {
    await seedBlocks(host, 0, 8, 9);
    demandSuccess(await blockCommand(host, NVM_VERIFY, { lba: 0, blocks: 8 }));
  },
  hasVerify,
);
verifies.refuses(
  '[NVM] 3.3.5',
  'Verify beyond the namespace is out of range',
  async (host) => {
    demandStatus(await blockCommand(host, NVM_VERIFY, { lba: host.facts.plain.blocks, blocks: 1 }), [
      STATUS_LBA_OUT_OF_RANGE,
    ]);
  },
  hasVerify,
);
verifies.refuses(
  '[Base] 3.2.1',
  'Verify of namespace 0 is refused',
  async (host) => {
    demandStatus(await blockCommand(host, NVM_VERIFY, { lba: 0, blocks: 1 }, { nsid: 0 }), [STATUS_INVALID_NAMESPACE]);
  },
  hasVerify,
);

const uncorrectables = new CaseList('write-uncorrectable');
const hasUncorrectable = skipWithout(NVM_WRITE_UNCORRECTABLE, 'Write Uncorrectable');
uncorrectables.accepts(
  '[NVM] 3.3.7',
  'a marked block cannot be read until it is written again',
  async (host) => {
    await seedBlocks(host, 12, 3, 10);
    demandSuccess(await blockCommand(host, NVM_WRITE_UNCORRECTABLE, { lba: 13, blocks: 1 }));
    const address = host.memory.data(3 * host.facts.plain.blockBytes);
    demandStatus(await host.readBlocks(13, 1, address), [STATUS_UNRECOVERED_READ_ERROR]);
    demandStatus(await host.readBlocks(12, 3, address), [STATUS_UNRECOVERED_READ_ERROR]);
    demandSuccess(await host.readBlocks(12, 1, address));
    const pattern = await seedBlocks(host, 13, 1, 11);
    demandBytes(await readBack(host, 13, 1), pattern, 'block 13');
  },
  hasUncorrectable,
);
uncorrectables.accepts(
  '[NVM] 3.3.7',
  'Write Zeroes heals a marked block',
  async (host) => {
    demandSuccess(await blockCommand(host, NVM_WRITE_UNCORRECTABLE, { lba: 14, blocks: 1 }));
    demandSuccess(await blockCommand(host, NVM_WRITE_ZEROES, { lba: 14, blocks: 1 }));
    demandFilled(await readBack(host, 14, 1), 0, 'block 14');
  },
  { skip: (facts) => hasUncorrectable.skip(facts) ?? hasZeroes.skip(facts) },
);
for (const [name, opcode] of [
  ['Compare', NVM_COMPARE],
  ['Verify', NVM_VERIFY],
] as const) {
  uncorrectables.refuses(
    '[NVM] 3.3.7',
    `${name} of a marked block is an unrecovered read error`,
    async (host) => {
      demandSuccess(await blockCommand(host, NVM_WRITE_UNCORRECTABLE, { lba: 15, blocks: 1 }));
      const address = host.memory.data(host.facts.plain.blockBytes);
      demandStatus(await blockCommand(host, opcode, { lba: 15, blocks: 1, address }), [STATUS_UNRECOVERED_READ_ERROR]);
      await seedBlocks(host, 15, 1, 12);
    },
    { skip: (facts) => hasUncorrectable.skip(facts) ?? skipWithout(opcode, name).skip(facts) },
  );
}
uncorrectables.refuses(
  '[NVM] 3.3.7',
  'marking beyond the namespace is out of range',
  async (host) => {
    const place = { lba: host.facts.plain.blocks - 1, blocks: 2 };
    demandStatus(await blockCommand(host, NVM_WRITE_UNCORRECTABLE, place), [STATUS_LBA_OUT_OF_RANGE]);
    demandSuccess(await host.readBlocks(host.facts.plain.blocks - 1, 1, host.memory.page()));
  },
  hasUncorrectable,
);

/** Flush, Compare, Write Zeroes, Verify and Write Uncorrectable. */
export const OTHER_IO_CASES: readonly ConformanceCase[] = [flushes, compares, zeroes, verifies, uncorrectables].flatMap(
  (each) => each.cases,
);
