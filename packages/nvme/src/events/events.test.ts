import { describe, expect, it } from 'vitest';
import { ScriptedController } from '../../test-support/scripted-controller.js';
import type { Controller } from '../controller.js';
import type { ControllerOptions } from '../controller-options.js';
import type { NamespaceChanges } from '../namespaces/namespace-table.js';
import type { ControllerEvent } from './controller-event.js';

const MS = 1e6;

// Opcodes, types and log pages of [Base], stated here by themselves.
const GET_LOG = 0x02;
const IDENTIFY = 0x06;
const EVENT_REQUEST = 0x0c;
const NOTICE = 2;
const CHANGED_LIST = 4;

async function open(options: Partial<ControllerOptions> = {}) {
  const device = new ScriptedController();
  const warnings: string[] = [];
  const log = { info: () => undefined, warn: (message: string) => void warnings.push(message) };
  const controller = await device.attach({ log, ...options });
  // The requests for events are posted, and fetched with the next pause.
  await device.function.pause();
  return { device, controller, warnings };
}

async function turn(device: ScriptedController, controller: Controller, turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) {
    controller.tick();
    await device.function.pause();
  }
}

function requests(device: ScriptedController): number {
  return device.kept.filter(({ opcode }) => opcode === EVENT_REQUEST).length;
}

describe('an event', () => {
  it.each([
    ['error', 0, 1, 1],
    ['smart', 1, 1, 2],
    ['namespaces', 2, 0, 4],
    ['firmware', 2, 1, 3],
    ['telemetry', 2, 2, 8],
    ['ana', 2, 3, 0x0c],
    ['other', 2, 4, 0x0b],
    ['reservation', 6, 0, 0x80],
    ['sanitize', 6, 1, 0x81],
    ['sanitize', 6, 2, 0x81],
    ['other', 6, 3, 0x81],
    ['other', 3, 0, 0],
    ['other', 7, 0xff, 0xc0],
  ] as const)(
    'does not reach who asked for it, or reaches somebody else: %s',
    async (kind, type, information, logPage) => {
      const { device, controller } = await open({ followNamespaces: false });
      const seen: ControllerEvent[] = [];
      const others: ControllerEvent[] = [];
      controller.subscribe(kind, (event) => seen.push(event));
      controller.subscribe('all', (event) => seen.push(event));
      for (const other of ['smart', 'ana', 'error'] as const) {
        if (other !== kind) controller.subscribe(other, (event) => others.push(event));
      }
      expect(device.reportEvent(type, information, logPage)).toBe(true);
      await turn(device, controller, 3);
      const event = { kind, event: { type, information, logPage }, changes: undefined };
      expect(seen).toEqual([event, event]);
      expect(others).toEqual([]);
      expect(controller.takeEvent()).toEqual({ type, information, logPage });
      expect(controller.takeEvent()).toBeUndefined();
    },
  );

  it('is told of inside a poll, or a log is read there', async () => {
    const { device, controller } = await open();
    let seen = 0;
    controller.subscribe('all', () => seen++);
    device.commands.length = 0;
    device.reportEvent(1, 1, 2);
    device.reportEvent(NOTICE, 0, CHANGED_LIST);
    controller.admin.queuePair.poll();
    expect(seen).toBe(0);
    await device.function.pause();
    expect(device.commands.map(({ opcode }) => opcode)).toEqual([EVENT_REQUEST, EVENT_REQUEST]);
    controller.tick();
    expect(seen).toBe(1);
  });

  it('reaches who has unsubscribed, or a subscriber that throws keeps it from the others', async () => {
    const { device, controller } = await open();
    const seen: string[] = [];
    const end = controller.subscribe('smart', () => void seen.push('ended'));
    controller.subscribe('smart', () => {
      seen.push('thrown');
      throw new Error('subscriber');
    });
    end();
    device.reportEvent(1, 1, 2);
    device.reportEvent(1, 2, 2);
    expect(() => controller.tick()).toThrow('subscriber');
    expect(() => controller.tick()).toThrow('subscriber');
    controller.tick();
    expect(seen).toEqual(['thrown', 'thrown']);
    expect(controller.state).toBe('READY');
  });

  it('takes memory without end when nobody takes it', async () => {
    const { device, controller } = await open();
    const stream = controller.events();
    for (let i = 0; i < 300; i++) {
      device.reportEvent(7, i & 0xff, 0xc0);
      await turn(device, controller, 2);
    }
    let taken = 0;
    for (let event = controller.takeEvent(); event !== undefined; event = controller.takeEvent()) {
      if (taken === 0) expect(event.information).toBe(300 - 256);
      taken++;
    }
    expect(taken).toBe(256);
    expect(stream.dropped).toBe(300 - 256);
  });
});

describe('a request for events', () => {
  it('that always fails is sent again at once, or for ever', async () => {
    const device = new ScriptedController();
    device.answer(EVENT_REQUEST, { status: 6 });
    const warnings: string[] = [];
    const log = { info: () => undefined, warn: (message: string) => void warnings.push(message) };
    const controller = await device.attach({ log });
    const sentMs: number[] = [];
    let seen = 0;
    device.onPause = () => {
      for (; seen < device.seen(EVENT_REQUEST).length; seen++) sentMs.push(device.clock.nowNs() / MS);
    };
    await turn(device, controller, 60_000);
    expect(warnings).toEqual([
      expect.stringMatching(/^no asynchronous events any more: 8 requests in a row failed: .*Internal/),
    ]);
    expect(sentMs.length).toBeLessThan(40);
    expect(controller.state).toBe('READY');
    const count = sentMs.length;
    await turn(device, controller, 60_000);
    expect(sentMs.length).toBe(count);
  });

  it('that has failed once is not sent again', async () => {
    const { device, controller } = await open();
    const parked = requests(device);
    device.complete(
      device.kept.find(({ opcode }) => opcode === EVENT_REQUEST)!,
      6,
    );
    await turn(device, controller, 5);
    expect(requests(device)).toBe(parked - 1);
    await turn(device, controller, 1000);
    expect(requests(device)).toBe(parked);
  });

  it('is sent again although the controller takes no more', async () => {
    const { device, controller } = await open();
    const parked = requests(device);
    // Asynchronous Event Request Limit Exceeded.
    device.complete(
      device.kept.find(({ opcode }) => opcode === EVENT_REQUEST)!,
      0x105,
    );
    await turn(device, controller, 5000);
    expect(requests(device)).toBe(parked - 1);
  });

  it('that is answered at once makes a poll go on for ever', async () => {
    const { device, controller } = await open();
    let answered = 0;
    const answerAll = (): void => {
      while (answered < 10_000 && device.reportEvent(1, 1, 2)) answered++;
    };
    device.onPause = answerAll;
    for (let i = 0; i < 50; i++) {
      controller.tick();
      await device.function.pause();
    }
    expect(answered).toBeLessThan(2000);
    expect(controller.state).toBe('READY');
  });
});

describe('a stream of events', () => {
  it('misses one, or gives it twice, or does not wait', async () => {
    const { device, controller } = await open();
    device.reportEvent(1, 0, 2);
    await turn(device, controller, 2);
    const got: number[] = [];
    const stream = controller.events();
    let reported = 0;
    device.onPause = () => {
      if (reported < 5 && device.reportEvent(1, reported, 2)) reported++;
    };
    for await (const { event } of stream) {
      got.push(event!.information);
      if (got.length === 5) break;
    }
    // What came before it was opened is not among them.
    expect(got).toEqual([0, 1, 2, 3, 4]);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it('does not end with its controller, or with its deadline or signal', async () => {
    const { device, controller } = await open();
    const late = controller.events({ deadlineMs: 5 }).next();
    await expect(late).rejects.toMatchObject({ code: 'OPERATION_TIMEOUT', facts: { operation: 'event' } });
    const signal = { aborted: true, reason: 'enough' };
    await expect(controller.events({ signal }).next()).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
    const stream = controller.events();
    const next = stream.next();
    device.vanish();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(controller.state).toBe('FAILED');
  });

  it('goes on after it was disposed of', async () => {
    const { device, controller } = await open();
    const stream = controller.events();
    device.reportEvent(1, 0, 2);
    controller.tick();
    await stream[Symbol.asyncDispose]();
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    await stream.return();
  });
});

describe('a notice that namespaces have changed', () => {
  it('is told of before they are, does not let the next one come, or leaves the table as it was', async () => {
    const { device, controller } = await open();
    const before = controller.namespace(1);
    const seen: NamespaceChanges[] = [];
    controller.subscribe('namespaces', ({ changes, event }) => {
      expect(event).toEqual({ type: NOTICE, information: 0, logPage: CHANGED_LIST });
      expect([...controller.namespaces.keys()]).toEqual([1, 2]);
      seen.push(changes!);
    });
    device.addNamespace(2);
    device.addNamespace(1, 2048);
    device.reportEvent(NOTICE, 0, CHANGED_LIST);
    await turn(device, controller, 60);
    const now = controller.namespace(1);
    expect(seen).toEqual([{ added: [controller.namespace(2)], removed: [], changed: [{ before, now }] }]);
    expect([before.blocks, now.blocks]).toEqual([1024, 2048]);
    const reads = device.seen(GET_LOG).map(({ dwords }) => dwords[10] & 0xffff);
    // The list, and without retaining the event.
    expect(reads).toEqual([CHANGED_LIST]);
  });

  it('that come together are followed up one by one, or the last is lost', async () => {
    const { device, controller } = await open();
    let changes = 0;
    controller.subscribe('namespaces', () => changes++);
    device.reportEvent(NOTICE, 0, CHANGED_LIST);
    device.reportEvent(NOTICE, 0, CHANGED_LIST);
    await turn(device, controller, 3);
    // Now one is being followed up, and the list was read.
    device.addNamespace(2);
    device.reportEvent(NOTICE, 0, CHANGED_LIST);
    await turn(device, controller, 100);
    expect([...controller.namespaces.keys()]).toEqual([1, 2]);
    expect(changes).toBe(2);
  });

  it('that cannot be followed up is forgotten, or asked about without a break', async () => {
    const { device, controller, warnings } = await open();
    let failures = 5;
    device.answer(GET_LOG, () => (failures-- > 0 ? { status: 6 } : undefined));
    device.addNamespace(2);
    device.reportEvent(NOTICE, 0, CHANGED_LIST);
    await turn(device, controller, 50);
    expect(device.seen(GET_LOG).length).toBe(1);
    await turn(device, controller, 4000);
    expect(device.seen(GET_LOG).length).toBe(6);
    expect(warnings.length).toBe(5);
    expect(controller.namespaces.has(2)).toBe(true);
  });

  it('is followed up although its owner does that', async () => {
    const { device, controller } = await open({ followNamespaces: false });
    device.addNamespace(2);
    device.reportEvent(NOTICE, 0, CHANGED_LIST);
    await turn(device, controller, 100);
    expect(controller.namespaces.has(2)).toBe(false);
    expect(device.seen(GET_LOG)).toEqual([]);
    const changes = await controller.rescan();
    expect(changes).toEqual({ added: [controller.namespace(2)], removed: [], changed: [] });
  });
});

describe('looking for namespaces', () => {
  it('twice at a time leaves the table as the earlier look found it', async () => {
    const { device, controller } = await open();
    const first = controller.rescan();
    device.addNamespace(2);
    const second = controller.rescan();
    await Promise.all([first, second]);
    expect([...controller.namespaces.keys()]).toEqual([1, 2]);
  });

  it('that fails half-way leaves a table with less than there was', async () => {
    const { device, controller } = await open();
    device.addNamespace(2);
    device.answer(IDENTIFY, ({ nsid }) => (nsid === 2 ? 'keep' : undefined), 0);
    const failed = controller.rescan({ deadlineMs: 20 });
    await expect(failed).rejects.toMatchObject({ code: 'COMMAND_TIMEOUT' });
    expect([...controller.namespaces.keys()]).toEqual([1]);
    device.handlers.shift();
    await controller.rescan();
    expect([...controller.namespaces.keys()]).toEqual([1, 2]);
  });

  it('takes how much is in use for a change', async () => {
    const { device, controller } = await open();
    const before = controller.namespace(1);
    new DataView(device.namespaces.get(1)!.buffer).setBigUint64(16, 5n, true);
    expect(await controller.rescan()).toEqual({ added: [], removed: [], changed: [] });
    expect(controller.namespace(1)).toBe(before);
  });
});
