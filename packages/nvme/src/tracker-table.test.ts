import { InvariantError } from '@phasebit/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TrackerTable } from './tracker-table.js';

const step = fc.record({ isTake: fc.boolean(), which: fc.nat() });

describe('command identifiers', () => {
  it('are given out twice, name the wrong slot, or are believed after their command has ended', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.array(step, { maxLength: 300 }), (count, steps) => {
        const table = new TrackerTable(count);
        const inFlight: number[] = [];
        const ended: number[] = [];
        for (const { isTake, which } of steps) {
          if (isTake && inFlight.length < count) {
            const cid = table.take();
            expect(cid).toBeGreaterThanOrEqual(0);
            expect(cid).toBeLessThan(0xffff);
            expect(cid & table.slotMask).toBeLessThan(count);
            expect(inFlight.map((other) => other & table.slotMask)).not.toContain(cid & table.slotMask);
            inFlight.push(cid);
          } else if (!isTake && inFlight.length > 0) {
            const [cid] = inFlight.splice(which % inFlight.length, 1);
            table.give(cid);
            ended.push(cid);
          }
          expect(table.available).toBe(count - inFlight.length);
          expect(inFlight.every((cid) => table.isInFlight(cid))).toBe(true);
          // A late completion of one of the last commands; far fewer have ended than there are generations.
          expect(ended.some((cid) => table.isInFlight(cid))).toBe(false);
        }
        const walked = Array.from({ length: count }, (_, slot) => table.cidIn(slot)).filter((cid) => cid >= 0);
        expect(walked.sort()).toEqual([...inFlight].sort());
      }),
    );
  });

  it('of 16 bits are believed that name nothing in flight, for tables of every kind of size', () => {
    for (const count of [1, 2, 3, 4, 7, 8, 255, 1023, 32_767]) {
      const table = new TrackerTable(count);
      const taken = Array.from({ length: Math.min(count, 5) }, () => table.take());
      const believed: number[] = [];
      for (let cid = 0; cid <= 0xffff; cid++) if (table.isInFlight(cid)) believed.push(cid);
      expect(believed).toEqual([...taken].sort((a, b) => a - b));
    }
  });

  it('come again before all generations of their slot have been used', () => {
    for (const count of [1, 3, 1000, 32_767]) {
      const table = new TrackerTable(count);
      const generations = 0x1_0000 / (table.slotMask + 1);
      const seen = new Set<number>();
      for (let i = 0; i < generations; i++) {
        const cid = table.take();
        table.give(cid);
        seen.add(cid);
      }
      expect(seen.size).toBe(generations);
      expect(generations).toBeGreaterThanOrEqual(2);
    }
  });

  it.each([0, 32_768])('are made for %i trackers', (count) => {
    expect(() => new TrackerTable(count)).toThrow(InvariantError);
  });
});
