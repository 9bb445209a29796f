const BYTE_OFFSET = 0;
const BYTES = 1;
const NOW = 2;
const AT = 3;
const EARLIEST = 4;
const DURATION = 5;
const BEGIN = 6;
const END = 7;
const DUE = 8;
const NUMBERS = 9;

/**
 * The numbers that the parts of the model of flash hand to each other: what a question is about, and how far its answer has come. As
 * arguments and results of calls numbers past 2^31, which all these may be, are boxed by V8, one garbage object each; in a Float64Array
 * they are not. Times are nanoseconds of the clock.
 */
export class Timing {
  private readonly numbers = new Float64Array(NUMBERS);

  /** first byte on the medium that the question is about */
  get byteOffset(): number {
    return this.numbers[BYTE_OFFSET];
  }
  set byteOffset(value: number) {
    this.numbers[BYTE_OFFSET] = value;
  }

  /** bytes that the question is about */
  get bytes(): number {
    return this.numbers[BYTES];
  }
  set bytes(value: number) {
    this.numbers[BYTES] = value;
  }

  /** when it was asked: everything before is over */
  get nowNs(): number {
    return this.numbers[NOW];
  }
  set nowNs(value: number) {
    this.numbers[NOW] = value;
  }

  /** what the dies are to do next begins no earlier */
  get atNs(): number {
    return this.numbers[AT];
  }
  set atNs(value: number) {
    this.numbers[AT] = value;
  }

  /** a transfer over a channel begins no earlier */
  get earliestNs(): number {
    return this.numbers[EARLIEST];
  }
  set earliestNs(value: number) {
    this.numbers[EARLIEST] = value;
  }

  /** how long the transfer takes */
  get durationNs(): number {
    return this.numbers[DURATION];
  }
  set durationNs(value: number) {
    this.numbers[DURATION] = value;
  }

  /** when the transfer begins */
  get beginNs(): number {
    return this.numbers[BEGIN];
  }
  set beginNs(value: number) {
    this.numbers[BEGIN] = value;
  }

  /** when what was scheduled last is over */
  get endNs(): number {
    return this.numbers[END];
  }
  set endNs(value: number) {
    this.numbers[END] = value;
  }

  /** the answer: when all that was asked about is over */
  get dueNs(): number {
    return this.numbers[DUE];
  }
  set dueNs(value: number) {
    this.numbers[DUE] = value;
  }
}
