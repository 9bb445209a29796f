import { high32, low32 } from '@phasebit/core';

/** The fields of a command that a case cares about; the rest is zero. Addresses are bus addresses below 2^53. */
export interface RawCommand {
  /** opcode, 0 to 255 */
  readonly opcode: number;
  /** command identifier; the queue gives a fresh one when it is left out */
  readonly cid?: number;
  /** fused operation, 0 to 3 */
  readonly fuse?: number;
  /** PRP or SGL for data transfer, 0 to 3 */
  readonly psdt?: number;
  /** namespace identifier */
  readonly nsid?: number;
  /** command dword 2 */
  readonly cdw2?: number;
  /** command dword 3 */
  readonly cdw3?: number;
  /** metadata pointer */
  readonly mptr?: number;
  /** PRP entry 1, or the first half of an SGL descriptor */
  readonly prp1?: number;
  /** PRP entry 2, or the second half of an SGL descriptor; for a descriptor use {@link RawCommand.sgl} */
  readonly prp2?: number;
  /** the 16 bytes of SGL entry 1 as four words, in place of `prp1` and `prp2` */
  readonly sgl?: readonly [number, number, number, number];
  /** command dword 10 */
  readonly cdw10?: number;
  /** command dword 11 */
  readonly cdw11?: number;
  /** command dword 12 */
  readonly cdw12?: number;
  /** command dword 13 */
  readonly cdw13?: number;
  /** command dword 14 */
  readonly cdw14?: number;
  /** command dword 15 */
  readonly cdw15?: number;
}

/** Writes a command as the 16 words of a submission queue entry. [Base] 4.1.1 */
export function encodeRawCommand(command: RawCommand, cid: number): Uint32Array {
  const { prp1 = 0, prp2 = 0, mptr = 0 } = command;
  const { opcode, fuse = 0, psdt = 0, nsid = 0, cdw2 = 0, cdw3 = 0 } = command;
  const { cdw10 = 0, cdw11 = 0, cdw12 = 0, cdw13 = 0, cdw14 = 0, cdw15 = 0 } = command;
  const pointer = command.sgl ?? [low32(prp1), high32(prp1), low32(prp2), high32(prp2)];
  const dword0 = opcode | (fuse << 8) | (psdt << 14) | (cid << 16);
  const metadata = [low32(mptr), high32(mptr)];
  return Uint32Array.of(
    dword0,
    ...[nsid, cdw2, cdw3],
    ...metadata,
    ...pointer,
    ...[cdw10, cdw11, cdw12, cdw13, cdw14, cdw15],
  );
}
