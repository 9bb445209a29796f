import { ShadowDoorbells } from '@phasebit/pcie';
import { describe, expect, it } from 'vitest';
import { Reader } from '../test-support/reader.js';
import { ScriptedDevice } from '../test-support/scripted-device.js';
import { adoptQueuePair } from './hand-over.js';
import type { QueuePair } from './queue-pair.js';

const DSTRD = 4;
const SQ_WORD = 2 << DSTRD;
const CQ_WORD = 3 << DSTRD;

/** A device that asks for the register when the shadow tail or head passes what it wrote into the EventIdx page. */
function make() {
  const device = new ScriptedDevice({ entries: 8, cqDoorbell: 'poll' });
  const { dma, function: fn, pair } = device;
  const pages = { shadowAddress: dma.allocate(4096), eventIdxAddress: dma.allocate(4096), dstrd: DSTRD };
  const view = (address: number): Int32Array => {
    const { buffer, byteOffset, length } = dma.words(address, 1024);
    return new Int32Array(buffer, byteOffset, length);
  };
  const shadow = view(pages.shadowAddress);
  const eventIdx = view(pages.eventIdxAddress);
  const { counters, doorbells: inner, memoryOrder } = fn;
  const doorbells = new ShadowDoorbells({ inner, shadow, eventIdx, dstrd: DSTRD, counters, memoryOrder });
  return { device, pair, pages, shadow, eventIdx, doorbells, reader: new Reader(device) };
}

function send({ address, callback, namespace }: Reader, pair: QueuePair): void {
  pair.read(namespace, address, 0, 1, 0, callback, 0);
  pair.poll();
}

describe('a pair that rings through shadow doorbells', () => {
  it('writes the register for each tail, or counts what it does not write', () => {
    const { pair, doorbells, pages, shadow, eventIdx, reader } = make();
    send(reader, pair);
    doorbells.start(1, 1, 0);
    pair.useDoorbells(doorbells, pages);
    const before = pair.statistics;
    eventIdx[SQ_WORD] = 3;
    for (let i = 0; i < 4; i++) send(reader, pair);
    expect(shadow[SQ_WORD]).toBe(5);
    const { sqDoorbells, sqShadowWrites } = pair.statistics;
    // Only the step from 3 to 4 passes the event index.
    expect([sqDoorbells - before.sqDoorbells, sqShadowWrites - before.sqShadowWrites]).toEqual([1, 4]);
  });

  it('counts heads as tails', () => {
    const { device, pair, doorbells, pages, shadow, eventIdx, reader } = make();
    doorbells.start(1, 0, 0);
    pair.useDoorbells(doorbells, pages);
    eventIdx[CQ_WORD] = 100;
    send(reader, pair);
    device.complete(device.fetch()!.cid);
    pair.poll();
    expect(shadow[CQ_WORD]).toBe(1);
    expect(pair.statistics).toMatchObject({ sqDoorbells: 1, sqShadowWrites: 1, cqDoorbells: 0, cqShadowWrites: 1 });
  });

  it('goes on through them when it is to write registers again', () => {
    const { device, pair, doorbells, pages, shadow, reader } = make();
    doorbells.start(1, 0, 0);
    pair.useDoorbells(doorbells, pages);
    send(reader, pair);
    pair.useDoorbells(device.function.doorbells);
    send(reader, pair);
    expect(shadow[SQ_WORD]).toBe(1);
    expect(device.sqTailDoorbell).toBe(2);
    expect(pair.statistics.sqShadowWrites).toBe(1);
  });

  it('writes registers on the thread that it is handed over to', () => {
    const { device, pair, doorbells, pages, shadow, eventIdx, reader } = make();
    doorbells.start(1, 0, 0);
    pair.useDoorbells(doorbells, pages);
    const second = adoptQueuePair({ ...device.function }, structuredClone(pair.release()));
    eventIdx[SQ_WORD] = 100;
    send(reader, second);
    expect(shadow[SQ_WORD]).toBe(1);
    expect(device.sqTailDoorbell).toBe(0);
    expect(second.statistics).toMatchObject({ sqDoorbells: 0, sqShadowWrites: 1 });
  });

  it('is handed over although nobody said where the pages are', () => {
    const { pair, doorbells } = make();
    pair.useDoorbells(doorbells);
    expect(() => pair.release()).toThrow('lacksShadowPages=true');
  });
});
