/**
 * What an I/O costs through VFIO in a guest: accesses to registers, which are judged, and I/Os a second, which are only printed. QEMU emulates
 * the processor, so nothing here says how fast the driver is.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DoorbellFacts } from '../device-checks/doorbell-counts.js';
import { checkDriver } from './check-driver.js';
import { fastDisk } from './driver-devices.js';
import { bindToVfio } from './support/bind-to-vfio.js';
import { DoorbellTrace } from './support/doorbell-trace.js';
import { guestSuite } from './support/guest-suite.js';
import { Guest } from './support/guest.js';

const SLOT = '0000:00:10.0';
const DEPTHS = [1, 4, 16, 64];
const COUNTED_IOS = 1280;
const TIMED_IOS = 6400;
/** Depth of I/Os that are not shown: meanwhile the program is compiled. */
const WARM_UP = 64;
/** Of a driver of 200 lines that was tried by hand in such a guest on a quiet machine, by depth; it rang a doorbell for each poll. */
const BY_HAND = { mmio: ['2.0', '0.5', '0.125-0.18', '0.03-0.07'], iops: ['21.6 k', '106.5 k', '189 k', '262 k'] };

const mmioOf = ({ ios, counters }: DoorbellFacts): string =>
  ((counters.sqDoorbellWrites + counters.cqDoorbellWrites) / ios).toFixed(3);

guestSuite('what an I/O costs through VFIO', { qemu: 'plain' }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'phasebit-numbers-'));
  const trace = new DoorbellTrace(path.join(folder, 'trace'));
  let guest: Guest;

  beforeAll(async () => {
    guest = await Guest.boot({
      iommu: true,
      append: 'hugepages=64',
      args: [...fastDisk('addr=10.0'), ...trace.arguments],
    });
    await bindToVfio(guest, SLOT);
  });

  afterAll(async () => {
    await guest?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([false, true])(
    'is more than it counts, or other than QEMU sees; shadow doorbells: %s',
    async (shadowDoorbells) => {
      await trace.start(guest.qmp);
      const request = { slots: [SLOT], shadowDoorbells, depths: DEPTHS, ios: COUNTED_IOS } as const;
      const facts = await checkDriver(guest, 'doorbells', request);
      const seen = await trace.stop(guest.qmp, facts[0].qid);
      for (const { counters, ios } of facts) {
        expect(counters).toMatchObject({ registerReads: 0, registerWrites: 0 });
        expect(counters.sqDoorbellWrites).toBeLessThanOrEqual(ios);
        // The ring has 256 entries, and half of them are given back at a time.
        expect(counters.cqDoorbellWrites).toBeLessThanOrEqual(ios / 128 + 1);
        if (shadowDoorbells) expect(counters.sqDoorbellWrites).toBeLessThanOrEqual(counters.sqShadowWrites);
        else expect(counters).toMatchObject({ sqShadowWrites: 0, cqShadowWrites: 0 });
      }
      // One at a time, each command is told of.
      const [single] = facts;
      expect(shadowDoorbells ? single.counters.sqShadowWrites : single.counters.sqDoorbellWrites).toBe(COUNTED_IOS);
      // What begins to ring through the shadow page rings both registers once.
      const begun = shadowDoorbells ? DEPTHS.length : 0;
      const sum = (of: (each: DoorbellFacts) => number): number =>
        facts.reduce((total, each) => total + of(each), begun);
      expect(seen).toEqual({
        sq: sum(({ counters }) => counters.sqDoorbellWrites),
        cq: sum(({ counters }) => counters.cqDoorbellWrites),
      });
    },
  );

  it('is printed', async () => {
    const table: Record<string, Record<string, string | number>> = {};
    for (const shadowDoorbells of [false, true]) {
      const name = shadowDoorbells ? 'shadow' : 'registers';
      const request = { slots: [SLOT], shadowDoorbells, depths: [WARM_UP, ...DEPTHS], ios: TIMED_IOS } as const;
      for (const each of (await checkDriver(guest, 'doorbells', request)).slice(1)) {
        const row = (table[`depth ${each.depth}`] ??= {});
        row[`IOPS, ${name}`] = each.iops;
        row[`MMIO an I/O, ${name}`] = mmioOf(each);
      }
    }
    DEPTHS.forEach((depth, i) => {
      Object.assign(table[`depth ${depth}`], { 'IOPS by hand': BY_HAND.iops[i], 'MMIO by hand': BY_HAND.mmio[i] });
    });
    const plans = [{ mode: 'interrupt', vector: 1, depth: 1, ios: 1000 }] as const;
    const [{ ios, messages, idlePolls, ms }] = await checkDriver(guest, 'interrupts', { slots: [SLOT], plans });
    table['depth 1, interrupts'] = { 'IOPS, shadow': Math.round((1000 * ios) / ms), 'IOPS by hand': '2.1 k' };
    console.table(table);
    console.log(`interrupts: ${messages} messages and ${idlePolls} idle polls for ${ios} reads`);
    expect(Object.keys(table)).toHaveLength(DEPTHS.length + 1);
  });
});
