/** Memory that a client does not share, but gives and takes by messages. */
import { closeDescriptor, createEventFd, mapMemory, readEventFd } from '@phasebit/linux';
import { CC, REG_ACQ, REG_ASQ, REG_CC, REG_CSTS } from '@phasebit/nvme-spec';
import { afterEach, describe, expect, it } from 'vitest';
import { Bench, type RawClient } from '../../test-support/raw-client.js';
import { encodeVersion } from '../protocol/capabilities.js';
import {
  COMMAND_DMA_MAP,
  COMMAND_DMA_READ,
  COMMAND_DMA_UNMAP,
  COMMAND_GET_REGION_INFO,
  COMMAND_REGION_READ,
  COMMAND_RESET,
  COMMAND_SET_IRQS,
  COMMAND_VERSION,
  REGION_BAR0,
  REGION_CONFIG,
} from '../protocol/commands.js';
import { encodeError, encodeReply, type Message, type MessageHeader } from '../protocol/header.js';
import { encodeDmaMap, encodeIrqSet, encodeRegionAccess, words } from '../protocol/payloads.js';

const PAGE = 4096;
const BASE = 0x10_0000;

/** A client with eight pages that it gives only when it is asked. */
class Giver {
  readonly bench = new Bench();
  readonly client: RawClient;
  readonly memory = new Uint8Array(8 * PAGE);
  /** what the server asked for: `read page.offset+bytes` and `write ...` */
  readonly asked: string[] = [];
  /** the request that came last */
  last: MessageHeader | undefined = undefined;
  /** how accesses are laid out: with a count of 64 bits, or of 32 */
  isNarrow = false;
  /** answers with this error number, or with as many bytes less, or not at all */
  errno = 0;
  shortBy = 0;
  isSilent = false;
  /** called for each request, before it is answered */
  onRequest: (text: string) => void = () => undefined;

  constructor(version: Uint8Array = encodeVersion()) {
    this.client = this.bench.connectRaw();
    this.client.call(COMMAND_VERSION, version);
    this.client.writeRegion(REGION_CONFIG, 4, [6, 0]);
    this.bench.whileWaiting = () => this.serve();
    this.map(BASE, this.memory.length);
  }

  get device() {
    return this.bench.device;
  }

  map(address: number, size: number): void {
    this.client.call(COMMAND_DMA_MAP, encodeDmaMap({ flags: 3, offset: 0, address, size }));
  }

  /** Enables the device with rings in pages 0 and 1. */
  enable(): void {
    for (const [offset, address] of [
      [REG_ASQ, BASE],
      [REG_ACQ, BASE + PAGE],
    ]) {
      this.client.writeRegion(REGION_BAR0, offset, [...words(address, 0)]);
    }
    this.client.writeRegion(REGION_BAR0, REG_CC, [1, 0, 0, 0]);
    this.asked.length = 0;
  }

  /** One step of the device that does something, and nothing afterwards. */
  step(work: () => void): void {
    this.device.onStep = () => {
      this.device.onStep = () => 0;
      work();
      return 1;
    };
    this.bench.settle();
  }

  serve(): void {
    this.client.receive();
    for (const request of this.client.requests.splice(0)) this.answer(request);
  }

  private answer({ header, payload }: Message): void {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    const [at, count] = [view.getUint32(0, true) - BASE, view.getUint32(8, true)];
    const isRead = header.command === COMMAND_DMA_READ;
    const text = `${isRead ? 'read' : 'write'} ${Math.floor(at / PAGE)}.${at % PAGE}+${count}`;
    this.asked.push(text);
    this.last = header;
    this.onRequest(text);
    if (this.isSilent) return;
    if (this.errno !== 0) {
      this.client.sendRaw(encodeError(header, this.errno));
      return;
    }
    const dataAt = this.isNarrow ? 12 : 16;
    const reply = new Uint8Array(16 + (isRead ? count - this.shortBy : 0));
    reply.set(payload.subarray(0, 12));
    if (isRead) reply.set(this.memory.subarray(at, at + count - this.shortBy), dataAt);
    else this.memory.set(payload.subarray(dataAt, dataAt + count), at);
    this.client.sendRaw(encodeReply(header, reply));
  }
}

const givers: Giver[] = [];

function give(version?: Uint8Array): Giver {
  const giver = new Giver(version);
  givers.push(giver);
  return giver;
}

afterEach(() => {
  for (const { bench } of givers.splice(0)) bench.close();
});

function capable(text: string): Uint8Array {
  return Uint8Array.from([0, 0, 0, 0, ...new TextEncoder().encode(`{"capabilities":${text}}\0`)]);
}

describe('a page that the device uses', () => {
  it('is not what the client has, is asked for twice in a step, or only once in two', () => {
    const giver = give();
    giver.memory[2 * PAGE + 5] = 7;
    const seen: unknown[] = [];
    giver.step(() => {
      seen.push(giver.device.read(BASE + 2 * PAGE + 5, 1));
      seen.push(giver.device.read(BASE + 2 * PAGE + 6, 1));
    });
    giver.memory[2 * PAGE + 5] = 8;
    giver.step(() => seen.push(giver.device.read(BASE + 2 * PAGE + 5, 1)));
    expect(seen).toEqual([[7], [0], [8]]);
    expect(giver.asked).toEqual(['read 2.0+4096', 'read 2.0+4096']);
    expect(giver.device.read(BASE + 8 * PAGE, 1)).toBeUndefined();
  });

  it('comes back in other places than it was changed in, or with what the host has changed meanwhile', () => {
    const giver = give();
    giver.step(() => {
      giver.device.write(BASE + 100, [1, 2, 3, 4, 5, 6, 7, 8]);
      giver.device.write(BASE + 4092, [9]);
      giver.memory[200] = 33;
    });
    expect(giver.asked).toEqual(['read 0.0+4096', 'write 0.100+8', 'write 0.4092+4']);
    expect([...giver.memory.subarray(100, 108), giver.memory[4092], giver.memory[200]]).toEqual([
      ...[1, 2, 3, 4, 5, 6, 7, 8],
      ...[9, 33],
    ]);
  });

  it('is asked for in more bytes than the client takes', () => {
    const giver = give(capable('{"max_data_xfer_size":1500}'));
    giver.memory[4095] = 5;
    let seen: unknown;
    giver.step(() => {
      seen = giver.device.read(BASE + 4095, 1);
      giver.device.write(BASE, new Array<number>(2000).fill(1));
    });
    expect(seen).toEqual([5]);
    expect(giver.asked).toEqual([
      ...['read 0.0+1500', 'read 0.1500+1500', 'read 0.3000+1096'],
      ...['write 0.0+1500', 'write 0.1500+500'],
    ]);
    expect(giver.memory.subarray(0, 2001).lastIndexOf(1)).toBe(1999);
  });

  it('of many is asked for with more requests at a time than a socket holds', () => {
    const giver = give();
    giver.step(() => {
      for (let page = 0; page < 8; page++) {
        for (let at = 0; at < PAGE; at += 8) giver.device.write(BASE + page * PAGE + at, [page + 1]);
      }
    });
    expect(giver.asked.length).toBe(8 + 8 * 512);
    expect(giver.memory.filter((byte) => byte !== 0).length).toBe(8 * 512);
  });

  it('of a client that takes a byte at a time is asked for in more requests at a time than a socket holds', () => {
    const giver = give(capable('{"max_data_xfer_size":1}'));
    let outstandingMax = 0;
    giver.bench.whileWaiting = () => {
      giver.client.receive();
      outstandingMax = Math.max(outstandingMax, giver.client.requests.length);
      giver.serve();
    };
    giver.memory[4095] = 5;
    let seen: unknown;
    giver.step(() => (seen = giver.device.read(BASE + 4095, 1)));
    expect([seen, giver.asked.length, outstandingMax]).toEqual([[5], 4096, 32]);
  });

  it('of a client that counts in 32 bits is four bytes off', () => {
    const giver = give();
    giver.isNarrow = true;
    giver.memory.set([1, 2, 3, 4, 5]);
    let seen: unknown;
    giver.step(() => {
      seen = giver.device.read(BASE, 5);
      giver.device.write(BASE + 8, [6, 7]);
    });
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect([...giver.memory.subarray(0, 11)]).toEqual([1, 2, 3, 4, 5, 0, 0, 0, 6, 7, 0]);
  });
});

describe('a page that a ring lies in', () => {
  it('is looked at as it was before, or written before the data it is about', () => {
    const giver = give();
    giver.enable();
    const { rings } = giver.device;
    giver.memory[64] = 9;
    let seen = 0;
    giver.step(() => {
      seen = rings[0][16];
      rings[1].set([0, 0, 1, 2, 3, 0, 4, 5], 0);
      giver.device.write(BASE + 3 * PAGE, [1]);
    });
    expect(seen).toBe(9);
    const writes = giver.asked.filter((text) => text.startsWith('write'));
    expect(writes).toEqual(['write 3.0+4', 'write 1.8+8', 'write 1.16+4', 'write 1.24+8']);
    giver.asked.length = 0;
    giver.step(() => undefined);
    expect(giver.asked.slice(0, 2)).toEqual(['read 0.0+4096', 'read 1.0+4096']);
  });

  it('is still asked for after the controller was disabled', () => {
    const giver = give();
    giver.enable();
    giver.client.writeRegion(REGION_BAR0, REG_CC, [0, 0, 0, 0]);
    giver.asked.length = 0;
    giver.step(() => undefined);
    expect(giver.asked).toEqual([]);
  });

  it('is taken back, and asked for', () => {
    const giver = give();
    giver.enable();
    giver.client.call(COMMAND_DMA_UNMAP, words(24, 0, BASE, 0, 8 * PAGE, 0));
    giver.asked.length = 0;
    giver.step(() => (giver.device.rings[1][0] = 5));
    expect(giver.asked).toEqual([]);
  });

  it('cannot be had, and the device has its turn all the same', () => {
    const giver = give();
    giver.enable();
    giver.errno = 19;
    const { steps } = giver.device;
    giver.bench.settle();
    expect(giver.device.steps).toBe(steps);
    expect(giver.bench.server.isConnected).toBe(true);
    giver.errno = 0;
    giver.step(() => undefined);
    expect(giver.device.steps).toBeGreaterThan(steps);
  });

  it('is older than the doorbell, or the doorbell is forgotten', () => {
    const giver = give();
    giver.enable();
    const { descriptors } = giver.client.call(COMMAND_GET_REGION_INFO, words(64, 0, 0, 0, 0, 0, 0, 0));
    const mapped = mapMemory({ fd: descriptors[0], offset: PAGE, bytes: PAGE });
    closeDescriptor(descriptors[0]);
    const doorbells = new Int32Array(mapped.buffer);
    const seen: number[] = [];
    // The host writes an entry and rings, after the page was copied and before the device looks.
    giver.onRequest = () => (doorbells[0] = 1);
    giver.device.onStep = () => {
      seen.push(giver.device.link.doorbells[0]);
      return 0;
    };
    giver.bench.server.step();
    giver.bench.settle();
    expect(seen.slice(0, 2)).toEqual([0, 1]);
    // What the device puts into a doorbell arrives, unless the host was faster.
    giver.onRequest = () => undefined;
    giver.step(() => {
      giver.device.link.doorbells[0] = 7;
      giver.device.link.doorbells[1] = 8;
      doorbells[1] = 9;
    });
    expect([doorbells[0], doorbells[1]]).toEqual([7, 9]);
    giver.client.writeRegion(REGION_BAR0, 0x1008, [3, 0, 0, 0]);
    giver.step(() => undefined);
    expect([doorbells[2], giver.device.link.doorbells[2]]).toEqual([3, 3]);
    // Once it is disabled they are one again.
    giver.client.writeRegion(REGION_BAR0, REG_CC, [0, 0, 0, 0]);
    doorbells[3] = 4;
    expect(giver.device.link.doorbells[3]).toBe(4);
    mapped.unmap();
  });
});

describe('an interrupt', () => {
  it('comes before the data that it is about', () => {
    const giver = give();
    const eventFd = createEventFd();
    giver.client.call(COMMAND_SET_IRQS, encodeIrqSet({ flags: 0x24, index: 2, start: 0, count: 1 }), [eventFd]);
    const seen: [string, number][] = [];
    giver.onRequest = (text) => void seen.push([text, readEventFd(eventFd)]);
    giver.step(() => {
      giver.device.write(BASE, [1]);
      giver.device.link.sendMessage(0);
    });
    expect(seen).toEqual([
      ['read 0.0+4096', 0],
      ['write 0.0+4', 0],
    ]);
    expect(readEventFd(eventFd)).toBe(1);
    closeDescriptor(eventFd);
  });
});

describe('a client that has to have its reply before it gives memory', () => {
  it('waits for it for ever, or learns of registers what is not so yet', () => {
    const giver = give();
    const { client } = giver;
    for (const offset of [REG_ASQ, REG_ACQ]) client.writeRegion(REGION_BAR0, offset, [...words(BASE, 0)]);
    // The write that has the device fetch a page, and a read right behind it.
    const access = (offset: number, count: number, data: Uint8Array): Uint8Array => {
      return encodeRegionAccess({ offset, region: REGION_BAR0, count }, data);
    };
    let isAnswered = false;
    giver.onRequest = () => {
      client.receive();
      isAnswered = client.replies.length > 0;
      giver.isSilent = !isAnswered;
    };
    client.send(10, access(REG_CC, 4, words(1)), [], true);
    client.send(COMMAND_REGION_READ, access(REG_CC, 8, new Uint8Array(0)));
    giver.bench.settle();
    expect(isAnswered).toBe(true);
    // CC is written, and CSTS does not say ready before it is.
    expect([...client.replies[0].payload.subarray(16)]).toEqual([1, 0, 0, 0, 0, 0, 0, 0]);
    giver.onRequest = () => undefined;
    expect(CC.EN.get(client.read32(REGION_BAR0, REG_CC))).toBe(1);
    expect(client.read32(REGION_BAR0, REG_CSTS)).toBe(1);
  });

  it('has its other commands wait until then', () => {
    const giver = give();
    let replied = 0;
    giver.onRequest = () => {
      if (replied > 0) return;
      giver.client.send(COMMAND_DMA_MAP, encodeDmaMap({ flags: 3, offset: 0, address: 0x20_0000, size: PAGE }));
      giver.client.send(4, words(16, 0, 0, 0));
      giver.isSilent = true;
    };
    giver.bench.whileWaiting = () => {
      giver.serve();
      replied = giver.client.replies.length;
      if (replied < 2 || !giver.isSilent) return;
      giver.isSilent = false;
      giver.client.sendRaw(encodeReply(giver.last!, new Uint8Array(16 + PAGE)));
    };
    let seen: unknown;
    giver.step(() => (seen = giver.device.read(BASE, 1)));
    expect([replied, seen]).toEqual([2, [0]]);
  });

  it('resets in the middle of a turn, which goes on, or has no reply', () => {
    const giver = give();
    giver.enable();
    giver.onRequest = (text) => {
      if (text !== 'read 4.0+4096') return;
      giver.isSilent = true;
      giver.client.send(COMMAND_RESET);
    };
    let isPast = false;
    giver.step(() => {
      giver.device.read(BASE + 4 * PAGE, 1);
      isPast = true;
    });
    expect(isPast).toBe(false);
    giver.client.receive();
    expect(giver.client.replies.map(({ header }) => header.command)).toEqual([COMMAND_RESET]);
    expect(giver.device.resets).toBeGreaterThan(0);
    expect(giver.bench.said.join()).not.toContain('expected the memory');
    // The answer that was given up may still come.
    giver.client.sendRaw(encodeReply(giver.last!, new Uint8Array(16)));
    giver.isSilent = false;
    giver.onRequest = () => undefined;
    giver.bench.settle();
    expect(giver.bench.server.isConnected).toBe(true);
    let seen: unknown;
    giver.memory[0] = 4;
    giver.step(() => (seen = giver.device.read(BASE, 1)));
    expect(seen).toEqual([4]);
  });

  it('asks for a function level reset in the middle of a turn, which is ended', () => {
    const giver = give();
    giver.onRequest = () => {
      giver.onRequest = () => undefined;
      giver.client.send(
        10,
        encodeRegionAccess({ offset: 0x69, region: REGION_CONFIG, count: 1 }, Uint8Array.of(0xa8)),
        [],
        true,
      );
    };
    let isPast = false;
    const { resets } = giver.device;
    giver.step(() => {
      giver.device.read(BASE, 1);
      giver.device.read(BASE + PAGE, 1);
      isPast = true;
      expect(giver.device.resets).toBe(resets);
    });
    expect([isPast, giver.device.resets]).toEqual([true, resets + 1]);
  });
});

describe('a client that does not give its memory', () => {
  it.each([
    ['says nothing', { isSilent: true }, false, 'no answer within 20 ms'],
    [
      'refuses it',
      { errno: 14 },
      true,
      'expected the memory that was mapped at 100000h, error 14 came; the function is reset',
    ],
    ['gives less', { shortBy: 1 }, true, '4111 bytes came; the function is reset'],
  ])('%s, and the device goes on with what it does not have', (_, change, isConnected, why) => {
    const giver = give();
    Object.assign(giver, change);
    let isPast = false;
    giver.step(() => {
      giver.device.read(BASE, 1);
      isPast = true;
    });
    expect([isPast, giver.bench.server.isConnected]).toEqual([false, isConnected]);
    expect(giver.device.resets).toBeGreaterThan(0);
    expect(giver.bench.said.join()).toContain(why);
  });

  it('hangs up in the middle, and the device goes on', () => {
    const giver = give();
    giver.onRequest = () => {
      giver.isSilent = true;
      giver.client.close();
    };
    giver.step(() => giver.device.read(BASE, 1));
    expect([giver.bench.server.isConnected, giver.device.read(BASE, 1)]).toEqual([false, undefined]);
  });

  it('refuses what was written, and nobody notices', () => {
    const giver = give();
    giver.onRequest = (text) => (giver.errno = text.startsWith('write') ? 14 : 0);
    const { resets } = giver.device;
    giver.step(() => giver.device.write(BASE, [1]));
    expect(giver.device.resets).toBe(resets + 1);
  });
});
