import {
  NSID_BROADCAST,
  NVM_READ,
  NVM_WRITE,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
  STATUS_INVALID_OPCODE,
  STATUS_LBA_OUT_OF_RANGE,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ControllerFacts } from '../controller-facts.js';
import { demand, demandBytes, demandEqual, demandStatus, demandSuccess } from '../failure.js';
import { blockCommand, fillPattern, readBack, seedBlocks } from './transfers.js';

const FUA = 0x4000_0000;
const LIMITED_RETRY = 0x8000_0000;

const list = new CaseList('read-write');

list.accepts('[NVM] 3.3.6', 'what was written is read back', async (host) => {
  const pattern = await seedBlocks(host, 3, 1, 1);
  demandBytes(await readBack(host, 3, 1), pattern, 'block 3');
});

list.accepts('[NVM] 3.3.6', 'the last block of the namespace is written and read', async (host) => {
  const last = host.facts.plain.blocks - 1;
  const pattern = await seedBlocks(host, last, 1, 2);
  demandBytes(await readBack(host, last, 1), pattern, 'last block');
});

list.accepts('[NVM] 3.3.6', 'a write touches no block beside its own', async (host) => {
  const before = await seedBlocks(host, 8, 3, 3);
  const { blockBytes } = host.facts.plain;
  const middle = await seedBlocks(host, 9, 1, 4);
  const after = await readBack(host, 8, 3);
  demandBytes(after.subarray(0, blockBytes), before.subarray(0, blockBytes), 'block before');
  demandBytes(after.subarray(blockBytes, 2 * blockBytes), middle, 'block written');
  demandBytes(after.subarray(2 * blockBytes), before.subarray(2 * blockBytes), 'block after');
});

list.accepts('[NVM] 3.3.6', 'transfers of 1 to 64 blocks keep their data', async (host) => {
  for (const blocks of [1, 2, 3, 7, 8, 9, 16, 31, 64]) {
    if (blocks * host.facts.plain.blockBytes > host.facts.transferBytesMax) break;
    const pattern = await seedBlocks(host, 16, blocks, blocks);
    demandBytes(await readBack(host, 16, blocks), pattern, `${blocks} blocks`);
  }
});

list.accepts(
  '[Base] 5.1.13.2.1',
  'a transfer of exactly MDTS works',
  async (host) => {
    const { blockBytes, blocks } = host.facts.plain;
    const count = Math.min(host.facts.transferBytesMax / blockBytes, 65_536, blocks);
    const pattern = await seedBlocks(host, 0, count, 5);
    demandBytes(await readBack(host, 0, count), pattern, `${count} blocks`);
  },
  {
    skip: ({ transferBytesMax }) =>
      transferBytesMax <= 2 << 20 ? undefined : 'MDTS is more than one PRP list describes',
  },
);

list.accepts('[NVM] 3.3.4', 'blocks read twice are the same', async (host) => {
  await seedBlocks(host, 40, 4, 6);
  demandBytes(await readBack(host, 40, 4), await readBack(host, 40, 4), 'second read');
});

list.accepts('[NVM] 3.3.6', 'Force Unit Access and Limited Retry are accepted', async (host) => {
  const { blockBytes } = host.facts.plain;
  const address = host.memory.data(blockBytes);
  fillPattern(host, address, blockBytes, 7);
  for (const opcode of [NVM_WRITE, NVM_READ]) {
    for (const flags of [FUA, LIMITED_RETRY, FUA + LIMITED_RETRY]) {
      demandSuccess(await blockCommand(host, opcode, { lba: 5, blocks: 1, address }, { cdw12: flags }));
    }
  }
});

list.accepts('[NVM] 3.3.6', 'dataset management hints are accepted', async (host) => {
  const address = host.memory.data(host.facts.plain.blockBytes);
  for (const hint of [0x05, 0x13, 0x7f, 0x86]) {
    demandSuccess(await blockCommand(host, NVM_WRITE, { lba: 5, blocks: 1, address }, { cdw13: hint }));
  }
});

list.accepts(
  '[Base] 3.4.3',
  'commands of two queues see each other once they are complete',
  async (host) => {
    const pattern = await seedBlocks(host, 50, 2, 8);
    const second = await host.createPair({ id: 2, entries: 8 });
    const { nsid, blockBytes } = host.facts.plain;
    const address = host.memory.data(2 * blockBytes);
    const prps = host.memory.prps(address, 2 * blockBytes);
    demandSuccess(await host.execute(second, { opcode: NVM_READ, nsid, ...prps, cdw10: 50, cdw12: 1 }));
    demandBytes(host.memory.bytes(address, 2 * blockBytes), pattern, 'blocks 50 and 51');
  },
  { skip: ({ queuePairs }) => (queuePairs >= 2 ? undefined : 'only one queue pair') },
);

list.accepts('[Base] 3.3.1', 'a full queue of writes, told with one doorbell, loses none', async (host) => {
  const queue = await host.createPair({ id: 1, entries: 33 });
  const { nsid, blockBytes } = host.facts.plain;
  const address = host.memory.data(32 * blockBytes);
  const pattern = fillPattern(host, address, 32 * blockBytes, 9).slice();
  for (let i = 0; i < 32; i++) {
    const prps = host.memory.prps(address + i * blockBytes, blockBytes);
    queue.push({ opcode: NVM_WRITE, nsid, ...prps, cdw10: 64 + i });
  }
  queue.ring();
  for (let i = 0; i < 32; i++) demandSuccess(await host.next(queue.completions));
  const back = host.memory.data(32 * blockBytes);
  const prps = host.memory.prps(back, 32 * blockBytes);
  demandSuccess(await host.execute(queue, { opcode: NVM_READ, nsid, ...prps, cdw10: 64, cdw12: 31 }));
  demandBytes(host.memory.bytes(back, 32 * blockBytes), pattern, '32 blocks');
});

list.accepts('[Base] 3.2.1', 'every active namespace keeps its own data', async (host) => {
  const queue = await host.io();
  const plain = host.facts.namespaces.filter((each) => each.metadataBytes === 0);
  for (const { nsid, blockBytes } of plain) {
    const address = host.memory.data(blockBytes);
    fillPattern(host, address, blockBytes, nsid);
    demandSuccess(
      await host.execute(queue, { opcode: NVM_WRITE, nsid, ...host.memory.prps(address, blockBytes), cdw10: 2 }),
    );
  }
  for (const { nsid, blockBytes } of plain) {
    const address = host.memory.data(blockBytes);
    const expected = fillPattern(host, host.memory.data(blockBytes), blockBytes, nsid);
    demandSuccess(
      await host.execute(queue, { opcode: NVM_READ, nsid, ...host.memory.prps(address, blockBytes), cdw10: 2 }),
    );
    demandBytes(host.memory.bytes(address, blockBytes), expected, `block 2 of namespace ${nsid}`);
  }
});

for (const [name, opcode] of [
  ['read', NVM_READ],
  ['write', NVM_WRITE],
] as const) {
  const beyond: readonly (readonly [string, (facts: ControllerFacts) => { lba: number; blocks: number }])[] = [
    ['of the block after the last', ({ plain }) => ({ lba: plain.blocks, blocks: 1 })],
    ['that begins inside and ends outside', ({ plain }) => ({ lba: plain.blocks - 1, blocks: 2 })],
    ['of block 2^32', ({ plain }) => ({ lba: Math.max(2 ** 32, plain.blocks), blocks: 1 })],
    ['of block 2^53 - 1', () => ({ lba: Number.MAX_SAFE_INTEGER, blocks: 1 })],
  ];
  for (const [what, place] of beyond) {
    list.refuses('[NVM] 3.3', `a ${name} ${what} is out of range`, async (host) => {
      const address = host.memory.data(2 * host.facts.plain.blockBytes);
      demandStatus(
        await blockCommand(host, opcode, { ...place(host.facts), address }),
        [STATUS_LBA_OUT_OF_RANGE],
        true,
      );
    });
  }

  list.refuses('[NVM] 3.3', `a ${name} whose range wraps around 2^64 is out of range`, async (host) => {
    const address = host.memory.data(2 * host.facts.plain.blockBytes);
    const changes = { cdw10: 0xffff_ffff, cdw11: 0xffff_ffff, cdw12: 1 };
    demandStatus(
      await blockCommand(host, opcode, { lba: 0, blocks: 2, address }, changes),
      [STATUS_LBA_OUT_OF_RANGE],
      true,
    );
  });

  for (const [what, nsid] of [
    ['namespace 0', () => 0],
    ['a namespace beyond NN', (facts: ControllerFacts) => facts.identify.nn + 1],
  ] as const) {
    list.refuses('[Base] 3.2.1', `a ${name} of ${what} is refused`, async (host) => {
      const address = host.memory.data(host.facts.plain.blockBytes);
      const completion = await blockCommand(host, opcode, { lba: 0, blocks: 1, address }, { nsid: nsid(host.facts) });
      demandStatus(completion, [STATUS_INVALID_NAMESPACE], true);
    });
  }

  list.refuses('[Base] 4.1.1', `a ${name} of the broadcast namespace is refused`, async (host) => {
    const address = host.memory.data(host.facts.plain.blockBytes);
    const completion = await blockCommand(host, opcode, { lba: 0, blocks: 1, address }, { nsid: NSID_BROADCAST });
    // Before 2.0 a controller was free to take it for an invalid namespace.
    const codes = host.facts.version >= 0x2_0000 ? [] : [STATUS_INVALID_NAMESPACE];
    demandStatus(completion, [STATUS_INVALID_FIELD, ...codes], true);
  });

  list.refuses(
    '[Base] 3.2.1.4',
    `a ${name} of an inactive namespace is an invalid field`,
    async (host) => {
      const nsids = new Set(host.facts.namespaces.map((each) => each.nsid));
      const nsid = Array.from({ length: host.facts.identify.nn }, (_, i) => i + 1).find((each) => !nsids.has(each))!;
      const address = host.memory.data(host.facts.plain.blockBytes);
      demandStatus(
        await blockCommand(host, opcode, { lba: 0, blocks: 1, address }, { nsid }),
        [STATUS_INVALID_FIELD],
        true,
      );
    },
    {
      skip: ({ identify: { nn }, namespaces }) =>
        nn <= 4096 && nn > namespaces.length ? undefined : 'no inactive identifier',
    },
  );

  list.refuses(
    '[Base] 5.1.13.2.1',
    `a ${name} of one block more than MDTS allows is an invalid field`,
    async (host) => {
      const blocks = host.facts.transferBytesMax / host.facts.plain.blockBytes + 1;
      const address = host.memory.page();
      const changes = { ...host.memory.prps(address, 512) };
      demandStatus(await blockCommand(host, opcode, { lba: 0, blocks }, changes), [STATUS_INVALID_FIELD], true);
    },
    {
      skip: ({ transferBytesMax, plain }) =>
        transferBytesMax / plain.blockBytes < Math.min(65_536, plain.blocks)
          ? undefined
          : 'MDTS allows all that a command can ask for',
    },
  );

  list.refuses('[NVM] 3.3', `a refused ${name} leaves memory and media alone`, async (host) => {
    const last = host.facts.plain.blocks - 1;
    const { blockBytes } = host.facts.plain;
    const pattern = await seedBlocks(host, last, 1, 11);
    const address = host.memory.data(2 * blockBytes);
    host.memory.bytes(address, 2 * blockBytes).fill(0xee);
    demandStatus(await blockCommand(host, opcode, { lba: last, blocks: 2, address }), [STATUS_LBA_OUT_OF_RANGE]);
    demand(
      host.memory.bytes(address, 2 * blockBytes).every((byte) => byte === 0xee),
      'memory was written',
    );
    demandBytes(await readBack(host, last, 1), pattern, 'last block');
  });
}

for (const opcode of [0x03, 0x06, 0x0b, 0x1f, 0x7e]) {
  list.refuses('[Base] 7', `reserved I/O opcode ${opcode.toString(16)}h is an invalid opcode`, async (host) => {
    demandStatus(await blockCommand(host, opcode, { lba: 0, blocks: 1 }), [STATUS_INVALID_OPCODE]);
  });
}

list.refuses('[Base] 4.1.1', 'PSDT 11b, which is reserved, is an invalid field', async (host) => {
  const address = host.memory.data(host.facts.plain.blockBytes);
  const completion = await blockCommand(host, NVM_READ, { lba: 0, blocks: 1, address }, { psdt: 3 });
  demandStatus(completion, [STATUS_INVALID_FIELD]);
});

list.refuses('[NVM] 3.3', 'a failed command among good ones fails alone', async (host) => {
  const queue = await host.io();
  const { nsid, blocks } = host.facts.plain;
  const prp1 = host.memory.iova(host.memory.page());
  const cids = [0, 1, blocks, 2, 3].map((lba) =>
    queue.push({ opcode: NVM_READ, nsid, prp1, cdw10: lba % 2 ** 32, cdw11: Math.floor(lba / 2 ** 32) }),
  );
  queue.ring();
  for (let i = 0; i < 5; i++) {
    const completion = await host.next(queue.completions);
    const expected = completion.cid === cids[2] ? STATUS_LBA_OUT_OF_RANGE : 0;
    demandEqual(completion.code, expected, `status of command ${completion.cid}`);
  }
});

/** Read and Write: ranges, namespaces, limits, data. */
export const READ_WRITE_CASES: readonly ConformanceCase[] = list.cases;
