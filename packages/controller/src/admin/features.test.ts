import {
  ADMIN_GET_FEATURES,
  ADMIN_SET_FEATURES,
  FEATURE_ARBITRATION,
  FEATURE_ASYNC_EVENT_CONFIG,
  FEATURE_ERROR_RECOVERY,
  FEATURE_HOST_BEHAVIOR,
  FEATURE_INTERRUPT_COALESCING,
  FEATURE_INTERRUPT_VECTOR_CONFIG,
  FEATURE_KEEP_ALIVE_TIMER,
  FEATURE_NUMBER_OF_QUEUES,
  FEATURE_POWER_MANAGEMENT,
  FEATURE_TEMPERATURE_THRESHOLD,
  FEATURE_TIMESTAMP,
  FEATURE_VOLATILE_WRITE_CACHE,
  FEATURE_WRITE_ATOMICITY,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { type RawCompletion, RawHost } from '../../test-support/raw-host.js';
import { NullMedium } from '../media/null-medium.js';

const get = (host: RawHost, feature: number, fields: object = {}): RawCompletion =>
  host.run({ opcode: ADMIN_GET_FEATURES, cdw10: feature, ...fields });
const set = (host: RawHost, feature: number, cdw11: number, fields: object = {}): RawCompletion =>
  host.run({ opcode: ADMIN_SET_FEATURES, cdw10: feature, cdw11, ...fields });

/** Name, identifier, default, another value, what is read back of it, capabilities. */
const WORDS: readonly (readonly [string, number, number, number, number, number])[] = [
  ['Arbitration', FEATURE_ARBITRATION, 7, 0xffff_fffd, 0xffff_ff05, 5],
  ['Power Management', FEATURE_POWER_MANAGEMENT, 0, 0xe0, 0xe0, 5],
  ['Temperature Threshold', FEATURE_TEMPERATURE_THRESHOLD, 343, 350, 350, 5],
  ['Volatile Write Cache', FEATURE_VOLATILE_WRITE_CACHE, 1, 0, 0, 5],
  ['Number of Queues', FEATURE_NUMBER_OF_QUEUES, 0x000f_000f, 0x0002_0001, 0x0002_0001, 4],
  ['Interrupt Coalescing', FEATURE_INTERRUPT_COALESCING, 0, 0xffff_1234, 0x1234, 5],
  ['Interrupt Vector Configuration', FEATURE_INTERRUPT_VECTOR_CONFIG, 0, 0x0001_0000, 0x0001_0000, 5],
  ['Write Atomicity', FEATURE_WRITE_ATOMICITY, 0, 3, 1, 5],
  ['Async Event Configuration', FEATURE_ASYNC_EVENT_CONFIG, 0, 0x0000_09ff, 0x0000_09ff, 5],
  ['Keep Alive Timer', FEATURE_KEEP_ALIVE_TIMER, 0, 0xffff_ffff, 0xffff_ffa0, 4],
];

describe.each(WORDS)('%s', (_, feature, initial, value, stored, capabilities) => {
  it('has a default, takes a value, and says so for each SEL', () => {
    const host = new RawHost().enable();
    expect(get(host, feature).result).toBe(initial);
    expect(set(host, feature, value).code).toBe(0);
    expect(get(host, feature).result).toBe(stored);
    expect(get(host, feature | (1 << 8)).result).toBe(initial);
    expect(get(host, feature | (2 << 8)).result).toBe(initial);
    expect(get(host, feature | (3 << 8)).result).toBe(capabilities);
  });

  it('takes the broadcast identifier as the controller', () => {
    const host = new RawHost().enable();
    expect(set(host, feature, value, { nsid: 0xffff_ffff }).code).toBe(0);
    expect(get(host, feature, { nsid: 0xffff_ffff }).result).toBe(stored);
    // Reading it for a namespace gives the controller's value. [Base] 4.4
    expect(get(host, feature, { nsid: 1 }).result).toBe(stored);
  });
});

describe('Number of Queues', () => {
  it('grants no more than there is, each kind by itself', () => {
    const host = new RawHost({ queuePairs: 4 }).enable();
    expect(set(host, FEATURE_NUMBER_OF_QUEUES, 0x0001_00ff).result).toBe(0x0001_0003);
    expect(get(host, FEATURE_NUMBER_OF_QUEUES).result).toBe(0x0001_0003);
    expect(set(host, FEATURE_NUMBER_OF_QUEUES, 0xfffe_fffe).result).toBe(0x0003_0003);
  });
});

describe('Temperature Threshold', () => {
  it('keeps over and under apart', () => {
    const host = new RawHost().enable();
    expect(set(host, FEATURE_TEMPERATURE_THRESHOLD, 360).code).toBe(0);
    expect(set(host, FEATURE_TEMPERATURE_THRESHOLD, (1 << 20) | 250).code).toBe(0);
    expect(get(host, FEATURE_TEMPERATURE_THRESHOLD).result).toBe(360);
    expect(get(host, FEATURE_TEMPERATURE_THRESHOLD, { cdw11: 1 << 20 }).result).toBe(250);
    expect(set(host, FEATURE_TEMPERATURE_THRESHOLD, (0xf << 16) | 370).code).toBe(0);
    expect(get(host, FEATURE_TEMPERATURE_THRESHOLD).result).toBe(370);
  });
});

describe('Interrupt Vector Configuration', () => {
  it('is kept per vector', () => {
    const host = new RawHost().enable();
    expect(set(host, FEATURE_INTERRUPT_VECTOR_CONFIG, 0x0001_0003).code).toBe(0);
    expect(get(host, FEATURE_INTERRUPT_VECTOR_CONFIG, { cdw11: 3 }).result).toBe(0x0001_0003);
    expect(get(host, FEATURE_INTERRUPT_VECTOR_CONFIG, { cdw11: 4 }).result).toBe(4);
  });
});

describe('Error Recovery', () => {
  it('belongs to a namespace', () => {
    const medium = new NullMedium(4096);
    const host = new RawHost({ namespaces: [1, 2].map((nsid) => ({ nsid, medium })) }).enable();
    expect(set(host, FEATURE_ERROR_RECOVERY, 5, { nsid: 2 }).code).toBe(0);
    expect(get(host, FEATURE_ERROR_RECOVERY, { nsid: 1 }).result).toBe(0);
    expect(get(host, FEATURE_ERROR_RECOVERY, { nsid: 2 }).result).toBe(5);
    expect(set(host, FEATURE_ERROR_RECOVERY, 9, { nsid: 0xffff_ffff }).code).toBe(0);
    expect([1, 2].map((nsid) => get(host, FEATURE_ERROR_RECOVERY, { nsid }).result)).toEqual([9, 9]);
    expect(get(host, FEATURE_ERROR_RECOVERY | (3 << 8)).result).toBe(7);
  });
});

describe('Timestamp', () => {
  it('runs on from what was set', () => {
    const host = new RawHost().enable();
    const page = host.page();
    const view = new DataView(host.dma.bytes(page, 4096).buffer, host.dma.bytes(page, 8).byteOffset);
    view.setUint32(0, 0xffff_fff0, true);
    view.setUint32(4, 0x0123, true);
    expect(set(host, FEATURE_TIMESTAMP, 0, { prp1: host.iova(page) }).code).toBe(0);
    host.clock.advanceNs(32e6);
    expect(get(host, FEATURE_TIMESTAMP, { prp1: host.iova(page) }).code).toBe(0);
    expect([view.getUint32(0, true), view.getUint16(4, true), view.getUint8(6)]).toEqual([0x10, 0x0124, 0b10]);
  });

  it('counts from the reset when nothing was set', () => {
    const host = new RawHost().enable();
    host.clock.advanceNs(5e6);
    const page = host.page();
    expect(get(host, FEATURE_TIMESTAMP, { prp1: host.iova(page) }).code).toBe(0);
    expect([...host.dma.bytes(page, 8)]).toEqual([5, 0, 0, 0, 0, 0, 0, 0]);
  });
});

describe('Host Behavior Support', () => {
  it('is a structure of 512 bytes that is read back', () => {
    const host = new RawHost().enable();
    const page = host.page();
    const data = host.dma.bytes(page, 512).fill(0);
    data[0] = 1;
    data[2] = 1;
    expect(set(host, FEATURE_HOST_BEHAVIOR, 0, { prp1: host.iova(page) }).code).toBe(0);
    data.fill(0xff);
    expect(get(host, FEATURE_HOST_BEHAVIOR, { prp1: host.iova(page) }).code).toBe(0);
    expect([...data.subarray(0, 4)]).toEqual([1, 0, 1, 0]);
    expect(get(host, FEATURE_HOST_BEHAVIOR | (1 << 8), { prp1: host.iova(page) }).code).toBe(0);
    expect(data.every((byte) => byte === 0)).toBe(true);
  });
});
