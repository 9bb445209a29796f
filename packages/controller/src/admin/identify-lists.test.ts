import {
  ADMIN_FORMAT_NVM,
  ADMIN_IDENTIFY,
  ADMIN_SET_FEATURES,
  CTRATT_EXTENDED_LBA_FORMATS,
  CTRATT_HOST_IDENTIFIER_128,
  CTRATT_RESERVATIONS_HOST_IDENTIFIER,
  CTRATT_UUID_LIST,
  decodeIdentifyController,
  decodeIdentifyIndependentNamespace,
  decodeIdentifyNamespace,
  decodeIdentifyNvmController,
  decodeIdentifyNvmNamespace,
  decodeNamespaceList,
  decodeUuidList,
  FEATURE_HOST_BEHAVIOR,
  FEATURE_NAMESPACE_WRITE_PROTECTION,
  HOST_BEHAVIOR_BYTES,
  HOST_BEHAVIOR_LBAFEE,
  IDENTIFY_CNS_ALLOCATED_NAMESPACE,
  IDENTIFY_CNS_COMMAND_SET_ACTIVE_NAMESPACE_LIST,
  IDENTIFY_CNS_COMMAND_SET_ALLOCATED_NAMESPACE,
  IDENTIFY_CNS_COMMAND_SET_ALLOCATED_NAMESPACE_LIST,
  IDENTIFY_CNS_COMMAND_SET_CONTROLLER,
  IDENTIFY_CNS_COMMAND_SET_NAMESPACE,
  IDENTIFY_CNS_COMMAND_SET_USER_DATA_FORMAT,
  IDENTIFY_CNS_COMMAND_SETS,
  IDENTIFY_CNS_CONTROLLER,
  IDENTIFY_CNS_INDEPENDENT_ALLOCATED_NAMESPACE,
  IDENTIFY_CNS_INDEPENDENT_NAMESPACE,
  IDENTIFY_CNS_NAMESPACE,
  IDENTIFY_CNS_NAMESPACE_GRANULARITY_LIST,
  IDENTIFY_CNS_USER_DATA_FORMAT,
  IDENTIFY_CNS_UUID_LIST,
  PIF_GUARD_16,
  PIF_GUARD_64,
  STATUS_INVALID_FIELD,
  WRITE_PROTECTION_ON,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { begin, buffer, identify, send, setFeature } from '../../test-support/admin-calls.js';
import { RawHost, type RawHostOptions } from '../../test-support/raw-host.js';
import { SharedSubsystem } from '../../test-support/shared-subsystem.js';
import { RamMedium } from '../media/ram-medium.js';

const ALL = 0xffff_ffff;
const medium = (): RamMedium => new RamMedium({ bytes: 65_536 });

function extend(host: RawHost): void {
  const behavior = new Uint8Array(HOST_BEHAVIOR_BYTES);
  behavior[HOST_BEHAVIOR_LBAFEE] = 1;
  send(host, behavior, { opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_HOST_BEHAVIOR });
}

const started = (options: RawHostOptions = {}): RawHost =>
  new RawHost({ namespaces: [{ nsid: 2, medium: medium() }], largestNsid: 4, ...options }).enable();

describe('Identify Controller', () => {
  const controller = (options: RawHostOptions = {}): ReturnType<typeof decodeIdentifyController> =>
    decodeIdentifyController(identify(started(options), IDENTIFY_CNS_CONTROLLER));

  it('says what is offered', () => {
    expect(controller()).toMatchObject({
      fuses: 1,
      // One namespace at a time or all of them, with cryptographic erase.
      fna: 0b0100,
      vwc: 7,
      kas: 1,
      // Three kinds and verification; no deallocation is inhibited, and media is not modified after it.
      sanicap: 0x6000_000f,
      hctma: 1,
      mntmt: 273,
      mxtmt: 358,
      lpa: 0x3e,
      nwpc: 1,
      hmpre: 0,
      rpmbs: 0,
      endgidmax: 0,
      mnan: 4,
    });
  });

  it('has the attributes of what is there', () => {
    const always = CTRATT_HOST_IDENTIFIER_128 | CTRATT_RESERVATIONS_HOST_IDENTIFIER;
    expect(controller().ctratt & always).toBe(always);
    const plain = controller({ lbaFormats: [{ blockBytes: 512, metadataBytes: 0 }] });
    expect(plain.ctratt & (CTRATT_EXTENDED_LBA_FORMATS | CTRATT_UUID_LIST)).toBe(0);
    const rich = controller({ uuids: ['00112233445566778899aabbccddeeff'] });
    const both = CTRATT_EXTENDED_LBA_FORMATS | CTRATT_UUID_LIST;
    expect(rich.ctratt & both).toBe(both);
  });

  it('counts capacity: what there is, and what is not allocated', () => {
    expect(controller()).toMatchObject({ tnvmcap: 65_536, unvmcap: 0 });
    expect(controller({ capacityBytes: 100_000 })).toMatchObject({ tnvmcap: 100_000, unvmcap: 34_464 });
    // Less than what is allocated cannot be.
    expect(controller({ capacityBytes: 5 })).toMatchObject({ tnvmcap: 65_536, unvmcap: 0 });
  });

  it('has the limits of commands without data in the structure of the command set', () => {
    const limits = { vsl: 3, wzsl: 4, wusl: 5, dmrl: 6, dmrsl: 7, dmsl: 2 ** 33 };
    const host = started({ ioLimits: limits });
    const decoded = decodeIdentifyNvmController(identify(host, IDENTIFY_CNS_COMMAND_SET_CONTROLLER));
    expect(decoded).toMatchObject({ ...limits, ver: 0x0001_0100 });
  });
});

describe('Identify Namespace', () => {
  it('of FFFFFFFFh gives what all have in common', () => {
    const host = started();
    const common = decodeIdentifyNamespace(identify(host, IDENTIFY_CNS_NAMESPACE, ALL));
    const one = decodeIdentifyNamespace(identify(host, IDENTIFY_CNS_NAMESPACE, 2));
    expect(common).toMatchObject({ nsze: 0, ncap: 0, nuse: 0, mc: 3, dpc: 0x1f });
    for (const name of ['nlbaf', 'lbaf', 'mc', 'dpc', 'rescap', 'dlfeat'] as const) {
      expect(common[name]).toEqual(one[name]);
    }
    const format = identify(host, IDENTIFY_CNS_USER_DATA_FORMAT, 0, 3);
    expect([...format]).toEqual([...identify(host, IDENTIFY_CNS_NAMESPACE, ALL)]);
  });

  it('shows more than 16 formats to hosts that know of them', () => {
    const lbaFormats = Array.from({ length: 20 }, (_, i) => ({ blockBytes: 512, metadataBytes: 4 * i }));
    const host = started({ lbaFormats });
    const formats = (): number => decodeIdentifyNamespace(identify(host, IDENTIFY_CNS_NAMESPACE, 2)).nlbaf + 1;
    const format19 = (): number =>
      host.run({
        ...buffer(host, 4096).fields,
        opcode: ADMIN_IDENTIFY,
        cdw10: IDENTIFY_CNS_USER_DATA_FORMAT,
        cdw11: 19,
      }).code;
    expect([formats(), format19()]).toEqual([16, STATUS_INVALID_FIELD]);
    extend(host);
    expect([formats(), format19()]).toEqual([20, 0]);
  });

  it('has guards and storage tags in the structure of the command set', () => {
    const lbaFormats = [
      { blockBytes: 512, metadataBytes: 8 },
      { blockBytes: 4096, metadataBytes: 16, guardBits: 64, storageTagBits: 40 },
    ];
    const namespaces = lbaFormats.map((each, i) => ({ nsid: i + 1, medium: medium(), ...each }));
    const host = started({ lbaFormats, namespaces });
    const [plain, tagged] = [1, 2].map((nsid) =>
      decodeIdentifyNvmNamespace(identify(host, IDENTIFY_CNS_COMMAND_SET_NAMESPACE, nsid)),
    );
    expect(plain.elbaf.slice(0, 2)).toEqual([
      { sts: 0, pif: PIF_GUARD_16 },
      { sts: 40, pif: PIF_GUARD_64 },
    ]);
    expect([plain.lbstm, tagged.lbstm]).toEqual([0, 2 ** 40 - 1]);
    for (const [cns, nsid] of [
      [IDENTIFY_CNS_COMMAND_SET_NAMESPACE, ALL],
      [IDENTIFY_CNS_COMMAND_SET_USER_DATA_FORMAT, 0],
    ]) {
      expect(decodeIdentifyNvmNamespace(identify(host, cns, nsid)).elbaf).toEqual(plain.elbaf);
    }
  });

  it('has what does not depend on the command set in a structure of its own', () => {
    const host = started({ anaGroups: 2, namespaces: [{ nsid: 2, medium: medium(), shared: true, anaGroupId: 2 }] });
    setFeature(host, FEATURE_NAMESPACE_WRITE_PROTECTION, WRITE_PROTECTION_ON, { nsid: 2 });
    const decode = (cns: number, nsid: number): ReturnType<typeof decodeIdentifyIndependentNamespace> =>
      decodeIdentifyIndependentNamespace(identify(host, cns, nsid));
    for (const cns of [IDENTIFY_CNS_INDEPENDENT_NAMESPACE, IDENTIFY_CNS_INDEPENDENT_ALLOCATED_NAMESPACE]) {
      expect(decode(cns, 2)).toMatchObject({ nmic: 1, anagrpid: 2, nsattr: 1, nstat: 1, rescap: 0xff, fpi: 0x80 });
    }
    expect(decode(IDENTIFY_CNS_INDEPENDENT_NAMESPACE, ALL)).toMatchObject({ nmic: 0, anagrpid: 0, rescap: 0xff });
    expect(decode(IDENTIFY_CNS_INDEPENDENT_NAMESPACE, 3)).toMatchObject({ nstat: 0, rescap: 0 });
  });

  it('shows the progress of a format in both structures', () => {
    const host = started({ durations: { formatMs: 100 } });
    begin(host, { opcode: ADMIN_FORMAT_NVM, cid: 1, nsid: 2 });
    host.clock.advanceNs(40e6);
    expect(identify(host, IDENTIFY_CNS_NAMESPACE, 2)[32]).toBe(0x80 | 60);
    expect(decodeIdentifyIndependentNamespace(identify(host, IDENTIFY_CNS_INDEPENDENT_NAMESPACE, 2)).fpi).toBe(
      0x80 | 60,
    );
  });
});

describe('allocated namespaces', () => {
  it('are told from active ones', () => {
    const { hosts, subsystem } = new SharedSubsystem(1, {
      largestNsid: 4,
      namespaces: [1, 2, 3].map((nsid) => ({ nsid, medium: medium() })),
    });
    const [host] = hosts;
    subsystem.attach(2, 1);
    const list = (cns: number, above = 0): number[] => decodeNamespaceList(identify(host, cns, above));
    expect(list(IDENTIFY_CNS_COMMAND_SET_ACTIVE_NAMESPACE_LIST)).toEqual([2]);
    expect(list(IDENTIFY_CNS_COMMAND_SET_ALLOCATED_NAMESPACE_LIST)).toEqual([1, 2, 3]);
    expect(list(IDENTIFY_CNS_COMMAND_SET_ALLOCATED_NAMESPACE_LIST, 2)).toEqual([3]);
    const size = (cns: number, nsid: number): number | bigint =>
      decodeIdentifyNamespace(identify(host, cns, nsid)).nsze;
    expect([1, 2, 4].map((nsid) => size(IDENTIFY_CNS_NAMESPACE, nsid))).toEqual([0, 128, 0]);
    expect([1, 2, 4].map((nsid) => size(IDENTIFY_CNS_ALLOCATED_NAMESPACE, nsid))).toEqual([128, 128, 0]);
    const isThere = (nsid: number): boolean =>
      identify(host, IDENTIFY_CNS_COMMAND_SET_ALLOCATED_NAMESPACE, nsid).some((byte) => byte !== 0);
    expect([isThere(1), isThere(4)]).toEqual([true, false]);
  });
});

describe('lists about other things', () => {
  it('UUIDs, as they were given', () => {
    const uuids = ['00112233-4455-6677-8899-aabbccddeeff', 'ffeeddccbbaa99887766554433221100'];
    expect(decodeUuidList(identify(started({ uuids }), IDENTIFY_CNS_UUID_LIST))).toEqual([
      '00112233-4455-6677-8899-aabbccddeeff',
      'ffeeddcc-bbaa-9988-7766-554433221100',
    ]);
  });

  it('granularities: one for all formats', () => {
    const data = identify(started(), IDENTIFY_CNS_NAMESPACE_GRANULARITY_LIST);
    const view = new DataView(data.buffer, data.byteOffset);
    expect([view.getUint32(0, true), data[4]]).toEqual([0, 0]);
    expect([view.getBigUint64(32, true), view.getBigUint64(40, true)]).toEqual([4096n, 4096n]);
  });

  it('command sets of every controller of the subsystem, and of no other', () => {
    const [a] = new SharedSubsystem(2).hosts;
    for (const cntlid of [1, 2, 0xffff]) expect(identify(a, IDENTIFY_CNS_COMMAND_SETS | (cntlid << 16))[0]).toBe(1);
    const command = { ...buffer(a, 4096).fields, opcode: ADMIN_IDENTIFY, cdw10: IDENTIFY_CNS_COMMAND_SETS | (3 << 16) };
    expect(a.run(command)).toMatchObject({ code: STATUS_INVALID_FIELD, dnr: true });
  });
});
