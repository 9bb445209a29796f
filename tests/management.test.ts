/**
 * The driver's admin side against the modelled controller: each was written from the specification, and each checks the other.
 */
import { createFirmwareImage } from '@phasebit/controller';
import {
  allocatedNamespaces,
  type Controller,
  controllerList,
  CopySources,
  enableDirective,
  exitSanitizeVerification,
  getFeature,
  getFeatureCapabilities,
  identifyIndependentNamespace,
  identifyNvmNamespace,
  readDirectives,
  readLogPage,
  readStreams,
  securityReceive,
  setFeature,
  Transfer,
} from '@phasebit/nvme';
import {
  ADMIN_FORMAT_NVM,
  decodeSupportedCommands,
  decodeTelemetryHeader,
  FEATURE_TIMESTAMP,
  FEATURE_VOLATILE_WRITE_CACHE,
  LOG_COMMAND_EFFECTS,
  LOG_TELEMETRY_HOST,
  RW_CDW12_PRACT,
  telemetryBytes,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { InlineStack, type InlineStackOptions, NSID } from './support/inline-stack.js';

/** Durations that take some pauses, and no time. */
const durations = { formatMs: 20, sanitizeMs: 20, shortTestMs: 20, extendedTestMs: 40 };

async function open(options: InlineStackOptions = {}): Promise<{ stack: InlineStack; controller: Controller }> {
  const device = { largestNsid: 16, capacityBytes: 64 << 20, durations };
  const stack = await InlineStack.open({ ringBytes: 12 << 20, ...options, device: { ...device, ...options.device } });
  return { stack, controller: stack.controllers[0] };
}

describe('a namespace', () => {
  it('that is created cannot be used, or is there after it was deleted', async () => {
    const { stack, controller } = await open();
    const { management, admin } = controller;
    const nsid = await management.createNamespace({ blocks: 1000, formatIndex: 0 });
    expect([...controller.namespaces.keys()]).toEqual([NSID, nsid]);
    expect(controller.namespace(nsid)).toMatchObject({ blocks: 1000, blockBytes: 512 });
    expect(await allocatedNamespaces(admin)).toEqual([NSID, nsid]);
    expect(await controllerList(admin, { nsid })).toEqual([controller.identity.cntlid]);
    const handle = await controller.openNamespace(nsid);
    await handle.write(10, new Uint8Array(512).fill(7));
    expect((await handle.read(10, 1))[5]).toBe(7);
    await management.detachNamespace(nsid);
    await expect(handle.read(10, 1)).rejects.toMatchObject({ code: 'NO_NAMESPACE' });
    expect(await controllerList(admin, { nsid })).toEqual([]);
    await management.attachNamespace(nsid);
    expect((await handle.read(10, 1))[5]).toBe(7);
    await management.deleteNamespace(nsid);
    expect(await allocatedNamespaces(admin)).toEqual([NSID]);
    await handle.close();
    await stack.close();
  });

  it('is formatted without the driver’s knowledge, or keeps its data', async () => {
    const { controller } = await open();
    const before = controller.namespace(NSID);
    const handle = await controller.openNamespace(NSID);
    await handle.write(0, new Uint8Array(4096).fill(9));
    const index = before.identify.lbaf.findIndex(({ lbads, ms }) => lbads === 9 && ms === 8);
    await controller.management.format(NSID, { formatIndex: index, protectionType: 1, erase: 'user-data' });
    const now = controller.namespace(NSID);
    expect(now).toMatchObject({ blockBytes: 512, metadataBytes: 8, piType: 1, piBytes: 8 });
    expect((await handle.read(0, 8)).every((byte) => byte === 0)).toBe(true);
    await handle.write(0, new Uint8Array(1024).fill(1));
    expect((await handle.read(1, 1))[0]).toBe(1);
    expect(await identifyIndependentNamespace(controller.admin, NSID)).toMatchObject({ nmic: now.identify.nmic });
  });

  it('has a guard of another width than the driver believes', async () => {
    const { controller } = await open();
    const { identify } = controller.namespace(NSID);
    const { elbaf } = await identifyNvmNamespace(controller.admin, NSID);
    const index = identify.lbaf.findIndex(({ lbads }, i) => lbads === 12 && elbaf[i].pif === 2);
    await controller.management.format(NSID, { formatIndex: index, protectionType: 1 });
    expect(controller.namespace(NSID)).toMatchObject({ guardBits: 64, piBytes: 16 });
    const handle = await controller.openNamespace(NSID);
    await handle.write(0, new Uint8Array(40_960).fill(3));
    expect((await handle.read(0, 10)).every((byte) => byte === 3)).toBe(true);
  });
});

describe('blocks of one namespace', () => {
  it.each([
    ['as they are', 0, 0],
    ['with protection information added', 8, 1],
  ] as const)('are copied to another as something else, or from elsewhere: %s', async (_, metadataBytes, type) => {
    const { stack, controller } = await open();
    const { identify } = controller.namespace(NSID);
    const formatIndex = identify.lbaf.findIndex(({ lbads, ms }) => lbads === 12 && ms === metadataBytes);
    const nsid = await controller.management.createNamespace({ blocks: 64, formatIndex, protectionType: type });
    const [from, to] = [controller.namespace(NSID), controller.namespace(nsid)];
    const handles = [await controller.openNamespace(NSID), await controller.openNamespace(nsid)];
    for (let lba = 0; lba < 16; lba++) await handles[0].write(lba, new Uint8Array(4096).fill(lba + 1));
    const pair = await stack.openPair();
    const sources = new CopySources(stack.dma, to, 4, from);
    sources.add(9, 2);
    sources.add(3, 1);
    const destination = new Transfer();
    destination.lba = 20;
    destination.flags = type === 0 ? 0 : RW_CDW12_PRACT;
    let outcome = -1;
    expect(pair.copy(to, sources, destination, (__, status) => void (outcome = status), 0)).toBe(0);
    await stack.until(
      () => outcome >= 0,
      () => void pair.poll(),
    );
    expect(outcome).toBe(0);
    const found = await handles[1].read(20, 3);
    expect([0, 1, 2].map((block) => found[block * 4096])).toEqual([10, 11, 4]);
    for (const handle of handles) await handle.close();
    await stack.close();
  });
});

describe('a command that is passed through and bears no I/O', () => {
  it('meets I/O, has it fail or lost, or leaves it waiting', async () => {
    const { stack, controller } = await open();
    const pair = await stack.openPair({ entries: 16, requests: 64 });
    const namespace = controller.namespace(NSID);
    const statuses: number[] = [];
    const done = (_: unknown, status: number): void => void statuses.push(status);
    const write = (lba: number): number => pair.write(namespace, stack.data, lba, 1, 0, done, lba);
    for (let lba = 0; lba < 10; lba++) expect(write(lba)).toBe(0);
    pair.poll();
    const format = { opcode: ADMIN_FORMAT_NVM, nsid: NSID, cdw10: namespace.identify.flbas & 0xf };
    let isDone = false;
    const formatted = controller.management.passthrough(format).then(({ status }) => {
      isDone = true;
      return status;
    });
    let submitted = 10;
    let heldTurns = 0;
    await stack.until(
      () => isDone,
      () => {
        pair.poll();
        if (submitted < 40 && write(submitted) === 0) submitted++;
        if (pair.inFlight === 0 && pair.outstanding !== 0) heldTurns++;
      },
    );
    expect(await formatted).toBe(0);
    // As long as it takes, what is submitted waits.
    expect(heldTurns).toBeGreaterThan(100);
    expect(submitted).toBe(40);
    await stack.until(
      () => statuses.length === submitted,
      () => void pair.poll(),
    );
    expect(new Set(statuses)).toEqual(new Set([0]));
    await stack.close();
  });
});

describe('an operation in the background', () => {
  it('is not seen to go on, or to end: sanitize', async () => {
    const { controller } = await open();
    const handle = await controller.openNamespace(NSID);
    await handle.write(0, new Uint8Array(4096).fill(9));
    const fractions: number[] = [];
    const running = controller.management.sanitize({ action: 'overwrite', passes: 2, lookMs: 1 });
    let step = await running.next();
    for (; step.done !== true; step = await running.next()) fractions.push(step.value.fraction);
    expect(fractions.length).toBeGreaterThan(5);
    expect([...fractions].sort((a, b) => a - b)).toEqual(fractions);
    expect(step.value.sos).toBe(1);
    expect((await handle.read(0, 1))[0]).toBe(0);
  });

  it('is waited for although it waits for its host: a sanitize operation to be verified', async () => {
    const { controller } = await open();
    const running = controller.management.sanitize({ action: 'crypto-erase', isVerified: true, lookMs: 1 });
    let step = await running.next();
    while (step.done !== true) step = await running.next();
    expect(step.value.sans).toBe(5);
    await exitSanitizeVerification(controller.admin);
  });

  it.each(['short', 'extended'] as const)('is not seen to go on, or to end: a self-test, %s', async (test) => {
    const { controller } = await open();
    const percents: number[] = [];
    const running = controller.management.selfTest({ test, lookMs: 1 });
    let step = await running.next();
    for (; step.done !== true; step = await running.next()) percents.push(step.value.percent);
    expect(percents.length).toBeGreaterThan(5);
    expect(step.value).toMatchObject({ code: test === 'short' ? 1 : 2, result: 0 });
  });

  it('begins twice', async () => {
    const { controller } = await open();
    const first = controller.management.selfTest({ lookMs: 1 });
    await first.next();
    await expect(controller.management.selfTest().next()).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      facts: { status: expect.stringContaining('Self-test') },
    });
  });
});

describe('firmware', () => {
  it('does not arrive, or does not run after what it needs to', async () => {
    const { controller } = await open();
    const image = createFirmwareImage('NEWER', 300 * 4096);
    const { management } = controller;
    const result = await management.updateFirmware(image, { action: 'replace-and-activate', slot: 2 });
    expect(result.isOverlapped).toBe(false);
    expect(controller.identity.fr).not.toBe('NEWER');
    await controller.reset();
    expect(controller.identity.fr).toBe('NEWER');
    await management.updateFirmware(createFirmwareImage('NEWEST'), { action: 'activate-now', slot: 3 });
    expect(controller.identity.fr).toBe('NEWEST');
  });

  it('that is none is taken', async () => {
    const { controller } = await open();
    const updated = controller.management.updateFirmware(new Uint8Array(8192).fill(1), { action: 'replace', slot: 2 });
    await expect(updated).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
  });
});

describe('features', () => {
  it('are kept other than they were set', async () => {
    const { controller } = await open();
    const { admin } = controller;
    expect((await getFeature(admin, FEATURE_VOLATILE_WRITE_CACHE)).value & 1).toBe(1);
    await setFeature(admin, FEATURE_VOLATILE_WRITE_CACHE, 0);
    expect((await getFeature(admin, FEATURE_VOLATILE_WRITE_CACHE)).value & 1).toBe(0);
    expect((await getFeature(admin, FEATURE_VOLATILE_WRITE_CACHE, { select: 'default' })).value & 1).toBe(1);
    expect(await getFeatureCapabilities(admin, FEATURE_VOLATILE_WRITE_CACHE)).toMatchObject({ changeable: true });
    await setFeature(admin, FEATURE_TIMESTAMP, 0, { data: Uint8Array.of(1, 2, 3, 4, 5, 6, 0, 0) });
    const { data } = await getFeature(admin, FEATURE_TIMESTAMP, { bytes: 8 });
    // The clock has gone on since, a little.
    expect([...data.subarray(2, 6)]).toEqual([3, 4, 5, 6]);
  });

  it('of a host are refused at bring-up', async () => {
    const warnings: string[] = [];
    const log = { info: () => undefined, warn: (message: string) => void warnings.push(message) };
    const stack = InlineStack.powerOn();
    const hostId = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
    const arbitration = { burst: 4, highWeight: 8, mediumWeight: 4, lowWeight: 2 } as const;
    const controller = await stack.attach(0, { log, hostId, keepAliveMs: 5000, arbitration });
    expect(warnings).toEqual([]);
    for (const priority of ['urgent', 'high', 'medium', 'low'] as const) {
      expect((await controller.createQueuePair({ priority })).settings.priority).toBe(priority);
    }
    // A keep alive each two and a half seconds keeps the controller content.
    let turns = 0;
    await stack.until(
      () => ++turns > 120_000,
      () => undefined,
      200_000,
    );
    expect(stack.clock.nowNs() / 1e9).toBeGreaterThan(11);
    expect(controller.state).toBe('READY');
  });
});

describe('log pages', () => {
  it('in pieces are other than in one, or each piece is of another capture', async () => {
    const { controller } = await open();
    const { admin } = controller;
    const whole = await readLogPage(admin, LOG_TELEMETRY_HOST, 512, { lsp: 1 });
    const bytes = telemetryBytes(decodeTelemetryHeader(whole), 4);
    expect(bytes).toBeGreaterThan(512);
    admin.transferBytesMax = 512;
    const page = await readLogPage(admin, LOG_TELEMETRY_HOST, bytes, { lsp: 1 });
    // One capture for each time that it was asked for: the generation number is at byte 381.
    expect(page[381]).toBe(whole[381] + 1);
    for (let offset = 0; offset < bytes; offset += 512) {
      const piece = await readLogPage(admin, LOG_TELEMETRY_HOST, 512, { offset });
      expect(piece).toEqual(page.subarray(offset, offset + 512));
    }
  });

  it('of effects say something else than the driver makes of them', async () => {
    const { controller } = await open();
    const effects = await controller.management.effects();
    expect(effects.ofAdmin(ADMIN_FORMAT_NVM)).toMatchObject({
      supported: true,
      changesData: true,
      changesNamespaces: true,
    });
    const { admin, io } = decodeSupportedCommands(await readLogPage(controller.admin, LOG_COMMAND_EFFECTS, 4096));
    for (let opcode = 0; opcode < 256; opcode++) {
      expect([effects.ofAdmin(opcode).supported, effects.ofIo(opcode).supported]).toEqual([
        admin.includes(opcode),
        io.includes(opcode),
      ]);
    }
  });
});

describe('directives and security protocols', () => {
  it('are not what the controller says', async () => {
    const { controller } = await open();
    const { admin } = controller;
    const { supported } = await readDirectives(admin, NSID);
    expect(supported).toContain(1);
    await enableDirective(admin, NSID, 1, true);
    expect((await readDirectives(admin, NSID)).enabled).toContain(1);
    expect((await readStreams(admin, NSID)).msl).toBeGreaterThan(0);
    // The list of protocols: one, 00h.
    const protocols = await securityReceive(admin, { protocol: 0 }, 512);
    expect([...protocols.subarray(0, 9)]).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 0]);
  });
});

describe('an abort', () => {
  it('is not understood', async () => {
    const { controller } = await open();
    const pair = await controller.createQueuePair({ entries: 16 });
    // Nothing is in flight under this identifier.
    expect(await controller.abort(pair, 0x77)).toBe(false);
  });
});
