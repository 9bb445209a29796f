import {
  closeDescriptor,
  createEventFd,
  createMemFd,
  SystemCallError,
  type UnixConnection,
  UnixListener,
} from '@phasebit/linux';
import { REG_CC, REG_CSTS } from '@phasebit/nvme-spec';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { Bench } from '../../test-support/raw-client.js';
import {
  LostServerError,
  openVfioUser,
  RefusedError,
  type VfioUserFunction,
  type VfioUserOptions,
  VfioUserMemory,
  type VfioUserServerOptions,
} from '../index.js';
import { encodeVersion } from '../protocol/capabilities.js';
import {
  COMMAND_DMA_READ,
  COMMAND_GET_INFO,
  COMMAND_GET_IRQ_INFO,
  COMMAND_GET_REGION_INFO,
  COMMAND_REGION_READ,
  COMMAND_REGION_WRITE,
  COMMAND_SET_IRQS,
  COMMAND_VERSION,
  REGION_CONFIG,
} from '../protocol/commands.js';
import { encodeCommand, encodeError, encodeReply, type Message } from '../protocol/header.js';
import { MessageStream } from '../protocol/message-stream.js';
import {
  decodeRegionAccess,
  encodeDeviceInfo,
  encodeDmaAccess,
  encodeIrqInfo,
  encodeRegionAccess,
  encodeRegionInfo,
  REGION_ACCESS_BYTES,
} from '../protocol/payloads.js';

const clock = { nowNs: (): number => performance.now() * 1e6 };
const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A client on a server of ours that runs whenever the client waits. */
async function open(options: Partial<VfioUserOptions> = {}, served: Partial<VfioUserServerOptions> = {}) {
  const bench = new Bench(served);
  const said: string[] = [];
  let fn: VfioUserFunction | undefined = undefined;
  bench.whileWaiting = () => fn?.serve();
  const pause = async (): Promise<void> => {
    bench.server.step();
    await nextTurn();
  };
  const say = (text: string): void => void said.push(text);
  fn = await openVfioUser(bench.path, {
    clock,
    pause,
    log: { info: say, warn: say },
    arenas: [{ bytes: 1 << 16 }],
    ...options,
  });
  closing.push(() => {
    fn.close();
    bench.close();
  });
  return { bench, fn, said, pause };
}

describe('a function on a server', () => {
  it('is of other sizes, or somebody else', async () => {
    const { fn } = await open({}, { cmbBytes: 8192, pmrBytes: 4096, identity: { vendorId: 0x1234, revisionId: 9 } });
    expect(fn.identity).toEqual({
      ...{
        vendorId: 0x1234,
        deviceId: 1,
        subsystemVendorId: 0x5042,
        subsystemId: 1,
        revisionId: 9,
        classCode: 0x01_08_02,
      },
    });
    expect(fn.bars).toEqual([0x4000, 0, 0x2000, 0, 0x1000, 0]);
    expect([fn.cmb?.byteLength, fn.pmr?.byteLength, fn.vectors.count, fn.areDoorbellsMapped]).toEqual([
      8192,
      4096,
      5,
      true,
    ]);
    expect(fn.memoryOrder).toBe(process.arch === 'x64' ? 'store-order' : 'weak');
  });

  it('has registers that are read before a write arrives, or counts them wrong', async () => {
    const { fn, bench } = await open();
    const { registerReads } = fn.counters;
    fn.registers.write64(0x28, 0x8000_0001, 5);
    fn.registers.write32(REG_CC, 0xffff_fffe);
    expect(await fn.registers.read64(0x28)).toEqual({ low: 0x8000_0001, high: 5 });
    expect(await fn.registers.read32(REG_CC)).toBe(0xffff_fffe);
    expect(bench.device.writes).toEqual([
      [0x28, 0x8000_0001, 5, 8],
      [REG_CC, 0xffff_fffe, 0, 4],
    ]);
    expect([fn.counters.registerReads - registerReads, fn.counters.registerWrites]).toEqual([2, 2]);
    expect(() => fn.registers.write32(2, 0)).toThrow('offset: expected a multiple of 4 below 4096, got 2');
    expect(() => fn.registers.write64(0x1000, 0, 0)).toThrow(RangeError);
    await expect(fn.registers.read32(-4)).rejects.toThrow(RangeError);
    await expect(fn.registers.read64(4)).rejects.toThrow(RangeError);
  });

  it.each([
    ['mapped', {}, true, 0],
    ['by message since the client wants it so', { mapDoorbells: false }, false, 2],
  ])('rings other doorbells, %s', async (_, options, areMapped, dstrd) => {
    const { fn, bench } = await open(options, { dstrd });
    expect(fn.areDoorbellsMapped).toBe(areMapped);
    fn.doorbells.ringSq(3, 5);
    fn.doorbells.ringCq(0, 6);
    bench.settle();
    const { link } = bench.device;
    expect([...link.doorbells].filter((value) => value !== 0).length).toBe(2);
    expect([link.doorbells[link.sqDoorbellWord(3)], link.doorbells[link.cqDoorbellWord(0)]]).toEqual([5, 6]);
    expect([fn.counters.sqDoorbellWrites, fn.counters.cqDoorbellWrites]).toEqual([1, 1]);
  });

  it('rings by message where the server has nothing to map', async () => {
    const { fn } = await open({}, { mapDoorbells: false });
    expect(fn.areDoorbellsMapped).toBe(false);
  });

  it.each([
    ['shared', false],
    ['asked for', true],
  ])('has memory at other addresses, %s', async (_, dmaByMessage) => {
    const arenas = [{ bytes: 1 << 14 }, { bytes: 1 << 14, iovaBase: 2 ** 40, scatterSeed: 3 }];
    const { fn, bench, pause } = await open({ dmaByMessage, arenas });
    const host = fn.dma.allocate(1 << 14);
    const far = fn.dma.allocate(1 << 14);
    for (const at of [host, far]) for (let page = 0; page < 4; page++) fn.dma.bytes(at + page * 4096, 1)[0] = page + 1;
    const iova = (address: number): number =>
      fn.dma.iovaHigh[address >>> 12] * 2 ** 32 + fn.dma.iovaLow[address >>> 12];
    const seen: unknown[] = [];
    bench.device.onStep = () => {
      bench.device.onStep = () => 0;
      for (const at of [host, far])
        for (let page = 0; page < 4; page++) seen.push(bench.device.read(iova(at + page * 4096), 1));
      bench.device.write(iova(far) + 9, [7]);
      return 1;
    };
    while (seen.length === 0) await pause();
    expect(seen.flat()).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
    expect(fn.dma.bytes(far + 9, 1)[0]).toBe(7);
    fn.close();
    expect(fn.dma.bytes(far + 9, 1)[0]).toBe(0);
  });

  it('shares memory with another, which loses it when the first is closed', async () => {
    const memory = new VfioUserMemory([{ bytes: 1 << 14 }]);
    closing.push(() => memory.close());
    const [first, second] = [await open({ memory }), await open({ memory })];
    const at = memory.dma.allocate(4096);
    memory.dma.bytes(at, 1)[0] = 4;
    const seen = [first, second].map(({ bench }) => bench.device.read(2 ** 32 + at - 4096, 1));
    expect(seen).toEqual([[4], [4]]);
    first.fn.close();
    expect(memory.dma.bytes(at, 1)[0]).toBe(4);
    expect(second.bench.device.read(2 ** 32 + at - 4096, 1)).toEqual([4]);
  });

  it('is reset by something that is not awaited', async () => {
    const { fn, bench } = await open();
    fn.registers.write32(REG_CC, 1);
    const { resets } = bench.device;
    await fn.resetFunction();
    expect([bench.device.resets, await fn.registers.read32(REG_CC)]).toEqual([resets + 1, 0]);
  });

  it('is opened while nobody serves', async () => {
    await expect(openVfioUser('/nonexistent/socket', { clock })).rejects.toThrow(SystemCallError);
    await expect(openVfioUser('/nonexistent/socket', { clock, arenas: [{ bytes: 5 }] })).rejects.toThrow(RangeError);
  });
});

describe('a vector', () => {
  it('misses a message, counts one twice, or takes that of another', async () => {
    const { fn, bench, pause } = await open();
    const { vectors } = fn;
    expect([vectors.received(0), vectors.received(4)]).toEqual([0, 0]);
    bench.device.link.sendMessage(4);
    await pause();
    bench.device.link.sendMessage(4);
    await pause();
    expect([vectors.received(0), vectors.received(4), vectors.received(4)]).toEqual([0, 2, 2]);
    expect(() => vectors.received(5)).toThrow('vector: expected 0 to 4, got 5');
  });

  it('that is masked has more than one message for it when the mask goes, or none', async () => {
    const { fn, bench, pause } = await open();
    const { vectors } = fn;
    vectors.setMasked(1, true);
    for (let i = 0; i < 3; i++) {
      bench.device.link.sendMessage(1);
      await pause();
    }
    expect(vectors.received(1)).toBe(0);
    vectors.setMasked(1, false);
    expect(vectors.received(1)).toBe(1);
    vectors.setMasked(1, true);
    vectors.setMasked(1, false);
    expect(vectors.received(1)).toBe(1);
  });

  it('is waited for in vain: a message came before, comes now, or never', async () => {
    const { fn, bench } = await open();
    const { vectors } = fn;
    bench.device.link.sendMessage(2);
    expect(await vectors.wait(2, 0)).toBe(1);
    const waiting = vectors.wait(2, 1);
    bench.device.link.sendMessage(2);
    expect(await waiting).toBe(2);
    expect(await vectors.wait(2, 2, { timeoutMs: 1 })).toBe(2);
    const aborting = new AbortController();
    const aborted = vectors.wait(2, 2, { signal: aborting.signal });
    aborting.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    await expect(vectors.wait(2, 2, { signal: { aborted: true, reason: 5 } })).rejects.toThrow('the wait was given up');
    vectors.setMasked(2, true);
    bench.device.link.sendMessage(2);
    expect(await vectors.wait(2, 2, { timeoutMs: 1 })).toBe(2);
  });

  it('is waited for after the function was closed, or the server lost', async () => {
    const { fn } = await open();
    const closed = expect(fn.vectors.wait(0, 0)).rejects.toThrow('the function was closed');
    fn.close();
    fn.close();
    await closed;
    await expect(fn.vectors.wait(0, 0)).rejects.toThrow('the function was closed');
    const other = await open();
    const lost = expect(other.fn.vectors.wait(0, 0)).rejects.toThrow(/lost the server at .*: hung up/);
    other.bench.server.close();
    await lost;
    await expect(other.fn.vectors.wait(0, 0)).rejects.toThrow('lost the server');
  });

  it('is waited for on a server that nobody steps meanwhile', async () => {
    const { fn, bench } = await open();
    const waiting = fn.vectors.wait(1, 0);
    bench.device.onStep = () => {
      bench.device.link.sendMessage(1);
      return 0;
    };
    expect(await waiting).toBeGreaterThan(0);
  });
});

describe('a server that is lost', () => {
  it('reads as anything but all ones, is written to, or is not said to be lost', async () => {
    const { fn, bench, said } = await open();
    bench.server.close();
    expect([await fn.registers.read32(REG_CSTS), fn.isLost]).toEqual([0xffff_ffff, true]);
    expect(await fn.registers.read64(0)).toEqual({ low: 0xffff_ffff, high: 0xffff_ffff });
    fn.registers.write32(REG_CC, 1);
    fn.doorbells.ringSq(0, 1);
    await expect(fn.resetFunction()).rejects.toThrow(LostServerError);
    while (said.length === 0) await nextTurn();
    expect(said.join()).toContain('lost the server');
  });

  it('since it does not reply is waited for without end', async () => {
    const { fn, bench } = await open({ replyTimeoutMs: 100 });
    bench.server.step = () => 0;
    expect([await fn.registers.read32(REG_CSTS), fn.isLost]).toEqual([0xffff_ffff, true]);
  }, 1000);
});

/** A server that says what the test wants. */
class Liar {
  readonly path: string;
  readonly listener: UnixListener;
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'phasebit-liar-'));
  private connection: UnixConnection | undefined;
  private stream: MessageStream | undefined;
  /** by command: payload, error number, or 'hang up' */
  readonly answers = new Map<number, (message: Message) => Uint8Array | number | 'hang up'>();
  readonly descriptors: number[] = [];
  /** configuration space */
  readonly config = new Uint8Array(256);

  constructor() {
    this.path = path.join(this.folder, 's');
    this.listener = UnixListener.listen(this.path);
    this.config.set([0x42, 0x50, 1, 0], 0);
    this.config.set([1, 0x02, 0x08, 0x01], 8);
    this.answers.set(COMMAND_VERSION, () => encodeVersion());
    this.answers.set(COMMAND_GET_INFO, () => encodeDeviceInfo(2, 9, 5));
    this.answers.set(COMMAND_GET_IRQ_INFO, () => encodeIrqInfo(1, 2, 2));
    this.answers.set(COMMAND_GET_REGION_INFO, ({ payload }) => {
      return encodeRegionInfo(payload[8], { flags: 0, size: 0, offset: 0, areas: [] }, 4096);
    });
    this.answers.set(COMMAND_REGION_READ, ({ payload }) => {
      const access = decodeRegionAccess(payload);
      const { region, offset, count } = access;
      const data = region === REGION_CONFIG ? this.config.slice(offset, offset + count) : new Uint8Array(count);
      return encodeRegionAccess(access, data);
    });
    this.answers.set(COMMAND_REGION_WRITE, ({ payload }) => {
      const { region, offset } = decodeRegionAccess(payload);
      if (region === REGION_CONFIG) this.config.set(payload.subarray(REGION_ACCESS_BYTES), offset);
      return payload.subarray(0, REGION_ACCESS_BYTES);
    });
    closing.push(() => this.close());
  }

  /** Takes a turn: answers what has come. */
  step(): void {
    if (this.connection === undefined) {
      this.connection = this.listener.accept();
      if (this.connection === undefined) return;
      this.stream = new MessageStream(this.connection, 1 << 21);
    }
    for (let message = this.stream!.receive(); message !== undefined; message = this.stream!.receive())
      this.answer(message);
  }

  /** Sends bytes as they are. */
  send(bytes: Uint8Array): void {
    this.connection!.send(bytes);
  }

  close(): void {
    this.stream?.close();
    this.listener.close();
    for (const fd of this.descriptors.splice(0)) closeDescriptor(fd);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private answer(message: Message): void {
    for (const fd of message.descriptors) closeDescriptor(fd);
    if ((message.header.flags & 0x10) !== 0) return;
    const answer = this.answers.get(message.header.command)?.(message) ?? new Uint8Array(0);
    if (answer === 'hang up') this.stream!.close();
    else if (typeof answer === 'number') this.send(encodeError(message.header, answer));
    else this.connection!.send(encodeReply(message.header, answer), this.descriptors);
  }
}

describe('a server that is not as it should be', () => {
  const openOn = (liar: Liar, options: Partial<VfioUserOptions> = {}): Promise<VfioUserFunction> => {
    const pause = async (): Promise<void> => {
      liar.step();
      await nextTurn();
    };
    return openVfioUser(liar.path, { clock, pause, arenas: [{ bytes: 1 << 14 }], replyTimeoutMs: 100, ...options });
  };
  const none = new Uint8Array(0);
  const info = (flags: number, size: number, areas: { offset: number; size: number }[] = []) => {
    return ({ payload }: Message) => encodeRegionInfo(payload[8], { flags, size, offset: 0, areas }, 4096);
  };

  const lies: readonly [string, number, () => Uint8Array | number | 'hang up', string][] = [
    [
      'of another version',
      COMMAND_VERSION,
      () => Uint8Array.from([1, 0, 0, 0]),
      'expected version 0 of the protocol, got 1.0',
    ],
    ['without a version', COMMAND_VERSION, () => none, 'a version of 0 bytes'],
    ['that refuses', COMMAND_VERSION, () => 22, 'expected the server to carry out command 1, got error 22'],
    ['that hangs up', COMMAND_VERSION, () => 'hang up', 'expected a reply to command 1: hung up'],
    ['of no PCI device', COMMAND_GET_INFO, () => encodeDeviceInfo(0, 9, 5), 'expected a PCI device'],
    ['without configuration space', COMMAND_GET_INFO, () => encodeDeviceInfo(2, 7, 5), 'got one of flags 2, 7 regions'],
    ['without MSI-X', COMMAND_GET_INFO, () => encodeDeviceInfo(2, 9, 2), 'and 2 interrupt types'],
    ['of few words', COMMAND_GET_INFO, () => none, 'expected a reply of 16 bytes, got 0'],
    ['of few bytes', COMMAND_REGION_READ, () => none, 'expected 64 bytes of configuration space'],
    [
      'of a network card',
      COMMAND_REGION_READ,
      () => new Uint8Array(80),
      'expected class code 010802h, an NVMe controller, got 0h',
    ],
    ['of regions of few words', COMMAND_GET_REGION_INFO, () => none, 'region 0: expected its description, got 0 bytes'],
    ['that takes no memory', 2, () => 12, 'carry out command 2, got error 12'],
    ['that takes no eventfds', 8, () => 22, 'carry out command 8, got error 22'],
  ];

  it.each(lies)('is opened: one %s', async (_, command, answer, why) => {
    const liar = new Liar();
    liar.answers.set(command, answer);
    await expect(openOn(liar)).rejects.toThrow(why);
  });

  it('is told more than it can take, or asked for regions without end', async () => {
    const liar = new Liar();
    let asked = 0;
    liar.answers.set(COMMAND_GET_REGION_INFO, ({ payload }) => {
      asked++;
      const answer = encodeRegionInfo(payload[8], { flags: 4, size: 0x4000, offset: 0, areas: [] }, 4096);
      answer.set([0, 0, 2, 0]);
      return answer;
    });
    const fn = await openOn(liar, { vectors: 1 });
    expect([asked < 30, fn.vectors.count, fn.areDoorbellsMapped]).toEqual([true, 1, false]);
    fn.close();
  });

  it.each([
    ['without a file', info(4, 0x4000), []],
    ['elsewhere', info(4, 0x8000, [{ offset: 0x4000, size: 0x1000 }]), [0]],
  ])('has doorbells mapped %s', async (_, answer, files) => {
    const liar = new Liar();
    liar.descriptors.push(...files.map(() => createMemFd('liar', 0x8000)));
    liar.answers.set(COMMAND_GET_REGION_INFO, answer);
    const fn = await openOn(liar);
    expect([fn.areDoorbellsMapped, fn.cmb]).toEqual([false, undefined]);
    fn.close();
  });

  it('has all of BAR 0 mapped in vain', async () => {
    const liar = new Liar();
    liar.descriptors.push(createMemFd('liar', 0x4000), createEventFd());
    liar.answers.set(COMMAND_GET_REGION_INFO, info(4, 0x4000));
    const fn = await openOn(liar);
    expect([fn.areDoorbellsMapped, fn.cmb?.byteLength, fn.pmr?.byteLength]).toEqual([true, 0x4000, 0x4000]);
    fn.close();
  });

  /** Power management, PCI Express and MSI-X one after the other, as in SPDK's controller; MSI-X is masked, for 32 vectors. */
  const withCapabilities = (next: number): Liar => {
    const liar = new Liar();
    liar.config[0x06] = 0x10;
    liar.config[0x34] = 0x40;
    liar.config.set([0x01, 0x48], 0x40);
    liar.config.set([0x10, next], 0x48);
    liar.config.set([0x11, 0x00, 0x1f, 0x40], 0x84);
    return liar;
  };

  it('sends no messages, since nobody has enabled MSI-X, or its interrupt line too', async () => {
    const liar = withCapabilities(0x84);
    const fn = await openOn(liar);
    expect([...liar.config.subarray(4, 6), ...liar.config.subarray(0x84, 0x88)]).toEqual([6, 4, 0x11, 0, 0x1f, 0x80]);
    fn.close();
  });

  it('has messages enabled before there are eventfds for them, or where none are wanted', async () => {
    const liar = withCapabilities(0x84);
    liar.answers.set(COMMAND_SET_IRQS, () => {
      expect(liar.config[0x87]).toBe(0x40);
      return none;
    });
    (await openOn(liar)).close();
    const other = withCapabilities(0x84);
    (await openOn(other, { vectors: 0 })).close();
    expect([liar.config[0x87], other.config[0x87]]).toEqual([0x80, 0x40]);
  });

  it.each([
    ['leads back', 0x40],
    ['ends', 0],
    ['leads into the header', 0x08],
  ])('has its capabilities looked through without end where the list %s', async (_, next) => {
    const liar = withCapabilities(next);
    const before = liar.config.slice(0x40);
    (await openOn(liar, { replyTimeoutMs: 1000 })).close();
    expect(liar.config.subarray(0x40)).toEqual(before);
  });

  it.each([
    ['a reply to nothing', encodeReply({ id: 9999, command: 1, bytes: 16, flags: 0, errno: 0 }, none)],
    ['what is no message', new Uint8Array(16)],
  ])('is believed on after %s', async (_, bytes) => {
    const liar = new Liar();
    const fn = await openOn(liar);
    liar.send(bytes);
    fn.serve();
    expect(fn.isLost).toBe(true);
    fn.close();
  });

  it('gives registers that are too short, or refuses them', async () => {
    const liar = new Liar();
    const fn = await openOn(liar);
    liar.answers.set(COMMAND_REGION_READ, () => none);
    expect(await fn.registers.read32(0)).toBe(0xffff_ffff);
    liar.answers.set(COMMAND_REGION_READ, () => 22);
    expect(await fn.registers.read64(0)).toEqual({ low: 0xffff_ffff, high: 0xffff_ffff });
    liar.answers.set(13, () => 5);
    await expect(fn.resetFunction()).rejects.toThrow(RefusedError);
    fn.close();
  });

  it.each([
    ['for what it was not given', COMMAND_DMA_READ, encodeDmaAccess(0, 4, none), 14],
    ['over the end', COMMAND_DMA_READ, encodeDmaAccess(2 ** 32 + (1 << 14) - 2, 4, none), 14],
    ['for more than fits', COMMAND_DMA_READ, encodeDmaAccess(2 ** 32, 2 ** 40, none), 22],
    ['in few words', COMMAND_DMA_READ, none, 22],
    ['to write what it does not send', COMMAND_DMA_READ + 1, encodeDmaAccess(2 ** 32, 4, none), 22],
    ['for something else', 99, none, 38],
  ])('gets memory when it asks %s', async (_, command, payload, errno) => {
    const liar = new Liar();
    const fn = await openOn(liar);
    const answers: Message[] = [];
    liar.send(encodeCommand(5, command, payload));
    fn.serve();
    const stream = (liar as unknown as { stream: MessageStream }).stream;
    for (let message = stream.receive(); message !== undefined; message = stream.receive()) answers.push(message);
    expect(answers.map(({ header }) => [header.id, header.flags & 0x20, header.errno])).toContainEqual([
      5,
      0x20,
      errno,
    ]);
    fn.close();
  });
});
