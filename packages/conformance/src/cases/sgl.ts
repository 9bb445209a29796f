import { high32, low32 } from '@phasebit/core';
import {
  NVM_COMPARE,
  NVM_READ,
  NVM_WRITE,
  SGL_ID_BIT_BUCKET,
  SGL_ID_DATA_BLOCK,
  SGL_ID_LAST_SEGMENT,
  SGL_ID_SEGMENT,
  SGLS_SUPPORT_MASK,
  STATUS_DATA_SGL_LENGTH_INVALID,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_SGL_DESCRIPTOR_COUNT,
  STATUS_INVALID_SGL_SEGMENT_DESCRIPTOR,
  STATUS_SGL_DESCRIPTOR_TYPE_INVALID,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import type { ControllerFacts } from '../controller-facts.js';
import { demand, demandBytes, demandStatus, demandSuccess } from '../failure.js';
import type { RawCompletion } from '../raw-completion.js';
import { blockRange, demandFilled, fillPattern, readBack, seedBlocks } from './transfers.js';

const PSDT_SGL = 1;
const BUCKET_SUPPORTED = 1 << 16;
/** What a chain of segments that never ends may be refused with. */
const BROKEN_CHAIN = [
  STATUS_INVALID_SGL_SEGMENT_DESCRIPTOR,
  STATUS_INVALID_SGL_DESCRIPTOR_COUNT,
  STATUS_DATA_SGL_LENGTH_INVALID,
];
const list = new CaseList('sgl');
const hasSgls = {
  skip: ({ identify }: ControllerFacts) =>
    (identify.sgls & SGLS_SUPPORT_MASK) !== 0 ? undefined : 'SGLS offers no SGLs',
};
const hasBuckets = {
  skip: (facts: ControllerFacts) =>
    hasSgls.skip(facts) ?? ((facts.identify.sgls & BUCKET_SUPPORTED) !== 0 ? undefined : 'SGLS offers no bit buckets'),
};

/** The four words of a descriptor. */
type Descriptor = readonly [number, number, number, number];

function descriptor(identifier: number, iova: number, bytes: number): Descriptor {
  return [low32(iova), high32(iova), bytes, (identifier << 24) >>> 0];
}

const dataBlock = (iova: number, bytes: number): Descriptor => descriptor(SGL_ID_DATA_BLOCK, iova, bytes);
const bucket = (bytes: number): Descriptor => descriptor(SGL_ID_BIT_BUCKET, 0, bytes);

/** Writes descriptors into memory of their own, and gives the descriptor that points to them. */
function segment(host: ConformanceHost, descriptors: readonly Descriptor[], isLast = true): Descriptor {
  const address = host.memory.ring(Math.max(1, descriptors.length) * 16);
  const view = host.memory.view(address, descriptors.length * 16);
  descriptors.forEach((each, i) => each.forEach((word, at) => view.setUint32(i * 16 + at * 4, word, true)));
  return descriptor(isLast ? SGL_ID_LAST_SEGMENT : SGL_ID_SEGMENT, host.memory.iova(address), descriptors.length * 16);
}

async function transfer(
  host: ConformanceHost,
  opcode: number,
  lba: number,
  blocks: number,
  sgl: Descriptor,
): Promise<RawCompletion> {
  const { nsid } = host.facts.plain;
  return host.execute(await host.io(), { opcode, nsid, psdt: PSDT_SGL, sgl, ...blockRange(lba, blocks) });
}

list.accepts(
  '[Base] 4.1.2',
  'one data block descriptor in the command moves a block both ways',
  async (host) => {
    const { blockBytes } = host.facts.plain;
    const address = host.memory.ring(blockBytes);
    const pattern = fillPattern(host, address, blockBytes, 1).slice();
    demandSuccess(await transfer(host, NVM_WRITE, 0, 1, dataBlock(host.memory.iova(address), blockBytes)));
    host.memory.bytes(address, blockBytes).fill(0);
    demandSuccess(await transfer(host, NVM_READ, 0, 1, dataBlock(host.memory.iova(address), blockBytes)));
    demandBytes(host.memory.bytes(address, blockBytes), pattern, 'block 0');
  },
  hasSgls,
);

list.accepts(
  '[Base] 4.1.2',
  'a data block may cross pages that follow each other on the bus',
  async (host) => {
    const blocks = 16384 / host.facts.plain.blockBytes;
    const address = host.memory.ring(20480) + 2048;
    const pattern = fillPattern(host, address, 16384, 2).slice();
    demandSuccess(await transfer(host, NVM_WRITE, 0, blocks, dataBlock(host.memory.iova(address), 16384)));
    demandBytes(await readBack(host, 0, blocks), pattern, 'data');
  },
  hasSgls,
);

list.accepts(
  '[Base] 4.1.2',
  'a last segment gathers pieces in its order',
  async (host) => {
    const { blockBytes } = host.facts.plain;
    const address = host.memory.ring(blockBytes);
    const pattern = fillPattern(host, address, blockBytes, 3).slice();
    const half = blockBytes / 2;
    const iova = host.memory.iova(address);
    demandSuccess(
      await transfer(host, NVM_WRITE, 0, 1, segment(host, [dataBlock(iova + half, half), dataBlock(iova, half)])),
    );
    const expected = new Uint8Array(blockBytes);
    expected.set(pattern.subarray(half));
    expected.set(pattern.subarray(0, half), half);
    demandBytes(await readBack(host, 0, 1), expected, 'block 0');
  },
  hasSgls,
);

list.accepts(
  '[Base] 4.1.2',
  'segments are chained',
  async (host) => {
    const { blockBytes } = host.facts.plain;
    const address = host.memory.ring(3 * blockBytes);
    const pattern = fillPattern(host, address, 3 * blockBytes, 4).slice();
    const iova = host.memory.iova(address);
    const last = segment(host, [dataBlock(iova + 2 * blockBytes, blockBytes)]);
    const middle = segment(host, [dataBlock(iova + blockBytes, blockBytes), last], false);
    const first = segment(host, [dataBlock(iova, blockBytes), middle], false);
    demandSuccess(await transfer(host, NVM_WRITE, 0, 3, first));
    demandBytes(await readBack(host, 0, 3), pattern, 'blocks 0 to 2');
  },
  hasSgls,
);

list.accepts(
  '[Base] 4.1.2',
  'a segment of 200 descriptors is walked',
  async (host) => {
    const { blockBytes } = host.facts.plain;
    const pieces = 200;
    const blocks = Math.ceil((pieces * 64) / blockBytes);
    const address = host.memory.ring(blocks * blockBytes);
    const pattern = fillPattern(host, address, blocks * blockBytes, 5).slice();
    const iova = host.memory.iova(address);
    const descriptors = Array.from({ length: pieces - 1 }, (_, i) => dataBlock(iova + i * 64, 64));
    descriptors.push(dataBlock(iova + (pieces - 1) * 64, blocks * blockBytes - (pieces - 1) * 64));
    demandSuccess(await transfer(host, NVM_WRITE, 0, blocks, segment(host, descriptors)));
    demandBytes(await readBack(host, 0, blocks), pattern, 'data');
  },
  hasSgls,
);

list.accepts(
  '[Base] 4.1.2',
  'a descriptor of no bytes moves nothing',
  async (host) => {
    const { blockBytes } = host.facts.plain;
    const address = host.memory.ring(blockBytes);
    const pattern = fillPattern(host, address, blockBytes, 6).slice();
    const iova = host.memory.iova(address);
    const descriptors = [dataBlock(iova, 0), dataBlock(iova, blockBytes), dataBlock(0, 0)];
    demandSuccess(await transfer(host, NVM_WRITE, 0, 1, segment(host, descriptors)));
    demandBytes(await readBack(host, 0, 1), pattern, 'block 0');
  },
  hasSgls,
);

list.accepts(
  '[Base] 4.1.2',
  'a bit bucket swallows what a read has for it',
  async (host) => {
    const pattern = await seedBlocks(host, 0, 3, 7);
    const { blockBytes } = host.facts.plain;
    const address = host.memory.ring(2 * blockBytes);
    const iova = host.memory.iova(address);
    const descriptors = [dataBlock(iova, blockBytes), bucket(blockBytes), dataBlock(iova + blockBytes, blockBytes)];
    demandSuccess(await transfer(host, NVM_READ, 0, 3, segment(host, descriptors)));
    const got = host.memory.bytes(address, 2 * blockBytes);
    demandBytes(got.subarray(0, blockBytes), pattern.subarray(0, blockBytes), 'block 0');
    demandBytes(got.subarray(blockBytes), pattern.subarray(2 * blockBytes), 'block 2');
  },
  hasBuckets,
);

list.accepts(
  '[Base] 4.1.2',
  'a bit bucket of a write counts for nothing',
  async (host) => {
    const { blockBytes } = host.facts.plain;
    const address = host.memory.ring(blockBytes);
    const pattern = fillPattern(host, address, blockBytes, 8).slice();
    const descriptors = [bucket(4096), dataBlock(host.memory.iova(address), blockBytes)];
    demandSuccess(await transfer(host, NVM_WRITE, 0, 1, segment(host, descriptors)));
    demandBytes(await readBack(host, 0, 1), pattern, 'block 0');
  },
  hasBuckets,
);

list.accepts(
  '[NVM] 3.2.1',
  'Compare takes an SGL',
  async (host) => {
    const pattern = await seedBlocks(host, 0, 1, 9);
    const address = host.memory.ring(pattern.length);
    host.memory.bytes(address, pattern.length).set(pattern);
    demandSuccess(await transfer(host, NVM_COMPARE, 0, 1, dataBlock(host.memory.iova(address), pattern.length)));
  },
  { skip: (facts) => hasSgls.skip(facts) ?? (facts.ioOpcodes.has(NVM_COMPARE) ? undefined : 'no Compare command') },
);

/** A write that must be refused, whose block must then be as it was. */
function refuses(
  name: string,
  codes: readonly number[],
  sgl: (host: ConformanceHost, iova: number) => Descriptor,
  unmapped = false,
): void {
  list.refuses(
    '[Base] 4.1.2',
    name,
    async (host) => {
      const pattern = await seedBlocks(host, 5, 1, 10);
      const address = host.memory.ring(4 * host.facts.plain.blockBytes);
      demandStatus(await transfer(host, NVM_WRITE, 5, 1, sgl(host, host.memory.iova(address))), codes);
      demandBytes(await readBack(host, 5, 1), pattern, 'block 5');
    },
    { ...hasSgls, needsUnmapped: unmapped },
  );
}

refuses('a data block shorter than the transfer is refused', [STATUS_DATA_SGL_LENGTH_INVALID], (host, iova) =>
  dataBlock(iova, host.facts.plain.blockBytes / 2),
);
refuses('descriptors that end before the transfer are refused', [STATUS_DATA_SGL_LENGTH_INVALID], (host, iova) =>
  segment(host, [dataBlock(iova, 64), dataBlock(iova + 64, 64)]),
);
refuses(
  'a data block where no memory is is a data transfer error',
  [STATUS_DATA_TRANSFER_ERROR],
  (host) => dataBlock(host.unmappedIova, host.facts.plain.blockBytes),
  true,
);
refuses(
  'a segment where no memory is is a data transfer error',
  [STATUS_DATA_TRANSFER_ERROR],
  (host) => descriptor(SGL_ID_LAST_SEGMENT, host.unmappedIova, 32),
  true,
);
refuses('a descriptor type that is reserved is refused', [STATUS_SGL_DESCRIPTOR_TYPE_INVALID], (host, iova) =>
  descriptor(0x70, iova, host.facts.plain.blockBytes),
);
refuses('a descriptor subtype that is reserved is refused', [STATUS_SGL_DESCRIPTOR_TYPE_INVALID], (host, iova) =>
  descriptor(0x07, iova, host.facts.plain.blockBytes),
);
refuses(
  'a segment whose length is not a multiple of 16 is refused',
  [STATUS_INVALID_SGL_SEGMENT_DESCRIPTOR],
  (_, iova) => descriptor(SGL_ID_LAST_SEGMENT, iova, 24),
);
refuses('a segment of no descriptors is refused', [STATUS_INVALID_SGL_SEGMENT_DESCRIPTOR], (_, iova) =>
  descriptor(SGL_ID_LAST_SEGMENT, iova, 0),
);
refuses('a last segment that names another one is refused', BROKEN_CHAIN, (host, iova) => {
  const inner = segment(host, [dataBlock(iova, host.facts.plain.blockBytes)]);
  return segment(host, [inner]);
});
refuses('a segment that does not end in a segment is refused', BROKEN_CHAIN, (host, iova) =>
  segment(host, [dataBlock(iova, 64), dataBlock(iova, 64)], false),
);
refuses('a segment descriptor in the middle of a segment is refused', BROKEN_CHAIN, (host, iova) => {
  const { blockBytes } = host.facts.plain;
  const inner = segment(host, [dataBlock(iova, blockBytes)]);
  return segment(host, [inner, dataBlock(iova, blockBytes)]);
});
refuses(
  'a data block whose end passes 2^64 is refused',
  [STATUS_DATA_SGL_LENGTH_INVALID, STATUS_DATA_TRANSFER_ERROR],
  (host) => [0xffff_ff00, 0xffff_ffff, host.facts.plain.blockBytes, 0],
);

list.refuses(
  '[Base] 4.1.2',
  'a chain of segments that names itself comes to an end',
  async (host) => {
    const address = host.memory.ring(32);
    const view = host.memory.view(address, 32);
    const loop = descriptor(SGL_ID_SEGMENT, host.memory.iova(address), 32);
    [dataBlock(0, 0), loop].forEach((each, i) =>
      each.forEach((word, at) => view.setUint32(i * 16 + at * 4, word, true)),
    );
    const completion = await transfer(host, NVM_WRITE, 0, 1, loop);
    demand(completion.code !== 0, 'status: expected a failure, got success');
    demandSuccess(await host.readBlocks(0, 1, host.memory.page()));
  },
  hasSgls,
);

list.refuses(
  '[Base] 4.1.2',
  'a read that is refused has written nothing',
  async (host) => {
    const { blockBytes } = host.facts.plain;
    const address = host.memory.ring(2 * blockBytes);
    host.memory.bytes(address, 2 * blockBytes).fill(0x99);
    const sgl = segment(host, [dataBlock(host.memory.iova(address), blockBytes)]);
    demandStatus(await transfer(host, NVM_READ, 0, 2, sgl), [STATUS_DATA_SGL_LENGTH_INVALID]);
    demandFilled(host.memory.bytes(address, 2 * blockBytes), 0x99, 'buffer');
  },
  hasSgls,
);

list.refuses(
  '[Base] 4.1.1',
  'an SGL where SGLS offers none is an invalid field',
  async (host) => {
    const { blockBytes } = host.facts.plain;
    const iova = host.memory.iova(host.memory.ring(blockBytes));
    demandStatus(await transfer(host, NVM_READ, 0, 1, dataBlock(iova, blockBytes)), [STATUS_INVALID_FIELD]);
  },
  { skip: (facts) => (hasSgls.skip(facts) === undefined ? 'SGLS offers them' : undefined) },
);

/** Scatter gather lists. */
export const SGL_CASES: readonly ConformanceCase[] = list.cases;
