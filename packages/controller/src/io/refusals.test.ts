import {
  DSM_RANGE_LENGTH,
  DSM_RANGE_SLBA,
  NVM_CANCEL,
  NVM_COMPARE,
  NVM_DATASET_MANAGEMENT,
  NVM_FLUSH,
  NVM_READ,
  NVM_VERIFY,
  NVM_WRITE,
  NVM_WRITE_UNCORRECTABLE,
  NVM_WRITE_ZEROES,
  STATUS_ABORTED_MISSING_FUSED,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
  STATUS_INVALID_OPCODE,
  STATUS_INVALID_PRP_OFFSET,
  STATUS_LBA_OUT_OF_RANGE,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { NOWHERE, type RawCommand, RawHost } from '../../test-support/raw-host.js';
import { NullMedium } from '../media/null-medium.js';

type Case = readonly [name: string, command: (host: RawHost) => RawCommand, status: number, mayRetry?: 'retry'];

const BLOCKS = 2048;
const page = (host: RawHost): number => host.iova(host.page());
const only = (command: RawCommand) => () => command;

const OPCODES: readonly Case[] = [
  ['a reserved opcode', only({ opcode: 0x03, nsid: 1 }), STATUS_INVALID_OPCODE],
  ['a vendor specific opcode', only({ opcode: 0xff, nsid: 1 }), STATUS_INVALID_OPCODE],
  ['Cancel', only({ opcode: NVM_CANCEL, nsid: 1 }), STATUS_INVALID_OPCODE],
  ['a reserved opcode with PSDT 3', only({ opcode: 0x03, nsid: 1, psdt: 3 }), STATUS_INVALID_OPCODE],
  ['Flush with PSDT 3', only({ opcode: NVM_FLUSH, nsid: 1, psdt: 3 }), STATUS_INVALID_FIELD],
  ['Flush of namespace 0', only({ opcode: NVM_FLUSH }), STATUS_INVALID_NAMESPACE],
  ['Flush of an inactive namespace', only({ opcode: NVM_FLUSH, nsid: 3 }), STATUS_INVALID_FIELD],
  ['Flush of a namespace past the last', only({ opcode: NVM_FLUSH, nsid: 9 }), STATUS_INVALID_NAMESPACE],
  ['Flush, fused', only({ opcode: NVM_FLUSH, nsid: 1, fuse: 1 }), STATUS_INVALID_FIELD],
];

function transferCases(opcode: number): readonly Case[] {
  const io = (fields: Partial<RawCommand>) => (host: RawHost) => ({ opcode, nsid: 1, prp1: page(host), ...fields });
  return [
    ['namespace 0', io({ nsid: 0 }), STATUS_INVALID_NAMESPACE],
    ['an inactive namespace', io({ nsid: 3 }), STATUS_INVALID_FIELD],
    ['a namespace past the last', io({ nsid: 9 }), STATUS_INVALID_NAMESPACE],
    ['all namespaces', io({ nsid: 0xffff_ffff }), STATUS_INVALID_FIELD],
    // A Compare that is the first of a pair waits for the second.
    ...(opcode === NVM_COMPARE ? [] : [['a first fused command', io({ fuse: 1 }), STATUS_INVALID_FIELD] as Case]),
    ['a second fused command without the first', io({ fuse: 2 }), STATUS_ABORTED_MISSING_FUSED],
    ['FUSE 3', io({ fuse: 3 }), STATUS_INVALID_FIELD],
    ['PSDT 3', io({ psdt: 3 }), STATUS_INVALID_FIELD],
    ['the block after the last', io({ cdw10: BLOCKS }), STATUS_LBA_OUT_OF_RANGE],
    ['a range that ends past the last block', io({ cdw10: BLOCKS - 7, cdw12: 7 }), STATUS_LBA_OUT_OF_RANGE],
    ['an SLBA of 2^32', io({ cdw11: 1 }), STATUS_LBA_OUT_OF_RANGE],
    ['an SLBA of 2^53', io({ cdw11: 0x20_0000 }), STATUS_LBA_OUT_OF_RANGE],
    ['an SLBA of 2^64 - 1', io({ cdw10: 0xffff_ffff, cdw11: 0xffff_ffff }), STATUS_LBA_OUT_OF_RANGE],
    [
      'an SLBA whose sum with NLB wraps',
      io({ cdw10: 0xffff_fff8, cdw11: 0xffff_ffff, cdw12: 7 }),
      STATUS_LBA_OUT_OF_RANGE,
    ],
    ['one block more than MDTS', io({ cdw12: 1024 }), STATUS_INVALID_FIELD],
    ['the largest NLB', io({ cdw12: 0xffff }), STATUS_INVALID_FIELD],
    ['PRP1 that is not dword aligned', (host) => io({ prp1: page(host) + 1 })(host), STATUS_INVALID_PRP_OFFSET],
    ['PRP1 that is not mapped', io({ prp1: NOWHERE }), STATUS_DATA_TRANSFER_ERROR, 'retry'],
    ['PRP1 of 2^64 - 4', io({ prp1: 2 ** 64 - 2 ** 12 }), STATUS_DATA_TRANSFER_ERROR, 'retry'],
    ['PRP2 with an offset', (host) => io({ cdw12: 15, prp2: page(host) + 4 })(host), STATUS_INVALID_PRP_OFFSET],
    ['PRP2 that is not mapped', io({ cdw12: 15, prp2: NOWHERE }), STATUS_DATA_TRANSFER_ERROR, 'retry'],
    [
      'a PRP list that is not qword aligned',
      (host) => io({ cdw12: 16, prp2: page(host) + 4 })(host),
      STATUS_INVALID_PRP_OFFSET,
    ],
    ['a PRP list that is not mapped', io({ cdw12: 16, prp2: NOWHERE }), STATUS_DATA_TRANSFER_ERROR, 'retry'],
    [
      'a PRP list of zeros',
      (host) => {
        const list = host.page();
        host.dma.bytes(list, 4096).fill(0);
        return io({ cdw12: 16, prp2: host.iova(list) })(host);
      },
      STATUS_DATA_TRANSFER_ERROR,
      'retry',
    ],
  ];
}

/** Commands that name blocks and move no data of the host's. */
const BLOCK_CASES: readonly Case[] = [
  ['Write Zeroes', NVM_WRITE_ZEROES] as const,
  ['Write Uncorrectable', NVM_WRITE_UNCORRECTABLE] as const,
  ['Verify', NVM_VERIFY] as const,
].flatMap(([name, opcode]): Case[] => [
  [`${name} of namespace 0`, only({ opcode }), STATUS_INVALID_NAMESPACE],
  [`${name} of an inactive namespace`, only({ opcode, nsid: 3 }), STATUS_INVALID_FIELD],
  [`${name} of all namespaces`, only({ opcode, nsid: 0xffff_ffff }), STATUS_INVALID_FIELD],
  [`${name} past the last block`, only({ opcode, nsid: 1, cdw10: BLOCKS - 1, cdw12: 1 }), STATUS_LBA_OUT_OF_RANGE],
  [`${name} at 2^53`, only({ opcode, nsid: 1, cdw11: 0x20_0000 }), STATUS_LBA_OUT_OF_RANGE],
  [`${name}, fused`, only({ opcode, nsid: 1, fuse: 1 }), STATUS_INVALID_FIELD],
]);

const RANGES: readonly Case[] = [
  ['Dataset Management of namespace 0', only({ opcode: NVM_DATASET_MANAGEMENT }), STATUS_INVALID_NAMESPACE],
  [
    'Dataset Management of an inactive namespace',
    only({ opcode: NVM_DATASET_MANAGEMENT, nsid: 3 }),
    STATUS_INVALID_FIELD,
  ],
  [
    'Dataset Management with ranges nowhere',
    only({ opcode: NVM_DATASET_MANAGEMENT, nsid: 1, prp1: NOWHERE }),
    STATUS_DATA_TRANSFER_ERROR,
    'retry',
  ],
  [
    'Dataset Management with misaligned ranges',
    (host) => ({ opcode: NVM_DATASET_MANAGEMENT, nsid: 1, prp1: page(host) + 2 }),
    STATUS_INVALID_PRP_OFFSET,
  ],
  ...[
    ['past the last block', BLOCKS - 1, 0, 2],
    ['at 2^32', 0, 1, 1],
    ['at 2^64 - 1', 0xffff_ffff, 0xffff_ffff, 1],
    ['of 2^32 - 1 blocks', 0, 0, 0xffff_ffff],
  ].map(([name, low, high, length]): Case => [
    `Dataset Management with a second range ${name}`,
    (host) => {
      const address = host.page();
      const words = host.dma.words(address, 8).fill(0);
      words[4 + DSM_RANGE_LENGTH / 4] = length as number;
      words[4 + DSM_RANGE_SLBA / 4] = low as number;
      words[4 + DSM_RANGE_SLBA / 4 + 1] = high as number;
      return { opcode: NVM_DATASET_MANAGEMENT, nsid: 1, prp1: host.iova(address), cdw10: 1, cdw11: 4 };
    },
    STATUS_LBA_OUT_OF_RANGE,
  ]),
];

const GROUPS: readonly (readonly [string, readonly Case[]])[] = [
  ['an I/O command', OPCODES],
  ['Read', transferCases(NVM_READ)],
  ['Write', transferCases(NVM_WRITE)],
  ['Compare', transferCases(NVM_COMPARE)],
  ['a block command', BLOCK_CASES],
  ['a range command', RANGES],
];

describe.each(GROUPS)('%s is refused', (_, cases) => {
  const rows = cases.map(([name, command, status, mayRetry]) => ({ name, command, status, mayRetry }));
  it.each(rows)('for $name', ({ command, status, mayRetry }) => {
    const namespaces = [1, 8].map((nsid) => ({ nsid, medium: new NullMedium(BLOCKS * 512) }));
    const host = new RawHost({ namespaces }).enable();
    const queue = host.createPair(1);
    const { code, dnr, more, cid } = queue.execute({ ...command(host), cid: 0xbeef });
    expect({ code: code.toString(16), dnr, more, cid }).toEqual({
      code: status.toString(16),
      dnr: mayRetry === undefined,
      more: true,
      cid: 0xbeef,
    });
    expect(queue.execute({ opcode: NVM_READ, nsid: 8, prp1: page(host) }).code).toBe(0);
  });
});

describe('the edges that are not refused', () => {
  it.each([
    ['the last block', { cdw10: BLOCKS - 1 }],
    ['exactly MDTS, at the end', { cdw10: BLOCKS - 1024, cdw12: 1023 }],
    ['reserved bits of dword 0', { opcode: NVM_READ | 0x3c00 }],
  ])('%s', (_, fields) => {
    const host = new RawHost({ namespaces: [{ nsid: 1, medium: new NullMedium(BLOCKS * 512) }] }).enable();
    const queue = host.createPair(1);
    const list = host.page();
    const words = host.dma.words(list, 1024);
    for (let i = 0; i < 512; i++) {
      const iova = host.iova(host.page());
      words[i * 2] = iova >>> 0;
      words[i * 2 + 1] = Math.floor(iova / 2 ** 32);
    }
    const command = { opcode: NVM_READ, nsid: 1, prp1: page(host), prp2: host.iova(list), ...fields };
    expect(queue.execute(command).code).toBe(0);
  });
});
