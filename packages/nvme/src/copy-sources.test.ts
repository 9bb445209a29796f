import { describe, expect, it } from 'vitest';
import { NO_LIMITS, plainNamespace, ScriptedDevice } from '../test-support/scripted-device.js';
import { CopySources } from './copy-sources.js';
import type { Namespace } from './namespace.js';
import { SUBMIT_ACCEPTED, SUBMIT_NEVER } from './submit-result.js';
import { Transfer } from './transfer.js';

const PRACT = 1 << 29;
const STCR = 1 << 25;
const ANY = { ...NO_LIMITS, copyFormats: 0xf };

function named(nsid: number, changes: Partial<Namespace> = {}): Namespace {
  return plainNamespace({ nsid, limits: ANY, ...changes });
}

/** Copies, and gives the command and its ranges as the device sees them, or why not. */
function copy(device: ScriptedDevice, to: Namespace, sources: CopySources, flags = 0) {
  const destination = new Transfer();
  destination.flags = flags;
  destination.lba = 5;
  const answer = device.pair.copy(to, sources, destination, () => undefined, 0);
  if (answer !== SUBMIT_ACCEPTED) {
    expect(answer).toBe(SUBMIT_NEVER);
    return { refusal: device.pair.lastRefusal };
  }
  device.pair.poll();
  const command = device.fetch()!;
  const bytes = device.dma.bytes(sources.address, sources.bytes);
  return { command, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), refusal: '' };
}

describe('ranges that name their namespaces', () => {
  it('of 16-bit guards have another format, or fields at other places', () => {
    const device = new ScriptedDevice({ entries: 8 });
    const [to, from, other] = [named(1), named(0x0102_0304), named(9)];
    const sources = new CopySources(device.dma, to, 4, from);
    expect(sources.format).toBe(2);
    sources.add(2 ** 40 + 3, 65_536);
    sources.fastOnly = true;
    sources.add(7, 2, other);
    sources.add(8, 1, to);
    const { command, view } = copy(device, to, sources);
    expect([command!.nsid, command!.dwords[12]]).toEqual([1, (2 << 8) | 2]);
    expect(view!.byteLength).toBe(96);
    expect([0, 32, 64].map((at) => view!.getUint32(at, true))).toEqual([0x0102_0304, 9, 1]);
    expect([0, 32, 64].map((at) => Number(view!.getBigUint64(at + 8, true)))).toEqual([2 ** 40 + 3, 7, 8]);
    expect([0, 32, 64].map((at) => view!.getUint32(at + 16, true))).toEqual([65_535, 1, 0]);
    // Source options, bit 15.
    expect([0, 32, 64].map((at) => view!.getUint16(at + 22, true))).toEqual([0, 0x8000, 0x8000]);
    for (const at of [4, 20, 24, 28]) expect(view!.getUint16(at, true)).toBe(0);
  });

  it('of 64-bit guards have another format, or tags that are not those of the source', () => {
    const device = new ScriptedDevice({ entries: 8 });
    const format = { metadataBytes: 16, piType: 2, guardBits: 64, storageTagBits: 8 };
    const [to, from] = [named(1, format), named(2, format)];
    const sources = new CopySources(device.dma, to, 2, from);
    expect(sources.format).toBe(3);
    sources.checks = 0b101;
    sources.checksStorageTag = true;
    sources.storageTag = 0xab;
    sources.applicationTag = 0x1234;
    sources.applicationTagMask = 0xff00;
    sources.referenceTag = 0x01_0203_0405;
    sources.add(1, 1);
    const { command, view } = copy(device, to, sources);
    expect(command!.dwords[12] >>> 0).toBe((STCR | (0b101 << 12) | (3 << 8)) >>> 0);
    expect(view!.getUint32(0, true)).toBe(2);
    expect([...new Uint8Array(view!.buffer, view!.byteOffset + 0x16, 18)]).toEqual([
      ...[0, 0, 0, 0],
      ...[0, 0, 0, 0, 0xab, 1, 2, 3, 4, 5],
      ...[0x34, 0x12, 0x00, 0xff],
    ]);
  });

  it('of 16-bit guards have tags of the destination', () => {
    const device = new ScriptedDevice({ entries: 8 });
    const format = { metadataBytes: 8, piType: 1 };
    const sources = new CopySources(device.dma, named(1, format), 2, named(2, format));
    sources.applicationTag = 0x1234;
    sources.add(77, 1);
    const { command, view } = copy(device, named(1, format), sources);
    expect(command!.dwords[14]).toBe(5);
    expect([view!.getUint32(24, true), view!.getUint16(28, true), view!.getUint16(30, true)]).toEqual([77, 0x1234, 0]);
  });

  const plain = {};
  const pi = { metadataBytes: 8, piType: 1 };
  const wide = { metadataBytes: 16, piType: 1, guardBits: 64 };
  it.each<[string, Partial<Namespace>, Partial<Namespace>, number, number | undefined]>([
    ['both plain', plain, plain, 0, 0],
    ['both with information, passed on', pi, pi, 0, 0],
    ['both with information, made anew', pi, pi, PRACT, PRACT | (8 << 12)],
    ['inserted', plain, pi, PRACT, PRACT],
    ['to be inserted without PRACT', plain, pi, 0, undefined],
    ['stripped', pi, plain, 0, 8 << 12],
    ['stripped, of 64-bit guards', wide, plain, 0, 8 << 12],
    ['to be stripped beside other metadata', { ...pi, metadataBytes: 16 }, plain, 0, undefined],
    ['to be inserted beside other metadata', plain, { ...pi, metadataBytes: 16 }, PRACT, undefined],
    ['stripped into metadata', pi, { metadataBytes: 8 }, 0, undefined],
    ['inserted after metadata', { metadataBytes: 8 }, pi, PRACT, undefined],
    ['of other blocks', { blockBytes: 512 }, plain, 0, undefined],
    ['of other blocks, inserted', { blockBytes: 512 }, pi, PRACT, undefined],
    ['of other metadata', { metadataBytes: 8 }, plain, 0, undefined],
    ['of another type', { ...pi, piType: 2 }, pi, 0, undefined],
    ['of another guard', wide, { ...wide, guardBits: 32 }, 0, undefined],
    ['of another storage tag', { ...pi, storageTagBits: 8 }, pi, 0, undefined],
    ['of another place in the metadata', { ...pi, piIsFirst: true }, pi, 0, undefined],
  ])('are refused where they could be copied, or the other way round: %s', (...row) => {
    const [, from, to, flags, cdw12] = row;
    const device = new ScriptedDevice({ entries: 8 });
    const destination = named(1, to);
    const sources = new CopySources(device.dma, destination, 2, named(2, from));
    sources.add(0, 1);
    const { command, refusal } = copy(device, destination, sources, flags);
    if (cdw12 === undefined)
      expect(refusal).toMatch(/^copy: expected sources formatted like namespace 1, .* nsid, got 2$/);
    else expect((command!.dwords[12] & ~0xf00) >>> 0).toBe(cdw12 >>> 0);
  });

  it('are longer than their own namespace allows', () => {
    const device = new ScriptedDevice({ entries: 8 });
    const from = named(2, { limits: { ...ANY, copyRangeBlocksMax: 10 } });
    const sources = new CopySources(device.dma, named(1), 4, from);
    sources.add(0, 11);
    expect(copy(device, named(1), sources).refusal).toBe('ranges: expected 1 to 10 blocks in each, got 11');
    sources.clear();
    sources.add(0, 11, named(3));
    expect(copy(device, named(1), sources).refusal).toBe('');
    sources.add(0, 10);
    expect(copy(device, named(1), sources).refusal).toBe('ranges: expected 1 to 10 blocks in each, got 11');
  });

  it('are of a format that is not offered', () => {
    const device = new ScriptedDevice({ entries: 8 });
    const to = plainNamespace();
    const sources = new CopySources(device.dma, to, 4, plainNamespace({ nsid: 2 }));
    sources.add(0, 1);
    expect(copy(device, to, sources).refusal).toBe(
      'copy: expected descriptors of format 2, which the namespaces need, to be offered, CDFS, got 3',
    );
  });

  it('are mixed with others', () => {
    const device = new ScriptedDevice({ entries: 8 });
    const sources = new CopySources(device.dma, named(1), 4, named(2));
    expect(() => sources.add(0, 1, named(3, { blockBytes: 512 }))).toThrow(
      new RangeError('source: expected a namespace formatted like 2, got 3'),
    );
    const own = new CopySources(device.dma, named(1), 4);
    expect(() => own.add(0, 1, named(2))).toThrow(
      new RangeError('source: expected namespace 1, since these ranges do not name theirs, got 2'),
    );
    expect([sources.count, own.count]).toEqual([0, 0]);
  });
});

describe('storage tags of sources', () => {
  const format = { metadataBytes: 16, piType: 1, guardBits: 64, storageTagBits: 8 };
  it.each<[string, Partial<Namespace>, string]>([
    ['has none', { ...format, storageTagBits: 0 }, 'bits of the tag, got 0'],
    ['is not asked for them', { ...format, limits: { ...ANY, copyChecksStorageTag: false } }, 'STCRS'],
  ])('are checked of a namespace that %s', (_, changes, why) => {
    const device = new ScriptedDevice({ entries: 8 });
    const namespace = named(1, changes);
    const sources = new CopySources(device.dma, namespace, 4);
    sources.add(0, 1);
    expect(copy(device, namespace, sources).refusal).toBe('');
    sources.checksStorageTag = true;
    expect(copy(device, namespace, sources).refusal).toContain(why);
  });
});
