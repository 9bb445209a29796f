import {
  ADMIN_ABORT,
  ADMIN_ASYNC_EVENT_REQUEST,
  ADMIN_CAPACITY_MANAGEMENT,
  ADMIN_CREATE_IO_CQ,
  ADMIN_CREATE_IO_SQ,
  ADMIN_DELETE_IO_CQ,
  ADMIN_DELETE_IO_SQ,
  ADMIN_DOORBELL_BUFFER_CONFIG,
  ADMIN_FABRICS,
  ADMIN_GET_FEATURES,
  ADMIN_GET_LBA_STATUS,
  ADMIN_GET_LOG_PAGE,
  ADMIN_IDENTIFY,
  ADMIN_LOCKDOWN,
  ADMIN_NVME_MI_SEND,
  ADMIN_SET_FEATURES,
  ADMIN_VIRTUALIZATION_MANAGEMENT,
  FEATURE_ARBITRATION,
  FEATURE_ERROR_RECOVERY,
  FEATURE_HOST_BEHAVIOR,
  FEATURE_INTERRUPT_VECTOR_CONFIG,
  FEATURE_NUMBER_OF_QUEUES,
  FEATURE_POWER_MANAGEMENT,
  FEATURE_TEMPERATURE_THRESHOLD,
  FEATURE_TIMESTAMP,
  FEATURE_VOLATILE_WRITE_CACHE,
  LOG_ANA,
  LOG_ERROR_INFORMATION,
  LOG_FIRMWARE_SLOT,
  LOG_SMART,
  REG_CC,
  STATUS_CID_CONFLICT,
  STATUS_COMMAND_SEQUENCE_ERROR,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_FEATURE_NOT_NAMESPACE_SPECIFIC,
  STATUS_FEATURE_NOT_SAVEABLE,
  STATUS_INVALID_COMMAND_SET,
  STATUS_INVALID_COMPLETION_QUEUE,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_INTERRUPT_VECTOR,
  STATUS_INVALID_LOG_PAGE,
  STATUS_INVALID_NAMESPACE,
  STATUS_INVALID_OPCODE,
  STATUS_INVALID_PRP_OFFSET,
  STATUS_INVALID_QUEUE_DELETION,
  STATUS_INVALID_QUEUE_IDENTIFIER,
  STATUS_INVALID_QUEUE_SIZE,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { ENABLED, NOWHERE, type RawCommand, RawHost } from '../../test-support/raw-host.js';
import { NullMedium } from '../media/null-medium.js';

/** What went wrong, the command, the status it must get, and whether DNR must be clear. */
type Case = readonly [name: string, command: (host: RawHost) => RawCommand, status: number, mayRetry?: 'retry'];

const page = (host: RawHost): number => host.iova(host.page());
const cq = (fields: Partial<RawCommand>) => (host: RawHost) => ({
  opcode: ADMIN_CREATE_IO_CQ,
  prp1: page(host),
  cdw10: (15 << 16) | 3,
  cdw11: 1,
  ...fields,
});
const sq = (fields: Partial<RawCommand>) => (host: RawHost) => ({
  opcode: ADMIN_CREATE_IO_SQ,
  prp1: page(host),
  cdw10: (15 << 16) | 3,
  cdw11: (1 << 16) | 1,
  ...fields,
});
const identify = (fields: Partial<RawCommand>) => (host: RawHost) => ({
  opcode: ADMIN_IDENTIFY,
  prp1: page(host),
  ...fields,
});
const get = (fields: Partial<RawCommand>) => (host: RawHost) => ({
  opcode: ADMIN_GET_FEATURES,
  prp1: page(host),
  ...fields,
});
const set = (fields: Partial<RawCommand>) => (host: RawHost) => ({
  opcode: ADMIN_SET_FEATURES,
  prp1: page(host),
  ...fields,
});
const log = (fields: Partial<RawCommand>) => (host: RawHost) => ({
  opcode: ADMIN_GET_LOG_PAGE,
  prp1: page(host),
  ...fields,
});
const only = (command: RawCommand) => () => command;

const OPCODES: readonly Case[] = [
  ['a reserved opcode', only({ opcode: 0x03 }), STATUS_INVALID_OPCODE],
  ['a vendor specific opcode', only({ opcode: 0xc0 }), STATUS_INVALID_OPCODE],
  ['opcode FFh', only({ opcode: 0xff }), STATUS_INVALID_OPCODE],
  ['Doorbell Buffer Config', only({ opcode: ADMIN_DOORBELL_BUFFER_CONFIG }), STATUS_INVALID_OPCODE],
  ['Capacity Management', only({ opcode: ADMIN_CAPACITY_MANAGEMENT }), STATUS_INVALID_OPCODE],
  ['Virtualization Management', only({ opcode: ADMIN_VIRTUALIZATION_MANAGEMENT }), STATUS_INVALID_OPCODE],
  ['NVMe-MI Send', only({ opcode: ADMIN_NVME_MI_SEND }), STATUS_INVALID_OPCODE],
  ['Lockdown', only({ opcode: ADMIN_LOCKDOWN }), STATUS_INVALID_OPCODE],
  ['Get LBA Status', only({ opcode: ADMIN_GET_LBA_STATUS, nsid: 1 }), STATUS_INVALID_OPCODE],
  ['a Fabrics command', only({ opcode: ADMIN_FABRICS }), STATUS_INVALID_OPCODE],
  ['a first fused command', identify({ cdw10: 1, fuse: 1 }), STATUS_INVALID_FIELD],
  ['a second fused command', identify({ cdw10: 1, fuse: 2 }), STATUS_INVALID_FIELD],
  ['SGLs', identify({ cdw10: 1, psdt: 1 }), STATUS_INVALID_FIELD],
  ['PSDT 3', identify({ cdw10: 1, psdt: 3 }), STATUS_INVALID_FIELD],
];

const CREATE_CQ: readonly Case[] = [
  ['identifier 0', cq({ cdw10: 15 << 16 }), STATUS_INVALID_QUEUE_IDENTIFIER],
  ['identifier FFFFh', cq({ cdw10: (15 << 16) | 0xffff }), STATUS_INVALID_QUEUE_IDENTIFIER],
  ['identifier one past the last', cq({ cdw10: (15 << 16) | 17 }), STATUS_INVALID_QUEUE_IDENTIFIER],
  ['an identifier in use', cq({ cdw10: (15 << 16) | 1 }), STATUS_INVALID_QUEUE_IDENTIFIER],
  ['a size of 0', cq({ cdw10: 3 }), STATUS_INVALID_QUEUE_SIZE],
  ['a size above MQES', cq({ cdw10: (256 << 16) | 3 }), STATUS_INVALID_QUEUE_SIZE],
  ['a size of FFFFh', cq({ cdw10: (0xffff << 16) | 3 }), STATUS_INVALID_QUEUE_SIZE],
  ['PC 0', cq({ cdw11: 0 }), STATUS_INVALID_FIELD],
  ['a vector past the last', cq({ cdw11: (17 << 16) | 3 }), STATUS_INVALID_INTERRUPT_VECTOR],
  ['vector FFFFh', cq({ cdw11: (0xffff << 16) | 3 }), STATUS_INVALID_INTERRUPT_VECTOR],
  ['a misaligned ring', (host) => cq({ prp1: page(host) + 8 })(host), STATUS_INVALID_PRP_OFFSET],
  ['a ring at an offset of 2 KiB', (host) => cq({ prp1: page(host) + 2048 })(host), STATUS_INVALID_PRP_OFFSET],
  ['an unmapped ring', cq({ prp1: NOWHERE }), STATUS_DATA_TRANSFER_ERROR, 'retry'],
  ['a ring past 2^53', cq({ prp1: 2 ** 63 }), STATUS_DATA_TRANSFER_ERROR, 'retry'],
];

const CREATE_SQ: readonly Case[] = [
  ['identifier 0', sq({ cdw10: 15 << 16 }), STATUS_INVALID_QUEUE_IDENTIFIER],
  ['identifier FFFFh', sq({ cdw10: (15 << 16) | 0xffff }), STATUS_INVALID_QUEUE_IDENTIFIER],
  ['identifier one past the last', sq({ cdw10: (15 << 16) | 17 }), STATUS_INVALID_QUEUE_IDENTIFIER],
  ['an identifier in use', sq({ cdw10: (15 << 16) | 1 }), STATUS_INVALID_QUEUE_IDENTIFIER],
  ['a size of 0', sq({ cdw10: 3 }), STATUS_INVALID_QUEUE_SIZE],
  ['a size above MQES', sq({ cdw10: (256 << 16) | 3 }), STATUS_INVALID_QUEUE_SIZE],
  ['completion queue 0', sq({ cdw11: 1 }), STATUS_INVALID_QUEUE_IDENTIFIER],
  ['a completion queue past the last', sq({ cdw11: (17 << 16) | 1 }), STATUS_INVALID_QUEUE_IDENTIFIER],
  ['completion queue FFFFh', sq({ cdw11: (0xffff << 16) | 1 }), STATUS_INVALID_QUEUE_IDENTIFIER],
  ['an absent completion queue', sq({ cdw11: (5 << 16) | 1 }), STATUS_INVALID_COMPLETION_QUEUE],
  ['PC 0', sq({ cdw11: 1 << 16 }), STATUS_INVALID_FIELD],
  ['a misaligned ring', (host) => sq({ prp1: page(host) + 4 })(host), STATUS_INVALID_PRP_OFFSET],
  ['an unmapped ring', sq({ prp1: NOWHERE }), STATUS_DATA_TRANSFER_ERROR, 'retry'],
];

const DELETE: readonly Case[] = [
  ['submission queue 0', only({ opcode: ADMIN_DELETE_IO_SQ }), STATUS_INVALID_QUEUE_IDENTIFIER],
  ['an absent submission queue', only({ opcode: ADMIN_DELETE_IO_SQ, cdw10: 4 }), STATUS_INVALID_QUEUE_IDENTIFIER],
  ['submission queue FFFFh', only({ opcode: ADMIN_DELETE_IO_SQ, cdw10: 0xffff }), STATUS_INVALID_QUEUE_IDENTIFIER],
  ['completion queue 0', only({ opcode: ADMIN_DELETE_IO_CQ }), STATUS_INVALID_QUEUE_IDENTIFIER],
  ['an absent completion queue', only({ opcode: ADMIN_DELETE_IO_CQ, cdw10: 4 }), STATUS_INVALID_QUEUE_IDENTIFIER],
  ['completion queue FFFFh', only({ opcode: ADMIN_DELETE_IO_CQ, cdw10: 0xffff }), STATUS_INVALID_QUEUE_IDENTIFIER],
  ['a completion queue in use', only({ opcode: ADMIN_DELETE_IO_CQ, cdw10: 1 }), STATUS_INVALID_QUEUE_DELETION, 'retry'],
];

const IDENTIFY: readonly Case[] = [
  ['CNS FEh', identify({ cdw10: 0xfe }), STATUS_INVALID_FIELD],
  ['CNS 04h, an NVM Set list', identify({ cdw10: 0x04 }), STATUS_INVALID_FIELD],
  ['CNS 0Bh, which is reserved', identify({ cdw10: 0x0b }), STATUS_INVALID_FIELD],
  ['CNS 14h, primary controller capabilities', identify({ cdw10: 0x14 }), STATUS_INVALID_FIELD],
  ['CNS 18h, domains', identify({ cdw10: 0x18 }), STATUS_INVALID_FIELD],
  ['CNS 19h, endurance groups', identify({ cdw10: 0x19 }), STATUS_INVALID_FIELD],
  ['namespace 0', identify({ cdw10: 0x00 }), STATUS_INVALID_NAMESPACE],
  ['a namespace past the last', identify({ cdw10: 0x00, nsid: 9 }), STATUS_INVALID_NAMESPACE],
  ['descriptors of all namespaces', identify({ cdw10: 0x03, nsid: 0xffff_ffff }), STATUS_INVALID_NAMESPACE],
  ['all allocated namespaces', identify({ cdw10: 0x11, nsid: 0xffff_ffff }), STATUS_INVALID_NAMESPACE],
  ['an allocated namespace 0', identify({ cdw10: 0x11 }), STATUS_INVALID_NAMESPACE],
  ['a list of allocated ones above FFFFFFFEh', identify({ cdw10: 0x10, nsid: 0xffff_fffe }), STATUS_INVALID_NAMESPACE],
  ['the controllers of all namespaces', identify({ cdw10: 0x12, nsid: 0xffff_ffff }), STATUS_INVALID_FIELD],
  ['the controllers of an absent namespace', identify({ cdw10: 0x12, nsid: 3 }), STATUS_INVALID_FIELD],
  ['allocated zoned namespaces', identify({ cdw10: 0x1a, cdw11: 2 << 24 }), STATUS_INVALID_FIELD],
  ['an allocated zoned namespace', identify({ cdw10: 0x1b, nsid: 1, cdw11: 2 << 24 }), STATUS_INVALID_FIELD],
  ['a user data format past the last', identify({ cdw10: 0x09, cdw11: 10 }), STATUS_INVALID_FIELD],
  ['UUIDs when there are none', identify({ cdw10: 0x17 }), STATUS_INVALID_FIELD],
  ['a list above FFFFFFFEh', identify({ cdw10: 0x02, nsid: 0xffff_fffe }), STATUS_INVALID_NAMESPACE],
  ['a list above FFFFFFFFh', identify({ cdw10: 0x02, nsid: 0xffff_ffff }), STATUS_INVALID_NAMESPACE],
  ['descriptors of namespace 0', identify({ cdw10: 0x03 }), STATUS_INVALID_NAMESPACE],
  ['descriptors of an inactive namespace', identify({ cdw10: 0x03, nsid: 3 }), STATUS_INVALID_FIELD],
  ['a zoned namespace', identify({ cdw10: 0x05, nsid: 1, cdw11: 2 << 24 }), STATUS_INVALID_COMMAND_SET],
  ['a zoned controller', identify({ cdw10: 0x06, cdw11: 2 << 24 }), STATUS_INVALID_COMMAND_SET],
  ['a list of zoned namespaces', identify({ cdw10: 0x07, cdw11: 2 << 24 }), STATUS_INVALID_COMMAND_SET],
  ['an independent namespace 0', identify({ cdw10: 0x08 }), STATUS_INVALID_NAMESPACE],
  ['command sets of another controller', identify({ cdw10: (5 << 16) | 0x1c }), STATUS_INVALID_FIELD],
  ['no PRP1', identify({ cdw10: 0x01, prp1: 0 }), STATUS_DATA_TRANSFER_ERROR, 'retry'],
  [
    'PRP1 not dword aligned',
    (host) => identify({ cdw10: 0x01, prp1: page(host) + 2 })(host),
    STATUS_INVALID_PRP_OFFSET,
  ],
  [
    'PRP1 at an offset without PRP2',
    (host) => identify({ cdw10: 0x01, prp1: page(host) + 4 })(host),
    STATUS_DATA_TRANSFER_ERROR,
    'retry',
  ],
  [
    'PRP2 with an offset',
    (host) => identify({ cdw10: 0x01, prp1: page(host) + 4, prp2: page(host) + 4 })(host),
    STATUS_INVALID_PRP_OFFSET,
  ],
];

const FEATURES: readonly Case[] = [
  ['Get of reserved feature 7Fh', get({ cdw10: 0x7f }), STATUS_INVALID_FIELD],
  ['Get of feature 0', get({ cdw10: 0 }), STATUS_INVALID_FIELD],
  ['Get of an optional feature that is absent', get({ cdw10: 0x0c }), STATUS_INVALID_FIELD],
  ['Get with a reserved SEL', get({ cdw10: FEATURE_ARBITRATION | (4 << 8) }), STATUS_INVALID_FIELD],
  ['Get of a namespace feature for namespace 0', get({ cdw10: FEATURE_ERROR_RECOVERY }), STATUS_INVALID_NAMESPACE],
  [
    'Get of a namespace feature for all namespaces',
    get({ cdw10: FEATURE_ERROR_RECOVERY, nsid: 0xffff_ffff }),
    STATUS_INVALID_NAMESPACE,
  ],
  [
    'Get of a namespace feature for an inactive one',
    get({ cdw10: FEATURE_ERROR_RECOVERY, nsid: 3 }),
    STATUS_INVALID_FIELD,
  ],
  ['Get of a temperature sensor', get({ cdw10: FEATURE_TEMPERATURE_THRESHOLD, cdw11: 1 << 16 }), STATUS_INVALID_FIELD],
  ['Get of a vector past the last', get({ cdw10: FEATURE_INTERRUPT_VECTOR_CONFIG, cdw11: 17 }), STATUS_INVALID_FIELD],
  ['Get Timestamp into nowhere', get({ cdw10: FEATURE_TIMESTAMP, prp1: NOWHERE }), STATUS_DATA_TRANSFER_ERROR, 'retry'],
  ['Set of reserved feature 7Fh', set({ cdw10: 0x7f }), STATUS_INVALID_FIELD],
  ['Set with SV of what cannot be saved', set({ cdw10: FEATURE_TIMESTAMP | 0x8000_0000 }), STATUS_FEATURE_NOT_SAVEABLE],
  [
    'Set of a controller feature for a namespace',
    set({ cdw10: FEATURE_ARBITRATION, nsid: 1 }),
    STATUS_FEATURE_NOT_NAMESPACE_SPECIFIC,
  ],
  ['Set for an invalid namespace', set({ cdw10: FEATURE_ARBITRATION, nsid: 100 }), STATUS_INVALID_NAMESPACE],
  ['Set for an inactive namespace', set({ cdw10: FEATURE_ERROR_RECOVERY, nsid: 3 }), STATUS_INVALID_FIELD],
  ['Set of a namespace feature for namespace 0', set({ cdw10: FEATURE_ERROR_RECOVERY }), STATUS_INVALID_NAMESPACE],
  ['Set of a power state that is absent', set({ cdw10: FEATURE_POWER_MANAGEMENT, cdw11: 1 }), STATUS_INVALID_FIELD],
  [
    'Set of errors for deallocated blocks',
    set({ cdw10: FEATURE_ERROR_RECOVERY, nsid: 1, cdw11: 1 << 16 }),
    STATUS_INVALID_FIELD,
  ],
  [
    'Set of a temperature threshold with THSEL 2',
    set({ cdw10: FEATURE_TEMPERATURE_THRESHOLD, cdw11: 2 << 20 }),
    STATUS_INVALID_FIELD,
  ],
  [
    'Set of a temperature threshold of an absent sensor',
    set({ cdw10: FEATURE_TEMPERATURE_THRESHOLD, cdw11: 9 << 16 }),
    STATUS_INVALID_FIELD,
  ],
  ['Set of a vector past the last', set({ cdw10: FEATURE_INTERRUPT_VECTOR_CONFIG, cdw11: 17 }), STATUS_INVALID_FIELD],
  [
    'Set Number of Queues after there was one',
    set({ cdw10: FEATURE_NUMBER_OF_QUEUES, cdw11: 0x0003_0003 }),
    STATUS_COMMAND_SEQUENCE_ERROR,
  ],
  ['Set Timestamp from nowhere', set({ cdw10: FEATURE_TIMESTAMP, prp1: NOWHERE }), STATUS_DATA_TRANSFER_ERROR, 'retry'],
  [
    'Set Host Behavior with a switch of 2',
    (host) => {
      const address = host.page();
      host.dma.bytes(address, 4096).fill(2);
      return { opcode: ADMIN_SET_FEATURES, prp1: host.iova(address), cdw10: FEATURE_HOST_BEHAVIOR };
    },
    STATUS_INVALID_FIELD,
  ],
];

const LOGS: readonly Case[] = [
  ['log page 30h', log({ cdw10: 0x30 }), STATUS_INVALID_LOG_PAGE],
  ['a vendor specific log page', log({ cdw10: 0xc0 }), STATUS_INVALID_LOG_PAGE],
  ['the ANA log without ANA groups', log({ cdw10: LOG_ANA }), STATUS_INVALID_LOG_PAGE],
  ['an offset that is not dword aligned', log({ cdw10: LOG_SMART, cdw12: 2 }), STATUS_INVALID_FIELD],
  ['an offset past the end', log({ cdw10: LOG_SMART, cdw12: 516 }), STATUS_INVALID_FIELD],
  ['an offset of 2^32', log({ cdw10: LOG_FIRMWARE_SLOT, cdw13: 1 }), STATUS_INVALID_FIELD],
  ['an offset past 2^53', log({ cdw10: LOG_SMART, cdw13: 0xffff_ffff }), STATUS_INVALID_FIELD],
  ['an index instead of an offset', log({ cdw10: LOG_SMART, cdw14: 1 << 23 }), STATUS_INVALID_FIELD],
  ['more than MDTS', log({ cdw10: LOG_ERROR_INFORMATION, cdw11: 2 }), STATUS_INVALID_FIELD],
  ['the SMART log of one namespace', log({ cdw10: LOG_SMART, nsid: 1 }), STATUS_INVALID_FIELD],
  ['the SMART log of an invalid namespace', log({ cdw10: LOG_SMART, nsid: 100 }), STATUS_INVALID_NAMESPACE],
  ['data into nowhere', log({ cdw10: LOG_SMART, prp1: NOWHERE }), STATUS_DATA_TRANSFER_ERROR, 'retry'],
];

const OTHERS: readonly Case[] = [
  ['Abort of an absent queue', only({ opcode: ADMIN_ABORT, cdw10: 9 }), STATUS_INVALID_FIELD],
  ['Abort of queue FFFFh', only({ opcode: ADMIN_ABORT, cdw10: 0xffff }), STATUS_INVALID_FIELD],
  [
    'an identifier that an event request holds',
    (host) => {
      host.admin.push({ opcode: ADMIN_ASYNC_EVENT_REQUEST, cid: 0x7777 });
      host.admin.ring();
      host.settle();
      return { opcode: ADMIN_GET_FEATURES, cid: 0x7777, cdw10: FEATURE_ARBITRATION };
    },
    STATUS_CID_CONFLICT,
  ],
];

const GROUPS: readonly (readonly [string, readonly Case[]])[] = [
  ['an admin command', OPCODES],
  ['Create I/O Completion Queue', CREATE_CQ],
  ['Create I/O Submission Queue', CREATE_SQ],
  ['Delete I/O Queue', DELETE],
  ['Identify', IDENTIFY],
  ['features', FEATURES],
  ['Get Log Page', LOGS],
  ['the rest', OTHERS],
];

describe.each(GROUPS)('%s is refused', (_, cases) => {
  const rows = cases.map(([name, command, status, mayRetry]) => ({ name, command, status, mayRetry }));
  it.each(rows)('for $name', ({ command, status, mayRetry }) => {
    const namespaces = [1, 8].map((nsid) => ({ nsid, medium: new NullMedium(1024 * 1024) }));
    const host = new RawHost({ namespaces, mqesEntries: 256 }).enable();
    host.createPair(1);
    const { code, dnr, more } = host.run(command(host));
    expect({ code: code.toString(16), dnr, more }).toEqual({
      code: status.toString(16),
      dnr: mayRetry === undefined,
      more: true,
    });
    // And the controller goes on.
    expect(host.run({ opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_ARBITRATION }).code).toBe(0);
  });
});

describe('features are refused in other circumstances', () => {
  it.each([0xffff_0000, 0x0000_ffff])('Number of Queues with %i', (cdw11) => {
    const host = new RawHost().enable();
    expect(host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_NUMBER_OF_QUEUES, cdw11 })).toMatchObject({
      code: STATUS_INVALID_FIELD,
      dnr: true,
    });
  });

  it('Volatile Write Cache when there is none', () => {
    const host = new RawHost({ vwc: false }).enable();
    for (const opcode of [ADMIN_GET_FEATURES, ADMIN_SET_FEATURES]) {
      expect(host.run({ opcode, cdw10: FEATURE_VOLATILE_WRITE_CACHE }).code).toBe(STATUS_INVALID_FIELD);
    }
  });
});

describe('queues are refused in other circumstances', () => {
  it.each([
    ['completion', ADMIN_CREATE_IO_CQ, 0x0006_0001],
    ['submission', ADMIN_CREATE_IO_SQ, 0x0040_0001],
  ])('a %s queue while CC does not give the size of its entries', (_, opcode, cc) => {
    const host = new RawHost().enable();
    if (opcode === ADMIN_CREATE_IO_SQ)
      host.run({ opcode: ADMIN_CREATE_IO_CQ, prp1: page(host), cdw10: (7 << 16) | 1, cdw11: 1 });
    host.write32(REG_CC, cc);
    const create = { opcode, prp1: page(host), cdw10: (7 << 16) | 1, cdw11: (1 << 16) | 1 };
    expect(host.run(create).code).toBe(STATUS_INVALID_QUEUE_SIZE);
    host.write32(REG_CC, ENABLED);
    expect(host.run(create).code).toBe(0);
  });

  it('identifiers beyond the number of queues granted', () => {
    const host = new RawHost().enable();
    expect(host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_NUMBER_OF_QUEUES, cdw11: 0x0003_0001 }).result).toBe(
      0x0003_0001,
    );
    const createCq = (id: number): number =>
      host.run({ opcode: ADMIN_CREATE_IO_CQ, prp1: page(host), cdw10: (7 << 16) | id, cdw11: 1 }).code;
    const createSq = (id: number): number =>
      host.run({ opcode: ADMIN_CREATE_IO_SQ, prp1: page(host), cdw10: (7 << 16) | id, cdw11: (4 << 16) | 1 }).code;
    expect([createCq(4), createCq(5)]).toEqual([0, STATUS_INVALID_QUEUE_IDENTIFIER]);
    expect([createSq(2), createSq(3)]).toEqual([0, STATUS_INVALID_QUEUE_IDENTIFIER]);
  });

  it('a second deletion of the same queue', () => {
    const host = new RawHost().enable();
    host.createPair(1);
    const remove = (opcode: number): number => host.run({ opcode, cdw10: 1 }).code;
    expect([remove(ADMIN_DELETE_IO_SQ), remove(ADMIN_DELETE_IO_SQ)]).toEqual([0, STATUS_INVALID_QUEUE_IDENTIFIER]);
    expect([remove(ADMIN_DELETE_IO_CQ), remove(ADMIN_DELETE_IO_CQ)]).toEqual([0, STATUS_INVALID_QUEUE_IDENTIFIER]);
  });
});
