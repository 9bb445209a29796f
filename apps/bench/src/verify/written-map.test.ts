import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  EXPECT_EITHER,
  EXPECT_EXACT,
  EXPECT_NOTHING,
  EXPECT_RACED,
  WRITE_DONE,
  WRITE_LOST,
  WrittenMap,
} from './written-map.js';

/** Writes and waits for it. */
function write(map: WrittenMap, start: number, units: number): number {
  const generation = map.beginWrite(start, units);
  map.endWrite(start, units, generation, WRITE_DONE);
  return generation;
}

describe('WrittenMap', () => {
  it('knows nothing of what was never written', () => {
    const map = new WrittenMap(8);
    expect(map.expect(0, map.ticket())).toBe(EXPECT_NOTHING);
    expect(map.nextKnownRun(0, 8)).toBe(false);
    expect(map.knownUnits()).toBe(0);
  });

  it('expects the last of overlapping writes that came one after another', () => {
    const map = new WrittenMap(8);
    const wide = write(map, 0, 8);
    const narrow = write(map, 2, 1);
    expect(map.expect(2, map.ticket())).toBe(EXPECT_EXACT);
    expect(map.generation).toBe(narrow);
    expect(map.expect(3, map.ticket())).toBe(EXPECT_EXACT);
    expect(map.generation).toBe(wide);
  });

  it('expects either generation while one write is in flight', () => {
    const map = new WrittenMap(4);
    const old = write(map, 0, 4);
    const next = map.beginWrite(1, 1);
    expect(map.busy(0, 4)).toBe(true);
    expect(map.busy(2, 2)).toBe(false);
    expect(map.expect(1, map.ticket())).toBe(EXPECT_EITHER);
    expect([map.generation, map.otherGeneration]).toEqual([old, next]);
  });

  it('knows nothing of a first write that is still in flight', () => {
    const map = new WrittenMap(1);
    map.beginWrite(0, 1);
    expect(map.expect(0, map.ticket())).toBe(EXPECT_NOTHING);
  });

  it('cannot tell what a read saw while a write ended', () => {
    const map = new WrittenMap(1);
    write(map, 0, 1);
    const during = map.beginWrite(0, 1);
    const ticket = map.ticket();
    map.endWrite(0, 1, during, WRITE_DONE);
    expect(map.expect(0, ticket)).toBe(EXPECT_RACED);
    expect(map.expect(0, map.ticket())).toBe(EXPECT_EXACT);
  });

  it('gives up a block that two writes were in flight to, until it is written again', () => {
    const map = new WrittenMap(1);
    write(map, 0, 1);
    const a = map.beginWrite(0, 1);
    const b = map.beginWrite(0, 1);
    expect(map.expect(0, map.ticket())).toBe(EXPECT_RACED);
    map.endWrite(0, 1, b, WRITE_DONE);
    map.endWrite(0, 1, a, WRITE_DONE);
    expect(map.expect(0, map.ticket())).toBe(EXPECT_NOTHING);
    write(map, 0, 1);
    expect(map.expect(0, map.ticket())).toBe(EXPECT_EXACT);
  });

  it('gives up a block whose write failed', () => {
    const map = new WrittenMap(1);
    write(map, 0, 1);
    map.endWrite(0, 1, map.beginWrite(0, 1), WRITE_LOST);
    expect(map.expect(0, map.ticket())).toBe(EXPECT_NOTHING);
  });

  it('lists what is known in runs', () => {
    const map = new WrittenMap(10);
    write(map, 1, 4);
    write(map, 7, 3);
    map.beginWrite(8, 1);
    const runs: number[][] = [];
    for (let from = 0; map.nextKnownRun(from, 3); from = map.runStart + map.runUnits)
      runs.push([map.runStart, map.runUnits]);
    expect(runs).toEqual([
      [1, 3],
      [4, 1],
      [7, 1],
      [9, 1],
    ]);
    expect(map.knownUnits()).toBe(6);
  });

  it('refuses a range it cannot hold', () => {
    expect(() => new WrittenMap(0)).toThrow('verify: expected a range of 1 to 268435456 blocks, got 0');
    expect(() => new WrittenMap(2 ** 29)).toThrow('got 536870912');
  });
});

/** A device that does each write and each read of a unit at some moment between issue and completion. */
type Step =
  | { readonly kind: 'issueWrite' | 'issueRead'; readonly start: number; readonly units: number }
  | { readonly kind: 'apply' | 'end'; readonly pick: number; readonly unit: number; readonly ok: boolean };

interface Command {
  readonly write: boolean;
  readonly start: number;
  readonly units: number;
  /** Generation of a write, ticket of a read. */
  readonly token: number;
  /** Per unit: what a read saw; for writes, whether it is done. Undefined until the device has done it. */
  readonly seen: (number | undefined)[];
  /** Whether any write was in flight to the unit at any time of a read. */
  readonly overlapped: boolean[];
}

const UNITS = 6;
const range = { start: fc.nat(UNITS - 1), units: fc.integer({ min: 1, max: 3 }) };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('issueWrite' as const, 'issueRead' as const), ...range }),
  fc.record({
    kind: fc.constantFrom('apply' as const, 'end' as const),
    pick: fc.nat(20),
    unit: fc.nat(2),
    ok: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
  }),
);

function checkRead(map: WrittenMap, read: Command): void {
  for (let i = 0; i < read.units; i++) {
    const code = map.expect(read.start + i, read.token);
    const seen = read.seen[i];
    if (code === EXPECT_EXACT) expect(seen).toBe(map.generation);
    if (code === EXPECT_EITHER) expect([map.generation, map.otherGeneration]).toContain(seen);
    // Completeness: a read that met no write is never excused.
    if (!read.overlapped[i]) expect([EXPECT_EXACT, EXPECT_NOTHING]).toContain(code);
  }
}

describe('WrittenMap against a plain device', () => {
  it('never expects what a correct device would not return, and excuses nothing that met no write', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const map = new WrittenMap(UNITS);
        const device: number[] = Array(UNITS).fill(0);
        const inFlight: Command[] = [];
        const mark = (a: Command, b: Command): void => {
          for (let i = 0; i < a.units; i++)
            if (a.start + i >= b.start && a.start + i < b.start + b.units) a.overlapped[i] = true;
        };
        const apply = (command: Command, i: number): void => {
          if (command.seen[i] !== undefined) return;
          command.seen[i] = command.write ? command.token : device[command.start + i];
          if (command.write) device[command.start + i] = command.token;
        };
        for (const one of steps) {
          if (!('pick' in one)) {
            const units = Math.min(one.units, UNITS - one.start);
            const write = one.kind === 'issueWrite';
            const token = write ? map.beginWrite(one.start, units) : map.ticket();
            const command: Command = {
              write,
              start: one.start,
              units,
              token,
              seen: Array(units).fill(undefined),
              overlapped: Array(units).fill(false),
            };
            for (const other of inFlight) {
              if (other.write) mark(command, other);
              if (write) mark(other, command);
            }
            inFlight.push(command);
          } else if (inFlight.length > 0) {
            const command = inFlight[one.pick % inFlight.length];
            if (one.kind === 'apply') {
              apply(command, one.unit % command.units);
              continue;
            }
            // A write that fails may have been done in part: only what was applied before counts.
            if (one.ok || !command.write) for (let i = 0; i < command.units; i++) apply(command, i);
            inFlight.splice(inFlight.indexOf(command), 1);
            if (command.write)
              map.endWrite(command.start, command.units, command.token, one.ok ? WRITE_DONE : WRITE_LOST);
            else checkRead(map, command);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});
