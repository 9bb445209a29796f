import { describe, expect, it } from 'vitest';
import * as spec from './index.js';

const camel = (text: string): string => text.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

describe.each([
  ['Supported Log Pages', spec.decodeSupportedLogs, 1024],
  ['Feature Identifiers Supported and Effects', spec.decodeSupportedFeatures, 1024],
  ['Commands Supported and Effects', spec.decodeSupportedCommands, 4096],
  ['Firmware Slot Information', spec.decodeFirmwareSlotLog, 512],
  ['Device Self-test', spec.decodeSelfTestLog, 564],
  ['Telemetry', spec.decodeTelemetryHeader, 512],
  ['Endurance Group Information', spec.decodeEnduranceGroupLog, 512],
  ['Persistent Event', spec.decodePersistentEventHeader, 512],
  ['Sanitize Status', spec.decodeSanitizeLog, 512],
])('the %s log', (_, decode, bytes) => {
  it('decodes when it is all zeros, and not when a byte is missing', () => {
    expect(() => decode(new Uint8Array(bytes))).not.toThrow();
    expect(() => decode(new Uint8Array(bytes - 1))).toThrow(`${bytes} bytes expected, got ${bytes - 1}`);
  });
});

describe('what is supported', () => {
  it('is listed by number', () => {
    const logs = new Uint8Array(1024);
    logs[4 * spec.LOG_SMART] = 1;
    logs[4 * spec.LOG_ANA] = 3;
    logs[4 * spec.LOG_ERROR_INFORMATION] = 2; // an index, but not supported
    logs[4 * 255] = 1;
    expect(spec.decodeSupportedLogs(logs)).toEqual([spec.LOG_SMART, spec.LOG_ANA, 255]);
    const features = new Uint8Array(1024);
    features[4 * spec.FEATURE_TIMESTAMP] = 1;
    expect(spec.decodeSupportedFeatures(features)).toEqual([spec.FEATURE_TIMESTAMP]);
    const commands = new Uint8Array(4096);
    commands[4 * spec.ADMIN_IDENTIFY] = 1;
    commands[1024 + 4 * spec.NVM_WRITE] = 3;
    expect(spec.decodeSupportedCommands(commands)).toEqual({ admin: [spec.ADMIN_IDENTIFY], io: [spec.NVM_WRITE] });
  });

  it('has a scope and effects', () => {
    const { FEATURE_EFFECTS, LOG_SUPPORT } = spec;
    expect(FEATURE_EFFECTS.FSP.set(FEATURE_EFFECTS.FSUPP.set(0, 1), spec.FEATURE_SCOPE_NAMESPACE)).toBe(0x0010_0001);
    expect(LOG_SUPPORT.LIDSP.get(0x0001_0003)).toBe(spec.LOG_SUPPORT_TELEMETRY_AREA);
  });
});

describe('Firmware Slot Information', () => {
  it('says which slot runs, which is next, and what each holds', () => {
    const data = new Uint8Array(512);
    data[0] = 0x23;
    data.set([0x32, 0x2e, 0x30, 0x20, 0x20, 0x20, 0x20, 0x20], 8 + 2 * 8);
    expect(spec.decodeFirmwareSlotLog(data)).toEqual({
      activeSlot: 3,
      nextSlot: 2,
      revisions: ['', '', '2.0', '', '', '', ''],
    });
  });
});

describe('Device Self-test', () => {
  it('leaves out what is empty or not vouched for', () => {
    const data = new Uint8Array(564);
    for (let i = 0; i < 20; i++) data[4 + 28 * i] = 0x0f;
    data[0] = spec.SELF_TEST_SHORT;
    data[1] = 0x80 | 25;
    data.set([0x27, 3, 0x0f, 0, 9, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 2, 0x81], 4);
    data.set([0x10, 3, 0x07, 0, 8], 4 + 28);
    expect(spec.decodeSelfTestLog(data)).toEqual({
      current: spec.SELF_TEST_SHORT,
      percent: 25,
      results: [
        {
          code: spec.SELF_TEST_EXTENDED,
          result: spec.SELF_TEST_RESULT_KNOWN_SEGMENT_FAILED,
          segment: 3,
          powerOnHours: 9,
          nsid: 1,
          flba: 16,
          status: spec.STATUS_UNRECOVERED_READ_ERROR,
        },
        {
          code: spec.SELF_TEST_SHORT,
          result: spec.SELF_TEST_RESULT_OK,
          segment: undefined,
          powerOnHours: 8,
          nsid: 0,
          flba: 0,
          status: undefined, // the type is valid, the code is not
        },
      ],
    });
  });
});

describe('Telemetry', () => {
  it('says where each area ends', () => {
    const data = new Uint8Array(512);
    data.set([7, 0, 0, 0, 0, 1, 2, 3, 4, 0, 8, 0, 8, 0, 0, 0, 0, 0, 1], 0);
    data[382] = 1;
    data[383] = 5;
    const header = spec.decodeTelemetryHeader(data);
    expect(header).toMatchObject({
      lid: spec.LOG_TELEMETRY_HOST,
      lastBlocks: [4, 8, 8, 0x10000],
      controllerDataAvailable: true,
      controllerGeneration: 5,
    });
    expect(header.reason).toHaveLength(256);
    expect(([1, 2, 3, 4] as const).map((area) => spec.telemetryBytes(header, area))).toEqual([
      2560, 4608, 4608, 33554944,
    ]);
  });

  it('is the header alone when there is no data', () => {
    expect(spec.telemetryBytes(spec.decodeTelemetryHeader(new Uint8Array(512)), 3)).toBe(512);
  });
});

describe('Endurance Group Information', () => {
  it('has a property per field of the layout, read where the layout has it', () => {
    const noise = Uint8Array.from({ length: 512 }, (_, i) => (i * 7 + 1) & 0xff);
    expect(spec.decodeEnduranceGroupLog(noise)).toEqual(spec.EnduranceGroupLayout.decode(noise));
  });
});

describe('Sanitize Status', () => {
  it('decodes status, state and times', () => {
    const data = new Uint8Array(512);
    spec.SanitizeLogLayout.write(data, 'sprog', 0x8000);
    spec.SanitizeLogLayout.write(data, 'sstat', 0x031a); // GDE, canceled, 3 passes, sanitizing
    spec.SanitizeLogLayout.write(data, 'scdw10', 0x333);
    spec.SanitizeLogLayout.write(data, 'etpvds', spec.SANITIZE_TIME_NONE);
    spec.SanitizeLogLayout.write(data, 'ssi', 0x31);
    const log = spec.decodeSanitizeLog(data);
    expect(log).toMatchObject({
      sprog: 0x8000,
      sos: spec.SANITIZE_STATUS_SANITIZING,
      opc: 3,
      gde: true,
      mvcncld: true,
      scdw10: 0x333,
      etpvds: 0xffffffff,
      sans: spec.SANITIZE_STATE_RESTRICTED_PROCESSING,
      fails: spec.SANITIZE_STATE_UNRESTRICTED_PROCESSING,
    });
    const plain = Object.keys(spec.SanitizeLogLayout.decode(data)).filter((name) => !['sstat', 'ssi'].includes(name));
    expect(Object.keys(log)).toEqual(expect.arrayContaining(plain.map(camel)));
  });
});

describe('Persistent Event', () => {
  /** A log with one event of each given length, vendor bytes first. */
  function log(events: readonly (readonly [type: number, vendorBytes: number, dataBytes: number])[]): Uint8Array {
    const bytes = events.reduce((sum, [, vendor, data]) => sum + 24 + vendor + data, 512);
    const out = new Uint8Array(bytes);
    spec.PersistentEventHeaderLayout.write(out, 'lid', spec.LOG_PERSISTENT_EVENT);
    spec.PersistentEventHeaderLayout.write(out, 'tnev', events.length);
    spec.PersistentEventHeaderLayout.write(out, 'tll', bytes);
    spec.PersistentEventHeaderLayout.write(out, 'lrev', spec.PEL_REVISION);
    spec.PersistentEventHeaderLayout.write(out, 'lhl', spec.PEL_HEADER_LENGTH);
    spec.PersistentEventHeaderLayout.write(out, 'poh', 2n ** 64n);
    spec.PersistentEventHeaderLayout.write(out, 'sn', 'PB1');
    let at = 512;
    for (const [type, vendor, data] of events) {
      spec.PersistentEventLayout.write(out, 'et', type, at);
      spec.PersistentEventLayout.write(out, 'etr', 1, at);
      spec.PersistentEventLayout.write(out, 'ehl', spec.PEL_EVENT_HEADER_LENGTH, at);
      spec.PersistentEventLayout.write(out, 'cntlid', 9, at);
      spec.PersistentEventLayout.write(out, 'vsil', vendor, at);
      spec.PersistentEventLayout.write(out, 'el', vendor + data, at);
      out.fill(0xee, at + 24, at + 24 + vendor);
      out.fill(type, at + 24 + vendor, at + 24 + vendor + data);
      at += 24 + vendor + data;
    }
    return out;
  }

  it('decodes events of any length in their order', () => {
    const data = log([
      [spec.PEL_EVENT_POWER_ON_OR_RESET, 0, 44],
      [spec.PEL_EVENT_SANITIZE_VERIFICATION, 0, 0],
      [spec.PEL_EVENT_VENDOR, 5, 3],
    ]);
    expect(spec.decodePersistentEventHeader(data)).toMatchObject({
      tnev: 3,
      tll: data.length,
      lrev: 3,
      poh: 2n ** 64n,
      sn: 'PB1',
    });
    const events = spec.decodePersistentEvents(data);
    expect(events.map(({ type, data: bytes }) => [type, bytes.length])).toEqual([
      [spec.PEL_EVENT_POWER_ON_OR_RESET, 44],
      [spec.PEL_EVENT_SANITIZE_VERIFICATION, 0],
      [spec.PEL_EVENT_VENDOR, 3],
    ]);
    expect([...events[2].data]).toEqual([0xde, 0xde, 0xde]);
    expect(events[0]).toMatchObject({ revision: 1, cntlid: 9 });
  });

  it('refuses events that run past the end or contradict themselves', () => {
    const data = log([[spec.PEL_EVENT_FIRMWARE_COMMIT, 0, 22]]);
    expect(() => spec.decodePersistentEvents(data.subarray(0, data.length - 1))).toThrow('PEL event 0 of 1');
    expect(() => spec.decodePersistentEvents(data.subarray(0, 520))).toThrow('runs past the end');
    const more = data.slice();
    more[4] = 2;
    expect(() => spec.decodePersistentEvents(more)).toThrow('PEL event 1 of 2 runs past the end');
    const vendor = data.slice();
    vendor[512 + spec.PEL_EVENT_VSIL] = 23;
    expect(() => spec.decodePersistentEvents(vendor)).toThrow('PEL event 0 of 1: 46 bytes');
    const short = data.slice();
    short[512 + spec.PEL_EVENT_EHL] = 2;
    expect(() => spec.decodePersistentEvents(short)).toThrow('PEL event 0 of 1');
  });

  it('has a header that its two lengths describe', () => {
    expect(spec.PEL_HEADER_LENGTH + 20).toBe(spec.PEL_HEADER_BYTES);
    expect(spec.PEL_EVENT_HEADER_LENGTH + 3).toBe(spec.PEL_EVENT_HEADER_BYTES);
  });

  it('has words for every event type and never throws', () => {
    expect(spec.describePersistentEvent(0x02)).toBe('Firmware Commit (02h)');
    expect(spec.describePersistentEvent(0x00)).toBe('Reserved (00h)');
    expect(spec.describePersistentEvent(0xe0)).toBe('Reserved (E0h)');
    const types = spec.PEL_EVENTS.map(([type]) => type);
    expect(types).toEqual([...new Set(types)].sort((a, b) => a - b));
    for (const [type, name] of spec.PEL_EVENTS) {
      expect((spec as unknown as Record<string, unknown>)[`PEL_EVENT_${name}`], name).toBe(type);
    }
  });
});

describe('LBA status', () => {
  it('answers with ranges that are not 0 based any more', () => {
    const data = new Uint8Array(8 + 2 * 16);
    data.set([2, 0, 0, 0, spec.LBA_STATUS_COMPLETE_ALL]);
    data.set([0, 1, 0, 0, 0, 0, 0, 0, 7], 8);
    data.set([0, 2, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], 24);
    expect(spec.decodeLbaStatus(data)).toEqual({
      completion: spec.LBA_STATUS_COMPLETE_ALL,
      ranges: [
        { slba: 256, blocks: 8 },
        { slba: 512, blocks: 2 ** 32 },
      ],
    });
    data[0] = 3;
    expect(() => spec.decodeLbaStatus(data)).toThrow('3 LBA ranges at 8 do not fit in 40');
  });

  it('logs elements with ranges, with none, and for a whole namespace', () => {
    const data = new Uint8Array(16 + 16 + 16 + 16 + 16);
    spec.LbaStatusLogLayout.write(data, 'nlslne', 3);
    spec.LbaStatusLogLayout.write(data, 'lsgc', 77);
    spec.LbaStatusElementLayout.write(data, 'neid', 1, 16);
    spec.LbaStatusElementLayout.write(data, 'nlrd', 1, 16);
    spec.LbaStatusElementLayout.write(data, 'ratype', spec.LBA_STATUS_ACTION_SCAN, 16);
    spec.LbaStatusRangeLayout.write(data, 'rslba', 5, 32);
    spec.LbaStatusElementLayout.write(data, 'neid', 2, 48);
    spec.LbaStatusElementLayout.write(data, 'nlrd', spec.LBA_STATUS_ELEMENT_ALL, 48);
    spec.LbaStatusElementLayout.write(data, 'neid', 3, 64);
    expect(spec.decodeLbaStatusLog(data)).toEqual([
      { nsid: 1, action: spec.LBA_STATUS_ACTION_SCAN, ranges: [{ slba: 5, blocks: 1 }] },
      { nsid: 2, action: 0, ranges: undefined },
      { nsid: 3, action: 0, ranges: [] },
    ]);
    expect(spec.lbaStatusGeneration(data)).toBe(77);
    spec.LbaStatusElementLayout.write(data, 'nlrd', 1, 64);
    expect(() => spec.decodeLbaStatusLog(data)).toThrow('1 LBA ranges at 80');
    spec.LbaStatusElementLayout.write(data, 'nlrd', 0, 64);
    spec.LbaStatusLogLayout.write(data, 'nlslne', 4);
    expect(() => spec.decodeLbaStatusLog(data)).toThrow('element 3 of 4 runs past the end');
  });
});
