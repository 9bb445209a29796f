/** What clients of others send, message by message: SPDK's driver, and the sample of libvfio-user. */
import { closeDescriptor, createMemFd } from '@phasebit/linux';
import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { Bench, type RawClient } from '../../test-support/raw-client.js';
import {
  COMMAND_DEVICE_FEATURE,
  COMMAND_DMA_MAP,
  COMMAND_DMA_UNMAP,
  COMMAND_GET_INFO,
  COMMAND_GET_REGION_INFO,
  COMMAND_REGION_READ,
  COMMAND_SET_IRQS,
  COMMAND_VERSION,
  REGION_BAR0,
  REGION_CONFIG,
} from '../protocol/commands.js';
import { EINVAL, ENOTSUP } from '../protocol/errno.js';
import { encodeCommand } from '../protocol/header.js';
import { decodeRegionInfo, encodeDmaMap, encodeRegionAccess, words } from '../protocol/payloads.js';

const PAGE = 4096;
const REGIONS = 9;
const nothing = new Uint8Array(0);

let bench: Bench | undefined;

afterEach(() => {
  bench?.close();
  bench = undefined;
});

function connect(): { readonly client: RawClient; readonly bench: Bench } {
  bench = new Bench();
  return { bench, client: bench.connectRaw() };
}

function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}

describe("a server is too strict for SPDK's driver", () => {
  it('which numbers no message, says no capabilities, and sends a descriptor with what it unmaps', () => {
    const { client, bench: served } = connect();
    const call = (command: number, payload: Uint8Array, descriptors: readonly number[] = []) => {
      client.sendRaw(encodeCommand(0, command, payload), descriptors);
      served.settle();
      client.receive();
      const [reply] = client.replies.splice(0);
      expect([reply.header.id, reply.header.command, reply.header.flags]).toEqual([0, command, 1]);
      return reply;
    };
    expect([...call(COMMAND_VERSION, new Uint8Array(4)).payload.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
    expect(call(COMMAND_GET_INFO, words(16, 0, 0, 0)).payload).toEqual(words(16, 3, REGIONS, 5));

    // It sends as much as it has room for, and expects a descriptor for each part that can be mapped.
    for (let index = 0; index < REGIONS; index++) {
      const room = PAGE - 32;
      const request = new Uint8Array(room);
      request.set(words(room, 0, index));
      const { payload, descriptors } = call(COMMAND_GET_REGION_INFO, request);
      const { argsz, areas } = decodeRegionInfo(payload);
      expect([argsz, descriptors.length]).toEqual([payload.length, areas.length]);
      if (index === REGION_BAR0) expect(areas).toEqual([{ offset: PAGE, size: PAGE }]);
      for (const fd of descriptors) closeDescriptor(fd);
    }

    const before = openFiles();
    const fd = createMemFd('hugepages', 4 << 20);
    const [address, size] = [0x2000_0020_0000, 2 << 20];
    call(COMMAND_DMA_MAP, encodeDmaMap({ flags: 3, offset: 2 << 20, address, size }), [fd]);
    client.writeRegion(REGION_CONFIG, 4, [0x04, 0x04]);
    served.device.write(address, [1, 2, 3]);
    expect(served.device.read(address, 3)).toEqual([1, 2, 3]);
    const unmap = words(24, 0, address % 2 ** 32, Math.floor(address / 2 ** 32), size, 0);
    call(COMMAND_DMA_UNMAP, unmap, [fd]);
    expect(served.device.read(address, 3)).toBeUndefined();
    closeDescriptor(fd);
    expect(openFiles()).toBe(before);
    expect(client.isHungUp).toBe(false);
  });
});

describe("a server is too strict for libvfio-user's sample client", () => {
  it('which asks for regions twice, maps pages of one file from address 0 on, and wants to migrate', () => {
    const { client, bench: served } = connect();
    const text = new TextEncoder().encode('{"capabilities":{"max_msg_fds":8,"max_data_xfer_size":1024}}\0');
    expect(client.call(COMMAND_VERSION, Uint8Array.from([0, 0, 0, 0, ...text])).errno).toBe(0);
    const nowhere = encodeRegionAccess({ offset: 0, region: 0xdead_beef, count: 4 }, nothing);
    expect(client.call(COMMAND_REGION_READ, nowhere).errno).toBe(EINVAL);

    const ask = (room: number) => {
      const { payload, descriptors } = client.call(COMMAND_GET_REGION_INFO, words(room, 0, 0, 0, 0, 0, 0, 0));
      for (const fd of descriptors) closeDescriptor(fd);
      return { ...decodeRegionInfo(payload), bytes: payload.length, files: descriptors.length };
    };
    const short = ask(32);
    expect([short.bytes, short.files, short.areas]).toEqual([32, 0, []]);
    expect(ask(short.argsz)).toMatchObject({ argsz: short.argsz, bytes: short.argsz, files: 1 });

    const fd = createMemFd('pages', 4 * PAGE);
    for (let at = 0; at < 4 * PAGE; at += PAGE) {
      const map = encodeDmaMap({ flags: 3, offset: at, address: at, size: PAGE });
      expect(client.call(COMMAND_DMA_MAP, map, [fd]).errno).toBe(0);
    }
    closeDescriptor(fd);
    served.device.write(3 * PAGE, [9]);
    expect(served.device.read(3 * PAGE, 1)).toEqual([9]);

    // There is no interrupt line, and nothing that keeps a log of pages for a migration.
    expect(client.call(COMMAND_SET_IRQS, words(20, 0x24, 0, 0, 1)).errno).toBe(EINVAL);
    expect(client.call(COMMAND_DEVICE_FEATURE, words(24, 0x2_0006, 0, 0, 0, 0)).errno).toBe(ENOTSUP);
    expect(client.isHungUp).toBe(false);
  });
});
