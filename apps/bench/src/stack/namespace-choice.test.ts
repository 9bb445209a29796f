import type { Namespace } from '@phasebit/nvme';
import { describe, expect, it } from 'vitest';
import { parseArguments } from '../cli/arguments.js';
import { sampleDevice } from '../report/sample-result.test-data.js';
import { chooseNamespace, expectUsable } from './namespace-choice.js';

function stackOf(line: string) {
  const parsed = parseArguments(['run', ...line.split(' ').filter(Boolean)]);
  if (parsed.kind === 'exit') throw new Error(parsed.stderr);
  return parsed.options.stack;
}

function deviceWith(...nsids: number[]) {
  const [namespace] = sampleDevice().namespaces;
  return sampleDevice({ namespaces: nsids.map((nsid) => ({ ...namespace, nsid })) });
}

describe('the namespace of a run', () => {
  it.each([
    ['', [1], 1],
    ['', [3, 1, 2], 1],
    ['', [7, 3], 3],
    ['--nsid=7', [3, 7], 7],
  ])('with "%s" of %j is %i', (line, nsids, nsid) => {
    expect(chooseNamespace(stackOf(line), deviceWith(...nsids))).toBe(nsid);
  });

  it('is refused where it is not there', () => {
    expect(() => chooseNamespace(stackOf('--nsid=2'), deviceWith(1, 3))).toThrow(
      '--nsid: expected an active namespace of vfio:0000:01:00.0, one of 1 3, got 2',
    );
    expect(() => chooseNamespace(stackOf(''), deviceWith())).toThrow('expected an active namespace, found none');
  });

  const PLAIN = { nsid: 1, unusable: '', isExtended: false, metadataBytes: 0, blockBytes: 512, piType: 0 };
  const use = (line: string, changes: Partial<typeof PLAIN>) => () =>
    expectUsable(stackOf(line), { ...PLAIN, ...changes } as Namespace, sampleDevice());

  it('has blocks that the jobs can move', () => {
    expect(use('', {})).not.toThrow();
    expect(use('--layer=nvme', { metadataBytes: 8 })).not.toThrow();
    const protectedBlocks = { metadataBytes: 8, piType: 1 };
    expect(use('--device=vfio:01:00.0 --layer=nvme --pi=on', protectedBlocks)).not.toThrow();
  });

  it.each([
    ['', { unusable: 'expected blocks of 2^9 to 2^16 bytes, got 2^3' }, 'namespace 1 of vfio:0000:01:00.0: expected'],
    ['--layer=nvme', { metadataBytes: 8, isExtended: true }, 'got 512+8 with metadata inside'],
    ['--layer=bdev', { metadataBytes: 8 }, 'expected --layer=nvme for blocks with metadata (512+8), got --layer=bdev'],
    ['--device=vfio:01:00.0 --layer=nvme --pi=on', {}, '--pi: expected a namespace with protection information'],
    ['--device=vfio-user:/x --layer=nvme --scatter', { metadataBytes: 8 }, '--scatter: expected contiguous memory'],
  ])('is refused with "%s" where it is %j', (line, changes, message) => {
    expect(use(line, changes)).toThrow(message);
  });
});
