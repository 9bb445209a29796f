import {
  ADMIN_SECURITY_RECEIVE,
  ADMIN_SECURITY_SEND,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_INVALID_FIELD,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { buffer, receive, send } from '../../test-support/admin-calls.js';
import { NOWHERE, RawHost } from '../../test-support/raw-host.js';

const started = (): RawHost => new RawHost().enable();
const dword10 = (protocol: number, specific: number): number => ((protocol << 24) | (specific << 8)) >>> 0;

describe('Security Receive', () => {
  it('lists the protocols: the one that lists them', () => {
    const command = { opcode: ADMIN_SECURITY_RECEIVE, cdw10: dword10(0, 0), cdw11: 16 };
    expect([...receive(started(), 16, command)]).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('has no certificate', () => {
    const command = { opcode: ADMIN_SECURITY_RECEIVE, cdw10: dword10(0, 1), cdw11: 8 };
    expect([...receive(started(), 8, command)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('gives as much as was asked for, and nothing is no error', () => {
    const host = started();
    const { data, fields } = buffer(host, 16, 0xee);
    const run = (cdw11: number): number =>
      host.run({ ...fields, opcode: ADMIN_SECURITY_RECEIVE, cdw10: 0, cdw11 }).code;
    expect([run(0), data[0]]).toEqual([0, 0xee]);
    expect([run(4), ...data.subarray(0, 5)]).toEqual([0, 0, 0, 0, 0, 0xee]);
  });

  it.each([
    ['protocol 01h', dword10(1, 0), 512],
    ['protocol EAh, NVMe', dword10(0xea, 0), 512],
    ['a vendor specific protocol', dword10(0xf0, 0), 512],
    ['information that is not there', dword10(0, 2), 512],
    ['a length that is not in dwords', dword10(0, 0), 6],
    ['more than MDTS', dword10(0, 0), 2 ** 31],
  ])('is refused for %s', (_, cdw10, cdw11) => {
    const host = started();
    const command = { ...buffer(host, 4096).fields, opcode: ADMIN_SECURITY_RECEIVE, cdw10, cdw11 };
    expect(host.run(command)).toMatchObject({ code: STATUS_INVALID_FIELD, dnr: true });
  });

  it('is refused into nowhere', () => {
    const command = { opcode: ADMIN_SECURITY_RECEIVE, cdw11: 16, prp1: NOWHERE };
    expect(started().run(command)).toMatchObject({ code: STATUS_DATA_TRANSFER_ERROR, dnr: false });
  });
});

describe('Security Send is refused', () => {
  it.each([0x00, 0x01, 0xea, 0xff])('for protocol %i: there is nothing that takes anything', (protocol) => {
    const command = { opcode: ADMIN_SECURITY_SEND, cdw10: dword10(protocol, 0), cdw11: 16 };
    expect(send(started(), new Uint8Array(16), command)).toMatchObject({ code: STATUS_INVALID_FIELD, dnr: true });
  });
});
