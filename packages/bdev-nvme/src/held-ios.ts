import { BDEV_STATUS_NVME_ERROR, type BdevIo } from '@phasebit/bdev';
import { assert, IndexFifo } from '@phasebit/core';
import type { CompletionFacts, Verdict } from '@phasebit/multipath';

/** A held I/O that is to be sent again. Every other value of its word is the bdev status it ends with. */
const SEND_AGAIN = -1;

/**
 * I/Os that are with no queue pair: they wait for their time or for a path. And what is remembered of the ones that failed before.
 * A struct of arrays by I/O index. Nothing here is touched while all goes well.
 */
export class HeldIos {
  /** I/Os of which something is remembered */
  troubled = 0;
  private readonly ios: readonly BdevIo[];
  private readonly queue: IndexFifo;
  private readonly ends: Int32Array;
  private readonly statuses: Int32Array;
  private readonly left: Int32Array;
  private readonly due: Float64Array;
  private readonly isTroubled: Uint8Array;
  private readonly retries: Int32Array;
  private readonly pathErrors: Int32Array;
  private readonly firstPathErrorNs: Float64Array;

  constructor(ios: readonly BdevIo[]) {
    const count = ios.length;
    this.ios = ios;
    this.queue = new IndexFifo(count);
    this.ends = new Int32Array(count).fill(SEND_AGAIN);
    this.statuses = new Int32Array(count);
    this.left = new Int32Array(count);
    this.due = new Float64Array(count);
    this.isTroubled = new Uint8Array(count);
    this.retries = new Int32Array(count);
    this.pathErrors = new Int32Array(count);
    this.firstPathErrorNs = new Float64Array(count).fill(Infinity);
  }

  /** I/Os held. */
  get count(): number {
    return this.queue.length;
  }

  /** Holds an I/O that is to be sent again from `dueNs` on, and over another path than `leftPath` if there is one; -1 for any path. */
  hold(io: BdevIo, status: number, dueNs: number, leftPath: number): void {
    this.put(io, SEND_AGAIN, status, dueNs);
    this.left[io.index] = leftPath;
  }

  /** Holds an I/O that has failed until its failure may be told. */
  holdToFail(io: BdevIo, status: number, dueNs: number): void {
    this.put(io, BDEV_STATUS_NVME_ERROR, status, dueNs);
  }

  /** Holds an I/O that ends with the next poll. */
  holdToComplete(io: BdevIo, bdevStatus: number, dueNs: number): void {
    this.put(io, bdevStatus, 0, dueNs);
  }

  /** The I/O held longest. There is one. */
  shift(): BdevIo {
    const index = this.queue.shift();
    assert(index >= 0, 'an I/O is held');
    return this.ios[index];
  }

  /** Puts an I/O that was just taken out back in, behind the others. */
  keep(io: BdevIo): void {
    this.queue.push(io.index);
  }

  /** When the I/O may go on, nanoseconds. */
  dueNs(io: BdevIo): number {
    return this.due[io.index];
  }

  /** The NVMe status that led here. */
  statusOf(io: BdevIo): number {
    return this.statuses[io.index];
  }

  /** The path that an I/O which is to be sent again shall leave, -1 for none. */
  leftPathOf(io: BdevIo): number {
    return this.left[io.index];
  }

  /** Whether the I/O only waits to be told its end. */
  isEnding(io: BdevIo): boolean {
    return this.ends[io.index] !== SEND_AGAIN;
  }

  /** The bdev status of an I/O that is ending. */
  bdevStatusOf(io: BdevIo): number {
    return this.ends[io.index];
  }

  /** Remembers what a judgement said of an I/O. */
  note(io: BdevIo, verdict: Verdict, nowNs: number): void {
    const { index } = io;
    if (this.isTroubled[index] === 0) this.troubled++;
    this.isTroubled[index] = 1;
    if (verdict.usesRetry) this.retries[index]++;
    if (!verdict.isPathError) return;
    this.pathErrors[index]++;
    if (this.firstPathErrorNs[index] === Infinity) this.firstPathErrorNs[index] = nowNs;
  }

  /** Fills in what is remembered of an I/O. */
  recall(io: BdevIo, facts: CompletionFacts): void {
    const { index } = io;
    facts.retries = this.retries[index]!;
    facts.pathErrors = this.pathErrors[index]!;
    facts.firstPathErrorNs = this.firstPathErrorNs[index]!;
  }

  /** Forgets an I/O that is about to end. */
  forget(io: BdevIo): void {
    const { index } = io;
    if (this.isTroubled[index] === 0) return;
    this.isTroubled[index] = 0;
    this.troubled--;
    this.retries[index] = 0;
    this.pathErrors[index] = 0;
    this.firstPathErrorNs[index] = Infinity;
  }

  private put(io: BdevIo, end: number, status: number, dueNs: number): void {
    this.ends[io.index] = end;
    this.statuses[io.index] = status;
    this.due[io.index] = dueNs;
    this.queue.push(io.index);
  }
}
