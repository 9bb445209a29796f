import { Prng } from '@phasebit/core';
import {
  NVM_COMPARE,
  NVM_COPY,
  NVM_DATASET_MANAGEMENT,
  NVM_FLUSH,
  NVM_READ,
  NVM_VERIFY,
  NVM_WRITE,
  NVM_WRITE_UNCORRECTABLE,
  NVM_WRITE_ZEROES,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { IoBench } from '../../test-support/io-bench.js';
import { RamMedium } from '../media/ram-medium.js';
import type { NamespaceFormat } from '../namespace-format.js';

const OPCODES = [
  NVM_FLUSH,
  NVM_WRITE,
  NVM_READ,
  NVM_WRITE_UNCORRECTABLE,
  NVM_COMPARE,
  NVM_WRITE_ZEROES,
  NVM_DATASET_MANAGEMENT,
  NVM_VERIFY,
  NVM_COPY,
];
const FORMATS: readonly Partial<NamespaceFormat>[] = [
  {},
  { metadataBytes: 8, piType: 1 },
  { metadataBytes: 12, piType: 2, isExtended: true },
  { blockBytes: 4096, metadataBytes: 16, piType: 3, guardBits: 64, storageTagBits: 7 },
];
const COMMANDS = 1500;

/** A bench with a namespace of each format, and memory full of numbers that may be descriptors, addresses or ranges. */
function benchOfAll(): IoBench {
  const bench = new IoBench({ isCounted: true, capacityBlocks: 40, format: FORMATS[0] });
  FORMATS.slice(1).forEach((format, i) => bench.add(i + 2, new RamMedium({ bytes: 1024 * 1024 }), format));
  bench.features.hostBehavior.fill(0xff, 4, 6);
  return bench;
}

function fillMemory(bench: IoBench, prng: Prng): void {
  const { base } = bench.memory;
  const words = new Uint32Array(32 * 1024);
  for (let i = 0; i < words.length; i += 4) {
    // Mostly something like a descriptor, an entry of a PRP list or a range.
    const address = prng.below(32 * 4096);
    const low = prng.below(2) === 0 ? address : prng.below(70);
    const identifier = [0x00, 0x10, 0x20, 0x30][prng.below(4)];
    words.set([(base + low) % 2 ** 32, base / 2 ** 32, prng.below(64) * 16, identifier * 2 ** 24], i);
    if (prng.below(4) === 0) words.set([prng.below(70), prng.below(8), prng.below(70), 0], i);
  }
  bench.memory.poke(base, new Uint8Array(words.buffer));
}

describe('garbage', () => {
  it.each([1, 2, 3, 4])('never makes a command throw, or a status that is none (seed %i)', (seed) => {
    const prng = new Prng(seed);
    const bench = benchOfAll();
    const statuses = new Map<number, number>();
    for (let i = 0; i < COMMANDS; i++) {
      if (i % 300 === 0) fillMemory(bench, prng);
      const pointer = (): number => bench.memory.base + prng.below(32 * 4096);
      const opcode = OPCODES[prng.below(OPCODES.length)];
      const psdt = prng.below(3);
      const sgl = {
        identifier: [0x00, 0x10, 0x20, 0x30][prng.below(4)],
        address: Math.floor(pointer() / 8) * 8,
        length: prng.below(3) === 0 ? 512 : prng.below(64) * 16,
      };
      const status = bench.run({
        opcode,
        nsid: 1 + prng.below(5),
        psdt,
        mptr: pointer(),
        prp1: pointer(),
        prp2: pointer(),
        ...(psdt === 0 ? {} : { sgl }),
        cdw3: prng.below(3),
        cdw10: prng.below(70),
        cdw12: prng.below(3) === 0 ? prng.below(0x1_0000) * 0x1_0000 + prng.below(8) : prng.below(8),
        cdw14: prng.below(70),
        cdw15: prng.below(2) === 0 ? 0 : 0xffff_0000,
      });
      expect(Number.isInteger(status) && status >= 0 && status < 0x8000).toBe(true);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    // Both spaces were visited.
    expect(statuses.get(0)).toBeGreaterThan(COMMANDS / 20);
    expect(statuses.size).toBeGreaterThan(10);
  });
});
