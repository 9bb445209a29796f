import { STATUS_CRD_SHIFT, STATUS_DNR, STATUS_MORE } from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { isFused, isRepeatable, isRetryStatus, retryDelayTicks } from './retry-policy.js';

/** Status codes that say: try again. Written down here from the specification, as numbers. */
const AGAIN = [0x021, 0x022, 0x024, 0x082, 0x084, 0x300];

describe('a status', () => {
  it('is retried although it is not one of those documented, or is not although it is', () => {
    for (let code = 0; code <= 0x7ff; code++) expect(isRetryStatus(code), code.toString(16)).toBe(AGAIN.includes(code));
  });

  it.each(AGAIN)('%i is retried against Do Not Retry, or is not because of the bits beside it', (code) => {
    expect(isRetryStatus(code | STATUS_DNR)).toBe(false);
    expect(isRetryStatus(code | STATUS_MORE | (3 << STATUS_CRD_SHIFT))).toBe(true);
  });
});

describe('the delay before a retry', () => {
  it.each([
    [0, 0],
    [1, 100],
    [2, 2000],
    [3, 30_000],
  ])('is of another index than CRD says: %i', (crd, ticks) => {
    expect(retryDelayTicks(0x082 | (crd << STATUS_CRD_SHIFT), [100, 2000, 30_000])).toBe(ticks);
  });
});

describe('a command whose outcome is not known', () => {
  const repeatable = [0x00, 0x01, 0x02, 0x04, 0x05, 0x08, 0x09, 0x0c];

  it('is carried out twice although that is not the same as once', () => {
    for (let opcode = 0; opcode <= 0xff; opcode++) {
      expect(isRepeatable(1, opcode), opcode.toString(16)).toBe(repeatable.includes(opcode));
      expect(isRepeatable(0, opcode)).toBe(false);
    }
  });

  it('is judged by anything but its opcode', () => {
    expect(isRepeatable(1, 0x1234_c002 | 0)).toBe(true);
    expect(isRepeatable(1, 0x0002_0019)).toBe(false);
  });
});

describe('half of a fused pair', () => {
  it.each([
    [0x0002, false],
    [0x0105, true],
    [0x0201, true],
    [0x4005, false],
    [0x0c02, false],
  ])('is not told from other commands: dword 0 %i', (cdw0, fused) => {
    expect(isFused(cdw0)).toBe(fused);
  });
});
