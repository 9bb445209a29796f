import type { Doorbells, MmioCounters } from '@phasebit/pcie';
import type { QtestSocket } from './qtest-socket.js';

const LINE = 'writel 0x00000000 0x00000000\n';
const ADDRESS_AT = 9;
const VALUE_AT = 20;
const DIGITS = 8;

/** The doorbells of a function: posted writes, each one line of a fixed length that is filled in place. */
export class QtestDoorbells implements Doorbells {
  private readonly line: Uint8Array = new TextEncoder().encode(LINE);

  /**
   * @param base - machine address of the first doorbell
   * @param strideBytes - bytes from one doorbell to the next, from CAP.DSTRD
   */
  constructor(
    private readonly socket: QtestSocket,
    private readonly base: number,
    private readonly strideBytes: number,
    private readonly counters: MmioCounters,
  ) {}

  ringSq(qid: number, tail: number): void {
    this.counters.sqDoorbellWrites++;
    this.write(qid * 2, tail);
  }

  ringCq(qid: number, head: number): void {
    this.counters.cqDoorbellWrites++;
    this.write(qid * 2 + 1, head);
  }

  private write(doorbell: number, value: number): void {
    this.put(ADDRESS_AT, this.base + doorbell * this.strideBytes);
    this.put(VALUE_AT, value);
    this.socket.post(this.line);
  }

  private put(at: number, value: number): void {
    for (let i = DIGITS - 1, rest = value; i >= 0; i--, rest >>>= 4) {
      const digit = rest & 0xf;
      this.line[at + i] = digit < 10 ? 0x30 + digit : 0x57 + digit;
    }
  }
}
