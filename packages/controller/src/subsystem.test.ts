import { ManualClock } from '@phasebit/core';
import {
  CMIC_MULTI_CONTROLLER,
  CMIC_MULTI_PORT,
  decodeControllerList,
  decodeIdentifyController,
  decodeNamespaceDescriptors,
  decodeNamespaceList,
  FEATURE_ASYNC_EVENT_CONFIG,
  IDENTIFY_CNS_ACTIVE_NAMESPACE_LIST,
  IDENTIFY_CNS_ALLOCATED_NAMESPACE_LIST,
  IDENTIFY_CNS_ATTACHED_CONTROLLER_LIST,
  IDENTIFY_CNS_CONTROLLER,
  IDENTIFY_CNS_CONTROLLER_LIST,
  IDENTIFY_CNS_NAMESPACE_DESCRIPTOR_LIST,
  LOG_CHANGED_ALLOCATED_NAMESPACES,
  LOG_CHANGED_NAMESPACES,
  NVM_READ,
  NVM_WRITE,
  REG_CSTS,
  REG_NSSR,
  STATUS_INVALID_NAMESPACE,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { buffer, heard, identify, listen, readLog, setFeature } from '../test-support/admin-calls.js';
import { RawHost } from '../test-support/raw-host.js';
import { SharedSubsystem } from '../test-support/shared-subsystem.js';
import { RamMedium } from './media/ram-medium.js';
import type { NamespaceOptions } from './namespace-options.js';
import { Subsystem } from './subsystem.js';
import type { SubsystemOptions } from './subsystem-options.js';

const MIB = 1024 * 1024;
/** Asks for notices about attached and about allocated namespaces. */
const BOTH_NOTICES = 0x8_0100;
const NSSR_VALUE = 0x4e56_4d65;

const ram = (): RamMedium => new RamMedium({ bytes: MIB });
const namespace = (nsid: number, fields: Partial<NamespaceOptions> = {}): NamespaceOptions => ({
  nsid,
  medium: ram(),
  ...fields,
});
const active = (host: RawHost): number[] => decodeNamespaceList(identify(host, IDENTIFY_CNS_ACTIVE_NAMESPACE_LIST));
const allocated = (host: RawHost): number[] =>
  decodeNamespaceList(identify(host, IDENTIFY_CNS_ALLOCATED_NAMESPACE_LIST));

describe('a subsystem', () => {
  it('shows its shared namespaces at every controller, and private ones at none until they are attached', () => {
    const shared = new SharedSubsystem(2, { namespaces: [namespace(1, { shared: true }), namespace(2)] });
    const [a, b] = shared.hosts;
    expect([active(a), active(b)]).toEqual([[1], [1]]);
    expect([allocated(a), allocated(b)]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    shared.subsystem.attach(2, 2);
    expect([active(a), active(b)]).toEqual([[1], [1, 2]]);
    const controllers = (nsid: number): number[] =>
      decodeControllerList(identify(a, IDENTIFY_CNS_ATTACHED_CONTROLLER_LIST, nsid));
    expect([controllers(1), controllers(2)]).toEqual([[1, 2], [2]]);
  });

  it('has one name, serial number and set of identifiers, and a CNTLID for each controller', () => {
    const options = { serial: 'SHARED', subnqn: 'nqn.shared', namespaces: [namespace(1, { shared: true })] };
    const { hosts } = new SharedSubsystem(3, options);
    const controllers = hosts.map((host) => decodeIdentifyController(identify(host, IDENTIFY_CNS_CONTROLLER)));
    expect(controllers.map(({ cntlid }) => cntlid)).toEqual([1, 2, 3]);
    for (const { sn, subnqn, cmic } of controllers) {
      expect([sn, subnqn, cmic]).toEqual(['SHARED', 'nqn.shared', CMIC_MULTI_PORT | CMIC_MULTI_CONTROLLER]);
    }
    const uuids = hosts.map(
      (host) => decodeNamespaceDescriptors(identify(host, IDENTIFY_CNS_NAMESPACE_DESCRIPTOR_LIST, 1)).uuid,
    );
    expect(new Set(uuids).size).toBe(1);
    const list = (from: number): number[] =>
      decodeControllerList(identify(hosts[0], IDENTIFY_CNS_CONTROLLER_LIST | (from << 16)));
    expect([list(0), list(2), list(3), list(4)]).toEqual([[1, 2, 3], [2, 3], [3], []]);
  });

  it('lets one controller read what another one wrote', () => {
    const { hosts } = new SharedSubsystem(2, { namespaces: [namespace(1, { shared: true })] });
    const queues = hosts.map((host) => host.createPair(1));
    const written = buffer(hosts[0], 4096, 0x5a);
    const command = { ...written.fields, nsid: 1, cdw10: 3, cdw12: 7 };
    expect(queues[0].execute({ ...command, opcode: NVM_WRITE }).code).toBe(0);
    const read = buffer(hosts[1], 4096);
    expect(queues[1].execute({ ...command, ...read.fields, opcode: NVM_READ }).code).toBe(0);
    expect(read.data.every((byte) => byte === 0x5a)).toBe(true);
  });

  it('goes on at the other controllers when one is reset', () => {
    const { hosts } = new SharedSubsystem(2, { namespaces: [namespace(1, { shared: true })] });
    const queue = hosts[1].createPair(1);
    hosts[0].write32(0x14, 0);
    expect(queue.execute({ ...buffer(hosts[1], 4096).fields, opcode: NVM_READ, nsid: 1, cdw12: 7 }).code).toBe(0);
  });

  it('is reset as a whole when NSSR is written at any controller', () => {
    const { hosts } = new SharedSubsystem(3, { namespaces: [namespace(1, { shared: true })] });
    hosts[1].write32(REG_NSSR, NSSR_VALUE);
    expect(hosts.map((host) => host.read32(REG_CSTS) & 0x11)).toEqual([0x10, 0x10, 0x10]);
    for (const host of hosts) expect(active(host.enable())).toEqual([1]);
  });

  it('gives a controller that joins later what is shared, and what it brings besides', () => {
    const shared = new SharedSubsystem(1, { largestNsid: 8, namespaces: [namespace(1, { shared: true })] });
    const { subsystem, clock } = shared;
    const late = new RawHost({
      subsystem,
      clock,
      cntlid: 9,
      namespaces: [namespace(5), namespace(6, { shared: true })],
    });
    expect(active(late.enable())).toEqual([1, 5, 6]);
    expect(active(shared.hosts[0])).toEqual([1]);
    expect(allocated(shared.hosts[0])).toEqual([1, 5, 6]);
  });

  it('tells the host of a controller whose namespaces change, and the others about what is allocated', () => {
    const shared = new SharedSubsystem(2, { largestNsid: 4, namespaces: [namespace(1, { shared: true })] });
    const [a, b] = shared.hosts;
    for (const host of shared.hosts) setFeature(host, FEATURE_ASYNC_EVENT_CONFIG, BOTH_NOTICES);
    for (const host of shared.hosts) readLog(host, LOG_CHANGED_NAMESPACES, 4096);
    for (const host of shared.hosts) readLog(host, LOG_CHANGED_ALLOCATED_NAMESPACES, 4096);
    for (const host of shared.hosts) listen(host, 1, 2);
    shared.subsystem.detach(1, 2);
    expect(heard(b).map((each) => each.page)).toEqual([LOG_CHANGED_NAMESPACES, LOG_CHANGED_ALLOCATED_NAMESPACES]);
    expect(heard(a).map((each) => each.page)).toEqual([LOG_CHANGED_ALLOCATED_NAMESPACES]);
    expect(decodeNamespaceList(readLog(b, LOG_CHANGED_NAMESPACES, 4096))).toEqual([1]);
    expect(decodeNamespaceList(readLog(a, LOG_CHANGED_NAMESPACES, 4096))).toEqual([]);
    expect(decodeNamespaceList(readLog(a, LOG_CHANGED_ALLOCATED_NAMESPACES, 4096))).toEqual([1]);
  });

  it('fails commands to a namespace that was detached from the controller, and only there', () => {
    const shared = new SharedSubsystem(2, { namespaces: [namespace(1, { shared: true })] });
    const queues = shared.hosts.map((host) => host.createPair(1));
    shared.subsystem.detach(1, 1);
    const codes = shared.hosts.map(
      (host, i) => queues[i].execute({ ...buffer(host, 4096).fields, opcode: NVM_READ, nsid: 1, cdw12: 7 }).code,
    );
    expect(codes[0]).not.toBe(0);
    expect(codes[1]).toBe(0);
    expect(queues[0].execute({ opcode: NVM_READ, nsid: 2 }).code).toBe(STATUS_INVALID_NAMESPACE);
  });

  it('keeps a detached namespace, and Controller.detach forgets one that nobody shows any more', () => {
    const shared = new SharedSubsystem(2, { namespaces: [namespace(1, { shared: true }), namespace(2)] });
    shared.subsystem.attach(2, 1);
    shared.hosts[0].controller.detach(1);
    expect(allocated(shared.hosts[1])).toEqual([1, 2]);
    shared.hosts[0].controller.detach(2);
    expect(allocated(shared.hosts[1])).toEqual([1]);
  });
});

describe('an option of a subsystem is refused', () => {
  const cases: readonly (readonly [string, Partial<SubsystemOptions>, RegExp])[] = [
    ['an NSID twice', { namespaces: [namespace(1), namespace(1)] }, /namespaces: expected each nsid once/],
    ['largestNsid below a namespace', { largestNsid: 2, namespaces: [namespace(3)] }, /largestNsid/],
    ['largestNsid 0', { largestNsid: 0 }, /largestNsid/],
    ['an ANA group that is not there', { anaGroups: 2, namespaces: [namespace(1, { anaGroupId: 3 })] }, /anaGroupId/],
    ['too many ANA groups', { anaGroups: 100_000 }, /anaGroups/],
    ['a serial number of 21 characters', { serial: 'x'.repeat(21) }, /serial/],
    ['a firmware revision of 9 characters', { firmware: '123456789' }, /firmware/],
    ['no LBA formats', { lbaFormats: [] }, /lbaFormats: expected 1 to 64/],
    ['65 LBA formats', { lbaFormats: Array(65).fill({ blockBytes: 512, metadataBytes: 0 }) as [] }, /lbaFormats/],
    ['blocks of 520 bytes', { lbaFormats: [{ blockBytes: 520, metadataBytes: 0 }] }, /blockBytes/],
    ['metadata of 6 bytes', { lbaFormats: [{ blockBytes: 512, metadataBytes: 6 }] }, /metadataBytes/],
    ['guards of 32 bits', { lbaFormats: [{ blockBytes: 4096, metadataBytes: 16, guardBits: 32 }] }, /guardBits/],
    ['64-bit guards on small blocks', { lbaFormats: [{ blockBytes: 512, metadataBytes: 16, guardBits: 64 }] }, /4096/],
    [
      'a storage tag with 16-bit guards',
      { lbaFormats: [{ blockBytes: 512, metadataBytes: 8, storageTagBits: 8 }] },
      /storageTagBits/,
    ],
    ['a negative capacity', { capacityBytes: -1 }, /capacityBytes/],
    ['a capacity of NaN', { capacityBytes: NaN }, /capacityBytes/],
    ['no firmware slots', { firmwareSlots: 0 }, /firmwareSlots/],
    ['8 firmware slots', { firmwareSlots: 8 }, /firmwareSlots/],
    ['a UUID that is too short', { uuids: ['0123'] }, /uuids/],
    ['a negative duration', { durations: { formatMs: -1 } }, /durations.formatMs/],
    ['a duration of a century', { durations: { sanitizeMs: 1e13 } }, /durations.sanitizeMs/],
    ['protection information without room', { namespaces: [namespace(1, { piType: 1 })] }, /metadataBytes/],
    ['protection information of type 4', { namespaces: [namespace(1, { metadataBytes: 8, piType: 4 })] }, /piType/],
    ['more blocks than the medium holds', { namespaces: [namespace(1, { blocks: 2049 })] }, /blocks/],
    ['an NSID past 4096', { namespaces: [namespace(4097)] }, /nsid|largestNsid/],
  ];
  it.each(cases)('for %s', (_, options, message) => {
    expect(() => new Subsystem({ clock: new ManualClock(), ...options })).toThrow(RangeError);
    expect(() => new Subsystem({ clock: new ManualClock(), ...options })).toThrow(message);
  });
});

describe('a controller is refused', () => {
  const shared = new SharedSubsystem(1, { largestNsid: 4, namespaces: [namespace(1)] });
  const { subsystem, clock } = shared;
  const make = (options: object): RawHost => new RawHost({ subsystem, clock, namespaces: [], cntlid: 7, ...options });

  it('whose CNTLID is taken', () => {
    expect(() => make({ cntlid: 1 })).toThrow('cntlid: expected a free one, got 1');
  });

  it('with an NSID that is taken or too large', () => {
    expect(() => make({ namespaces: [namespace(1)] })).toThrow('nsid: expected a free one up to 4, got 1');
    expect(() => make({ namespaces: [namespace(2), namespace(5)] })).toThrow(
      'nsid: expected a free one up to 4, got 5',
    );
    // Nothing of it stays behind: neither the namespace before the bad one, nor the identifier.
    expect(active(make({ namespaces: [namespace(2)] }).enable())).toEqual([2]);
  });

  it.each(['serial', 'model', 'firmware', 'subnqn', 'largestNsid', 'anaGroups', 'capacityBytes', 'durations', 'uuids'])(
    'with the option %s, which is the business of the subsystem',
    (name) => {
      expect(() => make({ [name]: 1 })).toThrow(`${name}: expected as an option of the subsystem`);
    },
  );

  it('with a clock of its own', () => {
    expect(() => make({ clock: new ManualClock() })).toThrow('clock: expected the clock of the subsystem');
  });
});

describe('attaching and detaching by hand is refused', () => {
  const { subsystem } = new SharedSubsystem(2, { namespaces: [namespace(1, { shared: true }), namespace(2)] });
  subsystem.attach(2, 1);
  it.each([
    ['a namespace that is not there', () => subsystem.attach(3, 1), 'nsid: expected an allocated one, got 3'],
    ['a controller that is not there', () => subsystem.attach(1, 3), 'cntlid: expected a controller'],
    ['what is attached', () => subsystem.attach(1, 1), 'nsid: expected one not attached, got 1'],
    ['a second view of a private one', () => subsystem.attach(2, 2), 'nsid: expected a shared namespace, 2'],
    ['detaching what is not attached', () => subsystem.detach(2, 2), 'nsid: expected an attached one, got 2'],
    ['detaching from nowhere', () => subsystem.detach(1, 9), 'cntlid: expected a controller'],
  ])('for %s', (_, act, message) => {
    expect(act).toThrow(RangeError);
    expect(act).toThrow(message);
  });
});
