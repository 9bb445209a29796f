import fc from 'fast-check';
import type { InlineStack } from './inline-stack.js';

/** What a submission may answer, in the numbers that driver and block layer share. */
export const ACCEPTED = 0;
export const AGAIN = 1;
export const NEVER = 2;

/** How an I/O ended. */
export type Outcome = 'success' | 'miscompare' | 'failed';

type Done = (outcome: Outcome) => void;

/** A layer of the stack that moves blocks, as this model drives it. */
export interface Mover {
  read(address: number, lba: number, blocks: number, done: Done): number;
  write(address: number, lba: number, blocks: number, done: Done): number;
  compare(address: number, lba: number, blocks: number, done: Done): number;
  writeZeroes(lba: number, blocks: number, done: Done): number;
  deallocate(lba: number, blocks: number, done: Done): number;
  flush(done: Done): number;
  poll(): void;
  /** Whether an I/O of that size can never be had, however long one waits. */
  isImpossible(lba: number, blocks: number): boolean;
}

/** One step of a random run. */
export interface Operation {
  readonly kind: 'read' | 'write' | 'compare' | 'differ' | 'zero' | 'deallocate' | 'flush';
  /** 0 to 1, where on the namespace */
  readonly place: number;
  /** 0 to 1, how long: most are short */
  readonly length: number;
  /** dwords by which the buffer begins after a page does */
  readonly shift: number;
  /** turns of polling and of the device's work after the submission */
  readonly turns: number;
  /** what is written */
  readonly pattern: number;
}

/** Sequences of operations, most of them short reads and writes. */
export function operations(maxLength: number): fc.Arbitrary<Operation[]> {
  const unit = fc.nat(1_000_000).map((value) => value / 1_000_001);
  const operation = fc.record({
    kind: fc.constantFrom<Operation['kind'][]>(
      ...(['read', 'read', 'read', 'write', 'write', 'write', 'write', 'compare'] as const),
      ...(['differ', 'zero', 'deallocate', 'flush'] as const),
    ),
    place: unit,
    length: unit.map((value) => value ** 2),
    shift: fc.oneof(fc.constant(0), fc.nat(1023)),
    turns: fc.nat(2),
    pattern: fc.nat(0xffff_ffff),
  });
  return fc.array(operation, { minLength: 10, maxLength });
}

const CANARY = 0xc5;
const TURNS_MAX = 10_000;

/** An operation under way: its buffer's slot, its blocks, and what shall be in the slot when it has ended. */
interface Flight {
  readonly operation: Operation;
  readonly slot: number;
  readonly lba: number;
  readonly blocks: number;
  readonly expected: Uint8Array;
  readonly outcome: Outcome;
}

/**
 * Runs operations against a plain array of bytes. Each has a buffer inside a slot of its own, between canaries; nothing that changes a
 * block is begun while anything that overlaps is under way, since the order of the two would be the device's choice.
 */
export class IntegrityModel {
  /** operations that ended as they should */
  ended = 0;
  private readonly disk: Uint8Array;
  private readonly slotBytes: number;
  private readonly freeSlots: number[] = [];
  private readonly flights = new Set<Flight>();
  private readonly untouched: Uint8Array;

  /**
   * @param diskBytes - bytes of the namespace
   * @param blocksMax - blocks of the longest operation
   */
  constructor(
    private readonly stack: InlineStack,
    private readonly mover: Mover,
    diskBytes: number,
    private readonly blocksMax: number,
  ) {
    this.disk = new Uint8Array(diskBytes);
    // A page before the buffer for its shift, and one behind it.
    this.slotBytes = (Math.ceil((blocksMax * stack.blockBytes) / 4096) + 2) * 4096;
    const slots = Math.floor(stack.dataBytes / this.slotBytes);
    this.untouched = new Uint8Array(this.slotBytes).fill(CANARY);
    for (let slot = 0; slot < slots; slot++) this.freeSlots.push(slot);
    for (const slot of this.freeSlots) this.memoryOf(slot).fill(CANARY);
  }

  /** Carries out all operations and then reads the whole namespace back. @throws Error on the first byte that is not as it should be */
  run(operations: readonly Operation[]): void {
    for (const operation of operations) {
      this.begin(operation);
      for (let turn = 0; turn < operation.turns; turn++) this.turn();
    }
    const { blockBytes } = this.stack;
    const all = this.disk.length / blockBytes;
    for (let lba = 0; lba < all; lba += this.blocksMax) this.readBack(lba, Math.min(this.blocksMax, all - lba));
    this.waitUntil(() => this.flights.size === 0);
    for (const slot of this.freeSlots) this.expectUntouched(slot);
    if (this.ended === 0) throw new Error('nothing was carried out');
  }

  private readBack(lba: number, blocks: number): void {
    const operation = { kind: 'read', place: 0, length: 0, shift: 0, turns: 0, pattern: 0 } as const;
    for (let done = 0; done < blocks;) {
      let count = blocks - done;
      while (this.mover.isImpossible(lba + done, count)) count = Math.ceil(count / 2);
      this.start(operation, lba + done, count);
      done += count;
    }
  }

  private begin(operation: Operation): void {
    const { blockBytes } = this.stack;
    const all = this.disk.length / blockBytes;
    const blocks = 1 + Math.floor(operation.length * Math.min(this.blocksMax, all));
    this.start(operation, Math.floor(operation.place * (all - blocks + 1)), blocks);
  }

  private start(operation: Operation, lba: number, blocks: number): void {
    const movesData = !['zero', 'deallocate', 'flush'].includes(operation.kind);
    this.waitUntil(() => this.freeSlots.length > 0 && !this.overlaps(operation, lba, blocks));
    const slot = this.freeSlots.pop()!;
    const { blockBytes } = this.stack;
    const bytes = blocks * blockBytes;
    const shift = operation.shift * 4;
    const memory = this.expectUntouched(slot);
    const onDisk = this.disk.subarray(lba * blockBytes, lba * blockBytes + bytes);
    const payload = memory.subarray(shift, shift + bytes);
    if (operation.kind === 'write') fillPattern(payload, operation.pattern);
    if (operation.kind === 'compare' || operation.kind === 'differ') payload.set(onDisk);
    if (operation.kind === 'differ') payload[operation.pattern % bytes] ^= 1 + (operation.pattern % 255);
    const expected = memory.slice();
    if (operation.kind === 'read') expected.set(onDisk, shift);
    const flight: Flight = {
      operation,
      slot,
      lba,
      blocks,
      expected,
      outcome: operation.kind === 'differ' ? 'miscompare' : 'success',
    };
    const address = this.stack.data + slot * this.slotBytes + shift;
    if (movesData && this.mover.isImpossible(lba, blocks)) {
      this.expectAnswer(flight, this.submit(operation, address, lba, blocks, failUnexpected), NEVER);
      this.release(slot);
      return;
    }
    const done = (outcome: Outcome): void => this.finish(flight, outcome);
    let answer = AGAIN;
    this.waitUntil(() => {
      answer = this.submit(operation, address, lba, blocks, done);
      return answer !== AGAIN;
    });
    this.expectAnswer(flight, answer, ACCEPTED);
    this.flights.add(flight);
    if (operation.kind === 'write') onDisk.set(payload);
    if (operation.kind === 'zero' || operation.kind === 'deallocate') onDisk.fill(0);
  }

  private submit(operation: Operation, address: number, lba: number, blocks: number, done: Done): number {
    const { mover } = this;
    switch (operation.kind) {
      case 'read':
        return mover.read(address, lba, blocks, done);
      case 'write':
        return mover.write(address, lba, blocks, done);
      case 'compare':
      case 'differ':
        return mover.compare(address, lba, blocks, done);
      case 'zero':
        return mover.writeZeroes(lba, blocks, done);
      case 'deallocate':
        return mover.deallocate(lba, blocks, done);
      case 'flush':
        return mover.flush(done);
    }
  }

  private finish(flight: Flight, outcome: Outcome): void {
    if (!this.flights.delete(flight)) throw new Error(`called back twice: ${describe(flight)}`);
    if (outcome !== flight.outcome) throw new Error(`ended as ${outcome}: ${describe(flight)}`);
    const memory = this.memoryOf(flight.slot);
    const at = firstDifference(memory, flight.expected);
    if (at >= 0) {
      throw new Error(`byte ${at} of the slot is ${memory[at]} instead of ${flight.expected[at]}: ${describe(flight)}`);
    }
    this.release(flight.slot);
    this.ended++;
  }

  private overlaps(operation: Operation, lba: number, blocks: number): boolean {
    if (operation.kind === 'flush') return false;
    for (const other of this.flights) {
      if (other.operation.kind === 'flush') continue;
      const isApart = other.lba + other.blocks <= lba || lba + blocks <= other.lba;
      if (!isApart && (changes(operation) || changes(other.operation))) return true;
    }
    return false;
  }

  private release(slot: number): void {
    this.memoryOf(slot).fill(CANARY);
    this.freeSlots.push(slot);
  }

  private expectUntouched(slot: number): Uint8Array {
    const memory = this.memoryOf(slot);
    const at = firstDifference(memory, this.untouched);
    if (at >= 0) throw new Error(`byte ${at} of a slot that nobody uses is ${memory[at]}`);
    return memory;
  }

  private memoryOf(slot: number): Uint8Array {
    return this.stack.dma.bytes(this.stack.data + slot * this.slotBytes, this.slotBytes);
  }

  private expectAnswer(flight: Flight, answer: number, expected: number): void {
    if (answer !== expected) throw new Error(`answered ${answer} instead of ${expected}: ${describe(flight)}`);
  }

  private turn(): void {
    this.mover.poll();
    this.stack.step();
  }

  private waitUntil(isDone: () => boolean): void {
    this.stack.spin(isDone, () => this.mover.poll(), TURNS_MAX);
  }
}

function failUnexpected(): void {
  throw new Error('called back although the submission was refused');
}

function changes({ kind }: Operation): boolean {
  return kind === 'write' || kind === 'zero' || kind === 'deallocate';
}

function fillPattern(bytes: Uint8Array, pattern: number): void {
  let value = pattern;
  for (let i = 0; i < bytes.length; i++) {
    value = (Math.imul(value, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = value >>> 24;
  }
}

function firstDifference(a: Uint8Array, b: Uint8Array): number {
  if (Buffer.compare(a, b) === 0) return -1;
  return a.findIndex((byte, i) => byte !== b[i]);
}

function describe({ operation, lba, blocks }: Flight): string {
  return `${operation.kind} of ${blocks} blocks from ${lba}, buffer shifted by ${operation.shift} dwords`;
}
