import { describe, expect, it } from 'vitest';
import * as spec from './index.js';

const all = spec as unknown as Readonly<Record<string, unknown>>;

describe.each([
  ['ADMIN_', spec.ADMIN_OPCODES, spec.describeAdminOpcode, 48],
  ['NVM_', spec.NVM_OPCODES, spec.describeNvmOpcode, 16],
  ['FEATURE_', spec.FEATURES, spec.describeFeature, 44],
  ['LOG_', spec.LOG_PAGES, spec.describeLogPage, 39],
] as const)('the table of %s', (prefix, table, describeOne, length) => {
  it('has rows that name their constants', () => {
    expect(table).toHaveLength(length);
    for (const [value, name] of table) expect(all[prefix + name], name).toBe(value);
  });

  it('ascends, so that no value is there twice', () => {
    const values = table.map(([value]) => value);
    expect(values).toEqual([...new Set(values)].sort((a, b) => a - b));
  });

  it('has words for every byte and never throws', () => {
    for (let value = 0; value < 256; value++) expect(describeOne(value)).toMatch(/^[A-Z].* \([0-9A-F]{2}h\)$/);
    for (const odd of [-1, 0.5, NaN, 256]) expect(describeOne(odd)).toMatch(/^Reserved/);
    expect(describeOne(0xc0)).toBe('Vendor Specific (C0h)');
  });
});

describe('opcodes', () => {
  it('read as people know them', () => {
    expect(spec.describeAdminOpcode(0x06)).toBe('Identify (06h)');
    expect(spec.describeAdminOpcode(0x0c)).toBe('Asynchronous Event Request (0Ch)');
    expect(spec.describeAdminOpcode(0x03)).toBe('Reserved (03h)');
    expect(spec.describeNvmOpcode(0x09)).toBe('Dataset Management (09h)');
    expect(spec.describeFeature(0x07)).toBe('Number of Queues (07h)');
    expect(spec.describeLogPage(0x0c)).toBe('Asymmetric Namespace Access (0Ch)');
  });

  it('say in two bits where data goes', () => {
    expect(spec.NVM_READ & spec.OPCODE_DATA_MASK).toBe(spec.OPCODE_DATA_CONTROLLER_TO_HOST);
    expect(spec.NVM_WRITE & spec.OPCODE_DATA_MASK).toBe(spec.OPCODE_DATA_HOST_TO_CONTROLLER);
    expect(spec.NVM_DATASET_MANAGEMENT & spec.OPCODE_DATA_MASK).toBe(spec.OPCODE_DATA_HOST_TO_CONTROLLER);
    expect(spec.NVM_FLUSH & spec.OPCODE_DATA_MASK).toBe(spec.OPCODE_DATA_NONE);
    expect(spec.ADMIN_IDENTIFY & spec.OPCODE_DATA_MASK).toBe(spec.OPCODE_DATA_CONTROLLER_TO_HOST);
  });
});

describe('command dwords', () => {
  it.each([
    [
      'create I/O queue 3 of 1024 entries',
      spec.CREATE_IO_QUEUE_CDW10.QSIZE0.set(spec.CREATE_IO_QUEUE_CDW10.QID.set(0, 3), 1023),
      0x03ff_0003,
    ],
    [
      'contiguous completion queue, vector 5',
      spec.CREATE_IO_CQ_CDW11.IV.set(spec.CREATE_IO_CQ_CDW11.IEN.set(1, 1), 5),
      0x0005_0003,
    ],
    [
      'contiguous low priority submission queue on queue 3',
      spec.CREATE_IO_SQ_CDW11.CQID.set(spec.CREATE_IO_SQ_CDW11.QPRIO.set(1, 3), 3),
      0x0003_0007,
    ],
    ['set features, saved', spec.SET_FEATURES_CDW10.SV.set(spec.FEATURE_NUMBER_OF_QUEUES, 1), 0x8000_0007],
    [
      'get features, supported capabilities',
      spec.GET_FEATURES_CDW10.SEL.set(spec.FEATURE_VOLATILE_WRITE_CACHE, 3),
      0x0000_0306,
    ],
    [
      'get the SMART log, 128 dwords, retain',
      spec.GET_LOG_PAGE_CDW10.RAE.set(spec.GET_LOG_PAGE_CDW10.NUMDL0.set(spec.LOG_SMART, 127), 1),
      0x007f_8002,
    ],
    ['abort command 7 of queue 2', spec.ABORT_CDW10.CID.set(2, 7), 0x0007_0002],
    [
      'ANA change notice',
      spec.ASYNC_EVENT_RESULT.LID.set(
        spec.ASYNC_EVENT_RESULT.AEI.set(spec.ASYNC_EVENT_TYPE_NOTICE, spec.ASYNC_EVENT_NOTICE_ANA_CHANGED),
        spec.LOG_ANA,
      ),
      0x000c_0302,
    ],
    ['deallocate', spec.DSM_CDW11.AD.set(0, 1), 0x0000_0004],
    ['eight queues asked for', spec.FEATURE_NUMBER_OF_QUEUES_VALUE.NCQR0.set(7, 7), 0x0007_0007],
    [
      'identify controller 2 of the list',
      spec.IDENTIFY_CDW10.CNTID.set(spec.IDENTIFY_CNS_CONTROLLER_LIST, 2),
      0x0002_0013,
    ],
  ])('%s', (_, actual, expected) => {
    expect(actual).toBe(expected);
  });
});
