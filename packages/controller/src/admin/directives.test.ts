import {
  ADMIN_DIRECTIVE_RECEIVE,
  ADMIN_DIRECTIVE_SEND,
  DIRECTIVE_CDW11,
  DIRECTIVE_ENABLE_CDW12,
  DIRECTIVE_IDENTIFY_BYTES,
  DIRECTIVE_IDENTIFY_ENABLE,
  DIRECTIVE_IDENTIFY_ENABLED,
  DIRECTIVE_IDENTIFY_PERSISTENT,
  DIRECTIVE_IDENTIFY_RETURN_PARAMETERS,
  DIRECTIVE_IDENTIFY_SUPPORTED,
  DIRECTIVE_STREAMS_ALLOCATE,
  DIRECTIVE_STREAMS_GET_STATUS,
  DIRECTIVE_STREAMS_RELEASE_IDENTIFIER,
  DIRECTIVE_STREAMS_RELEASE_RESOURCES,
  DIRECTIVE_STREAMS_RETURN_PARAMETERS,
  DIRECTIVE_TYPE_DATA_PLACEMENT,
  DIRECTIVE_TYPE_IDENTIFY,
  DIRECTIVE_TYPE_STREAMS,
  decodeStreamsParameters,
  decodeStreamsStatus,
  FEATURE_NAMESPACE_WRITE_PROTECTION,
  NVM_WRITE,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
  STATUS_NAMESPACE_WRITE_PROTECTED,
  STATUS_STREAM_ALLOCATION_FAILED,
  STREAMS_PARAMETERS_BYTES,
  type StreamsParameters,
  WRITE_PROTECTION_ON,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { buffer, receive, resetController, sayWho, setFeature } from '../../test-support/admin-calls.js';
import type { RawCompletion, RawHost } from '../../test-support/raw-host.js';
import { SharedSubsystem } from '../../test-support/shared-subsystem.js';
import { STREAMS_MAX } from '../limits.js';
import { RamMedium } from '../media/ram-medium.js';

const ALL = 0xffff_ffff;

function shared(count = 2): SharedSubsystem {
  const namespaces = [1, 2].map((nsid) => ({ nsid, medium: new RamMedium({ bytes: 65_536 }), shared: true }));
  return new SharedSubsystem(count, { namespaces, largestNsid: 4 });
}

const dword11 = (type: number, operation: number, specific = 0): number =>
  DIRECTIVE_CDW11.DSPEC.set(DIRECTIVE_CDW11.DTYPE.set(operation, type), specific);
const sendDirective = (
  host: RawHost,
  nsid: number,
  type: number,
  operation: number,
  cdw12 = 0,
  specific = 0,
): RawCompletion => host.run({ opcode: ADMIN_DIRECTIVE_SEND, nsid, cdw11: dword11(type, operation, specific), cdw12 });
const receiveDirective = (host: RawHost, nsid: number, type: number, operation: number, cdw12 = 0): RawCompletion =>
  host.run({
    ...buffer(host, 4096).fields,
    opcode: ADMIN_DIRECTIVE_RECEIVE,
    nsid,
    cdw10: 7,
    cdw11: dword11(type, operation),
    cdw12,
  });
const read = (host: RawHost, nsid: number, type: number, operation: number, bytes: number): Uint8Array =>
  receive(host, bytes, {
    opcode: ADMIN_DIRECTIVE_RECEIVE,
    nsid,
    cdw10: bytes / 4 - 1,
    cdw11: dword11(type, operation),
  });

const enable = (host: RawHost, nsid: number, isEnabled = 1): RawCompletion =>
  sendDirective(
    host,
    nsid,
    DIRECTIVE_TYPE_IDENTIFY,
    DIRECTIVE_IDENTIFY_ENABLE,
    DIRECTIVE_ENABLE_CDW12.ENDIR.set(DIRECTIVE_ENABLE_CDW12.DTYPE.set(0, DIRECTIVE_TYPE_STREAMS), isEnabled),
  );
const identity = (host: RawHost, nsid: number): Uint8Array =>
  read(host, nsid, DIRECTIVE_TYPE_IDENTIFY, DIRECTIVE_IDENTIFY_RETURN_PARAMETERS, DIRECTIVE_IDENTIFY_BYTES);
const enabled = (host: RawHost, nsid: number): number => identity(host, nsid)[DIRECTIVE_IDENTIFY_ENABLED];
const parameters = (host: RawHost, nsid: number): StreamsParameters =>
  decodeStreamsParameters(
    read(host, nsid, DIRECTIVE_TYPE_STREAMS, DIRECTIVE_STREAMS_RETURN_PARAMETERS, STREAMS_PARAMETERS_BYTES),
  );
const open = (host: RawHost, nsid: number): number[] =>
  decodeStreamsStatus(read(host, nsid, DIRECTIVE_TYPE_STREAMS, DIRECTIVE_STREAMS_GET_STATUS, 256));
const allocate = (host: RawHost, nsid: number, streams: number): RawCompletion =>
  receiveDirective(host, nsid, DIRECTIVE_TYPE_STREAMS, DIRECTIVE_STREAMS_ALLOCATE, streams);

/** A host that writes one block after the other, each in a stream. */
function writer(host: RawHost, nsid = 1): (...streams: number[]) => number[] {
  const queue = host.createPair(nsid);
  const { fields } = buffer(host, 512);
  return (...streams) =>
    streams.map(
      (stream) =>
        queue.execute({ ...fields, opcode: NVM_WRITE, nsid, cdw12: 1 << 20, cdw13: (stream << 16) >>> 0 }).code,
    );
}

describe('the Identify directive', () => {
  it('says which directives there are, which are enabled, and that none outlives a reset', () => {
    const [host] = shared().hosts;
    const data = identity(host, 1);
    expect([
      data[DIRECTIVE_IDENTIFY_SUPPORTED],
      data[DIRECTIVE_IDENTIFY_ENABLED],
      data[DIRECTIVE_IDENTIFY_PERSISTENT],
    ]).toEqual([0b11, 0b01, 0]);
  });

  it('enables streams for a namespace, or for all of them', () => {
    const [host] = shared().hosts;
    expect(enable(host, 1).code).toBe(0);
    expect([enabled(host, 1), enabled(host, 2)]).toEqual([0b11, 0b01]);
    expect(enable(host, ALL).code).toBe(0);
    expect([enabled(host, 1), enabled(host, 2)]).toEqual([0b11, 0b11]);
    expect(enable(host, 1, 0).code).toBe(0);
    expect([enabled(host, 1), enabled(host, 2)]).toEqual([0b01, 0b11]);
  });

  it('enables them for all controllers of the same host, and no other host', () => {
    const [a, b, c] = shared(3).hosts;
    sayWho(a, 7);
    sayWho(b, 7);
    sayWho(c, 8);
    enable(a, 1);
    expect([a, b, c].map((host) => enabled(host, 1))).toEqual([0b11, 0b11, 0b01]);
    resetController(a);
    expect([a, b].map((host) => enabled(host, 1))).toEqual([0b01, 0b11]);
    resetController(b);
    sayWho(a, 7);
    expect(enabled(a, 1)).toBe(0b01);
  });

  it('takes hosts that do not say who they are for one each', () => {
    const [a, b] = shared().hosts;
    enable(a, 1);
    expect([enabled(a, 1), enabled(b, 1)]).toEqual([0b11, 0b01]);
  });
});

describe('the Streams directive', () => {
  it('opens a stream at the first write that names it', () => {
    const [host] = shared().hosts;
    enable(host, 1);
    const write = writer(host);
    expect(write(5, 9, 5)).toEqual([0, 0, 0]);
    expect(open(host, 1)).toEqual([5, 9]);
    expect(parameters(host, 1)).toMatchObject({ msl: STREAMS_MAX, nssa: STREAMS_MAX, nsso: 2, nsa: 0, nso: 2 });
    expect(decodeStreamsStatus(read(host, ALL, DIRECTIVE_TYPE_STREAMS, DIRECTIVE_STREAMS_GET_STATUS, 64))).toEqual([
      5, 9,
    ]);
  });

  it('allocates streams to a host for itself alone, as many as are left', () => {
    const [a, b] = shared().hosts;
    sayWho(a, 1);
    sayWho(b, 2);
    enable(a, 1);
    enable(b, 1);
    expect(allocate(a, 1, STREAMS_MAX - 2)).toMatchObject({ code: 0, result: STREAMS_MAX - 2 });
    expect(parameters(a, 1)).toMatchObject({ nssa: 2, nsa: STREAMS_MAX - 2 });
    expect(allocate(b, 1, 10)).toMatchObject({ code: 0, result: 2 });
    enable(b, 2);
    expect(allocate(b, 2, 1)).toMatchObject({ code: STATUS_STREAM_ALLOCATION_FAILED, dnr: true });
    // None is left, so this is a write like any other.
    expect(writer(b, 2)(7)).toEqual([0]);
    expect(open(b, 2)).toEqual([]);
  });

  it('closes the oldest stream when one more than there are is opened', () => {
    const [host] = shared().hosts;
    enable(host, 1);
    allocate(host, 1, 2);
    writer(host)(1, 2, 3);
    expect(open(host, 1)).toEqual([2, 3]);
  });

  it('releases a stream, and all resources', () => {
    const [host] = shared().hosts;
    enable(host, 1);
    allocate(host, 1, 4);
    writer(host)(1, 2, 3);
    const release = (operation: number, stream = 0): number =>
      sendDirective(host, 1, DIRECTIVE_TYPE_STREAMS, operation, 0, stream).code;
    expect(release(DIRECTIVE_STREAMS_RELEASE_IDENTIFIER, 2)).toBe(0);
    expect(open(host, 1)).toEqual([1, 3]);
    // One that is not open is released to no effect.
    expect(release(DIRECTIVE_STREAMS_RELEASE_IDENTIFIER, 77)).toBe(0);
    expect(release(DIRECTIVE_STREAMS_RELEASE_RESOURCES)).toBe(0);
    expect(open(host, 1)).toEqual([]);
    expect(parameters(host, 1)).toMatchObject({ nssa: STREAMS_MAX, nsa: 0 });
    expect(allocate(host, 1, 1).code).toBe(0);
  });

  it('ends when it is disabled, when the namespace is write protected, and when it is formatted', () => {
    const [host] = shared().hosts;
    const write = writer(host);
    enable(host, 1);
    write(1);
    enable(host, 1, 0);
    enable(host, 1);
    expect(open(host, 1)).toEqual([]);
    write(1);
    host.run({ opcode: 0x80, nsid: 1 });
    expect(open(host, 1)).toEqual([]);
    setFeature(host, FEATURE_NAMESPACE_WRITE_PROTECTION, WRITE_PROTECTION_ON, { nsid: 1 });
    expect(enabled(host, 1)).toBe(0b01);
  });

  it('leaves DTYPE without a meaning while no directive is enabled, and is the only one that DTYPE may name', () => {
    const [host] = shared().hosts;
    const queue = host.createPair(1);
    const { fields } = buffer(host, 512);
    const write = (type: number): number =>
      queue.execute({ ...fields, opcode: NVM_WRITE, nsid: 1, cdw12: type << 20 }).code;
    expect([write(1), write(2)]).toEqual([0, 0]);
    enable(host, 1);
    expect([write(0), write(1), write(2)]).toEqual([0, 0, STATUS_INVALID_FIELD]);
  });

  it('transfers no more of a structure than there is of it', () => {
    const [host] = shared().hosts;
    enable(host, 1);
    const { data, fields } = buffer(host, 4096, 0xee);
    const cdw11 = dword11(DIRECTIVE_TYPE_STREAMS, DIRECTIVE_STREAMS_RETURN_PARAMETERS);
    expect(host.run({ ...fields, opcode: ADMIN_DIRECTIVE_RECEIVE, nsid: 1, cdw10: 1023, cdw11 }).code).toBe(0);
    expect(data.subarray(STREAMS_PARAMETERS_BYTES).every((byte) => byte === 0xee)).toBe(true);
  });
});

describe('Directive Send and Receive are refused', () => {
  const STREAMS = DIRECTIVE_TYPE_STREAMS;
  const IDENTIFY = DIRECTIVE_TYPE_IDENTIFY;
  it.each([
    ['a type that is not there', 1, DIRECTIVE_TYPE_DATA_PLACEMENT, 1, 0, STATUS_INVALID_FIELD],
    ['an operation of Identify that is not there', 1, IDENTIFY, 2, 0x0101, STATUS_INVALID_FIELD],
    ['enabling Identify', 1, IDENTIFY, DIRECTIVE_IDENTIFY_ENABLE, 0x0001, STATUS_INVALID_FIELD],
    ['enabling data placement', 1, IDENTIFY, DIRECTIVE_IDENTIFY_ENABLE, 0x0201, STATUS_INVALID_FIELD],
    ['an operation of Streams that is not there', 1, STREAMS, 9, 0, STATUS_INVALID_FIELD],
    ['releasing a stream of all namespaces', ALL, STREAMS, 1, 0, STATUS_INVALID_FIELD],
    ['releasing the resources of all namespaces', ALL, STREAMS, 2, 0, STATUS_INVALID_FIELD],
    ['namespace 0', 0, IDENTIFY, DIRECTIVE_IDENTIFY_ENABLE, 0x0101, STATUS_INVALID_NAMESPACE],
    ['an inactive namespace', 3, IDENTIFY, DIRECTIVE_IDENTIFY_ENABLE, 0x0101, STATUS_INVALID_FIELD],
    ['a namespace past the last', 9, IDENTIFY, DIRECTIVE_IDENTIFY_ENABLE, 0x0101, STATUS_INVALID_NAMESPACE],
    ['streams that are not enabled', 2, STREAMS, 2, 0, STATUS_INVALID_FIELD],
  ])('when %s is sent', (_, nsid, type, operation, cdw12, code) => {
    const [host] = shared().hosts;
    enable(host, 1);
    expect(sendDirective(host, nsid, type, operation, cdw12)).toMatchObject({ code, dnr: true });
  });

  it.each([
    ['a type that is not there', 1, DIRECTIVE_TYPE_DATA_PLACEMENT, 1, 0, STATUS_INVALID_FIELD],
    ['an operation of Identify that is not there', 1, IDENTIFY, 2, 0, STATUS_INVALID_FIELD],
    ['Identify of all namespaces', ALL, IDENTIFY, 1, 0, STATUS_INVALID_FIELD],
    ['an operation of Streams that is not there', 1, STREAMS, 4, 0, STATUS_INVALID_FIELD],
    ['no streams at all', 1, STREAMS, DIRECTIVE_STREAMS_ALLOCATE, 0, STATUS_INVALID_FIELD],
    ['streams of all namespaces', ALL, STREAMS, DIRECTIVE_STREAMS_ALLOCATE, 1, STATUS_INVALID_FIELD],
    ['namespace 0', 0, IDENTIFY, 1, 0, STATUS_INVALID_NAMESPACE],
    ['an inactive namespace', 3, IDENTIFY, 1, 0, STATUS_INVALID_FIELD],
    ['streams that are not enabled', 2, STREAMS, 1, 0, STATUS_INVALID_FIELD],
  ])('when %s is asked for', (_, nsid, type, operation, cdw12, code) => {
    const [host] = shared().hosts;
    enable(host, 1);
    expect(receiveDirective(host, nsid, type, operation, cdw12)).toMatchObject({ code, dnr: true });
  });

  it('when streams are allocated twice, or in a namespace that is write protected', () => {
    const [host] = shared().hosts;
    enable(host, ALL);
    allocate(host, 1, 1);
    expect(allocate(host, 1, 1)).toMatchObject({ code: STATUS_INVALID_FIELD, dnr: true });
    setFeature(host, FEATURE_NAMESPACE_WRITE_PROTECTION, WRITE_PROTECTION_ON, { nsid: 2 });
    enable(host, 2);
    expect(allocate(host, 2, 1)).toMatchObject({ code: STATUS_NAMESPACE_WRITE_PROTECTED, dnr: true });
  });
});
