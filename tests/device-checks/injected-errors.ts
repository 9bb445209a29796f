import { describeStatus, statusCode } from '@phasebit/nvme-spec';
import { demand } from './demand.js';
import type { DeviceBench } from './device-bench.js';

/** Blocks whose medium fails, and with which status. */
export interface BadBlocks {
  readonly readLba: number;
  readonly readStatus: number;
  readonly writeLba: number;
  readonly writeStatus: number;
}

/** What a transfer to the medium's bad places came to. */
export interface ErrorFacts {
  readonly read: string;
  readonly write: string;
  readonly outOfRange: string;
  readonly wholeRange: string;
  readonly retried: number;
}

const NEIGHBOURS = 8;
/** LBA Out of Range, with DNR. */
const OUT_OF_RANGE = 0x4080;

/** Reads and writes where the medium fails, and beside it. @throws Error when a status is another one, or a neighbour suffers */
export async function checkInjectedErrors(bench: DeviceBench, nsid: number, bad: BadBlocks): Promise<ErrorFacts> {
  const { controller } = bench;
  const namespace = controller.namespace(nsid);
  const pair = await controller.createQueuePair({ entries: 16, retriesMax: 1 });
  const data = bench.allocate(2 * NEIGHBOURS * namespace.blockBytes);
  const read = async (lba: number, blocks: number): Promise<number> =>
    (await bench.run(pair, (done) => pair.read(namespace, data, lba, blocks, 0, done, undefined))).status;
  const write = async (lba: number, blocks: number): Promise<number> =>
    (await bench.run(pair, (done) => pair.write(namespace, data, lba, blocks, 0, done, undefined))).status;
  const expectStatus = (got: number, expected: number, what: string): string => {
    demand(statusCode(got) === statusCode(expected), `${what}: ${describeStatus(expected)}`, describeStatus(got));
    return `0x${got.toString(16)}`;
  };
  const { readLba, readStatus, writeLba, writeStatus } = bad;
  const readCode = expectStatus(await read(readLba, 1), readStatus, 'read of the bad block');
  const wholeRange = expectStatus(await read(readLba - NEIGHBOURS, 2 * NEIGHBOURS), readStatus, 'read across it');
  const writeCode = expectStatus(await write(writeLba, 1), writeStatus, 'write of the bad block');
  for (const lba of [readLba - NEIGHBOURS, readLba + NEIGHBOURS, writeLba - NEIGHBOURS, writeLba + NEIGHBOURS]) {
    expectStatus(await read(lba, NEIGHBOURS - 1), 0, `read of blocks from ${lba}`);
    expectStatus(await write(lba, NEIGHBOURS - 1), 0, `write of blocks from ${lba}`);
  }
  expectStatus(await write(readLba, 1), 0, 'write of the block that cannot be read');
  expectStatus(await read(writeLba, 1), 0, 'read of the block that cannot be written');
  // The driver would refuse it: a larger namespace is made up.
  const beyond = { ...namespace, blocks: namespace.blocks + NEIGHBOURS } as typeof namespace;
  const { status } = await bench.run(pair, (done) => pair.read(beyond, data, namespace.blocks, 1, 0, done, undefined));
  demand(status === OUT_OF_RANGE, describeStatus(OUT_OF_RANGE), describeStatus(status));
  const { retried } = pair.statistics;
  await controller.deleteQueuePair(pair);
  bench.dma.free(data);
  return { read: readCode, write: writeCode, wholeRange, outOfRange: `0x${status.toString(16)}`, retried };
}
