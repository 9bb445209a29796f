import { describe, expect, it } from 'vitest';
import { busRanges, joined, PointerWalk } from '../test-support/pointer-walk.js';
import { NO_LIMITS, plainNamespace, ScriptedDevice } from '../test-support/scripted-device.js';
import type { Namespace } from './namespace.js';
import type { QueuePairOptions } from './queue-pair-options.js';
import { IoVector } from './scatter-list.js';
import { SUBMIT_ACCEPTED, SUBMIT_AGAIN, SUBMIT_FAILED, SUBMIT_NEVER } from './submit-result.js';
import { Transfer } from './transfer.js';

const COMPARE = 5;
const WRITE = 1;
const READ = 2;
const COMPARE_FAILURE = 0x285;
const FAILED_FUSED = 0x00a;

const namespace = plainNamespace();

/** A device with a compare and a write of one block of it. */
class Fused {
  readonly device: ScriptedDevice;
  readonly compare = new Transfer();
  readonly write = new Transfer();
  readonly outcomes: unknown[][] = [];

  constructor(options: QueuePairOptions & { entries: number }) {
    this.device = new ScriptedDevice(options, 3);
    this.compare.set(this.device.dma.allocate(1 << 20), 7, 1, 0);
    this.write.set(this.device.dma.allocate(1 << 20), 7, 1, 0);
  }

  submit(context: unknown = 0, of: Namespace = namespace): number {
    const onDone = (...outcome: unknown[]): void => void this.outcomes.push(outcome);
    return this.device.pair.compareAndWrite(of, this.compare, this.write, onDone, context);
  }

  read(lba: number): number {
    return this.device.pair.read(namespace, this.compare.address, lba, 1, 0, () => undefined, 0);
  }
}

/** The fused operation field of a command. */
function fuseOf({ dwords }: { dwords: number[] }): number {
  return (dwords[0] >>> 8) & 3;
}

describe('a compare and write', () => {
  it('is sent as anything but a compare that is first and a write that is second, of the same blocks', () => {
    const fused = new Fused({ entries: 8 });
    const { device } = fused;
    fused.write.flags = 1 << 30;
    expect(fused.submit('mine')).toBe(SUBMIT_ACCEPTED);
    expect([device.pair.outstanding, device.pair.inFlight]).toEqual([3, 2]);
    device.pair.poll();
    const commands = device.fetchAll();
    expect(commands.map(({ opcode, slba, nlb0 }) => [opcode, slba, nlb0])).toEqual([
      [COMPARE, 7, 0],
      [WRITE, 7, 0],
    ]);
    expect(commands.map(fuseOf)).toEqual([1, 2]);
    expect(commands.map(({ dwords }) => dwords[12] >>> 30)).toEqual([0, 1]);
    const walk = new PointerWalk(device.dma);
    const data = commands.map(({ dwords }) => joined(walk.data(dwords, 4096).ranges));
    expect(data).toEqual([fused.compare, fused.write].map(({ address }) => busRanges(device.dma, address, 4096)));
    device.complete(commands[0].cid, COMPARE_FAILURE);
    device.pair.poll();
    expect(fused.outcomes).toEqual([]);
    device.complete(commands[1].cid, FAILED_FUSED);
    device.pair.poll();
    expect(fused.outcomes).toEqual([['mine', COMPARE_FAILURE, FAILED_FUSED]]);
    expect(device.pair.outstanding).toBe(0);
  });

  it.each(['poll', 'command'] as const)(
    'is torn or reversed in the ring, or told in halves, on rings of every small size, doorbells by %s',
    (sqDoorbell) => {
      for (let entries = 3; entries <= 9; entries++) {
        const fused = new Fused({ entries, requests: 40, sqDoorbell });
        const { device } = fused;
        // A load of pairs and single commands, most of which wait in the software queue.
        const expected: number[] = [];
        for (let i = 0; i < 60;) {
          const before = device.sqTailDoorbell;
          const isPair = i % 3 !== 1;
          const answer = isPair ? fused.submit(i) : fused.read(i);
          const told = (device.sqTailDoorbell - before + entries) % entries;
          // Never one half alone.
          if (isPair) expect([0, 2]).toContain(told);
          if (answer === SUBMIT_ACCEPTED) {
            expected.push(...(isPair ? [COMPARE, WRITE] : [READ]));
            i++;
            continue;
          }
          expect(answer).toBe(SUBMIT_AGAIN);
          drain(fused, expected);
        }
        for (let turn = 0; turn < 60; turn++) drain(fused, expected);
        expect(expected).toEqual([]);
        expect(fused.outcomes.map(([context]) => context)).toEqual(
          Array.from({ length: 60 }, (_, i) => i).filter((i) => i % 3 !== 1),
        );
        expect(device.pair.outstanding).toBe(0);
      }
    },
  );

  it('is sent when the controller cannot fuse, or the two are of other blocks, or too many', () => {
    const fused = new Fused({ entries: 8 });
    const { pair } = fused.device;
    const limited = (changes: object): Namespace => plainNamespace({ limits: { ...NO_LIMITS, ...changes } });
    expect(fused.submit(0, limited({ canFuse: false }))).toBe(SUBMIT_NEVER);
    expect(pair.lastRefusal).toContain('FUSES bit 0');
    expect(fused.submit(0, limited({ offered: 0 }))).toBe(SUBMIT_NEVER);
    expect(pair.lastRefusal).toContain('expected a command that the controller offers');
    fused.write.lba = 8;
    expect(fused.submit()).toBe(SUBMIT_NEVER);
    expect(pair.lastRefusal).toContain('of the same blocks');
    fused.write.set(fused.write.address, 7, 2, 0);
    expect(fused.submit()).toBe(SUBMIT_NEVER);
    fused.compare.blocks = 2;
    expect(fused.submit(0, limited({ compareAndWriteBlocksMax: 1 }))).toBe(SUBMIT_NEVER);
    expect(pair.lastRefusal).toContain('as many as 1, got 2');
    expect(fused.submit(0, limited({ compareAndWriteBlocksMax: 2 }))).toBe(SUBMIT_ACCEPTED);
    fused.compare.blocks = 2 ** 20;
    fused.write.blocks = 2 ** 20;
    expect(fused.submit()).toBe(SUBMIT_NEVER);
    expect(pair.lastRefusal).toMatch(
      /^payload: expected an address, a multiple of 4, with \d+ bytes of DMA memory, got/,
    );
  });

  it('is split', () => {
    const fused = new Fused({ entries: 8, requests: 64 });
    const { pair } = fused.device;
    fused.compare.blocks = fused.write.blocks = 129;
    expect(fused.submit()).toBe(SUBMIT_NEVER);
    expect(pair.lastRefusal).toContain('in pieces at most 128, got 129');
    fused.compare.blocks = fused.write.blocks = 2;
    expect(fused.submit(0, plainNamespace({ boundaryBlocks: 8 }))).toBe(SUBMIT_NEVER);
    // The compare is one command, the write would be two.
    const vector = new IoVector(2);
    vector.add(fused.write.address + 512, 4096);
    vector.add(fused.write.address + 8192, 4096);
    fused.write.scatter = vector;
    expect(fused.submit()).toBe(SUBMIT_NEVER);
    expect(pair.outstanding).toBe(0);
    pair.poll();
    expect(fused.device.fetchAll()).toEqual([]);
    fused.write.scatter = null;
    expect(fused.submit()).toBe(SUBMIT_ACCEPTED);
  });

  it.each([
    [2, 16, SUBMIT_NEVER],
    [16, 2, SUBMIT_NEVER],
    [16, 3, SUBMIT_ACCEPTED],
    [3, 3, SUBMIT_ACCEPTED],
  ])('on a ring of %i entries with %i requests is answered otherwise', (entries, requests, answer) => {
    const fused = new Fused({ entries, requests });
    expect(fused.submit()).toBe(answer);
    if (answer === SUBMIT_NEVER) expect(fused.device.pair.lastRefusal).toContain('expected a queue pair with at least');
    else expect(fused.submit()).toBe(SUBMIT_AGAIN);
    fused.device.pair.disconnect();
    expect(fused.submit()).toBe(SUBMIT_FAILED);
  });

  it('is called back twice, or not at all, when the connection ends', () => {
    for (const fetched of [0, 1]) {
      const fused = new Fused({ entries: 3, requests: 16 });
      const { device } = fused;
      for (let i = 0; i < 4; i++) expect(fused.submit(i)).toBe(SUBMIT_ACCEPTED);
      device.pair.poll();
      for (let i = 0; i < fetched; i++) device.complete(device.fetch()!.cid);
      device.pair.poll();
      device.pair.disconnect(0x370);
      const first = fetched === 1 ? 0 : 0x370;
      expect(fused.outcomes).toEqual([
        [0, first, 0x370],
        [1, 0x370, 0x370],
        [2, 0x370, 0x370],
        [3, 0x370, 0x370],
      ]);
      expect(device.pair.outstanding).toBe(0);
    }
  });
});

/** Fetches what is there, checks it against what was expected in order, and completes it. */
function drain({ device }: Fused, expected: number[]): void {
  device.pair.poll();
  const commands = device.fetchAll();
  for (const [i, command] of commands.entries()) {
    expect(command.opcode).toBe(expected.shift());
    const fuse = fuseOf(command);
    expect(fuse).toBe(command.opcode === COMPARE ? 1 : command.opcode === WRITE ? 2 : 0);
    // Both halves are seen at once: the doorbell covers them together.
    if (fuse === 1) expect(commands[i + 1].opcode).toBe(WRITE);
    device.complete(command.cid);
  }
  device.pair.poll();
}
