import {
  FEATURE_ARBITRATION,
  FEATURE_ASYNC_EVENT_CONFIG,
  FEATURE_COMMAND_SET_PROFILE,
  FEATURE_ERROR_RECOVERY,
  FEATURE_HOST_BEHAVIOR,
  FEATURE_HOST_IDENTIFIER,
  FEATURE_HOST_THERMAL_MANAGEMENT,
  FEATURE_INTERRUPT_COALESCING,
  FEATURE_INTERRUPT_VECTOR_CONFIG,
  FEATURE_KEEP_ALIVE_TIMER,
  FEATURE_LBA_RANGE_TYPE,
  FEATURE_NAMESPACE_WRITE_PROTECTION,
  FEATURE_NUMBER_OF_QUEUES,
  FEATURE_POWER_MANAGEMENT,
  FEATURE_RESERVATION_NOTIFICATION_MASK,
  FEATURE_RESERVATION_PERSISTENCE,
  FEATURE_SANITIZE_CONFIG,
  FEATURE_TEMPERATURE_THRESHOLD,
  FEATURE_TIMESTAMP,
  FEATURE_VOLATILE_WRITE_CACHE,
  FEATURE_WRITE_ATOMICITY,
  REG_NSSR,
  STATUS_COMMAND_SET_COMBINATION_REJECTED,
  STATUS_FEATURE_NOT_SAVEABLE,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
} from '@phasebit/nvme-spec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buffer, getFeature, resetController, setFeature } from '../../test-support/admin-calls.js';
import { deleteNamespace } from '../../test-support/namespace-calls.js';
import { RawHost } from '../../test-support/raw-host.js';
import { RamMedium } from '../media/ram-medium.js';

/** Bit 31 of dword 10 of Set Features: save. */
const SV = 0x8000_0000;
const DEFAULT = 1 << 8;
const SAVED = 2 << 8;
const CAPABILITIES = 3 << 8;
const NSSR_VALUE = 0x4e56_4d65;

/** Identifier, a value that can be saved, its default and the namespace that it is set for, 0 for none. */
const SAVEABLE: readonly (readonly [string, number, number, number, number])[] = [
  ['Arbitration', FEATURE_ARBITRATION, 0x0102_0303, 7, 0],
  ['Power Management', FEATURE_POWER_MANAGEMENT, 0x20, 0, 0],
  ['Temperature Threshold', FEATURE_TEMPERATURE_THRESHOLD, 350, 343, 0],
  ['Error Recovery', FEATURE_ERROR_RECOVERY, 12, 0, 1],
  ['Volatile Write Cache', FEATURE_VOLATILE_WRITE_CACHE, 0, 1, 0],
  ['Interrupt Coalescing', FEATURE_INTERRUPT_COALESCING, 0x0205, 0, 0],
  ['Interrupt Vector Configuration', FEATURE_INTERRUPT_VECTOR_CONFIG, 0x0001_0000, 0, 0],
  ['Write Atomicity', FEATURE_WRITE_ATOMICITY, 1, 0, 0],
  ['Async Event Configuration', FEATURE_ASYNC_EVENT_CONFIG, 0x1ff, 0, 0],
  ['Host Controlled Thermal Management', FEATURE_HOST_THERMAL_MANAGEMENT, 0x0140_0150, 0, 0],
];

const started = (): RawHost =>
  new RawHost({
    namespaces: [1, 2].map((nsid) => ({ nsid, medium: new RamMedium({ bytes: 65_536 }) })),
    largestNsid: 4,
  }).enable();

describe.each(SAVEABLE)('%s', (_, id, value, initial, nsid) => {
  /** Current, default and saved value. */
  const values = (host: RawHost): number[] =>
    [0, DEFAULT, SAVED].map((select) => getFeature(host, id | select, { nsid }).result);

  it('is saved when the host says so, and that survives resets', () => {
    const host = started();
    expect(setFeature(host, id | SV, value, { nsid }).code).toBe(0);
    expect(values(host)).toEqual([value, initial, value]);
    // Changed without saving.
    setFeature(host, id, initial, { nsid });
    expect(values(host)).toEqual([initial, initial, value]);
    resetController(host);
    expect(values(host)).toEqual([value, initial, value]);
    host.write32(REG_NSSR, NSSR_VALUE);
    expect(values(host.enable())).toEqual([value, initial, value]);
  });

  it('is forgotten by a reset when it was not saved', () => {
    const host = started();
    setFeature(host, id, value, { nsid });
    expect(values(host)).toEqual([value, initial, initial]);
    resetController(host);
    expect(values(host)).toEqual([initial, initial, initial]);
  });
});

describe('saved values', () => {
  it('are kept apart for thresholds, vectors and namespaces', () => {
    const host = started();
    const under = 1 << 20;
    setFeature(host, FEATURE_TEMPERATURE_THRESHOLD | SV, 350);
    setFeature(host, FEATURE_TEMPERATURE_THRESHOLD | SV, under | 280);
    setFeature(host, FEATURE_INTERRUPT_VECTOR_CONFIG | SV, 0x0001_0002);
    setFeature(host, FEATURE_ERROR_RECOVERY | SV, 3, { nsid: 1 });
    setFeature(host, FEATURE_ERROR_RECOVERY | SV, 4, { nsid: 2 });
    resetController(host);
    expect(getFeature(host, FEATURE_TEMPERATURE_THRESHOLD).result).toBe(350);
    expect(getFeature(host, FEATURE_TEMPERATURE_THRESHOLD, { cdw11: under }).result).toBe(280);
    const vectors = [1, 2, 3].map((cdw11) => getFeature(host, FEATURE_INTERRUPT_VECTOR_CONFIG, { cdw11 }).result);
    expect(vectors).toEqual([1, 0x0001_0002, 3]);
    expect([1, 2].map((nsid) => getFeature(host, FEATURE_ERROR_RECOVERY, { nsid }).result)).toEqual([3, 4]);
  });

  it('for all namespaces are saved for each', () => {
    const host = started();
    setFeature(host, FEATURE_ERROR_RECOVERY | SV, 9, { nsid: 0xffff_ffff });
    resetController(host);
    expect([1, 2].map((nsid) => getFeature(host, FEATURE_ERROR_RECOVERY | SAVED, { nsid }).result)).toEqual([9, 9]);
  });

  it('go with the namespace that they belong to', () => {
    const host = started();
    setFeature(host, FEATURE_ERROR_RECOVERY | SV, 9, { nsid: 2 });
    deleteNamespace(host, 2);
    host.controller.attach({ nsid: 2, medium: new RamMedium({ bytes: 4096 }) });
    resetController(host);
    expect(getFeature(host, FEATURE_ERROR_RECOVERY, { nsid: 2 }).result).toBe(0);
  });

  it('are the last ones saved, whatever the order of setting, saving and resetting', () => {
    const steps = fc.array(
      fc.record({
        feature: fc.nat(SAVEABLE.length - 1),
        act: fc.constantFrom('set', 'save', 'reset'),
        isDefault: fc.boolean(),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const host = started();
        const current = SAVEABLE.map(([, , , initial]) => initial);
        const saved = [...current];
        for (const { feature, act, isDefault } of all) {
          const [, id, other, initial, nsid] = SAVEABLE[feature];
          const value = isDefault ? initial : other;
          if (act === 'reset') {
            resetController(host);
            current.splice(0, current.length, ...saved);
          } else {
            setFeature(host, act === 'save' ? id | SV : id, value, { nsid });
            current[feature] = value;
            if (act === 'save') saved[feature] = value;
          }
        }
        SAVEABLE.forEach(([name, id, , , nsid], i) => {
          const got = [0, SAVED].map((select) => getFeature(host, id | select, { nsid }).result);
          expect([name, ...got]).toEqual([name, current[i], saved[i]]);
        });
      }),
      { numRuns: 30 },
    );
  });
});

describe('a feature that cannot be saved', () => {
  it.each([
    ['LBA Range Type', FEATURE_LBA_RANGE_TYPE, 1, 0b110],
    ['Number of Queues', FEATURE_NUMBER_OF_QUEUES, 0, 0b100],
    ['Timestamp', FEATURE_TIMESTAMP, 0, 0b100],
    ['Keep Alive Timer', FEATURE_KEEP_ALIVE_TIMER, 0, 0b100],
    ['Host Behavior Support', FEATURE_HOST_BEHAVIOR, 0, 0b100],
    ['Sanitize Config', FEATURE_SANITIZE_CONFIG, 0, 0b100],
    ['I/O Command Set Profile', FEATURE_COMMAND_SET_PROFILE, 0, 0b100],
    ['Host Identifier', FEATURE_HOST_IDENTIFIER, 0, 0b100],
    ['Reservation Notification Mask', FEATURE_RESERVATION_NOTIFICATION_MASK, 1, 0b110],
    ['Reservation Persistence', FEATURE_RESERVATION_PERSISTENCE, 1, 0b110],
    ['Namespace Write Protection', FEATURE_NAMESPACE_WRITE_PROTECTION, 1, 0b110],
  ])('says so, and refuses: %s', (_, id, nsid, capabilities) => {
    const host = started();
    expect(getFeature(host, id | CAPABILITIES, { nsid })).toMatchObject({ code: 0, result: capabilities });
    const command = { ...buffer(host, 4096).fields, opcode: 0x09, nsid };
    expect(setFeature(host, id | SV, 0, command)).toMatchObject({ code: STATUS_FEATURE_NOT_SAVEABLE, dnr: true });
  });
});

describe('a feature of the subsystem', () => {
  it.each([1, 0xffff_ffff])('takes no namespace (%i)', (nsid) => {
    const host = started();
    expect(setFeature(host, FEATURE_SANITIZE_CONFIG, 1, { nsid })).toMatchObject({ code: STATUS_INVALID_FIELD });
    expect(getFeature(host, FEATURE_SANITIZE_CONFIG, { nsid })).toMatchObject({ code: STATUS_INVALID_FIELD });
    expect(getFeature(host, FEATURE_SANITIZE_CONFIG).result).toBe(0);
  });
});

describe('other values are refused', () => {
  it.each([
    [
      'a second combination of command sets',
      FEATURE_COMMAND_SET_PROFILE,
      1,
      0,
      STATUS_COMMAND_SET_COMBINATION_REJECTED,
    ],
    ['events of Endurance Groups', FEATURE_ASYNC_EVENT_CONFIG, 1 << 14, 0, STATUS_INVALID_FIELD],
    ['thermal management above the most', FEATURE_HOST_THERMAL_MANAGEMENT, 0x0140_0400, 0, STATUS_INVALID_FIELD],
    ['thermal management below the least', FEATURE_HOST_THERMAL_MANAGEMENT, 0x0001_0140, 0, STATUS_INVALID_FIELD],
    ['light throttling above heavy', FEATURE_HOST_THERMAL_MANAGEMENT, 0x0150_0140, 0, STATUS_INVALID_FIELD],
    ['light throttling equal to heavy', FEATURE_HOST_THERMAL_MANAGEMENT, 0x0140_0140, 0, STATUS_INVALID_FIELD],
    ['a feature of a namespace past the last', FEATURE_ERROR_RECOVERY, 0, 9, STATUS_INVALID_NAMESPACE],
  ])('%s', (_, id, value, nsid, code) => {
    const host = started();
    expect(setFeature(host, id, value, { nsid })).toMatchObject({ code, dnr: true });
    if (nsid === 0) expect(getFeature(host, id).result).toBe(0);
  });

  it('but thermal management may be switched off, each level by itself', () => {
    const host = started();
    for (const value of [0, 0x0140_0000, 0x0000_0140]) {
      expect(setFeature(host, FEATURE_HOST_THERMAL_MANAGEMENT, value).code).toBe(0);
      expect(getFeature(host, FEATURE_HOST_THERMAL_MANAGEMENT).result).toBe(value);
    }
  });
});
