/**
 * Uses a controller that is bound to VFIO in one way, and prints a line of JSON with what it saw. The suite judges.
 *
 *   node vfio-function.mjs [--iommu=group] WHAT 0000:00:10.0 [0000:00:11.0]
 */
import { type CompletionMode, Controller, PollGroup, type QueuePair } from '@phasebit/nvme';
import { REG_CMBMSC, REG_CSTS } from '@phasebit/nvme-spec';
import { openVfio, type VfioFunction, VfioMemory, type VfioOptions, VfioRefusal } from '@phasebit/vfio';
import { wrapDmaArena } from '@phasebit/pcie';
import { performance } from 'node:perf_hooks';
import { setgid, setuid } from 'node:process';
import { parseArgs } from 'node:util';
import { VerifiedLoad } from '../../support/verified-load.js';

const BLOCK_BYTES = 4096;
const DEPTH = 16;
const BLOCKS = 512;

const clock = { nowNs: () => performance.now() * 1e6 };
const said: string[] = [];
const log = { info: (text: string) => void said.push(text), warn: (text: string) => void said.push(text) };
const { values, positionals } = parseArgs({ options: { iommu: { type: 'string' } }, allowPositionals: true });
const [what, address, second] = positionals as [string, string, string | undefined];
const iommu = values.iommu as VfioOptions['iommu'];

const open = (options: VfioOptions = {}): Promise<VfioFunction> =>
  openVfio(address, { dmaBytes: 8 << 20, log, iommu, ...options });

/** A controller that is up, with one queue pair. */
async function bringUp(fn: VfioFunction, vector = 1): Promise<{ controller: Controller; pair: QueuePair }> {
  const controller = await Controller.attach(fn, { clock, ioQueuePairs: 2, onLost: 'reset', resetDelayMs: 0 });
  return { controller, pair: await controller.createQueuePair({ entries: 64, interruptVector: vector }) };
}

/** Verified random reads and writes of single blocks, which are zeroed first. */
function makeLoad(fn: VfioFunction, controller: Controller, pair: QueuePair): VerifiedLoad {
  const namespace = controller.namespace(1);
  if (namespace.blockBytes !== BLOCK_BYTES) throw new Error(`expected blocks of ${BLOCK_BYTES} bytes`);
  let zeroed: number | undefined;
  pair.writeZeroes(namespace, 0, BLOCKS, 0, (_, status) => void (zeroed = status), undefined);
  while (zeroed === undefined) pair.poll();
  if (zeroed !== 0) throw new Error(`blocks cannot be zeroed: status ${zeroed}`);
  const target: ConstructorParameters<typeof VerifiedLoad>[0]['target'] = {
    read: (at, lba, blocks, callback, context) => pair.read(namespace, at, lba, blocks, 0, callback, context),
    write: (at, lba, blocks, callback, context) => pair.write(namespace, at, lba, blocks, 0, callback, context),
  };
  const data = fn.dma.allocate(DEPTH * BLOCK_BYTES);
  return new VerifiedLoad({ target, dma: fn.dma, data, depth: DEPTH, blocks: BLOCKS, seed: 11 });
}

function poll(pair: QueuePair, load: VerifiedLoad): void {
  while (!load.isIdle) pair.poll();
}

function outcome(load: VerifiedLoad): Record<string, unknown> {
  return { completed: load.completed, failures: load.failures, refusals: load.refusals, surplus: load.surplus };
}

/** One block, waited for. @returns its status, or the answer to the submission as a text */
function transfer(
  controller: Controller,
  pair: QueuePair,
  direction: 'read' | 'write',
  at: number,
  lba: number,
): number | string {
  let status: number | undefined;
  const answer = pair[direction](
    controller.namespace(1),
    at,
    lba,
    1,
    0,
    (_, result) => void (status = result),
    undefined,
  );
  if (answer !== 0) return `answer ${answer}`;
  while (status === undefined) pair.poll();
  return status;
}

const TASKS: Record<string, () => Promise<Record<string, unknown>>> = {
  identify: async () => {
    const fn = await open({ vectors: 3 });
    const { controller } = await bringUp(fn);
    const { sn, mn, fr, nn } = controller.identity;
    const { blocks, blockBytes } = controller.namespace(1);
    const bound = { vectors: fn.vectors.count, kind: fn.memory.iommuKind, bdf: fn.bdf, cmb: fn.cmb?.byteLength ?? 0 };
    await controller.shutDown();
    await fn.close();
    return { sn, mn, fr, nn, blocks, blockBytes, said, ...bound };
  },

  /** Every register access is counted by the driver's side too. */
  load: async () => {
    const fn = await open();
    const { controller, pair } = await bringUp(fn);
    const load = makeLoad(fn, controller, pair);
    load.start(2000);
    poll(pair, load);
    load.startReadBack();
    poll(pair, load);
    await controller.shutDown();
    await fn.close();
    return { ...outcome(load), said, counters: fn.counters };
  },

  interrupts: async () => {
    const fn = await open();
    const controller = await Controller.attach(fn, { clock, ioQueuePairs: 3 });
    const messages: Record<string, number> = {};
    const loads: Record<string, unknown> = {};
    for (const [index, mode] of (['poll', 'interrupt', 'adaptive'] satisfies CompletionMode[]).entries()) {
      const pair = await controller.createQueuePair({ entries: 64, interruptVector: index + 1 });
      const group = new PollGroup({ clock, mode, idlePollsMax: 20 });
      group.add(pair);
      const load = makeLoad(fn, controller, pair);
      load.start(500);
      while (!load.isIdle) await group.wait({ deadlineMs: 10_000 });
      messages[mode] = fn.vectors.received(index + 1);
      loads[mode] = outcome(load);
    }
    const late = await fn.vectors.wait(2, fn.vectors.received(2), { timeoutMs: 60 });
    const isQuiet = late === fn.vectors.received(2);
    await controller.shutDown();
    await fn.close();
    return { messages, loads, isQuiet };
  },

  /** From one buffer of the caller's into another, on the same disk; then a third that was taken back. */
  buffers: async () => {
    const fn = await open();
    const { controller, pair } = await bringUp(fn);
    const [source, target] = [new Uint8Array(1 << 20), new Uint8Array(new ArrayBuffer(1 << 20), 12_345)];
    const from = fn.memory.register(source);
    const into = fn.memory.register(target);
    const bytes = source.subarray(from.offset, from.offset + BLOCK_BYTES);
    for (let i = 0; i < bytes.length; i++) bytes[i] = i * 31;
    const wrote = transfer(controller, pair, 'write', from.address, 77);
    const read = transfer(controller, pair, 'read', into.address + 8192, 77);
    const arrived = target.subarray(into.offset + 8192, into.offset + 8192 + BLOCK_BYTES);
    const isEqual = Buffer.compare(bytes, arrived) === 0;
    const [bus, page] = [fn.dma.iovaLow[into.address >>> 12], into.address >>> 12];
    fn.memory.unregister(into);
    const afterwards = transfer(controller, pair, 'read', into.address, 77);
    fn.memory.unregister(from);
    // The same again many times: neither addresses nor locked memory run out.
    for (let i = 0; i < 300; i++) fn.memory.unregister(fn.memory.register(source));
    const again = fn.memory.register(source);
    const isReused = fn.dma.iovaLow[again.address >>> 12] === bus || again.address >>> 12 <= page;
    const once = transfer(controller, pair, 'read', again.address, 77);
    await controller.shutDown();
    await fn.close();
    return { wrote, read, isEqual, afterwards, isReused, once, sizes: [from.bytes, into.bytes] };
  },

  /** A command that names a bus address at which nothing is mapped. */
  unmapped: async () => {
    const fn = await open();
    const { controller, pair } = await bringUp(fn);
    const at = fn.dma.allocate(BLOCK_BYTES);
    const page = fn.dma.bytes(at, BLOCK_BYTES).fill(0xa5);
    fn.dma.iovaHigh[at >>> 12] += 0x20;
    const status = transfer(controller, pair, 'read', at, 0);
    const isUntouched = page.every((byte) => byte === 0xa5);
    fn.dma.iovaHigh[at >>> 12] -= 0x20;
    const afterwards = transfer(controller, pair, 'read', at, 0);
    await controller.shutDown();
    await fn.close();
    return { status, isUntouched, afterwards };
  },

  /** The function is reset under load, then the driver resets the controller and sends again what was in flight. */
  reset: async () => {
    const fn = await open();
    const { controller, pair } = await bringUp(fn);
    const load = makeLoad(fn, controller, pair);
    const before = fn.vectors.received(1);
    load.start(3000);
    while (load.completed < 500) pair.poll();
    fn.reset();
    const csts = await fn.registers.read32(REG_CSTS);
    await controller.reset();
    poll(pair, load);
    load.startReadBack();
    poll(pair, load);
    const messages = fn.vectors.received(1) - before;
    await controller.shutDown();
    await fn.close();
    return { ...outcome(load), csts, hasMessages: messages > 0 };
  },

  /** Closed with commands under way, and used again at once. */
  close: async () => {
    const rounds: unknown[] = [];
    for (let round = 0; round < 3; round++) {
      const fn = await open();
      const { controller, pair } = await bringUp(fn);
      const load = makeLoad(fn, controller, pair);
      load.start(100);
      for (let i = 0; i <= round; i++) pair.poll();
      const waiting = fn.vectors.wait(0, fn.vectors.received(0)).catch((error: unknown) => String(error));
      await fn.close();
      pair.poll();
      fn.doorbells.ringSq(1, 5);
      rounds.push({ state: fn.state, csts: await fn.registers.read32(REG_CSTS), waiting: await waiting });
    }
    const fn = await open();
    const { controller, pair } = await bringUp(fn);
    const load = makeLoad(fn, controller, pair);
    load.start(200);
    poll(pair, load);
    await controller.shutDown();
    await fn.close();
    return { rounds, ...outcome(load) };
  },

  /** Two controllers of one subsystem on the same memory: what one writes the other reads. */
  shared: async () => {
    const memory = new VfioMemory({ bytes: 8 << 20, log, iommu });
    const functions = [await open({ memory }), await openVfio(second ?? '', { memory, log })];
    const [one, other] = [await bringUp(functions[0]), await bringUp(functions[1])];
    const at = memory.dma.allocate(2 * BLOCK_BYTES);
    memory.dma.bytes(at, BLOCK_BYTES).fill(0x3c);
    const wrote = transfer(one.controller, one.pair, 'write', at, 9);
    const read = transfer(other.controller, other.pair, 'read', at + BLOCK_BYTES, 9);
    const isEqual = memory.dma.bytes(at + BLOCK_BYTES, BLOCK_BYTES).every((byte) => byte === 0x3c);
    await one.controller.shutDown();
    await functions[0].close();
    // The other one still reaches everything.
    const afterwards = transfer(other.controller, other.pair, 'read', at, 9);
    await other.controller.shutDown();
    await functions[1].close();
    memory.close();
    return { wrote, read, isEqual, afterwards, serials: [one.controller.identity.sn, other.controller.identity.sn] };
  },

  /** Data straight into the controller's own memory and out of it. */
  cmb: async () => {
    const fn = await open();
    const { cmb } = fn;
    if (cmb === undefined) return { bytes: 0 };
    const bus = fn.memory.reserveBusAddresses(cmb.byteLength);
    fn.registers.write64(REG_CMBMSC, ((bus % 2 ** 32) | 3) >>> 0, Math.floor(bus / 2 ** 32));
    const own = fn.dma.attach(wrapDmaArena(cmb, bus), { reserved: true });
    const { controller, pair } = await bringUp(fn);
    const at = fn.dma.allocate(BLOCK_BYTES);
    fn.dma.bytes(at, BLOCK_BYTES).fill(0x77);
    const wrote = transfer(controller, pair, 'write', at, 33);
    const read = transfer(controller, pair, 'read', own + 8192, 33);
    const words = fn.dma.words(own + 8192, BLOCK_BYTES / 4);
    const isEqual = words.every((word) => word === 0x7777_7777);
    words.fill(0x1111_1111);
    const wroteFrom = transfer(controller, pair, 'write', own + 8192, 34);
    const readBack = transfer(controller, pair, 'read', at, 34);
    const isBack = fn.dma.bytes(at, BLOCK_BYTES).every((byte) => byte === 0x11);
    await controller.shutDown();
    await fn.close();
    return { bytes: cmb.byteLength, wrote, read, isEqual, wroteFrom, readBack, isBack };
  },

  /** Works until the kernel asks for the device, then shuts down and closes, as an owner should. */
  removal: async () => {
    const reasons: string[] = [];
    const fn = await open({ onRemoval: (reason) => void reasons.push(reason) });
    const { controller, pair } = await bringUp(fn);
    const load = makeLoad(fn, controller, pair);
    console.log('OPEN');
    let ios = 0;
    while (reasons.length === 0) {
      load.start(DEPTH);
      poll(pair, load);
      ios += DEPTH;
      await fn.pause();
    }
    const { state } = fn;
    load.start(100);
    poll(pair, load);
    await controller.shutDown();
    await fn.close();
    return { reasons, state, isBusy: ios > 0, failures: load.failures };
  },

  /** Holds the function with I/O under way until it is killed. */
  hold: async () => {
    const fn = await open();
    const { controller, pair } = await bringUp(fn);
    const load = makeLoad(fn, controller, pair);
    console.log('OPEN');
    for (;;) {
      load.start(1000);
      poll(pair, load);
      await fn.pause();
    }
  },

  /** Holds the function without using it until it is killed. */
  wait: async () => {
    await open();
    console.log('OPEN');
    return new Promise(() => undefined);
  },

  /** Two functions of one group, on the same memory. */
  both: async () => {
    const memory = new VfioMemory({ bytes: 8 << 20, log, iommu });
    const functions = [await open({ memory }), await openVfio(second ?? '', { memory, log })];
    const serials: string[] = [];
    for (const fn of functions) {
      const { controller } = await bringUp(fn);
      serials.push(controller.identity.sn);
      await controller.shutDown();
    }
    for (const fn of functions) await fn.close();
    memory.close();
    return { serials };
  },

  /** Opens and closes as another user, with so much memory. */
  user: async () => {
    setgid?.(1000);
    setuid?.(1000);
    const fn = await open({ dmaBytes: Number(second ?? 1 << 20), hugePages: false });
    const kind = fn.memory.iommuKind;
    await fn.close();
    return { isOpened: true, kind };
  },
};

async function main(): Promise<Record<string, unknown>> {
  try {
    return await TASKS[what]();
  } catch (error) {
    if (!(error instanceof VfioRefusal)) throw error;
    return { refused: error.code, message: error.message };
  }
}

// A wait for interrupts does not keep a process alive.
const alive = setInterval(() => undefined, 1000);
console.log(JSON.stringify(await main()));
clearInterval(alive);
