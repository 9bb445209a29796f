import {
  ADMIN_FORMAT_NVM,
  ADMIN_GET_LOG_PAGE,
  ADMIN_SANITIZE,
  ADMIN_SET_FEATURES,
  ChangeNamespaceEventLayout,
  decodePersistentEventHeader,
  decodePersistentEvents,
  decodeSmartLog,
  decodeTimestamp,
  FEATURE_TIMESTAMP,
  FormatCompletionEventLayout,
  FormatStartEventLayout,
  LOG_PERSISTENT_EVENT,
  LOG_PERSISTENT_EVENT_LSP_ESTABLISH,
  LOG_PERSISTENT_EVENT_LSP_ESTABLISH_HEADER,
  LOG_PERSISTENT_EVENT_LSP_READ,
  LOG_PERSISTENT_EVENT_LSP_RELEASE,
  NVM_WRITE,
  PEL_EVENT_CHANGE_NAMESPACE,
  PEL_EVENT_FORMAT_COMPLETION,
  PEL_EVENT_FORMAT_START,
  PEL_EVENT_HARDWARE_ERROR,
  PEL_EVENT_POWER_ON_OR_RESET,
  PEL_EVENT_SANITIZE_COMPLETION,
  PEL_EVENT_SANITIZE_START,
  PEL_EVENT_SMART_SNAPSHOT,
  PEL_EVENT_TELEMETRY_CREATED,
  PEL_EVENT_THERMAL_EXCURSION,
  PEL_EVENT_TIMESTAMP_CHANGE,
  PEL_HEADER_BYTES,
  PEL_SEB,
  type PersistentEvent,
  SANITIZE_ACTION_BLOCK_ERASE,
  STATUS_COMMAND_SEQUENCE_ERROR,
  STATUS_INVALID_FIELD,
  ThermalExcursionEventLayout,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { buffer, logDword, readLog, resetController, send } from '../../test-support/admin-calls.js';
import { createNamespace, deleteNamespace } from '../../test-support/namespace-calls.js';
import type { RawCompletion, RawHost } from '../../test-support/raw-host.js';
import { SharedSubsystem } from '../../test-support/shared-subsystem.js';
import { PERSISTENT_EVENTS_MAX } from '../limits.js';
import { RamMedium } from '../media/ram-medium.js';

const READ = LOG_PERSISTENT_EVENT_LSP_READ << 8;
const ESTABLISH = LOG_PERSISTENT_EVENT_LSP_ESTABLISH << 8;
const RELEASE = LOG_PERSISTENT_EVENT_LSP_RELEASE << 8;
const ESTABLISH_HEADER = LOG_PERSISTENT_EVENT_LSP_ESTABLISH_HEADER << 8;

function shared(count = 1): SharedSubsystem {
  const namespaces = [{ nsid: 1, medium: new RamMedium({ bytes: 65_536 }), shared: true }];
  return new SharedSubsystem(count, { namespaces, largestNsid: 4, capacityBytes: 2 ** 20 });
}

const ask = (host: RawHost, flags: number, bytes = PEL_HEADER_BYTES): RawCompletion =>
  host.run({
    ...buffer(host, bytes).fields,
    opcode: ADMIN_GET_LOG_PAGE,
    cdw10: logDword(LOG_PERSISTENT_EVENT, bytes, flags),
  });

/** The whole log, read piece by piece in a context of its own. */
function whole(host: RawHost): Uint8Array {
  const header = readLog(host, LOG_PERSISTENT_EVENT, PEL_HEADER_BYTES, 0, ESTABLISH);
  const { tll } = decodePersistentEventHeader(header);
  const data = new Uint8Array(tll);
  for (let at = 0; at < tll; at += 4096) {
    const bytes = Math.min(4096, Math.ceil((tll - at) / 4) * 4);
    data.set(readLog(host, LOG_PERSISTENT_EVENT, bytes, at, READ).subarray(0, tll - at), at);
  }
  ask(host, RELEASE);
  return data;
}

const events = (host: RawHost): readonly PersistentEvent[] => decodePersistentEvents(whole(host));
/** Types of the events, newest first, without those that were there from the beginning. */
const typesSince = (host: RawHost, count: number): number[] => {
  const all = events(host);
  return all.slice(0, all.length - count).map((each) => each.type);
};

describe('the persistent event log', () => {
  it('begins with the power-on of each controller and a snapshot', () => {
    const { hosts } = shared(2);
    const all = events(hosts[0]);
    expect(all.map(({ type, cntlid }) => [type, cntlid])).toEqual([
      [PEL_EVENT_POWER_ON_OR_RESET, 2],
      [PEL_EVENT_SMART_SNAPSHOT, 1],
      [PEL_EVENT_POWER_ON_OR_RESET, 1],
    ]);
    const header = decodePersistentEventHeader(whole(hosts[1]));
    expect(header).toMatchObject({ tnev: 3, lrev: 3, pwrcc: 1, sn: 'PHASEBIT0001' });
  });

  it('says which types it has', () => {
    const [host] = shared().hosts;
    const supported = whole(host).subarray(PEL_SEB, PEL_SEB + 4);
    const types = [...Array(32).keys()].filter((type) => ((supported[type >> 3] >> (type & 7)) & 1) === 1);
    expect(types).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 0xa, 0xc, 0xd, 0xe]);
  });

  it('has what was formatted, and how that ended', () => {
    const [host] = shared().hosts;
    const { length } = events(host);
    host.run({ opcode: ADMIN_FORMAT_NVM, nsid: 1, cdw10: 4 });
    const [completion, start] = events(host);
    expect(typesSince(host, length)).toEqual([PEL_EVENT_FORMAT_COMPLETION, PEL_EVENT_FORMAT_START]);
    expect(FormatStartEventLayout.read(start.data, 'nsid')).toBe(1);
    expect(FormatStartEventLayout.read(start.data, 'fmcdw10')).toBe(4);
    expect(FormatCompletionEventLayout.read(completion.data, 'nsid')).toBe(1);
    expect(FormatCompletionEventLayout.read(completion.data, 'fnvms')).toBe(0);
  });

  it('has what was created and deleted', () => {
    const [host] = shared().hosts;
    const { length } = events(host);
    const { result: nsid } = createNamespace(host, { blocks: 99 });
    deleteNamespace(host, nsid);
    const [deletion, creation] = events(host);
    expect(typesSince(host, length)).toEqual([PEL_EVENT_CHANGE_NAMESPACE, PEL_EVENT_CHANGE_NAMESPACE]);
    const read = (event: PersistentEvent, name: string): unknown => ChangeNamespaceEventLayout.read(event.data, name);
    expect([read(creation, 'nmcdw10'), read(creation, 'nsid'), read(creation, 'nsze')]).toEqual([0, nsid, 99]);
    expect([read(deletion, 'nmcdw10'), read(deletion, 'nsid')]).toEqual([1, nsid]);
  });

  it('has sanitize operations, resets, and what became of the clock', () => {
    const [host] = shared().hosts;
    const { length } = events(host);
    host.run({ opcode: ADMIN_SANITIZE, cdw10: SANITIZE_ACTION_BLOCK_ERASE });
    resetController(host);
    send(host, Uint8Array.of(5, 0, 0, 0, 0, 0, 0, 0), { opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_TIMESTAMP });
    resetController(host);
    expect(typesSince(host, length)).toEqual([
      PEL_EVENT_POWER_ON_OR_RESET,
      PEL_EVENT_TIMESTAMP_CHANGE,
      PEL_EVENT_POWER_ON_OR_RESET,
      PEL_EVENT_SANITIZE_COMPLETION,
      PEL_EVENT_SANITIZE_START,
    ]);
  });

  it('gives events the time that the controller had then', () => {
    const [host] = shared().hosts;
    send(host, Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 0), { opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_TIMESTAMP });
    host.run({ opcode: ADMIN_FORMAT_NVM, nsid: 1 });
    expect(decodeTimestamp(events(host)[0].timestamp)).toMatchObject({ ms: 256, setByHost: true });
  });

  it('has fatal failures, with the telemetry that they leave, and excursions of temperature', () => {
    const [host] = shared().hosts;
    const { length } = events(host);
    host.controller.setTemperature(360);
    host.controller.fail('fatal');
    resetController(host);
    expect(typesSince(host, length)).toEqual([
      PEL_EVENT_POWER_ON_OR_RESET,
      PEL_EVENT_TELEMETRY_CREATED,
      PEL_EVENT_HARDWARE_ERROR,
      PEL_EVENT_THERMAL_EXCURSION,
      PEL_EVENT_THERMAL_EXCURSION,
    ]);
    const excursions = events(host).slice(3, 5);
    const read = (name: string): unknown[] =>
      excursions.map(({ data }) => ThermalExcursionEventLayout.read(data, name));
    // 2 K past the critical temperature, 17 K past the warning one.
    expect([read('otmp'), read('thresh')]).toEqual([
      [2, 17],
      [2, 1],
    ]);
  });

  it('takes a snapshot a day', () => {
    const scene = shared();
    const [host] = scene.hosts;
    const snapshots = (): readonly PersistentEvent[] =>
      events(host).filter((each) => each.type === PEL_EVENT_SMART_SNAPSHOT);
    host.createPair(1).execute({ ...buffer(host, 512).fields, opcode: NVM_WRITE, nsid: 1 });
    expect(snapshots()).toHaveLength(1);
    scene.pass(24 * 3_600_000);
    const [newest, oldest] = snapshots();
    expect([newest, oldest].map(({ data }) => decodeSmartLog(data).hostWriteCommands)).toEqual([1, 0]);
  });

  it('keeps the newest', () => {
    const [host] = shared().hosts;
    for (let i = 0; i < PERSISTENT_EVENTS_MAX; i++) host.run({ opcode: ADMIN_FORMAT_NVM, nsid: 1 });
    const all = events(host);
    expect(all).toHaveLength(PERSISTENT_EVENTS_MAX);
    expect(all.some((each) => each.type === PEL_EVENT_SMART_SNAPSHOT)).toBe(false);
  });
});

describe('the context of the persistent event log', () => {
  it('keeps the log as it was, for every controller, until it is released', () => {
    const { hosts } = shared(2);
    const [a, b] = hosts;
    const count = (host: RawHost): number =>
      decodePersistentEventHeader(readLog(host, LOG_PERSISTENT_EVENT, PEL_HEADER_BYTES, 0, READ)).tnev;
    expect(ask(a, ESTABLISH).code).toBe(0);
    const before = count(a);
    a.run({ opcode: ADMIN_FORMAT_NVM, nsid: 1 });
    expect([count(a), count(b)]).toEqual([before, before]);
    expect(ask(b, RELEASE).code).toBe(0);
    expect(ask(a, ESTABLISH).code).toBe(0);
    expect(count(a)).toBe(before + 2);
  });

  it('is established once, and read while there is one', () => {
    const { hosts } = shared(2);
    const [a, b] = hosts;
    expect(ask(a, READ)).toMatchObject({ code: STATUS_COMMAND_SEQUENCE_ERROR, dnr: false });
    expect([ask(a, ESTABLISH).code, ask(b, READ).code]).toEqual([0, 0]);
    expect(ask(b, ESTABLISH)).toMatchObject({ code: STATUS_COMMAND_SEQUENCE_ERROR, dnr: false });
    // Releasing what is not there is no error.
    expect([ask(a, RELEASE).code, ask(a, RELEASE).code, ask(a, READ).code]).toEqual([
      0,
      0,
      STATUS_COMMAND_SEQUENCE_ERROR,
    ]);
  });

  it('goes with a reset of the controller that established it, and of no other', () => {
    const { hosts } = shared(2);
    const [a, b] = hosts;
    ask(a, ESTABLISH);
    resetController(b);
    expect(ask(b, READ).code).toBe(0);
    resetController(a);
    expect(ask(b, READ).code).toBe(STATUS_COMMAND_SEQUENCE_ERROR);
  });

  it('can be established by reading the header, which says whether there was one', () => {
    const [host] = shared().hosts;
    const rci = (): number => {
      const data = readLog(host, LOG_PERSISTENT_EVENT, PEL_HEADER_BYTES, 0, ESTABLISH_HEADER);
      return data[376] >> 2;
    };
    expect([rci(), rci()]).toEqual([0, 1]);
    expect(ask(host, READ).code).toBe(0);
  });

  it('has a generation number that grows when there is something new', () => {
    const [host] = shared().hosts;
    const generation = (): number => decodePersistentEventHeader(whole(host)).gnum;
    const first = generation();
    expect(generation()).toBe(first);
    host.run({ opcode: ADMIN_FORMAT_NVM, nsid: 1 });
    expect(generation()).toBe(first + 1);
  });

  it('is not read past its end', () => {
    const [host] = shared().hosts;
    ask(host, ESTABLISH);
    const { tll } = decodePersistentEventHeader(readLog(host, LOG_PERSISTENT_EVENT, PEL_HEADER_BYTES, 0, READ));
    const command = {
      ...buffer(host, 4096).fields,
      opcode: ADMIN_GET_LOG_PAGE,
      cdw10: logDword(LOG_PERSISTENT_EVENT, 4096, READ),
      cdw12: Math.ceil(tll / 4) * 4 + 4,
    };
    expect(host.run(command)).toMatchObject({ code: STATUS_INVALID_FIELD, dnr: true });
  });
});
