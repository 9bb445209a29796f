import {
  decodeSmartLog,
  FEATURE_ASYNC_EVENT_CONFIG,
  FEATURE_HOST_THERMAL_MANAGEMENT,
  FEATURE_TEMPERATURE_THRESHOLD,
  LOG_SMART,
  NVM_COMPARE,
  NVM_FLUSH,
  NVM_READ,
  NVM_VERIFY,
  NVM_WRITE,
  NVM_WRITE_ZEROES,
  SMART_WARNING_READ_ONLY,
  SMART_WARNING_RELIABILITY,
  SMART_WARNING_SPARE,
  SMART_WARNING_TEMPERATURE,
  type SmartLog,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { buffer, heard, listen, readLog, resetController, setFeature } from '../test-support/admin-calls.js';
import { RawHost } from '../test-support/raw-host.js';
import { SharedSubsystem } from '../test-support/shared-subsystem.js';
import type { Conditions } from './health.js';
import { RamMedium } from './media/ram-medium.js';

const RELIABILITY = 0;
const TEMPERATURE = 1;
const SPARE = 2;
const MINUTE_NS = 60e9;

const started = (): RawHost =>
  new RawHost({ namespaces: [{ nsid: 1, medium: new RamMedium({ bytes: 65_536 }), shared: true }] }).enable();
const smart = (host: RawHost): SmartLog => decodeSmartLog(readLog(host, LOG_SMART));

describe('the SMART log', () => {
  it('counts what reads and writes data, and not what does neither', () => {
    const host = started();
    const queue = host.createPair(1);
    const { fields } = buffer(host, 512);
    for (const opcode of [NVM_READ, NVM_WRITE, NVM_COMPARE, NVM_VERIFY, NVM_WRITE_ZEROES, NVM_FLUSH]) {
      queue.execute({ ...fields, opcode, nsid: 1 });
    }
    expect(smart(host)).toMatchObject({
      hostReadCommands: 2,
      hostWriteCommands: 1,
      dataUnitsRead: 1,
      dataUnitsWritten: 1,
    });
  });

  it('is each controller’s own', () => {
    const { hosts } = new SharedSubsystem(2, {
      namespaces: [{ nsid: 1, medium: new RamMedium({ bytes: 65_536 }), shared: true }],
    });
    const { fields } = buffer(hosts[0], 512);
    hosts[0].createPair(1).execute({ ...fields, opcode: NVM_WRITE, nsid: 1 });
    expect(hosts.map((host) => smart(host).hostWriteCommands)).toEqual([1, 0]);
  });

  it('survives a controller reset', () => {
    const host = started();
    const { fields } = buffer(host, 512);
    host.createPair(1).execute({ ...fields, opcode: NVM_WRITE, nsid: 1 });
    resetController(host);
    expect(smart(host)).toMatchObject({ hostWriteCommands: 1, powerCycles: 1, unsafeShutdowns: 0 });
  });

  it('says what conditions were set', () => {
    const host = started();
    host.controller.setConditions({ temperatureKelvin: 320, availableSparePercent: 55, percentageUsed: 120 });
    expect(smart(host)).toMatchObject({
      compositeTemperature: 320,
      availableSpare: 55,
      availableSpareThreshold: 10,
      percentageUsed: 120,
      criticalWarning: 0,
    });
    // What is not said again stays.
    host.controller.setConditions({ availableSparePercent: 50 });
    expect(smart(host)).toMatchObject({ compositeTemperature: 320, availableSpare: 50 });
  });

  it('counts minutes and seconds that it was too warm', () => {
    const host = started();
    setFeature(host, FEATURE_HOST_THERMAL_MANAGEMENT, ((330 << 16) | 340) >>> 0);
    const pass = (kelvin: number, minutes: number): void => {
      host.controller.setTemperature(kelvin);
      host.clock.advanceNs(minutes * MINUTE_NS);
    };
    pass(335, 1);
    pass(345, 2);
    pass(300, 4);
    pass(335, 8);
    pass(360, 16);
    expect(smart(host)).toMatchObject({
      warningTemperatureTime: 18,
      criticalTemperatureTime: 16,
      thermal1Transitions: 2,
      thermal1Time: 27 * 60,
      thermal2Transitions: 2,
      thermal2Time: 18 * 60,
    });
  });
});

describe('a critical warning', () => {
  it.each<[string, Conditions, number, number]>([
    ['too little spare', { availableSparePercent: 9 }, SMART_WARNING_SPARE, SPARE],
    ['temperature', { temperatureKelvin: 343 }, SMART_WARNING_TEMPERATURE, TEMPERATURE],
    ['degraded reliability', { isDegraded: true }, SMART_WARNING_RELIABILITY, RELIABILITY],
    ['read only media', { isReadOnly: true }, SMART_WARNING_READ_ONLY, RELIABILITY],
  ])('of %s raises its event once until it is gone', (_, conditions, warning, information) => {
    const host = started();
    setFeature(host, FEATURE_ASYNC_EVENT_CONFIG, 0xff);
    listen(host, 1, 2);
    host.controller.setConditions(conditions);
    host.controller.setConditions(conditions);
    expect(heard(host)).toEqual([{ cid: 1, type: 1, information, page: LOG_SMART }]);
    expect(smart(host).criticalWarning).toBe(warning);
    host.controller.setConditions(conditions);
    expect(heard(host)).toEqual([]);
    host.controller.setConditions({
      availableSparePercent: 10,
      temperatureKelvin: 342,
      isDegraded: false,
      isReadOnly: false,
    });
    expect(smart(host).criticalWarning).toBe(0);
    host.controller.setConditions(conditions);
    expect(heard(host)).toEqual([{ cid: 2, type: 1, information, page: LOG_SMART }]);
  });

  it('raises nothing that the host has not asked to hear of', () => {
    const host = started();
    setFeature(host, FEATURE_ASYNC_EVENT_CONFIG, 0xff & ~SMART_WARNING_SPARE);
    listen(host, 1);
    host.controller.setConditions({ availableSparePercent: 0 });
    expect(heard(host)).toEqual([]);
    expect(smart(host).criticalWarning).toBe(SMART_WARNING_SPARE);
  });

  it('of several kinds at a time is one event: the others are in the log that it leads to', () => {
    const host = started();
    setFeature(host, FEATURE_ASYNC_EVENT_CONFIG, 0xff);
    listen(host, 1, 2, 3);
    host.controller.setConditions({ availableSparePercent: 0, temperatureKelvin: 400, isReadOnly: true });
    expect(heard(host)).toHaveLength(1);
    expect(smart(host).criticalWarning).toBe(SMART_WARNING_SPARE | SMART_WARNING_TEMPERATURE | SMART_WARNING_READ_ONLY);
    expect(heard(host)).toEqual([]);
  });

  it('is there below the lower threshold too', () => {
    const host = started();
    setFeature(host, FEATURE_TEMPERATURE_THRESHOLD, (1 << 20) | 290);
    host.controller.setTemperature(290);
    expect(smart(host).criticalWarning).toBe(SMART_WARNING_TEMPERATURE);
    host.controller.setTemperature(291);
    expect(smart(host).criticalWarning).toBe(0);
  });
});

describe('a condition is refused', () => {
  it.each<[string, Conditions]>([
    ['temperatureKelvin', { temperatureKelvin: -1 }],
    ['temperatureKelvin', { temperatureKelvin: 65_536 }],
    ['temperatureKelvin', { temperatureKelvin: NaN }],
    ['availableSparePercent', { availableSparePercent: 101 }],
    ['percentageUsed', { percentageUsed: 256 }],
  ])('%s out of range', (name, conditions) => {
    const host = started();
    expect(() => host.controller.setConditions(conditions)).toThrow(RangeError);
    expect(() => host.controller.setConditions(conditions)).toThrow(name);
    expect(smart(host)).toMatchObject({ compositeTemperature: 300, availableSpare: 100, percentageUsed: 0 });
  });
});
