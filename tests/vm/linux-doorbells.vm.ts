/**
 * What it costs Linux to ring our doorbells: trapped, mapped and in shadow memory. Writes are counted by QEMU, whose trace names each write
 * that the guest makes to our registers; messages by the controller; interrupts by the guest's kernel. IOPS are printed and nothing is
 * expected of them.
 */
import { NullMedium } from '@phasebit/controller';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runFio } from './support/fio.js';
import { guestSuite } from './support/guest-suite.js';
import { Guest } from './support/guest.js';
import { controllersWith, type LinuxController } from './support/linux-nvme.js';
import { ServedSubsystem, type ServedControllerOptions } from './support/served-subsystem.js';

const DEPTHS = [1, 4, 16, 32];
/** I/Os whose doorbells are counted. */
const COUNTED = process.env['PHASEBIT_VM_LONG'] === undefined ? 1500 : 50_000;
/** What is written and sent besides: the disk's first blocks are looked at when it is closed. */
const STRAY = 30;
const DOORBELLS = 0x1000;
/** OACS bit 8. [Base] 5.1.13.2.1 */
const OACS_DOORBELL_BUFFER_CONFIG = 0x100;

const KINDS: readonly { readonly serial: string; readonly kind: string; readonly options: ServedControllerOptions }[] =
  [
    { serial: 'PBTRAPPED', kind: 'trapped', options: { mapDoorbells: false } },
    { serial: 'PBMAPPED', kind: 'mapped', options: {} },
    {
      serial: 'PBSHADOW',
      kind: 'trapped, shadow asleep',
      options: { mapDoorbells: false, shadowDoorbells: 'sleeping' },
    },
    {
      serial: 'PBPOLLED',
      kind: 'trapped, shadow polled',
      options: { mapDoorbells: false, shadowDoorbells: 'polling' },
    },
  ];

guestSuite('doorbells of our controller under Linux', { qemu: 'vfio-user' }, () => {
  let guest: Guest;
  const folder = mkdtempSync(path.join(tmpdir(), 'phasebit-doorbells-'));
  const trace = path.join(folder, 'trace');
  const served = new Map<string, ServedSubsystem>();
  const linux = new Map<string, LinuxController>();

  /** Writes to the doorbells of a device that were trapped so far. */
  const trapped = (serial: string): number => {
    const { socket } = served.get(serial)!.controllers[0];
    const write = new RegExp(`^vfio_region_write .*${socket}:region0\\+0x([0-9a-f]+),`, 'gm');
    return [...readFileSync(trace, 'utf8').matchAll(write)].filter((match) => parseInt(match[1], 16) >= DOORBELLS)
      .length;
  };
  /** Interrupts that the guest's kernel took from a controller so far. */
  const interrupts = async (name: string): Promise<number> => {
    const { stdout } = await guest.expect('cat /proc/interrupts');
    const lines = stdout.split('\n').filter((line) => line.includes(`${name}q`));
    return lines.reduce(
      (sum, line) =>
        sum +
        line
          .trim()
          .split(/\s+/)
          .slice(1, 3)
          .reduce((a, b) => a + Number(b), 0),
      0,
    );
  };

  beforeAll(async () => {
    for (const { serial, options } of KINDS) {
      const namespaces = [{ nsid: 1, medium: new NullMedium(2 ** 30) }];
      served.set(serial, new ServedSubsystem({ serial, namespaces }, [options]));
    }
    guest = await Guest.boot({
      qemu: 'vfio-user',
      args: [...[...served.values()].flatMap(({ args }) => args), '-trace', 'vfio_region_write', '-D', trace],
    });
    for (const { serial } of KINDS) linux.set(serial, (await controllersWith(guest, serial, 1))[0]);
  });
  afterAll(async () => {
    await guest?.close();
    await Promise.all([...served.values()].map((each) => each.close()));
    rmSync(folder, { recursive: true, force: true });
  });

  describe.each(KINDS)('$kind', ({ serial, kind, options }) => {
    const isShadowed = options.shadowDoorbells !== undefined;

    it('are shadowed if they are offered to be', async () => {
      const { oacs } = await guest.json<{ oacs: number }>(`nvme id-ctrl /dev/${linux.get(serial)!.name} -o json`);
      expect((oacs & OACS_DOORBELL_BUFFER_CONFIG) !== 0).toBe(isShadowed);
      expect(await guest.dmesg()).not.toMatch(/unable to set dbbuf/);
    });

    it.each(DEPTHS)('are counted with %d at a time', async (iodepth) => {
      const { name, disks } = linux.get(serial)!;
      const before = {
        writes: trapped(serial),
        messages: served.get(serial)!.messages,
        interrupts: await interrupts(name),
      };
      const job = { rw: 'randread', bs: '4k', iodepth, number_ios: COUNTED, size: '64m' };
      const { read } = await runFio(guest, `/dev/${disks[1]}`, job);
      expect(read.total_ios).toBe(COUNTED);
      const writes = trapped(serial) - before.writes;
      const messages = served.get(serial)!.messages - before.messages;
      const taken = (await interrupts(name)) - before.interrupts;
      const perIo = (count: number): string => (count / COUNTED).toFixed(2);
      console.info(
        `linux, doorbells ${kind}, QD ${iodepth}: ${Math.round(read.iops)} reads of 4 KiB per second;` +
          ` per I/O ${perIo(writes)} register writes, ${perIo(messages)} messages, ${perIo(taken)} interrupts`,
      );
      expect(taken).toBeLessThanOrEqual(messages);
      expect(messages).toBeLessThanOrEqual(COUNTED + STRAY);
      if (kind === 'mapped') expect(writes).toBe(0);
      else expect(writes).toBeLessThanOrEqual(2 * COUNTED + STRAY);
      // One to submit, one to consume; a busy queue's completions are consumed several at a time.
      if (kind === 'trapped') expect(writes).toBeGreaterThanOrEqual(iodepth === 1 ? 2 * COUNTED : COUNTED);
      if (kind === 'trapped, shadow polled') expect(writes).toBeLessThan(COUNTED / 2);
    });
  });
});
