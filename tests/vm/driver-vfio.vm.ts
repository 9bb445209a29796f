/**
 * Our driver through VFIO, in a guest, on QEMU's controllers. The witness of what was written are QEMU's files, read on the host.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BAD_BLOCKS } from '../device-checks/bad-drive.js';
import type { IoPlan } from '../device-checks/verified-io.js';
import { DRIVER_SLOTS, driverArguments } from './driver-devices.js';
import type { DriverAnswers, DriverCheck, DriverRequests } from './driver-requests.js';
import { checkDriver } from './check-driver.js';
import { bindToVfio } from './support/bind-to-vfio.js';
import { guestSuite } from './support/guest-suite.js';
import { Guest } from './support/guest.js';

const { small, large, faulty, first, second, slow } = DRIVER_SLOTS;
const upTo = (blocks: number): number[] => Array.from({ length: blocks }, (_, i) => i + 1);

/** Sizes, in memory of every shape that pointers of the kind can describe. */
const plansOf = (sizes: readonly number[]): IoPlan[] => [
  { payload: 'prp', shapes: ['contiguous', 'pages'], sizes, seed: 1 },
  { payload: 'sgl', shapes: ['bytes', 'contiguous'], sizes, seed: 2 },
];
/** Of 512 bytes, at most 16 of them a command: every size to three times that. */
const SMALL_SIZES = upTo(48);
/** Of 4096 bytes, at most 16 of them a command: every size to beyond that, and some to four times as much. */
const LARGE_SIZES = [...upTo(17), 31, 32, 33, 47, 48, 49, 63, 64, 65];

guestSuite('our driver through VFIO', { qemu: 'plain' }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'phasebit-driver-'));
  let guest: Guest;

  const check = <Name extends DriverCheck>(name: Name, request: DriverRequests[Name]): Promise<DriverAnswers[Name]> =>
    checkDriver(guest, name, request);
  const digestOf = (name: string): string =>
    createHash('sha256')
      .update(readFileSync(path.join(folder, name)))
      .digest('hex');

  beforeAll(async () => {
    guest = await Guest.boot({ iommu: true, append: 'hugepages=64', args: driverArguments(folder) });
    await bindToVfio(guest, ...Object.values(DRIVER_SLOTS));
  });

  afterAll(async () => {
    await guest?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('has blocks of 512 bytes that are not in the file as they were written', async () => {
    const { facts, digest } = await check('io', { slots: [small], plans: plansOf(SMALL_SIZES) });
    for (const { ios, commands, split } of facts) {
      expect(ios).toBe(2 * 2 * SMALL_SIZES.length);
      expect(split).toBeGreaterThan(ios / 2);
      expect(commands).toBeGreaterThan(1.9 * ios);
    }
    expect(digestOf('small')).toBe(digest);
  });

  it('has blocks of 4096 bytes that are not in the file as they were written', async () => {
    const { facts, digest } = await check('io', { slots: [large], plans: plansOf(LARGE_SIZES) });
    for (const { ios, split } of facts) expect(split).toBeGreaterThan(ios / 4);
    expect(digestOf('large')).toBe(digest);
  });

  it('mistakes an entry for one of another lap, at depth 2 or at MQES', async () => {
    const facts = await check('wrap', {
      slots: [large],
      plans: [
        { entries: 2, laps: 200, depth: 8 },
        { entries: 3, laps: 100, depth: 8 },
        { entries: 'most', laps: 3, depth: 64 },
      ],
    });
    expect(facts.map(({ entries }) => entries)).toEqual([2, 3, 2048]);
    expect(facts[2].completions).toBe(3 * 2048 + 64);
  });

  it('has other statuses than the medium gives, or lets neighbours suffer', async () => {
    expect(await check('errors', { slots: [faulty], bad: BAD_BLOCKS })).toMatchObject({
      ...{ read: '0x281', wholeRange: '0x281', write: '0x280', outOfRange: '0x4080' },
    });
  });

  it('loses something in a reset under load, its own or one behind its back', async () => {
    const { asked, struck } = await check('resets', { slots: [large], resets: 5, iosBetween: 300 });
    for (const facts of [asked, struck]) {
      // What was in flight is sent again, so that nobody sees that there was a reset.
      expect(facts.failures).toEqual({});
      expect(facts.retried).toBeGreaterThan(0);
    }
  });

  it('loses I/O on a shared namespace with one of two controllers', async () => {
    const { reset, detached, failed } = await check('paths', { slots: [first, second] });
    expect(reset.states).toEqual(['READY', 'READY']);
    expect(detached).toMatchObject({ states: ['READY', 'READY'], after: [0, expect.any(Number)] });
    expect(failed).toMatchObject({ states: ['FAILED', 'READY'], after: [0, expect.any(Number)] });
  });

  it('sleeps through completions, or does not sleep', async () => {
    const facts = await check('interrupts', {
      slots: [slow],
      plans: [
        { mode: 'interrupt', vector: 1, depth: 1, ios: 50 },
        { mode: 'interrupt', vector: 2, depth: 16, ios: 200 },
        { mode: 'adaptive', vector: 3, depth: 1, ios: 50 },
        { mode: 'adaptive', vector: 4, depth: 16, ios: 200 },
      ],
    });
    for (const { mode, depth, ios, messages, polls, idlePolls, ms } of facts) {
      const told = `${messages} messages, ${polls} polls, ${idlePolls} of them idle`;
      console.log(`${mode}, depth ${depth}: ${told}, for ${ios} reads of 5 ms in ${ms} ms`);
      expect(messages).toBeGreaterThan(0);
    }
  });

  it('pointed a controller at memory that it must not touch', async () => {
    const dmesg = await guest.dmesg();
    expect(dmesg).toContain('DMAR: IOMMU enabled');
    expect(dmesg.split('\n').filter((line) => /DMAR:.*(fault|DMA (Read|Write))/i.test(line))).toEqual([]);
  });
});
