import { NVM_COMPARE, NVM_READ, NVM_WRITE, STATUS_COMPARE_FAILURE, STATUS_INVALID_FIELD } from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import type { ControllerFacts } from '../controller-facts.js';
import { demand, demandBytes, demandStatus, demandSuccess } from '../failure.js';
import type { RawCompletion } from '../raw-completion.js';
import { blockCommand, demandFilled, fillPattern, readBack, seedBlocks } from './transfers.js';

const fused = new CaseList('fused');
const hasFused = {
  skip: ({ identify }: ControllerFacts) =>
    (identify.fuses & 1) !== 0 ? undefined : 'FUSES offers no Compare and Write',
};

/** Compare and Write, fused, one after the other: their completions by order of submission. */
async function compareAndWrite(
  host: ConformanceHost,
  lba: number,
  expected: Uint8Array,
  value: number,
  writeLba = lba,
): Promise<RawCompletion[]> {
  const queue = await host.io();
  const { nsid, blockBytes } = host.facts.plain;
  const compare = host.memory.data(blockBytes);
  host.memory.bytes(compare, blockBytes).set(expected);
  const write = host.memory.data(blockBytes);
  host.memory.bytes(write, blockBytes).fill(value);
  const first = queue.push({
    opcode: NVM_COMPARE,
    fuse: 1,
    nsid,
    ...host.memory.prps(compare, blockBytes),
    cdw10: lba,
  });
  queue.push({ opcode: NVM_WRITE, fuse: 2, nsid, ...host.memory.prps(write, blockBytes), cdw10: writeLba });
  queue.ring();
  const both = [await host.next(queue.completions), await host.next(queue.completions)];
  return both[0].cid === first ? both : both.reverse();
}

fused.accepts(
  '[NVM] 3.1',
  'Compare and Write writes when the data is as expected',
  async (host) => {
    const pattern = await seedBlocks(host, 60, 1, 1);
    for (const completion of await compareAndWrite(host, 60, pattern, 0x77)) demandSuccess(completion);
    demandFilled(await readBack(host, 60, 1), 0x77, 'block 60');
  },
  hasFused,
);
fused.refuses(
  '[NVM] 3.1',
  'Compare and Write writes nothing when the data differs',
  async (host) => {
    const pattern = await seedBlocks(host, 60, 1, 2);
    const wrong = pattern.slice();
    wrong[100] ^= 1;
    const [first, second] = await compareAndWrite(host, 60, wrong, 0x78);
    demandStatus(first, [STATUS_COMPARE_FAILURE]);
    demand(second.code !== 0, 'status of the write: expected a failure, got success');
    demandBytes(await readBack(host, 60, 1), pattern, 'block 60');
  },
  hasFused,
);
fused.refuses(
  '[NVM] 3.1',
  'Compare and Write of different blocks is refused',
  async (host) => {
    const pattern = await seedBlocks(host, 60, 1, 3);
    const both = await compareAndWrite(host, 60, pattern, 0x79, 61);
    demand(
      both.some((each) => each.code !== 0),
      'statuses: expected a failure, got two successes',
    );
  },
  hasFused,
);
fused.refuses(
  '[Base] 3.4.1',
  'a first command that no second follows is aborted',
  async (host) => {
    const address = host.memory.data(host.facts.plain.blockBytes);
    const queue = await host.io();
    const { nsid, blockBytes } = host.facts.plain;
    const prps = host.memory.prps(address, blockBytes);
    const lone = queue.push({ opcode: NVM_COMPARE, fuse: 1, nsid, ...prps, cdw10: 0 });
    queue.push({ opcode: NVM_READ, nsid, ...prps, cdw10: 0 });
    queue.ring();
    const both = [await host.next(queue.completions), await host.next(queue.completions)];
    demand(both.find((each) => each.cid === lone)!.code !== 0, 'status of the lone first command: expected a failure');
    demandSuccess(both.find((each) => each.cid !== lone)!);
  },
  hasFused,
);
fused.refuses(
  '[Base] 3.4.1',
  'a second command without a first is aborted',
  async (host) => {
    const address = host.memory.data(host.facts.plain.blockBytes);
    const completion = await blockCommand(host, NVM_WRITE, { lba: 62, blocks: 1, address }, { fuse: 2 });
    demand(completion.code !== 0, 'status of the lone second command: expected a failure, got success');
  },
  hasFused,
);
fused.refuses(
  '[Base] 3.4.1',
  'fused commands where FUSES offers none are refused',
  async (host) => {
    const address = host.memory.data(host.facts.plain.blockBytes);
    fillPattern(host, address, host.facts.plain.blockBytes, 1);
    const completion = await blockCommand(host, NVM_COMPARE, { lba: 0, blocks: 1, address }, { fuse: 1 });
    demandStatus(completion, [STATUS_INVALID_FIELD]);
  },
  { skip: (facts) => (hasFused.skip(facts) === undefined ? 'FUSES offers them' : undefined) },
);

/** Fused operations. */
export const FUSED_CASES: readonly ConformanceCase[] = fused.cases;
