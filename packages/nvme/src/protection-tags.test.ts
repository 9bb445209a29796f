import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainNamespace } from '../test-support/scripted-device.js';
import { writeTags } from './protection-tags.js';
import { REFERENCE_TAG_FROM_LBA, Transfer } from './transfer.js';

/** Bits of storage and reference tag together. */
const SPACE: Record<number, number> = { 16: 32, 32: 80, 64: 48 };

const format = fc.constantFrom(16, 32, 64).chain((guardBits) => {
  const least = guardBits === 32 ? 16 : 0;
  const most = guardBits === 32 ? 64 : SPACE[guardBits];
  return fc.record({ guardBits: fc.constant(guardBits), storageTagBits: fc.integer({ min: least, max: most }) });
});

/** The space of the tags, put together from the dwords that hold it. */
function spaceOf(command: Int32Array): bigint {
  const unsigned = (word: number): bigint => BigInt(command[word] >>> 0);
  return (unsigned(2) << 64n) | (unsigned(3) << 32n) | unsigned(14);
}

function tagOf(random: number, bits: number): number {
  return bits >= 53 ? random : random % 2 ** bits;
}

describe('the tags of a command', () => {
  it('are other bits than the format has for them', () => {
    fc.assert(
      fc.property(
        format,
        fc.constantFrom(1, 2, 3),
        fc.boolean(),
        fc.maxSafeNat(),
        fc.maxSafeNat(),
        fc.nat(1000),
        (asked, piType, isAuto, first, second, done) => {
          const namespace = plainNamespace({ metadataBytes: 16, piType, ...asked });
          const { referenceTagBits, storageTagBits } = namespace;
          const transfer = new Transfer();
          transfer.lba = Math.max(first - 1000, 0);
          transfer.storageTag = tagOf(second, storageTagBits);
          const given = Math.max(tagOf(first ^ second, referenceTagBits) - 1000, 0);
          transfer.referenceTag = isAuto ? REFERENCE_TAG_FROM_LBA : given;
          transfer.applicationTag = 0xabcd;
          transfer.applicationTagMask = 0xf00f;
          const command = new Int32Array(16);
          writeTags(command, 0, namespace, transfer, done);
          const start = isAuto ? (piType === 3 ? 0 : transfer.lba) : given;
          const reference = BigInt(start) + (piType === 3 ? 0n : BigInt(done));
          const wrapped = reference % (1n << BigInt(referenceTagBits));
          expect(spaceOf(command)).toBe((BigInt(transfer.storageTag) << BigInt(referenceTagBits)) | wrapped);
          expect(command[15] >>> 0).toBe(0xf00f_abcd);
          expect([...command].filter((word, i) => ![2, 3, 14, 15].includes(i) && word !== 0)).toEqual([]);
        },
      ),
    );
  });

  it('are written where nothing is protected', () => {
    const command = new Int32Array(16).fill(7);
    writeTags(command, 0, plainNamespace(), new Transfer(), 0);
    expect([...command]).toEqual(new Array(16).fill(7));
  });

  it('do not begin again at 0 behind the last one', () => {
    const namespace = plainNamespace({ metadataBytes: 8, piType: 2, guardBits: 16, storageTagBits: 16 });
    const transfer = new Transfer();
    transfer.referenceTag = 0xfffe;
    transfer.storageTag = 0x1234;
    const command = new Int32Array(16);
    writeTags(command, 0, namespace, transfer, 2);
    expect(command[14]).toBe(0x1234_0000);
  });
});
