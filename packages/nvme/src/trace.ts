/**
 * Hot path: allocates only in the constructor.
 */
import type { Clock } from '@phasebit/core';
import { type ChromeTrace, toChromeTrace } from './trace-chrome.js';
import type { TraceEvent } from './trace-event.js';
import { printTrace } from './trace-print.js';

const U32_RANGE = 0x1_0000_0000;
const NLB_MASK = 0xffff;
const OPC_MASK = 0xff;

/**
 * What queue pairs did last: a bounded ring of tracepoints, the oldest dropped first. It costs nothing while no queue pair has it; one that
 * has it takes its slow path for each command, plus one look at the clock for each tracepoint, and allocates nothing.
 * It belongs to one thread, as its queue pairs do. One per controller, since it tells queue pairs apart by their identifiers.
 */
export class Trace {
  /** tracepoints that it remembers */
  readonly capacity: number;
  private readonly clock: Clock;
  private readonly times: Float64Array;
  private readonly points: Uint8Array;
  private readonly qids: Uint16Array;
  private readonly cids: Int32Array;
  private readonly requests: Int32Array;
  /** dwords 0, 10, 11 and 12 of the command */
  private readonly dwords: Int32Array;
  private readonly values: Int32Array;
  private next = 0;
  private count = 0;
  private lost = 0;

  /**
   * @param clock - where time comes from; called once for each tracepoint
   * @param capacity - tracepoints to remember, 1 to 2^24; 40 bytes each. Default 65,536
   */
  constructor(clock: Clock, capacity = 65_536) {
    if (!(Number.isInteger(capacity) && capacity >= 1 && capacity <= 0x100_0000)) {
      throw new RangeError(`capacity: expected 1 to ${0x100_0000}, got ${capacity}`);
    }
    this.clock = clock;
    this.capacity = capacity;
    this.times = new Float64Array(capacity);
    this.points = new Uint8Array(capacity);
    this.qids = new Uint16Array(capacity);
    this.cids = new Int32Array(capacity);
    this.requests = new Int32Array(capacity);
    this.dwords = new Int32Array(capacity * 4);
    this.values = new Int32Array(capacity);
  }

  /** Tracepoints that are remembered. */
  get length(): number {
    return this.count;
  }

  /** Tracepoints that were dropped for newer ones. */
  get dropped(): number {
    return this.lost;
  }

  /** Forgets everything. */
  clear(): void {
    this.next = 0;
    this.count = 0;
    this.lost = 0;
  }

  /**
   * Remembers a tracepoint about a command.
   *
   * @param commands - array that has the command
   * @param from - index of its dword 0
   */
  recordCommand(
    point: number,
    qid: number,
    cid: number,
    request: number,
    commands: Int32Array,
    from: number,
    value: number,
  ): void {
    const at = this.place(point, qid, value);
    this.cids[at] = cid;
    this.requests[at] = request;
    const to = at << 2;
    this.dwords[to] = commands[from]!;
    this.dwords[to | 1] = commands[from + 10]!;
    this.dwords[to | 2] = commands[from + 11]!;
    this.dwords[to | 3] = commands[from + 12]!;
  }

  /** Remembers a tracepoint about a queue pair. */
  recordPair(point: number, qid: number, value: number): void {
    const at = this.place(point, qid, value);
    this.cids[at] = -1;
    this.requests[at] = -1;
    const to = at << 2;
    this.dwords.fill(0, to, to + 4);
  }

  /**
   * A tracepoint that is remembered.
   *
   * @param index - 0 for the oldest, to `length - 1`
   * @throws RangeError for any other
   */
  at(index: number): TraceEvent {
    if (!(Number.isInteger(index) && index >= 0 && index < this.count)) failIndex(index, this.count);
    const at = (this.next - this.count + index + this.capacity) % this.capacity;
    const from = at << 2;
    return {
      timeNs: this.times[at],
      point: this.points[at],
      qid: this.qids[at],
      cid: this.cids[at],
      request: this.requests[at],
      opcode: this.dwords[from] & OPC_MASK,
      lba: (this.dwords[from | 2] >>> 0) * U32_RANGE + (this.dwords[from | 1] >>> 0),
      blocks: (this.dwords[from | 3] & NLB_MASK) + 1,
      value: this.values[at],
    };
  }

  /** What is remembered as a timeline for people, a line for each tracepoint, oldest first. */
  print(): string {
    return printTrace(this);
  }

  /** What is remembered in the Chrome trace event format, for `chrome://tracing` or Perfetto: write it as JSON. */
  toChromeTrace(): ChromeTrace {
    return toChromeTrace(this);
  }

  private place(point: number, qid: number, value: number): number {
    const at = this.next;
    this.next = at + 1 === this.capacity ? 0 : at + 1;
    if (this.count === this.capacity) this.lost++;
    else this.count++;
    this.times[at] = this.clock.nowNs();
    this.points[at] = point;
    this.qids[at] = qid;
    this.values[at] = value;
    return at;
  }
}

function failIndex(index: number, count: number): never {
  throw new RangeError(`index: expected 0 to ${count - 1}, got ${index}`);
}
