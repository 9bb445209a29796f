import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CAPABILITIES_DEFAULT, decodeVersion, encodeVersion } from './capabilities.js';
import { COMMAND_DMA_MAP, COMMAND_REGION_WRITE, REGION_FLAG_CAPS, REGION_FLAG_MMAP } from './commands.js';
import { decodeHeader, encodeCommand, encodeError, encodeReply } from './header.js';
import {
  decodeDmaMap,
  decodeDmaUnmap,
  decodeIrqSet,
  decodeRegionAccess,
  decodeRegionInfo,
  encodeDeviceInfo,
  encodeDmaAccess,
  encodeDmaMap,
  encodeIrqInfo,
  encodeIrqSet,
  encodeRegionAccess,
  encodeRegionInfo,
} from './payloads.js';

/** Bytes written as in a dump. */
function bytes(...lines: string[]): Uint8Array {
  return Uint8Array.from(Buffer.from(lines.join('').replaceAll(' ', ''), 'hex'));
}

// Written down from the tables of the protocol's specification, field by field.
describe('a message that is laid out as the specification has it', () => {
  it('is written otherwise: a command, a command that wants no reply, a reply, an error', () => {
    const payload = bytes('aabb');
    const command = encodeCommand(0x0102, COMMAND_DMA_MAP, payload);
    expect(command).toEqual(bytes('0201', '0200', '12000000', '00000000', '00000000', 'aabb'));
    expect(encodeCommand(1, COMMAND_REGION_WRITE, payload, true)).toEqual(
      bytes('0100', '0a00', '12000000', '10000000', '00000000', 'aabb'),
    );
    const header = decodeHeader(command);
    expect(header).toEqual({ id: 0x0102, command: 2, bytes: 18, flags: 0, errno: 0 });
    expect(encodeReply(header, payload)).toEqual(bytes('0201', '0200', '12000000', '01000000', '00000000', 'aabb'));
    expect(encodeError(header, 22)).toEqual(bytes('0201', '0200', '10000000', '21000000', '16000000'));
  });

  it('is read or written otherwise: memory to be mapped', () => {
    const wire = bytes('20000000', '03000000', '0010000000000000', '0000000001000000', '0000004000000000');
    const request = { flags: 3, offset: 0x1000, address: 2 ** 32, size: 2 ** 30 };
    expect(decodeDmaMap(wire)).toEqual(request);
    expect(encodeDmaMap(request)).toEqual(wire);
  });

  it('is read otherwise: memory to be unmapped', () => {
    const wire = bytes('18000000', '02000000', '0010000000000000', '0020000000000000');
    expect(decodeDmaUnmap(wire)).toEqual({ flags: 2, address: 0x1000, size: 0x2000 });
  });

  it('is read or written otherwise: an access to a region', () => {
    const wire = bytes('1400000000000000', '07000000', '02000000', 'beef');
    expect(decodeRegionAccess(wire)).toEqual({ offset: 0x14, region: 7, count: 2 });
    expect(encodeRegionAccess({ offset: 0x14, region: 7, count: 2 }, bytes('beef'))).toEqual(wire);
  });

  it('is written otherwise: an access to memory, whose count has 64 bits', () => {
    expect(encodeDmaAccess(0x1_0000_1000, 2, bytes('beef'))).toEqual(
      bytes('0010000001000000', '0200000000000000', 'beef'),
    );
  });

  it('is read or written otherwise: interrupts', () => {
    const wire = bytes('14000000', '24000000', '02000000', '01000000', '08000000');
    const request = { flags: 0x24, index: 2, start: 1, count: 8 };
    expect(decodeIrqSet(wire)).toEqual(request);
    expect(encodeIrqSet(request)).toEqual(wire);
    expect(encodeIrqInfo(3, 2, 65)).toEqual(bytes('10000000', '03000000', '02000000', '41000000'));
    expect(encodeDeviceInfo(3, 9, 5)).toEqual(bytes('10000000', '03000000', '09000000', '05000000'));
  });

  it('is read or written otherwise: a region of which a part can be mapped', () => {
    const info = { flags: 7, size: 0x4000, offset: 0x2000, areas: [{ offset: 0x1000, size: 0x1000 }] };
    const wire = bytes(
      ...['40000000', '0f000000', '00000000', '20000000', '0040000000000000', '0020000000000000'],
      ...['0100', '0100', '00000000', '01000000', '00000000', '0010000000000000', '0010000000000000'],
    );
    expect(encodeRegionInfo(0, info, 64)).toEqual(wire);
    expect(decodeRegionInfo(wire)).toEqual({ ...info, flags: 7 | REGION_FLAG_CAPS, argsz: 64 });
    // Without room for it, the capability is not promised either: a list at 0 is a mistake to some clients.
    const short = encodeRegionInfo(0, info, 63);
    expect(decodeRegionInfo(short)).toEqual({ ...info, areas: [], argsz: 64 });
  });
});

describe('a region whose capabilities make no sense', () => {
  it('ends in a loop or outside of the message, whatever they are', () => {
    const info = { flags: REGION_FLAG_MMAP, size: 1, offset: 0, areas: [{ offset: 0, size: 1 }] };
    const wire = encodeRegionInfo(0, info, 64);
    const change = fc.tuple(fc.integer({ min: 4, max: 63 }), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), fc.integer({ min: 32, max: 64 }), (changes, length) => {
        const broken = wire.slice(0, length);
        for (const [at, value] of changes) if (at < length) broken[at] = value;
        expect(decodeRegionInfo(broken).areas.length).toBeLessThanOrEqual(8);
      }),
    );
  });
});

describe('a version', () => {
  const version = (text: string): Uint8Array => {
    return Uint8Array.from([0, 0, 1, 0, ...new TextEncoder().encode(text)]);
  };

  it('of QEMU is not understood', () => {
    const text =
      '{"capabilities": {"migration": {"pgsize": 4096, "max_bitmap_size": 268435456}, "max_msg_fds": 8, ' +
      '"max_data_xfer_size": 1048576, "pgsizes": 4096, "max_dma_maps": 65535, "write_multiple": true}}\0';
    expect(decodeVersion(version(text))).toMatchObject({
      major: 0,
      minor: 1,
      capabilities: { maxMsgFds: 8, maxDataXferSize: 1 << 20, pgsizes: 4096, maxDmaMaps: 65_535, writeMultiple: true },
    });
  });

  it.each(['', '{}\0', '{"capabilities":{}}\0'])('that says nothing (%j) has other defaults', (text) => {
    expect(decodeVersion(version(text))).toMatchObject({ capabilities: CAPABILITIES_DEFAULT });
  });

  it.each([
    ['{}', 'without a NUL'],
    ['{\0', 'not JSON'],
    ['\xff\0', 'not JSON'],
    ['[]\0', 'not a JSON object'],
    ['null\0', 'not a JSON object'],
    ['{"capabilities":[]}\0', 'capabilities that are not'],
    ['{"capabilities":{"max_msg_fds":0}}\0', 'maxMsgFds: expected a positive integer'],
    ['{"capabilities":{"max_data_xfer_size":"1"}}\0', 'maxDataXferSize: expected'],
    ['{"capabilities":{"max_dma_maps":1.5}}\0', 'maxDmaMaps: expected'],
  ])('%j is taken', (text, why) => {
    const broken = Uint8Array.from([0, 0, 0, 0, ...[...text].map((each) => each.charCodeAt(0))]);
    expect(decodeVersion(broken)).toContain(why);
  });

  it('of three bytes is taken', () => {
    expect(decodeVersion(new Uint8Array(3))).toContain('3 bytes');
  });

  it('in an answer names what was not proposed, or is longer than the proposal of a client that has no more room', () => {
    const proposed = decodeVersion(version('{"capabilities":{"max_msg_fds":8,"twin_socket":{"supported":true}}}\0'));
    if (typeof proposed === 'string') throw new Error(proposed);
    const answer = new TextDecoder().decode(encodeVersion(proposed.names).subarray(4));
    expect(answer).toBe('{"capabilities":{"max_msg_fds":16}}\0');
  });
});
