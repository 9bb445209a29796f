/**
 * The checks that also run in a guest, through VFIO (tests/vm/driver-vfio.vm.ts): here the witness is the file below QEMU.
 */
import { RoundRobinSelector } from '@phasebit/multipath';
import { REG_CC } from '@phasebit/nvme-spec';
import { openQtestMachine, type QtestMachine } from '@phasebit/qtest';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { DeviceBench } from '../device-checks/device-bench.js';
import { countDoorbells } from '../device-checks/doorbell-counts.js';
import { checkInjectedErrors } from '../device-checks/injected-errors.js';
import { checkInterrupts } from '../device-checks/interrupts.js';
import { checkQueueWrap } from '../device-checks/queue-wrap.js';
import { checkResetUnderLoad } from '../device-checks/reset-under-load.js';
import { checkLossOfPath } from '../device-checks/shared-namespace.js';
import { checkVerifiedIo } from '../device-checks/verified-io.js';
import { slowDrive } from '../device-checks/slow-drive.js';
import { badDrive, BAD_BLOCKS } from '../device-checks/bad-drive.js';
import { describeOnQemu, rawDrive } from './support/qemu-stack.js';

const BYTES = 8 << 20;
const BLOCKS_4K = 'logical_block_size=4096,physical_block_size=4096';
/** A loss is noticed soon, and mended soon. */
const WATCHFUL = { healthCheckMs: 1, resetDelayMs: 1 };

type Devices = (folder: string) => readonly string[];

const disk =
  (properties: string): Devices =>
  (folder) => [...rawDrive(folder, 'd0', BYTES), '-device', `nvme,serial=x,drive=d0,${properties}`];

const pairOfControllers: Devices = (folder) => [
  ...['-device', 'nvme-subsys,id=s', '-device', 'nvme,id=a,serial=x,subsys=s', '-device', 'nvme,serial=x,subsys=s'],
  ...rawDrive(folder, 'd0', BYTES),
  ...['-device', `nvme-ns,bus=a,drive=d0,nsid=1,${BLOCKS_4K}`],
];

async function withMachine(devices: Devices, run: (machine: QtestMachine) => Promise<void>): Promise<void> {
  const machine = await openQtestMachine({ arguments: devices });
  try {
    await run(machine);
  } finally {
    await machine.close();
  }
}

/** Disables a controller behind its driver's back. */
function disable({ fn }: DeviceBench): void {
  fn.registers.write32(REG_CC, 0);
}

describeOnQemu('the checks of the guest', () => {
  it('verified I/O leaves other bytes in the file than in the model', () =>
    withMachine(disk('mdts=1'), async (machine) => {
      const bench = await DeviceBench.attach(machine.functions[0]);
      const model = new Uint8Array(BYTES);
      const sizes = Array.from({ length: 40 }, (_, i) => i + 1);
      for (const payload of ['prp', 'sgl'] as const) {
        const shapes =
          payload === 'prp' ? (['contiguous', 'pages'] as const) : (['contiguous', 'pages', 'bytes'] as const);
        const facts = await checkVerifiedIo(bench, 1, { payload, shapes, sizes, seed: 3 }, model);
        expect(facts.commands).toBeGreaterThan(facts.ios);
      }
      expect(Buffer.compare(readFileSync(path.join(machine.folder, 'd0')), model)).toBe(0);
    }));

  it('rings go wrong at depth 2 or MQES', () =>
    withMachine(disk(BLOCKS_4K), async (machine) => {
      const bench = await DeviceBench.attach(machine.functions[0]);
      const short = await checkQueueWrap(bench, 1, { entries: 2, laps: 100, depth: 8 });
      expect(short).toEqual({ entries: 2, completions: 208, queued: 207 });
      expect(await checkQueueWrap(bench, 1, { entries: 'most', laps: 3, depth: 64 })).toMatchObject({ entries: 2048 });
    }));

  it('errors of the medium have another status', () =>
    withMachine(
      () => badDrive(),
      async (machine) => {
        const bench = await DeviceBench.attach(machine.functions[0]);
        const told = { read: '0x281', wholeRange: '0x281', write: '0x280', outOfRange: '0x4080' };
        expect(await checkInjectedErrors(bench, 1, BAD_BLOCKS)).toMatchObject(told);
      },
    ));

  it('a reset under load loses something', () =>
    withMachine(disk(BLOCKS_4K), async (machine) => {
      const bench = await DeviceBench.attach(machine.functions[0], { onLost: 'reset', ...WATCHFUL });
      const plan = { resets: 5, iosBetween: 500 };
      const strike = (): void => disable(bench);
      for (const facts of [
        await checkResetUnderLoad(bench, 1, plan),
        await checkResetUnderLoad(bench, 1, { ...plan, strike }),
      ]) {
        expect(facts.failures).toEqual({});
        expect(facts.retried).toBeGreaterThan(0);
      }
    }));

  it('a path is lost with I/O on it', () => withMachine(pairOfControllers, losePaths));

  it.each([false, true])('doorbells are rung more often than there are I/Os; shadow: %s', (shadowDoorbells) =>
    withMachine(disk(''), async (machine) => {
      const bench = await DeviceBench.attach(machine.functions[0], { shadowDoorbells });
      // The identifier is the same each time: a queue has to begin anew.
      for (const depth of [1, 4, 16, 64, 1]) {
        const { counters, ios } = await countDoorbells(bench, 1, depth, 640);
        expect(shadowDoorbells ? counters.sqShadowWrites : counters.sqDoorbellWrites).toBeLessThanOrEqual(ios);
        expect(counters).toMatchObject({ registerReads: 0, registerWrites: 0 });
      }
    }),
  );

  it.each(['interrupt', 'adaptive'] as const)('a group in mode %s sleeps through completions', (mode) =>
    withMachine(
      () => slowDrive(),
      async (machine) => {
        const bench = await DeviceBench.attach(machine.functions[0]);
        for (const depth of [1, 16]) {
          const { messages } = await checkInterrupts(bench, 1, { mode, vector: 1, depth, ios: 64 });
          expect(messages).toBeGreaterThan(0);
        }
      },
    ),
  );
});

/** What losing one of two paths comes to, in three ways. */
async function losePaths(machine: QtestMachine): Promise<void> {
  const attach = (index: number, onLost: 'reset' | 'fail'): Promise<DeviceBench> =>
    DeviceBench.attach(machine.functions[index], { onLost, ...WATCHFUL });
  const selector = (): RoundRobinSelector => new RoundRobinSelector();
  const second = await attach(1, 'fail');
  const first = await attach(0, 'reset');
  const cntlids = [first.controller.identity.cntlid];
  const { management } = second.controller;
  const reset = await checkLossOfPath([first, second], 1, { strike: disable, becomes: 'ready again', selector });
  expect(reset.states).toEqual(['READY', 'READY']);
  const strike = (): Promise<void> => management.detachNamespace(1, { cntlids });
  const detached = await checkLossOfPath([first, second], 1, { strike, becomes: 'without namespace', selector });
  expect(detached.states).toEqual(['READY', 'READY']);
  await management.attachNamespace(1, { cntlids });
  await first.controller.shutDown();
  const doomed = await attach(0, 'fail');
  const failed = await checkLossOfPath([doomed, second], 1, { strike: disable, becomes: 'failed' });
  expect(failed.states).toEqual(['FAILED', 'READY']);
}
