/**
 * Controllers that are reset under load, on purpose or because they failed, over the modelled device: what was accepted is called back once,
 * what was written is there, and the queue pairs go on.
 */
import { Prng } from '@phasebit/core';
import type { Controller, QueuePair } from '@phasebit/nvme';
import { LOG_SMART, NSSR_RESET_KEY, REG_NSSR } from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { InlineStack, type InlineStackOptions, NSID } from './support/inline-stack.js';

const BLOCK = 4096;
const SLOTS = 64;
const ABORTED_BY_HOST = 0x371;

/**
 * Writes and reads on one queue pair, a command per slot at a time, each slot with blocks and memory of its own. What a slot reads has to be
 * what it wrote last.
 */
class SlotLoad {
  completed = 0;
  readonly failures = new Map<number, number>();
  private readonly versions = new Uint8Array(SLOTS);
  private readonly isBusy = new Uint8Array(SLOTS);
  private readonly isWriting = new Uint8Array(SLOTS);
  /** whether what is on the medium is known: not after a write that was given up */
  private readonly isKnown = new Uint8Array(SLOTS).fill(1);

  constructor(
    private readonly stack: InlineStack,
    private readonly controller: Controller,
    readonly pair: QueuePair,
    private readonly firstSlot: number,
    private readonly prng: Prng,
  ) {}

  get busy(): number {
    return this.isBusy.reduce((sum, each) => sum + each, 0);
  }

  submit(): void {
    for (let slot = 0; slot < SLOTS; slot++) if (this.isBusy[slot] === 0) this.start(slot);
  }

  private start(slot: number): void {
    const { stack, pair } = this;
    const address = stack.data + (this.firstSlot + slot) * BLOCK;
    const lba = this.firstSlot + slot;
    const namespace = this.controller.namespace(NSID);
    const isWrite = this.isKnown[slot] === 0 || this.prng.below(2) === 0;
    this.isWriting[slot] = isWrite ? 1 : 0;
    if (isWrite) stack.dma.bytes(address, BLOCK).fill(++this.versions[slot]);
    else stack.dma.bytes(address, BLOCK).fill(0xee);
    const answer = isWrite
      ? pair.write(namespace, address, lba, 1, 0, this.onDone, slot)
      : pair.read(namespace, address, lba, 1, 0, this.onDone, slot);
    if (answer === 0) this.isBusy[slot] = 1;
    else if (isWrite) this.isKnown[slot] = 0;
  }

  private readonly onDone = (context: unknown, status: number): void => {
    const slot = context as number;
    expect(this.isBusy[slot]).toBe(1);
    this.isBusy[slot] = 0;
    this.completed++;
    if (status !== 0) {
      this.failures.set(status, (this.failures.get(status) ?? 0) + 1);
      if (this.isWriting[slot] === 1) this.isKnown[slot] = 0;
      return;
    }
    if (this.isWriting[slot] === 1) {
      this.isKnown[slot] = 1;
      return;
    }
    const bytes = this.stack.dma.bytes(this.stack.data + (this.firstSlot + slot) * BLOCK, BLOCK);
    expect(bytes.every((byte) => byte === this.versions[slot])).toBe(true);
  };
}

async function load(seed: number, options: InlineStackOptions, pairs: number, entries: number) {
  const stack = await InlineStack.open({ ringBytes: 16 << 20, ...options });
  const controller = stack.controllers[0];
  const loads: SlotLoad[] = [];
  const prng = new Prng(seed);
  for (let i = 0; i < pairs; i++) {
    const pair = await controller.createQueuePair({ entries, sqDoorbell: i % 2 === 0 ? 'poll' : 'command' });
    const each = new SlotLoad(stack, controller, pair, i * SLOTS, prng);
    loads.push(each);
  }
  const turn = (): void => {
    for (const each of loads) {
      if (each.pair.connected) each.submit();
      each.pair.poll();
    }
  };
  /** Writes everything once, so that every slot knows what it has. */
  const drain = (): Promise<void> =>
    stack.until(
      () => loads.every(({ busy }) => busy === 0),
      () => loads.forEach(({ pair }) => pair.poll()),
    );
  return { stack, controller, loads, turn, drain };
}

describe('a reset under load', () => {
  it.each([1, 2, 3, 4])('loses a command, calls one back twice, or gives wrong data: seed %i', async (seed) => {
    const { stack, controller, loads, turn, drain } = await load(seed, { scatterSeed: seed }, 3, 32);
    for (let round = 0; round < 6; round++) {
      for (let i = 0; i < 20 + seed; i++) {
        turn();
        if (i % 3 !== round % 3) stack.step();
      }
      await controller.reset();
      expect(controller.state).toBe('READY');
    }
    await drain();
    // Reads and writes can be repeated, so none of them fails.
    for (const { failures, completed, pair } of loads) {
      expect([...failures]).toEqual([]);
      expect(completed).toBeGreaterThan(100);
      expect(pair.outstanding).toBe(0);
    }
    await stack.close();
    stack.dma.free(stack.dma.allocate(16 << 20));
  });

  it.each([
    ['sleeping', 1],
    ['polling', 2],
  ] as const)(
    'with doorbells in memory leaves queue pairs ringing where nobody listens: %s',
    async (shadowDoorbells, seed) => {
      const { stack, controller, loads, turn, drain } = await load(seed, { device: { shadowDoorbells } }, 2, 64);
      expect(stack.functions[0].counters.sqShadowWrites).toBe(0);
      for (let round = 0; round < 4; round++) {
        for (let i = 0; i < 30; i++) {
          turn();
          stack.step();
        }
        await controller.reset();
      }
      await drain();
      expect(stack.functions[0].counters.sqShadowWrites).toBeGreaterThan(50);
      expect(loads.map(({ failures }) => failures.size)).toEqual([0, 0]);
      await stack.close();
    },
  );
});

describe('a controller that fails under load', () => {
  it('does not come back, although it is to be reset', async () => {
    const driver = { onLost: 'reset', resetDelayMs: 5 } as const;
    const { stack, controller, loads, turn, drain } = await load(7, { driver }, 2, 16);
    const story: string[] = [];
    controller.onReset = (error) => story.push(error!.code);
    controller.onReady = () => story.push('ready');
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 25; i++) {
        turn();
        stack.step();
      }
      stack.devices[0].fail('fatal');
      await stack.until(() => story.length === 2 * (round + 1), turn);
    }
    await drain();
    expect(story).toEqual(Array.from({ length: 5 }, () => ['CONTROLLER_FATAL', 'ready']).flat());
    expect(loads.map(({ failures }) => [...failures])).toEqual([[], []]);
    await stack.close();
  });

  it('keeps commands for ever when it does not come back', async () => {
    const driver = { onLost: 'reset', resetAttemptsMax: 2, resetDelayMs: 5, ioTimeoutMs: 50 } as const;
    const { stack, controller, loads, turn } = await load(8, { driver, device: { readyTimeout: 1 } }, 2, 16);
    for (let i = 0; i < 25; i++) {
      turn();
      stack.step();
    }
    turn();
    stack.devices[0].fail('hang');
    await stack.until(() => controller.state === 'FAILED', turn);
    expect(controller.error).toMatchObject({ code: 'RESET_FAILED', facts: { attempts: 2, reason: 'COMMAND_TIMEOUT' } });
    for (const { busy, failures, pair } of loads) {
      expect([busy, pair.outstanding, [...failures.keys()]]).toEqual([0, 0, [ABORTED_BY_HOST]]);
    }
  });
});

describe('a reset of the subsystem', () => {
  it('does not bring its controller back, or is not noticed by the driver of another one', async () => {
    const stack = await InlineStack.open({ controllers: 2, driver: { onLost: 'reset', resetDelayMs: 5 } });
    const [first, second] = stack.controllers;
    const story: string[] = [];
    second.onReset = (error) => story.push(error!.code);
    second.onReady = () => story.push('ready');
    const pairs = [await first.createQueuePair(), await second.createQueuePair()];
    await first.resetSubsystem();
    expect(first.state).toBe('READY');
    stack.functions[1].registers.write32(REG_NSSR, NSSR_RESET_KEY);
    await stack.until(
      () => story.length === 2,
      () => undefined,
    );
    expect(story).toEqual(['CONTROLLER_FATAL', 'ready']);
    for (const [i, pair] of pairs.entries()) {
      let status = -1;
      pair.read(stack.controllers[i].namespace(NSID), stack.data, 0, 1, 0, (_, each) => (status = each), 0);
      await stack.until(
        () => status >= 0,
        () => pair.poll(),
      );
      expect(status).toBe(0);
    }
  });
});

describe('the admin queue', () => {
  it('forgets to answer who waits while the controller is reset', async () => {
    const stack = await InlineStack.open();
    const controller = stack.controllers[0];
    const asked = Array.from({ length: 10 }, () =>
      controller.admin.execute({ opcode: 2, nsid: 0xffff_ffff, cdw10: LOG_SMART }),
    );
    const reset = controller.reset();
    const answers = await Promise.all(asked);
    expect(answers.length).toBe(10);
    await reset;
    expect((await controller.identify()).cntlid).toBe(controller.identity.cntlid);
  });
});

describe('namespaces that come and go', () => {
  it('are not followed', async () => {
    const stack = await InlineStack.open({ device: { largestNsid: 16 } });
    const controller = stack.controllers[0];
    const story: [string, number[]][] = [];
    controller.subscribe('namespaces', ({ changes }) => {
      const { added, removed } = changes!;
      for (const { nsid } of added) story.push(['added', [nsid]]);
      for (const { nsid } of removed) story.push(['removed', [nsid]]);
    });
    const until = (count: number): Promise<void> =>
      stack.until(
        () => story.length === count,
        () => undefined,
      );
    stack.devices[0].attach({ nsid: 5, medium: stack.medium });
    await until(1);
    stack.devices[0].attach({ nsid: 3, medium: stack.medium });
    await until(2);
    stack.devices[0].detach(5);
    await until(3);
    expect(story).toEqual([
      ['added', [5]],
      ['added', [3]],
      ['removed', [5]],
    ]);
    expect([...controller.namespaces.keys()]).toEqual([NSID, 3]);
  });
});
