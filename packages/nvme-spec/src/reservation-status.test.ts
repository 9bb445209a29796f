import { describe, expect, it } from 'vitest';
import * as spec from './index.js';

function status(extended: boolean): Uint8Array {
  const data = new Uint8Array(extended ? 64 + 2 * 64 : 24 + 2 * 24);
  const header = spec.ReservationStatusLayout;
  header.write(data, 'gen', 0xfffffffe);
  header.write(data, 'rtype', spec.RESERVATION_TYPE_EXCLUSIVE_ACCESS);
  header.write(data, 'regstrnt', 2);
  header.write(data, 'ptpls', 1);
  const row = extended ? spec.RegistrantExtendedLayout : spec.RegistrantLayout;
  const first = extended ? 64 : 24;
  row.write(data, 'cntlid', 5, first);
  row.write(data, 'rcsts', 1, first);
  row.write(data, 'rkey', 0xfedcba9876543210n, first);
  row.write(data, 'cntlid', 0xffff, first + row.bytes);
  row.write(data, 'rkey', 1, first + row.bytes);
  const hostid = Uint8Array.from({ length: extended ? 16 : 8 }, (_, i) => i + 1);
  data.set(hostid, first + row.field('hostid').offset);
  return data;
}

describe('a reservation status', () => {
  it.each([
    [false, '0102030405060708'],
    [true, '0102030405060708090a0b0c0d0e0f10'],
  ])('decodes, extended %s', (extended, hostid) => {
    expect(spec.decodeReservationStatus(status(extended), extended)).toEqual({
      generation: 0xfffffffe,
      type: spec.RESERVATION_TYPE_EXCLUSIVE_ACCESS,
      persistent: true,
      registrants: [
        { cntlid: 5, holds: true, rkey: 0xfedcba9876543210n, hostid },
        { cntlid: spec.REGISTRANT_CNTLID_NONE, holds: false, rkey: 1n, hostid: '00'.repeat(extended ? 16 : 8) },
      ],
    });
  });

  it('has its count at byte 5 and its key before the identifier only when it is extended', () => {
    expect(status(false)[5]).toBe(2);
    expect(status(false)[24 + 8]).toBe(1); // host identifier
    expect(status(true)[64 + 8]).toBe(0x10); // key
  });

  it('that was cut short says how many bytes there are', () => {
    expect(spec.reservationStatusBytes(status(false).subarray(0, 24), false)).toBe(72);
    expect(spec.reservationStatusBytes(status(true).subarray(0, 24), true)).toBe(192);
    expect(() => spec.decodeReservationStatus(status(true).subarray(0, 191), true)).toThrow(
      '192 bytes expected, got 191',
    );
    expect(() => spec.decodeReservationStatus(new Uint8Array(23), false)).toThrow('24 bytes expected, got 23');
  });

  it('with a count that no buffer has is refused, not followed', () => {
    const liar = status(false);
    liar.fill(0xff, 5, 7);
    expect(() => spec.decodeReservationStatus(liar, false)).toThrow(`${24 + 0xffff * 24} bytes expected, got 72`);
  });

  it('without registrants is empty', () => {
    expect(spec.decodeReservationStatus(new Uint8Array(24), false).registrants).toEqual([]);
  });
});

describe('reservation capabilities', () => {
  it('have a bit for each type, at the number of the type', () => {
    expect(spec.RESCAP_WRITE_EXCLUSIVE).toBe(1 << spec.RESERVATION_TYPE_WRITE_EXCLUSIVE);
    expect(spec.RESCAP_EXCLUSIVE_ACCESS_ALL).toBe(1 << spec.RESERVATION_TYPE_EXCLUSIVE_ACCESS_ALL);
  });
});

describe('a reservation notification', () => {
  it('decodes', () => {
    const data = new Uint8Array(64);
    data.set([9, 0, 0, 0, 0, 0, 0, 0, 2, 255, 0, 0, 4, 3, 2, 1]);
    expect(spec.decodeReservationLog(data)).toEqual({
      lpc: 9,
      type: spec.RESERVATION_NOTIFICATION_RELEASED,
      waiting: 255,
      nsid: 0x01020304,
    });
    expect(() => spec.decodeReservationLog(data.subarray(1))).toThrow('64 bytes expected, got 63');
  });
});

describe('a reclaim unit handle status', () => {
  it('decodes as many descriptors as it counts, and no more than there are', () => {
    const data = new Uint8Array(16 + 2 * 32);
    data[spec.RUH_STATUS_NRUHSD] = 2;
    data.set([1, 2, 3, 4, 10, 0, 0, 0, 0, 0, 0, 0, 1], 16);
    data[48] = 7;
    expect(spec.decodeRuhStatus(data)).toEqual([
      { pid: 0x0201, ruhid: 0x0403, earutr: 10, ruamw: 2 ** 32 },
      { pid: 7, ruhid: 0, earutr: 0, ruamw: 0 },
    ]);
    data[spec.RUH_STATUS_NRUHSD] = 3;
    expect(() => spec.decodeRuhStatus(data)).toThrow('112 bytes expected, got 80');
    expect(() => spec.decodeRuhStatus(new Uint8Array(15))).toThrow('16 bytes expected, got 15');
  });
});

describe('streams', () => {
  it('report their parameters and which are open', () => {
    const data = new Uint8Array(32);
    for (const [name, value] of [
      ['msl', 16],
      ['nssa', 15],
      ['nsso', 1],
      ['nssc', 1],
      ['sws', 32],
      ['sgs', 4],
      ['nsa', 2],
      ['nso', 3],
    ] as const) {
      spec.StreamsParametersLayout.write(data, name, value);
    }
    expect(spec.decodeStreamsParameters(data)).toEqual({
      msl: 16,
      nssa: 15,
      nsso: 1,
      nssc: 1,
      sws: 32,
      sgs: 4,
      nsa: 2,
      nso: 3,
    });
    expect(() => spec.decodeStreamsParameters(data.subarray(1))).toThrow('32 bytes expected, got 31');
    expect(spec.decodeStreamsStatus(Uint8Array.of(2, 0, 1, 0, 0, 1))).toEqual([1, 256]);
    expect(() => spec.decodeStreamsStatus(Uint8Array.of(2, 0, 1, 0, 0))).toThrow('6 bytes expected, got 5');
  });
});
