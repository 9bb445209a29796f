/**
 * From power-on to shutdown: devices that are slow, broken, odd or gone. Time is a clock that waiting itself moves.
 */
import { Controller as Device, NullMedium, RamMedium } from '@phasebit/controller';
import { ManualClock } from '@phasebit/core';
import {
  AdminQueue,
  type AsyncEvent,
  Controller,
  DriverError,
  type QueuePair,
  readLogPage,
  SUBMIT_ACCEPTED,
  SUBMIT_FAILED,
} from '@phasebit/nvme';
import {
  ADMIN_IDENTIFY,
  ASYNC_EVENT_NOTICE_NAMESPACE_CHANGED,
  ASYNC_EVENT_TYPE_NOTICE,
  CAP,
  CC,
  CSTS,
  CSTS_SHST_COMPLETE,
  IDENTIFY_BYTES,
  IDENTIFY_CNS_COMMAND_SET_ACTIVE_NAMESPACE_LIST,
  IDENTIFY_CNS_NAMESPACE,
  IDNS_FLBAS,
  IDNS_LBAF,
  LBA_FORMAT,
  LOG_CHANGED_NAMESPACES,
  LOG_SMART,
  REG_CC,
  REG_CSTS,
  statusCode,
  STATUS_COMMAND_ABORTED_BY_HOST,
} from '@phasebit/nvme-spec';
import { createDmaArena, createLinkMemory, DeviceDma, DmaSpace, LinkDevice, openLink } from '@phasebit/pcie';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { InlineStack, NSID } from './support/inline-stack.js';
import { RegisterDevice } from './support/register-device.js';

const MS = 1e6;

function attachTo(device: RegisterDevice): Promise<Controller> {
  return Controller.attach(device.function, { clock: device.clock });
}

/** Fails unless all memory but the data's is free again. */
function expectNothingTaken(stack: InlineStack, ringBytes = 4 << 20): void {
  stack.dma.free(stack.dma.allocate(ringBytes));
}

/** Spoils what a device says in one kind of Identify. */
function spoilIdentify(cns: number, spoil: (page: Uint8Array, nsid: number) => void): void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own `this` below
  const receive = AdminQueue.prototype.receive;
  vi.spyOn(AdminQueue.prototype, 'receive').mockImplementation(async function (this: AdminQueue, command, ...rest) {
    const page = await receive.call(this, command, ...rest);
    if (command.opcode === ADMIN_IDENTIFY && command.cdw10 === cns) spoil(page, command.nsid ?? 0);
    return page;
  });
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a device that does not become ready', () => {
  it.each([
    [0, 500],
    [1, 500],
    [4, 2000],
    [255, 127_500],
  ])('is waited for longer or shorter than CAP.TO %i says', async (readyTimeout, timeoutMs) => {
    const device = new RegisterDevice(readyTimeout);
    await expect(attachTo(device)).rejects.toMatchObject({
      name: 'DriverError',
      code: 'READY_TIMEOUT',
      facts: { waitedFor: 'CSTS.RDY=1', timeoutMs },
    });
    expect(device.clock.nowNs()).toBeGreaterThan(timeoutMs * MS);
    expect(device.clock.nowNs()).toBeLessThan((timeoutMs + 50) * MS);
  });

  it('is waited for as long when it does not let go of a previous owner', async () => {
    const device = new RegisterDevice(2);
    device.showConfiguration(1);
    device.showStatus(1);
    await expect(attachTo(device)).rejects.toMatchObject({
      code: 'READY_TIMEOUT',
      facts: { waitedFor: 'CSTS.RDY=0', timeoutMs: 1000 },
    });
  });

  it('is waited for although it says that it never will: CSTS.CFS', async () => {
    const device = new RegisterDevice(255);
    device.onConfigure = (cc) => device.showStatus(0, CC.EN.get(cc));
    await expect(attachTo(device)).rejects.toMatchObject({ code: 'CONTROLLER_FATAL' });
    expect(device.clock.nowNs()).toBeLessThan(100 * MS);
  });

  it('is waited for although it has left the bus', async () => {
    const device = new RegisterDevice(255);
    device.onConfigure = (cc) => {
      if (CC.EN.get(cc) === 1) device.vanish();
    };
    await expect(attachTo(device)).rejects.toMatchObject({ code: 'CONTROLLER_GONE', facts: { register: 'CSTS' } });
    expect(device.clock.nowNs()).toBeLessThan(100 * MS);
  });

  it('is waited for without end when it takes no register writes', async () => {
    const device = new RegisterDevice(255);
    device.isListening = false;
    await expect(attachTo(device)).rejects.toMatchObject({ code: 'CONTROLLER_GONE' });
  });
});

describe('a device whose registers say that it is not for this driver', () => {
  it('is touched although it is not there: all ones', async () => {
    const device = new RegisterDevice();
    device.vanish();
    await expect(attachTo(device)).rejects.toMatchObject({ code: 'CONTROLLER_GONE', facts: { register: 'CAP' } });
    expect(device.function.counters.registerWrites).toBe(0);
  });

  it.each<[string, (cap: Uint32Array) => unknown]>([
    ['CAP.MPSMIN', (cap) => CAP.MPSMIN.set(cap, 1)],
    ['CAP.MQES', (cap) => CAP.MQES0.set(cap, 0)],
    ['CAP.CSS', (cap) => CAP.CSS.set(cap, 0)],
  ])('is enabled all the same: %s', async (field, change) => {
    const device = new RegisterDevice();
    const cap = device.capabilities;
    change(cap);
    device.showCapabilities(cap);
    await expect(attachTo(device)).rejects.toMatchObject({ code: 'UNSUPPORTED_CONTROLLER', facts: { field } });
    expect(device.function.counters.registerWrites).toBe(0);
  });
});

describe('a previous owner that has left the device enabled', () => {
  it('is not disabled before the admin queue is set up', async () => {
    const device = new RegisterDevice();
    device.showConfiguration(1);
    device.showStatus(1);
    device.onConfigure = (cc) => device.showStatus(0, CC.EN.get(cc));
    await expect(attachTo(device)).rejects.toMatchObject({ code: 'CONTROLLER_FATAL' });
    // Disabled, enabled, and, since that failed, disabled again.
    expect(device.configured.map((cc) => CC.EN.get(cc))).toEqual([0, 1, 0]);
  });

  it('has its device disabled while that is still on its way to ready', async () => {
    const device = new RegisterDevice();
    device.showConfiguration(1);
    let pauses = 0;
    device.onPause = () => {
      if (++pauses === 20) device.showStatus(1);
      if (pauses < 20) expect(device.configured).toEqual([]);
    };
    device.onConfigure = (cc) => device.showStatus(0, CC.EN.get(cc));
    await expect(attachTo(device)).rejects.toMatchObject({ code: 'CONTROLLER_FATAL' });
    expect(pauses).toBeGreaterThan(20);
  });

  it('has left queues behind that still write to memory', async () => {
    const stack = await InlineStack.open();
    const first = stack.controllers[0];
    const pair = await stack.openPair({ sqDoorbell: 'command' });
    expect(pair.read(first.namespace(NSID), stack.data, 0, 1, 0, () => expect.unreachable(), 0)).toBe(SUBMIT_ACCEPTED);
    const second = await Controller.attach(stack.functions[0], { clock: stack.clock, ioQueuePairs: 2 });
    expect(second.state).toBe('READY');
    expect((await second.createQueuePair()).qid).toBe(1);
  });

  it('has left it failed', async () => {
    const stack = await InlineStack.open();
    stack.devices[0].fail('fatal');
    stack.step();
    expect((await stack.attach()).state).toBe('READY');
  });
});

describe('a device with little to give', () => {
  it('hangs at bring-up when its I/O rings have two entries: CAP.MQES 1', async () => {
    const stack = await InlineStack.open({ device: { mqesEntries: 2 } });
    const controller = stack.controllers[0];
    expect(controller.capabilities.queueEntriesMax).toBe(2);
    const pair = await stack.openPair();
    expect(pair.settings.entries).toBe(2);
    let completed = 0;
    for (let lba = 0; lba < 4; lba++) {
      const onDone = (_: unknown, status: number): void => void (completed += status === 0 ? 1 : 0);
      expect(pair.read(controller.namespace(NSID), stack.data, lba, 1, 0, onDone, 0)).toBe(SUBMIT_ACCEPTED);
    }
    stack.spin(
      () => completed === 4,
      () => pair.poll(),
    );
  });

  it('is asked for a larger ring than it takes', async () => {
    const stack = await InlineStack.open({ device: { mqesEntries: 64 } });
    await expect(stack.openPair({ entries: 65 })).rejects.toThrow(
      new RangeError('entries: expected 2 to 64 (CAP.MQES + 1), got 65'),
    );
    expect((await stack.openPair({ entries: 64 })).settings.entries).toBe(64);
    expect((await stack.openPair()).settings.entries).toBe(64);
  });

  it('is believed to have more queues than it has granted', async () => {
    const stack = await InlineStack.open({ device: { queuePairs: 3 }, driver: { ioQueuePairs: 8 } });
    const controller = stack.controllers[0];
    expect(controller.ioQueuePairsMax).toBe(3);
    const pairs: QueuePair[] = [];
    for (let i = 0; i < 3; i++) pairs.push(await stack.openPair({ entries: 4 }));
    await expect(stack.openPair()).rejects.toMatchObject({ code: 'QUEUE_REFUSED' });
    await controller.deleteQueuePair(pairs[1]);
    expect((await stack.openPair()).qid).toBe(2);
  });

  it('has a queue that it refuses stay half created', async () => {
    const stack = await InlineStack.open({ ringBytes: 1 << 20 });
    // A ring too large for the memory there is.
    await expect(stack.openPair({ entries: 4096 })).rejects.toThrow(RangeError);
    const before = stack.controllers[0].queuePairs.length;
    for (let i = 0; i < 20; i++) {
      vi.spyOn(stack.controllers[0].admin, 'executeAt').mockResolvedValueOnce({ status: 0x101, dw0: 0 });
      await expect(stack.openPair({ entries: 256 })).rejects.toMatchObject({
        code: 'QUEUE_REFUSED',
        facts: { queue: 'completion', qid: 1, status: expect.stringContaining('Invalid Queue Identifier') },
      });
    }
    expect(stack.controllers[0].queuePairs.length).toBe(before);
    expect((await stack.openPair({ entries: 256 })).qid).toBe(1);
    await stack.close();
    expectNothingTaken(stack, 1 << 20);
  });
});

describe('an Identify that fails', () => {
  it('is not said to have failed, with its opcode and its status', async () => {
    // The device reaches the first arena only: the admin rings are in it, the page that Identify shall fill is not.
    const memory = createLinkMemory({ queues: 2 });
    const clock = new ManualClock();
    const dma = new DmaSpace(2 << 20);
    const reachable = createDmaArena({ bytes: 2 * 4096 });
    dma.attach(reachable);
    dma.attach(createDmaArena({ bytes: 64 * 4096, iovaBase: 2 ** 40 }));
    const namespaces = [{ nsid: NSID, medium: new NullMedium(1 << 20) }];
    const device = new Device({ link: new LinkDevice(memory), dma: new DeviceDma([reachable]), clock, namespaces });
    const pause = (): Promise<void> => Promise.resolve(void device.step());
    const attached = Controller.attach(openLink({ memory, dma, clock, pause }), { clock });
    await expect(attached).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      facts: { opcode: expect.stringContaining('Identify'), status: expect.stringContaining('Data Transfer Error') },
      message: expect.stringMatching(
        /completed with an error status \(opcode=.*Identify.*, status=.*Data Transfer Error/,
      ),
    });
  });
});

describe('namespaces', () => {
  const attachWith = async (spoil: (page: Uint8Array, nsid: number) => void) => {
    spoilIdentify(IDENTIFY_CNS_NAMESPACE, spoil);
    const warnings: string[] = [];
    const stack = InlineStack.powerOn();
    stack.devices[0].detach(NSID);
    stack.devices[0].attach({ nsid: NSID, medium: stack.medium, blockBytes: 4096 });
    const log = { info: () => undefined, warn: (message: string) => void warnings.push(message) };
    return { controller: await stack.attach(0, { log }), warnings };
  };
  const setFormat = (page: Uint8Array, lbads: number): void => {
    const format = LBA_FORMAT.LBADS.set(0, lbads);
    page[IDNS_FLBAS] = 0;
    new DataView(page.buffer, page.byteOffset).setUint32(IDNS_LBAF, format, true);
  };

  it.each([
    ['blocks of 256 bytes', 8, /expected blocks of 2\^9 to 2\^16 bytes, got 2\^8/],
    ['blocks of 2 GiB', 31, /got 2\^31/],
    ['blocks of 2^255 bytes', 255, /got 2\^255/],
    ['a format that does not exist', 0, /got 2\^0/],
  ])('that cannot be used are used, or keep the controller from coming up: %s', async (_, lbads, warning) => {
    const { controller, warnings } = await attachWith((page) => setFormat(page, lbads));
    expect(controller.state).toBe('READY');
    expect([...controller.namespaces.keys()]).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(warning)]);
    expect(() => controller.namespace(NSID)).toThrow(DriverError);
  });

  it('with a format index past the table break the bring-up', async () => {
    for (let flbas = 0; flbas < 256; flbas += 5) {
      const { controller } = await attachWith((page) => (page[IDNS_FLBAS] = flbas));
      expect(controller.state).toBe('READY');
      vi.restoreAllMocks();
    }
  });

  it('whose blocks are larger than a transfer make a read search for a piece without end', async () => {
    const warnings: string[] = [];
    const stack = InlineStack.powerOn({ blockBytes: 16_384, device: { mdts: 1 } });
    const log = { info: () => undefined, warn: (message: string) => void warnings.push(message) };
    const controller = await stack.attach(0, { log });
    expect([...controller.namespaces.keys()]).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(/namespace 1 left out: .*8192 bytes, got 16384/)]);
  });

  it('are needed to come up', async () => {
    const stack = InlineStack.powerOn();
    stack.devices[0].detach(NSID);
    const controller = await stack.attach();
    expect(controller.namespaces.size).toBe(0);
    expect(() => controller.namespace(NSID)).toThrow(/not active on this controller/);
    await controller.shutDown();
  });

  it('past the first page of the list are forgotten', async () => {
    const stack = InlineStack.powerOn({ device: { largestNsid: 4096 } });
    const medium = new NullMedium(1 << 20);
    const nsids = Array.from({ length: 1100 }, (_, i) => 2 + i * 3);
    for (const nsid of nsids) stack.devices[0].attach({ nsid, medium });
    const controller = await stack.attach();
    expect([...controller.namespaces.keys()]).toEqual([NSID, ...nsids]);
  });

  it('behind a list that does not ascend are looked for without end, or one that is not there keeps the others from being found', async () => {
    spoilIdentify(IDENTIFY_CNS_COMMAND_SET_ACTIVE_NAMESPACE_LIST, (page) => {
      new Uint32Array(page.buffer).fill(7).set([NSID]);
    });
    const warnings: string[] = [];
    const log = { info: () => undefined, warn: (message: string) => void warnings.push(message) };
    const controller = await InlineStack.powerOn().attach(0, { log });
    expect([...controller.namespaces.keys()]).toEqual([NSID]);
    expect(warnings).toEqual([expect.stringMatching(/namespace 7 left out: .*Identify/)]);
  });
});

describe('an asynchronous event', () => {
  it('gets lost, comes twice, or cannot come again', async () => {
    const stack = await InlineStack.open({ device: { largestNsid: 64 }, driver: { followNamespaces: false } });
    const controller = stack.controllers[0];
    const turn = (): void => {
      stack.step();
      controller.tick();
    };
    const takeNotices = (): AsyncEvent[] => {
      const notices: AsyncEvent[] = [];
      for (let event = controller.takeEvent(); event !== undefined; event = controller.takeEvent()) {
        if (event.logPage === LOG_CHANGED_NAMESPACES) notices.push(event);
      }
      return notices;
    };
    const information = ASYNC_EVENT_NOTICE_NAMESPACE_CHANGED;
    for (let nsid = 2; nsid < 40; nsid++) {
      expect(takeNotices()).toEqual([]);
      stack.devices[0].attach({ nsid, medium: stack.medium });
      for (let i = 0; i < 4; i++) turn();
      expect(takeNotices()).toEqual([{ type: ASYNC_EVENT_TYPE_NOTICE, information, logPage: LOG_CHANGED_NAMESPACES }]);
      const list = await readLogPage(controller.admin, LOG_CHANGED_NAMESPACES, 4096);
      expect(new DataView(list.buffer).getUint32(0, true)).toBe(nsid);
    }
    expect(takeNotices()).toEqual([]);
  });

  it('takes all the requests of the admin queue', async () => {
    const stack = await InlineStack.open();
    const { admin } = stack.controllers[0];
    // Event requests are parked at the device; there is still room for many commands at once.
    const answers = Array.from({ length: 20 }, () => admin.demand({ opcode: 0x0a, cdw10: 0x07 }));
    for (const answer of answers) await expect(answer).resolves.toMatchObject({ status: 0 });
  });
});

describe('an admin command that takes too long', () => {
  it('is waited for past its deadline, and its late completion does harm', async () => {
    const stack = await InlineStack.open({ ringBytes: 1 << 20 });
    const controller = stack.controllers[0];
    const { admin } = controller;
    for (let round = 0; round < 300; round++) {
      const step = vi.spyOn(stack.devices[0], 'step').mockReturnValue(0);
      const before = stack.clock.nowNs();
      const asked = admin.receive({ opcode: ADMIN_IDENTIFY, cdw10: 1 }, IDENTIFY_BYTES, { deadlineMs: 5 });
      await expect(asked).rejects.toMatchObject({
        code: 'COMMAND_TIMEOUT',
        facts: { opcode: expect.stringContaining('Identify'), deadlineMs: 5 },
      });
      expect(stack.clock.nowNs() - before).toBeLessThan(6 * MS);
      step.mockRestore();
      // The device completes it now. Its memory is the host's again only then, or three hundred rounds would not be possible.
      const page = await admin.receive({ opcode: ADMIN_IDENTIFY, cdw10: 1 }, IDENTIFY_BYTES);
      expect(page.some((byte) => byte !== 0)).toBe(true);
    }
    expect(admin.queuePair.statistics.spurious).toBe(0);
    await controller.shutDown();
    expectNothingTaken(stack, 1 << 20);
  });

  it('cannot be given up from outside', async () => {
    const stack = await InlineStack.open();
    const { admin } = stack.controllers[0];
    const step = vi.spyOn(stack.devices[0], 'step').mockReturnValue(0);
    const abort = new AbortController();
    const asked = admin.execute({ opcode: ADMIN_IDENTIFY, cdw10: 1 }, { signal: abort.signal });
    abort.abort(new Error('no longer of interest'));
    await expect(asked).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'no longer of interest' } });
    step.mockRestore();
    await expect(readLogPage(admin, LOG_SMART, 512)).resolves.toHaveLength(512);
  });

  it('hides that the controller has died meanwhile', async () => {
    const stack = await InlineStack.open();
    const controller = stack.controllers[0];
    stack.devices[0].fail('hang');
    const asked = controller.admin.execute({ opcode: ADMIN_IDENTIFY, cdw10: 1 }, { deadlineMs: 60_000 });
    stack.devices[0].fail('remove');
    const failed = vi.fn();
    controller.onFailed = failed;
    await stack.until(
      () => controller.state === 'FAILED',
      () => undefined,
    );
    await expect(asked).resolves.toMatchObject({ status: STATUS_COMMAND_ABORTED_BY_HOST });
    expect(failed).toHaveBeenCalledOnce();
    expect(failed).toHaveBeenCalledWith(expect.objectContaining({ code: 'CONTROLLER_GONE' }));
    await expect(controller.admin.execute({ opcode: ADMIN_IDENTIFY })).rejects.toMatchObject({ code: 'NOT_READY' });
  });
});

describe('a host that was stopped for a while', () => {
  it('takes its device for dead although it has answered', async () => {
    const stack = await InlineStack.open({ driver: { ioTimeoutMs: 30_000 } });
    const controller = stack.controllers[0];
    const clock = stack.clock as ManualClock;
    const pair = await stack.openPair({ sqDoorbell: 'command' });
    let completed = false;
    pair.read(controller.namespace(NSID), stack.data, 0, 1, 0, () => (completed = true), 0);
    stack.step();
    // The completion is in the ring. The host was suspended, and comes back to tick first and poll afterwards.
    clock.advanceNs(60_000 * MS);
    controller.tick();
    for (let i = 0; i < 50; i++) await stack.pause();
    expect(controller.state).toBe('READY');
    pair.poll();
    expect(completed).toBe(true);
  });

  it('takes its device for dead because of what it submits when it comes back', async () => {
    const stack = await InlineStack.open({ driver: { ioTimeoutMs: 30_000 } });
    const controller = stack.controllers[0];
    const pair = await stack.openPair();
    controller.tick();
    (stack.clock as ManualClock).advanceNs(60_000 * MS);
    // Submitted before the first tick, so with the time as it was when the host was stopped.
    pair.read(controller.namespace(NSID), stack.data, 0, 1, 0, () => undefined, 0);
    controller.tick();
    for (let i = 0; i < 50; i++) await stack.pause();
    expect(controller.state).toBe('READY');
  });
});

describe('a shutdown', () => {
  it('leaves something in a cache, on a queue, or in memory', async () => {
    const medium = new RamMedium({ bytes: 1 << 20 });
    const flush = vi.spyOn(medium, 'flush');
    const stack = await InlineStack.open({ medium });
    const controller = stack.controllers[0];
    const pair = await stack.openPair();
    await stack.openPair({ entries: 1024 });
    const statuses: number[] = [];
    const onDone = (_: unknown, status: number): void => void statuses.push(statusCode(status));
    pair.write(controller.namespace(NSID), stack.data, 0, 1, 0, onDone, 0);
    await controller.shutDown();
    expect(flush).toHaveBeenCalled();
    expect(statuses).toEqual([STATUS_COMMAND_ABORTED_BY_HOST]);
    expect(pair.connected).toBe(false);
    expect(pair.read(controller.namespace(NSID), stack.data, 0, 1, 0, onDone, 0)).toBe(SUBMIT_FAILED);
    expect(CC.EN.get(await stack.functions[0].registers.read32(REG_CC))).toBe(0);
    expect(CSTS.RDY.get(await stack.functions[0].registers.read32(REG_CSTS))).toBe(0);
    expectNothingTaken(stack);
    await expect(controller.shutDown()).rejects.toMatchObject({ code: 'NOT_READY' });
  });

  it('is waited for without end when the device does not report it', async () => {
    const stack = await InlineStack.open();
    const controller = stack.controllers[0];
    const pair = await stack.openPair();
    const onDone = vi.fn();
    pair.read(controller.namespace(NSID), stack.data, 0, 1, 0, onDone, 0);
    stack.devices[0].fail('hang');
    await expect(controller.shutDown({ deadlineMs: 100 })).rejects.toMatchObject({
      code: 'SHUTDOWN_TIMEOUT',
      facts: { waitedFor: expect.stringContaining('SHST'), timeoutMs: 100 },
    });
    expect(CSTS_SHST_COMPLETE).toBe(2);
    // What was accepted has been called back all the same.
    expect(onDone).toHaveBeenCalledOnce();
    expect(controller.state).toBe('DETACHED');
  });
});

describe('memory is lost', () => {
  it('with each bring-up that fails', async () => {
    const stack = InlineStack.powerOn({ ringBytes: 64 << 10 });
    const receive = vi.spyOn(AdminQueue.prototype, 'receive');
    for (let round = 0; round < 30; round++) {
      receive.mockRejectedValueOnce(new DriverError('COMMAND_FAILED'));
      await expect(stack.attach()).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
    }
    expectNothingTaken(stack, 64 << 10);
    expect((await stack.attach()).state).toBe('READY');
  });

  it('with each bring-up of a device that does not become ready', async () => {
    const device = new RegisterDevice(1);
    const { dma } = device.function;
    for (let round = 0; round < 300; round++) {
      await expect(attachTo(device)).rejects.toMatchObject({ code: 'READY_TIMEOUT' });
    }
    dma.free(dma.allocate(1 << 20));
  });

  it('with each controller that fails and is brought up again', async () => {
    const stack = await InlineStack.open({ ringBytes: 1 << 20 });
    for (let round = 0; round < 20; round++) {
      const controller = stack.controllers[0];
      const pair = await stack.openPair();
      stack.devices[0].fail('fatal');
      await stack.until(
        () => controller.state === 'FAILED',
        () => undefined,
      );
      await controller.deleteQueuePair(pair);
      await stack.attach();
    }
    await stack.close();
    expectNothingTaken(stack, 1 << 20);
  });
});
