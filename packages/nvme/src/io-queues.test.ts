import { createDmaArena, DmaSpace } from '@phasebit/pcie';
import { describe, expect, it } from 'vitest';
import type { AdminCommand } from './admin-command.js';
import type { AdminQueue } from './admin-queue.js';
import { allocateRings, freeRings } from './io-queues.js';
import { QueueCommands } from './queue-commands.js';
import { type QueuePairOptions, settleQueuePairOptions } from './queue-pair-options.js';

function makeDma(scatterSeed?: number): DmaSpace {
  const dma = new DmaSpace(4 << 20);
  dma.attach(createDmaArena({ bytes: 1 << 20, ...(scatterSeed === undefined ? {} : { scatterSeed }) }));
  return dma;
}

/** An admin queue that takes everything. */
function takesAll(sent: [command: AdminCommand, address: number][]): AdminQueue {
  const executeAt = (command: AdminCommand, address: number) => {
    sent.push([command, address]);
    return Promise.resolve({ status: 0, dw0: 0 });
  };
  return { executeAt } as unknown as AdminQueue;
}

async function create(options: QueuePairOptions): Promise<[cq: AdminCommand, sq: AdminCommand]> {
  const sent: [AdminCommand, number][] = [];
  const rings = { sqAddress: 4096, cqAddress: 8192 };
  await new QueueCommands(takesAll(sent), 3).create(settleQueuePairOptions(options, 65_536), rings);
  expect(sent.map(([{ opcode }, address]) => [opcode, address])).toEqual([
    [0x05, 8192],
    [0x01, 4096],
  ]);
  return [sent[0][0], sent[1][0]];
}

describe('the commands that create queues', () => {
  it('carry other sizes, identifiers or flags than the figures say', async () => {
    const [cq, sq] = await create({ entries: 1000 });
    expect(cq).toMatchObject({ cdw10: (999 << 16) | 3, cdw11: 1 });
    expect(sq).toMatchObject({ cdw10: (999 << 16) | 3, cdw11: (3 << 16) | 1 });
  });

  it.each([
    ['urgent', 0],
    ['high', 1],
    ['medium', 2],
    ['low', 3],
  ] as const)('carry another priority than asked for: %s', async (priority, qprio) => {
    const [, sq] = await create({ priority });
    expect(sq.cdw11).toBe((3 << 16) | (qprio << 1) | 1);
  });

  it.each([0, 5, 0xffff])('carry another vector, or leave interrupts off: %i', async (interruptVector) => {
    const [cq] = await create({ interruptVector });
    expect((cq.cdw11 ?? 0) >>> 0).toBe(((interruptVector << 16) | 3) >>> 0);
  });
});

describe('ring memory that the caller gives', () => {
  it('is left dirty, is freed, or is not used', () => {
    const dma = makeDma();
    const sqAddress = dma.allocate(8192);
    const cqAddress = dma.allocate(4096);
    dma.bytes(sqAddress, 8192).fill(0xff);
    dma.bytes(cqAddress, 4096).fill(0xff);
    const rings = allocateRings(dma, { entries: 100, ringMemory: { sqAddress, cqAddress } });
    expect(rings).toEqual({ sqAddress, cqAddress, ringsAreGiven: true });
    expect(dma.bytes(sqAddress, 6400).every((byte) => byte === 0)).toBe(true);
    expect(dma.bytes(cqAddress, 1600).every((byte) => byte === 0)).toBe(true);
    freeRings(dma, rings);
    dma.free(sqAddress);
    dma.free(cqAddress);
  });

  it('is set aside by the driver and not given back', () => {
    const dma = makeDma(7);
    for (let i = 0; i < 1000; i++) freeRings(dma, allocateRings(dma, { entries: 64 }));
    expect(allocateRings(dma, { entries: 64 }).ringsAreGiven).toBe(false);
  });

  it('is kept in part when there is not enough for both rings', () => {
    const dma = new DmaSpace(1 << 20);
    dma.attach(createDmaArena({ bytes: 8192 }));
    const filler = dma.allocate(4096);
    expect(() => allocateRings(dma, { entries: 64 })).toThrow('found none of 1024 bytes');
    dma.free(filler);
    expect(allocateRings(dma, { entries: 64 }).ringsAreGiven).toBe(false);
  });

  it('has a gap on the bus', () => {
    const dma = makeDma(7);
    const sqAddress = dma.allocate(64 << 10);
    const cqAddress = dma.allocate(4096);
    expect(() => allocateRings(dma, { entries: 1024, ringMemory: { sqAddress, cqAddress } })).toThrow(
      'ringMemory.sqAddress: expected 65536 bytes contiguous on the bus, got a gap before',
    );
    expect(allocateRings(dma, { entries: 64, ringMemory: { sqAddress, cqAddress } }).sqAddress).toBe(sqAddress);
  });

  it.each([
    [4096, 2 << 20, 'ringMemory.cqAddress: expected 1024 bytes of DMA memory, got 2097152'],
    [1 << 20, 4096, 'ringMemory.sqAddress: expected 4096 bytes of DMA memory'],
  ])('is not all DMA memory: %i, %i', (sqAddress, cqAddress, message) => {
    const dma = makeDma();
    const last = sqAddress === 1 << 20 ? sqAddress + 4096 : sqAddress;
    expect(() => allocateRings(dma, { entries: 64, ringMemory: { sqAddress: last, cqAddress } })).toThrow(message);
  });

  it.each([0, 4100, -4096, 1.5, NaN])('is not at the start of a page: %d', (cqAddress) => {
    expect(() => settleQueuePairOptions({ ringMemory: { sqAddress: 4096, cqAddress } }, 64)).toThrow(
      new RangeError(`ringMemory.cqAddress: expected a multiple of 4096, got ${cqAddress}`),
    );
  });
});

describe('options about retries, priority and interrupts', () => {
  it.each([
    [{ retriesMax: -1 }, 'retriesMax: expected 0 to 255, got -1'],
    [{ retriesMax: 256 }, 'retriesMax: expected 0 to 255, got 256'],
    [{ interruptVector: 65_536 }, 'interruptVector: expected 0 to 65535, got 65536'],
    [{ interruptVector: -1 }, 'interruptVector: expected 0 to 65535, got -1'],
    [{ priority: 'highest' as 'high' }, 'priority: expected urgent, high, medium, low, got highest'],
  ])('out of range are taken: %o', (options, message) => {
    expect(() => settleQueuePairOptions(options, 64)).toThrow(new RangeError(message));
  });
});
