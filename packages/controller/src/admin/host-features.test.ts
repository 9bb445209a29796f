import {
  ADMIN_GET_FEATURES,
  ADMIN_SET_FEATURES,
  FEATURE_HOST_BEHAVIOR,
  FEATURE_HOST_IDENTIFIER,
  FEATURE_TIMESTAMP,
  HOST_BEHAVIOR_ACRE,
  HOST_BEHAVIOR_BYTES,
  STATUS_COMMAND_SEQUENCE_ERROR,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_HOST_IDENTIFIER_INCONSISTENT,
  STATUS_INVALID_FIELD,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { receive, resetController, send } from '../../test-support/admin-calls.js';
import { NOWHERE, type RawCompletion, type RawHost } from '../../test-support/raw-host.js';
import { SharedSubsystem } from '../../test-support/shared-subsystem.js';

/** Dword 11: the identifier has 128 bits. */
const EXHID = 1;

const hosts = (): readonly RawHost[] => new SharedSubsystem(2).hosts;
const bytesOf = (isExtended: number): number => (isExtended === 1 ? 16 : 8);
const say = (host: RawHost, isExtended: number, fill: number): RawCompletion =>
  send(host, new Uint8Array(bytesOf(isExtended)).fill(fill), {
    opcode: ADMIN_SET_FEATURES,
    cdw10: FEATURE_HOST_IDENTIFIER,
    cdw11: isExtended,
  });
const ask = (host: RawHost, isExtended: number, select = 0): number[] => [
  ...receive(host, bytesOf(isExtended), {
    opcode: ADMIN_GET_FEATURES,
    cdw10: FEATURE_HOST_IDENTIFIER | (select << 8),
    cdw11: isExtended,
  }),
];

describe('Host Identifier', () => {
  it.each([0, EXHID])(
    'is read back as it was set, and is nobody before that and after a reset (EXHID %i)',
    (isExtended) => {
      const [host] = hosts();
      const nobody = Array<number>(bytesOf(isExtended)).fill(0);
      expect(ask(host, isExtended)).toEqual(nobody);
      expect(say(host, isExtended, 0x5a).code).toBe(0);
      expect(ask(host, isExtended)).toEqual(nobody.map(() => 0x5a));
      // The default is nobody, and nothing can be saved.
      expect([ask(host, isExtended, 1), ask(host, isExtended, 2)]).toEqual([nobody, nobody]);
      resetController(host);
      expect(ask(host, isExtended)).toEqual(nobody);
    },
  );

  it('can be set once, and zero is not setting it', () => {
    const [host] = hosts();
    expect([say(host, 0, 0).code, say(host, 0, 0).code, say(host, 0, 7).code]).toEqual([0, 0, 0]);
    for (const fill of [7, 8, 0]) {
      expect(say(host, 0, fill)).toMatchObject({ code: STATUS_COMMAND_SEQUENCE_ERROR, dnr: true });
    }
    expect(ask(host, 0)[0]).toBe(7);
  });

  it('has one size in the whole subsystem', () => {
    const [a, b] = hosts();
    say(a, EXHID, 7);
    expect(say(b, 0, 7)).toMatchObject({ code: STATUS_HOST_IDENTIFIER_INCONSISTENT, dnr: true });
    expect(say(b, EXHID, 7).code).toBe(0);
    const cdw10 = FEATURE_HOST_IDENTIFIER;
    expect(a.run({ opcode: ADMIN_GET_FEATURES, cdw10 })).toMatchObject({ code: STATUS_HOST_IDENTIFIER_INCONSISTENT });
  });

  it('is not taken from nowhere', () => {
    const [host] = hosts();
    const command = { opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_HOST_IDENTIFIER, prp1: NOWHERE };
    expect(host.run(command)).toMatchObject({ code: STATUS_DATA_TRANSFER_ERROR, dnr: false });
    expect(say(host, 0, 7).code).toBe(0);
  });
});

describe('Host Behavior Support', () => {
  const set = (host: RawHost, at: number, value: number): number => {
    const data = new Uint8Array(HOST_BEHAVIOR_BYTES);
    data[at] = value;
    return send(host, data, { opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_HOST_BEHAVIOR }).code;
  };

  it.each([0, 1, 2, 3])('has a switch at byte %i', (at) => {
    const [host] = hosts();
    expect([set(host, at, 1), set(host, at, 2), set(host, at, 0xff)]).toEqual([
      0,
      STATUS_INVALID_FIELD,
      STATUS_INVALID_FIELD,
    ]);
    const data = receive(host, HOST_BEHAVIOR_BYTES, { opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_HOST_BEHAVIOR });
    expect(data[at]).toBe(1);
  });

  it('is forgotten by a reset', () => {
    const [host] = hosts();
    set(host, HOST_BEHAVIOR_ACRE, 1);
    resetController(host);
    const data = receive(host, HOST_BEHAVIOR_BYTES, { opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_HOST_BEHAVIOR });
    expect(data.every((byte) => byte === 0)).toBe(true);
  });
});

describe('Timestamp', () => {
  it('begins anew after a reset, and says that nobody has set it', () => {
    const shared = new SharedSubsystem(1);
    const [host] = shared.hosts;
    const stamp = (): number[] => [
      ...receive(host, 8, { opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_TIMESTAMP }).subarray(0, 7),
    ];
    send(host, Uint8Array.of(1, 2, 3, 4, 5, 6, 0, 0), { opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_TIMESTAMP });
    expect(stamp()).toEqual([1, 2, 3, 4, 5, 6, 0b10]);
    resetController(host);
    shared.pass(9);
    expect(stamp()).toEqual([9, 0, 0, 0, 0, 0, 0]);
  });
});
