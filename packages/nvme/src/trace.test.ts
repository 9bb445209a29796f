import { ManualClock } from '@phasebit/core';
import { describe, expect, it } from 'vitest';
import { Reader } from '../test-support/reader.js';
import { ScriptedDevice } from '../test-support/scripted-device.js';
import type { QueuePairOptions } from './queue-pair-options.js';
import { TRACE_SUBMIT, TRACEPOINTS } from './trace-event.js';
import { Trace } from './trace.js';

const NOT_READY = 0x082;

function make(options: Partial<QueuePairOptions> = {}, capacity?: number) {
  const clock = new ManualClock();
  const trace = new Trace(clock, capacity);
  const device = new ScriptedDevice({ entries: 3, requests: 16, cqDoorbell: 'poll', ...options });
  device.pair.setTrace(trace);
  return { clock, trace, device, pair: device.pair, reader: new Reader(device) };
}

function points(trace: Trace): string[] {
  return Array.from({ length: trace.length }, (_, i) => TRACEPOINTS[trace.at(i).point]);
}

/** Two commands in the ring and one that waits; one fails once. */
function story(options: Partial<QueuePairOptions> = {}) {
  const made = make(options);
  const { clock, device, pair, reader } = made;
  clock.advanceNs(5000);
  reader.read(1, 2, 3);
  clock.advanceNs(1000);
  const [a, b] = reader.pollAndFetch();
  clock.advanceNs(2500);
  device.complete(b.cid, NOT_READY);
  device.complete(a.cid);
  pair.poll();
  clock.advanceNs(1000);
  for (const { cid } of device.fetchAll()) device.complete(cid);
  pair.poll();
  return { ...made, a, b };
}

describe('a trace', () => {
  it('misses what a queue pair does, or has it in another order', () => {
    const { trace, reader } = story();
    expect(points(trace)).toEqual([
      ...['submit', 'submit', 'queue', 'sq doorbell'],
      ...['retry', 'submit', 'completion', 'submit', 'cq doorbell', 'sq doorbell'],
      ...['completion', 'completion', 'cq doorbell'],
    ]);
    expect(reader.contexts).toEqual([1, 2, 3]);
  });

  it('has other facts about a command than were sent', () => {
    const { trace, pair, reader } = make();
    pair.write(reader.namespace, reader.address, 2 ** 40 + 7, 3, 0, reader.callback, 0);
    pair.poll();
    const [cid] = pair.cidsOf(0);
    const event = { timeNs: 0, point: TRACE_SUBMIT, qid: 1, cid, opcode: 1, lba: 2 ** 40 + 7, blocks: 3, value: 0 };
    expect(trace.at(0)).toMatchObject(event);
    expect(trace.at(1)).toMatchObject({ cid: -1, request: -1, opcode: 0, value: 1 });
  });

  it('has a doorbell for each command rung before the command is there', () => {
    const { trace, device, reader } = make({ sqDoorbell: 'command' });
    reader.read(1, 2);
    expect(points(trace)).toEqual(['submit', 'sq doorbell', 'submit', 'sq doorbell']);
    expect(device.fetchAll().length).toBe(2);
  });

  it('grows without bound, or drops what is new', () => {
    const { trace, device, pair, reader } = make({}, 5);
    for (let i = 0; i < 4; i++) {
      reader.read(i);
      device.complete(reader.pollAndFetch()[0].cid);
      pair.poll();
    }
    expect(trace.length).toBe(5);
    expect(trace.dropped).toBe(4 * 4 - 5);
    expect(points(trace)).toEqual(['cq doorbell', 'submit', 'sq doorbell', 'completion', 'cq doorbell']);
    expect(trace.at(1).lba).toBe(3);
    expect(() => trace.at(5)).toThrow('index: expected 0 to 4, got 5');
    expect(trace.print().split('\n')[0]).toBe('(11 older tracepoints dropped)');
    trace.clear();
    expect([trace.length, trace.dropped, trace.print()]).toEqual([0, 0, '']);
  });

  it('goes on, or changes what the pair does, once it is taken away', () => {
    const { trace, device, pair, reader } = make();
    reader.read(1);
    const [command] = reader.pollAndFetch();
    const before = trace.length;
    pair.setTrace(undefined);
    device.complete(command.cid);
    reader.read(2);
    device.complete(reader.pollAndFetch()[0].cid);
    pair.poll();
    expect(trace.length).toBe(before);
    expect(reader.contexts).toEqual([1, 2]);
  });

  it('misses aborts, timeouts, resets and the end', () => {
    const { trace, device, pair, reader } = make({ entries: 2 });
    reader.read(1, 2);
    pair.poll();
    trace.clear();
    pair.abortQueued(2);
    pair.onTimeout = { afterTicks: 1, report: () => undefined };
    pair.checkTimeouts(2);
    pair.suspend();
    device.restart();
    pair.resume();
    pair.poll();
    pair.disconnect();
    expect(points(trace)).toEqual([
      ...['abort', 'timeout', 'reset', 'retry', 'reset', 'submit', 'sq doorbell', 'completion', 'completion'],
    ]);
  });

  it.each([0, 1.5, 0x100_0001])('is made for %d tracepoints', (capacity) => {
    expect(() => new Trace(new ManualClock(), capacity)).toThrow(RangeError);
  });
});

describe('the timeline', () => {
  it('is not what a person would read', () => {
    const { trace, a, b } = story();
    const cid = (command: { cid: number }): string => command.cid.toString(16).padStart(4, '0');
    const lines = trace.print().split('\n');
    expect(lines[0]).toBe(`       0.000         0.000  q1   submit       cid=${cid(a)} Read (02h) lba=1 blocks=1`);
    expect(lines[2]).toBe('       0.000         0.000  q1   queue        cid=- Read (02h) lba=3 blocks=1');
    expect(lines[3]).toBe('       1.000         1.000  q1   sq doorbell  2');
    expect(lines[4]).toBe(
      `       3.500         2.500  q1   retry        cid=${cid(b)} Read (02h) lba=2 blocks=1 Namespace Not Ready (sct=0 sc=0x82)`,
    );
    expect(lines.length).toBe(trace.length);
  });

  it('names admin commands as I/O commands', () => {
    const clock = new ManualClock();
    const trace = new Trace(clock);
    const device = new ScriptedDevice({ entries: 4 }, undefined, { qid: 0 });
    device.pair.setTrace(trace);
    device.pair.submitCommand(
      Int32Array.from({ length: 16 }, (_, i) => (i === 0 ? 6 : 0)),
      0,
      0,
      () => undefined,
      0,
    );
    expect(trace.print()).toContain('Identify (06h)');
    device.pair.onTimeout = { afterTicks: 1, report: () => undefined };
    device.pair.checkTimeouts(9);
    device.pair.suspend();
    const lines = trace.print().split('\n');
    expect(lines[1]).toMatch(/timeout .* age=9$/);
    expect(lines[2]).toMatch(/q0 {3}reset$/);
  });
});

describe('the Chrome trace', () => {
  it('has events that a viewer cannot place: spans of one line overlap, or times are not microseconds', () => {
    const { trace } = story();
    const { displayTimeUnit, traceEvents } = trace.toChromeTrace();
    expect(displayTimeUnit).toBe('ns');
    const spans = traceEvents.filter(({ ph }) => ph === 'X');
    expect(spans.map(({ cat, name, ts, dur, tid }) => [cat, name, ts, dur, tid])).toEqual([
      ['command', 'Read (02h)', 5, 3.5, 2],
      ['command', 'Read (02h)', 5, 3.5, 1],
      ['waiting', 'Read (02h)', 5, 3.5, 100_001],
      ['command', 'Read (02h)', 8.5, 1, 2],
      ['command', 'Read (02h)', 8.5, 1, 1],
    ]);
    for (const line of new Set(spans.map(({ tid }) => tid))) {
      const ofLine = spans.filter(({ tid }) => tid === line).sort((x, y) => x.ts - y.ts);
      ofLine.forEach((span, i) => expect(span.ts + span.dur!).toBeLessThanOrEqual(ofLine[i + 1]?.ts ?? Infinity));
    }
    expect(spans[1].args).toMatchObject({ lba: 1, blocks: 1, status: 'Successful Completion (sct=0 sc=0x00)' });
    expect(traceEvents[0]).toMatchObject({ ph: 'M', name: 'process_name', args: { name: 'queue pair 1' } });
    const instants = traceEvents.filter(({ ph }) => ph === 'i');
    expect(instants.map(({ name }) => name)).toEqual([
      ...['sq doorbell', 'retry', 'cq doorbell', 'sq doorbell', 'cq doorbell'],
    ]);
    expect(JSON.parse(JSON.stringify(trace.toChromeTrace()))).toEqual(trace.toChromeTrace());
  });

  it('has a command whose beginning was dropped', () => {
    const { trace, device, pair, reader } = make({}, 2);
    reader.read(1);
    device.complete(reader.pollAndFetch()[0].cid);
    pair.poll();
    expect(points(trace)).toEqual(['completion', 'cq doorbell']);
    expect(trace.toChromeTrace().traceEvents.filter(({ ph }) => ph === 'X')).toEqual([]);
  });

  it('names the admin queue by its number', () => {
    const trace = new Trace(new ManualClock());
    trace.recordPair(2, 0, 5);
    trace.recordPair(200, 0, 5);
    const names = trace.toChromeTrace().traceEvents.map(({ args, name }) => [name, args['name'] ?? args['value']]);
    expect(names).toEqual([
      ['process_name', 'admin queue'],
      ['sq doorbell', 5],
      ['?', 5],
    ]);
  });
});
