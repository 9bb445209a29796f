import { describe, expect, it } from 'vitest';
import { ScriptedController, type SeenCommand } from '../../test-support/scripted-controller.js';
import type { ControllerOptions } from '../controller-options.js';
import type { BringUpState } from './bring-up-state.js';
import type { Quirk } from './quirks.js';

const MS = 1e6;
const INVALID_FIELD = 0x4002;

// Opcodes and identifiers of [Base], stated here by themselves.
const IDENTIFY = 0x06;
const SET_FEATURES = 0x09;
const GET_FEATURES = 0x0a;
const EVENT_REQUEST = 0x0c;
const DOORBELL_BUFFER = 0x7c;

/** Attaches, and tells which states were gone through. */
async function attach(device: ScriptedController, options: Partial<ControllerOptions> = {}) {
  const states: BringUpState[] = [];
  const log: string[] = [];
  const note = (message: string): void => void log.push(message);
  const attached = device.attach({
    onState: (state) => states.push(state),
    log: { info: note, warn: note },
    ...options,
  });
  return { controller: await attached, states, log };
}

/** Data structures that a feature is set with, from now on. */
function structuresOf(device: ScriptedController, feature: number, bytes: number): number[][] {
  const found: number[][] = [];
  const keep = (command: SeenCommand): undefined => void found.push([...command.data(bytes)[0]]);
  device.answer(SET_FEATURES, keep, feature);
  return found;
}

function setIdentity(device: ScriptedController, offset: number, ...bytes: number[]): void {
  device.identity.set(bytes, offset);
}

describe('a bring-up', () => {
  it('goes through other states, or through them in another order', async () => {
    const { states, controller } = await attach(new ScriptedController());
    expect(states).toEqual([
      'READ_CAP',
      'DISABLE',
      'DISABLE_WAIT_NOT_READY',
      'ENABLE',
      'ENABLE_WAIT_READY',
      'IDENTIFY',
      'NUM_QUEUES',
      'AER',
      'NAMESPACES',
      'DESCRIPTORS',
      'READY',
    ]);
    expect(controller.identity).toMatchObject({ cntlid: 7, mn: 'Scripted controller' });
    expect([...controller.namespaces.keys()]).toEqual([1]);
  });

  it('passes over what there is something to do for', async () => {
    const device = new ScriptedController();
    setIdentity(device, 96, 0x01, 0x80); // CTRATT: 128-bit host identifiers, extended LBA formats
    setIdentity(device, 256, 0x00, 0x01); // OACS: Doorbell Buffer Config
    setIdentity(device, 320, 1, 0); // KAS
    // AMS bit 0 and CSS bit 6 beside what is there.
    device.showCapabilities(63 | (1 << 16) | (1 << 17) | (2 << 24), 4 | (1 << 5) | (1 << 11));
    const options = { hostId: new Uint8Array(16).fill(1), keepAliveMs: 1000, arbitration: { highWeight: 3 } };
    const { states } = await attach(device, options);
    expect(states.slice(5)).toEqual([
      'IDENTIFY',
      'COMMAND_SETS',
      'HOST_BEHAVIOR',
      'HOST_ID',
      'KEEP_ALIVE',
      'NUM_QUEUES',
      'ARBITRATION',
      'DOORBELL_BUFFER',
      'AER',
      'NAMESPACES',
      'DESCRIPTORS',
      'READY',
    ]);
  });

  it.each<[BringUpState, string, (device: ScriptedController) => void]>([
    ['READ_CAP', 'CONTROLLER_GONE', (device) => device.vanish()],
    ['DISABLE_WAIT_READY', 'READY_TIMEOUT', (device) => device.show(0x14, 1)],
    ['ENABLE_WAIT_READY', 'READY_TIMEOUT', (device) => (device.readyPauses = 100_000)],
    ['IDENTIFY', 'COMMAND_TIMEOUT', (device) => device.answer(IDENTIFY, 'keep', 1)],
    ['IDENTIFY', 'COMMAND_FAILED', (device) => device.answer(IDENTIFY, { status: INVALID_FIELD }, 1)],
    ['NUM_QUEUES', 'COMMAND_TIMEOUT', (device) => device.answer(SET_FEATURES, 'keep', 0x07)],
    ['NUM_QUEUES', 'COMMAND_FAILED', (device) => device.answer(SET_FEATURES, { status: INVALID_FIELD }, 0x07)],
    ['AER', 'COMMAND_TIMEOUT', (device) => device.answer(SET_FEATURES, 'keep', 0x0b)],
    ['NAMESPACES', 'COMMAND_TIMEOUT', (device) => device.answer(IDENTIFY, 'keep', 2)],
    ['NAMESPACES', 'COMMAND_FAILED', (device) => device.answer(IDENTIFY, { status: INVALID_FIELD }, 2)],
    ['DESCRIPTORS', 'COMMAND_TIMEOUT', (device) => device.answer(IDENTIFY, 'keep', 0)],
  ])(
    'that fails in %s does not say so, waits without end (%s), or leaves something behind',
    async (state, code, spoil) => {
      const device = new ScriptedController();
      const { dma } = device;
      spoil(device);
      const failed = device.attach({ adminDeadlineMs: 40 });
      await expect(failed).rejects.toMatchObject({ name: 'DriverError', code, facts: { state } });
      expect(device.clock.nowNs()).toBeLessThan(1200 * MS);
      if (code !== 'CONTROLLER_GONE') expect(device.configured.at(-1)! & 1).toBe(0);
      dma.free(dma.allocate(8 << 20));
    },
  );

  it.each<[BringUpState, number, number | undefined]>([
    ['COMMAND_SETS', IDENTIFY, 0x1c],
    ['HOST_BEHAVIOR', SET_FEATURES, 0x16],
    ['HOST_ID', SET_FEATURES, 0x81],
    ['KEEP_ALIVE', SET_FEATURES, 0x0f],
    ['KEEP_ALIVE', GET_FEATURES, 0x0f],
    ['ARBITRATION', SET_FEATURES, 0x01],
    ['DOORBELL_BUFFER', DOORBELL_BUFFER, undefined],
    ['NAMESPACES', IDENTIFY, 0x07],
    ['DESCRIPTORS', IDENTIFY, 0x03],
    ['DESCRIPTORS', IDENTIFY, 0x05],
  ])('waits without end in %s, opcode %i', async (state, opcode, cdw10) => {
    const device = new ScriptedController();
    setIdentity(device, 96, 0x01, 0x80);
    setIdentity(device, 256, 0x00, 0x01);
    setIdentity(device, 320, 1, 0);
    device.showCapabilities(63 | (1 << 16) | (1 << 17) | (2 << 24), 4 | (1 << 5) | (1 << 11));
    device.answer(opcode, 'keep', cdw10);
    const options = { hostId: new Uint8Array(16).fill(1), keepAliveMs: 1000, arbitration: {}, adminDeadlineMs: 40 };
    const failed = { code: 'COMMAND_TIMEOUT', facts: { state, deadlineMs: 40 } };
    await expect(device.attach(options)).rejects.toMatchObject(failed);
    expect(device.clock.nowNs()).toBeLessThan(150 * MS);
    device.dma.free(device.dma.allocate(8 << 20));
  });

  it('cannot be given up from outside, or takes longer than it may as a whole', async () => {
    const device = new ScriptedController();
    const reason = new Error('enough');
    const signal = { aborted: false, reason };
    const options = { clock: device.clock, onState: (state: string) => void (signal.aborted ||= state === 'IDENTIFY') };
    const { Controller } = await import('../controller.js');
    const given = Controller.attach(device.function, options, { signal });
    await expect(given).rejects.toMatchObject({ code: 'ABORTED', cause: reason });
    const slow = new ScriptedController();
    slow.answer(IDENTIFY, 'keep', 1);
    const late = Controller.attach(slow.function, { clock: slow.clock }, { deadlineMs: 20 });
    const facts = { operation: 'attach', deadlineMs: 20, state: 'IDENTIFY' };
    await expect(late).rejects.toMatchObject({ code: 'OPERATION_TIMEOUT', facts });
    expect(slow.clock.nowNs()).toBeLessThan(60 * MS);
  });

  it('waits for less than CRTO allows', async () => {
    const device = new ScriptedController();
    // CRMS bit 0, and CRWMT of 5 seconds; CAP.TO has one.
    device.showCapabilities(63 | (1 << 16) | (2 << 24), 4 | (1 << 5) | (1 << 27));
    device.showReadyTimeouts(10);
    device.readyPauses = 4900;
    expect((await attach(device)).controller.capabilities).toMatchObject({
      enableTimeoutMs: 5000,
      readyTimeoutMs: 1000,
    });
  });
});

describe('quirks', () => {
  it.each<[Quirk, number]>([
    ['DELAY_BEFORE_INIT', 2000],
    ['DELAY_BEFORE_READY_CHECK', 2 * 2500],
  ])('of time are not honoured: %s', async (quirk, delayMs) => {
    const plain = new ScriptedController();
    await attach(plain);
    const device = new ScriptedController();
    await attach(device, { quirks: [quirk] });
    const laterMs = (device.clock.nowNs() - plain.clock.nowNs()) / MS;
    expect(laterMs).toBeGreaterThanOrEqual(delayMs - 2);
    expect(laterMs).toBeLessThan(delayMs + 10);
  });

  it('are not found by the identity of the function, or of another one', async () => {
    const device = new ScriptedController();
    const { controller } = await attach(device, { pci: { vendorId: 0x1414, deviceId: 0xb111 } });
    expect([...controller.quirks]).toEqual(['LARGE_ADMIN_QUEUE']);
    expect(controller.admin.queuePair.settings.entries).toBe(256);
    const any = await attach(new ScriptedController(), { pci: { vendorId: 0x19e5, deviceId: 0x1 } });
    expect([...any.controller.quirks]).toEqual(['NO_SGL']);
    const none = await attach(new ScriptedController(), { pci: { vendorId: 0x1414, deviceId: 0xb112 } });
    expect([...none.controller.quirks]).toEqual([]);
  });

  it('of a model keep its namespaces from being found', async () => {
    const device = new ScriptedController();
    setIdentity(device, 0, 0x86, 0x80);
    setIdentity(device, 24, ...new TextEncoder().encode('QEMU NVMe Ctrl'.padEnd(40)));
    setIdentity(device, 64, ...new TextEncoder().encode('1.0'.padEnd(8)));
    device.addNamespace(5);
    device.answer(IDENTIFY, ({ dwords }) => ((dwords[10] & 0xff) > 1 ? { status: INVALID_FIELD } : undefined));
    const { controller } = await attach(device);
    expect([...controller.namespaces.keys()]).toEqual([1, 5]);
    expect(device.seen(IDENTIFY).every(({ dwords }) => (dwords[10] & 0xff) <= 1)).toBe(true);
  });

  it('have a namespace without descriptors asked for them', async () => {
    const device = new ScriptedController();
    device.answer(IDENTIFY, { status: INVALID_FIELD }, 3);
    const { controller } = await attach(device, { quirks: ['NO_NAMESPACE_DESCRIPTORS'] });
    expect([...controller.namespaces.keys()]).toEqual([1]);
  });

  it('of queue sizes and delays are not for I/O queues', async () => {
    const device = new ScriptedController();
    device.showCapabilities(2047 | (1 << 16) | (2 << 24), 4 | (1 << 5));
    const { controller } = await attach(device, { quirks: ['LARGE_IO_QUEUES', 'DELAY_AFTER_QUEUE_CREATION'] });
    expect((await controller.createQueuePair()).settings.entries).toBe(1024);
    expect((await controller.createQueuePair({ entries: 64 })).settings.entries).toBe(64);
  });
});

describe('what is known not to work', () => {
  it('is used: SGLs, security, write zeroes', async () => {
    const device = new ScriptedController();
    setIdentity(device, 256, 0x01, 0x00); // OACS: security
    setIdentity(device, 536, 0x01); // SGLS
    const works = await attach(device);
    expect((await works.controller.createQueuePair({ payload: 'sgl' })).settings.payload).toBe('sgl');
    expect(works.controller.identity).toMatchObject({ oacs: 1, oncs: 0xff, sgls: 1 });
    const { controller } = await attach(device, { quirks: ['NO_SGL', 'NO_SECURITY', 'NO_WRITE_ZEROES'] });
    expect(controller.identity).toMatchObject({ oacs: 0, oncs: 0xf7, sgls: 0 });
    expect(await controller.identify()).toMatchObject({ oacs: 0, oncs: 0xf7, sgls: 0 });
    await expect(controller.createQueuePair({ payload: 'sgl' })).rejects.toThrow(RangeError);
    expect(controller.namespace(1).limits.offered & 8).toBe(0);
  });
});

describe('the largest transfer', () => {
  it.each([
    ['counts interleaved metadata', 0, [], Math.floor(131_072 / 520)],
    ['leaves it out by a quirk', 0, ['MDTS_EXCLUDES_METADATA'], 256],
    ['leaves it out because CTRATT bit 16 says so', 0x01, [], 256],
  ] as const)('%s, and lists describe what then fits', async (_, ctratt, quirks, blocks) => {
    const device = new ScriptedController();
    const page = device.namespaces.get(1)!;
    new DataView(page.buffer).setUint32(128, (9 << 16) | 8, true); // 512 + 8 bytes
    page[26] = 0x10; // FLBAS: extended
    setIdentity(device, 98, ctratt);
    const { controller } = await attach(device, { quirks });
    const namespace = controller.namespace(1);
    expect([namespace.transferBlocksMax, namespace.strippedBlocksMax]).toEqual([blocks, 256]);
    const pair = await controller.createQueuePair({ entries: 4, requests: 4 });
    const address = device.dma.allocate(blocks * 520);
    expect(pair.read(namespace, address, 0, blocks, 0, () => undefined, 0)).toBe(0);
    expect(pair.statistics.split).toBe(0);
  });
});

describe('what a host tells a controller', () => {
  it.each([
    [0x0003, undefined],
    [0x000f, 0x0c],
    [0x001c, 0x0c],
    [0x0005, 0x04],
  ])('leaves formats of copies off that it writes, or enables others: CDFS %i', async (cdfs, enabled) => {
    const device = new ScriptedController();
    const found = structuresOf(device, 0x16, 512);
    setIdentity(device, 534, cdfs, 0);
    await attach(device);
    if (enabled === undefined) expect(found).toEqual([]);
    else expect(found).toEqual([[0, 0, 0, 0, enabled, ...new Array<number>(507).fill(0)]]);
  });

  it('is not its behaviour, or what the controller has no use for', async () => {
    const device = new ScriptedController();
    const found = structuresOf(device, 0x16, 512);
    await attach(device);
    expect(device.seen(SET_FEATURES).some(({ dwords }) => (dwords[10] & 0xff) === 0x16)).toBe(false);
    setIdentity(device, 128, 2, 0); // CRDT1
    found.length = 0;
    await attach(device);
    const at = device.seen(SET_FEATURES).findIndex(({ dwords }) => (dwords[10] & 0xff) === 0x16);
    expect(at).toBeGreaterThanOrEqual(0);
    // ACRE, ETDAS, LBAFEE.
    expect(found[0].slice(0, 3)).toEqual([1, 0, 0]);
    setIdentity(device, 96, 0, 0x80); // CTRATT.ELBAS
    setIdentity(device, 261, 4 | 0x40); // LPA: telemetry data area 4
    found.length = 0;
    await attach(device);
    expect(found[0].slice(0, 3)).toEqual([1, 1, 1]);
    expect(found[0].slice(3).every((byte) => byte === 0)).toBe(true);
  });

  it('keeps a controller from coming up that does not want to know its behaviour', async () => {
    const device = new ScriptedController();
    setIdentity(device, 128, 2, 0);
    device.answer(SET_FEATURES, { status: INVALID_FIELD }, 0x16);
    const { controller, log } = await attach(device);
    expect(controller.state).toBe('READY');
    expect(log).toContainEqual(expect.stringMatching(/host behaviour is not set: .*Invalid Field/));
  });

  it.each([8, 16])('is another host identifier of %i bytes', async (bytes) => {
    const device = new ScriptedController();
    setIdentity(device, 96, 1); // CTRATT.HIDS
    const found = structuresOf(device, 0x81, bytes);
    const hostId = Uint8Array.from({ length: bytes }, (_, i) => i + 1);
    await attach(device, { hostId });
    const command = device.seen(SET_FEATURES).find(({ dwords }) => (dwords[10] & 0xff) === 0x81)!;
    expect(command.dwords[11] & 1).toBe(bytes === 16 ? 1 : 0);
    expect(found[0]).toEqual([...hostId]);
  });

  it('is a host identifier that the controller cuts short, or refuses unnoticed', async () => {
    const hostId = new Uint8Array(16).fill(1);
    await expect(new ScriptedController().attach({ hostId })).rejects.toMatchObject({
      code: 'UNSUPPORTED_CONTROLLER',
      facts: { field: 'CTRATT', state: 'HOST_ID' },
    });
    const device = new ScriptedController();
    device.answer(SET_FEATURES, { status: INVALID_FIELD }, 0x81);
    const refused = device.attach({ hostId: hostId.subarray(0, 8) });
    await expect(refused).rejects.toMatchObject({ code: 'COMMAND_FAILED', facts: { state: 'HOST_ID' } });
  });

  it('are weights to a controller without, or other weights than asked for', async () => {
    const without = await attach(new ScriptedController(), { arbitration: {} });
    expect(without.log).toContainEqual(expect.stringMatching(/^no weights/));
    await expect(without.controller.createQueuePair({ priority: 'high' })).rejects.toThrow(
      /^priority: expected urgent/,
    );
    const device = new ScriptedController();
    device.showCapabilities(63 | (1 << 16) | (1 << 17) | (2 << 24), 4 | (1 << 5));
    const arbitration = { burst: 8, highWeight: 256, mediumWeight: 16, lowWeight: 1 };
    const { controller } = await attach(device, { arbitration });
    expect((device.configured.at(-1)! >>> 11) & 7).toBe(1);
    const command = device.seen(SET_FEATURES).find(({ dwords }) => (dwords[10] & 0xff) === 0x01)!;
    expect(command.dwords[11]).toBe(0xff0f_0003);
    await controller.createQueuePair({ priority: 'high' });
    // QPRIO in bits 2:1 of dword 11.
    expect((device.seen(0x01).at(-1)!.dwords[11] >>> 1) & 3).toBe(1);
  });

  it('is a keep alive in other units than the controller’s, or not as granted', async () => {
    const none = await attach(new ScriptedController(), { keepAliveMs: 1000 });
    expect(none.log).toContainEqual(expect.stringMatching(/no keep alive/));
    const device = new ScriptedController();
    setIdentity(device, 320, 3, 0); // KAS of 300 ms
    device.answer(GET_FEATURES, { dw0: 1500 }, 0x0f);
    const { controller } = await attach(device, { keepAliveMs: 1000 });
    expect(device.seen(SET_FEATURES).find(({ dwords }) => (dwords[10] & 0xff) === 0x0f)!.dwords[11]).toBe(1200);
    let ticksMs = 0;
    while (device.seen(0x18).length === 0) {
      controller.tick();
      await device.function.pause();
      if (++ticksMs > 2000) throw new Error('no keep alive');
    }
    expect(ticksMs).toBeGreaterThan(740);
    expect(ticksMs).toBeLessThan(760);
  });
});

describe('queues and events', () => {
  it('are believed to be more than were granted', async () => {
    const device = new ScriptedController();
    device.answer(SET_FEATURES, { dw0: (1 << 16) | 5 }, 0x07);
    expect((await attach(device, { ioQueuePairs: 64 })).controller.ioQueuePairsMax).toBe(2);
    device.answer(SET_FEATURES, { dw0: 0xffff_ffff }, 0x07);
    expect((await attach(device, { ioQueuePairs: 3 })).controller.ioQueuePairsMax).toBe(3);
  });

  it.each([2, 3])('are asked of a controller that has none: CNTRLTYPE %i', async (type) => {
    const device = new ScriptedController();
    setIdentity(device, 111, type);
    const { controller, states } = await attach(device);
    expect(states).not.toContain('NUM_QUEUES');
    expect(controller.ioQueuePairsMax).toBe(0);
    await expect(controller.createQueuePair()).rejects.toMatchObject({ code: 'QUEUE_REFUSED' });
  });

  it.each([
    [0, 1],
    [3, 4],
    [7, 8],
    [255, 8],
  ])('are requests for events other than min(8, AERL + 1): AERL %i', async (aerl, requests) => {
    const device = new ScriptedController();
    setIdentity(device, 259, aerl);
    const { controller } = await attach(device);
    await controller.identify();
    expect(device.seen(EVENT_REQUEST).length).toBe(requests);
  });

  it.each([
    [2, 0],
    [3, 1],
    [5, 3],
    [9, 7],
    [10, 8],
  ])('take every place in an admin queue of %i entries', async (adminEntries, requests) => {
    const device = new ScriptedController();
    setIdentity(device, 259, 255);
    const { controller, log } = await attach(device, { adminEntries });
    await controller.identify();
    expect(device.seen(EVENT_REQUEST).length).toBe(requests);
    expect(log.some((line) => line.startsWith('no events'))).toBe(requests === 0);
  });

  it('are other events than OAES and the critical warnings', async () => {
    const device = new ScriptedController();
    setIdentity(device, 92, 0x00, 0x0b, 0x00, 0x80);
    await attach(device);
    expect(device.seen(SET_FEATURES).find(({ dwords }) => (dwords[10] & 0xff) === 0x0b)!.dwords[11]).toBe(0x8000_0bff);
  });
});

describe('doorbells in memory', () => {
  it('are used although the command failed, or the option says no, or their page is too small', async () => {
    const device = new ScriptedController();
    setIdentity(device, 256, 0x00, 0x01);
    device.answer(DOORBELL_BUFFER, { status: INVALID_FIELD });
    const failed = await attach(device);
    expect(failed.log).toContainEqual(expect.stringMatching(/^doorbells stay registers: .*Invalid Field/));
    const pair = await failed.controller.createQueuePair();
    const { counters } = device.function;
    pair.flush(failed.controller.namespace(1), () => undefined, 0);
    pair.poll();
    expect([counters.sqShadowWrites, counters.cqShadowWrites]).toEqual([0, 0]);
    expect(counters.sqDoorbellWrites).toBeGreaterThan(0);
    const before = device.seen(DOORBELL_BUFFER).length;
    await attach(device, { shadowDoorbells: false });
    expect(device.seen(DOORBELL_BUFFER).length).toBe(before);
    device.answer(SET_FEATURES, { dw0: 0x003f_003f }, 0x07);
    const large = await attach(device, { ioQueuePairs: 64 });
    expect(device.seen(DOORBELL_BUFFER).length).toBe(before);
    expect(large.log).toContainEqual(expect.stringMatching(/those of 65 queues do not fit/));
  });

  it('are told of with other pages than they are in, or pages that are not empty', async () => {
    const device = new ScriptedController();
    setIdentity(device, 256, 0x00, 0x01);
    let pages: Uint8Array[] = [];
    device.answer(DOORBELL_BUFFER, (command) => {
      pages = command.data(8192);
      expect(pages.map((page) => page.length)).toEqual([4096, 4096]);
      expect(pages.every((page) => page.every((byte) => byte === 0))).toBe(true);
      return {};
    });
    const { controller } = await attach(device);
    const pair = await controller.createQueuePair();
    pair.flush(controller.namespace(1), () => undefined, 0);
    pair.poll();
    // SQ tail of queue 1: (2 * 1 + 0) * (4 << DSTRD), DSTRD 4. [Base] 5.2.5
    expect(pages[0][2 * 64]).toBe(1);
    expect(device.function.counters.sqShadowWrites).toBe(1);
  });
});

describe('namespaces', () => {
  it('of another command set are taken for the driver’s own', async () => {
    const device = new ScriptedController();
    device.addNamespace(2);
    device.answer(
      IDENTIFY,
      ({ nsid }) => {
        const data = new Uint8Array(4096);
        // NIDT 4, NIDL 1: CSI 2, zoned.
        if (nsid === 2) data.set([4, 1, 0, 0, 2]);
        return { data };
      },
      3,
    );
    const { controller, log } = await attach(device);
    expect([...controller.namespaces.keys()]).toEqual([1]);
    expect(log).toContainEqual('namespace 2 left out: expected the NVM command set, got command set 2');
  });

  it('are asked for by command set of a controller that cannot tell, and not found', async () => {
    const device = new ScriptedController();
    device.showCapabilities(63 | (1 << 16) | (2 << 24), 4 | (1 << 11));
    device.answer(IDENTIFY, { status: INVALID_FIELD }, 7);
    device.answer(IDENTIFY, { status: INVALID_FIELD }, 0x1c);
    const { controller } = await attach(device);
    expect([...controller.namespaces.keys()]).toEqual([1]);
    expect((device.configured.at(-1)! >>> 4) & 7).toBe(6);
  });

  it('are looked for with a combination of command sets that does not have theirs', async () => {
    const device = new ScriptedController();
    device.showCapabilities(63 | (1 << 16) | (2 << 24), 4 | (1 << 11));
    const combinations = new Uint8Array(4096);
    combinations[0] = 4;
    combinations[8] = 2;
    combinations[16] = 5;
    device.answer(IDENTIFY, { data: combinations }, 0x1c);
    await attach(device);
    expect(device.seen(SET_FEATURES).find(({ dwords }) => (dwords[10] & 0xff) === 0x19)!.dwords[11]).toBe(2);
    // One that is selected already is left alone.
    const before = device.seen(SET_FEATURES).length;
    device.answer(GET_FEATURES, { dw0: 2 }, 0x19);
    await attach(device);
    const later = device.seen(SET_FEATURES).slice(before);
    expect(later.some(({ dwords }) => (dwords[10] & 0xff) === 0x19)).toBe(false);
  });

  it('have guards that nobody asked about', async () => {
    const device = new ScriptedController();
    setIdentity(device, 96, 0, 0x80); // CTRATT.ELBAS
    const page = device.namespaces.get(1)!;
    new DataView(page.buffer).setUint32(128, (12 << 16) | 16, true); // MS 16
    page[29] = 1; // DPS: type 1
    const nvm = new Uint8Array(4096);
    new DataView(nvm.buffer).setUint32(12, (2 << 7) | 16, true); // ELBAF0: PIF 2, STS 16
    device.answer(IDENTIFY, { data: nvm }, 5);
    const { controller } = await attach(device);
    expect(controller.namespace(1)).toMatchObject({ guardBits: 64, storageTagBits: 16, piType: 1, metadataBytes: 16 });
  });

  it('have limits that nobody asked about', async () => {
    const device = new ScriptedController();
    setIdentity(device, 520, 0, 0); // ONCS: nothing
    const limits = new Uint8Array(4096);
    limits[0] = 1; // VSL: 2 pages
    device.answer(IDENTIFY, { data: limits }, 6);
    expect((await attach(device)).controller.namespace(1).limits.verifyBlocksMax).toBe(2);
  });
});
