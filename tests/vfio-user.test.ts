/**
 * The driver in this process, the device in another, and the vfio-user protocol between them.
 */
import type { Clock } from '@phasebit/core';
import { type CompletionMode, Controller, PollGroup, type QueuePair } from '@phasebit/nvme';
import { openVfioUser, type VfioUserFunction, type VfioUserOptions } from '@phasebit/vfio-user';
import { type ChildProcess, execFile, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, bundle } from './support/bundle.js';
import type { ServedDeviceStart } from './support/served-device.js';
import { VerifiedLoad } from './support/verified-load.js';

const DEPTH = 16;
const BLOCKS = 512;
const ABORTED_BY_HOST = 0x371;
const DEADLINE_MS = 25_000;

const clock: Clock = { nowNs: () => performance.now() * 1e6 };
let program: Bundle;
const closing: (() => void)[] = [];

beforeAll(async () => {
  program = await bundle('served-device.ts');
});

afterAll(() => program.remove());

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A device in a process of its own. */
class Served {
  readonly path: string;
  private readonly child: ChildProcess;
  private readonly exit: Promise<unknown>;

  private constructor(folder: string, options: Partial<ServedDeviceStart>) {
    this.path = path.join(folder, 'nvme');
    const start = { path: this.path, mediumBytes: BLOCKS * 4096, mapDoorbells: true, cmbBytes: 0, ...options };
    this.child = fork(program.file, [JSON.stringify(start)]);
    this.exit = new Promise((resolve) => this.child.once('exit', resolve));
    closing.push(() => {
      this.child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    });
  }

  static async start(options: Partial<ServedDeviceStart> = {}): Promise<Served> {
    const served = new Served(mkdtempSync(path.join(tmpdir(), 'phasebit-served-')), options);
    await new Promise((resolve) => served.child.once('message', resolve));
    return served;
  }

  async open(options: Partial<VfioUserOptions> = {}): Promise<VfioUserFunction> {
    const fn = await openVfioUser(this.path, { clock, arenas: [{ bytes: 8 << 20 }], ...options });
    closing.unshift(() => fn.close());
    return fn;
  }

  /** Kills it, as a crash would. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exit;
  }

  /** Has it end by itself; its exit code. */
  async stop(): Promise<unknown> {
    this.child.send('end');
    return this.exit;
  }
}

function loadOn(fn: VfioUserFunction, controller: Controller, pair: QueuePair, firstLba = 0): VerifiedLoad {
  const namespace = controller.namespace(1);
  return new VerifiedLoad({
    target: {
      read: (address, lba, blocks, callback, context) =>
        pair.read(namespace, address, firstLba + lba, blocks, 0, callback, context),
      write: (address, lba, blocks, callback, context) =>
        pair.write(namespace, address, firstLba + lba, blocks, 0, callback, context),
    },
    dma: fn.dma,
    data: fn.dma.allocate(DEPTH * 4096),
    depth: DEPTH,
    blocks: BLOCKS / 4,
    seed: 5,
  });
}

/** Polls until it is done. @throws Error when it takes too long */
async function poll(pair: QueuePair, isDone: () => boolean): Promise<void> {
  const deadlineNs = clock.nowNs() + DEADLINE_MS * 1e6;
  while (!isDone()) {
    for (let i = 0; i < 64 && !isDone(); i++) pair.poll();
    await nextTurn();
    if (clock.nowNs() > deadlineNs) throw new Error(`not done after ${DEADLINE_MS} ms`);
  }
}

describe('a driver on a controller of another process', () => {
  it.each<[string, number, Partial<ServedDeviceStart>, Partial<VfioUserOptions>]>([
    ['everything shared', 10_000, {}, {}],
    ['memory scattered over the bus', 2000, {}, { arenas: [{ bytes: 2 << 20, scatterSeed: 3 }, { bytes: 4 << 20 }] }],
    ['doorbells by message', 5000, { mapDoorbells: false }, {}],
    ['memory by message', 500, {}, { dmaByMessage: true }],
    ['all of it by message', 500, { mapDoorbells: false }, { dmaByMessage: true }],
  ])('loses, repeats or mixes up blocks: %s', async (_, ios, served, options) => {
    const device = await Served.start(served);
    const fn = await device.open(options);
    const controller = await Controller.attach(fn, { clock, ioQueuePairs: 2 });
    const pair = await controller.createQueuePair({ entries: 32 });
    const load = loadOn(fn, controller, pair);
    load.start(ios);
    await poll(pair, () => load.isIdle);
    load.startReadBack();
    await poll(pair, () => load.isIdle);
    expect(load).toMatchObject({ completed: ios + BLOCKS / 4, failures: [], refusals: [], surplus: 0 });
    await controller.shutDown();
    fn.close();
    expect(await device.stop()).toBe(0);
  });

  it.each<[CompletionMode, boolean]>([
    ['interrupt', false],
    ['adaptive', false],
    ['interrupt', true],
  ])('sleeps through a message: mode %s, memory by message: %s', async (mode, dmaByMessage) => {
    const device = await Served.start();
    const fn = await device.open({ dmaByMessage });
    const controller = await Controller.attach(fn, { clock, ioQueuePairs: 2 });
    const group = new PollGroup({ clock, mode, idlePollsMax: 20 });
    const loads: VerifiedLoad[] = [];
    for (const vector of [1, 2]) {
      const pair = await controller.createQueuePair({ entries: 32, interruptVector: vector });
      group.add(pair);
      loads.push(loadOn(fn, controller, pair, (vector - 1) * (BLOCKS / 4)));
    }
    for (const load of loads) load.start(dmaByMessage ? 100 : 1000);
    while (loads.some((load) => !load.isIdle)) expect(await group.wait({ deadlineMs: DEADLINE_MS })).toBeGreaterThan(0);
    for (const load of loads) expect(load).toMatchObject({ failures: [], surplus: 0 });
    if (mode === 'interrupt') expect([1, 2].every((vector) => fn.vectors.received(vector) > 0)).toBe(true);
    await controller.shutDown();
  });

  it('cannot be brought up again by the next client, after one that went away without a word', async () => {
    const device = await Served.start({ cmbBytes: 1 << 16 });
    for (let round = 0; round < 3; round++) {
      const fn = await device.open();
      const controller = await Controller.attach(fn, { clock, ioQueuePairs: 1 });
      const pair = await controller.createQueuePair({ entries: 32 });
      const load = loadOn(fn, controller, pair, round * (BLOCKS / 4));
      load.start(200);
      // It leaves with commands under way.
      await poll(pair, () => load.completed > 100);
      fn.close();
    }
    const fn = await device.open();
    const controller = await Controller.attach(fn, { clock, ioQueuePairs: 1 });
    const pair = await controller.createQueuePair({ entries: 32 });
    const load = loadOn(fn, controller, pair, 3 * (BLOCKS / 4));
    load.start(200);
    await poll(pair, () => load.isIdle);
    expect(load).toMatchObject({ completed: 200, failures: [] });
  });

  it('waits for ever for a controller that is gone, or for less than it accepted', async () => {
    const device = await Served.start();
    const fn = await device.open();
    const controller = await Controller.attach(fn, { clock, ioQueuePairs: 1 });
    const pair = await controller.createQueuePair({ entries: 32 });
    const load = loadOn(fn, controller, pair);
    load.start(1e9);
    await poll(pair, () => load.completed > 500);
    await device.kill();
    const deadlineNs = clock.nowNs() + DEADLINE_MS * 1e6;
    while (!load.isIdle && clock.nowNs() < deadlineNs) {
      pair.poll();
      controller.tick();
      await nextTurn();
    }
    expect([load.isIdle, fn.isLost, load.surplus]).toEqual([true, true, 0]);
    expect(new Set(load.failures)).toEqual(new Set([ABORTED_BY_HOST]));
  });

  it.each<CompletionMode>(['interrupt', 'adaptive'])(
    'lets nobody notice that a controller is gone while mode %s waits',
    async (mode) => {
      const device = await Served.start();
      const fn = await device.open();
      const controller = await Controller.attach(fn, { clock, ioQueuePairs: 1 });
      const pair = await controller.createQueuePair({ entries: 32, interruptVector: 1 });
      const group = new PollGroup({ clock, mode });
      group.add(pair);
      const load = loadOn(fn, controller, pair);
      load.start(16);
      while (!load.isIdle) await group.wait();
      const ticks = setInterval(() => controller.tick(), 1);
      const waiting = group.wait();
      await device.kill();
      // Whoever waits without a deadline has the owner's ticks come through, and then has nothing left to wait for.
      expect(await waiting).toBe(0);
      clearInterval(ticks);
      expect([group.pairs.length, fn.isLost]).toEqual([0, true]);
    },
  );

  it.each<CompletionMode>(['interrupt', 'adaptive'])(
    'is a process that ends before its I/O does, or not afterwards: mode %s',
    async (mode) => {
      const device = await Served.start();
      const program = await bundle('waiting-driver.ts');
      const { stdout } = await promisify(execFile)(process.execPath, [program.file, device.path, mode]);
      program.remove();
      expect(stdout).toBe('completed 200\n');
    },
  );
});
