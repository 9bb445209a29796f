import {
  ADMIN_NAMESPACE_ATTACHMENT,
  ADMIN_NAMESPACE_MANAGEMENT,
  ADMIN_SET_FEATURES,
  DPS_FIRST,
  decodeControllerList,
  decodeIdentifyController,
  decodeIdentifyNamespace,
  decodeNamespaceDescriptors,
  decodeNamespaceList,
  FEATURE_ASYNC_EVENT_CONFIG,
  FEATURE_HOST_BEHAVIOR,
  FEATURE_NAMESPACE_WRITE_PROTECTION,
  HOST_BEHAVIOR_BYTES,
  HOST_BEHAVIOR_LBAFEE,
  IDENTIFY_CNS_ACTIVE_NAMESPACE_LIST,
  IDENTIFY_CNS_ALLOCATED_NAMESPACE,
  IDENTIFY_CNS_ALLOCATED_NAMESPACE_LIST,
  IDENTIFY_CNS_ATTACHED_CONTROLLER_LIST,
  IDENTIFY_CNS_CONTROLLER,
  IDENTIFY_CNS_NAMESPACE,
  IDENTIFY_CNS_NAMESPACE_DESCRIPTOR_LIST,
  LOG_CHANGED_ALLOCATED_NAMESPACES,
  LOG_CHANGED_NAMESPACES,
  NAMESPACE_ATTACHMENT_DETACH,
  NMIC_SHRNS,
  NSFEAT_THINP,
  NVM_READ,
  NVM_WRITE,
  STATUS_ANA_GROUP_IDENTIFIER_INVALID,
  STATUS_CAPACITY_EXCEEDED,
  STATUS_COMMAND_SET_NOT_SUPPORTED,
  STATUS_CONTROLLER_LIST_INVALID,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_FORMAT,
  STATUS_INVALID_NAMESPACE,
  STATUS_NAMESPACE_ALREADY_ATTACHED,
  STATUS_NAMESPACE_IDENTIFIER_UNAVAILABLE,
  STATUS_NAMESPACE_INSUFFICIENT_CAPACITY,
  STATUS_NAMESPACE_IS_PRIVATE,
  STATUS_NAMESPACE_NOT_ATTACHED,
  STATUS_NAMESPACE_WRITE_PROTECTED,
  STATUS_THIN_PROVISIONING_NOT_SUPPORTED,
  WRITE_PROTECTION_ON,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { buffer, heard, identify, listen, readLog, send, setFeature } from '../../test-support/admin-calls.js';
import { attach, createNamespace, deleteNamespace, type WantedNamespace } from '../../test-support/namespace-calls.js';
import { NOWHERE, type RawHost } from '../../test-support/raw-host.js';
import { SharedSubsystem } from '../../test-support/shared-subsystem.js';
import { RamMedium } from '../media/ram-medium.js';
import type { SubsystemOptions } from '../subsystem-options.js';

const KIB = 1024;
const CAPACITY_BYTES = 1024 * KIB;
/** Asks for notices about attached and about allocated namespaces. */
const BOTH_NOTICES = 0x8_0100;
/** FLBAS of the default formats: 4096 bytes, and 4096 bytes with 16 of metadata and 64-bit guards. */
const BLOCKS_4K = 4;
const GUARDS_64 = 8;
/** FLBAS: 512 bytes with 8 of metadata, behind the data. */
const EXTENDED_8 = 1 | 0x10;

function shared(options: Omit<SubsystemOptions, 'clock'> = {}, count = 2): SharedSubsystem {
  return new SharedSubsystem(count, { largestNsid: 4, capacityBytes: CAPACITY_BYTES, ...options });
}

const active = (host: RawHost): number[] => decodeNamespaceList(identify(host, IDENTIFY_CNS_ACTIVE_NAMESPACE_LIST));
const allocated = (host: RawHost): number[] =>
  decodeNamespaceList(identify(host, IDENTIFY_CNS_ALLOCATED_NAMESPACE_LIST));
const controllersOf = (host: RawHost, nsid: number): number[] =>
  decodeControllerList(identify(host, IDENTIFY_CNS_ATTACHED_CONTROLLER_LIST, nsid));
const unallocated = (host: RawHost): number =>
  Number(decodeIdentifyController(identify(host, IDENTIFY_CNS_CONTROLLER)).unvmcap);

/** Lets a host use every format. */
function extend(host: RawHost): void {
  const behavior = new Uint8Array(HOST_BEHAVIOR_BYTES);
  behavior[HOST_BEHAVIOR_LBAFEE] = 1;
  send(host, behavior, { opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_HOST_BEHAVIOR });
}

describe('a namespace that a host creates', () => {
  it('gets the smallest free identifier, takes capacity, and is attached nowhere', () => {
    const { hosts } = shared({ namespaces: [{ nsid: 1, medium: new RamMedium({ bytes: 64 * KIB }) }] });
    const [host] = hosts;
    expect(unallocated(host)).toBe(CAPACITY_BYTES - 64 * KIB);
    expect(createNamespace(host, { blocks: 256 })).toMatchObject({ code: 0, result: 2 });
    expect(createNamespace(host, { blocks: 256 })).toMatchObject({ code: 0, result: 3 });
    expect(unallocated(host)).toBe(CAPACITY_BYTES - 64 * KIB - 2 * 128 * KIB);
    expect([allocated(host), active(host)]).toEqual([[1, 2, 3], []]);
    expect(deleteNamespace(host, 2).code).toBe(0);
    expect(createNamespace(host)).toMatchObject({ code: 0, result: 2 });
  });

  it('looks as it was asked for', () => {
    const [host] = shared({ anaGroups: 3 }).hosts;
    const { result } = createNamespace(host, {
      blocks: 100,
      flbas: EXTENDED_8,
      dps: 1 | DPS_FIRST,
      nmic: NMIC_SHRNS,
      anaGroupId: 3,
    });
    const expected = { nsze: 100, ncap: 100, flbas: EXTENDED_8, dps: 1 | DPS_FIRST, nmic: 1, anagrpid: 3 };
    expect(decodeIdentifyNamespace(identify(host, IDENTIFY_CNS_ALLOCATED_NAMESPACE, result))).toMatchObject(expected);
    // Not attached, so not active.
    expect(identify(host, IDENTIFY_CNS_NAMESPACE, result).every((byte) => byte === 0)).toBe(true);
    expect(attach(host, result, [1]).code).toBe(0);
    expect(decodeIdentifyNamespace(identify(host, IDENTIFY_CNS_NAMESPACE, result))).toMatchObject(expected);
  });

  it('goes to the first ANA group when the host leaves it to the controller', () => {
    const [host] = shared({ anaGroups: 3 }).hosts;
    const { result } = createNamespace(host);
    expect(decodeIdentifyNamespace(identify(host, IDENTIFY_CNS_ALLOCATED_NAMESPACE, result)).anagrpid).toBe(1);
  });

  it('takes the formats past the plain ones from a host that knows them', () => {
    const [host] = shared().hosts;
    expect(createNamespace(host, { flbas: GUARDS_64, blocks: 8 }).code).toBe(STATUS_INVALID_NAMESPACE);
    extend(host);
    expect(createNamespace(host, { flbas: GUARDS_64, blocks: 8 }).code).toBe(0);
  });

  it('has a UUID that does not come back after it was deleted', () => {
    const [host] = shared().hosts;
    const uuidOfNew = (): string => {
      const nsid = createNamespace(host).result;
      attach(host, nsid, [1]);
      const { uuid } = decodeNamespaceDescriptors(identify(host, IDENTIFY_CNS_NAMESPACE_DESCRIPTOR_LIST, nsid));
      deleteNamespace(host, nsid);
      return uuid!;
    };
    expect(new Set([uuidOfNew(), uuidOfNew(), uuidOfNew()]).size).toBe(3);
  });

  it('reads as zeros and keeps what is written', () => {
    const [host] = shared().hosts;
    const queue = host.createPair(1);
    const { result: nsid } = createNamespace(host, { flbas: BLOCKS_4K, blocks: 4 });
    attach(host, nsid, [1]);
    const { data, fields } = buffer(host, 4096, 0xee);
    const run = (opcode: number): number => queue.execute({ ...fields, opcode, nsid, cdw10: 3 }).code;
    expect([run(NVM_READ), data.every((byte) => byte === 0)]).toEqual([0, true]);
    data.fill(0x11);
    expect(run(NVM_WRITE)).toBe(0);
    data.fill(0);
    expect([run(NVM_READ), data.every((byte) => byte === 0x11)]).toEqual([0, true]);
  });

  it('may have fewer blocks than its size where thin provisioning is offered, and then runs full', () => {
    const [host] = shared({ thinProvisioning: true }).hosts;
    const queue = host.createPair(1);
    const { result: nsid } = createNamespace(host, { flbas: BLOCKS_4K, blocks: 1000, capacityBlocks: 2 });
    attach(host, nsid, [1]);
    const identity = decodeIdentifyNamespace(identify(host, IDENTIFY_CNS_NAMESPACE, nsid));
    expect(identity).toMatchObject({ nsze: 1000, ncap: 2, nuse: 0, nvmcap: 2 * 4096 });
    expect(identity.nsfeat & NSFEAT_THINP).not.toBe(0);
    const { fields } = buffer(host, 4096);
    const codes = [900, 5, 900, 6].map((lba) => queue.execute({ ...fields, opcode: NVM_WRITE, nsid, cdw10: lba }).code);
    expect(codes).toEqual([0, 0, 0, STATUS_CAPACITY_EXCEEDED]);
  });

  it('is refused when its medium cannot be made', () => {
    const createMedium = (): RamMedium => {
      throw new Error('disk full');
    };
    const [host] = shared({ createMedium }).hosts;
    expect(createNamespace(host)).toMatchObject({ code: STATUS_NAMESPACE_INSUFFICIENT_CAPACITY, dnr: true });
    expect(allocated(host)).toEqual([]);
  });

  it('fills the capacity to the last byte, and no further', () => {
    const [host] = shared({ capacityBytes: 8 * 512 }).hosts;
    expect(createNamespace(host, { blocks: 9 }).code).toBe(STATUS_NAMESPACE_INSUFFICIENT_CAPACITY);
    expect(createNamespace(host, { blocks: 8 }).code).toBe(0);
    expect(createNamespace(host, { blocks: 1 }).code).toBe(STATUS_NAMESPACE_INSUFFICIENT_CAPACITY);
  });

  it('is refused when every identifier is taken', () => {
    const [host] = shared({ largestNsid: 2 }).hosts;
    expect([1, 2, 3].map(() => createNamespace(host, { blocks: 1 }).code)).toEqual([
      0,
      0,
      STATUS_NAMESPACE_IDENTIFIER_UNAVAILABLE,
    ]);
  });
});

describe('creating a namespace is refused', () => {
  const cases: readonly (readonly [string, WantedNamespace, number])[] = [
    ['a size of 0', { blocks: 0 }, STATUS_INVALID_FIELD],
    ['a capacity of 0', { capacityBlocks: 0 }, STATUS_INVALID_FIELD],
    ['a capacity above the size', { blocks: 4, capacityBlocks: 5 }, STATUS_INVALID_FIELD],
    ['a capacity below the size', { blocks: 4, capacityBlocks: 3 }, STATUS_THIN_PROVISIONING_NOT_SUPPORTED],
    ['a format past the last', { flbas: 10 }, STATUS_INVALID_FORMAT],
    ['protection information of type 4', { flbas: 1, dps: 4 }, STATUS_INVALID_FORMAT],
    ['protection information without metadata', { flbas: 0, dps: 1 }, STATUS_INVALID_FORMAT],
    ['an ANA group that is not there', { anaGroupId: 1 }, STATUS_ANA_GROUP_IDENTIFIER_INVALID],
    ['an NVM Set', { nvmSetId: 1 }, STATUS_INVALID_FIELD],
    ['an Endurance Group', { enduranceGroupId: 1 }, STATUS_INVALID_FIELD],
    ['a dispersed namespace', { nmic: 2 }, STATUS_INVALID_FIELD],
    ['more than there is', { blocks: 2 ** 40 }, STATUS_NAMESPACE_INSUFFICIENT_CAPACITY],
    ['more than a number holds', { blocks: 2 ** 63 }, STATUS_NAMESPACE_INSUFFICIENT_CAPACITY],
  ];
  it.each(cases)('for %s', (_, wanted, code) => {
    const [host] = shared({}, 1).hosts;
    expect(createNamespace(host, wanted)).toMatchObject({ code, dnr: true });
    expect([allocated(host), unallocated(host)]).toEqual([[], CAPACITY_BYTES]);
  });

  it.each([
    ['an identifier of its own choice', { nsid: 2 }, STATUS_INVALID_FIELD],
    ['the zoned command set', { cdw11: 2 << 24 }, STATUS_COMMAND_SET_NOT_SUPPORTED],
    ['a reserved selection', { cdw10: 2 }, STATUS_INVALID_FIELD],
    ['data from nowhere', { prp1: NOWHERE }, STATUS_DATA_TRANSFER_ERROR],
  ])('with %s', (_, fields, code) => {
    const [host] = shared({}, 1).hosts;
    expect(createNamespace(host, {}, fields).code).toBe(code);
    expect(allocated(host)).toEqual([]);
  });
});

describe('deleting', () => {
  it('one namespace detaches it everywhere; the other controllers tell their hosts, the deleting one does not', () => {
    const { hosts } = shared();
    const [a, b] = hosts;
    const { result: nsid } = createNamespace(a, { nmic: NMIC_SHRNS });
    attach(a, nsid, [1, 2]);
    for (const host of hosts) {
      setFeature(host, FEATURE_ASYNC_EVENT_CONFIG, BOTH_NOTICES);
      readLog(host, LOG_CHANGED_NAMESPACES, 4096);
      readLog(host, LOG_CHANGED_ALLOCATED_NAMESPACES, 4096);
      listen(host, 1, 2);
    }
    expect(deleteNamespace(a, nsid).code).toBe(0);
    expect(heard(a)).toEqual([]);
    expect(heard(b).map((each) => each.page)).toEqual([LOG_CHANGED_NAMESPACES, LOG_CHANGED_ALLOCATED_NAMESPACES]);
    expect(decodeNamespaceList(readLog(b, LOG_CHANGED_NAMESPACES, 4096))).toEqual([nsid]);
    expect(decodeNamespaceList(readLog(a, LOG_CHANGED_NAMESPACES, 4096))).toEqual([]);
    expect([active(b), allocated(b), unallocated(b)]).toEqual([[], [], CAPACITY_BYTES]);
  });

  it('all namespaces leaves none', () => {
    const [host] = shared().hosts;
    for (let i = 0; i < 3; i++) createNamespace(host, { blocks: 8 });
    attach(host, 2, [1]);
    expect(deleteNamespace(host, 0xffff_ffff).code).toBe(0);
    expect([active(host), allocated(host)]).toEqual([[], []]);
    expect(deleteNamespace(host, 0xffff_ffff).code).toBe(0);
  });

  it.each([
    ['namespace 0', 0, STATUS_INVALID_NAMESPACE],
    ['a namespace past the last', 5, STATUS_INVALID_NAMESPACE],
    ['a namespace that is not allocated', 3, STATUS_INVALID_FIELD],
  ])('%s is refused', (_, nsid, code) => {
    const [host] = shared().hosts;
    createNamespace(host);
    expect(deleteNamespace(host, nsid)).toMatchObject({ code, dnr: true });
    expect(allocated(host)).toEqual([1]);
  });

  it('a write protected namespace is refused, and all of them when one is', () => {
    const [host] = shared().hosts;
    for (let i = 0; i < 2; i++) createNamespace(host, { blocks: 8 });
    attach(host, 2, [1]);
    setFeature(host, FEATURE_NAMESPACE_WRITE_PROTECTION, WRITE_PROTECTION_ON, { nsid: 2 });
    for (const nsid of [2, 0xffff_ffff]) {
      expect(deleteNamespace(host, nsid).code).toBe(STATUS_NAMESPACE_WRITE_PROTECTED);
    }
    expect(allocated(host)).toEqual([1, 2]);
  });
});

describe('attaching and detaching', () => {
  it('works off the list, and each controller concerned tells its host', () => {
    const { hosts } = shared({}, 3);
    const { result: nsid } = createNamespace(hosts[0], { nmic: NMIC_SHRNS });
    for (const host of hosts) {
      setFeature(host, FEATURE_ASYNC_EVENT_CONFIG, 0x100);
      listen(host, 1, 2);
    }
    expect(attach(hosts[0], nsid, [2, 3]).code).toBe(0);
    expect(hosts.map((host) => heard(host).length)).toEqual([0, 1, 1]);
    for (const host of hosts.slice(1)) readLog(host, LOG_CHANGED_NAMESPACES, 4096);
    expect(hosts.map(active)).toEqual([[], [nsid], [nsid]]);
    expect(controllersOf(hosts[0], nsid)).toEqual([2, 3]);
    expect(attach(hosts[0], nsid, [2], NAMESPACE_ATTACHMENT_DETACH).code).toBe(0);
    expect(hosts.map((host) => heard(host).length)).toEqual([0, 1, 0]);
    expect(hosts.map(active)).toEqual([[], [], [nsid]]);
    expect(allocated(hosts[0])).toEqual([nsid]);
  });

  it('stops at the first controller that fails; what was done stays done', () => {
    const { hosts } = shared({}, 3);
    const { result: nsid } = createNamespace(hosts[0], { nmic: NMIC_SHRNS });
    attach(hosts[0], nsid, [2]);
    expect(attach(hosts[0], nsid, [1, 2, 3]).code).toBe(STATUS_NAMESPACE_ALREADY_ATTACHED);
    expect(controllersOf(hosts[0], nsid)).toEqual([1, 2]);
    expect(attach(hosts[0], nsid, [1, 3], NAMESPACE_ATTACHMENT_DETACH).code).toBe(STATUS_NAMESPACE_NOT_ATTACHED);
    expect(controllersOf(hosts[0], nsid)).toEqual([2]);
  });

  it('a private namespace goes to one controller at a time', () => {
    const { hosts } = shared();
    const { result: nsid } = createNamespace(hosts[0]);
    expect(attach(hosts[0], nsid, [1, 2])).toMatchObject({ code: STATUS_NAMESPACE_IS_PRIVATE, dnr: true });
    expect(controllersOf(hosts[0], nsid)).toEqual([1]);
    attach(hosts[0], nsid, [1], NAMESPACE_ATTACHMENT_DETACH);
    expect(attach(hosts[0], nsid, [2]).code).toBe(0);
  });

  it('lets data survive being detached', () => {
    const { hosts } = shared();
    const [a, b] = hosts;
    const { result: nsid } = createNamespace(a);
    attach(a, nsid, [1]);
    const written = buffer(a, 512, 0x77);
    a.createPair(1).execute({ ...written.fields, opcode: NVM_WRITE, nsid });
    attach(a, nsid, [1], NAMESPACE_ATTACHMENT_DETACH);
    attach(a, nsid, [2]);
    const read = buffer(b, 512);
    b.createPair(1).execute({ ...read.fields, opcode: NVM_READ, nsid });
    expect(read.data.every((byte) => byte === 0x77)).toBe(true);
  });

  const lists: readonly (readonly [string, number[]])[] = [
    ['is empty', [0]],
    ['names a controller that is not there', [1, 9]],
    ['is out of order', [2, 2, 1]],
    ['names a controller twice', [2, 1, 1]],
    ['says that it is longer than it can be', [2048, 1]],
  ];
  it.each(lists)('is refused when the list %s', (_, words) => {
    const { hosts } = shared();
    const { result: nsid } = createNamespace(hosts[0]);
    const list = new Uint8Array(4096);
    new Uint16Array(list.buffer).set(words);
    const command = { opcode: ADMIN_NAMESPACE_ATTACHMENT, nsid, cdw10: 0 };
    expect(send(hosts[0], list, command)).toMatchObject({ code: STATUS_CONTROLLER_LIST_INVALID, dnr: true });
    expect(controllersOf(hosts[0], nsid)).toEqual([]);
  });

  it.each([
    ['namespace 0', 0, 0, STATUS_INVALID_NAMESPACE],
    ['all namespaces', 0xffff_ffff, 0, STATUS_INVALID_FIELD],
    ['a namespace that is not allocated', 2, 0, STATUS_INVALID_FIELD],
    ['a reserved selection', 1, 2, STATUS_INVALID_FIELD],
  ])('is refused for %s', (_, nsid, select, code) => {
    const { hosts } = shared();
    createNamespace(hosts[0]);
    expect(attach(hosts[0], nsid, [1], select)).toMatchObject({ code, dnr: true });
  });

  it('is refused when the list cannot be read', () => {
    const { hosts } = shared();
    createNamespace(hosts[0]);
    const command = { opcode: ADMIN_NAMESPACE_ATTACHMENT, nsid: 1, prp1: NOWHERE };
    expect(hosts[0].run(command)).toMatchObject({ code: STATUS_DATA_TRANSFER_ERROR, dnr: false });
    expect(hosts[0].run({ ...command, opcode: ADMIN_NAMESPACE_MANAGEMENT, nsid: 0 }).code).toBe(
      STATUS_DATA_TRANSFER_ERROR,
    );
  });
});
