/**
 * Two controllers show one namespace, and something happens to one of them while I/O is under way: in flight, waiting for a tracker in the
 * driver, and waiting for a request in the block layer. Nothing that was accepted may be lost, called back twice, or made wrong.
 */
import { BDEV_NEVER, BDEV_STATUS_NVME_ERROR } from '@phasebit/bdev';
import type { FailMode } from '@phasebit/controller';
import type { ManualClock } from '@phasebit/core';
import { ActivePassiveSelector, RoundRobinSelector } from '@phasebit/multipath';
import { SUBMIT_FAILED } from '@phasebit/nvme';
import {
  ANA_STATE_INACCESSIBLE,
  ANA_STATE_NON_OPTIMIZED,
  ANA_STATE_OPTIMIZED,
  ANA_STATE_PERSISTENT_LOSS,
} from '@phasebit/nvme-spec';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { InlineStack, NSID } from './support/inline-stack.js';
import {
  BLOCKS,
  DEPTH,
  expectBacklog,
  expectUnharmed,
  GROUP,
  IOS,
  openPaths,
  QUEUE_PAIR,
} from './support/paths-under-load.js';
import { VerifiedLoad } from './support/verified-load.js';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a controller that dies under load', () => {
  it.each<[FailMode, string]>([
    ['fatal', 'CONTROLLER_FATAL'],
    ['hang', 'COMMAND_TIMEOUT'],
    ['remove', 'CONTROLLER_GONE'],
  ])('loses I/O although there is another one: %s', async (mode, code) => {
    const paths = await openPaths();
    const { stack, load } = paths;
    load.start(IOS);
    await paths.run(1000);
    expectBacklog(paths, 0);
    expect(paths.carried()[1]).toBe(0);
    stack.devices[0].fail(mode);
    await paths.drain();
    expect(load.completed).toBe(IOS);
    expect(paths.carried()[1]).toBeGreaterThan(1000);
    expect(stack.controllers[0]).toMatchObject({ state: 'FAILED', error: { code } });
    expect(stack.controllers[1].state).toBe('READY');
    await expectUnharmed(paths);
  });

  it.each<FailMode>(['fatal', 'hang', 'remove'])(
    'loses I/O when it dies in the middle of a turn: %s',
    async (failMode) => {
      // Some commands of one turn have taken effect and will never be completed, others have not.
      for (const failAfterCommands of [1, 501, 502, 507, 513]) {
        const paths = await openPaths({}, { failAfterCommands, failMode });
        paths.load.start(1000);
        await paths.drain();
        expect(paths.load.completed).toBe(1000);
        await expectUnharmed(paths);
      }
    },
  );

  it('loses I/O when every path carries some', async () => {
    const paths = await openPaths({ selector: () => new RoundRobinSelector() });
    paths.load.start(IOS);
    await paths.run(1000);
    expect(Math.min(...paths.carried())).toBeGreaterThan(100);
    paths.stack.devices[1].fail('remove');
    await paths.run(1000);
    paths.carried();
    await paths.run(1000);
    expect(paths.carried()[1]).toBe(0);
    await paths.drain();
    expect(paths.load.completed).toBe(IOS);
    await expectUnharmed(paths);
  });
});

describe('the only controller dies under load', () => {
  it.each<FailMode>(['fatal', 'hang', 'remove'])('and I/O ends without a reason, or not at all: %s', async (mode) => {
    const paths = await openPaths({}, {}, 1);
    const { stack, load, channel } = paths;
    load.start(IOS);
    await paths.run(1000);
    expectBacklog(paths, 0);
    stack.devices[0].fail(mode);
    load.stop();
    await paths.drain();
    expect(load.failures.length).toBeGreaterThan(0);
    expect(load.failures.every((status) => status === BDEV_STATUS_NVME_ERROR)).toBe(true);
    expect([...paths.names].filter((name) => !/Host Pathing Error|Command Aborted By Host/.test(name))).toEqual([]);
    expect(load.surplus).toBe(0);
    expect(channel.inFlight).toBe(0);
  });

  it.each<FailMode>(['fatal', 'remove'])('and callbacks run outside of poll and tick: %s', async (mode) => {
    const paths = await openPaths({}, {}, 1);
    paths.load.start(IOS);
    await paths.run(1000);
    paths.stack.devices[0].fail(mode);
    paths.load.stop();
    await paths.drain();
    expect(paths.strayCallbacks()).toBe(0);
  });

  it('and what is submitted afterwards is taken without a word', async () => {
    const paths = await openPaths({}, {}, 1);
    const { stack, load, channel } = paths;
    const [pair] = stack.controllers[0].queuePairs;
    load.start(200);
    await paths.drain();
    stack.devices[0].fail('remove');
    await stack.until(
      () => stack.controllers[0].state === 'FAILED',
      () => channel.poll(),
    );
    const namespace = stack.controllers[0].namespace(NSID);
    expect(pair.read(namespace, stack.data, 0, 1, 0, () => expect.unreachable(), 0)).toBe(SUBMIT_FAILED);
    await expect(stack.openPair()).rejects.toMatchObject({ code: 'NOT_READY' });
    load.start(10);
    await paths.drain();
    expect(load.failures.length).toBe(10);
    expect([...paths.names]).toEqual([expect.stringContaining('Host Pathing Error')]);
    channel.close();
    expect(channel.read(stack.data, 0, 1, () => expect.unreachable(), 0)).toBe(BDEV_NEVER);
  });
});

describe('an ANA change under load', () => {
  const preferFirst = { selector: () => new ActivePassiveSelector({ preferred: 0 }) };

  it('fails I/O, or does not move it to the other path and back', async () => {
    const paths = await openPaths(preferFirst);
    const { stack, load } = paths;
    load.start(IOS);
    await paths.run(500);
    expect(paths.carried()[1]).toBe(0);
    expectBacklog(paths, 0);
    stack.devices[0].setAnaState(GROUP, ANA_STATE_INACCESSIBLE);
    await paths.run(500);
    paths.carried();
    await paths.run(500);
    expect(paths.carried()[0]).toBe(0);
    stack.devices[0].setAnaState(GROUP, ANA_STATE_OPTIMIZED);
    await paths.run(500);
    paths.carried();
    await paths.run(500);
    expect(paths.carried()[1]).toBe(0);
    await paths.drain();
    expect(load.completed).toBe(IOS);
    await expectUnharmed(paths);
  });

  it('leaves I/O on a path that is no longer optimized', async () => {
    const paths = await openPaths();
    const { stack, load } = paths;
    stack.devices[1].setAnaState(GROUP, ANA_STATE_NON_OPTIMIZED);
    load.start(IOS);
    await paths.run(500);
    stack.devices[0].setAnaState(GROUP, ANA_STATE_NON_OPTIMIZED);
    stack.devices[1].setAnaState(GROUP, ANA_STATE_OPTIMIZED);
    await paths.run(500);
    paths.carried();
    await paths.run(500);
    expect(paths.carried()[0]).toBe(0);
    await paths.drain();
    expect(load.completed).toBe(IOS);
    await expectUnharmed(paths);
  });

  it('fails I/O while no path can be used for a moment', async () => {
    const paths = await openPaths(preferFirst);
    const { stack, load } = paths;
    load.start(IOS);
    await paths.run(500);
    for (const device of stack.devices) device.setAnaState(GROUP, ANA_STATE_INACCESSIBLE);
    await paths.pass(100);
    const before = load.completed;
    await paths.pass(1000);
    expect(load.completed).toBe(before);
    expect(load.failures).toEqual([]);
    stack.devices[1].setAnaState(GROUP, ANA_STATE_OPTIMIZED);
    await paths.drain();
    expect(load.completed).toBe(IOS);
    await expectUnharmed(paths);
  });

  it('makes I/O wait for ever when no path comes back in the time that ANATT gives', async () => {
    const paths = await openPaths(preferFirst);
    const { stack, load } = paths;
    load.start(IOS);
    await paths.run(500);
    for (const device of stack.devices) device.setAnaState(GROUP, ANA_STATE_INACCESSIBLE);
    await paths.pass(100);
    load.stop();
    const { anatt } = stack.controllers[0].identity;
    expect(anatt).toBeGreaterThan(0);
    const clock = stack.clock as ManualClock;
    clock.advanceNs(anatt * 1e9);
    await paths.drain();
    expect(load.failures.length).toBeGreaterThan(0);
    for (const name of paths.names) expect(name).toMatch(/Asymmetric Access Inaccessible|Host Pathing Error/);
  });

  it('makes I/O wait for what does not end by itself: a persistent loss of all paths', async () => {
    const paths = await openPaths(preferFirst);
    const { stack, load } = paths;
    load.start(IOS);
    await paths.run(500);
    stack.devices[0].setAnaState(GROUP, ANA_STATE_PERSISTENT_LOSS);
    await paths.run(500);
    paths.carried();
    await paths.run(500);
    expect(paths.carried()[0]).toBe(0);
    expect(load.failures).toEqual([]);
    stack.devices[1].setAnaState(GROUP, ANA_STATE_PERSISTENT_LOSS);
    load.stop();
    await paths.drain();
    expect(load.failures.length).toBeGreaterThan(0);
    for (const name of paths.names) expect(name).toMatch(/Asymmetric Access Persistent Loss|Host Pathing Error/);
  });
});

describe('an ANA log that is garbage', () => {
  const garbage: [string, (page: Uint8Array) => void][] = [
    ['all ones', (page) => page.fill(0xff)],
    ['more groups than there are', (page) => page.set([0xff, 0xff], 8)],
    ['more namespaces than there are', (page) => page.set([0xff, 0xff, 0xff, 0xff], 16 + 4)],
    ['a group that nobody has', (page) => page.set([9], 16)],
    ['a state that is none', (page) => page.set([0x1f], 16 + 16)],
  ];

  it.each(garbage)('is acted upon: %s', async (_, spoil) => {
    const warnings: string[] = [];
    const stack = await InlineStack.open({ controllers: 2, dataBytes: DEPTH * 4096, device: { anaGroups: GROUP } });
    const log = { info: () => undefined, warn: (message: string) => void warnings.push(message) };
    const { channel } = await stack.openBdev({ ioCount: DEPTH, queuePair: QUEUE_PAIR }, {}, () => ({ log }));
    const load = new VerifiedLoad({
      target: channel,
      dma: stack.dma,
      data: stack.data,
      depth: DEPTH,
      blocks: BLOCKS,
      seed: 3,
    });
    const turn = (): void => {
      channel.tick(stack.clock.nowNs());
      channel.poll();
    };
    for (const { admin } of stack.controllers) {
      const receive = admin.receive.bind(admin);
      vi.spyOn(admin, 'receive').mockImplementation(async (...command) => {
        const page = await receive(...command);
        spoil(page);
        return page;
      });
    }
    load.start(IOS);
    // The devices report a change, and what they say of it is garbage: nothing is known to have changed.
    for (const device of stack.devices) device.setAnaState(GROUP, ANA_STATE_NON_OPTIMIZED);
    await stack.until(() => load.isIdle, turn);
    expect(load).toMatchObject({ completed: IOS, failures: [], refusals: [], surplus: 0 });
    expect(warnings.length).toBeGreaterThanOrEqual(2);
    expect(warnings[0]).toMatch(/ANA log of controller \d ignored: .*at byte \d+/);
  });

  it('keeps a path out of use for ever when reading it fails once', async () => {
    const paths = await openPaths({ selector: () => new ActivePassiveSelector({ preferred: 0 }) });
    const { stack, load } = paths;
    const { admin } = stack.controllers[0];
    const receive = vi.spyOn(admin, 'receive').mockRejectedValueOnce(new Error('the log could not be read'));
    load.start(IOS);
    await paths.run(200);
    stack.devices[0].setAnaState(GROUP, ANA_STATE_INACCESSIBLE);
    await paths.run(500);
    expect(receive).toHaveBeenCalled();
    stack.devices[0].setAnaState(GROUP, ANA_STATE_OPTIMIZED);
    await paths.run(1000);
    paths.carried();
    await paths.run(500);
    expect(paths.carried()[1]).toBe(0);
    await paths.drain();
    await expectUnharmed(paths);
  });
});
