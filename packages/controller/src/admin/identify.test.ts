import {
  ADMIN_IDENTIFY,
  ANA_STATE_OPTIMIZED,
  CMIC_ANA_REPORTING,
  decodeIdentifyController,
  decodeIdentifyNamespace,
  decodeNamespaceDescriptors,
  decodeNamespaceList,
  IDENTIFY_BYTES,
  REG_VS,
  toHex,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { RawHost, type RawHostOptions } from '../../test-support/raw-host.js';
import { NullMedium } from '../media/null-medium.js';

const medium = new NullMedium(1024 * 1024);

function identify(host: RawHost, cns: number, nsid = 0, cdw11 = 0): Uint8Array {
  const page = host.page();
  const data = host.dma.bytes(page, IDENTIFY_BYTES).fill(0xee);
  expect(host.run({ opcode: ADMIN_IDENTIFY, nsid, prp1: host.iova(page), cdw10: cns, cdw11 }).code).toBe(0);
  return data;
}

function started(options: RawHostOptions = {}): RawHost {
  return new RawHost(options).enable();
}

describe('Identify Controller', () => {
  it('says what the options say', () => {
    const host = started({
      serial: 'S1',
      model: 'Model',
      firmware: '1.2',
      subnqn: 'nqn.2026-11.dev.phasebit:test',
      cntlid: 7,
      mdts: 5,
      vendorId: 0x1234,
      largestNsid: 32,
    });
    const data = identify(host, 1);
    expect(decodeIdentifyController(data)).toMatchObject({
      vid: 0x1234,
      sn: 'S1',
      mn: 'Model',
      fr: '1.2',
      subnqn: 'nqn.2026-11.dev.phasebit:test',
      cntlid: 7,
      mdts: 5,
      nn: 32,
      ver: host.read32(REG_VS),
      sqes: 0x66,
      cqes: 0x44,
      cntrltype: 1,
      aerl: 3,
      elpe: 63,
      oacs: 0x3f,
      oncs: 0x17ff,
      vwc: 7,
    });
  });

  it('reports ANA only when there are groups', () => {
    const without = decodeIdentifyController(identify(started(), 1));
    expect(without).toMatchObject({ anacap: 0, anagrpmax: 0, nanagrpid: 0, cmic: 0 });
    const reported = decodeIdentifyController(identify(started({ anaGroups: 3 }), 1));
    expect(reported).toMatchObject({ anacap: 0xdf, anagrpmax: 3, nanagrpid: 3, oaes: 0x8_0b00 });
    expect(reported.cmic & CMIC_ANA_REPORTING).not.toBe(0);
    expect(reported.anatt).toBeGreaterThan(0);
  });

  it('arrives over two pages when PRP1 has an offset', () => {
    const host = started({ serial: 'TWOPAGES' });
    const pages = [host.page(), host.page()] as const;
    const command = { opcode: ADMIN_IDENTIFY, prp1: host.iova(pages[0]) + 4080, prp2: host.iova(pages[1]), cdw10: 1 };
    expect(host.run(command).code).toBe(0);
    const data = new Uint8Array(IDENTIFY_BYTES);
    data.set(host.dma.bytes(pages[0] + 4080, 16));
    data.set(host.dma.bytes(pages[1], 4080), 16);
    expect(decodeIdentifyController(data).sn).toBe('TWOPAGES');
  });
});

describe('Identify Namespace', () => {
  it.each([
    [512, 9, 0],
    [4096, 12, 4],
    [16_384, 14, 10],
  ])('gives size and format for blocks of %i bytes', (blockBytes, lbads, flbas) => {
    const host = started({ namespaces: [{ nsid: 1, medium, blockBytes, shared: true }] });
    const decoded = decodeIdentifyNamespace(identify(host, 0, 1));
    const blocks = medium.bytes / blockBytes;
    expect(decoded).toMatchObject({ nsze: blocks, ncap: blocks, nuse: blocks, nmic: 1, dlfeat: 9, flbas });
    expect(decoded.nlbaf).toBe(flbas === 10 ? 10 : 9);
    expect(decoded.lbaf[flbas]).toMatchObject({ ms: 0, lbads });
  });

  it('is zeros for a valid identifier that is inactive', () => {
    const host = started({ largestNsid: 4 });
    for (const cns of [0, 5, 8]) expect(identify(host, cns, 3).every((byte) => byte === 0)).toBe(true);
  });

  it('has sizes past 2^32', () => {
    const huge = new NullMedium(2 ** 45);
    const host = started({ namespaces: [{ nsid: 1, medium: huge }] });
    expect(decodeIdentifyNamespace(identify(host, 0, 1)).nsze).toBe(2 ** 36);
  });
});

describe('namespace identifiers', () => {
  it('are what was given, and a UUID is there in any case', () => {
    const uuid = '01234567-89ab-cdef-0123-456789abcdef';
    const nguid = 'f'.repeat(32);
    const eui64 = '0011223344556677';
    const host = started({
      namespaces: [
        { nsid: 1, medium, uuid, nguid, eui64 },
        { nsid: 2, medium },
      ],
    });
    expect(decodeNamespaceDescriptors(identify(host, 3, 1))).toEqual({ uuid, nguid, eui64, csi: 0 });
    expect(decodeNamespaceDescriptors(identify(host, 3, 2))).toEqual({ uuid: expect.any(String) as string, csi: 0 });
    expect(toHex(identify(host, 0, 1).subarray(104, 128))).toBe(nguid + eui64);
  });

  it('a UUID that was not given is the same at every controller of the subsystem, and different for each namespace', () => {
    const options = { subnqn: 'nqn.x', namespaces: [1, 2].map((nsid) => ({ nsid, medium })) };
    const [a, b] = [started({ ...options, cntlid: 1 }), started({ ...options, cntlid: 2 })];
    const uuid = (host: RawHost, nsid: number): string => decodeNamespaceDescriptors(identify(host, 3, nsid)).uuid!;
    expect(uuid(a, 1)).toBe(uuid(b, 1));
    expect(uuid(a, 1)).not.toBe(uuid(a, 2));
    expect(uuid(started({ ...options, subnqn: 'nqn.y' }), 1)).not.toBe(uuid(a, 1));
  });
});

describe('namespace lists', () => {
  it('are the active identifiers above the one given', () => {
    const host = started({ namespaces: [9, 2, 5].map((nsid) => ({ nsid, medium })) });
    for (const cns of [2, 7]) {
      expect(decodeNamespaceList(identify(host, cns, 0))).toEqual([2, 5, 9]);
      expect(decodeNamespaceList(identify(host, cns, 2))).toEqual([5, 9]);
      expect(decodeNamespaceList(identify(host, cns, 9))).toEqual([]);
      expect(decodeNamespaceList(identify(host, cns, 0xffff_fffd))).toEqual([]);
    }
  });

  it('hold 1,024 identifiers and go on from the last', () => {
    const namespaces = Array.from({ length: 1100 }, (_, i) => ({ nsid: i + 1, medium }));
    const host = started({ namespaces });
    const first = decodeNamespaceList(identify(host, 2, 0));
    expect(first).toHaveLength(1024);
    expect(decodeNamespaceList(identify(host, 2, first.at(-1)))).toHaveLength(76);
  });
});

describe('the other structures', () => {
  it('the command sets are the NVM Command Set, at this controller', () => {
    const host = started({ cntlid: 5 });
    for (const cntid of [0xffff, 5]) {
      const data = identify(host, (cntid << 16) | 0x1c);
      expect(data[0]).toBe(1);
      expect(data.subarray(1).every((byte) => byte === 0)).toBe(true);
    }
  });

  it('the independent structure has the ANA group and says that the namespace is ready', () => {
    const host = started({ anaGroups: 2, namespaces: [{ nsid: 1, medium, anaGroupId: 2 }] });
    const data = identify(host, 8, 1);
    expect([data[4], data[14]]).toEqual([2, 1]);
    expect(ANA_STATE_OPTIMIZED).toBe(1);
  });
});
