import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { carryOut } from '../test-support/carry-out.js';
import { type BusRange, busRanges, joined, PointerWalk } from '../test-support/pointer-walk.js';
import { plainNamespace, ScriptedDevice } from '../test-support/scripted-device.js';
import type { Namespace } from './namespace.js';
import { BIT_BUCKET, IoVector } from './scatter-list.js';
import { SUBMIT_ACCEPTED, SUBMIT_NEVER } from './submit-result.js';
import { Transfer } from './transfer.js';

const READ = 2;
const WRITE = 1;
const SGLS_ANY = 1;
const SGLS_DWORDS = 2;
const SGLS_METADATA = 1 << 19;

const entries = { entries: 4, requests: 500 };

interface Element {
  readonly address: number;
  readonly bytes: number;
}

function vectorOf(elements: readonly Element[]): IoVector {
  const vector = new IoVector(elements.length);
  for (const { address, bytes } of elements) vector.add(address, bytes);
  return vector;
}

describe('separate metadata in pieces', () => {
  const format = { blockBytes: 512, metadataBytes: 8, transferBlocksMax: 200 };

  /** The part of a list that a piece of a transfer is, on the bus. */
  function partOf(device: ScriptedDevice, elements: readonly Element[], from: number, bytes: number): BusRange[] {
    const ranges: BusRange[] = [];
    let at = 0;
    for (const element of elements) {
      const start = Math.max(from, at);
      const end = Math.min(from + bytes, at + element.bytes);
      if (start < end) ranges.push(...busRanges(device.dma, element.address + start - at, end - start));
      at += element.bytes;
    }
    return joined(ranges);
  }

  const SGLS_BOTH = SGLS_ANY | SGLS_METADATA;
  it.each([
    ['PRPs', 'prp', 0, 1, false],
    ['PRPs, though there are SGLs', 'auto', SGLS_ANY, 1, false],
    ['SGLs', 'sgl', SGLS_ANY, 1, true],
    ['SGLs for metadata too', 'sgl', SGLS_BOTH, 7, true],
    ['SGLs for metadata too, because of it alone', 'auto', SGLS_BOTH, 7, true],
    ['SGLs of dwords', 'sgl', SGLS_DWORDS | SGLS_METADATA, 7, true],
  ] as const)('is somewhere else, or cut elsewhere, with %s', (_, payload, sgls, runsMax, isSgl) => {
    const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.option(fc.nat(50), { nil: undefined }), sizes, fc.nat(4095), (seed, lengths, offset) => {
        const device = new ScriptedDevice({ ...entries, payload }, seed, { sgls });
        const namespace = plainNamespace(format);
        const base = device.dma.allocate(1 << 18);
        // In whole blocks, so that none is torn; some meet, since the gap behind them is none.
        const elements: Element[] = [];
        for (let at = base + (offset & ~7), i = 0; i < lengths.length; i++) {
          elements.push({ address: at, bytes: lengths[i] * 8 });
          at += lengths[i] * 8 + (i % 3 === 0 ? 0 : 4096 + 8);
        }
        const blocks = lengths.reduce((sum, each) => sum + each, 0);
        const transfer = new Transfer();
        transfer.set(device.dma.allocate(blocks * 512), 7, blocks, 0);
        transfer.metadataScatter = vectorOf(elements);
        expect(device.pair.submitTransfer(WRITE, namespace, transfer, () => undefined, 0)).toBe(SUBMIT_ACCEPTED);
        const pieces = carryOut(device, namespace, (count) => count * 512);
        const walk = new PointerWalk(device.dma);
        let done = 0;
        for (const { lba, blocks: count, dwords, data } of pieces) {
          expect(lba - 7).toBe(done);
          expect(PointerWalk.psdt(dwords) !== 0).toBe(isSgl);
          const runs = partOf(device, elements, done * 8, count * 8);
          expect(runs.length).toBeLessThanOrEqual(runsMax);
          expect(joined(walk.metadata(dwords, count * 8))).toEqual(runs);
          expect(data).toEqual(joined(busRanges(device.dma, transfer.address + done * 512, count * 512)));
          done += count;
          // It is cut after each 200 blocks, and else no sooner than it has to be.
          const more = partOf(device, elements, (done - count) * 8, (count + 1) * 8);
          if (done < blocks && done % 200 !== 0) expect(more.length).toBeGreaterThan(runsMax);
        }
        expect(done).toBe(blocks);
      }),
      { numRuns: 25 },
    );
  });

  it.each<[string, Element[], string]>([
    ['is short', [{ address: 0, bytes: 24 }], 'scatter list: expected 8 more bytes in another element'],
    ['has an element that is no memory', [{ address: 2 ** 31 - 4, bytes: 32 }], 'scatter list: expected an element'],
    ['has a bit bucket', [{ address: BIT_BUCKET, bytes: 32 }], 'metadata: expected elements of DMA memory'],
    ['begins between dwords', [{ address: 2, bytes: 32 }], 'metadata: expected an address that is a multiple of 4'],
    [
      'tears a block',
      [
        { address: 0, bytes: 4 },
        { address: 4096, bytes: 28 },
      ],
      'metadata: expected that of a block to fit into 1 runs on the bus, bytes that did, got 4',
    ],
  ])('is sent although it %s', (_, elements, why) => {
    const device = new ScriptedDevice(entries);
    const base = device.dma.allocate(1 << 16);
    const transfer = new Transfer();
    transfer.set(base, 0, 4, 0);
    const absolute = elements.map(({ address, bytes }) => ({
      address: address < 0 || address > 1 << 20 ? address : base + 8192 + address,
      bytes,
    }));
    transfer.metadataScatter = vectorOf(absolute);
    const submit = (namespace: Namespace): number =>
      device.pair.submitTransfer(READ, namespace, transfer, () => undefined, 0);
    expect(submit(plainNamespace(format))).toBe(SUBMIT_NEVER);
    expect(device.pair.lastRefusal).toContain(why);
    expect(device.pair.outstanding).toBe(0);
    expect(submit(plainNamespace())).toBe(SUBMIT_NEVER);
    expect(device.pair.lastRefusal).toContain('since the namespace has no separate metadata');
    transfer.clear();
    expect(transfer.metadataScatter).toBeNull();
  });

  it.each([
    ['prp', 0],
    ['sgl', SGLS_ANY | SGLS_METADATA],
  ] as const)('is believed when it is another at the second look, with %s', (payload, sgls) => {
    const device = new ScriptedDevice({ ...entries, payload }, undefined, { sgls });
    const base = device.dma.allocate(1 << 16);
    let walks = 0;
    let at = 0;
    const elements = (): Element[] => {
      const fine = [
        { address: base + 8192, bytes: 16 },
        { address: base + 8208, bytes: 16 },
      ];
      const torn = Array.from({ length: 8 }, (_, i) => ({ address: base + 8192 * (7 - i), bytes: 4 }));
      return walks > 1 ? torn : fine;
    };
    const transfer = new Transfer();
    transfer.set(base, 0, 4, 0);
    transfer.metadataScatter = {
      address: 0,
      bytes: 0,
      reset() {
        walks++;
        at = 0;
      },
      next() {
        const element = elements()[at++];
        if (element === undefined) return false;
        Object.assign(this, element);
        return true;
      },
    };
    const answer = device.pair.submitTransfer(READ, plainNamespace(format), transfer, () => undefined, 0);
    expect([answer, device.pair.outstanding]).toEqual([SUBMIT_NEVER, 0]);
    expect(device.pair.lastRefusal).toContain('expected the same elements when it is walked again');
  });
});
