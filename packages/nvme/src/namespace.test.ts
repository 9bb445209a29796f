import {
  decodeIdentifyController,
  decodeIdentifyNamespace,
  type IdentifyController,
  type IdentifyNvmController,
  type IdentifyNvmNamespace,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { Namespace, type NamespaceFacts } from './namespace.js';

const TRANSFER_BYTES_MAX = 512 << 10;

/** An Identify Namespace page with one LBA format, from the figures. */
function page(format: { lbads?: number; ms?: number; flbas?: number; dps?: number; noiob?: number } = {}): Uint8Array {
  const bytes = new Uint8Array(4096);
  const view = new DataView(bytes.buffer);
  const { lbads = 12, ms = 0, flbas = 0, dps = 0, noiob = 0 } = format;
  view.setBigUint64(0, 1000n, true);
  bytes[26] = flbas;
  bytes[29] = dps;
  view.setUint16(46, noiob, true);
  view.setUint32(128, ms | (lbads << 16), true);
  return bytes;
}

function make(bytes: Uint8Array, facts: NamespaceFacts = {}, transferBytesMax = TRANSFER_BYTES_MAX): Namespace {
  return new Namespace(3, decodeIdentifyNamespace(bytes), 'uuid', transferBytesMax, facts);
}

function extended(sts: number, pif: number): NamespaceFacts {
  return { nvm: { elbaf: [{ sts, pif }] } as unknown as IdentifyNvmNamespace };
}

function controller(changes: Partial<IdentifyController> = {}): IdentifyController {
  return { ...decodeIdentifyController(new Uint8Array(4096)), ...changes };
}

const NO_SIZES = { vsl: 0, wzsl: 0, wusl: 0, dmrl: 0, dmrsl: 0, dmsl: 0, wzdsl: 0 };

function sizes(changes: Partial<IdentifyNvmController>): IdentifyNvmController {
  return { ...NO_SIZES, ...changes } as IdentifyNvmController;
}

describe('a namespace', () => {
  it('without metadata is less than plain', () => {
    expect(make(page({ noiob: 32 }))).toMatchObject({
      nsid: 3,
      blocks: 1000,
      blockBytes: 4096,
      blockShift: 12,
      wireBlockBytes: 4096,
      plainBlocksMax: 128,
      transferBlocksMax: 128,
      strippedBlocksMax: 128,
      plainZeroesMax: 65_536,
      boundaryBlocks: 32,
      metadataBytes: 0,
      isExtended: false,
      piType: 0,
      piBytes: 0,
      guardBits: 0,
      unusable: '',
    });
  });

  it.each([
    ['separate', 0, false, 512, 1024],
    ['extended', 0x10, true, 520, 1008],
  ])('with %s metadata has a plain path, or blocks of another size', (_, flbas, isExtended, wireBlockBytes, most) => {
    expect(make(page({ lbads: 9, ms: 8, flbas }))).toMatchObject({
      metadataBytes: 8,
      isExtended,
      wireBlockBytes,
      plainBlocksMax: 0,
      transferBlocksMax: most,
      strippedBlocksMax: 1024,
      piType: 0,
      unusable: '',
    });
  });

  it('moves more blocks with a command than its field counts', () => {
    expect(make(page({ lbads: 9 }), {}, 2 ** 30)).toMatchObject({
      transferBlocksMax: 65_536,
      strippedBlocksMax: 65_536,
    });
  });

  it.each([
    ['16-bit', 0, 0, 8, 16, 32],
    ['16-bit with a storage tag', 0, 12, 8, 16, 20],
    ['32-bit', 1, 16, 16, 32, 64],
    ['64-bit', 2, 0, 16, 64, 48],
    ['64-bit with a storage tag only', 2, 48, 16, 64, 0],
  ])('protected by %s guards has other tags', (_, pif, sts, piBytes, guardBits, referenceTagBits) => {
    for (const [dps, piType, piIsFirst] of [
      [1, 1, false],
      [0xa, 2, true],
      [3, 3, false],
    ] as const) {
      const namespace = make(page({ ms: 64, dps }), extended(sts, pif));
      expect(namespace.protection?.tupleOffset).toBe(piIsFirst ? 0 : 64 - piBytes);
      expect(namespace).toMatchObject({
        piType,
        piIsFirst,
        piBytes,
        guardBits,
        storageTagBits: sts,
        referenceTagBits,
        plainZeroesMax: 0,
        unusable: '',
      });
    }
    expect(make(page({ ms: 64 }), extended(sts, pif))).toMatchObject({
      protection: undefined,
      piBytes: 0,
      guardBits: 0,
      storageTagBits: 0,
    });
  });

  it.each([
    [{ lbads: 8 }, {}, 'expected blocks of 2^9 to 2^16 bytes, got 2^8'],
    [{ lbads: 17 }, {}, 'expected blocks of 2^9 to 2^16 bytes, got 2^17'],
    [{ flbas: 5 }, {}, 'expected one of 1 LBA formats, got number 5'],
    [{ ms: 8, dps: 4 }, {}, 'expected protection information type 1..3, got 4'],
    [{ ms: 4, dps: 1 }, {}, 'expected metadata of 8 bytes or more for protection information, got 4'],
    [{ ms: 8, dps: 1 }, extended(0, 2), 'expected metadata of 16 bytes or more for protection information, got 8'],
    [{ ms: 16, dps: 1 }, extended(0, 3), 'got 3'],
    [{ ms: 16, dps: 1 }, extended(49, 2), 'expected storage tag of 0..48 bits with a 64-bit guard, got 49'],
  ])('is used although its format is impossible: %o', (format, facts, why) => {
    expect(make(page(format), facts).unusable).toContain(why);
  });

  it('has blocks that no transfer carries and is used', () => {
    expect(make(page({ lbads: 12 }), {}, 2048).unusable).toContain('of at most one transfer, 2048 bytes, got 4096');
    expect(make(page({ lbads: 12, ms: 8, flbas: 0x10 }), {}, 4096).unusable).toContain('got 4104');
  });
});

describe('the limits of commands', () => {
  it('bound something that nobody spoke of', () => {
    expect(make(page()).limits).toMatchObject({
      offered: 0xffff,
      canFuse: true,
      compareAndWriteBlocksMax: 65_536,
      verifyBlocksMax: 65_536,
      writeZeroesBlocksMax: 65_536,
      datasetRangesMax: 256,
      datasetRangeBlocksMax: 0xffff_ffff,
      copyFormats: 0xffff,
      hasDirectives: true,
      hasPlacement: true,
    });
  });

  it('offer what the controller does not', () => {
    const { limits, plainZeroesMax } = make(page(), { controller: controller() });
    expect(limits).toMatchObject({
      offered: 0,
      canFuse: false,
      copyFormats: 0,
      hasDirectives: false,
      hasPlacement: false,
    });
    expect(plainZeroesMax).toBe(0);
    const some = controller({ oncs: 0x88, fuses: 1, cdfs: 2, oacs: 0x20, ctratt: 1 << 19, acwu: 7 });
    expect(make(page(), { controller: some }).limits).toMatchObject({
      offered: 0x88,
      canFuse: true,
      compareAndWriteBlocksMax: 8,
      copyFormats: 2,
      hasDirectives: true,
      hasPlacement: true,
    });
  });

  it('are hard where the bit of ONCS says that they are advice, or advice where they are hard', () => {
    const asked = sizes({ vsl: 3, wzsl: 2, wusl: 1, dmrl: 9, dmrsl: 100, dmsl: 500 });
    const advice = make(page(), { controller: controller({ oncs: 0xffff }), limits: asked }).limits;
    expect(advice).toMatchObject({
      verifyBlocksMax: 65_536,
      writeZeroesBlocksMax: 65_536,
      writeUncorrectableBlocksMax: 65_536,
      datasetRangesMax: 256,
      datasetRangeBlocksMax: 0xffff_ffff,
      datasetBlocksMax: Number.MAX_SAFE_INTEGER,
    });
    const hard = make(page(), { controller: controller(), limits: asked }).limits;
    expect(hard).toMatchObject({
      offered: 0x80 | 0x08 | 0x04 | 0x02,
      verifyBlocksMax: 8,
      writeZeroesBlocksMax: 4,
      writeZeroesDeallocateBlocksMax: 4,
      writeUncorrectableBlocksMax: 2,
      datasetRangesMax: 9,
      datasetRangeBlocksMax: 100,
      datasetBlocksMax: 500,
    });
    // Two limits out of three do not make a Dataset Management.
    expect(make(page(), { controller: controller(), limits: sizes({ dmrl: 9, dmsl: 500n }) }).limits.offered).toBe(0);
  });

  it('of a Write Zeroes that deallocates are those of one that does not', () => {
    const asked = sizes({ wzsl: 1, wzdsl: 4 });
    const of = (oncs: number, limits: IdentifyNvmController): number =>
      make(page(), { controller: controller({ oncs }), limits }).limits.writeZeroesDeallocateBlocksMax;
    expect(of(0, asked)).toBe(2);
    expect(of(0x800, asked)).toBe(16);
    expect(of(0x800, sizes({ wzsl: 1 }))).toBe(2);
  });

  it('count data only where metadata is part of each block', () => {
    const asked = { controller: controller(), limits: sizes({ vsl: 1 }) };
    expect(make(page({ lbads: 9 }), asked).limits.verifyBlocksMax).toBe(16);
    expect(make(page({ lbads: 9, ms: 8, flbas: 0x10 }), asked).limits.verifyBlocksMax).toBe(15);
  });

  it('of a compare and write are the controller’s where the namespace has its own', () => {
    const bytes = page();
    new DataView(bytes.buffer).setUint16(38, 3, true);
    const known = { controller: controller({ acwu: 15 }) };
    expect(make(bytes, known).limits.compareAndWriteBlocksMax).toBe(16);
    bytes[24] = 2;
    expect(make(bytes, known).limits.compareAndWriteBlocksMax).toBe(4);
    new DataView(bytes.buffer).setUint16(38, 0, true);
    expect(make(bytes, known).limits.compareAndWriteBlocksMax).toBe(16);
  });

  it('of a copy are not those of the namespace', () => {
    const bytes = page();
    const view = new DataView(bytes.buffer);
    view.setUint16(74, 11, true);
    view.setUint32(76, 22, true);
    bytes[80] = 33;
    bytes[31] = 0x7f;
    expect(make(bytes).limits).toMatchObject({
      copyRangeBlocksMax: 11,
      copyBlocksMax: 22,
      copyRangesMax: 34,
      reservations: 0x7f,
    });
  });
});
