import { Prng } from '@phasebit/core';
import {
  ADMIN_ASYNC_EVENT_REQUEST,
  FUSE_FIRST,
  NVM_COMPARE,
  NVM_FLUSH,
  NVM_READ,
  NVM_WRITE,
  NVM_WRITE_ZEROES,
  REG_CC,
  SQE_CDW0_FUSE_SHIFT,
  STATUS_DNR,
} from '@phasebit/nvme-spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RawHost } from '../test-support/raw-host.js';
import type { FaultRule } from './faults/fault-rule.js';
import { RamMedium } from './media/ram-medium.js';

const BYTES = 256 * 1024;

describe('data', () => {
  // Commands over a small namespace, so that they overlap often.
  const blockBytes = fc.constantFrom(512, 1024, 4096, 16_384);
  const step = fc.record({
    opcode: fc.constantFrom(NVM_READ, NVM_READ, NVM_WRITE, NVM_WRITE, NVM_WRITE_ZEROES),
    offset: fc.nat(1023).map((word) => word * 4),
    listOffset: fc.nat(300).map((at) => at * 8),
    at: fc.nat(10_000),
    length: fc.integer({ min: 1, max: 40 }),
    fill: fc.nat(255),
  });

  type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

  /** Carries out the steps on a controller and on an array, and says where the two part. */
  function compare(seed: number, block: number, steps: readonly Step[], rules: readonly FaultRule[] = []): void {
    const medium = new RamMedium({ bytes: BYTES });
    const namespaces = [{ nsid: 1, medium, blockBytes: block }];
    const host = new RawHost({ scatterSeed: seed, namespaces, faults: { seed, rules } }).enable();
    const queue = host.createPair(1);
    const oracle = new Uint8Array(BYTES);
    const blocks = BYTES / block;
    const pages = Array.from({ length: 160 }, () => host.page());
    const list = host.page();
    for (const { opcode, offset, listOffset, at, length, fill } of steps) {
      const slba = at % blocks;
      const count = Math.min(length, blocks - slba, (512 * 1024) / block);
      const bytes = count * block;
      const used = pages.slice(0, Math.ceil((offset + bytes) / 4096));
      used.slice(1).forEach((page, i) => {
        const words = host.dma.words(list, 1024);
        words[listOffset / 4 + i * 2] = host.iova(page) >>> 0;
        words[listOffset / 4 + i * 2 + 1] = Math.floor(host.iova(page) / 2 ** 32);
      });
      const prp2 = used.length === 2 ? host.iova(used[1]) : host.iova(list) + listOffset;
      used.forEach((page, i) => host.dma.bytes(page, 4096).forEach((_, j, data) => (data[j] = fill + i * 3 + j)));
      const gathered = new Uint8Array(used.length * 4096);
      const gather = (): void => used.forEach((page, i) => gathered.set(host.dma.bytes(page, 4096), i * 4096));
      gather();
      const before = gathered.slice();
      const command = { opcode, nsid: 1, prp1: host.iova(used[0]) + offset, prp2, cdw10: slba, cdw12: count - 1 };
      expect(queue.execute(command).code).toBe(0);
      gather();
      const from = slba * block;
      if (opcode === NVM_WRITE) oracle.set(before.subarray(offset, offset + bytes), from);
      if (opcode === NVM_WRITE_ZEROES) oracle.fill(0, from, from + bytes);
      if (opcode === NVM_READ) before.set(oracle.subarray(from, from + bytes), offset);
      // Reads change what they name, everything else leaves host memory alone.
      expect(Buffer.compare(gathered, before)).toBe(0);
    }
  }

  it('is what a plain array would hold, for any offsets, lengths and pages', () => {
    fc.assert(
      fc.property(fc.nat(1000), blockBytes, fc.array(step, { maxLength: 30 }), (seed, block, steps) =>
        compare(seed, block, steps),
      ),
      { numRuns: 60 },
    );
  });

  // The canary: a search that does not find one inverted bit in fifty transfers would find no mistake either.
  it.each([NVM_READ, NVM_WRITE])('that is corrupted is found out (opcode %i)', (opcode) => {
    const rules: readonly FaultRule[] = [{ kind: 'corrupt', opcode, probability: { num: 1, den: 50 } }];
    const search = (): void =>
      fc.assert(
        fc.property(fc.nat(1000), blockBytes, fc.array(step, { minLength: 25, maxLength: 30 }), (seed, block, steps) =>
          compare(seed, block, steps, rules),
        ),
        { numRuns: 60, seed: 7, endOnFailure: true },
      );
    expect(search).toThrow('Property failed');
  });
});

describe('faults', () => {
  const chance = fc.record({ num: fc.nat(10), den: fc.constant(10) });
  const count = fc.integer({ min: 1, max: 5 });
  const conditions = {
    opcode: fc.constantFrom(NVM_READ, NVM_WRITE, NVM_COMPARE),
    skip: fc.nat(9),
    count,
    probability: chance,
  };
  const fault = <T extends object>(fields: T) =>
    fc.record(
      { ...fields, ...conditions },
      { requiredKeys: Object.keys(fields) as never[] },
    ) as unknown as fc.Arbitrary<FaultRule>;
  // A status code other than success, with More or not, and with DNR or a retry delay.
  const status = fc
    .tuple(fc.integer({ min: 1, max: 0x7ff }), fc.nat(1), fc.integer({ min: 0, max: 4 }))
    .map(([code, more, retry]) => code | (more << 13) | (retry === 4 ? STATUS_DNR : retry << 11));
  const corrupted = fc.record({
    opcode: fc.constantFrom(NVM_READ, NVM_WRITE),
    skip: fc.nat(9),
    count,
    probability: chance,
  });
  const rule = fc.oneof(
    fault({ kind: fc.constant('status'), status }),
    fault({ kind: fc.constant('lost') }),
    fault({ kind: fc.constant('late'), delayNs: fc.integer({ min: 1, max: 5000 }) }),
    fault({ kind: fc.constant('duplicate') }),
    fault({
      kind: fc.constant('reorder'),
      commands: fc.integer({ min: 1, max: 9 }),
      withinNs: fc.integer({ min: 1, max: 9000 }),
    }),
    fc
      .tuple(corrupted, fc.integer({ min: 1, max: 64 }))
      .map(([each, bits]): FaultRule => ({ kind: 'corrupt', bits, ...each })),
    fault({ kind: fc.constant('doorbells-lost'), durationNs: fc.integer({ min: 1, max: 5000 }) }),
  );
  const command = fc.record({
    opcode: fc.constantFrom(NVM_READ, NVM_WRITE, NVM_COMPARE, NVM_FLUSH),
    fuse: fc.constantFrom(0, 0, 0, 1, 2, 3),
    slba: fc.nat(3),
    rings: fc.boolean(),
    waitNs: fc.nat(2000),
  });

  it('of any kind together lose nothing else, complete nothing that was not sent, and come to an end', () => {
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 5 }),
        fc.array(command, { maxLength: 60 }),
        fc.integer({ min: 3, max: 9 }),
        fc.nat(1000),
        (rules, commands, entries, seed) => {
          const medium = new RamMedium({ bytes: BYTES });
          const host = new RawHost({ namespaces: [{ nsid: 1, medium }], faults: { seed, rules } }).enable();
          const queue = host.createPair(1, 128, entries);
          const prp1 = host.iova(host.page());
          const seen: number[] = [];
          const turn = (waitNs: number): void => {
            host.settle();
            seen.push(...queue.completions.drain().map((each) => each.cid));
            host.clock.advanceNs(waitNs);
          };
          commands.forEach(({ opcode, fuse, slba, rings, waitNs }, cid) => {
            queue.push({ opcode, fuse, nsid: 1, prp1, cdw10: slba, cid });
            if (rings) queue.ring();
            if (rings) turn(waitNs);
          });
          // The first of a pair would wait for the second.
          queue.push({ opcode: NVM_FLUSH, nsid: 1, cid: commands.length });
          queue.ring();
          for (let i = 0; i < 200; i++) turn(5000);
          expect(host.controller.nextDueNs).toBe(Infinity);
          const cids = new Set(seen);
          expect([...cids].every((cid) => cid <= commands.length)).toBe(true);
          const mayLose = rules.some((each) => each.kind === 'lost');
          const mayRepeat = rules.some((each) => each.kind === 'duplicate');
          if (!mayLose) expect(cids.size).toBe(commands.length + 1);
          if (!mayRepeat) expect(seen.length).toBe(cids.size);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('garbage', () => {
  /** 16 random words, biased towards values that get past the first checks. */
  function garbage(prng: Prng, host: RawHost, page: number): Uint32Array {
    const words = new Uint32Array(16);
    for (let i = 0; i < 16; i++) if (prng.below(2) === 0) words[i] = prng.nextU32();
    if (prng.below(2) === 0) words[0] = prng.below(256) | (prng.below(8) === 0 ? prng.nextU32() << 8 : 0);
    if (prng.below(2) === 0) words[1] = prng.below(3);
    if (prng.below(2) === 0) {
      const iova = host.iova(page) + (prng.below(4) === 0 ? prng.below(4096) : 0);
      words[6] = words[8] = iova >>> 0;
      words[7] = words[9] = Math.floor(iova / 2 ** 32);
    }
    for (let i = 10; i < 16; i++) if (prng.below(2) === 0) words[i] = prng.below(prng.below(2) === 0 ? 16 : 0x1_0000);
    return words;
  }

  it.each([1, 2, 3, 4, 5])('in I/O queues gets one completion each, in order (seed %i)', (seed) => {
    const prng = new Prng(seed);
    const medium = new RamMedium({ bytes: BYTES });
    const host = new RawHost({ scatterSeed: seed, namespaces: [1, 2].map((nsid) => ({ nsid, medium })) }).enable();
    const queue = host.createPair(1, 32, 16);
    const page = host.page();
    host.dma.words(page, 1024).forEach((_, i, words) => (words[i] = prng.nextU32()));
    for (let round = 0; round < 300; round++) {
      const count = 1 + prng.below(15);
      const cids: number[] = [];
      for (let i = 0; i < count; i++) {
        const words = garbage(prng, host, page);
        words[0] = (words[0] & 0xffff) | (prng.below(0x1_0000) << 16);
        // The first of a fused pair would wait for the second.
        if (i === count - 1) words[0] &= ~(FUSE_FIRST << SQE_CDW0_FUSE_SHIFT);
        cids.push(words[0] >>> 16);
        queue.pushWords(words);
      }
      queue.ring();
      host.settle();
      expect(queue.completions.drain().map((each) => each.cid)).toEqual(cids);
    }
  });

  it.each([1, 2, 3, 4, 5])('in the admin queue gets one completion each, or waits for an event (seed %i)', (seed) => {
    const prng = new Prng(seed);
    const medium = new RamMedium({ bytes: BYTES });
    const host = new RawHost({ scatterSeed: seed, namespaces: [{ nsid: 1, medium }] }).enable(32, 32);
    const page = host.page();
    for (let round = 0; round < 1000; round++) {
      const words = garbage(prng, host, page);
      // Half of them are opcodes that exist, so that handlers are reached and not only the table.
      if (prng.below(2) === 0) words[0] = prng.below(0x19) | (words[0] & 0xff00);
      const isRequest = (words[0] & 0xc3ff) === ADMIN_ASYNC_EVENT_REQUEST;
      words[0] = (words[0] & 0xffff) | (round << 16);
      host.admin.pushWords(words);
      host.admin.ring();
      host.settle();
      const cids = host.admin.completions.drain().map((each) => each.cid);
      expect(isRequest || cids.includes(round)).toBe(true);
    }
    host.write32(REG_CC, 0);
    host.enable();
  });

  it.each([1, 2, 3])('in doorbells stops nothing (seed %i)', (seed) => {
    const prng = new Prng(seed);
    const host = new RawHost().enable();
    const queue = host.createPair(1, 32, 32);
    for (let round = 0; round < 500; round++) {
      const id = 2 + prng.below(14);
      if (prng.below(2) === 0) host.function.doorbells.ringSq(id, prng.below(0x1_0000));
      else host.function.doorbells.ringCq(id, prng.below(0x1_0000));
      host.function.doorbells.ringSq(1, 32 + prng.below(0xffe0));
      host.settle();
      expect(queue.execute({ opcode: NVM_READ, nsid: 1, prp1: host.iova(host.page()), cid: round }).cid).toBe(round);
    }
  });
});
