import { describeStatus, STATUS_DNR } from '@phasebit/nvme-spec';
import type { RawCompletion } from './raw-completion.js';

/** A controller did not do what a case expects of it. The message says what was expected and what came. */
export class ConformanceFailure extends Error {
  /** always this text */
  override readonly name = 'ConformanceFailure';
}

/** Fails the case unless the condition holds. */
export function demand(condition: boolean, message: string): asserts condition {
  if (!condition) throw new ConformanceFailure(message);
}

/** Fails the case unless both values are the same. */
export function demandEqual(got: unknown, expected: unknown, what: string): void {
  if (!Object.is(got, expected)) {
    throw new ConformanceFailure(`${what}: expected ${String(expected)}, got ${String(got)}`);
  }
}

/** Fails the case unless both have the same bytes; names the first byte that differs. */
export function demandBytes(got: Uint8Array, expected: Uint8Array, what: string): void {
  demandEqual(got.length, expected.length, `${what}, length in bytes`);
  for (let i = 0; i < got.length; i++) {
    if (got[i] !== expected[i]) demandEqual(got[i], expected[i], `${what}, byte ${i}`);
  }
}

/** Fails the case unless the command succeeded. */
export function demandSuccess(completion: RawCompletion): void {
  demandStatus(completion, [0]);
}

/**
 * Fails the case unless the status is one of those given, SCT and SC together.
 *
 * @param dnr - what Do Not Retry must be; left out, either is fine
 */
export function demandStatus(completion: RawCompletion, codes: readonly number[], dnr?: boolean): void {
  const { code } = completion;
  if (!codes.includes(code)) {
    const expected = codes.map((each) => describeStatus(each)).join(', or ');
    throw new ConformanceFailure(`status: expected ${expected}, got ${describeStatus(statusOf(completion))}`);
  }
  if (dnr !== undefined) demandEqual(completion.dnr, dnr, `Do Not Retry of ${describeStatus(code)}`);
}

function statusOf(completion: RawCompletion): number {
  return completion.code | (completion.dnr ? STATUS_DNR : 0);
}
