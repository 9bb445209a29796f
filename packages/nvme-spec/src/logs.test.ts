import { describe, expect, it } from 'vitest';
import * as spec from './index.js';

const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from(hex.replace(/\s+/g, '').match(/../g)!, (byte) => Number.parseInt(byte, 16));

describe('SMART / Health Information', () => {
  it('decodes counters as numbers, and as bigints when they are too large', () => {
    const data = new Uint8Array(512);
    data.set(fromHex('03 3a 01 64 0a 05'), 0); // spare and temperature warnings, 314 K, 100 %, 10 %, 5 %
    data.set(fromHex('40 42 0f'), 32); // a million data units read
    data.set(fromHex('00 00 00 00 00 00 00 00 01'), 48); // 2^64 data units written
    data.set(fromHex('2a'), 112); // power cycles
    data.set(fromHex('07 00 00 00 08 00 00 00'), 192); // minutes warm, minutes hot
    data.set(fromHex('3a 01 00 00 3c 01'), 200);
    const log = spec.decodeSmartLog(data);
    expect(log).toMatchObject({
      criticalWarning: spec.SMART_WARNING_SPARE | spec.SMART_WARNING_TEMPERATURE,
      compositeTemperature: 314,
      availableSpare: 100,
      availableSpareThreshold: 10,
      percentageUsed: 5,
      dataUnitsRead: 1_000_000,
      dataUnitsWritten: 2n ** 64n,
      powerCycles: 42,
      warningTemperatureTime: 7,
      criticalTemperatureTime: 8,
      temperatureSensors: [314, 0, 316, 0, 0, 0, 0, 0],
    });
    expect(() => spec.decodeSmartLog(data.subarray(1))).toThrow('512 bytes expected, got 511');
  });

  it('has a property per field of the layout', () => {
    const names = Object.keys(spec.SmartLogLayout.decode(new Uint8Array(512)));
    const camel = names.map((name) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()));
    expect(Object.keys(spec.decodeSmartLog(new Uint8Array(512))).sort()).toEqual(camel.sort());
  });
});

describe('Error Information', () => {
  it('decodes one entry among others', () => {
    const data = new Uint8Array(128);
    //                    count                    SQID  CID   status param LBA                      NSID
    data.set(fromHex('05 00 00 00 00 00 00 00  02 00 34 12 01 81 0a 00  00 10 00 00 00 00 00 00  01 00 00 00'), 64);
    data.set(fromHex('00 01 00 02  00 01 02 03 04 05 06 07'), 64 + 28);
    data[127] = 1;
    const entry = spec.decodeErrorLogEntry(data, 64);
    expect(entry).toEqual({
      errorCount: 5,
      sqid: 2,
      cid: 0x1234,
      status: spec.STATUS_LBA_OUT_OF_RANGE | spec.STATUS_DNR,
      parameterLocation: 10,
      lba: 0x1000,
      nsid: 1,
      vendorLogPage: 0,
      transportType: 1,
      csi: 0,
      opcode: spec.NVM_READ,
      commandSpecific: '0001020304050607',
      transportSpecific: 0,
      version: 1,
    });
    expect(() => spec.decodeErrorLogEntry(data, 65)).toThrow('64 bytes expected at 65');
  });
});

describe('Asymmetric Namespace Access', () => {
  const log = fromHex(`
    09 00 00 00 00 00 00 00  02 00 00 00 00 00 00 00
    01 00 00 00 02 00 00 00  07 00 00 00 00 00 00 00  01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
    01 00 00 00 03 00 00 00
    02 00 00 00 00 00 00 00  08 00 00 00 00 00 00 00  f3 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00`);

  it('decodes groups with and without namespaces', () => {
    expect(spec.decodeAnaLog(log)).toEqual({
      chgcnt: 9,
      groups: [
        { agid: 1, chgcnt: 7, state: spec.ANA_STATE_OPTIMIZED, nsids: [1, 3] },
        { agid: 2, chgcnt: 8, state: spec.ANA_STATE_INACCESSIBLE, nsids: [] },
      ],
    });
  });

  it('rejects a log that was cut short', () => {
    expect(() => spec.decodeAnaLog(log.subarray(0, 80))).toThrow('ANA group 1 of 2 runs past the end');
    expect(() => spec.decodeAnaLog(log.subarray(0, 52))).toThrow('ANA group 0: 2 NSIDs run past the end');
    expect(() => spec.decodeAnaLog(log.subarray(0, 8))).toThrow(RangeError);
  });

  it('has words for every state', () => {
    expect([1, 2, 3, 4, 15, 0, 5].map((state) => spec.describeAnaState(state))).toEqual([
      'optimized',
      'non-optimized',
      'inaccessible',
      'persistent loss',
      'change',
      'reserved (0h)',
      'reserved (5h)',
    ]);
  });
});

describe('the other logs', () => {
  it('Firmware Slot: the revision of each slot', () => {
    const data = new Uint8Array(512);
    data[0] = 0x21; // slot 1 is active, slot 2 is next
    data.set(fromHex('31 2e 30 20 20 20 20 20 31 2e 31 20 20 20 20 20'), 8);
    expect(spec.FirmwareSlotLayout.decode(data)).toMatchObject({ afi: 0x21, frs1: '1.0', frs2: '1.1', frs3: '' });
    expect(spec.FWSLOT_FRS + spec.FWSLOT_SLOTS * spec.FWSLOT_REVISION_BYTES).toBe(64);
  });

  it('Commands Supported and Effects: one dword per opcode', () => {
    const { COMMAND_EFFECTS } = spec;
    expect(COMMAND_EFFECTS.LBCC.set(COMMAND_EFFECTS.CSUPP.set(0, 1), 1)).toBe(3);
    expect(COMMAND_EFFECTS.CSE.get(0x0002_0001)).toBe(2);
    expect(spec.CMDEFFECTS_IOCS + 4 * spec.NVM_WRITE).toBe(0x404);
  });

  it('Dataset Management ranges', () => {
    const range = fromHex('00 00 00 00 08 00 00 00 00 00 00 00 01 00 00 00');
    expect(spec.DsmRangeLayout.decode(range)).toEqual({ cattr: 0, length: 8, slba: 2 ** 32 });
  });

  it('SGL descriptors', () => {
    const descriptor = fromHex('00 10 00 00 00 00 00 00 00 20 00 00 00 00 00 30');
    expect(spec.SglDescriptorLayout.decode(descriptor)).toEqual({ address: 0x1000, length: 0x2000, identifier: 0x30 });
    expect(0x30 >>> spec.SGL_TYPE_SHIFT).toBe(spec.SGL_TYPE_LAST_SEGMENT);
  });
});
