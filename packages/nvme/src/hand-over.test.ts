import {
  createDmaArena,
  createLinkMemory,
  describeLink,
  DmaSpace,
  LinkDevice,
  openLink,
  reopenLink,
} from '@phasebit/pcie';
import { describe, expect, it } from 'vitest';
import { plainNamespace, ScriptedDevice } from '../test-support/scripted-device.js';
import { Reader } from '../test-support/reader.js';
import type { DriverError } from './errors.js';
import { adoptQueuePair } from './hand-over.js';
import type { QueuePair } from './queue-pair.js';
import { SUBMIT_ACCEPTED, SUBMIT_FAILED } from './submit-result.js';

/** The same function as another thread would see it: other objects over the same memory, where that is shared. */
function sameFunction(device: ScriptedDevice): ScriptedDevice['function'] {
  return { ...device.function };
}

function errorOf(action: () => unknown): DriverError {
  try {
    action();
  } catch (error) {
    return error as DriverError;
  }
  throw new Error('expected a refusal');
}

/** The reader's device, driven by another queue pair object. */
function readThrough(reader: Reader, pair: QueuePair, ...lbas: number[]): void {
  for (const lba of lbas) {
    pair.read(reader.namespace, reader.address, lba, 1, 0, reader.callback, lba);
    pair.poll();
    for (const { cid, slba } of reader.device.fetchAll()) {
      expect(slba).toBe(lba);
      reader.device.complete(cid);
    }
    pair.poll();
  }
}

describe('a queue pair that is handed over', () => {
  it.each([
    [0, 'half'],
    [1, 'half'],
    [5, 'poll'],
    [13, 'half'],
    [100, 'half'],
  ] as const)('loses its place in the rings after %i commands, completions given back: %s', (commands, cqDoorbell) => {
    const device = new ScriptedDevice({ entries: 8, requests: 4, cqDoorbell });
    const reader = new Reader(device);
    for (let i = 0; i < commands; i++) readThrough(reader, device.pair, i);
    device.pair.setTick(77);
    const description = structuredClone(device.pair.release());
    const second = adoptQueuePair(sameFunction(device), description);
    for (let i = 0; i < 20; i++) readThrough(reader, second, commands + i);
    const third = adoptQueuePair(sameFunction(device), structuredClone(second.release()));
    readThrough(reader, third, 1000);
    expect(reader.done.length).toBe(commands + 21);
    expect(reader.done.every(([, status]) => status === 0)).toBe(true);
    expect(second.statistics).toMatchObject({ submitted: 20, spurious: 0 });
    expect(description.state.tickNow).toBe(77);
  });

  it('gives out command identifiers that a late completion could still name', () => {
    const device = new ScriptedDevice({ entries: 4, requests: 1 });
    const reader = new Reader(device);
    device.pair.read(reader.namespace, reader.address, 1, 1, 0, reader.callback, 1);
    const [{ cid }] = reader.pollAndFetch();
    device.complete(cid);
    device.pair.poll();
    const second = adoptQueuePair(sameFunction(device), structuredClone(device.pair.release()));
    second.read(reader.namespace, reader.address, 2, 1, 0, reader.callback, 2);
    second.poll();
    const next = device.fetch()!;
    expect(next.cid).not.toBe(cid);
    device.complete(cid);
    second.poll();
    expect(reader.contexts).toEqual([1]);
    expect(second.statistics.duplicates).toBe(1);
  });

  it('leaves dwords of an earlier command in the ring', () => {
    const device = new ScriptedDevice({ entries: 2 });
    const reader = new Reader(device);
    device.pair.submitCommand(new Int32Array(16).fill(-1).fill(0x7d, 0, 1), 0, 0, reader.callback, 'wide');
    device.complete(reader.pollAndFetch()[0].cid);
    device.pair.poll();
    readThrough(reader, device.pair, 1);
    const second = adoptQueuePair(sameFunction(device), structuredClone(device.pair.release()));
    second.read(reader.namespace, reader.address, 2, 1, 0, reader.callback, 2);
    second.poll();
    expect(device.fetch()!.dwords.filter((word) => word === 0xffff_ffff)).toEqual([]);
  });

  it('can still be used by the thread that let go of it', () => {
    const device = new ScriptedDevice({ entries: 8 });
    const reader = new Reader(device);
    const { pair } = device;
    pair.release();
    expect(pair.isReleased).toBe(true);
    expect(pair.connected).toBe(false);
    expect(reader.read(1)).toEqual([SUBMIT_FAILED]);
    expect(errorOf(() => pair.poll())).toMatchObject({ code: 'QUEUE_RELEASED', facts: { qid: 1 } });
    expect(errorOf(() => pair.release()).code).toBe('QUEUE_RELEASED');
    const { sqDoorbellWrites, cqDoorbellWrites } = device.function.counters;
    pair.suspend();
    pair.resume();
    pair.disconnect();
    pair.retire();
    pair.collect();
    expect(device.function.counters).toMatchObject({ sqDoorbellWrites, cqDoorbellWrites });
  });

  it('is freed by both sides, or by none', () => {
    const device = new ScriptedDevice({ entries: 8 });
    const { pair } = device;
    const second = adoptQueuePair(sameFunction(device), structuredClone(pair.release()));
    second.disconnect();
    second.free();
    pair.free();
    expect(() => pair.free()).toThrow('expected the start of an allocation');
  });

  it('is released with commands that somebody waits for', () => {
    const device = new ScriptedDevice({ entries: 3 });
    const reader = new Reader(device);
    const { pair } = device;
    reader.read(1, 2, 3);
    expect(errorOf(() => pair.release())).toMatchObject({ code: 'QUEUE_BUSY', facts: { inFlight: 2, outstanding: 3 } });
    for (let turn = 0; turn < 3; turn++) for (const { cid } of reader.pollAndFetch()) device.complete(cid);
    pair.suspend();
    expect(errorOf(() => pair.release()).facts).toMatchObject({ suspended: true, outstanding: 0 });
    device.restart();
    pair.resume();
    let refusal: DriverError | undefined;
    pair.read(reader.namespace, reader.address, 9, 1, 0, () => (refusal = errorOf(() => pair.release())), 0);
    device.complete(reader.pollAndFetch()[0].cid);
    pair.poll();
    expect(refusal?.facts).toMatchObject({ polling: true, outstanding: 0 });
    pair.disconnect();
    expect(errorOf(() => pair.release()).facts).toMatchObject({ connected: false });
  });

  it('is adopted where its memory is not', () => {
    const device = new ScriptedDevice({ entries: 8 });
    const description = device.pair.release();
    const elsewhere = new ScriptedDevice({ entries: 8 });
    const place = { ...description.place, sqAddress: 1 << 30 };
    expect(() => adoptQueuePair(elsewhere.function, { ...description, place })).toThrow(RangeError);
  });
});

describe('a function that is reopened', () => {
  it('reaches other doorbells or other memory than the pair had', () => {
    const memory = createLinkMemory({ queues: 4, shared: true });
    const dma = new DmaSpace(16 << 20);
    dma.attach(createDmaArena({ bytes: 4 << 20, scatterSeed: 9, shared: true }));
    const surroundings = { clock: { nowNs: () => 0 }, pause: () => Promise.resolve() };
    const device = new ScriptedDevice({ entries: 8 }, undefined, {
      function: openLink({ memory, dma, ...surroundings }),
    });
    const link = new LinkDevice(memory);
    const range = { address: dma.allocate(64 << 10), bytes: 64 << 10 };
    const fn = reopenLink(structuredClone(describeLink(memory, dma)), { ...surroundings, ranges: [range] });
    const pair = adoptQueuePair(fn, structuredClone(device.pair.release()));
    const address = fn.dma.allocate(8192);
    expect(address).toBe(range.address);
    expect(pair.read(plainNamespace(), address, 3, 2, 0, () => undefined, 0)).toBe(SUBMIT_ACCEPTED);
    pair.poll();
    expect(link.words[link.sqDoorbellWord(1)]).toBe(1);
    expect(dma.iovaLow[address >>> 12]).toBe(fn.dma.iovaLow[address >>> 12]);
  });
});
