import { describe, expect, it } from 'vitest';
import { NO_LIMITS, plainNamespace, ScriptedDevice } from '../test-support/scripted-device.js';
import type { CommandLimits } from './command-limits.js';
import type { Namespace } from './namespace.js';
import { SUBMIT_ACCEPTED, SUBMIT_NEVER } from './submit-result.js';
import { Transfer } from './transfer.js';

const WRITE = 0x01;
const READ = 0x02;
const WRITE_UNCORRECTABLE = 0x04;
const COMPARE = 0x05;
const WRITE_ZEROES = 0x08;
const VERIFY = 0x0c;
const ALL = [READ, WRITE, COMPARE, VERIFY, WRITE_ZEROES, WRITE_UNCORRECTABLE];

// Bits of dword 12, from the figures.
const LR = 2 ** 31;
const FUA = 1 << 30;
const PRACT = 1 << 29;
const GUARD = 1 << 28;
const APPLICATION = 1 << 27;
const REFERENCE = 1 << 26;
const DEAC = 1 << 25;
const STC = 1 << 24;
const NSZ = 1 << 23;

const plain = plainNamespace();
const type1 = plainNamespace({ metadataBytes: 8, isExtended: true, piType: 1 });
const type2 = plainNamespace({ metadataBytes: 8, isExtended: true, piType: 2, storageTagBits: 8 });
const type3 = plainNamespace({ metadataBytes: 16, isExtended: true, piType: 3, guardBits: 64 });

function limited(limits: Partial<CommandLimits>): Namespace {
  return plainNamespace({ limits: { ...NO_LIMITS, ...limits } });
}

/** Submits one transfer of one block from LBA 7 on, with changes, and gives the answer and what was sent for it. */
function submit(opcode: number, namespace: Namespace, changes: Partial<Transfer> = {}) {
  const device = new ScriptedDevice({ entries: 8 });
  const transfer = Object.assign(new Transfer(), { lba: 7, blocks: 1, ...changes });
  transfer.address = changes.address ?? device.dma.allocate(1 << 16);
  const answer = device.pair.submitTransfer(opcode, namespace, transfer, () => undefined, 0);
  device.pair.poll();
  const [command] = device.fetchAll();
  expect(command === undefined).toBe(answer !== SUBMIT_ACCEPTED);
  return { answer, command, why: device.pair.lastRefusal };
}

describe('a transfer', () => {
  it.each(ALL)('of opcode %i has other dwords than it was given', (opcode) => {
    const movesData = opcode === READ || opcode === WRITE || opcode === COMPARE;
    const { command } = submit(opcode, plain, { lba: 2 ** 40 + 5, blocks: 3 });
    expect(command).toMatchObject({ opcode, nsid: 1, slba: 2 ** 40 + 5, nlb0: 2 });
    expect(command.prp1 !== 0).toBe(movesData);
    for (const word of [2, 3, 4, 5, 13, 14, 15]) expect(command.dwords[word]).toBe(0);
  });

  it.each([0x00, 0x09, 0x0d, 0x19, 0x80, -1, NaN])('has opcode %d and is sent', (opcode) => {
    const { answer, why } = submit(opcode, plain);
    expect(answer).toBe(SUBMIT_NEVER);
    expect(why).toContain('opcode: expected Read, Write, Compare');
  });

  it.each([0, -1, 1.5, NaN, 2 ** 40])('of %d blocks is sent', (blocks) => {
    for (const opcode of ALL) expect(submit(opcode, plain, { blocks }).answer).toBe(SUBMIT_NEVER);
  });

  it.each([-1, 1.5, NaN, 2 ** 53, Infinity])('from LBA %d on is sent', (lba) => {
    for (const opcode of ALL) expect(() => submit(opcode, plain, { lba })).toThrow('lba: expected 0 to 2^53 - 1');
  });

  it('reaches past the last LBA there can be', () => {
    const lba = Number.MAX_SAFE_INTEGER - 2;
    expect(submit(READ, plain, { lba, blocks: 2 }).answer).toBe(SUBMIT_ACCEPTED);
    expect(() => submit(READ, plain, { lba, blocks: 3 })).toThrow(RangeError);
  });

  it.each([
    ['between dwords', 4098],
    ['before the first page', 0],
    ['past the last page', 2 ** 31 - 4096],
    ['between two bytes', 8192.5],
  ])('has a payload %s and is sent', (_, address) => {
    for (const opcode of [READ, WRITE, COMPARE]) {
      const { answer, why } = submit(opcode, plain, { address });
      expect(answer).toBe(SUBMIT_NEVER);
      expect(why).toMatch(/^payload: expected an address, a multiple of 4, with \d+ bytes of DMA memory, got/);
    }
    for (const opcode of [VERIFY, WRITE_ZEROES, WRITE_UNCORRECTABLE]) {
      expect(submit(opcode, plain, { address }).answer).toBe(SUBMIT_ACCEPTED);
    }
  });
});

describe('a command that the controller does not offer', () => {
  it.each([
    ['Compare', COMPARE, 0x01],
    ['Write Uncorrectable', WRITE_UNCORRECTABLE, 0x02],
    ['Write Zeroes', WRITE_ZEROES, 0x08],
    ['Verify', VERIFY, 0x80],
  ])('is sent: %s', (_, opcode, bit) => {
    const { answer, why } = submit(opcode, limited({ offered: 0xffff & ~bit }));
    expect(answer).toBe(SUBMIT_NEVER);
    expect(why).toBe(
      `opcode: expected a command that the controller offers, bits of ONCS ${0xffff & ~bit}, got ${opcode}`,
    );
    expect(submit(opcode, limited({ offered: bit })).answer).toBe(SUBMIT_ACCEPTED);
  });

  it.each([
    ['Verify', VERIFY, { verifyBlocksMax: 5 }, 0],
    ['Write Zeroes', WRITE_ZEROES, { writeZeroesBlocksMax: 5, writeZeroesDeallocateBlocksMax: 9 }, 0],
    [
      'Write Zeroes that deallocates',
      WRITE_ZEROES,
      { writeZeroesBlocksMax: 9, writeZeroesDeallocateBlocksMax: 5 },
      DEAC,
    ],
    ['Write Uncorrectable', WRITE_UNCORRECTABLE, { writeUncorrectableBlocksMax: 5 }, 0],
  ])('for so many blocks is sent, or split, or refused within its limit: %s', (_, opcode, limits, flags) => {
    expect(submit(opcode, limited(limits), { blocks: 5, flags }).answer).toBe(SUBMIT_ACCEPTED);
    const { answer, why } = submit(opcode, limited(limits), { blocks: 6, flags });
    expect(answer).toBe(SUBMIT_NEVER);
    expect(why).toBe('blocks: expected 1 to 5, got 6');
    // Neither what a transfer carries nor the boundary bears on a command without data.
    const free = plainNamespace({ transferBlocksMax: 1, boundaryBlocks: 4 });
    expect(submit(opcode, free, { blocks: 65_536, flags }).command.nlb0).toBe(65_535);
    expect(submit(opcode, free, { blocks: 65_537, flags }).answer).toBe(SUBMIT_NEVER);
  });
});

describe('flags', () => {
  it.each([
    ['Read', READ, FUA + LR, DEAC + NSZ],
    ['Write', WRITE, FUA + LR, DEAC + NSZ],
    ['Compare', COMPARE, FUA + LR, DEAC + NSZ],
    ['Verify', VERIFY, FUA + LR, DEAC + NSZ],
    ['Write Zeroes', WRITE_ZEROES, FUA + LR + DEAC + NSZ, 1 << 20],
    ['Write Uncorrectable', WRITE_UNCORRECTABLE, 0, FUA + LR],
  ])('of %s are lost, or of a bit that it has not', (_, opcode, good, bad) => {
    const { answer, command } = submit(opcode, plain, { flags: good });
    expect(answer).toBe(SUBMIT_ACCEPTED);
    expect(command.dwords[12]).toBe(good);
    for (const flag of [...Array.from({ length: 32 }, (_, bit) => 2 ** bit)].filter((flag) => (flag & bad) !== 0)) {
      const refused = submit(opcode, plain, { flags: flag });
      expect(refused.answer).toBe(SUBMIT_NEVER);
      expect(refused.why).toContain('flags: expected bits of command dword 12 that this command has');
    }
    for (const flag of [1, 0x8000]) expect(submit(opcode, plain, { flags: flag }).answer).toBe(SUBMIT_NEVER);
  });

  it('zero a whole namespace where that is not offered', () => {
    expect(submit(WRITE_ZEROES, limited({ offered: 0x0fff }), { flags: NSZ }).answer).toBe(SUBMIT_NEVER);
    expect(submit(WRITE_ZEROES, limited({ offered: 0x1008 }), { flags: NSZ }).answer).toBe(SUBMIT_ACCEPTED);
  });

  it('have a Compare or a Verify insert or strip protection information, which neither may', () => {
    for (const opcode of [READ, WRITE, WRITE_ZEROES]) {
      expect(submit(opcode, type1, { flags: PRACT }).answer).toBe(SUBMIT_ACCEPTED);
    }
    for (const opcode of [COMPARE, VERIFY]) {
      expect(submit(opcode, type1, { flags: PRACT }).answer).toBe(SUBMIT_NEVER);
      expect(submit(opcode, type1, { flags: GUARD }).answer).toBe(SUBMIT_ACCEPTED);
    }
  });

  it('that are hints get lost, or are taken for what they are not', () => {
    for (const opcode of [READ, WRITE]) {
      expect(submit(opcode, plain, { dsm: 0xff }).command.dwords[13]).toBe(0xff);
      for (const dsm of [256, -1, NaN]) expect(submit(opcode, plain, { dsm }).why).toContain('dsm: expected 0 to 255');
    }
    for (const opcode of [COMPARE, VERIFY, WRITE_ZEROES, WRITE_UNCORRECTABLE]) {
      expect(submit(opcode, plain, { dsm: 1 }).answer).toBe(SUBMIT_NEVER);
    }
  });
});

describe('a directive', () => {
  it.each([1, 2])('of type %i gets lost', (directiveType) => {
    for (const opcode of [WRITE, WRITE_ZEROES, WRITE_UNCORRECTABLE]) {
      const { command } = submit(opcode, plain, { directiveType, directiveSpecific: 0xabcd });
      expect((command.dwords[12] >>> 20) & 0xf).toBe(directiveType);
      expect(command.dwords[13] >>> 16).toBe(0xabcd);
    }
  });

  it('goes with a command that has none, or to a controller that knows none', () => {
    const cases: [number, Namespace, Partial<Transfer>][] = [
      [READ, plain, { directiveType: 1, directiveSpecific: 1 }],
      [COMPARE, plain, { directiveType: 1, directiveSpecific: 1 }],
      [VERIFY, plain, { directiveType: 2 }],
      [WRITE, plain, { directiveType: 3 }],
      [WRITE, plain, { directiveType: 0, directiveSpecific: 1 }],
      [WRITE, plain, { directiveType: 1, directiveSpecific: 0x1_0000 }],
      [WRITE, plain, { directiveType: 1, directiveSpecific: -1 }],
      [WRITE, limited({ hasDirectives: false }), { directiveType: 1, directiveSpecific: 1 }],
      [WRITE, limited({ hasPlacement: false }), { directiveType: 2, directiveSpecific: 1 }],
    ];
    for (const [opcode, namespace, changes] of cases) {
      const { answer, why } = submit(opcode, namespace, changes);
      expect(answer).toBe(SUBMIT_NEVER);
      expect(why).toContain('directive: expected');
    }
    expect(submit(WRITE, limited({ hasPlacement: false }), { directiveType: 1 }).answer).toBe(SUBMIT_ACCEPTED);
  });
});

describe('protection information', () => {
  it.each([
    ['PRACT', { flags: PRACT }],
    ['a guard check', { flags: GUARD }],
    ['a storage tag check', { flags: STC }],
    ['a reference tag', { referenceTag: 7 }],
    ['a storage tag', { storageTag: 1 }],
    ['an application tag', { applicationTag: 1 }],
    ['a mask', { applicationTagMask: 1 }],
  ])('is asked for where there is none: %s', (_, changes) => {
    for (const opcode of [READ, WRITE, COMPARE, VERIFY, WRITE_ZEROES]) {
      expect(submit(opcode, plain, changes).answer).toBe(SUBMIT_NEVER);
      expect(
        submit(opcode, type2, { ...changes, ...(opcode === COMPARE || opcode === VERIFY ? { flags: 0 } : {}) }).answer,
      ).toBe(SUBMIT_ACCEPTED);
    }
    expect(submit(READ, plain, changes).why).toContain('protection information: expected');
  });

  it('gets lost', () => {
    const { command } = submit(WRITE, type2, {
      flags: GUARD + APPLICATION + REFERENCE + STC,
      referenceTag: 0x12_3456,
      storageTag: 0xab,
      applicationTag: 0x1111,
      applicationTagMask: 0xff00,
    });
    expect(command.dwords[12]).toBe(GUARD + APPLICATION + REFERENCE + STC);
    expect([...command.dwords.slice(2, 4), ...command.dwords.slice(14)]).toEqual([0, 0, 0xab12_3456, 0xff00_1111]);
  });

  it('of a Write Uncorrectable is asked for, or written', () => {
    expect(submit(WRITE_UNCORRECTABLE, type1, { referenceTag: 7 }).answer).toBe(SUBMIT_NEVER);
    expect(submit(WRITE_UNCORRECTABLE, type1).command.dwords[14]).toBe(0);
  });

  it.each([
    ['type 1, the LBA', type1, 7, SUBMIT_ACCEPTED],
    ['type 1, another', type1, 8, SUBMIT_NEVER],
    ['type 2, any', type2, 2 ** 24 - 1, SUBMIT_ACCEPTED],
    ['type 2, too large', type2, 2 ** 24, SUBMIT_NEVER],
    ['type 3, any', type3, 2 ** 48 - 1, SUBMIT_ACCEPTED],
    ['type 3, too large', type3, 2 ** 48, SUBMIT_NEVER],
    ['negative', type2, -2, SUBMIT_NEVER],
    ['not whole', type2, 1.5, SUBMIT_NEVER],
    ['not a number', type2, NaN, SUBMIT_NEVER],
  ])('has a reference tag that is answered otherwise: %s', (_, namespace, referenceTag, expected) => {
    const { answer, why } = submit(READ, namespace, { referenceTag });
    expect(answer).toBe(expected);
    if (expected === SUBMIT_NEVER) expect(why).toContain('reference tag: expected');
  });

  it('of type 3 has its reference tag checked', () => {
    const { answer, why } = submit(READ, type3, { flags: GUARD + REFERENCE });
    expect(answer).toBe(SUBMIT_NEVER);
    expect(why).toContain('no check of the reference tag with type 3');
    expect(submit(READ, type3, { flags: GUARD + APPLICATION }).answer).toBe(SUBMIT_ACCEPTED);
  });

  it('has a storage tag or a check of it that the format has no room for', () => {
    expect(submit(READ, type1, { flags: STC }).why).toContain('storage tag: expected 0 or less');
    expect(submit(READ, type2, { storageTag: 256 }).why).toContain('storage tag: expected 255 or less, got 256');
    for (const storageTag of [-1, 0.5, NaN]) expect(submit(READ, type2, { storageTag }).answer).toBe(SUBMIT_NEVER);
  });

  it('has an application tag of more than 16 bits', () => {
    for (const tag of [0x1_0000, -1, 0.5, NaN]) {
      expect(submit(READ, type1, { applicationTag: tag }).why).toContain('application tag: expected 16 bits');
      expect(submit(READ, type1, { applicationTagMask: tag }).answer).toBe(SUBMIT_NEVER);
    }
  });

  it('counts its reference tag up between pieces, but not with type 3', () => {
    for (const [namespace, step] of [
      [type1, 1],
      [type2, 1],
      [type3, 0],
    ] as const) {
      const device = new ScriptedDevice({ entries: 16 });
      const transfer = Object.assign(new Transfer(), { lba: 7, blocks: 10, address: device.dma.allocate(1 << 16) });
      if (namespace === type3) transfer.referenceTag = 99;
      const cut = { ...namespace, transferBlocksMax: 4 } as Namespace;
      expect(device.pair.submitTransfer(WRITE, cut, transfer, () => undefined, 0)).toBe(SUBMIT_ACCEPTED);
      device.pair.poll();
      const first = namespace === type3 ? 99 : 7;
      const tags = device.fetchAll().map(({ dwords }) => dwords[14]);
      expect(tags).toEqual([first, first + 4 * step, first + 8 * step]);
    }
  });
});

describe('a transfer that is cleared', () => {
  it('keeps anything of what it was', () => {
    const used = Object.assign(new Transfer(), {
      lba: 1,
      blocks: 1,
      address: 1,
      scatter: { address: 0, bytes: 0, reset: () => undefined, next: () => false },
      metadata: 1,
      flags: 1,
      dsm: 1,
      directiveType: 1,
      directiveSpecific: 1,
      referenceTag: 1,
      storageTag: 1,
      applicationTag: 1,
      applicationTagMask: 1,
      isWhole: true,
    });
    expect(Object.keys(used).sort()).toEqual(Object.keys(new Transfer()).sort());
    used.clear();
    expect(used).toEqual(new Transfer());
  });
});
