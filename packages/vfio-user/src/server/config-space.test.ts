import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONFIG_BYTES, ConfigSpace } from './config-space.js';
import { PCI_IDENTITY_DEFAULT } from './pci-identity.js';

function make() {
  let resets = 0;
  const space = new ConfigSpace(
    {
      identity: { ...PCI_IDENTITY_DEFAULT, vendorId: 0x1234, deviceId: 0x5678, subsystemId: 0x9abc, revisionId: 3 },
      vectors: 65,
      tableOffset: 0x2000,
      pendingOffset: 0x3000,
      bars: [
        { index: 0, bytes: 0x4000, isPrefetchable: false },
        { index: 2, bytes: 1 << 20, isPrefetchable: true },
      ],
    },
    () => resets++,
  );
  const read = (offset: number, bytes: number): number => {
    const into = new Uint8Array(8);
    space.read(offset, into.subarray(0, bytes));
    return new DataView(into.buffer).getUint32(0, true);
  };
  const write = (offset: number, value: number, bytes = 4): void => {
    const from = new Uint8Array(4);
    new DataView(from.buffer).setUint32(0, value, true);
    space.write(offset, from.subarray(0, bytes));
  };
  /** Where a capability is, found as a driver finds it. */
  const find = (id: number): number => {
    let at = read(0x34, 1);
    for (let left = 48; at !== 0 && left > 0; left--, at = read(at + 1, 1)) if (read(at, 1) === id) return at;
    return 0;
  };
  return { space, read, write, find, resets: () => resets };
}

describe('configuration space', () => {
  it('says it is something else', () => {
    const { read } = make();
    expect([read(0, 4), read(8, 4), read(0x2c, 4), read(0x3d, 1), read(0x0e, 1)]).toEqual([
      ...[0x5678_1234, 0x0108_0203, 0x9abc_5042, 0, 0],
    ]);
  });

  it('shows base address registers of another size, kind or place', () => {
    const { read, write } = make();
    const sizes = [0, 1, 2, 3, 4, 5].map((index) => {
      write(0x10 + 4 * index, 0xffff_ffff);
      return read(0x10 + 4 * index, 4);
    });
    expect(sizes).toEqual([0xffff_c004, 0xffff_ffff, 0xfff0_000c, 0xffff_ffff, 0, 0]);
    write(0x10, 0xfebf_9234);
    expect(read(0x10, 4)).toBe(0xfebf_8004);
  });

  it('lacks a capability, or has one that is not in the list', () => {
    const { read, find } = make();
    expect(read(0x06, 2) & 0x10).toBe(0x10);
    const [pm, msix, express] = [find(0x01), find(0x11), find(0x10)];
    expect([pm, msix, express].every((at) => at >= 0x40 && at % 4 === 0)).toBe(true);
    expect([find(0x05), read(pm + 2, 2) & 7]).toEqual([0, 3]);
    expect([read(msix + 2, 2), read(msix + 4, 4), read(msix + 8, 4)]).toEqual([64, 0x2000, 0x3000]);
    // Version 2 of an endpoint that can be reset by itself.
    expect([read(express + 2, 2), read(express + 4, 4) & 0x1000_0000]).toEqual([2, 0x1000_0000]);
    expect(read(0x100, 4)).toBe(0);
  });

  it('has the function reset by something else than its bit', () => {
    const { read, write, find, resets } = make();
    const control = find(0x10) + 8;
    expect(read(control, 2)).toBe(0x2810);
    write(control, 0x7fff, 2);
    write(control, 0x80, 1);
    expect([resets(), read(control, 2)]).toEqual([0, 0x7f80]);
    write(control, 0x8000, 2);
    expect([resets(), read(control, 2)]).toEqual([1, 0]);
    write(control + 1, 0x80, 1);
    write(control - 2, 0x8000_0000);
    expect(resets()).toBe(3);
  });

  it('forgets who is bus master, or keeps it through a reset', () => {
    const { space, write } = make();
    expect(space.isBusMaster).toBe(false);
    write(4, 4, 2);
    expect(space.isBusMaster).toBe(true);
    space.reset();
    expect(space.isBusMaster).toBe(false);
  });

  it('can be changed where it is read-only, whatever is written', () => {
    const { space, read, find } = make();
    const fixed = [0, 2, 8, 9, 10, 11, 0x34, find(0x01), find(0x11), find(0x11) + 4, find(0x10), find(0x10) + 4];
    const before = fixed.map((at) => read(at, 1));
    const access = fc.tuple(fc.nat(CONFIG_BYTES - 1), fc.uint8Array({ minLength: 1, maxLength: 64 }));
    fc.assert(
      fc.property(access, ([offset, bytes]) => {
        space.write(offset, bytes.subarray(0, CONFIG_BYTES - offset));
        expect(fixed.map((at) => read(at, 1))).toEqual(before);
      }),
    );
  });
});
