/**
 * Paths of a block device that are lost and come back, with I/O under way: controllers that are reset or attached anew, queue pairs that are
 * lost alone, namespaces that go, come and change. Nothing that was accepted may be lost, called back twice, or made wrong.
 */
import { BDEV_NEVER } from '@phasebit/bdev';
import type { PathControllerOptions } from '@phasebit/bdev-nvme';
import type { FailMode } from '@phasebit/controller';
import { type ManualClock, Prng } from '@phasebit/core';
import { ActivePassiveSelector } from '@phasebit/multipath';
import type { Controller } from '@phasebit/nvme';
import {
  ANA_STATE_INACCESSIBLE,
  ANA_STATE_OPTIMIZED,
  NVM_READ,
  STATUS_DNR,
  STATUS_INVALID_NAMESPACE,
  STATUS_MORE,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { InlineStack, NSID } from './support/inline-stack.js';
import {
  expectUnharmed,
  GROUP,
  IOS,
  openPaths,
  type PathChoices,
  type PathsUnderLoad,
} from './support/paths-under-load.js';

const preferFirst = { selector: () => new ActivePassiveSelector({ preferred: 0 }) };
const RESETS = { onLost: 'reset', resetAttemptsMax: 100, resetDelayMs: 20 } as const;
const TIMES = { ctrlrLossTimeoutMs: 5000, reconnectDelayMs: 50, fastIoFailTimeoutMs: 0 };

/** Drivers that give a lost controller up at once, and sources that attach it anew; `attached` counts how often that was tried. */
function attaching(
  reconnect: PathControllerOptions['reconnect'] = TIMES,
  before: (index: number, stack: InlineStack) => void = () => undefined,
  driver: PathChoices['driver'] = {},
) {
  const attached: number[] = [];
  const choices: PathChoices = {
    source: (index, stack) => ({
      reconnect,
      attach: async (wait): Promise<Controller> => {
        attached.push(index);
        before(index, stack);
        return stack.attach(index, { ioTimeoutMs: 50, ...driver }, wait);
      },
    }),
  };
  return { attached, choices };
}

/** The first path carries everything, and the load runs on. */
async function startOnFirst(paths: PathsUnderLoad, ios = IOS): Promise<void> {
  paths.load.start(ios);
  await paths.run(500);
  expect(paths.carried()[1] ?? 0).toBe(0);
}

/** Waits until the first path carries I/O again, alone. */
async function expectFirstAgain(paths: PathsUnderLoad): Promise<void> {
  await paths.run(200);
  paths.carried();
  await paths.run(200);
  expect(paths.carried()[1]).toBe(0);
}

function expectPathError(names: ReadonlySet<string>): void {
  expect(names.size).toBeGreaterThan(0);
  for (const name of names) expect(name).toMatch(/Command Aborted By Host|Host Pathing Error/);
}

async function until(paths: PathsUnderLoad, isDone: () => boolean): Promise<void> {
  for (let ms = 0; !isDone(); ms++) {
    if (ms === 20_000) throw new Error('not done in 20 s');
    await paths.pass(1);
  }
}

const endless = 10_000_000;

describe('a controller that the driver resets', () => {
  it('does not carry I/O again, or has lost some', async () => {
    const paths = await openPaths(preferFirst, {}, 2, { driver: RESETS });
    const { stack, load } = paths;
    await startOnFirst(paths, endless);
    const [pair] = stack.controllers[0].queuePairs;
    for (let round = 0; round < 3; round++) {
      stack.devices[0].fail('fatal');
      await until(paths, () => stack.controllers[0].state === 'RESETTING');
      await paths.run(300);
      expect(paths.carried()[1]).toBeGreaterThan(100);
      await until(paths, () => stack.controllers[0].state === 'READY');
      await expectFirstAgain(paths);
    }
    // The driver has created its queues again on the same memory, and nobody has made another pair.
    expect(stack.controllers[0].queuePairs).toEqual([pair]);
    await expectUnharmed(paths);
    expect(load.failures).toEqual([]);
  });

  it('fails I/O although it is the only one and comes back', async () => {
    const paths = await openPaths({}, {}, 1, { driver: RESETS });
    const { stack, load } = paths;
    load.start(IOS);
    await paths.run(500);
    stack.devices[0].fail('fatal');
    await paths.run(500);
    await stack.controllers[0].reset();
    await paths.drain();
    expect(load.completed).toBe(IOS);
    await expectUnharmed(paths);
  });

  it('keeps what waits in the driver until it lets go of the bus, although another path would do', async () => {
    const paths = await openPaths(preferFirst, {}, 2, { driver: RESETS });
    const { stack, load } = paths;
    await startOnFirst(paths, endless);
    stack.devices[0].fail('hang');
    const [pair] = stack.controllers[0].queuePairs;
    await until(paths, () => stack.controllers[0].state === 'RESETTING');
    await paths.pass(5);
    // The device may still write to the memory of what it has; the rest has gone to the other path.
    expect(pair.inFlight).toBeGreaterThan(0);
    expect(pair.outstanding).toBe(pair.inFlight);
    await paths.run(500);
    expect(paths.carried()[1]).toBeGreaterThan(400);
    stack.devices[0].revive();
    await until(paths, () => stack.controllers[0].state === 'READY');
    await expectFirstAgain(paths);
    await expectUnharmed(paths);
    expect(load.failures).toEqual([]);
  });

  it('is used in the ANA state that it had before', async () => {
    const paths = await openPaths(preferFirst, {}, 2, { driver: RESETS });
    const { stack, load } = paths;
    await startOnFirst(paths, endless);
    stack.devices[0].fail('fatal');
    await until(paths, () => stack.controllers[0].state === 'RESETTING');
    stack.devices[0].setAnaState(GROUP, ANA_STATE_INACCESSIBLE);
    await until(paths, () => stack.controllers[0].state === 'READY');
    await paths.run(200);
    paths.carried();
    await paths.run(500);
    expect(paths.carried()[0]).toBe(0);
    stack.devices[0].setAnaState(GROUP, ANA_STATE_OPTIMIZED);
    await expectFirstAgain(paths);
    await expectUnharmed(paths);
    expect(load.failures).toEqual([]);
  });
});

describe('a controller that was given up', () => {
  it.each<FailMode>(['fatal', 'hang', 'remove'])('is not attached anew, or has lost I/O: %s', async (mode) => {
    const { attached, choices } = attaching(TIMES, (index, stack) => {
      if (mode === 'hang') stack.devices[index].revive();
      if (mode === 'remove') stack.plug(index);
    });
    const paths = await openPaths(preferFirst, {}, 2, choices);
    const { stack, load } = paths;
    await startOnFirst(paths, endless);
    for (let round = 1; round <= 4; round++) {
      const [before] = stack.controllers;
      stack.devices[0].fail(mode);
      await until(paths, () => before.state === 'FAILED');
      await until(paths, () => stack.controllers[0] !== before && stack.controllers[0].queuePairs.length === 1);
      expect(attached.length).toBe(round);
      expect(before.queuePairs).toEqual([]);
      await expectFirstAgain(paths);
    }
    await expectUnharmed(paths);
    expect(load.failures).toEqual([]);
  });

  it('has its memory kept by what is gone', async () => {
    const { choices } = attaching();
    const paths = await openPaths({}, {}, 1, choices);
    const { stack, load } = paths;
    load.start(endless);
    // 4 MiB of memory, and each queue pair takes 40 lists: it would be used up.
    for (let round = 0; round < 60; round++) {
      await paths.run(20);
      const [before] = stack.controllers;
      stack.devices[0].fail('fatal');
      await until(paths, () => stack.controllers[0] !== before && stack.controllers[0].queuePairs.length === 1);
    }
    await expectUnharmed(paths);
    expect(load.failures).toEqual([]);
    paths.channel.close();
    await until(paths, () => stack.controllers[0].queuePairs.length === 0);
    await stack.close();
    stack.dma.free(stack.dma.allocate(4 << 20));
  });

  it('is tried at other times than the delay says, and again after it was given up for good', async () => {
    const reconnect = { ctrlrLossTimeoutMs: 1000, reconnectDelayMs: 100, fastIoFailTimeoutMs: 0 };
    const { attached, choices } = attaching(reconnect, () => {
      throw new Error('it is not there');
    });
    const paths = await openPaths({}, {}, 1, choices);
    const { stack, load, names } = paths;
    load.start(endless);
    await paths.run(200);
    stack.devices[0].fail('fatal');
    await until(paths, () => stack.controllers[0].state === 'FAILED');
    const lostNs = stack.clock.nowNs();
    load.stop();
    await paths.pass(900);
    expect(attached.length).toBe(10);
    expect(load.failures).toEqual([]);
    await paths.drain();
    const waitedMs = (stack.clock.nowNs() - lostNs) / 1e6;
    expect(waitedMs).toBeGreaterThan(980);
    expect(waitedMs).toBeLessThan(1020);
    expectPathError(names);
    const tries = attached.length;
    await paths.pass(3000);
    expect(attached.length).toBe(tries);
  });

  it('comes back only by itself: its owner has attached it and nobody goes on with it', async () => {
    const paths = await openPaths(preferFirst);
    const { stack, load } = paths;
    await startOnFirst(paths, endless);
    const [source] = stack.sources;
    expect(() => source.replace(stack.controllers[1])).toThrow(expect.objectContaining({ code: 'NOT_LOST' }));
    stack.devices[0].fail('fatal');
    await until(paths, () => stack.controllers[0].state === 'FAILED');
    expect(() => source.replace(stack.controllers[1])).toThrow(expect.objectContaining({ code: 'PATHS_DIFFER' }));
    const controller = await stack.attach(0);
    source.replace(controller);
    expect(source.controller).toBe(controller);
    await expectFirstAgain(paths);
    await expectUnharmed(paths);
    expect(load.failures).toEqual([]);
  });
});

describe('I/O that waits for the only controller', () => {
  const reconnect = { ctrlrLossTimeoutMs: 60_000, reconnectDelayMs: 50, fastIoFailTimeoutMs: 200 };

  it('waits for longer than fast-I/O-fail says, or makes the controller be given up', async () => {
    // Attempts fail again and again, or hang: a controller that does not answer makes each take half a second.
    for (const mode of ['fatal', 'hang'] as const) {
      const paths = await openPaths({}, {}, 1, { driver: RESETS, source: () => ({ reconnect }) });
      const { stack, load, names, channel } = paths;
      load.start(endless);
      await paths.run(200);
      const stuck = { kind: 'stuck-ready', enable: true } as const;
      if (mode === 'fatal') stack.devices[0].faults.add(stuck);
      stack.devices[0].fail(mode);
      await until(paths, () => stack.controllers[0].state === 'RESETTING');
      load.stop();
      await paths.pass(190);
      expect(load.failures).toEqual([]);
      await paths.pass(20);
      const [pair] = stack.controllers[0].queuePairs;
      expect(load.failures.length).toBeGreaterThan(50);
      // What a device that hangs may still write to is not given back before it lets go.
      expect(channel.inFlight).toBe(mode === 'hang' ? pair.inFlight : 0);
      expectPathError(names);
      // New I/O fails at once, while the attempts go on.
      const ended: number[] = [];
      channel.read(stack.data, 0, 1, (_, status) => ended.push(status), 0);
      await paths.pass(1);
      expect(ended).toEqual([5]);
      expect(stack.controllers[0].state).toBe('RESETTING');
      // It comes back, and I/O goes on as if nothing had been.
      stack.devices[0].faults.remove(stuck);
      stack.devices[0].revive();
      await until(paths, () => stack.controllers[0].state === 'READY');
      await paths.drain();
      await paths.pass(5);
      const failed = load.failures.length;
      load.start(IOS);
      await paths.drain();
      expect(load.failures.length).toBe(failed);
      names.clear();
      await expectUnharmed(paths);
    }
  });

  it('waits for ever when the controller never comes back', async () => {
    const times = { ctrlrLossTimeoutMs: 2000, reconnectDelayMs: 50, fastIoFailTimeoutMs: 0 };
    const paths = await openPaths({}, {}, 1, { driver: RESETS, source: () => ({ reconnect: times }) });
    const { stack, load, channel } = paths;
    load.start(endless);
    await paths.run(200);
    stack.devices[0].faults.add({ kind: 'stuck-ready', enable: true });
    stack.devices[0].fail('fatal');
    load.stop();
    await paths.pass(1900);
    expect(load.failures).toEqual([]);
    await paths.drain();
    await until(paths, () => stack.controllers[0].state === 'FAILED');
    expect(stack.controllers[0].error?.code).toBe('GIVEN_UP');
    expect(channel.inFlight).toBe(0);
    expect(stack.clock.nowNs()).toBeLessThan(6e9);
  });

  it('waits for a controller that is down and that nobody brings up', async () => {
    const paths = await openPaths({}, {}, 1, { source: () => ({ reconnect: TIMES }) });
    const { stack, load } = paths;
    load.start(endless);
    await paths.run(200);
    stack.devices[0].fail('fatal');
    load.stop();
    await paths.pass(100);
    expect(load.isIdle).toBe(true);
    expect(load.failures.length).toBeGreaterThan(50);
  });
});

describe('a queue pair that is lost while its controller lives', () => {
  it('takes the path with it for good, or I/O', async () => {
    const paths = await openPaths(preferFirst);
    const { stack, load } = paths;
    await startOnFirst(paths, endless);
    for (let round = 0; round < 3; round++) {
      const [pair] = stack.controllers[0].queuePairs;
      pair.disconnect();
      await until(paths, () => stack.controllers[0].queuePairs.some((each) => each !== pair));
      await until(paths, () => !stack.controllers[0].queuePairs.includes(pair));
      await expectFirstAgain(paths);
    }
    expect(stack.controllers[0].state).toBe('READY');
    await expectUnharmed(paths);
    expect(load.failures).toEqual([]);
  });

  it('is not made again when the controller has no room for another until the old one is gone', async () => {
    const paths = await openPaths({}, {}, 1, { driver: { ioQueuePairs: 1 } });
    const { stack, load } = paths;
    load.start(endless);
    await paths.run(200);
    expect(stack.controllers[0].ioQueuePairsMax).toBe(1);
    const [pair] = stack.controllers[0].queuePairs;
    pair.disconnect();
    await paths.run(500);
    expect(stack.controllers[0].queuePairs).not.toContain(pair);
    await expectUnharmed(paths);
    expect(load.failures).toEqual([]);
  });
});

describe('a namespace', () => {
  it('that is taken from one controller fails I/O, or is not used again when it is back', async () => {
    const paths = await openPaths(preferFirst);
    const { stack, load } = paths;
    await startOnFirst(paths, endless);
    for (let round = 0; round < 3; round++) {
      stack.devices[0].detach(NSID);
      await paths.run(300);
      paths.carried();
      await paths.run(300);
      expect(paths.carried()[0]).toBe(0);
      stack.devices[0].attach({ nsid: NSID, medium: stack.medium, blockBytes: 4096, shared: true });
      await until(paths, () => stack.controllers[0].namespaces.has(NSID));
      await paths.pass(5);
      await expectFirstAgain(paths);
    }
    await expectUnharmed(paths);
    expect(load.failures).toEqual([]);
  });

  it('that is taken from the only controller makes I/O wait, or fail without a reason', async () => {
    const paths = await openPaths({}, {}, 1);
    const { stack, load, names, channel } = paths;
    load.start(endless);
    await paths.run(300);
    stack.devices[0].detach(NSID);
    load.stop();
    await paths.pass(20);
    expect(load.isIdle).toBe(true);
    expect(names.size).toBeGreaterThan(0);
    for (const name of names) expect(name).toMatch(/Invalid Field in Command|Invalid Namespace or Format/);
    names.clear();
    load.start(10);
    await paths.drain();
    expect([...names]).toEqual([expect.stringContaining('Invalid Namespace or Format')]);
    stack.devices[0].attach({ nsid: NSID, medium: stack.medium, blockBytes: 4096 });
    await until(paths, () => stack.controllers[0].namespaces.has(NSID));
    await paths.pass(5);
    const failed = load.failures.length;
    load.start(IOS);
    await paths.drain();
    expect([load.failures.length, channel.inFlight]).toEqual([failed, 0]);
    names.clear();
    await expectUnharmed(paths);
  });

  it('that another one has taken the place of is written to', async () => {
    const warnings: string[] = [];
    const log = { info: () => undefined, warn: (message: string) => void warnings.push(message) };
    const paths = await openPaths(preferFirst, {}, 2, { source: () => ({ log }) });
    const { stack, load } = paths;
    await startOnFirst(paths, endless);
    stack.devices[0].detach(NSID);
    await paths.run(300);
    const uuid = '0123456789abcdef0123456789abcdef';
    stack.devices[0].attach({ nsid: NSID, medium: stack.medium, blockBytes: 4096, shared: true, uuid });
    await until(paths, () => stack.controllers[0].namespaces.has(NSID));
    paths.carried();
    await paths.run(500);
    expect(paths.carried()[0]).toBe(0);
    expect(warnings).toContainEqual(expect.stringMatching(/^namespace 1 of controller 0 not used: expected uuid /));
    await expectUnharmed(paths);
    expect(load.failures).toEqual([]);
  });

  it('that shrinks is used, or one that grows is not, or with another size than the device was opened with', async () => {
    const said: string[] = [];
    const log = { info: (text: string) => void said.push(text), warn: (text: string) => void said.push(text) };
    const paths = await openPaths(preferFirst, {}, 2, { source: () => ({ log }), blocks: 1000 });
    const { stack, load, channel } = paths;
    const resize = async (blocks: number, index = 0): Promise<void> => {
      const before = stack.controllers[index].namespaces.get(NSID);
      stack.devices[index].detach(NSID);
      stack.devices[index].attach({ nsid: NSID, medium: stack.medium, blockBytes: 4096, shared: true, blocks });
      await until(paths, () => stack.controllers[index].namespaces.get(NSID) !== before);
      await paths.pass(5);
    };
    await startOnFirst(paths, endless);
    await resize(999);
    await paths.run(100);
    paths.carried();
    await paths.run(300);
    expect(paths.carried()[0]).toBe(0);
    expect(said).toContainEqual(expect.stringContaining('not used: expected blocks at least 1000, got 999'));
    await resize(1000);
    await expectFirstAgain(paths);
    await resize(1100);
    await expectFirstAgain(paths);
    expect(said).toContainEqual(expect.stringContaining('namespace 1 of controller 0 has 1100 blocks, and had 1000'));
    await resize(1100, 1);
    expect(channel.bdev.blockCount).toBe(1000);
    expect(channel.read(stack.data, 1000, 1, () => expect.unreachable(), 0)).toBe(BDEV_NEVER);
    const { bdev } = await stack.openBdev();
    expect(bdev.blockCount).toBe(1100);
    await expectUnharmed(paths);
    expect(load.failures).toEqual([]);
  });

  it('that a controller denies once is not used there any more', async () => {
    const paths = await openPaths(preferFirst);
    const { stack, load } = paths;
    await startOnFirst(paths, endless);
    const status = STATUS_INVALID_NAMESPACE | STATUS_DNR;
    stack.devices[0].faults.add({ kind: 'status', status, opcode: NVM_READ, count: 3 });
    await paths.run(100);
    expect(paths.carried()[1]).toBeGreaterThan(0);
    await paths.pass(10);
    await expectFirstAgain(paths);
    await expectUnharmed(paths);
    expect(load.failures).toEqual([]);
  });

  it('that every command is denied of gets no answer', async () => {
    const paths = await openPaths({}, {}, 2);
    const { stack, channel } = paths;
    const status = STATUS_INVALID_NAMESPACE | STATUS_DNR;
    for (const device of stack.devices) device.faults.add({ kind: 'status', status, opcode: NVM_READ, lba: 7 });
    const ended: [number, number][] = [];
    const note = (_: unknown, outcome: number): void => void ended.push([outcome, channel.lastNvmeStatus]);
    channel.read(stack.data, 7, 1, note, 0);
    await paths.pass(100);
    expect(ended).toEqual([[5, status | STATUS_MORE]]);
    channel.read(stack.data, 8, 1, note, 0);
    await paths.pass(1);
    expect(ended[1]).toEqual([0, 0]);
  });
});

describe('a channel', () => {
  it('that is opened while a controller is away never uses it', async () => {
    const stack = await InlineStack.open({ controllers: 2, driver: { ...RESETS, ioTimeoutMs: 50 } });
    const { bdev } = await stack.openBdev();
    stack.devices[0].faults.add({ kind: 'stuck-ready', enable: true });
    stack.devices[0].fail('fatal');
    await stack.until(
      () => stack.controllers[0].state === 'RESETTING',
      () => undefined,
    );
    const channel = await bdev.openChannel();
    const turn = (): void => {
      channel.tick(stack.clock.nowNs());
      channel.poll();
    };
    let ended = 0;
    const read = (): number => channel.read(stack.data, 0, 1, (_, status) => void (ended += status === 0 ? 1 : 100), 0);
    read();
    await stack.until(() => ended === 1, turn);
    for (const rule of stack.devices[0].faults.rules) stack.devices[0].faults.remove(rule);
    await stack.until(() => stack.controllers[0].queuePairs.length === 2, turn);
    (stack.clock as ManualClock).advanceNs(1e6);
    turn();
    stack.devices[1].fail('remove');
    await stack.until(() => stack.controllers[1].state === 'FAILED', turn);
    read();
    await stack.until(() => ended === 2, turn);
  });

  it('that is closed during a reset leaves its queue pair behind', async () => {
    const paths = await openPaths({}, {}, 1, { driver: RESETS });
    const { stack, channel } = paths;
    const [pair] = stack.controllers[0].queuePairs;
    const reset = stack.controllers[0].reset();
    expect(stack.controllers[0].state).toBe('RESETTING');
    channel.close();
    await reset;
    stack.sources[0].tick(stack.clock.nowNs());
    await stack.until(
      () => !stack.controllers[0].queuePairs.includes(pair),
      () => undefined,
    );
    await stack.close();
    stack.dma.free(stack.dma.allocate(4 << 20));
  });
});

/** What may happen to the controllers of a stack, at random; it knows how their devices are. */
class Disturbance {
  private readonly isRemoved = [false, false, false];
  private readonly isDetached = [false, false, false];

  constructor(
    private readonly paths: () => PathsUnderLoad,
    private readonly prng: Prng,
  ) {}

  /** One thing that goes wrong with one controller. */
  strike(index: number): void {
    const { prng } = this;
    const { stack } = this.paths();
    const [device, controller] = [stack.devices[index], stack.controllers[index]];
    const isReady = controller.state === 'READY';
    switch (prng.below(8)) {
      case 0:
        device.fail('fatal');
        break;
      case 1:
        device.fail('hang');
        break;
      case 2:
        device.fail('remove');
        this.isRemoved[index] = true;
        break;
      case 3:
        if (isReady) void controller.reset().catch(() => undefined);
        break;
      case 4:
        if (isReady) controller.queuePairs[0]?.disconnect();
        break;
      case 5:
        device.setAnaState(GROUP, ANA_STATE_INACCESSIBLE);
        break;
      case 6:
        if (!this.isDetached[index]) device.detach(NSID);
        this.isDetached[index] = true;
        break;
      default:
        device.faults.add({
          kind: 'status',
          status: STATUS_INVALID_NAMESPACE | STATUS_DNR,
          opcode: NVM_READ,
          count: 1,
        });
    }
  }

  /** All that a device can be cured of while it is in its slot. */
  mend(index: number): void {
    const { stack } = this.paths();
    const device = stack.devices[index];
    device.revive();
    device.setAnaState(GROUP, ANA_STATE_OPTIMIZED);
    if (this.isDetached[index]) device.attach({ nsid: NSID, medium: stack.medium, blockBytes: 4096, shared: true });
    this.isDetached[index] = false;
  }

  /** Something is about to be attached: a device that has left the bus has another one in its place. */
  beforeAttach(index: number): void {
    const { stack } = this.paths();
    stack.devices[index].revive();
    if (!this.isRemoved[index]) return;
    stack.plug(index);
    this.isRemoved[index] = false;
    this.isDetached[index] = false;
  }
}

describe('any sequence of losses', () => {
  it.each(Array.from({ length: 8 }, (_, seed) => [seed, seed % 2 === 0 ? 'reset' : 'fail', seed % 3 === 0] as const))(
    'loses I/O, calls it back twice, makes it wrong, or a path for good: seed %i, onLost %s, all of them: %s',
    async (seed, onLost, all) => {
      const prng = new Prng(seed + 1);
      const disturbance = new Disturbance(() => paths, prng);
      const times = { ...TIMES, ctrlrLossTimeoutMs: -1 };
      const driver = { onLost, resetAttemptsMax: 2, resetDelayMs: 5, adminDeadlineMs: 200 };
      const { choices } = attaching(times, (index) => disturbance.beforeAttach(index), driver);
      const paths = await openPaths({}, {}, 3, { ...choices, driver });
      const { stack, load, names } = paths;
      load.start(endless);
      for (let event = 0; event < 40; event++) {
        await paths.pass(1 + prng.below(30));
        const index = prng.below(all ? 3 : 2);
        if (prng.below(3) === 0) disturbance.mend(index);
        else disturbance.strike(index);
      }
      for (let index = 0; index < 3; index++) disturbance.mend(index);
      const isWhole = (): boolean =>
        stack.controllers.every(({ state, namespaces, queuePairs }) => {
          return state === 'READY' && namespaces.has(NSID) && queuePairs.some(({ connected }) => connected);
        });
      await paths.pass(100);
      await until(paths, isWhole);
      // Every path can carry all of it.
      for (let index = 0; index < 3; index++) {
        const others = stack.devices.filter((_, other) => other !== index);
        for (const device of others) device.setAnaState(GROUP, ANA_STATE_INACCESSIBLE);
        await paths.run(200);
        for (const device of others) device.setAnaState(GROUP, ANA_STATE_OPTIMIZED);
        await paths.pass(20);
      }
      if (all) names.clear();
      await expectUnharmed(paths);
    },
  );
});
