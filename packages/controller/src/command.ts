import {
  SQE_CDW0_CID_SHIFT,
  SQE_CDW0_FUSE_MASK,
  SQE_CDW0_FUSE_SHIFT,
  SQE_CDW0_OPC_MASK,
  SQE_CDW0_PSDT_MASK,
  SQE_CDW0_PSDT_SHIFT,
  SQE_CDW10,
  SQE_DWORDS,
  SQE_NSID,
  SQE_PRP1,
  SQE_PRP2,
} from '@phasebit/nvme-spec';

/** What a handler gives when somebody else completes the command later. No status is negative. */
export const PARKED = -1;

/** What a handler gives when the command succeeds at the time it has told `InFlight.completeAt`; see `IoContext.outcome`. */
export const LATER = -2;

/**
 * A copy of one submission queue entry, and what its completion will say. The controller has one and uses it for every
 * command that is not on the shortest path. It is a copy since the host may change its memory while the command runs.
 */
export class Command {
  /** the 16 dwords */
  readonly words: Uint32Array = new Uint32Array(SQE_DWORDS);
  /** the same, signed, as the ring's own words are */
  readonly signedWords: Int32Array = new Int32Array(this.words.buffer);
  /** submission queue it came from */
  queueId = 0;
  /** dword 0 of the completion */
  result = 0;
  /** byte of the entry where the first wrong parameter is, or -1; for the Error Information log */
  errorByte = -1;

  /**
   * Copies an entry from a page of a ring.
   *
   * @param cdw0 - dword 0, which the caller has read already; it is not read twice
   */
  load(page: Int32Array, at: number, cdw0: number, queueId: number): void {
    const words = this.words;
    words[0] = cdw0;
    for (let i = 1; i < SQE_DWORDS; i++) words[i] = page[at + i]!;
    this.queueId = queueId;
    this.result = 0;
    this.errorByte = -1;
  }

  /** dword 0: opcode, FUSE, PSDT and command identifier; of either sign */
  get cdw0(): number {
    return this.signedWords[0];
  }

  /** opcode */
  get opcode(): number {
    return this.words[0] & SQE_CDW0_OPC_MASK;
  }

  /** fused operation, 0 for none */
  get fuse(): number {
    return (this.words[0] >>> SQE_CDW0_FUSE_SHIFT) & SQE_CDW0_FUSE_MASK;
  }

  /** PRP or SGL, 0 for PRP */
  get psdt(): number {
    return (this.words[0] >>> SQE_CDW0_PSDT_SHIFT) & SQE_CDW0_PSDT_MASK;
  }

  /** command identifier */
  get cid(): number {
    return this.words[0] >>> SQE_CDW0_CID_SHIFT;
  }

  /** namespace identifier */
  get nsid(): number {
    return this.words[SQE_NSID / 4];
  }

  /** bits 31:0 of PRP entry 1 */
  get prp1Low(): number {
    return this.words[SQE_PRP1 / 4];
  }

  /** bits 63:32 of PRP entry 1 */
  get prp1High(): number {
    return this.words[SQE_PRP1 / 4 + 1];
  }

  /** bits 31:0 of PRP entry 2 */
  get prp2Low(): number {
    return this.words[SQE_PRP2 / 4];
  }

  /** bits 63:32 of PRP entry 2 */
  get prp2High(): number {
    return this.words[SQE_PRP2 / 4 + 1];
  }

  /** command dword 10 to 15 */
  cdw(number: 10 | 11 | 12 | 13 | 14 | 15): number {
    return this.words[SQE_CDW10 / 4 + number - 10];
  }
}
