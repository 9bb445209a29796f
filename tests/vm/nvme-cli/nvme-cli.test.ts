/**
 * The comparison itself, on what nvme-cli 2.3 once printed of QEMU's controller and what our driver found out about the same one. The sample
 * is made anew by `PHASEBIT_VM_RECORD=$PWD/tests/vm/nvme-cli/recorded.json npm run test:vm -- tests/vm/identify.vm.ts`.
 */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { askNvmeCli, type CliObject, type CliReport, parseCliJson } from './cli-report.js';
import { compareReports } from './compare-reports.js';
import { CONTROLLER_TABLE, NVM_CONTROLLER_TABLE, POWER_STATE_TABLE } from './controller-tables.js';
import { decodeReport, encodeReport } from './driver-report.js';
import { compareFeatures, parseFeature } from './features.js';
import { canonical, compareFields, COUNTS_ON, type FieldTable, row, same } from './field-table.js';
import { compareFirmwareSlots, ERROR_TABLE, SMART_TABLE } from './log-tables.js';
import {
  compareDescriptors,
  EXTENDED_LBA_FORMAT_TABLE,
  LBA_FORMAT_TABLE,
  NAMESPACE_TABLE,
  NVM_NAMESPACE_TABLE,
} from './namespace-tables.js';
import { REGISTER_TABLE } from './register-table.js';

interface Recorded {
  readonly printed: readonly string[];
  readonly report: string;
}

const recorded = JSON.parse(readFileSync(new URL('recorded.json', import.meta.url), 'utf8')) as Recorded;
const ours = decodeReport(recorded.report);
let theirs: CliReport;

beforeAll(async () => {
  const printed = [...recorded.printed];
  theirs = await askNvmeCli(async () => printed.shift() ?? '', '/dev/nvme1');
});

type Change = (value: unknown) => unknown;

/** Each way to change one value inside an object, lists and objects in it included, with the path to the value. */
function* changed(value: unknown, change: Change, path = ''): Generator<{ path: string; value: unknown }> {
  if (typeof value !== 'object' || value === null) {
    yield { path, value: change(value) };
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    for (const each of changed(inner, change, `${path}.${key}`)) {
      const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Record<string, unknown>;
      copy[key] = each.value;
      yield { path: each.path, value: copy };
    }
  }
}

/** Any other value of the same kind. */
const another: Change = (value) => {
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 77;
  return typeof value === 'bigint' ? value + 77n : `7${String(value)}`;
};

const TABLES = [
  ...[CONTROLLER_TABLE, POWER_STATE_TABLE, NVM_CONTROLLER_TABLE, NAMESPACE_TABLE, LBA_FORMAT_TABLE],
  ...[NVM_NAMESPACE_TABLE, EXTENDED_LBA_FORMAT_TABLE, SMART_TABLE, ERROR_TABLE, REGISTER_TABLE],
] as unknown as readonly FieldTable<Record<string, unknown>>[];

/** Fields of ours that may have another value: those that move, that this version of nvme-cli does not have, that are not told. */
const freeFields = (version: number): Set<string> =>
  new Set(
    TABLES.flatMap(({ rows, untold }) => [
      ...rows
        .filter(({ moves, since = 0, when }) => moves !== undefined || since > version || when !== undefined)
        .flatMap(({ fields }) => fields),
      ...Object.keys(untold),
    ]),
  );
const nameOf = (path: string): string => path.replace(/(\.\d+)+$/, '').replace(/^.*\./, '');

describe('the recorded sample', () => {
  it('differs in some field', () => {
    expect(compareReports(theirs, ours)).toEqual([]);
  });

  it('has fewer than a controller with several namespaces and power states', () => {
    expect(theirs.version).toBe(3);
    expect(theirs.namespaces.map(({ nsid }) => nsid)).toEqual([1, 2, 5, 9, 200]);
    expect(theirs.idCtrl['psds']).toHaveLength(1);
    expect(theirs.features.filter(({ status }) => status !== 0).length).toBeGreaterThan(0);
  });

  it.each([
    ...(['idCtrl', 'nvmIdCtrl', 'errors', 'firmware', 'registers'] as const),
    ...(['activeNamespaces', 'controllers', 'refusals', 'namespaces'] as const),
  ])('compares equal with another value anywhere in %s', (part) => {
    const unnoticed: string[] = [];
    for (const { path, value } of changed(theirs[part], another)) {
      if (compareReports({ ...theirs, [part]: value }, ours).length === 0) unnoticed.push(path);
    }
    const moving = TABLES.flatMap(({ rows }) => rows.filter(({ moves }) => moves !== undefined));
    const mayBe = new Set(moving.map(({ key }) => key));
    expect(unnoticed.filter((path) => !mayBe.has(nameOf(path)))).toEqual([]);
  });

  it.each(['identity', 'limits', 'smart', 'errors', 'firmware', 'registers', 'controllers', 'namespaces'] as const)(
    'compares equal with another value anywhere in our %s',
    (part) => {
      const unnoticed: string[] = [];
      for (const { path, value } of changed(ours[part], another)) {
        if (compareReports(theirs, { ...ours, [part]: value }).length === 0) unnoticed.push(path);
      }
      const mayBe = freeFields(theirs.version);
      expect(unnoticed.filter((path) => !mayBe.has(nameOf(path)))).toEqual([]);
    },
  );

  it('comes back other than it was from text', () => {
    expect(decodeReport(encodeReport(ours))).toEqual(ours);
  });
});

describe('a comparison by a table', () => {
  interface Thing {
    readonly a: number;
    readonly b: number | bigint;
    readonly c?: string;
  }
  const table: FieldTable<Thing> = {
    name: 'thing',
    rows: [...same<Thing>('a'), row<Thing>('bee', ['b'], ({ b }) => b, { since: 5, moves: COUNTS_ON })],
    untold: { c: 'nobody asks' },
  };
  const compare = (theirs: CliObject, mine: Thing, version = 5): string[] =>
    compareFields(table, theirs, mine, version);

  it('does not notice a key that is not in the table', () => {
    expect(compare({ a: 1, bee: 2, new: 0 }, { a: 1, b: 2 })).toEqual([
      'thing: nvme-cli 2.5 says new, which is not in the table',
    ]);
  });

  it('does not notice a key that has gone, or that comes before its version', () => {
    expect(compare({ a: 1 }, { a: 1, b: 2 })).toEqual(['thing.bee: expected from nvme-cli 2.5, is not there']);
    expect(compare({ a: 1 }, { a: 1, b: 2 }, 4)).toEqual([]);
    expect(compare({ a: 1, bee: 2 }, { a: 1, b: 2 }, 4)).toEqual([
      'thing: nvme-cli 2.4 says bee, which is not in the table',
    ]);
  });

  it('does not notice a field of ours that nobody is told', () => {
    const mine = { a: 1, b: 2, c: 'fine', d: 4 } as Thing;
    expect(compare({ a: 1, bee: 2 }, mine)).toEqual(['thing: our field d is not in the table']);
  });

  it('takes a counter that went back, or refuses one that went on', () => {
    expect(compare({ a: 1, bee: '9007199254740993' }, { a: 1, b: 9007199254740994n })).toEqual([]);
    expect(compare({ a: 1, bee: 3 }, { a: 1, b: 2 })).toEqual([
      'thing.bee: nvme-cli says 3, ours 2 (a counter, which goes on in between)',
    ]);
  });

  it('mistakes one form of a value for another value', () => {
    expect([canonical(-1), canonical(0xffff_ffff), canonical('QEMU  '), canonical(true)]).toEqual([
      ...['4294967295', '4294967295', 'QEMU', '1'],
    ]);
  });

  it('leaves out fields of a whole table', () => {
    expect(TABLES.flatMap(({ rows }) => rows).length).toBeGreaterThan(240);
  });
});

describe('what nvme-cli prints', () => {
  it('loses digits of a long number', () => {
    expect(parseCliJson('{ "cap":18040924479227903, "vs":66560, "lbas": [1] }')).toEqual({
      ...{ cap: '18040924479227903', vs: 66560, lbas: [1] },
    });
    expect(() => parseCliJson('NVMe status: whatever')).toThrow('expected JSON of nvme-cli, got:\nNVMe status');
  });

  it('is a feature that was not told', () => {
    const told = 'get-feature:0x01 (Arbitration), Current value:0x00000007\n';
    expect(parseFeature(1, told)).toEqual({ fid: 1, status: 0, value: 7 });
    expect(parseFeature(2, 'get-feature:0x02 (Power Management), Current value:00000000\n')).toMatchObject({
      value: 0,
    });
    expect(parseFeature(12, 'NVMe status: Invalid Field in Command: text(0x4002)\n')).toEqual({
      fid: 12,
      status: 0x4002,
      value: 0,
    });
    expect(() => parseFeature(2, told)).toThrow('get-feature 2: expected a value or a status');
  });

  it('is a feature with another value or status', () => {
    const one = { fid: 1, status: 0, value: 7 };
    expect(compareFeatures([one], [{ ...one, value: 8 }])).toEqual(['get-feature 1: nvme-cli says 0x7, ours says 0x8']);
    expect(compareFeatures([one], [{ ...one, status: 2 }])).toEqual([
      'get-feature 1: nvme-cli says 0x7, ours is refused with 0x2',
    ]);
    expect(compareFeatures([one], [])).toEqual(['get-feature 1: nvme-cli was asked, ours was not']);
    expect(compareFeatures([{ ...one, fid: 11 }], [{ ...one, fid: 11, value: 9 }])).toEqual([]);
  });

  it('is a firmware slot that ours does not have, or has with another revision', () => {
    const log = { activeSlot: 1, nextSlot: 2, revisions: ['1.0', '', '', '', '', '', ''] };
    const told = { 'Active Firmware Slot (afi)': 0x21, 'Firmware Rev Slot 1': '2314885530819505713 (1.0.....)' };
    expect(compareFirmwareSlots(told, log)).toEqual([]);
    expect(compareFirmwareSlots(told, { ...log, nextSlot: 0 })).toHaveLength(1);
    expect(compareFirmwareSlots(told, { ...log, revisions: ['1.1'] })).toHaveLength(1);
    expect(compareFirmwareSlots({ ...told, 'Firmware Rev Slot 3': '49 (1)' }, log)).toHaveLength(1);
  });

  it('is a descriptor that ours does not have, or at another place', () => {
    const eui64 = { loc: 0, nidt: 1, nidl: 8, type: 'eui64', eui64: '0123456789abcdef' };
    const csi = { loc: 12, nidt: 4, nidl: 1, Type: 'csi', csi: '0x2' };
    expect(compareDescriptors([eui64, csi], { eui64: '0123456789abcdef', csi: 2 })).toEqual([]);
    expect(compareDescriptors([eui64, { ...csi, loc: 13 }], { eui64: '0123456789abcdef', csi: 2 })).toHaveLength(1);
    expect(compareDescriptors([eui64], { eui64: '0123456789abcdef', csi: 2 })).toHaveLength(1);
    expect(compareDescriptors([eui64], {})).toHaveLength(1);
  });
});
