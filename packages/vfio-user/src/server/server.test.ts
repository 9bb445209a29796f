import { closeDescriptor, createEventFd, mapMemory, readEventFd, SystemCallError } from '@phasebit/linux';
import { REG_ACQ, REG_ASQ, REG_CC, REG_CSTS } from '@phasebit/nvme-spec';
import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { Bench, RawClient } from '../../test-support/raw-client.js';
import { VfioUserServer, type VfioUserServerOptions } from '../index.js';
import {
  COMMAND_DEVICE_FEATURE,
  COMMAND_DMA_MAP,
  COMMAND_DMA_UNMAP,
  COMMAND_GET_INFO,
  COMMAND_GET_IRQ_INFO,
  COMMAND_GET_REGION_INFO,
  COMMAND_GET_REGION_IO_FDS,
  COMMAND_REGION_READ,
  COMMAND_REGION_WRITE,
  COMMAND_REGION_WRITE_MULTI,
  COMMAND_RESET,
  COMMAND_SET_IRQS,
  COMMAND_VERSION,
  REGION_BAR0,
  REGION_BAR2,
  REGION_BAR4,
  REGION_CONFIG,
} from '../protocol/commands.js';
import { EEXIST, EINVAL, ENOENT, ENOMEM, ENOSYS, ENOTSUP } from '../protocol/errno.js';
import { encodeVersion } from '../protocol/capabilities.js';
import { decodeRegionInfo, encodeDmaMap, encodeIrqSet, encodeRegionAccess, words } from '../protocol/payloads.js';

const benches: Bench[] = [];

function serve(options: Partial<VfioUserServerOptions> = {}): Bench {
  const bench = new Bench(options);
  benches.push(bench);
  return bench;
}

afterEach(() => {
  for (const bench of benches.splice(0)) bench.close();
});

const PAGE = 4096;
const unmap = (address: number, size: number, flags = 0): Uint8Array => {
  return words(24, flags, address, Math.floor(address / 2 ** 32), size, Math.floor(size / 2 ** 32));
};
const regionInfo = (client: RawClient, index: number, room = 4096) => {
  return client.call(COMMAND_GET_REGION_INFO, words(room, 0, index, 0, 0, 0, 0, 0));
};

describe('a connection', () => {
  it.each([
    ['begins with another command', COMMAND_GET_INFO, words(16, 0, 0, 0), 'expected a version first, got command 4'],
    ['begins with half a version', COMMAND_VERSION, new Uint8Array(2), 'a version of 2 bytes'],
    ['is of another major version', COMMAND_VERSION, words(1), 'expected version 0 of the protocol, got 1.0'],
  ])('goes on although it %s', (_, command, payload, why) => {
    const bench = serve();
    const client = bench.connectRaw();
    expect(client.call(command, payload).errno).toBe(EINVAL);
    expect(client.isHungUp).toBe(true);
    expect(bench.said.join()).toContain(why);
    expect(bench.server.isConnected).toBe(false);
  });

  it('is refused because of a version text that is not JSON, or is closed without an answer', () => {
    const client = serve().connectRaw();
    expect(client.call(COMMAND_VERSION, Uint8Array.from([0, 0, 0, 0, 123, 0])).errno).toBe(EINVAL);
    expect(client.isHungUp).toBe(true);
  });

  it('agrees twice', () => {
    const client = serve().connect();
    expect(client.call(COMMAND_VERSION, encodeVersion()).errno).toBe(EINVAL);
    expect(client.isHungUp).toBe(false);
  });

  it('is taken while another one lasts, or is lost instead of waiting', () => {
    const bench = serve();
    const first = bench.connect();
    const second = bench.connectRaw();
    second.send(COMMAND_VERSION, encodeVersion());
    bench.settle();
    second.receive();
    expect(second.replies).toEqual([]);
    first.close();
    bench.settle();
    second.receive();
    expect(second.replies.length).toBe(1);
  });

  it('keeps the last one’s eventfds, memory or mapped doorbells', () => {
    const bench = serve();
    const first = bench.connect();
    const eventFd = createEventFd();
    first.call(COMMAND_SET_IRQS, encodeIrqSet({ flags: 0x24, index: 2, start: 0, count: 1 }), [eventFd]);
    first.share(PAGE, PAGE)[0] = 9;
    const { payload, descriptors } = regionInfo(first, REGION_BAR0);
    const mapped = mapMemory({ fd: descriptors[0], offset: PAGE, bytes: PAGE });
    closeDescriptor(descriptors[0]);
    expect(decodeRegionInfo(payload).areas).toEqual([{ offset: PAGE, size: PAGE }]);
    new Int32Array(mapped.buffer)[2] = 5;
    expect(bench.device.link.doorbells[2]).toBe(5);
    expect(bench.device.read(PAGE, 1)).toEqual([9]);
    first.writeRegion(REGION_BAR0, REG_CC, [1, 0, 0, 0]);
    first.close();
    bench.settle();
    expect([bench.device.resets, bench.device.link.doorbells[2], bench.device.read(PAGE, 1)]).toEqual([
      1,
      0,
      undefined,
    ]);
    const second = bench.connect();
    new Int32Array(mapped.buffer)[2] = 6;
    bench.device.link.sendMessage(0);
    bench.settle();
    expect(bench.device.link.doorbells[2]).toBe(0);
    expect(readEventFd(eventFd)).toBe(0);
    expect(second.read32(REGION_BAR0, REG_CC)).toBe(0);
    mapped.unmap();
    closeDescriptor(eventFd);
  });

  it.each([
    ['a header that lies', words(0x10001, 8, 0, 0), 'a message of 8 bytes'],
    ['a reply to nothing', words(0x10001, 16, 1, 0), 'a reply to nothing: message 1'],
  ])('outlasts %s', (_, bytes, why) => {
    const bench = serve();
    const client = bench.connect();
    client.sendRaw(bytes);
    bench.settle();
    expect(client.isHungUp).toBe(true);
    expect(bench.said.join()).toContain(why);
  });

  it('gives the device no turn while the client talks without end', () => {
    const bench = serve();
    const client = bench.connect();
    for (let i = 0; i < 200; i++)
      client.send(
        COMMAND_REGION_WRITE,
        encodeRegionAccess({ offset: 0x3c, region: 7, count: 1 }, Uint8Array.of(i)),
        [],
        true,
      );
    const before = bench.device.steps;
    bench.server.step();
    expect(bench.device.steps).toBe(before + 1);
    expect(client.read32(REGION_CONFIG, 0x3c) & 0xff).toBe(199 & 0xff);
  });
});

describe('a command', () => {
  it.each([
    ['that nobody knows', 99, new Uint8Array(0), ENOSYS],
    ['that was given up', 14, new Uint8Array(0), ENOSYS],
    ['for descriptors of regions', COMMAND_GET_REGION_IO_FDS, words(16, 0, 0, 0), ENOTSUP],
    ['of migration', COMMAND_DEVICE_FEATURE, words(16, 0), ENOTSUP],
    ['with too little room for its reply: device', COMMAND_GET_INFO, words(15, 0, 0, 0), EINVAL],
    ['with too little room for its reply: region', COMMAND_GET_REGION_INFO, words(31, 0, 0, 0, 0, 0, 0, 0), EINVAL],
    ['with too little room for its reply: interrupts', COMMAND_GET_IRQ_INFO, words(15, 0, 2, 0), EINVAL],
    ['that is too short: device', COMMAND_GET_INFO, words(16, 0, 0), EINVAL],
    ['that is too short: interrupts', COMMAND_SET_IRQS, words(20, 0x24, 2, 0), EINVAL],
    ['that is too short: memory', COMMAND_DMA_MAP, words(32, 3, 0, 0, 0, 0, 0), EINVAL],
    ['about a region that cannot be', COMMAND_GET_REGION_INFO, words(32, 0, 9, 0, 0, 0, 0, 0), EINVAL],
    ['about interrupts that cannot be', COMMAND_GET_IRQ_INFO, words(16, 0, 5, 0), EINVAL],
  ])('%s is carried out, or ends the connection', (_, command, payload, errno) => {
    const client = serve().connect();
    expect(client.call(command, payload).errno).toBe(errno);
    expect(client.isHungUp).toBe(false);
  });

  it('that wants no reply gets one', () => {
    const bench = serve();
    const client = bench.connect();
    client.send(COMMAND_GET_INFO, words(16, 0, 0, 0), [], true);
    client.send(99, words(0), [], true);
    bench.settle();
    client.receive();
    expect(client.replies).toEqual([]);
  });

  it('leaks the descriptors that it does not want', () => {
    const client = serve().connect();
    const eventFd = createEventFd();
    for (const command of [COMMAND_GET_INFO, 99, COMMAND_SET_IRQS]) {
      client.call(command, words(16, 0, 0, 0, 0), [eventFd, eventFd]);
    }
    closeDescriptor(eventFd);
    expect(client.isHungUp).toBe(false);
  });
});

describe('the device', () => {
  it('says it is something else', () => {
    const client = serve().connect();
    expect(client.call(COMMAND_GET_INFO, words(16, 0, 0, 0)).payload).toEqual(words(16, 3, 9, 5));
    const irq = (index: number): Uint8Array => client.call(COMMAND_GET_IRQ_INFO, words(16, 0, index, 0)).payload;
    expect([0, 1, 2, 3, 4].map(irq)).toEqual([
      words(16, 0, 0, 0),
      words(16, 0, 1, 0),
      words(16, 3, 2, 5),
      words(16, 1, 3, 1),
      words(16, 1, 4, 1),
    ]);
  });

  it('has regions that it was not given, or lacks those that it was', () => {
    const client = serve({ cmbBytes: 3 * PAGE, pmrBytes: PAGE }).connect();
    const sizes = Array.from({ length: 9 }, (_, index) => {
      const { payload, descriptors } = regionInfo(client, index);
      for (const fd of descriptors) closeDescriptor(fd);
      const { flags, size } = decodeRegionInfo(payload);
      return [flags, size, descriptors.length];
    });
    const none = [0, 0, 0];
    expect(sizes).toEqual([
      [15, 0x4000, 1],
      none,
      [7, 0x4000, 1],
      none,
      [7, 0x1000, 1],
      none,
      none,
      [3, 0x1000, 0],
      none,
    ]);
  });

  it.each([
    [true, 15, 1],
    [false, 3, 0],
  ])('lets doorbells be mapped against its option: %s', (mapDoorbells, flags, fds) => {
    const client = serve({ mapDoorbells }).connect();
    const { payload, descriptors } = regionInfo(client, REGION_BAR0);
    expect([decodeRegionInfo(payload).flags, descriptors.length]).toEqual([flags, fds]);
    for (const fd of descriptors) closeDescriptor(fd);
    // Asked with no room for the capability, it says how much it takes, and sends nothing along.
    const short = regionInfo(client, REGION_BAR0, 32);
    expect(decodeRegionInfo(short.payload).argsz).toBe(mapDoorbells ? 64 : 32);
    expect(short.descriptors).toEqual([]);
  });

  it('is made with a size that cannot be', () => {
    expect(() => serve({ queues: 1 })).toThrow('queues: expected 2 to 65536, got 1');
    expect(() => serve({ vectors: 2049 })).toThrow('vectors: expected');
    expect(() => serve({ cmbBytes: 5 })).toThrow('cmbBytes: expected');
    expect(() => serve({ identity: { vendorId: 0xffff } })).toThrow(
      'identity.vendorId: expected 0 to 65534, got 65535',
    );
    expect(() => serve({ identity: { revisionId: 256 } })).toThrow('identity.revisionId: expected 0 to 255, got 256');
  });

  it('is served where somebody serves, or where a file is', () => {
    const bench = serve();
    const listen = (path: string): unknown =>
      VfioUserServer.listen({ path, clock: { nowNs: () => 0 }, makeDevice: () => ({ step: () => 0, nextDueNs: 0 }) });
    expect(() => listen(bench.path)).toThrow(SystemCallError);
    writeFileSync(`${bench.folder}/file`, '');
    expect(() => listen(`${bench.folder}/file`)).toThrow('EADDRINUSE');
  });
});

describe('a register', () => {
  it('is read before an earlier write was carried out, or with the wrong width', () => {
    const bench = serve();
    const client = bench.connect();
    expect(client.writeRegion(REGION_BAR0, REG_ASQ, [1, 2, 3, 4, 5, 6, 7, 8])).toBe(0);
    expect(client.writeRegion(REGION_BAR0, REG_ASQ + 4, [9, 10, 11, 12])).toBe(0);
    client.send(COMMAND_REGION_WRITE, encodeRegionAccess({ offset: REG_CC, region: 0, count: 4 }, words(1)), [], true);
    client.send(COMMAND_REGION_READ, encodeRegionAccess({ offset: REG_CSTS, region: 0, count: 4 }, new Uint8Array(0)));
    bench.settle();
    client.receive();
    expect([...client.replies[0].payload.subarray(16)]).toEqual([1, 0, 0, 0]);
    expect(bench.device.writes).toEqual([
      [REG_ASQ, 0x0403_0201, 0x0807_0605, 8],
      [REG_ASQ + 4, 0x0c0b_0a09, 0, 4],
      [REG_CC, 1, 0, 4],
    ]);
    for (const [offset, count, expected] of [
      [REG_ASQ, 1, [1]],
      [REG_ASQ + 1, 2, [2, 3]],
      [REG_ASQ + 2, 4, [3, 4, 9, 10]],
      [REG_ASQ, 8, [1, 2, 3, 4, 9, 10, 11, 12]],
    ] as const) {
      expect(client.readRegion(REGION_BAR0, offset, count)).toEqual(expected);
    }
  });

  it.each([
    ['one byte', REG_CC, [1]],
    ['two bytes', REG_CC, [1, 0]],
    ['four bytes at an odd place', REG_CC + 2, [1, 0, 0, 0]],
  ])('takes %s', (_, offset, bytes) => {
    const bench = serve();
    expect(bench.connect().writeRegion(REGION_BAR0, offset, bytes)).toBe(0);
    expect(bench.device.writes).toEqual([]);
  });

  it('is written in pieces of another order than a long write has them, or more than a link holds are lost', () => {
    const bench = serve();
    const client = bench.connect();
    const many = new Uint8Array(4 * 700).fill(1);
    expect(client.writeRegion(REGION_BAR0, 0x400, [...many])).toBe(0);
    expect(bench.device.writes.map(([offset]) => offset)).toEqual(Array.from({ length: 700 }, (_, i) => 0x400 + 4 * i));
  });

  it('and doorbells of one message are written out of order, or to other words', () => {
    const bench = serve();
    const client = bench.connect();
    const one = (offset: number, value: number): Uint8Array =>
      encodeRegionAccess({ offset, region: 0, count: 4 }, words(value, 0));
    const writes = [one(REG_CC, 1), one(0x1000 + 4 * 3, 7), one(0x1000 + 4 * 10, 9), one(REG_CC, 0)];
    const payload = Uint8Array.from([...words(4, 0), ...writes.flatMap((each) => [...each])]);
    expect(client.call(COMMAND_REGION_WRITE_MULTI, payload)).toMatchObject({ errno: 0, payload: words(4, 0) });
    expect(bench.device.writes).toEqual([
      [REG_CC, 1, 0, 4],
      [REG_CC, 0, 0, 4],
    ]);
    expect([...bench.device.link.doorbells]).toEqual([0, 0, 0, 7, 0, 0, 0, 0, 0, 0]);
    expect([client.read32(REGION_BAR0, 0x100c), client.read32(REGION_BAR0, 0x1028)]).toEqual([7, 0]);
    for (const count of [5, 2 ** 31]) {
      payload.set(words(count));
      expect(client.call(COMMAND_REGION_WRITE_MULTI, payload).errno).toBe(EINVAL);
    }
    payload.set(words(1));
    payload.set(words(9), 8 + 12);
    expect(client.call(COMMAND_REGION_WRITE_MULTI, payload).errno).toBe(EINVAL);
  });

  it.each([
    ['beyond the end', REGION_BAR0, 0x4000, 1, 1],
    ['over the end', REGION_BAR0, 0x3ffc, 8, 8],
    ['far out', REGION_BAR0, 2 ** 52, 4, 4],
    ['of a region that is not there', REGION_BAR2, 0, 4, 4],
    ['of a region that cannot be', 77, 0, 4, 4],
    ['longer than its message', REGION_BAR0, 0x400, 16, 8],
    ['of 4 GiB', REGION_BAR0, 0, 0xffff_fffc, 8],
  ])('is accessed %s', (_, region, offset, count, bytes) => {
    const bench = serve();
    const client = bench.connect();
    const access = encodeRegionAccess({ offset, region, count }, new Uint8Array(bytes));
    expect(client.call(COMMAND_REGION_WRITE, access).errno).toBe(EINVAL);
    if (count > bytes && count < 1000) return;
    expect(client.call(COMMAND_REGION_READ, access.subarray(0, 16)).errno).toBe(EINVAL);
  });

  it('of a function that is gone is not all ones', () => {
    const bench = serve();
    const client = bench.connect();
    bench.device.link.vanish();
    expect(client.read32(REGION_BAR0, REG_CSTS)).toBe(0xffff_ffff);
    expect(client.read32(REGION_CONFIG, 0)).toBe(0xffff_ffff);
    client.writeRegion(REGION_BAR0, REG_CC, [1, 0, 0, 0]);
    client.writeRegion(REGION_CONFIG, 4, [0, 0]);
    expect(bench.device.writes).toEqual([]);
  });

  it('the MSI-X table forgets what was written, or shows vectors that wait as others', () => {
    const bench = serve();
    const client = bench.connect();
    expect([0, 4, 8, 12].map((at) => client.read32(REGION_BAR0, 0x2010 + at))).toEqual([0, 0, 0, 1]);
    client.writeRegion(REGION_BAR0, 0x2010, [0, 0, 0xe0, 0xfe]);
    expect(client.read32(REGION_BAR0, 0x2010)).toBe(0xfee0_0000);
    expect(client.read32(REGION_BAR0, 0x2800)).toBe(0);
    client.writeRegion(REGION_BAR0, 0x2800, [1, 1, 1, 1]);
    bench.device.link.sendMessage(4);
    bench.device.link.sendMessage(1);
    expect([client.read32(REGION_BAR0, 0x3000), client.read32(REGION_BAR0, 0x3004)]).toEqual([0b1_0010, 0]);
    client.call(COMMAND_RESET);
    expect([client.read32(REGION_BAR0, 0x3000), client.read32(REGION_BAR0, 0x2010)]).toEqual([0, 0]);
  });
});

describe('memory of the controller’s own', () => {
  it('shows a client what the one before it had, unless it is persistent', () => {
    const bench = serve({ cmbBytes: 2 * PAGE, pmrBytes: PAGE });
    const first = bench.connect();
    for (const region of [REGION_BAR2, REGION_BAR4]) {
      expect(first.writeRegion(region, 8, [1, 2])).toBe(0);
      const { descriptors } = regionInfo(first, region);
      const mapped = mapMemory({ fd: descriptors[0], bytes: PAGE });
      closeDescriptor(descriptors[0]);
      expect(new Uint8Array(mapped.buffer).subarray(7, 11)).toEqual(Uint8Array.of(0, 1, 2, 0));
      mapped.unmap();
    }
    expect(new Uint8Array(bench.device.link.cmb!)[8]).toBe(1);
    first.close();
    bench.settle();
    const second = bench.connect();
    expect(second.readRegion(REGION_BAR2, 8, 2)).toEqual([0, 0]);
    expect(second.readRegion(REGION_BAR4, 8, 2)).toEqual([1, 2]);
  });

  it('is more than it is beyond its end', () => {
    const client = serve({ cmbBytes: 3 * PAGE }).connect();
    expect(client.writeRegion(REGION_BAR2, 3 * PAGE - 1, [1, 2])).toBe(0);
    expect(client.readRegion(REGION_BAR2, 3 * PAGE - 1, 2)).toEqual([1, 0]);
    expect(client.writeRegion(REGION_BAR2, 3 * PAGE + 5, [1])).toBe(0);
  });
});

describe('memory of a client’s', () => {
  it('is not what the device reaches, or is more than that', () => {
    const bench = serve();
    const client = bench.connect();
    const memory = client.share(2 ** 33, 2 * PAGE);
    memory.set([1, 2, 3], PAGE);
    expect(bench.device.read(2 ** 33 + PAGE, 3)).toEqual([1, 2, 3]);
    bench.device.write(2 ** 33 + 5, [7]);
    expect(memory[5]).toBe(7);
    expect(bench.device.read(2 ** 33 + 2 * PAGE, 1)).toBeUndefined();
    expect(client.call(COMMAND_DMA_UNMAP, unmap(2 ** 33, 2 * PAGE))).toMatchObject({
      errno: 0,
      payload: unmap(2 ** 33, 2 * PAGE),
    });
    expect(bench.device.read(2 ** 33, 1)).toBeUndefined();
  });

  it.each([
    ['over what is mapped', { address: 0x3000 }, EEXIST],
    ['at an odd address', { address: 0x8001 }, EINVAL],
    ['of an odd size', { address: 0x8000, size: 100 }, EINVAL],
    ['of no size', { address: 0x8000, size: 0 }, EINVAL],
    ['past the last address', { address: 2 ** 52 - PAGE, size: 2 * PAGE }, EINVAL],
    ['at an address past 2^53', { address: -1 }, EINVAL],
    ['from an odd place of its file', { address: 0x8000, offset: 1 }, EINVAL],
    ['beyond the end of its file', { address: 0x8000, offset: 3 * PAGE, size: 2 * PAGE }, EINVAL],
    ['that may be neither read nor written', { address: 0x8000, flags: 0 }, EINVAL],
    ['with flags that nobody knows', { address: 0x8000, flags: 7 }, EINVAL],
    ['more than may be', { address: 2 ** 40, size: 2 ** 21 }, ENOMEM],
  ])('is mapped %s', (_, change, errno) => {
    const bench = serve({ dmaBytesMax: 1 << 20 });
    const client = bench.connect();
    const { fd } = client.memory(4 * PAGE);
    const base = { flags: 3, offset: 0, address: 0x2000, size: 2 * PAGE };
    const map = (request: typeof base, fds = [fd]): number => {
      const payload = encodeDmaMap(request);
      if (request.address < 0) payload.set(words(0, 0x4000_0000), 16);
      return client.call(COMMAND_DMA_MAP, payload, fds).errno;
    };
    expect(map(base)).toBe(0);
    expect(map({ ...base, ...change })).toBe(errno);
    expect(map({ ...base, address: 0x10000 }, [fd, fd])).toBe(EINVAL);
    expect(bench.device.read(0x2000, 1)).toEqual([0]);
  });

  it.each([
    ['that is not there', 0x9000, PAGE, ENOENT],
    ['in half', 0x2000, PAGE, EINVAL],
    ['from its middle on', 0x3000, 0x10_0000, EINVAL],
    ['without a size', 0x2000, 0, EINVAL],
  ])('is unmapped %s', (_, address, size, errno) => {
    const bench = serve();
    const client = bench.connect();
    client.share(0x2000, 2 * PAGE);
    expect(client.call(COMMAND_DMA_UNMAP, unmap(address, size)).errno).toBe(errno);
    expect(client.call(COMMAND_DMA_UNMAP, unmap(0x2000, 2 * PAGE, 1)).errno).toBe(ENOTSUP);
    expect(bench.device.read(0x2000, 1)).toEqual([0]);
  });

  it('stays when all of it, or a range around it, is unmapped', () => {
    const bench = serve();
    const client = bench.connect();
    for (const address of [0x2000, 0x8000, 0x20000]) client.share(address, PAGE);
    expect(client.call(COMMAND_DMA_UNMAP, unmap(0, 0x10000)).errno).toBe(0);
    expect([0x2000, 0x8000, 0x20000].map((at) => bench.device.read(at, 1))).toEqual([undefined, undefined, [0]]);
    expect(client.call(COMMAND_DMA_UNMAP, unmap(0, 0, 2)).errno).toBe(0);
    expect(bench.device.read(0x20000, 1)).toBeUndefined();
  });

  it('that may only be read is written into, or ends the process', () => {
    const bench = serve();
    const memory = bench.connect().share(0x2000, PAGE, 1);
    memory[1] = 3;
    expect(bench.device.read(0x2000, 2)).toEqual([0, 3]);
    bench.device.write(0x2000, [9]);
    expect([memory[0], bench.device.read(0x2000, 1)]).toEqual([0, [9]]);
  });

  it('moves under a ring that is still looked at, or ends the process by going away', () => {
    const bench = serve();
    const client = bench.connect();
    const memory = client.share(0x2000, 2 * PAGE);
    client.writeRegion(REGION_BAR0, REG_ASQ, [0, 0x20, 0, 0, 0, 0, 0, 0]);
    client.writeRegion(REGION_BAR0, REG_ACQ, [0, 0x30, 0, 0, 0, 0, 0, 0]);
    client.writeRegion(REGION_BAR0, REG_CC, [1, 0, 0, 0]);
    const { rings } = bench.device;
    client.call(COMMAND_DMA_UNMAP, unmap(0x2000, 2 * PAGE));
    client.share(0x2000, 2 * PAGE)[0] = 1;
    memory[0] = 2;
    expect([rings[0][0], bench.device.read(0x2000, 1)]).toEqual([2, [1]]);
    client.close();
    bench.settle();
    // Whoever is late finds empty memory of this process's own.
    expect(rings.map((ring) => ring[0])).toEqual([0, 0]);
    rings[0][0] = 5;
    expect(rings[0][0]).toBe(5);
  });

  it('shared by a descriptor that is no file is mapped all the same', () => {
    const bench = serve();
    const client = bench.connect();
    const eventFd = createEventFd();
    const request = encodeDmaMap({ flags: 3, offset: 0, address: 0x2000, size: PAGE });
    expect(client.call(COMMAND_DMA_MAP, request, [eventFd]).errno).toBe(0);
    closeDescriptor(eventFd);
    expect(bench.device.dma.isCopy(bench.device.dma.pageAt(0x2000, 0))).toBe(true);
  });
});

describe('an interrupt', () => {
  const set = (flags: number, index: number, start: number, count: number): Uint8Array =>
    encodeIrqSet({ flags, index, start, count });

  it('goes to another eventfd, or to one that was taken away', () => {
    const bench = serve();
    const client = bench.connect();
    const eventFds = [createEventFd(), createEventFd(), createEventFd()];
    expect(client.call(COMMAND_SET_IRQS, set(0x24, 2, 1, 3), eventFds).errno).toBe(0);
    bench.device.link.sendMessage(2);
    bench.device.link.sendMessage(2);
    bench.settle();
    expect(eventFds.map(readEventFd)).toEqual([0, 1, 0]);
    expect(client.call(COMMAND_SET_IRQS, set(0x24, 2, 2, 1)).errno).toBe(0);
    bench.device.link.sendMessage(2);
    bench.device.link.sendMessage(1);
    bench.settle();
    expect(eventFds.map(readEventFd)).toEqual([1, 0, 0]);
    // What was sent meanwhile was kept.
    client.call(COMMAND_SET_IRQS, set(0x24, 2, 2, 1), [eventFds[2]]);
    expect(eventFds.map(readEventFd)).toEqual([0, 0, 1]);
    expect(client.call(COMMAND_SET_IRQS, set(0x21, 2, 0, 0)).errno).toBe(0);
    bench.device.link.sendMessage(1);
    bench.settle();
    expect(eventFds.map(readEventFd)).toEqual([0, 0, 0]);
    for (const fd of eventFds) closeDescriptor(fd);
  });

  it('comes through a mask, or is not triggered by hand', () => {
    const bench = serve();
    const client = bench.connect();
    const eventFds = [createEventFd(), createEventFd()];
    client.call(COMMAND_SET_IRQS, set(0x24, 2, 0, 2), eventFds);
    expect(client.call(COMMAND_SET_IRQS, set(0x09, 2, 0, 1)).errno).toBe(0);
    bench.device.link.sendMessage(0);
    bench.settle();
    expect(eventFds.map(readEventFd)).toEqual([0, 0]);
    expect(client.call(COMMAND_SET_IRQS, Uint8Array.from([...set(0x12, 2, 0, 2), 1, 0])).errno).toBe(0);
    expect(eventFds.map(readEventFd)).toEqual([1, 0]);
    expect(client.call(COMMAND_SET_IRQS, Uint8Array.from([...set(0x22, 2, 0, 2), 0, 1])).errno).toBe(0);
    expect(eventFds.map(readEventFd)).toEqual([0, 1]);
    expect(client.call(COMMAND_SET_IRQS, set(0x24, 3, 0, 1), [eventFds[0]]).errno).toBe(0);
    expect(client.call(COMMAND_SET_IRQS, set(0x21, 3, 0, 1)).errno).toBe(0);
    expect(eventFds.map(readEventFd)).toEqual([1, 0]);
    for (const fd of eventFds) closeDescriptor(fd);
  });

  it.each([
    ['without data', 0x20, 2, 0, 1, 0],
    ['with data of two kinds', 0x23, 2, 0, 1, 0],
    ['without an action', 0x01, 2, 0, 1, 0],
    ['with two actions', 0x31, 2, 0, 1, 0],
    ['with flags that nobody knows', 0x61, 2, 0, 1, 0],
    ['of a type that cannot be', 0x21, 5, 0, 1, 0],
    ['of a type that has none', 0x21, 0, 0, 1, 0],
    ['beyond the last one', 0x24, 2, 4, 2, 2],
    ['far beyond it', 0x21, 2, 0xffff_ffff, 2, 0],
    ['of none from the second on', 0x21, 2, 1, 0, 0],
    ['of none, masked', 0x09, 2, 0, 0, 0],
    ['with fewer eventfds than interrupts', 0x24, 2, 0, 3, 2],
    ['with more eventfds than interrupts', 0x24, 2, 0, 1, 2],
    ['with eventfds for its mask', 0x0c, 2, 0, 1, 1],
    ['masked although it cannot be', 0x09, 3, 0, 1, 0],
    ['with too few bytes', 0x22, 2, 0, 2, 0],
  ])('is set %s', (_, flags, index, start, count, fds) => {
    const bench = serve();
    const client = bench.connect();
    const eventFd = createEventFd();
    const { errno } = client.call(
      COMMAND_SET_IRQS,
      set(flags, index, start, count),
      new Array<number>(fds).fill(eventFd),
    );
    closeDescriptor(eventFd);
    expect(errno).toBe(EINVAL);
  });

  it('for a descriptor that is no eventfd ends the server', () => {
    const bench = serve();
    const client = bench.connect();
    const { fd } = client.memory(PAGE);
    expect(client.call(COMMAND_SET_IRQS, set(0x24, 2, 0, 1), [fd]).errno).toBe(0);
    bench.device.link.sendMessage(0);
    bench.settle();
    expect(client.isHungUp).toBe(false);
  });
});

describe('a reset', () => {
  it('by message leaves the controller as it was, or takes configuration space with it', () => {
    const bench = serve();
    const client = bench.connect();
    client.writeRegion(REGION_BAR0, REG_CC, [1, 0, 0, 0]);
    client.writeRegion(REGION_CONFIG, 0x3c, [9]);
    expect(client.call(COMMAND_RESET).errno).toBe(0);
    expect([bench.device.resets, client.read32(REGION_BAR0, REG_CC)]).toEqual([1, 0]);
    expect(client.read32(REGION_CONFIG, 0x3c) & 0xff).toBe(9);
  });

  it('by configuration space leaves the controller, or that, as it was', () => {
    const bench = serve();
    const client = bench.connect();
    client.writeRegion(REGION_CONFIG, 0x3c, [9]);
    const control = client.read32(REGION_CONFIG, 0x68);
    client.writeRegion(REGION_CONFIG, 0x68, [control & 0xff, ((control >> 8) & 0xff) | 0x80]);
    expect(bench.device.resets).toBe(1);
    expect(client.read32(REGION_CONFIG, 0x3c) & 0xff).toBe(0);
    expect(client.read32(REGION_CONFIG, 4) & 6).toBe(0);
  });

  it.each([
    ['with a way to take writes', true],
    ['without', false],
  ])('of a device that knows none, %s, leaves CC.EN set', (_, hasWrites) => {
    const bench = serve();
    const client = bench.connect();
    delete bench.device.resetFunction;
    if (!hasWrites) delete bench.device.takeWrites;
    client.writeRegion(REGION_BAR0, REG_CC, [1, 0, 0, 0]);
    expect(client.call(COMMAND_RESET).errno).toBe(0);
    expect([client.read32(REGION_BAR0, REG_CC), client.read32(REGION_BAR0, REG_CSTS)]).toEqual([0, 0]);
  });

  it('is overtaken by writes before it', () => {
    const bench = serve();
    const client = bench.connect();
    client.send(COMMAND_REGION_WRITE, encodeRegionAccess({ offset: REG_CC, region: 0, count: 4 }, words(1)), [], true);
    client.call(COMMAND_RESET);
    expect(client.read32(REGION_BAR0, REG_CC)).toBe(0);
  });

  it('keeps files open that nothing is mapped from', () => {
    const bench = serve();
    const client = bench.connect();
    client.share(0x2000, PAGE);
    client.share(0x8000, PAGE);
    client.call(COMMAND_DMA_UNMAP, unmap(0x2000, PAGE));
    const view = bench.device.dma.bytesOf(bench.device.dma.pageAt(0x8000, 0));
    client.call(COMMAND_RESET);
    view[3] = 4;
    expect(bench.device.read(0x8000, 4)).toEqual([0, 0, 0, 4]);
  });
});

describe('the device’s turns', () => {
  it('come while it is not bus master, or do not come when it is', () => {
    const bench = serve();
    const client = bench.connect();
    bench.device.steps = 0;
    bench.settle();
    expect(bench.device.steps).toBeGreaterThan(0);
    client.writeRegion(REGION_CONFIG, 4, [2, 0]);
    const stopped = bench.device.steps;
    bench.settle();
    client.writeRegion(REGION_BAR0, REG_CC, [1, 0, 0, 0]);
    expect(client.read32(REGION_BAR0, REG_CSTS)).toBe(1);
    expect(bench.device.steps).toBe(stopped);
  });

  it('go on after the server was closed', () => {
    const bench = serve();
    const client = bench.connect();
    bench.server.close();
    bench.server.close();
    const { steps } = bench.device;
    expect([bench.server.step(), bench.device.steps, client.isHungUp]).toEqual([0, steps, true]);
    expect(bench.said.join()).toContain('the server was closed');
  });

  it('that throw are hidden', () => {
    const bench = serve();
    bench.connect();
    bench.device.onStep = () => {
      throw new Error('a mistake of the device');
    };
    expect(() => bench.settle()).toThrow('a mistake of the device');
    bench.device.onStep = () => 0;
  });

  it('run by the server itself leave a closed descriptor to the event loop, which ends the process', async () => {
    for (const isConnected of [false, true]) {
      const bench = serve();
      if (isConnected) bench.connect();
      const running = bench.server.run();
      // Closed by whoever serves, in the same turn: what the server sleeps by is only about to be looked at.
      bench.server.close();
      await running;
      expect(await bench.server.run()).toBeUndefined();
    }
  });

  it('run by the server itself end before they are told to, or never', async () => {
    const bench = serve({ idleSpinMs: 0.1, idleSleepMs: 1 });
    const ending = new AbortController();
    const running = bench.server.run({ signal: ending.signal });
    const client = new RawClient(bench);
    client.send(COMMAND_VERSION, encodeVersion());
    client.send(COMMAND_GET_INFO, words(16, 0, 0, 0));
    while (client.replies.length < 2) {
      await new Promise((resolve) => setImmediate(resolve));
      client.receive();
    }
    let isOver = false;
    void running.then(() => (isOver = true));
    let left = 3000;
    client.send(
      COMMAND_REGION_WRITE,
      encodeRegionAccess({ offset: 4, region: REGION_CONFIG, count: 1 }, Uint8Array.of(6)),
      [],
      true,
    );
    bench.device.onStep = () => (left > 0 ? left-- : 0);
    while (left > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(isOver).toBe(false);
    ending.abort();
    await running;
    client.close();
  });
});
