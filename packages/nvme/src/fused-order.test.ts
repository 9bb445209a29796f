import { ManualClock } from '@phasebit/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fetched, Reader } from '../test-support/reader.js';
import { ScriptedDevice } from '../test-support/scripted-device.js';
import type { QueuePairOptions } from './queue-pair-options.js';
import { KIND_WIDE, REQUEST_KIND, REQUEST_SHIFT, type RequestPool } from './request-pool.js';
import type { RingPair } from './ring-pair.js';
import { Trace } from './trace.js';

const FUSE_MASK = 0x300;
const FIRST = 0x100;
const SECOND = 0x200;
const NOT_READY = 0x082;

function make(options: Partial<QueuePairOptions> = {}) {
  const device = new ScriptedDevice({ entries: 4, requests: 64, ...options });
  const reader = new Reader(device);
  const { rings, pool } = device.pair as unknown as { rings: RingPair; pool: RequestPool };
  const build = (cdw0: number, lba: number): number => {
    const request = pool.take();
    pool.clear(request);
    const at = request << REQUEST_SHIFT;
    pool.records.set([cdw0, 1], at);
    pool.records[at | 10] = lba;
    pool.records[at | REQUEST_KIND] = KIND_WIDE;
    return request;
  };
  /** A compare and a write of one block, fused. */
  const fuse = (lba: number): void => {
    const first = build(0x05 | FIRST, lba);
    const second = build(0x01 | SECOND, lba);
    rings.submitFused(first, reader.callback, `compare ${lba}`, second, reader.callback, `write ${lba}`);
  };
  return { device, pair: device.pair, reader, rings, fuse };
}

function fuseOf({ dwords }: Fetched): number {
  return dwords[0] & FUSE_MASK;
}

describe('the halves of a fused pair', () => {
  it('are told to the device one by one, where each command is', () => {
    const { device, pair, fuse } = make({ sqDoorbell: 'command' });
    fuse(7);
    expect(device.function.counters.sqDoorbellWrites).toBe(1);
    expect(device.fetchAll().map((command) => [fuseOf(command), command.opcode, command.slba])).toEqual([
      [FIRST, 5, 7],
      [SECOND, 1, 7],
    ]);
    expect(pair.statistics.queued).toBe(0);
  });

  it.each(['command', 'poll'] as const)('are torn apart by the software queue, doorbell with each %s', (sqDoorbell) => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('read', 'fuse', 'complete', 'error', 'suspend', 'trace'), { maxLength: 60 }),
        fc.integer({ min: 3, max: 7 }),
        (steps, entries) => {
          const { device, pair, reader, fuse } = make({ entries, requests: 256, sqDoorbell, cqDoorbell: 'poll' });
          const open: Fetched[] = [];
          const order: number[] = [];
          const expected: number[] = [];
          const turn = (): void => {
            pair.poll();
            const batch = device.fetchAll();
            open.push(...batch);
            for (let i = 0; i < batch.length; i++) {
              const { slba } = batch[i];
              order.push(slba);
              if (fuseOf(batch[i]) === SECOND) expect(fuseOf(batch[i - 1])).toBe(FIRST);
              if (fuseOf(batch[i]) !== FIRST) continue;
              expect(fuseOf(batch[i + 1])).toBe(SECOND);
              expect(batch[i + 1].slba).toBe(slba);
            }
          };
          let isTraced = false;
          steps.forEach((step, lba) => {
            if (step === 'read') expected.push(...reader.read(lba).map(() => lba));
            else if (step === 'fuse') {
              fuse(lba);
              expected.push(lba, lba);
            } else if (step === 'suspend') {
              pair.suspend();
              pair.abandon();
              device.restart();
              open.length = 0;
              pair.resume();
            } else if (step === 'trace') {
              isTraced = !isTraced;
              pair.setTrace(isTraced ? new Trace(new ManualClock(), 16) : undefined);
            } else {
              const done = open.shift();
              if (done !== undefined) device.complete(done.cid, step === 'error' ? NOT_READY : 0);
            }
            turn();
          });
          for (let left = 0; left < 200 && pair.outstanding > 0; left++) {
            for (const { cid } of open.splice(0)) device.complete(cid);
            turn();
          }
          expect(pair.outstanding).toBe(0);
          expect(reader.done.length).toBe(expected.length);
          // Nothing was lost, and what was not sent again came in the order of submission.
          if (!steps.includes('suspend') && !steps.includes('error')) expect(order).toEqual(expected);
        },
      ),
    );
  });

  it('are sent again after a failure', () => {
    const { device, pair, reader, fuse } = make();
    fuse(1);
    const [first, second] = reader.pollAndFetch();
    device.complete(first.cid, NOT_READY);
    device.complete(second.cid, 0x009);
    expect(reader.pollAndFetch()).toEqual([]);
    expect(reader.done).toEqual([
      ['compare 1', NOT_READY],
      ['write 1', 0x009],
    ]);
    expect(pair.statistics.retried).toBe(0);
  });

  it('wait for a tracker each, so that the first goes alone', () => {
    const { device, pair, reader, fuse } = make({ entries: 3 });
    reader.read(1);
    fuse(2);
    reader.read(3);
    const [read] = reader.pollAndFetch();
    expect(pair.inFlight).toBe(1);
    device.complete(read.cid);
    const halves = reader.pollAndFetch();
    expect(halves.map(({ slba }) => slba)).toEqual([2, 2]);
    device.complete(halves[0].cid);
    expect(reader.pollAndFetch().map(({ slba }) => slba)).toEqual([3]);
  });

  it('fit into a ring with one tracker', () => {
    expect(make({ entries: 2 }).rings.canFuse).toBe(false);
    expect(make({ entries: 3 }).rings.canFuse).toBe(true);
  });
});
