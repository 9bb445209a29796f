import { Prng } from '@phasebit/core';
import {
  ADMIN_ASYNC_EVENT_REQUEST,
  ADMIN_DEVICE_SELF_TEST,
  ADMIN_DIRECTIVE_RECEIVE,
  ADMIN_DIRECTIVE_SEND,
  ADMIN_FIRMWARE_COMMIT,
  ADMIN_FIRMWARE_DOWNLOAD,
  ADMIN_FORMAT_NVM,
  ADMIN_GET_FEATURES,
  ADMIN_GET_LOG_PAGE,
  ADMIN_IDENTIFY,
  ADMIN_NAMESPACE_ATTACHMENT,
  ADMIN_NAMESPACE_MANAGEMENT,
  ADMIN_SANITIZE,
  ADMIN_SECURITY_RECEIVE,
  ADMIN_SET_FEATURES,
  FEATURE_HOST_IDENTIFIER,
  FEATURE_NAMESPACE_WRITE_PROTECTION,
  NVM_READ,
  NVM_RESERVATION_ACQUIRE,
  NVM_RESERVATION_REGISTER,
  NVM_RESERVATION_RELEASE,
  NVM_RESERVATION_REPORT,
  NVM_WRITE,
  SANITIZE_ACTION_EXIT_VERIFICATION,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { resetController } from '../test-support/admin-calls.js';
import type { RawCommand, RawCompletion, RawHost, RawSubmissionQueue } from '../test-support/raw-host.js';
import { SharedSubsystem } from '../test-support/shared-subsystem.js';
import { RamMedium } from './media/ram-medium.js';
import { mediumBytesOf } from './namespace-format.js';
import { SPECIAL_BUSY, SPECIAL_PROTECTED, SPECIAL_RESERVED } from './namespace-special.js';
import type { Subsystem } from './subsystem.js';

const ROUNDS = 600;
const ADMIN = [
  ADMIN_IDENTIFY,
  ADMIN_GET_LOG_PAGE,
  ADMIN_GET_FEATURES,
  ADMIN_SET_FEATURES,
  ADMIN_SET_FEATURES,
  ADMIN_NAMESPACE_MANAGEMENT,
  ADMIN_NAMESPACE_ATTACHMENT,
  ADMIN_FORMAT_NVM,
  ADMIN_DEVICE_SELF_TEST,
  ADMIN_FIRMWARE_DOWNLOAD,
  ADMIN_FIRMWARE_COMMIT,
  ADMIN_DIRECTIVE_SEND,
  ADMIN_DIRECTIVE_RECEIVE,
  ADMIN_SECURITY_RECEIVE,
  ADMIN_ASYNC_EVENT_REQUEST,
];
const IO = [
  NVM_READ,
  NVM_WRITE,
  NVM_RESERVATION_REGISTER,
  NVM_RESERVATION_ACQUIRE,
  NVM_RESERVATION_RELEASE,
  NVM_RESERVATION_REPORT,
];
const NSIDS = [0, 1, 2, 3, 4, 5, 0xffff_ffff];

/** One host with its queues and a page of numbers that may be anything. */
interface Actor {
  readonly host: RawHost;
  queue: RawSubmissionQueue;
  readonly page: number;
  /** commands that have not completed: format takes time, event requests wait */
  readonly pending: Set<number>;
}

/** What must be true of a subsystem at any time. */
function check(subsystem: Subsystem): void {
  const { members, namespaces } = subsystem;
  expect(subsystem.unallocatedBytes).toBeGreaterThanOrEqual(0);
  for (const each of namespaces) {
    expect(mediumBytesOf(each.capacityBlocks, each.format)).toBeLessThanOrEqual(each.provisionedBytes);
    expect(mediumBytesOf(each.blocks, each.format)).toBeLessThanOrEqual(each.medium.bytes);
    expect(each.formatIndex).toBeGreaterThanOrEqual(0);
    expect(each.shared || each.views.length <= 1).toBe(true);
    const { reservation } = each;
    const holders = [...reservation.registrants.keys()].filter((host) => reservation.isHolder(host));
    expect(holders.length > 0).toBe(reservation.type !== 0);
    for (const view of each.views) {
      expect(view.member.namespaces.get(each.nsid)).toBe(view);
      expect([view.blocks, view.blockBytes]).toEqual([each.blocks, each.format.blockBytes]);
      expect((view.special & SPECIAL_BUSY) !== 0).toBe(each.busyStatus !== 0);
      expect((view.special & SPECIAL_PROTECTED) !== 0).toBe(each.isProtected);
      expect((view.special & SPECIAL_RESERVED) !== 0).toBe(reservation.bars(view.host.name) !== 0);
    }
  }
  for (const member of members) {
    for (const { nsid, allocated } of member.namespaces.active) expect(subsystem.find(nsid)).toBe(allocated);
  }
}

function fill(actor: Actor, prng: Prng): void {
  const words = actor.host.dma.words(actor.page, 1024);
  words.fill(0);
  // Small numbers at small places: sizes, formats, controller lists, keys and host identifiers.
  for (let i = 0; i < 8; i++) words[prng.below(32)] = prng.below(prng.below(2) === 0 ? 4 : 0x1_0000);
  if (prng.below(2) === 0) words[0] = 1 | (prng.below(4) << 16);
  if (prng.below(2) === 0) words.set([prng.below(300), 0, prng.below(300), 0], 0);
}

/** A command of which anything may be wrong. */
function garbage({ page, host }: Actor, prng: Prng): [isAdmin: boolean, command: RawCommand] {
  const isAdmin = prng.below(3) !== 0;
  const small = (): number => prng.below(prng.below(3) === 0 ? 0x1_0000 : 16);
  const command = {
    opcode: isAdmin ? ADMIN[prng.below(ADMIN.length)] : IO[prng.below(IO.length)],
    nsid: NSIDS[prng.below(NSIDS.length)],
    prp1: host.iova(page),
    prp2: host.iova(page),
    cdw10: (small() | (small() << (prng.below(2) * 16))) >>> 0,
    cdw11: prng.below(4) === 0 ? prng.nextU32() : small(),
    cdw12: small(),
    cdw14: prng.below(8) === 0 ? prng.nextU32() : 0,
  };
  return [isAdmin, command];
}

/** A command that is right as far as it goes, and its data in the page. */
function sensible({ page, host }: Actor, prng: Prng): [isAdmin: boolean, command: RawCommand] {
  const words = host.dma.words(page, 1024);
  words.fill(0);
  const data = host.dma.bytes(page, 4096);
  const nsid = 1 + prng.below(5);
  const fields = { nsid, prp1: host.iova(page), prp2: host.iova(page) };
  switch (prng.below(14)) {
    case 0: {
      const blocks = 1 + prng.below(400);
      words.set([blocks, 0, blocks, 0]);
      data[26] = prng.below(8);
      data[30] = prng.below(2);
      return [true, { ...fields, opcode: ADMIN_NAMESPACE_MANAGEMENT, nsid: 0 }];
    }
    case 1: {
      // Fewer are deleted than created: there is no namespace 0.
      const target = prng.below(3) === 0 ? nsid : 0;
      return [true, { ...fields, opcode: ADMIN_NAMESPACE_MANAGEMENT, nsid: target, cdw10: 1 }];
    }
    case 2:
    case 3:
      words[0] = 1 | ((1 + prng.below(3)) << 16);
      return [true, { ...fields, opcode: ADMIN_NAMESPACE_ATTACHMENT, cdw10: prng.below(5) === 0 ? 1 : 0 }];
    case 4:
      return [true, { ...fields, opcode: ADMIN_FORMAT_NVM, cdw10: prng.below(8) }];
    case 5: {
      // A verification, if there is one, is left sooner or later.
      const action = prng.below(4) === 0 ? 1 + prng.below(4) : SANITIZE_ACTION_EXIT_VERIFICATION;
      return [true, { ...fields, opcode: ADMIN_SANITIZE, nsid: 0, cdw10: action | (prng.below(2) << 10) }];
    }
    case 6:
      words[0] = 1 + prng.below(2);
      return [true, { ...fields, opcode: ADMIN_SET_FEATURES, nsid: 0, cdw10: FEATURE_HOST_IDENTIFIER }];
    case 7: {
      const cdw10 = FEATURE_NAMESPACE_WRITE_PROTECTION;
      return [true, { ...fields, opcode: ADMIN_SET_FEATURES, cdw10, cdw11: prng.below(8) === 0 ? 1 : 0 }];
    }
    case 8:
      return [true, { ...fields, opcode: ADMIN_DIRECTIVE_SEND, cdw11: 1, cdw12: 0x100 | prng.below(2) }];
    case 9:
      words.set([prng.below(2), 0, prng.below(2), 0]);
      return [false, { ...fields, opcode: NVM_RESERVATION_REGISTER, cdw10: prng.below(3) | 8 }];
    case 10: {
      words.set([prng.below(2), 0, prng.below(2), 0]);
      const type = (1 + prng.below(6)) << 8;
      return [false, { ...fields, opcode: NVM_RESERVATION_ACQUIRE, cdw10: prng.below(3) | type }];
    }
    case 11:
      words[0] = prng.below(2);
      return [false, { ...fields, opcode: NVM_RESERVATION_RELEASE, cdw10: prng.below(2) | (1 << 8) }];
    default:
      return [false, { ...fields, opcode: prng.below(2) === 0 ? NVM_READ : NVM_WRITE, cdw10: prng.below(100) }];
  }
}

function act(actor: Actor, prng: Prng, cid: number): void {
  const [isAdmin, command] = prng.below(2) === 0 ? garbage(actor, prng) : sensible(actor, prng);
  const target = isAdmin ? actor.host.admin : actor.queue;
  target.push({ ...command, cid });
  target.ring();
  actor.pending.add(isAdmin ? cid : cid + 0x1_0000);
}

/** Takes in what has completed. @returns how many commands succeeded, and how many were refused */
function collect(actors: readonly Actor[]): [succeeded: number, refused: number] {
  const counts: [number, number] = [0, 0];
  for (const { host, queue, pending } of actors) {
    host.settle();
    const take = (base: number, { cid, code }: RawCompletion): void => {
      expect(pending.delete(base + cid)).toBe(true);
      counts[code === 0 ? 0 : 1]++;
    };
    for (const each of host.admin.completions.drain()) take(0, each);
    for (const each of queue.completions.drain()) take(0x1_0000, each);
  }
  return counts;
}

function restart(actor: Actor): void {
  resetController(actor.host);
  actor.pending.clear();
  actor.queue = actor.host.createPair(1);
}

function begin(shared: SharedSubsystem): readonly Actor[] {
  return shared.hosts.map((host) => ({
    host,
    queue: host.createPair(1),
    page: host.page(),
    pending: new Set<number>(),
  }));
}

describe('garbage in the queues of several controllers of a subsystem', () => {
  it.each([1, 2, 3, 4, 5, 6])('breaks no rule of the subsystem, and comes to an end (seed %i)', (seed) => {
    const prng = new Prng(seed);
    const shared = new SharedSubsystem(3, {
      largestNsid: 5,
      capacityBytes: 1024 * 1024,
      anaGroups: 2,
      thinProvisioning: seed % 2 === 0,
      namespaces: [1, 2].map((nsid) => ({ nsid, medium: new RamMedium({ bytes: 65_536 }), shared: true })),
      durations: { formatMs: 3, sanitizeMs: 5, shortTestMs: 4, extendedTestMs: 9 },
    });
    const { subsystem } = shared;
    const actors = begin(shared);
    const total = [0, 0];
    for (let round = 0; round < ROUNDS; round++) {
      for (const actor of actors) {
        if (prng.below(4) === 0) fill(actor, prng);
        if (actor.pending.size < 20) act(actor, prng, round);
      }
      if (prng.below(3) === 0) shared.clock.advanceNs(prng.below(5) * 1e6);
      collect(actors).forEach((count, i) => (total[i] += count));
      for (const actor of actors) {
        // A keep alive timer that nobody restarts is fatal.
        if (actor.host.controller.state !== 'ready' || prng.below(300) === 0) restart(actor);
      }
      check(subsystem);
    }
    expect(Math.min(...total)).toBeGreaterThan(ROUNDS / 6);
    shared.pass(60_000);
    collect(actors);
    expect([subsystem.tasks.count, subsystem.sanitizer.isActive && subsystem.sanitizer.state !== 5]).toEqual([
      0,
      false,
    ]);
    // Only event requests wait for ever, and what a controller was sent that is dead by now.
    for (const { host, pending } of actors) {
      if (host.controller.state === 'ready') expect(pending.size).toBeLessThanOrEqual(4);
    }
  });
});
