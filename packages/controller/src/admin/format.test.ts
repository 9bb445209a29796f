import {
  ADMIN_ABORT,
  ADMIN_FORMAT_NVM,
  ADMIN_NAMESPACE_MANAGEMENT,
  ADMIN_SET_FEATURES,
  ANA_STATE_INACCESSIBLE,
  DPS_FIRST,
  decodeIdentifyNamespace,
  decodeNamespaceList,
  FEATURE_ASYNC_EVENT_CONFIG,
  FEATURE_HOST_BEHAVIOR,
  FEATURE_NAMESPACE_WRITE_PROTECTION,
  FORMAT_NVM_CDW10,
  FORMAT_NVM_SES_CRYPTOGRAPHIC,
  FORMAT_NVM_SES_USER_DATA,
  HOST_BEHAVIOR_BYTES,
  HOST_BEHAVIOR_LBAFEE,
  IDENTIFY_CNS_NAMESPACE,
  LOG_CHANGED_NAMESPACES,
  NAMESPACE_MANAGEMENT_DELETE,
  NVM_READ,
  NVM_WRITE,
  NVM_WRITE_UNCORRECTABLE,
  STATUS_ANA_INACCESSIBLE,
  STATUS_DNR,
  STATUS_FORMAT_IN_PROGRESS,
  STATUS_INTERNAL_ERROR,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_FORMAT,
  STATUS_INVALID_NAMESPACE,
  STATUS_NAMESPACE_WRITE_PROTECTED,
  STATUS_UNRECOVERED_READ_ERROR,
  WRITE_PROTECTION_ON,
} from '@phasebit/nvme-spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  begin,
  buffer,
  heard,
  identify,
  listen,
  readLog,
  resetController,
  send,
  setFeature,
} from '../../test-support/admin-calls.js';
import { type RawCommand, type RawCompletion, RawHost, type RawHostOptions } from '../../test-support/raw-host.js';
import { SharedSubsystem } from '../../test-support/shared-subsystem.js';
import type { Medium } from '../media/medium.js';
import { RamMedium } from '../media/ram-medium.js';
import { LBA_FORMATS_DEFAULT, mediumBytesOf } from '../namespace-format.js';
import type { NamespaceOptions } from '../namespace-options.js';

const MIB = 1024 * 1024;
/** Numbers of default formats. */
const PLAIN_512 = 0;
const WITH_8 = 1;
const PLAIN_4K = 4;
const GUARDS_64 = 8;

type Choice = Partial<Record<'LBAFL' | 'MSET' | 'PI' | 'PIL' | 'SES' | 'LBAFU', number>>;

function dword(choice: Choice): number {
  let value = 0;
  for (const [name, field] of Object.entries(choice)) value = FORMAT_NVM_CDW10[name as keyof Choice].set(value, field);
  return value;
}

const format = (host: RawHost, nsid: number, choice: Choice = {}): RawCompletion =>
  host.run({ opcode: ADMIN_FORMAT_NVM, nsid, cdw10: dword(choice) });
const look = (host: RawHost, nsid: number): ReturnType<typeof decodeIdentifyNamespace> =>
  decodeIdentifyNamespace(identify(host, IDENTIFY_CNS_NAMESPACE, nsid));
const namespace = (nsid: number, fields: Partial<NamespaceOptions> = {}): NamespaceOptions => ({
  nsid,
  medium: new RamMedium({ bytes: MIB }),
  ...fields,
});
const started = (options: RawHostOptions = {}): RawHost =>
  new RawHost({ namespaces: [namespace(1), namespace(2)], largestNsid: 4, ...options }).enable();

/** Lets a host use every format. */
function extend(host: RawHost): void {
  const behavior = new Uint8Array(HOST_BEHAVIOR_BYTES);
  behavior[HOST_BEHAVIOR_LBAFEE] = 1;
  send(host, behavior, { opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_HOST_BEHAVIOR });
}

describe('Format NVM', () => {
  it('gives a namespace other blocks, as many as its capacity holds, and they read as zeros', () => {
    const host = started();
    const queue = host.createPair(1);
    const { data, fields } = buffer(host, 4096, 0x5a);
    const run = (opcode: number, command: Partial<RawCommand>): number =>
      queue.execute({ ...fields, opcode, nsid: 1, ...command }).code;
    run(NVM_WRITE, { cdw12: 7 });
    expect(look(host, 1)).toMatchObject({ nsze: 2048, flbas: PLAIN_512 });
    expect(format(host, 1, { LBAFL: PLAIN_4K }).code).toBe(0);
    expect(look(host, 1)).toMatchObject({ nsze: 256, ncap: 256, flbas: PLAIN_4K, nvmcap: MIB });
    expect([run(NVM_READ, {}), data.every((byte) => byte === 0)]).toEqual([0, true]);
    // One block is 4 KiB now, and there are 256 of them.
    expect(run(NVM_READ, { cdw10: 255 })).toBe(0);
    expect(run(NVM_READ, { cdw10: 256 })).not.toBe(0);
    expect(look(host, 2)).toMatchObject({ nsze: 2048, flbas: PLAIN_512 });
  });

  it.each([
    ['metadata from a buffer of its own', { LBAFL: WITH_8 }, WITH_8, 0],
    ['metadata behind the data', { LBAFL: WITH_8, MSET: 1 }, WITH_8 | 0x10, 0],
    ['protection information', { LBAFL: WITH_8, PI: 3 }, WITH_8, 3],
    ['protection information that comes first', { LBAFL: WITH_8, PI: 1, PIL: 1 }, WITH_8, 1 | DPS_FIRST],
  ])('takes %s', (_, choice, flbas, dps) => {
    const host = started();
    expect(format(host, 1, choice).code).toBe(0);
    expect(look(host, 1)).toMatchObject({ flbas, dps });
  });

  it('ignores where metadata would be when there is none', () => {
    const host = started();
    expect(format(host, 1, { LBAFL: PLAIN_4K, MSET: 1, PIL: 0 }).code).toBe(0);
    expect(look(host, 1).flbas).toBe(PLAIN_4K);
  });

  it.each([0, FORMAT_NVM_SES_USER_DATA, FORMAT_NVM_SES_CRYPTOGRAPHIC])('leaves no data with SES %i', (SES) => {
    const host = started();
    const queue = host.createPair(1);
    const { data, fields } = buffer(host, 512, 0x5a);
    queue.execute({ ...fields, opcode: NVM_WRITE, nsid: 1, cdw10: 2047 });
    expect(format(host, 1, { SES }).code).toBe(0);
    expect(queue.execute({ ...fields, opcode: NVM_READ, nsid: 1, cdw10: 2047 }).code).toBe(0);
    expect(data.every((byte) => byte === 0)).toBe(true);
  });

  it('makes blocks readable that were not', () => {
    const host = started();
    const queue = host.createPair(1);
    const { fields } = buffer(host, 512);
    const read = (): number => queue.execute({ ...fields, opcode: NVM_READ, nsid: 1, cdw10: 3 }).code;
    queue.execute({ opcode: NVM_WRITE_UNCORRECTABLE, nsid: 1, cdw10: 3 });
    expect(read()).toBe(STATUS_UNRECOVERED_READ_ERROR);
    format(host, 1);
    expect(read()).toBe(0);
  });

  it('of all namespaces is of those attached to this controller', () => {
    const { hosts, subsystem } = new SharedSubsystem(2, {
      namespaces: [namespace(1, { shared: true }), namespace(2), namespace(3)],
    });
    subsystem.attach(2, 1);
    subsystem.attach(3, 2);
    expect(format(hosts[0], 0xffff_ffff, { LBAFL: PLAIN_4K }).code).toBe(0);
    expect([1, 2, 3].map((nsid) => subsystem.find(nsid)!.format.blockBytes)).toEqual([4096, 4096, 512]);
    // The other controller sees the new format of what it shares.
    expect(look(hosts[1], 1).nsze).toBe(256);
  });

  it('takes a namespace that is attached nowhere', () => {
    const { hosts, subsystem } = new SharedSubsystem(1, { namespaces: [namespace(1)] });
    expect(format(hosts[0], 1, { LBAFL: PLAIN_4K }).code).toBe(0);
    expect(subsystem.find(1)!.blocks).toBe(256);
  });

  it('is told to every controller that shows the namespace', () => {
    const { hosts } = new SharedSubsystem(2, { namespaces: [namespace(1, { shared: true })] });
    for (const host of hosts) setFeature(host, FEATURE_ASYNC_EVENT_CONFIG, 0x100);
    listen(hosts[1], 1);
    format(hosts[0], 1);
    expect(heard(hosts[1]).map((each) => each.page)).toEqual([LOG_CHANGED_NAMESPACES]);
    expect(decodeNamespaceList(readLog(hosts[1], LOG_CHANGED_NAMESPACES, 4096))).toEqual([1]);
  });

  it('takes the upper bits of the format from a host that knows them, and ignores them from one that does not', () => {
    const lbaFormats = Array.from({ length: 20 }, (_, i) => ({
      blockBytes: i === 17 ? 8192 : 512,
      metadataBytes: 4 * i,
    }));
    const host = started({ lbaFormats, namespaces: [namespace(1)] });
    expect(format(host, 1, { LBAFL: 1, LBAFU: 1 }).code).toBe(0);
    expect(look(host, 1)).toMatchObject({ flbas: 1, nlbaf: 15 });
    extend(host);
    expect(format(host, 1, { LBAFL: 1, LBAFU: 1 }).code).toBe(0);
    expect(look(host, 1)).toMatchObject({ flbas: (1 << 5) | 1, nlbaf: 19 });
  });

  it('makes a namespace that only hosts with LBAFEE may use, until the host forgets that it has said so', () => {
    const host = started();
    extend(host);
    expect(format(host, 1, { LBAFL: GUARDS_64, PI: 1 }).code).toBe(0);
    const read = (): number => {
      const { fields } = buffer(host, 4096);
      return host.createPair(1).execute({ ...fields, opcode: NVM_READ, nsid: 1, cdw12: 0x2000_0000 }).code;
    };
    expect(read()).toBe(0);
    resetController(host);
    expect(read()).toBe(STATUS_INVALID_NAMESPACE);
    expect(format(host, 1, { LBAFL: PLAIN_512 })).toMatchObject({ code: STATUS_INVALID_NAMESPACE, dnr: true });
    extend(host);
    expect(format(host, 1, { LBAFL: PLAIN_512 }).code).toBe(0);
  });

  it('keeps data and metadata inside of what was allocated, whatever the formats that follow each other', () => {
    const choices = fc.array(
      fc.record({ LBAFL: fc.nat(LBA_FORMATS_DEFAULT.length - 1), MSET: fc.nat(1), PI: fc.nat(3), PIL: fc.nat(1) }),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(choices, fc.integer({ min: 1, max: 300 }), (all, pages) => {
        const bytes = pages * 4096;
        const host = new RawHost({ namespaces: [{ nsid: 1, medium: new RamMedium({ bytes }) }] }).enable();
        extend(host);
        for (const choice of all) {
          const row = LBA_FORMATS_DEFAULT[choice.LBAFL];
          const { code } = format(host, 1, choice);
          const hasRoom = choice.PI === 0 || row.metadataBytes >= (row.guardBits === 64 ? 16 : 8);
          expect(code === 0).toBe(hasRoom && mediumBytesOf(1, row) <= bytes);
          const { nsze, ncap, lbaf, flbas, nvmcap } = look(host, 1);
          const now = LBA_FORMATS_DEFAULT[flbas & 0xf];
          expect(lbaf[flbas & 0xf]).toMatchObject({ ms: now.metadataBytes, lbads: Math.log2(now.blockBytes) });
          expect([ncap, nvmcap]).toEqual([nsze, bytes]);
          expect(mediumBytesOf(nsze, now)).toBeLessThanOrEqual(bytes);
          expect(mediumBytesOf(nsze + 1, now)).toBeGreaterThan(bytes);
        }
      }),
      { numRuns: 25 },
    );
  });
});

describe('a format that takes time', () => {
  const slow = { durations: { formatMs: 100 } };

  /** A host whose format of namespace 1 runs, as command 77. */
  function formatting(options: RawHostOptions = {}): RawHost {
    const host = started({ ...slow, ...options });
    begin(host, { opcode: ADMIN_FORMAT_NVM, cid: 77, nsid: 1, cdw10: PLAIN_4K });
    expect(host.admin.completions.drain()).toEqual([]);
    return host;
  }

  it('completes when its time is over, and its progress can be watched', () => {
    const host = formatting();
    const remaining = (): number => look(host, 1).fpi;
    expect(remaining()).toBe(0x80 | 100);
    host.clock.advanceNs(75e6);
    expect([remaining(), look(host, 1).nsze]).toEqual([0x80 | 25, 2048]);
    expect(host.controller.nextDueNs).toBe(100e6);
    host.clock.advanceNs(25e6);
    host.settle();
    expect(host.admin.completions.drain()).toMatchObject([{ cid: 77, code: 0 }]);
    expect([remaining(), look(host, 1).nsze]).toEqual([0x80, 256]);
    expect(host.controller.nextDueNs).toBe(Infinity);
  });

  it('closes the namespace to I/O and to other operations until then, and no other one', () => {
    const host = formatting();
    const queue = host.createPair(1);
    const read = (nsid: number): RawCompletion =>
      queue.execute({ ...buffer(host, 4096).fields, opcode: NVM_READ, nsid });
    expect(read(1)).toMatchObject({ code: STATUS_FORMAT_IN_PROGRESS, dnr: false });
    expect(read(2).code).toBe(0);
    for (const nsid of [1, 0xffff_ffff]) {
      expect(format(host, nsid)).toMatchObject({ code: STATUS_FORMAT_IN_PROGRESS, dnr: false });
    }
    const remove = { opcode: ADMIN_NAMESPACE_MANAGEMENT, nsid: 1, cdw10: NAMESPACE_MANAGEMENT_DELETE };
    expect(host.run(remove)).toMatchObject({ code: STATUS_FORMAT_IN_PROGRESS, dnr: false });
    host.clock.advanceNs(100e6);
    host.settle();
    host.admin.completions.drain();
    expect(read(1).code).toBe(0);
  });

  it('of several namespaces takes as long as all of them', () => {
    const host = started(slow);
    begin(host, { opcode: ADMIN_FORMAT_NVM, cid: 77, nsid: 0xffff_ffff });
    host.clock.advanceNs(199e6);
    host.settle();
    expect(host.admin.completions.drain()).toEqual([]);
    host.clock.advanceNs(1e6);
    host.settle();
    expect(host.admin.completions.drain()).toMatchObject([{ cid: 77, code: 0 }]);
  });

  it('goes on when the controller is reset, without anybody to tell of its end', () => {
    const host = formatting();
    resetController(host);
    expect(format(host, 1).code).toBe(STATUS_FORMAT_IN_PROGRESS);
    host.clock.advanceNs(100e6);
    host.settle();
    expect(host.admin.completions.drain()).toEqual([]);
    expect(look(host, 1).nsze).toBe(256);
  });

  it('goes on when the command is aborted, and completes it once', () => {
    const host = formatting();
    begin(host, { opcode: ADMIN_ABORT, cdw10: 77 << 16, cid: 78 });
    const cids = host.admin.completions.drain().map((each) => each.cid);
    host.clock.advanceNs(100e6);
    host.settle();
    const later = host.admin.completions.drain().map((each) => each.cid);
    expect([...cids, ...later].sort()).toEqual([77, 78]);
    expect(look(host, 1).nsze).toBe(256);
  });

  it('aborts commands to the namespace that are on their way', () => {
    const medium: Medium = Object.assign(new RamMedium({ bytes: MIB }), { dueNs: () => 1e9 });
    const host = started({ ...slow, namespaces: [namespace(1, { medium })] });
    const queue = host.createPair(1);
    queue.push({ ...buffer(host, 512).fields, opcode: NVM_READ, cid: 5, nsid: 1 });
    queue.ring();
    host.settle();
    begin(host, { opcode: ADMIN_FORMAT_NVM, cid: 77, nsid: 1 });
    expect(queue.completions.drain()).toMatchObject([{ cid: 5, code: STATUS_FORMAT_IN_PROGRESS }]);
  });
});

describe('Format NVM is refused', () => {
  const cases: readonly (readonly [string, number, Choice, number])[] = [
    ['a reserved secure erase', 1, { SES: 3 }, STATUS_INVALID_FIELD],
    ['protection information of type 4', 1, { LBAFL: WITH_8, PI: 4 }, STATUS_INVALID_FIELD],
    ['protection information of type 7', 1, { LBAFL: WITH_8, PI: 7 }, STATUS_INVALID_FIELD],
    ['protection information without metadata', 1, { PI: 1 }, STATUS_INVALID_FORMAT],
    ['a format past the last', 1, { LBAFL: 10 }, STATUS_INVALID_FORMAT],
    [
      '64-bit guards, of a host that has not said that it knows them',
      1,
      { LBAFL: GUARDS_64 },
      STATUS_INVALID_NAMESPACE,
    ],
    ['namespace 0', 0, {}, STATUS_INVALID_NAMESPACE],
    ['a namespace that is not allocated', 3, {}, STATUS_INVALID_FIELD],
    ['a namespace past the last', 5, {}, STATUS_INVALID_NAMESPACE],
    ['all namespaces, wrongly', 0xffff_ffff, { PI: 1 }, STATUS_INVALID_FORMAT],
  ];
  it.each(cases)('for %s', (_, nsid, choice, code) => {
    const host = started();
    expect(format(host, nsid, choice)).toMatchObject({ code, dnr: true });
    expect(look(host, 1)).toMatchObject({ nsze: 2048, flbas: PLAIN_512 });
  });

  it('64-bit protection information in metadata that is too short for it', () => {
    const lbaFormats = [...LBA_FORMATS_DEFAULT, { blockBytes: 4096, metadataBytes: 8, guardBits: 64 }];
    const host = started({ lbaFormats });
    extend(host);
    expect(format(host, 1, { LBAFL: 10, PI: 1 }).code).toBe(STATUS_INVALID_FORMAT);
    expect(format(host, 1, { LBAFL: 10 }).code).toBe(0);
  });

  it('blocks that are larger than the namespace', () => {
    const host = started({ namespaces: [{ nsid: 1, medium: new RamMedium({ bytes: 4096 }), blocks: 1 }] });
    expect(format(host, 1, { LBAFL: PLAIN_4K })).toMatchObject({ code: STATUS_INVALID_FORMAT, dnr: true });
  });

  it('a write protected namespace, and all of them when one is', () => {
    const host = started();
    setFeature(host, FEATURE_NAMESPACE_WRITE_PROTECTION, WRITE_PROTECTION_ON, { nsid: 2 });
    expect(format(host, 2)).toMatchObject({ code: STATUS_NAMESPACE_WRITE_PROTECTED, dnr: true });
    expect(format(host, 0xffff_ffff, { LBAFL: PLAIN_4K }).code).toBe(STATUS_NAMESPACE_WRITE_PROTECTED);
    expect(look(host, 1).flbas).toBe(PLAIN_512);
    expect(format(host, 1).code).toBe(0);
  });

  it('a namespace that is not reachable', () => {
    const host = started({ anaGroups: 1 });
    host.controller.setAnaState(1, ANA_STATE_INACCESSIBLE);
    expect(format(host, 1)).toMatchObject({ code: STATUS_ANA_INACCESSIBLE, dnr: false });
  });

  it('a medium that cannot be erased, with its status', () => {
    const medium: Medium = Object.assign(new RamMedium({ bytes: MIB }), {
      deallocate: () => STATUS_INTERNAL_ERROR | STATUS_DNR,
    });
    const host = started({ namespaces: [namespace(1, { medium })] });
    expect(format(host, 1, { LBAFL: PLAIN_4K })).toMatchObject({ code: STATUS_INTERNAL_ERROR, dnr: true });
    expect(look(host, 1).flbas).toBe(PLAIN_512);
    // The namespace is open again.
    const { code } = host.createPair(1).execute({ ...buffer(host, 512).fields, opcode: NVM_READ, nsid: 1 });
    expect(code).toBe(0);
  });
});
