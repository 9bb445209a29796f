import type { Namespace } from '@phasebit/nvme';
import { CMIC_MULTI_CONTROLLER, ONCS_COMPARE } from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { NvmeBdev, NvmeBdevError, type PathController } from './index.js';

interface Facts {
  readonly cntlid?: number;
  readonly cmic?: number;
  readonly subnqn?: string;
  readonly blocks?: number;
  readonly blockBytes?: number;
  readonly uuid?: string;
  readonly nguid?: string;
  readonly eui64?: string;
  readonly oncs?: number;
  readonly state?: string;
  readonly metadataBytes?: number;
}

/** A controller of which only what makes a path the same or another is filled in. */
function source(facts: Facts = {}): PathController {
  const { cntlid = 0, cmic = CMIC_MULTI_CONTROLLER, subnqn = 'nqn.test', blocks = 1000, blockBytes = 512 } = facts;
  const { uuid = 'uuid', nguid = '00', eui64 = '00', oncs = ONCS_COMPARE, state = 'READY', metadataBytes = 0 } = facts;
  const namespace = { nsid: 1, blocks, blockBytes, metadataBytes, uuid, identify: { nguid, eui64 } } as Namespace;
  const identity = { cntlid, cmic, subnqn, oncs };
  return { controller: { state, identity, namespace: () => namespace } } as unknown as PathController;
}

const open = (...controllers: PathController[]): NvmeBdev => new NvmeBdev({ name: 'nvme0n1', controllers, nsid: 1 });

describe('a block device', () => {
  it('says something else of itself than its namespace does', () => {
    const bdev = open(source({ cntlid: 1 }), source({ cntlid: 2 }));
    expect(bdev).toMatchObject({ name: 'nvme0n1', nsid: 1, blockBytes: 512, blockCount: 1000 });
  });

  it('is opened over no controller, or over none that is ready', async () => {
    expect(() => open()).toThrow(expect.objectContaining({ name: 'NvmeBdevError', code: 'NO_PATH' }));
    await expect(open(source({ state: 'FAILED' })).openChannel()).rejects.toMatchObject({ code: 'NO_PATH' });
  });

  it.each<[string, Facts]>([
    ['subnqn', { subnqn: 'nqn.other' }],
    ['blocks', { blocks: 1001 }],
    ['blockBytes', { blockBytes: 4096 }],
    ['nguid', { nguid: '01' }],
    ['eui64', { eui64: '01' }],
    ['uuid', { uuid: 'another' }],
  ])('takes two namespaces for one: %s', (field, facts) => {
    const error = expect.objectContaining({ code: 'PATHS_DIFFER', facts: expect.objectContaining({ field }) });
    expect(() => open(source({ cntlid: 1 }), source({ cntlid: 2, ...facts }))).toThrow(error);
  });

  it('has two paths through one controller', () => {
    expect(() => open(source({ cntlid: 3 }), source({ cntlid: 3 }))).toThrow(
      new NvmeBdevError('PATHS_ALIKE', { cntlids: '3 3' }),
    );
  });

  it('has a second path through a controller that says it is the only one', () => {
    expect(() => open(source({ cntlid: 1 }), source({ cntlid: 2, cmic: 0 }))).toThrow(/only one of its subsystem/);
  });

  it('is made of blocks with metadata, for which its buffers have no room', () => {
    expect(() => open(source({ metadataBytes: 8 }))).toThrow(
      new NvmeBdevError('METADATA', { name: 'nvme0n1', nsid: 1, metadataBytes: 8 }),
    );
  });

  it('is opened with a retry policy that cannot be', () => {
    const retry = { retryLimit: -2, pathErrorTimeoutNs: 0 };
    expect(() => new NvmeBdev({ name: 'x', controllers: [source()], nsid: 1, retry })).toThrow(/^retryLimit: expected/);
  });
});
