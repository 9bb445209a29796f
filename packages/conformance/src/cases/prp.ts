import {
  NVM_READ,
  NVM_WRITE,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_PRP_OFFSET,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import { demand, demandBytes, demandStatus, demandSuccess } from '../failure.js';
import { blockCommand, fillPattern, readBack, seedBlocks, UNDELIVERED } from './transfers.js';

const PAGE = 4096;
const list = new CaseList('prp');

/** Blocks that fill `pages` pages. */
function blocksOf(host: ConformanceHost, pages: number): number {
  return (pages * PAGE) / host.facts.plain.blockBytes;
}

/** PRP2 of a list whose first entry lies at an offset of its page, for pages that follow each other in host memory. */
function listAt(host: ConformanceHost, offset: number, pages: readonly number[]): number {
  const place = host.memory.page() + offset;
  const view = host.memory.view(place, PAGE - offset);
  pages.forEach((page, i) => view.setBigUint64(i * 8, BigInt(host.memory.iova(page)), true));
  return host.memory.iova(place);
}

for (const offset of [0, 4, 512, 2048, 3584, 4092]) {
  list.accepts('[Base] 4.1.1', `PRP1 may begin at byte ${offset} of its page`, async (host) => {
    const blocks = blocksOf(host, 1);
    const address = host.memory.data(2 * PAGE) + offset;
    const pattern = fillPattern(host, address, PAGE, offset).slice();
    demandSuccess(await host.writeBlocks(0, blocks, address));
    demandBytes(await readBack(host, 0, blocks), pattern, 'data');
  });
}

for (const pages of [2, 3, 4, 9, 32]) {
  list.accepts(
    '[Base] 4.1.1',
    `${pages} whole pages are transferred`,
    async (host) => {
      const blocks = blocksOf(host, pages);
      const pattern = await seedBlocks(host, 0, blocks, pages);
      demandBytes(await readBack(host, 0, blocks), pattern, 'data');
    },
    {
      skip: ({ transferBytesMax, plain }) =>
        pages * PAGE <= Math.min(transferBytesMax, plain.blocks * plain.blockBytes) ? undefined : 'more than MDTS',
    },
  );
}

list.accepts('[Base] 4.1.1', 'pages of a list may lie in any order', async (host) => {
  const blocks = blocksOf(host, 4);
  const pages = [3, 0, 2, 1].map((order, _, all) => order * PAGE + host.memory.data(all.length * PAGE));
  const pattern = new Uint8Array(4 * PAGE);
  pages.forEach((page, i) => pattern.set(fillPattern(host, page, PAGE, i + 20), i * PAGE));
  const prps = { prp1: host.memory.iova(pages[0]), prp2: listAt(host, 0, pages.slice(1)) };
  demandSuccess(await blockCommand(host, NVM_WRITE, { lba: 0, blocks }, prps));
  demandBytes(await readBack(host, 0, blocks), pattern, 'data');
});

list.accepts('[Base] 4.1.1', 'a list may begin inside its page', async (host) => {
  const blocks = blocksOf(host, 3);
  const pages = [0, 1, 2].map(() => host.memory.page());
  const pattern = new Uint8Array(3 * PAGE);
  pages.forEach((page, i) => pattern.set(fillPattern(host, page, PAGE, i + 30), i * PAGE));
  const prps = { prp1: host.memory.iova(pages[0]), prp2: listAt(host, 1024, pages.slice(1)) };
  demandSuccess(await blockCommand(host, NVM_WRITE, { lba: 0, blocks }, prps));
  demandBytes(await readBack(host, 0, blocks), pattern, 'data');
});

list.accepts(
  '[Base] 4.1.1',
  'a list that ends with its page goes on in the page that its last entry names',
  async (host) => {
    const blocks = blocksOf(host, 4);
    const pages = [0, 1, 2, 3].map(() => host.memory.page());
    const pattern = new Uint8Array(4 * PAGE);
    pages.forEach((page, i) => pattern.set(fillPattern(host, page, PAGE, i + 40), i * PAGE));
    const second = host.memory.page();
    const rest = host.memory.view(second, PAGE);
    [pages[2], pages[3]].forEach((page, i) => rest.setBigUint64(i * 8, BigInt(host.memory.iova(page)), true));
    const prps = { prp1: host.memory.iova(pages[0]), prp2: listAt(host, PAGE - 16, [pages[1], second]) };
    demandSuccess(await blockCommand(host, NVM_WRITE, { lba: 0, blocks }, prps));
    demandBytes(await readBack(host, 0, blocks), pattern, 'data');
  },
);

list.accepts('[Base] 4.1.1', 'the last entry of a page that is also the last of the list is data', async (host) => {
  const blocks = blocksOf(host, 3);
  const pages = [0, 1, 2].map(() => host.memory.page());
  const pattern = new Uint8Array(3 * PAGE);
  pages.forEach((page, i) => pattern.set(fillPattern(host, page, PAGE, i + 50), i * PAGE));
  const prps = { prp1: host.memory.iova(pages[0]), prp2: listAt(host, PAGE - 16, pages.slice(1)) };
  demandSuccess(await blockCommand(host, NVM_WRITE, { lba: 0, blocks }, prps));
  demandBytes(await readBack(host, 0, blocks), pattern, 'data');
});

list.accepts('[Base] 4.1.1', 'PRP2 is not looked at when PRP1 covers all', async (host) => {
  const address = host.memory.page();
  const prps = { prp1: host.memory.iova(address), prp2: 0x123 };
  demandSuccess(await blockCommand(host, NVM_READ, { lba: 0, blocks: blocksOf(host, 1) }, prps));
});

list.accepts('[Base] 4.1.1', 'a read writes its buffer and not a byte beside it', async (host) => {
  const bytes = 2 * PAGE;
  const address = host.memory.data(4 * PAGE);
  host.memory.bytes(address, 4 * PAGE).fill(0xc3);
  demandSuccess(await host.readBlocks(0, blocksOf(host, 2), address + 1024));
  const whole = host.memory.bytes(address, 4 * PAGE);
  demand(
    whole.subarray(0, 1024).every((byte) => byte === 0xc3),
    'bytes before the buffer were written',
  );
  demand(
    whole.subarray(1024 + bytes).every((byte) => byte === 0xc3),
    'bytes after the buffer were written',
  );
});

const BAD_OFFSET = [STATUS_INVALID_PRP_OFFSET, STATUS_INVALID_FIELD];

/**
 * A transfer whose PRP1 is not dword aligned: refused, or carried out as if its lowest bits were clear.
 *
 * @param address - where the buffer begins with the bits clear
 * @param low - those bits
 */
async function demandAligned(host: ConformanceHost, opcode: number, address: number, low: number): Promise<void> {
  const { blockBytes } = host.facts.plain;
  const pattern = await seedBlocks(host, 0, 1, 60);
  if (opcode === NVM_WRITE) pattern.set(fillPattern(host, address, blockBytes + 4, 61).subarray(0, blockBytes));
  const prps = { prp1: host.memory.iova(address) + low };
  const completion = await blockCommand(host, opcode, { lba: 0, blocks: 1 }, prps);
  demandStatus(completion, [0, ...BAD_OFFSET]);
  if (completion.code !== 0) return;
  if (opcode === NVM_WRITE)
    demandBytes(await readBack(host, 0, 1), pattern, 'data from where the lowest bits are clear');
  else demandBytes(host.memory.bytes(address, blockBytes), pattern, 'data where the lowest bits are clear');
}

for (const [name, opcode] of [
  ['read', NVM_READ],
  ['write', NVM_WRITE],
] as const) {
  for (const offset of [1, 2, 3]) {
    list.refuses(
      '[Base] 4.3.1',
      `a ${name} with PRP1 at byte ${offset} of a dword is refused, or the lowest bits are ignored`,
      (host) => demandAligned(host, opcode, host.memory.data(2 * PAGE), offset),
    );
  }

  list.refuses('[Base] 4.1.1', `a ${name} whose PRP2 is a page with an offset is refused`, async (host) => {
    const prps = { prp1: host.memory.iova(host.memory.page()), prp2: host.memory.iova(host.memory.page()) + 256 };
    demandStatus(await blockCommand(host, opcode, { lba: 0, blocks: blocksOf(host, 2) }, prps), BAD_OFFSET);
  });

  list.refuses('[Base] 4.3.1', `a ${name} whose list is not qword aligned is survived`, async (host) => {
    const pages = [host.memory.page(), host.memory.page(), host.memory.page()];
    const prps = { prp1: host.memory.iova(pages[0]), prp2: listAt(host, 0, pages.slice(1)) + 4 };
    // Nothing says what has to become of it: refused, with the bits ignored, or with what lies there taken for addresses.
    await blockCommand(host, opcode, { lba: 0, blocks: blocksOf(host, 3) }, prps);
    demandSuccess(await host.readBlocks(0, 1, host.memory.page()));
  });

  for (const at of [0, 1]) {
    list.refuses('[Base] 4.1.1', `a ${name} with an offset in entry ${at} of its list is refused`, async (host) => {
      const pages = [host.memory.page(), host.memory.page(), host.memory.page()];
      const entries = pages.slice(1).map((page, i) => (i === at ? page + 8 : page));
      const prps = { prp1: host.memory.iova(pages[0]), prp2: listAt(host, 0, entries) };
      demandStatus(await blockCommand(host, opcode, { lba: 0, blocks: blocksOf(host, 3) }, prps), BAD_OFFSET);
    });
  }

  const unmapped: readonly (readonly [string, number, (host: ConformanceHost) => { prp1: number; prp2?: number }])[] = [
    ['PRP1', 1, (host) => ({ prp1: host.unmappedIova })],
    ['PRP2', 2, (host) => ({ prp1: host.memory.iova(host.memory.page()), prp2: host.unmappedIova })],
    ['its list', 3, (host) => ({ prp1: host.memory.iova(host.memory.page()), prp2: host.unmappedIova })],
  ];
  for (const [what, pages, prps] of unmapped) {
    const mayBeUndelivered = opcode === NVM_READ && what !== 'its list';
    list.refuses(
      '[Base] 4.1.1',
      `a ${name} with ${what} where no memory is is ${mayBeUndelivered ? 'survived' : 'a data transfer error'}`,
      async (host) => {
        const completion = await blockCommand(host, opcode, { lba: 0, blocks: blocksOf(host, pages) }, prps(host));
        demandStatus(completion, mayBeUndelivered ? UNDELIVERED : [STATUS_DATA_TRANSFER_ERROR]);
        demandSuccess(await host.readBlocks(0, 1, host.memory.page()));
      },
      { needsUnmapped: true },
    );
  }
}

/** PRP entries and PRP lists. */
export const PRP_CASES: readonly ConformanceCase[] = list.cases;
