/** A completion queue entry, taken apart. [Base] 4.2.1 */
export interface RawCompletion {
  /** dword 0, unsigned */
  readonly result: number;
  /** dword 1, unsigned */
  readonly dw1: number;
  /** submission queue head pointer */
  readonly sqHead: number;
  /** submission queue identifier */
  readonly sqId: number;
  /** command identifier */
  readonly cid: number;
  /** status code type and status code, as the `STATUS_*` of `@phasebit/nvme-spec` */
  readonly code: number;
  /** Do Not Retry */
  readonly dnr: boolean;
  /** More: the Error Information log has an entry */
  readonly more: boolean;
  /** command retry delay, 0 to 3 */
  readonly crd: number;
}

/** Takes the four words of an entry apart; its phase bit is not looked at. */
export function decodeRawCompletion(words: Uint32Array, at: number): RawCompletion {
  const dw2 = words[at + 2];
  const dw3 = words[at + 3];
  return {
    result: words[at],
    dw1: words[at + 1],
    sqHead: dw2 & 0xffff,
    sqId: dw2 >>> 16,
    cid: dw3 & 0xffff,
    code: (dw3 >>> 17) & 0x7ff,
    crd: (dw3 >>> 28) & 3,
    more: ((dw3 >>> 30) & 1) === 1,
    dnr: dw3 >>> 31 === 1,
  };
}
