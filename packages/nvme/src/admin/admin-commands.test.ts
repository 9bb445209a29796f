/**
 * What admin commands say to the device, dword by dword as the figures of [Base] have them, and what is made of its answers.
 */
import { describe, expect, it } from 'vitest';
import { ScriptedController, type SeenCommand } from '../../test-support/scripted-controller.js';
import {
  allocateStreams,
  directiveReceive,
  enableDirective,
  readDirectives,
  readOpenStreams,
  readStreams,
  releaseStreams,
} from './directives.js';
import { getFeature, getFeatureCapabilities, setFeature } from './features.js';
import { commitFirmware, downloadFirmware, type FirmwareCommit } from './firmware.js';
import { formatNamespace } from './format.js';
import {
  activeNamespaces,
  allocatedNamespaces,
  commandSetCombinations,
  controllerList,
  enduranceGroups,
  identify,
  identifyAllocatedNamespace,
  identifyIndependentNamespace,
  identifyUuids,
} from './identify.js';
import { attachNamespace, createNamespace, deleteNamespace, detachNamespace } from './namespaces.js';
import { exitSanitizeFailure, exitSanitizeVerification, sanitize, watchSanitize } from './sanitize.js';
import { securityReceive, securitySend } from './security.js';
import { abortSelfTest, selfTest } from './self-test.js';

const INVALID_FIELD = 0x4002;
const PAGE = 4096;

/** A controller that is up, and what it is sent from now on. */
async function open() {
  const device = new ScriptedController();
  const { admin } = await device.attach();
  device.commands.length = 0;
  const last = (): SeenCommand => device.commands.at(-1)!;
  /** dwords 10 to 15 of the last command */
  const words = (): number[] => last().dwords.slice(10);
  return { device, admin, last, words };
}

/** Bytes that commands of an opcode bring, from now on. */
function broughtBy(device: ScriptedController, opcode: number, bytes: (command: SeenCommand) => number): number[][] {
  const found: number[][] = [];
  device.answer(opcode, (command) => {
    found.push(command.data(bytes(command)).flatMap((piece) => [...piece]));
    return undefined;
  });
  return found;
}

function list(...numbers: number[]): Uint8Array {
  const page = new Uint8Array(PAGE);
  new Uint32Array(page.buffer).set(numbers);
  return page;
}

describe('Identify', () => {
  it('says something else than what is asked for', async () => {
    const { device, admin, last, words } = await open();
    device.answer(0x06, { data: new Uint8Array(PAGE).fill(7) });
    const page = await identify(admin, 0x14, { nsid: 3, cntlid: 0x1234, csi: 2, specificId: 0x5678, uuidIndex: 9 });
    expect(page).toEqual(new Uint8Array(PAGE).fill(7));
    expect([last().nsid, ...words()]).toEqual([3, 0x1234_0014, 0x0200_5678, 0, 0, 9, 0]);
  });

  it.each<[string, number, number, number, (admin: Parameters<typeof identify>[0]) => Promise<unknown>]>([
    ['active', 0x02, 0, 0, (admin) => activeNamespaces(admin)],
    ['active of a command set', 0x07, 0, 0x0200_0000, (admin) => activeNamespaces(admin, { csi: 2 })],
    ['allocated', 0x10, 0, 0, (admin) => allocatedNamespaces(admin)],
    ['allocated of a command set', 0x1a, 0, 0x0200_0000, (admin) => allocatedNamespaces(admin, { csi: 2 })],
  ])('lists other namespaces than those that are %s', async (_, cns, nsid, cdw11, ask) => {
    const { device, admin, last, words } = await open();
    device.answer(0x06, { data: list(2, 5, 9) });
    expect(await ask(admin)).toEqual([2, 5, 9]);
    expect([last().nsid, ...words()]).toEqual([nsid, cns, cdw11, 0, 0, 0, 0]);
  });

  it('lists other controllers than asked for', async () => {
    const { device, admin, last, words } = await open();
    const controllers = new Uint8Array(PAGE);
    new Uint16Array(controllers.buffer).set([3, 1, 4, 7]);
    device.answer(0x06, { data: controllers });
    expect(await controllerList(admin)).toEqual([1, 4, 7]);
    expect([last().nsid, words()[0]]).toEqual([0, 0x13]);
    expect(await controllerList(admin, { nsid: 2, cntlid: 4 })).toEqual([1, 4, 7]);
    expect([last().nsid, words()[0]]).toEqual([2, 0x0004_0012]);
  });

  it('decodes one structure as another', async () => {
    const { device, admin, words, last } = await open();
    const page = new Uint8Array(PAGE);
    new DataView(page.buffer).setBigUint64(0, 77n, true);
    device.answer(0x06, { data: page });
    expect(await identifyAllocatedNamespace(admin, 4)).toMatchObject({ nsze: 77 });
    expect([last().nsid, words()[0]]).toEqual([4, 0x11]);
    device.answer(0x06, { data: Uint8Array.from({ length: PAGE }, (_, i) => (i === 1 ? 3 : 0)) });
    expect(await identifyIndependentNamespace(admin, 4)).toMatchObject({ nmic: 3 });
    expect(words()[0]).toBe(0x08);
    const uuids = new Uint8Array(PAGE);
    uuids.fill(0xab, 32 + 16, 64);
    device.answer(0x06, { data: uuids });
    expect(await identifyUuids(admin)).toEqual(['abababab-abab-abab-abab-abababababab']);
    expect(words()[0]).toBe(0x17);
    const groups = new Uint8Array(PAGE);
    new Uint16Array(groups.buffer).set([2, 6, 8]);
    device.answer(0x06, { data: groups });
    expect(await enduranceGroups(admin, { after: 5 })).toEqual([6, 8]);
    expect(words().slice(0, 2)).toEqual([0x19, 5]);
    device.answer(0x06, { data: list(5, 0, 1) });
    expect(await commandSetCombinations(admin)).toEqual([5, 1]);
    expect(words()[0]).toBe(0xffff_001c);
  });
});

describe('a feature', () => {
  it('is asked for as another, of another, or with another value of it', async () => {
    const { device, admin, last, words } = await open();
    device.answer(0x0a, { dw0: 0x8000_0001, data: Uint8Array.of(1, 2, 3, 4) });
    expect(
      await getFeature(admin, 0x04, { nsid: 2, select: 'saved', cdw11: 0x1_0000, bytes: 4, uuidIndex: 3 }),
    ).toEqual({
      value: 0x8000_0001,
      data: Uint8Array.of(1, 2, 3, 4),
    });
    expect([last().opcode, last().nsid, ...words()]).toEqual([0x0a, 2, 0x204, 0x1_0000, 0, 0, 3, 0]);
    device.answer(0x0a, { dw0: 5 });
    await getFeature(admin, 0x04, { select: 'default' });
    expect(words()[0]).toBe(0x104);
    expect(await getFeatureCapabilities(admin, 0x06)).toEqual({
      saveable: true,
      namespaceSpecific: false,
      changeable: true,
    });
    expect(words()[0]).toBe(0x306);
  });

  it('is set to something else, not saved, or without its data', async () => {
    const { device, admin, last, words } = await open();
    const brought = broughtBy(device, 0x09, () => 8);
    device.answer(0x09, { dw0: 42 }, 0x0e);
    const data = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const more = { nsid: 3, save: true, data, cdw12: 12, cdw13: 13, cdw15: 15, uuidIndex: 1 };
    expect(await setFeature(admin, 0x10, 0xffff_ffff, more)).toBe(0);
    expect([last().nsid, ...words()]).toEqual([3, 0x8000_0010, 0xffff_ffff, 12, 13, 1, 15]);
    expect(brought).toEqual([[...data]]);
    expect(await setFeature(admin, 0x0e, 0)).toBe(42);
    expect(words()[0]).toBe(0x0e);
  });

  it('that is refused is taken for set', async () => {
    const { device, admin } = await open();
    device.answer(0x09, { status: INVALID_FIELD });
    await expect(setFeature(admin, 0x02, 1)).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
    device.answer(0x0a, { status: INVALID_FIELD });
    await expect(getFeature(admin, 0x02)).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
  });
});

describe('namespaces', () => {
  it('are made other than asked for', async () => {
    const { device, admin, last, words } = await open();
    const brought = broughtBy(device, 0x0d, () => PAGE);
    device.answer(0x0d, { dw0: 6 });
    device.handlers.reverse();
    const nsid = await createNamespace(admin, {
      ...{ blocks: 2 ** 40 + 5, capacityBlocks: 1000, formatIndex: 0x25, isMetadataExtended: true },
      ...{ protectionType: 2, isProtectionFirst: true, isShared: true },
      ...{ anaGroupId: 0x0102_0304, nvmSetId: 0x0506, enduranceGroupId: 0x0708 },
    });
    expect(nsid).toBe(6);
    expect([last().nsid, ...words()]).toEqual([0, 0, 0, 0, 0, 0, 0]);
    const expected = new Uint8Array(PAGE);
    const view = new DataView(expected.buffer);
    view.setBigUint64(0, 2n ** 40n + 5n, true);
    view.setBigUint64(8, 1000n, true);
    // Format index 25h: bits 3:0 stay, bits 5:4 in 6:5; bit 4 for extended metadata.
    view.setUint8(26, 0x05 | (2 << 5) | 0x10);
    view.setUint8(29, 0x0a);
    view.setUint8(30, 1);
    view.setUint32(92, 0x0102_0304, true);
    view.setUint16(100, 0x0506, true);
    view.setUint16(102, 0x0708, true);
    expect(brought[0]).toEqual([...expected]);
  });

  it.each([
    [{ blocks: 0 }, /^blocks: expected 1 to/],
    [{ blocks: 2 ** 53 }, /^blocks/],
    [{ blocks: 10, capacityBlocks: 11 }, /^capacityBlocks: expected 0 to 10, got 11/],
    [{ blocks: 10, formatIndex: 64 }, /^formatIndex: expected 0 to 63, got 64/],
    [{ blocks: 10, protectionType: 4 }, /^protectionType/],
  ])('that cannot be are asked for: %j', async (namespace, message) => {
    const { device, admin } = await open();
    await expect(createNamespace(admin, namespace)).rejects.toThrow(message);
    expect(device.commands).toEqual([]);
  });

  it('are deleted, attached or detached by another identifier, or at other controllers', async () => {
    const { device, admin, last, words } = await open();
    await deleteNamespace(admin, 0xffff_ffff);
    expect([last().opcode, last().nsid, words()[0]]).toEqual([0x0d, 0xffff_ffff, 1]);
    const brought = broughtBy(device, 0x15, () => PAGE);
    await attachNamespace(admin, 4, [9, 2, 9]);
    expect([last().opcode, last().nsid, words()[0]]).toEqual([0x15, 4, 0]);
    // Ascending, each once, after their number.
    expect(brought[0].slice(0, 8)).toEqual([2, 0, 2, 0, 9, 0, 0, 0]);
    await detachNamespace(admin, 4, [0x1234]);
    expect(words()[0]).toBe(1);
    expect(brought[1].slice(0, 4)).toEqual([1, 0, 0x34, 0x12]);
  });

  it('are formatted other than asked for, or not waited for long enough', async () => {
    const { device, admin, last, words } = await open();
    const format = { formatIndex: 0x2b, isMetadataExtended: true, protectionType: 3, isProtectionFirst: true } as const;
    await formatNamespace(admin, 7, { ...format, erase: 'cryptographic' });
    expect([last().opcode, last().nsid]).toEqual([0x80, 7]);
    // LBAFU 2, SES 2, PIL 1, PI 3, MSET 1, LBAFL Bh.
    expect(words()[0]).toBe((2 << 12) | (2 << 9) | (1 << 8) | (3 << 5) | (1 << 4) | 0xb);
    await formatNamespace(admin, 7, { erase: 'user-data' });
    expect(words()[0]).toBe(1 << 9);
    await expect(formatNamespace(admin, 7, { formatIndex: 64 })).rejects.toThrow(/^formatIndex/);
    device.answer(0x80, 'keep');
    const formatted = formatNamespace(admin, 7);
    let pauses = 0;
    device.onPause = () => {
      // Nine minutes, eighteen times what another admin command may take.
      device.clock.advanceNs(60e9);
      if (++pauses === 9) device.complete(device.kept.find(({ opcode }) => opcode === 0x80)!);
    };
    await formatted;
    const late = formatNamespace(admin, 7);
    await expect(late).rejects.toMatchObject({ code: 'COMMAND_TIMEOUT', facts: { deadlineMs: 600_000 } });
  });
});

describe('a sanitize operation', () => {
  /** A log of so much progress, and of a status. */
  function logOf(sprog: number, sos: number, ssi = 0): Uint8Array {
    const log = new Uint8Array(512);
    const view = new DataView(log.buffer);
    view.setUint16(0, sprog, true);
    view.setUint16(2, sos, true);
    log[36] = ssi;
    return log;
  }

  function show(device: ScriptedController, log: Uint8Array): void {
    device.answer(0x02, { data: log }, 0x81);
  }

  it('is started as another, or its progress is not told, or told too often', async () => {
    const { device, admin } = await open();
    const logs = [logOf(0, 2), logOf(0, 2), logOf(0x8000, 2), logOf(0xffff, 1)];
    device.answer(0x02, () => ({ data: logs.shift()! }), 0x81);
    const fractions: number[] = [];
    const beganNs = device.clock.nowNs();
    const options = { action: 'overwrite', passes: 16, pattern: 0xdead_beef, lookMs: 100 } as const;
    const flags = { isUnrestricted: true, isNotDeallocated: true, isVerified: true, isPatternInverted: true };
    const running = sanitize(admin, { ...options, ...flags });
    let step = await running.next();
    for (; step.done !== true; step = await running.next()) fractions.push(step.value.fraction);
    const command = device.seen(0x84)[0];
    // EMVS, NDAS, OIPBP, OWPASS 0 for 16, AUSE, SANACT 3.
    expect(command.dwords.slice(10, 12)).toEqual([(1 << 10) | (1 << 9) | (1 << 8) | (1 << 3) | 3, 0xdead_beef]);
    expect(fractions).toEqual([0, 0, 0.5]);
    expect(step.value.sos).toBe(1);
    const tookMs = (device.clock.nowNs() - beganNs) / 1e6;
    expect(tookMs).toBeGreaterThanOrEqual(300);
    expect(tookMs).toBeLessThan(320);
  });

  it.each([
    ['block-erase', 2],
    ['crypto-erase', 4],
  ] as const)('has passes and a pattern although it is no overwrite: %s', async (action, sanact) => {
    const { device, admin } = await open();
    show(device, logOf(0xffff, 1));
    const running = sanitize(admin, { action, passes: 3, pattern: 5 });
    expect(await running.next()).toMatchObject({ done: true, value: { sos: 1 } });
    expect(device.seen(0x84)[0].dwords.slice(10, 12)).toEqual([sanact, 0]);
  });

  it('that fails is taken for done, and one that waits to be verified for running', async () => {
    const { device, admin } = await open();
    show(device, logOf(0xffff, 3, 2 << 4));
    const failed = watchSanitize(admin).next();
    const facts = { operation: 'Sanitize', sos: 3, failedIn: 2 };
    await expect(failed).rejects.toMatchObject({ code: 'OPERATION_FAILED', facts });
    show(device, logOf(0xffff, 2, 5));
    expect(await watchSanitize(admin).next()).toMatchObject({ done: true, value: { sans: 5 } });
    await exitSanitizeVerification(admin);
    expect(device.seen(0x84).at(-1)!.dwords[10]).toBe(5);
    await exitSanitizeFailure(admin);
    expect(device.seen(0x84).at(-1)!.dwords[10]).toBe(1);
  });

  it('is watched past its deadline, or past its signal', async () => {
    const { device, admin } = await open();
    show(device, logOf(10, 2));
    const drain = async (options: object): Promise<void> => {
      for await (const { fraction } of watchSanitize(admin, { lookMs: 10, ...options }))
        expect(fraction).toBe(10 / 65_536);
    };
    await expect(drain({ deadlineMs: 100 })).rejects.toMatchObject({
      code: 'OPERATION_TIMEOUT',
      facts: { operation: 'Sanitize', deadlineMs: 100 },
    });
    expect(device.clock.nowNs()).toBeLessThan(200e6);
    await expect(drain({ signal: { aborted: true, reason: 1 } })).rejects.toMatchObject({ code: 'ABORTED', cause: 1 });
    await expect(sanitize(admin, { action: 'overwrite', passes: 17 }).next()).rejects.toThrow(
      /^passes: expected 1 to 16/,
    );
  });
});

describe('a firmware image', () => {
  it.each([
    [0xff, 131_072],
    [0, 131_072],
    [1, 131_072],
    [5, 122_880],
    [32, 131_072],
  ])('goes over in pieces that its controller does not take: FWUG %i', async (fwug, pieceBytes) => {
    const { device, admin } = await open();
    const image = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 251);
    const received = new Uint8Array(image.length);
    device.answer(0x11, (command) => {
      const bytes = (command.dwords[10] + 1) * 4;
      let at = command.dwords[11] * 4;
      expect(at % pieceBytes).toBe(0);
      for (const piece of command.data(bytes)) {
        received.set(piece, at);
        at += piece.length;
      }
      return {};
    });
    const progress: number[] = [];
    await downloadFirmware(admin, image, { fwug, onProgress: (doneBytes) => progress.push(doneBytes) });
    expect(received.every((byte, i) => byte === image[i])).toBe(true);
    expect(device.commands.length).toBe(Math.ceil(image.length / pieceBytes));
    expect(progress.at(-1)).toBe(image.length);
    expect(progress[0]).toBe(pieceBytes);
  });

  it('of a size that cannot be sent is sent in part', async () => {
    const { device, admin } = await open();
    await expect(downloadFirmware(admin, new Uint8Array(6))).rejects.toThrow(
      /^image: expected a multiple of 4 bytes, got 6/,
    );
    await expect(downloadFirmware(admin, new Uint8Array(0))).rejects.toThrow(/^image/);
    const tooLarge = downloadFirmware(admin, new Uint8Array(4), { fwug: 64 });
    await expect(tooLarge).rejects.toMatchObject({ code: 'NOT_SUPPORTED', facts: { field: 'FWUG', got: 262_144 } });
    expect(device.commands).toEqual([]);
  });

  it.each<[FirmwareCommit, number]>([
    [{ action: 'replace', slot: 2 }, (0 << 3) | 2],
    [{ action: 'replace-and-activate', slot: 7 }, (1 << 3) | 7],
    [{ action: 'activate', slot: 1 }, (2 << 3) | 1],
    [{ action: 'activate-now' }, 3 << 3],
    [{ action: 'replace-boot-partition', bootPartition: 1 }, 0x8000_0000 + (6 << 3)],
    [{ action: 'activate-boot-partition' }, 7 << 3],
  ])('is committed as %j otherwise than so', async (commit, cdw10) => {
    const { admin, words, last } = await open();
    expect(await commitFirmware(admin, commit)).toEqual({ needs: 'nothing', isOverlapped: false });
    expect([last().opcode, words()[0]]).toEqual([0x10, cdw10]);
  });

  it.each([
    [0x10b, 'conventional-reset'],
    [0x110, 'subsystem-reset'],
    [0x111, 'controller-reset'],
    [0x112, 'commit-without-activation'],
  ])('that needs a reset is taken for refused: status %i', async (status, needs) => {
    const { device, admin } = await open();
    device.answer(0x10, { status: status | 0x4000, dw0: 1 });
    expect(await commitFirmware(admin, { action: 'activate' })).toEqual({ needs, isOverlapped: true });
  });

  it('that is refused is taken for committed', async () => {
    const { device, admin } = await open();
    device.answer(0x10, { status: 0x107 });
    await expect(commitFirmware(admin, { action: 'activate' })).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      facts: { status: expect.stringContaining('Firmware Image') },
    });
  });
});

describe('a self-test', () => {
  /** Shows a log: the test that runs, how far it is, and the newest result. */
  function logOf(current: number, percent: number, dsts: number): Uint8Array {
    const log = new Uint8Array(564);
    log[0] = current;
    log[1] = percent;
    for (let i = 0; i < 20; i++) log[4 + i * 28] = 0x0f;
    log[4] = dsts;
    return log;
  }

  it('is started as another, or has not ended when it says so', async () => {
    const { device, admin, last } = await open();
    const logs = [logOf(2, 10, 0x10), logOf(2, 60, 0x10), logOf(0, 0, 0x27)];
    device.answer(0x02, () => ({ data: logs.length > 1 ? logs.shift()! : logs[0] }), 0x06);
    const running = selfTest(admin, { test: 'extended', nsid: 3 });
    const percents: number[] = [];
    let step = await running.next();
    for (; step.done !== true; step = await running.next()) percents.push(step.value.percent);
    expect(percents).toEqual([10, 60]);
    // A segment has failed: that is a result, not a failure to get one.
    expect(step.value).toMatchObject({ code: 2, result: 7 });
    expect([device.seen(0x14)[0].nsid, device.seen(0x14)[0].dwords[10]]).toEqual([3, 2]);
    await abortSelfTest(admin);
    expect([last().opcode, last().dwords[10]]).toEqual([0x14, 0xf]);
  });

  it('that leaves no result, or another one’s, is taken for passed', async () => {
    const { device, admin } = await open();
    for (const [dsts, got] of [
      [0x0f, 'none'],
      [0x20, 2],
    ] as const) {
      device.answer(0x02, { data: logOf(0, 0, dsts) }, 0x06);
      const facts = { operation: 'Device Self-test', expected: 'a result of test 1', got };
      await expect(selfTest(admin).next()).rejects.toMatchObject({ code: 'OPERATION_FAILED', facts });
    }
    device.answer(0x14, { status: 0x11d });
    await expect(selfTest(admin).next()).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
  });
});

describe('security protocols', () => {
  it('are addressed otherwise, or lose a byte', async () => {
    const { device, admin, last, words } = await open();
    const brought = broughtBy(device, 0x81, ({ dwords }) => dwords[11]);
    const payload = Uint8Array.from({ length: 513 }, (_, i) => i % 251);
    const address = { protocol: 0xea, specific: 0x0203, nvmeSpecific: 4, nsid: 5 };
    await securitySend(admin, address, payload);
    expect([last().opcode, last().nsid, ...words().slice(0, 2)]).toEqual([0x81, 5, 0xea02_0304, 513]);
    expect(brought).toEqual([[...payload]]);
    device.answer(0x82, { data: Uint8Array.of(1, 2, 3) });
    const received = await securityReceive(admin, { protocol: 1 }, 512);
    expect([received.length, ...received.subarray(0, 4)]).toEqual([512, 1, 2, 3, 0]);
    expect(words().slice(0, 2)).toEqual([0x0100_0000, 512]);
    await expect(securitySend(admin, { protocol: 1, specific: 0x1_0000 }, payload)).rejects.toThrow(/^specific/);
  });
});

describe('directives', () => {
  it('are asked about otherwise, or decoded wrongly', async () => {
    const { device, admin, last, words } = await open();
    const parameters = new Uint8Array(PAGE);
    parameters[0] = 0b0000_0111;
    parameters[1] = 0b1000_0000;
    parameters[32] = 0b0000_0001;
    device.answer(0x1a, { data: parameters });
    expect(await readDirectives(admin, 3)).toEqual({ supported: [0, 1, 2, 15], enabled: [0] });
    expect([last().opcode, last().nsid, ...words().slice(0, 2)]).toEqual([0x1a, 3, 1023, 0x0001]);
    const streams = new Uint8Array(32);
    new DataView(streams.buffer).setUint32(16, 0x1234_5678, true);
    device.answer(0x1a, { data: streams });
    expect(await readStreams(admin, 3)).toMatchObject({ sws: 0x1234_5678 });
    expect(words().slice(0, 2)).toEqual([7, 0x0101]);
    device.answer(0x1a, { data: Uint8Array.of(2, 0, 5, 0, 9, 1) });
    expect(await readOpenStreams(admin, 3)).toEqual([5, 0x109]);
    expect(words()[1]).toBe(0x0102);
    device.answer(0x1a, { dw0: 0xffff_0006 });
    expect(await allocateStreams(admin, 3, 8)).toBe(6);
    expect(words().slice(0, 3)).toEqual([0, 0x0103, 8]);
    await expect(directiveReceive(admin, { nsid: 1, type: 1, operation: 1 }, 6)).rejects.toThrow(/multiple of 4 bytes/);
  });

  it('are enabled or released otherwise', async () => {
    const { admin, last, words } = await open();
    await enableDirective(admin, 3, 1, true);
    expect([last().opcode, last().nsid, ...words().slice(0, 3)]).toEqual([0x19, 3, 0, 0x0001, 0x0101]);
    await enableDirective(admin, 3, 1, false);
    expect(words()[2]).toBe(0x0100);
    await releaseStreams(admin, 3, 0x55);
    expect(words()[1]).toBe(0x0055_0101);
    await releaseStreams(admin, 3);
    expect(words()[1]).toBe(0x0102);
  });
});
