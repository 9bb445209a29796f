import {
  ADMIN_GET_LOG_PAGE,
  ANA_STATE_CHANGE,
  ANA_STATE_INACCESSIBLE,
  ANA_STATE_NON_OPTIMIZED,
  ANA_STATE_OPTIMIZED,
  ANA_STATE_PERSISTENT_LOSS,
  CHANGED_NAMESPACES_OVERFLOW,
  decodeAnaLog,
  LOG_ANA,
  LOG_CHANGED_ALLOCATED_NAMESPACES,
  LOG_CHANGED_NAMESPACES,
  LOG_SMART,
  NVM_READ,
  readUint32,
  STATUS_ANA_INACCESSIBLE,
  STATUS_ANA_PERSISTENT_LOSS,
  STATUS_ANA_TRANSITION,
  STATUS_INVALID_FIELD,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { buffer, logDword, readLog, receive } from '../test-support/admin-calls.js';
import { RawHost } from '../test-support/raw-host.js';
import { SharedSubsystem } from '../test-support/shared-subsystem.js';
import { NullMedium } from './media/null-medium.js';

const medium = new NullMedium(1024 * 1024);
/** Bit 23 of dword 14: the offset is an index. */
const INDEX = 1 << 23;

function started(): RawHost {
  const namespaces = [1, 2, 3, 4].map((nsid) => ({ nsid, medium, anaGroupId: nsid === 4 ? 3 : 1 }));
  return new RawHost({ anaGroups: 3, namespaces }).enable();
}

describe('ANA states', () => {
  it.each([
    ['optimized', ANA_STATE_OPTIMIZED, 0],
    ['non-optimized', ANA_STATE_NON_OPTIMIZED, 0],
    ['inaccessible', ANA_STATE_INACCESSIBLE, STATUS_ANA_INACCESSIBLE],
    ['persistent loss', ANA_STATE_PERSISTENT_LOSS, STATUS_ANA_PERSISTENT_LOSS],
    ['change', ANA_STATE_CHANGE, STATUS_ANA_TRANSITION],
  ])('%s: I/O gets status %i', (_, state, code) => {
    const host = started();
    const queue = host.createPair(1);
    host.controller.setAnaState(1, state);
    const read = (nsid: number): object => queue.execute({ ...buffer(host, 512).fields, opcode: NVM_READ, nsid });
    expect(read(1)).toMatchObject({ code, dnr: false });
    expect(read(4)).toMatchObject({ code: 0 });
  });

  it('are those of each controller', () => {
    const { hosts } = new SharedSubsystem(2, { anaGroups: 1, namespaces: [{ nsid: 1, medium, shared: true }] });
    hosts[0].controller.setAnaState(1, ANA_STATE_INACCESSIBLE);
    const states = hosts.map((host) => decodeAnaLog(readLog(host, LOG_ANA, 64)).groups[0].state);
    expect(states).toEqual([ANA_STATE_INACCESSIBLE, ANA_STATE_OPTIMIZED]);
  });

  it.each([
    ['group 0', 0, ANA_STATE_OPTIMIZED],
    ['a group past the last', 4, ANA_STATE_OPTIMIZED],
    ['a state that is none', 1, 5],
  ])('are refused for %s', (_, group, state) => {
    expect(() => started().controller.setAnaState(group, state)).toThrow(RangeError);
  });
});

describe('the ANA log', () => {
  it('is read from a descriptor on: index 0 is the header', () => {
    const host = started();
    const whole = readLog(host, LOG_ANA, 128);
    const from = (index: number): Uint8Array =>
      receive(host, 32, {
        opcode: ADMIN_GET_LOG_PAGE,
        cdw10: logDword(LOG_ANA, 32),
        cdw12: index,
        cdw14: INDEX,
      });
    expect([...from(0)]).toEqual([...whole.subarray(0, 32)]);
    // The first group has three namespaces, the second none.
    expect([...from(1)]).toEqual([...whole.subarray(16, 48)]);
    expect([...from(2)]).toEqual([...whole.subarray(60, 92)]);
    expect([...from(3)].slice(0, 4)).toEqual([3, 0, 0, 0]);
  });

  it.each([
    ['an index past the last descriptor', LOG_ANA, 4, 0],
    ['an index past 2^32', LOG_ANA, 0, 1],
    ['an index into a page that has no entries', LOG_SMART, 0, 0],
  ])('is refused for %s', (_, id, cdw12, cdw13) => {
    const host = started();
    const command = { ...buffer(host, 512).fields, opcode: ADMIN_GET_LOG_PAGE, cdw10: logDword(id, 32) };
    expect(host.run({ ...command, cdw12, cdw13, cdw14: INDEX })).toMatchObject({
      code: STATUS_INVALID_FIELD,
      dnr: true,
    });
  });
});

describe('the lists of changed namespaces', () => {
  it.each([LOG_CHANGED_NAMESPACES, LOG_CHANGED_ALLOCATED_NAMESPACES])('(log %i) say when there are too many', (id) => {
    const host = new RawHost({ largestNsid: 1025, namespaces: [] }).enable();
    for (let nsid = 1; nsid <= 1024; nsid++) host.controller.attach({ nsid, medium });
    const full = readLog(host, id, 4096);
    expect([readUint32(full, 0), readUint32(full, 4092)]).toEqual([1, 1024]);
    for (let nsid = 1; nsid <= 1024; nsid++) host.controller.detach(nsid);
    host.controller.attach({ nsid: 1025, medium });
    const overflown = readLog(host, id, 4096);
    expect(readUint32(overflown, 0)).toBe(CHANGED_NAMESPACES_OVERFLOW);
    expect(overflown.subarray(4).every((byte) => byte === 0)).toBe(true);
    // Reading it has cleared it.
    expect(readLog(host, id, 4096).every((byte) => byte === 0)).toBe(true);
  });
});
