import { describe, expect, it } from 'vitest';
import * as spec from './index.js';

/** Puts bytes given as hexadecimal text at an offset. */
function poke(data: Uint8Array, at: number, hex: string): void {
  data.set(
    Uint8Array.from(hex.replace(/\s+/g, '').match(/../g)!, (byte) => Number.parseInt(byte, 16)),
    at,
  );
}

/** An Identify Controller data structure written by hand, byte by byte, without the package's own constants. */
function goldenController(): Uint8Array {
  const data = new Uint8Array(4096);
  poke(data, 0, '36 1b f4 1a'); //                                         VID 1B36h, SSVID 1AF4h
  data.set(new TextEncoder().encode('PB0001'.padEnd(20)), 4); //           SN
  data.set(new TextEncoder().encode('Phasebit Model 1'.padEnd(40)), 24); //MN
  data.set(new TextEncoder().encode('1.0'.padEnd(8)), 64); //              FR
  poke(data, 72, '06 00 54 52 0a 07'); //                                  RAB 6, IEEE 525400h, CMIC 0Ah, MDTS 7
  poke(data, 78, '01 00 00 01 02 00'); //                                  CNTLID 1, VER 2.1.0
  poke(data, 92, '00 09 00 00'); //                                        OAES bits 8 and 11
  poke(data, 128, '01 00 0a 00 64 00'); //                                 CRDT1..3
  poke(data, 256, '0a 01 03 03 00 06 3f 00'); //                           OACS, ACL, AERL, FRMW, LPA, ELPE 63, NPSS 0
  poke(data, 280, '00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00'); //   TNVMCAP 2^64 bytes
  poke(data, 342, '0a 9f 20 00 00 00 04 00 00 00'); //                     ANATT, ANACAP, ANAGRPMAX 32, NANAGRPID 4
  poke(data, 512, '66 44 00 01 08 00 00 00 5d 01'); //                     SQES, CQES, MAXCMD 256, NN 8, ONCS 015Dh
  poke(data, 525, '07 ff 00 00 00'); //                                    VWC 7, AWUN 255, AWUPF 0
  poke(data, 536, '01 00 00 00'); //                                       SGLS
  data.set(new TextEncoder().encode('nqn.2024-01.org.example:one'), 768);
  poke(data, 2048, 'c4 09 00 02 10 00 00 00 04 00 00 00 01 02 03 24'); //  25.00 W, non-operational, 16 us, 4 us
  poke(data, 2064, '34 12 80 00 78 56 45 07 08 09 21 03'); //          idle and active power, power loss times
  return data;
}

describe('Identify Controller', () => {
  const golden = goldenController();
  const controller = spec.decodeIdentifyController(golden);

  it('decodes to the fields of the figure', () => {
    expect(controller).toMatchObject({
      vid: 0x1b36,
      ssvid: 0x1af4,
      sn: 'PB0001',
      mn: 'Phasebit Model 1',
      fr: '1.0',
      rab: 6,
      ieee: 0x525400,
      cmic: spec.CMIC_MULTI_CONTROLLER | spec.CMIC_ANA_REPORTING,
      mdts: 7,
      cntlid: 1,
      ver: 0x0002_0100,
      oaes: spec.OAES_NAMESPACE_ATTRIBUTE | spec.OAES_ANA_CHANGE,
      crdt1: 1,
      crdt2: 10,
      crdt3: 100,
      oacs: spec.OACS_FORMAT_NVM | spec.OACS_NAMESPACE_MANAGEMENT | spec.OACS_DOORBELL_BUFFER,
      acl: 3,
      aerl: 3,
      lpa: spec.LPA_COMMAND_EFFECTS | spec.LPA_EXTENDED_DATA,
      elpe: 63,
      npss: 0,
      tnvmcap: 2n ** 64n,
      unvmcap: 0,
      anatt: 10,
      anagrpmax: 32,
      nanagrpid: 4,
      sqes: 0x66,
      cqes: 0x44,
      maxcmd: 256,
      nn: 8,
      oncs:
        spec.ONCS_COMPARE |
        spec.ONCS_DATASET_MANAGEMENT |
        spec.ONCS_WRITE_ZEROES |
        spec.ONCS_SAVE_SELECT |
        spec.ONCS_TIMESTAMP |
        spec.ONCS_COPY,
      awun: 255,
      awupf: 0,
      sgls: 1,
      subnqn: 'nqn.2024-01.org.example:one',
    });
    expect(controller.vwc >>> spec.VWC_FLUSH_BROADCAST_SHIFT).toBe(spec.VWC_FLUSH_BROADCAST_SUPPORTED);
    expect(spec.VS.MNR.get(controller.ver)).toBe(1);
  });

  it('has the power states that NPSS counts', () => {
    const latencies = { operational: false, enlat: 16, exlat: 4, rrt: 1, rrl: 2, rwt: 3, rwl: 4 };
    const power = { maxPowerW: 25, mxps: false, idlp: 0x1234, ips: 2, actp: 0x5678, apw: 5, aps: 1 };
    const powerLoss = { epfrt: 7, epfrts: 1, fqvt: 8, fqvts: 2, epfvt: 9, epfvts: 3 };
    expect(controller.psd).toEqual([{ ...latencies, ...power, ...powerLoss }]);
    const full = golden.slice();
    full[spec.IDCTRL_NPSS] = 255; // more than there is room for
    expect(spec.decodeIdentifyController(full).psd).toHaveLength(spec.IDCTRL_POWER_STATES);
  });

  it('names every field of the layout that is not reserved or vendor specific', () => {
    const names = Object.keys(spec.IdentifyControllerLayout.decode(golden)).filter((name) => name !== 'vs');
    expect(Object.keys(controller)).toEqual(names);
  });

  it('agrees with the layout on every integer and text', () => {
    const noise = Uint8Array.from({ length: 4096 }, (_, i) => (i * 37 + 11) & 0x7f);
    const decoded = spec.decodeIdentifyController(noise) as unknown as Record<string, unknown>;
    for (const { name, kind } of spec.IdentifyControllerLayout.fields) {
      if (kind === 'reserved' || kind === 'bytes') continue;
      expect(decoded[name], name).toEqual(spec.IdentifyControllerLayout.read(noise, name));
    }
  });

  it('comes back from writes through the layout', () => {
    const copy = new Uint8Array(4096);
    const structure = spec.IdentifyControllerLayout;
    for (const [name, value] of Object.entries(structure.decode(golden))) structure.write(copy, name, value);
    expect(spec.decodeIdentifyController(copy)).toEqual(controller);
  });

  it('needs 4096 bytes', () => {
    expect(() => spec.decodeIdentifyController(golden.subarray(0, 4095))).toThrow('4096 bytes expected, got 4095');
  });
});

describe('Identify Namespace', () => {
  const golden = new Uint8Array(4096);
  poke(golden, 0, '00 00 10 00 00 00 00 00'); //                    NSZE 1 Mi blocks
  poke(golden, 8, '00 00 08 00 00 00 00 00 34 12 00 00 00 00 00 00'); // NCAP, NUSE
  poke(golden, 24, '05 01 01 00 00 00 01 00 00 09'); //             NSFEAT, NLBAF 1, FLBAS 1, ..., NMIC, DLFEAT
  poke(golden, 46, '00 01'); //                                     NOIOB 256
  poke(golden, 92, '02 00 00 00'); //                               ANAGRPID 2
  poke(golden, 104, '00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f'); // NGUID
  poke(golden, 120, 'a0 a1 a2 a3 a4 a5 a6 a7'); //                  EUI64
  poke(golden, 128, '00 00 09 02 08 00 0c 00'); //                  512 good; 4096 + 8 best

  it('decodes to the fields of the figure', () => {
    const namespace = spec.decodeIdentifyNamespace(golden);
    expect(namespace).toMatchObject({
      nsze: 0x100000,
      ncap: 0x80000,
      nuse: 0x1234,
      nsfeat: spec.NSFEAT_THINP | spec.NSFEAT_DAE,
      nlbaf: 1,
      flbas: 1,
      nmic: spec.NMIC_SHRNS,
      dlfeat: spec.DLFEAT_READ_ZEROES | spec.DLFEAT_WRITE_ZEROES_DEALLOCATES,
      noiob: 256,
      anagrpid: 2,
      nguid: '000102030405060708090a0b0c0d0e0f',
      eui64: 'a0a1a2a3a4a5a6a7',
      lbaf: [
        { ms: 0, lbads: 9, rp: 2 },
        { ms: 8, lbads: 12, rp: 0 },
      ],
    });
    const format = namespace.lbaf[spec.lbaFormatIndex(namespace.flbas, namespace.lbaf.length)];
    expect(2 ** format.lbads).toBe(4096);
  });

  it('names every field of the layout that is not reserved or vendor specific', () => {
    const names = Object.keys(spec.IdentifyNamespaceLayout.decode(golden)).filter((name) => name !== 'vs');
    expect(Object.keys(spec.decodeIdentifyNamespace(golden))).toEqual(names);
  });

  it('says which size is out of reach', () => {
    const huge = golden.slice();
    huge[spec.IDNS_NCAP + 6] = 0x20;
    expect(() => spec.decodeIdentifyNamespace(huge)).toThrow('IDNS.ncap: 9007199255265280 is above 2^53 - 1');
  });

  it('uses the high bits of FLBAS only above sixteen formats', () => {
    expect(spec.lbaFormatIndex(0x6f, 16)).toBe(0xf);
    expect(spec.lbaFormatIndex(0x6f, 64)).toBe(0x3f);
    expect(spec.lbaFormatIndex(0x20 | spec.FLBAS_METADATA_EXTENDED, 17)).toBe(0x10);
  });

  it('counts unique attribute formats, and never more than 64', () => {
    const many = golden.slice();
    many[spec.IDNS_NULBAF] = 2;
    expect(spec.decodeIdentifyNamespace(many).lbaf).toHaveLength(4);
    many[spec.IDNS_NLBAF] = 255;
    expect(spec.decodeIdentifyNamespace(many).lbaf).toHaveLength(64);
  });
});

describe('Namespace Identification Descriptors', () => {
  const list = new Uint8Array(4096);
  poke(list, 0, '01 08 00 00 a0 a1 a2 a3 a4 a5 a6 a7');
  poke(list, 12, '03 10 00 00 00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff');
  poke(list, 32, '7f 02 00 00 01 02'); // a type nobody knows
  poke(list, 38, '04 01 00 00 02');

  it('decode until a length of zero', () => {
    expect(spec.decodeNamespaceDescriptors(list)).toEqual({
      eui64: 'a0a1a2a3a4a5a6a7',
      uuid: '00112233-4455-6677-8899-aabbccddeeff',
      csi: spec.CSI_ZONED,
    });
    expect(spec.decodeNamespaceDescriptors(new Uint8Array(4096))).toEqual({});
  });

  it('must have the length of their type and end inside the list', () => {
    const wrong = list.slice();
    wrong[1] = 7;
    expect(() => spec.decodeNamespaceDescriptors(wrong)).toThrow('NSDESC at 0: type 1 has 7 bytes, expected 8');
    expect(() => spec.decodeNamespaceDescriptors(list.subarray(0, 20))).toThrow('NSDESC at 12: 16 bytes run past');
  });
});

describe('namespace lists', () => {
  it('end at the first zero, or after 1024 entries', () => {
    const list = new Uint8Array(4096);
    poke(list, 0, '01 00 00 00 03 00 00 00 fe ff ff ff');
    expect(spec.decodeNamespaceList(list)).toEqual([1, 3, spec.NSID_MAX]);
    expect(spec.decodeNamespaceList(new Uint8Array(4096).fill(1))).toHaveLength(1024);
    expect(() => spec.decodeNamespaceList(new Uint8Array(8).fill(1))).toThrow(RangeError);
  });
});
