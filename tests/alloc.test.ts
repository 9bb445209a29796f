/**
 * Nothing is allocated per I/O once a stack is up: measured, in a process of its own for each load, over a million I/Os.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, bundle } from './support/bundle.js';
import { PLAIN, type ProbeResult, type ProbeSpec } from './support/probe-spec.js';

const BYTES_PER_IO_MAX = 0.5;
/**
 * The young generation is larger than all that a run may leave behind, so that what is allocated is seen and not collected; and V8 does not
 * tidy up because some seconds went by, as they do in a long load on a slow machine.
 */
const FLAGS = ['--expose-gc', '--max-semi-space-size=64', '--no-memory-reducer'];

let probe: Bundle;
const measured: string[] = [];

beforeAll(async () => {
  probe = await bundle('allocation-probe.ts');
});

afterAll(() => {
  probe.remove();
  console.info(['bytes per I/O  collections  ns per I/O  load', ...measured].join('\n'));
});

async function measure(name: string, changes: Partial<ProbeSpec>): Promise<ProbeResult> {
  const spec = JSON.stringify({ ...PLAIN, ...changes });
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, probe.file, spec], { timeout: 110_000 });
  const result = JSON.parse(stdout) as ProbeResult;
  const columns = [result.bytesPerIo.toFixed(3).padStart(13), String(result.collections).padStart(11)];
  measured.push([...columns, result.nsPerIo.toFixed(0).padStart(10), ` ${name}`].join('  '));
  return result;
}

const { queuePair } = PLAIN;
const FEWER = { ios: 400_000 };
const FUA = 0x4000_0000;
const CHECK_GUARD_AND_TAG = 0x1800_0000;
const SEPARATE = { blockBytes: 4096, metadataBytes: 8, isExtended: false, piType: 3, guardBits: 16 } as const;
const CHECKED = { extra: 'transfer', medium: 'ram', writeEvery: 2, flags: CHECK_GUARD_AND_TAG } as const;
const NEVER_STRIKES = { kind: 'status', opcode: 0x7f, status: 0x281 } as const;
const LOADS: readonly (readonly [name: string, changes: Partial<ProbeSpec>])[] = [
  ['reads through driver and device', {}],
  ['reads through the whole stack over two paths', { layer: 'bdev', controllers: 2 }],
  ['reads and writes of RAM', { medium: 'ram', writeEvery: 3 }],
  ['reads and writes of RAM through the whole stack', { layer: 'bdev', controllers: 2, medium: 'ram', writeEvery: 3 }],
  ['a submission doorbell for each command', { queuePair: { ...queuePair, sqDoorbell: 'command' } }],
  ['a completion doorbell for each poll', { queuePair: { ...queuePair, cqDoorbell: 'poll' } }],
  ['callbacks kept in requests', { queuePair: { ...queuePair, callbackIn: 'request' } }],
  ['no look ahead', { queuePair: { ...queuePair, lookAhead: false } }],
  ['PRP lists', { blocks: 8 }],
  ['blocks past 2^32', { lbaBase: 2 ** 33 }],
  ['transfers that split', { blocks: 4, mdts: 1 }],
  ['transfers that split, through the whole stack', { blocks: 4, mdts: 1, layer: 'bdev', controllers: 2 }],
  ['reads that are traced', { extra: 'trace' }],
  ['reads that are looked at for errors to inject', { extra: 'injection' }],
  ['reads through a poll group', { extra: 'group' }],
  ['payloads in pieces', { extra: 'vector', blocks: 4, queuePair: { ...queuePair, payload: 'prp' } }],
  ['pieces as an SGL', { ...FEWER, extra: 'vector', blocks: 4, queuePair: { ...queuePair, payload: 'sgl' } }],
  ['writes with Force Unit Access', { ...FEWER, extra: 'transfer', medium: 'ram', writeEvery: 2, flags: FUA }],
  ['hints', { ...FEWER, extra: 'transfer', medium: 'ram', writeEvery: 2, dsm: 0x45 }],
  ['separate metadata that is checked', { ...FEWER, ...CHECKED, format: SEPARATE }],
  ['extended blocks that are checked', { ...FEWER, ...CHECKED, format: { ...SEPARATE, isExtended: true } }],
  ['shadow doorbells', { device: { shadowDoorbells: 'polling' } }],
  ['weighted round robin', { driver: { arbitration: { highWeight: 4 } } }],
  ['faults that never strike', { device: { faults: { seed: 1, rules: [NEVER_STRIKES] } } }],
  ['flash that takes its time', { ...FEWER, medium: 'nand', extra: 'transfer', writeEvery: 4 }],
  ['more outstanding than trackers', { queuePair: { ...queuePair, entries: 64, requests: 256 } }],
  [
    'transfers that the block layer cuts, over a driver short of requests',
    { layer: 'bdev', blocks: 4, mdts: 1, depth: 16, queuePair: { ...queuePair, requests: 4 } },
  ],
];

describe('an I/O leaves nothing on the heap', () => {
  it.each(LOADS)('%s', async (name, changes) => {
    const { bytesPerIo, collections, splitPerIo, queuedPerIo } = await measure(name, changes);
    expect(collections).toBe(0);
    expect(bytesPerIo).toBeLessThan(BYTES_PER_IO_MAX);
    // The load is what its name says.
    expect(splitPerIo).toBe(changes.mdts === 1 && changes.queuePair === undefined ? 1 : 0);
    expect(queuedPerIo > 0).toBe(changes.queuePair?.entries === 64);
  });

  it('but one that does is seen', async () => {
    const { bytesPerIo, collections } = await measure('(a load that allocates by itself)', { leaks: true });
    expect(bytesPerIo > BYTES_PER_IO_MAX || collections > 0).toBe(true);
  });
});
