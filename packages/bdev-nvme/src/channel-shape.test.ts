import type { Namespace } from '@phasebit/nvme';
import { ONCS_COMPARE, ONCS_WRITE_ZEROES } from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { scriptedNamespace } from '../test-support/scripted-path.js';
import { ChannelShape, differenceOf } from './channel-shape.js';

const limits = (part: Partial<Namespace['limits']>): Partial<Namespace> => ({
  limits: { ...scriptedNamespace().limits, ...part },
});
const identify = (part: Partial<Namespace['identify']>): Partial<Namespace> => ({
  identify: { ...scriptedNamespace().identify, ...part },
});

const others: [string, Partial<Namespace>][] = [
  ['blockBytes', { blockBytes: 4096 }],
  ['metadataBytes', { metadataBytes: 8 }],
  ['uuid', { uuid: 'another' }],
  ['nguid', identify({ nguid: '01' })],
  ['eui64', identify({ eui64: '01' })],
];

it.each(others)('two namespaces are taken for one: %s', (field, facts) => {
  expect(differenceOf(scriptedNamespace(), scriptedNamespace(facts))).toMatchObject({ field });
});

it('one namespace is taken for two since its size or anything else about it has changed', () => {
  const now = scriptedNamespace({ blocks: 7, boundaryBlocks: 8, ...limits({ offered: 0 }) });
  expect(differenceOf(scriptedNamespace(), now)).toBeUndefined();
});

describe('a channel over two paths', () => {
  const shape = new ChannelShape(
    scriptedNamespace(),
    1000,
    [
      scriptedNamespace({ boundaryBlocks: 100, ...limits({ datasetBlocksMax: 50, offered: 0xff & ~ONCS_COMPARE }) }),
      scriptedNamespace({ transferBlocksMax: 90, ...limits({ writeZeroesBlocksMax: 70 }) }),
    ],
    40,
  );

  it('is promised more than the least of them', () => {
    expect(shape).toMatchObject({
      ...{ requests: 40, pieceBlocksMax: 90, unmapBlocksMax: 50, writeZeroesBlocksMax: 70, boundaryBlocks: 0 },
      offered: 0xff & ~ONCS_COMPARE,
    });
  });

  it.each<[string, Partial<Namespace>]>([
    ...others.map(([field, facts]): [string, Partial<Namespace>] => [`expected ${field}`, facts]),
    ['expected blocks at least 1000, got 999', { blocks: 999 }],
    ['expected blocks of a transfer at least 90, got 89', { transferBlocksMax: 89 }],
    ['expected blocks of a transfer at least 90, got 64', { boundaryBlocks: 64 }],
    ['expected blocks of an unmap at least 50, got 49', limits({ datasetRangeBlocksMax: 49 })],
    ['expected blocks of a write zeroes at least 70, got 69', limits({ writeZeroesBlocksMax: 69 })],
    ['expected ONCS at least', limits({ offered: 0xff & ~ONCS_WRITE_ZEROES })],
  ])('takes a path that gives less: %s', (reason, facts) => {
    expect(shape.whyUnfit(scriptedNamespace(facts))).toContain(reason);
  });

  it.each<[string, Partial<Namespace>]>([
    ['more blocks', { blocks: 2000 }],
    ['larger transfers', { transferBlocksMax: 1000 }],
    ['more commands', limits({ offered: 0xffff })],
  ])('refuses a path that gives more: %s', (_, facts) => {
    expect(shape.whyUnfit(scriptedNamespace(facts))).toBe('');
  });
});
