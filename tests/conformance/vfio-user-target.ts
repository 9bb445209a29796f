import { Controller, RamMedium } from '@phasebit/controller';
import { ManualClock } from '@phasebit/core';
import { openVfioUser, type VfioUserFunction, VfioUserServer } from '@phasebit/vfio-user';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CONFORMANCE_DEVICE, CONFORMANCE_FIRMWARE, CONFORMANCE_NAMESPACES } from './device.js';
import type { OpenTarget } from './targets.js';

const QUEUES = 17;
const CMB_BYTES = 64 << 10;
const RINGS_BYTES = 4 << 20;
const DATA_BYTES = 16 << 20;
const DATA_IOVA = 2 ** 40;
const NOWHERE = 2 ** 45;
/** How far the clock moves with each pause. */
const PAUSE_NS = 1e5;

/**
 * The controller behind a vfio-user server, and its host behind a client, on one thread and with a real socket between them, under a clock
 * that only waiting moves.
 *
 * @param byMessage - neither doorbells nor the host's memory are shared: all of it is messages. Shadow doorbells are for shared memory only,
 *   and not offered
 */
export async function openVfioUserTarget(byMessage: boolean): Promise<OpenTarget> {
  const folder = mkdtempSync(path.join(tmpdir(), 'phasebit-conformance-'));
  const clock = new ManualClock();
  let fn: VfioUserFunction | undefined = undefined;
  const server = VfioUserServer.listen({
    path: path.join(folder, 'nvme'),
    clock,
    queues: QUEUES,
    cmbBytes: CMB_BYTES,
    mapDoorbells: !byMessage,
    whileWaiting: () => fn?.serve(),
    makeDevice: (link, dma) =>
      new Controller({
        ...CONFORMANCE_DEVICE,
        ...(byMessage ? { shadowDoorbells: 'off' } : {}),
        ...{ link, dma, clock },
        namespaces: CONFORMANCE_NAMESPACES.map(({ bytes, ...rest }) => ({ ...rest, medium: new RamMedium({ bytes }) })),
      }),
  });
  const pause = async (): Promise<void> => {
    for (let turns = 0; turns < 100 && server.step() > 0; turns++);
    clock.advanceNs(PAUSE_NS);
    await nextTurn();
  };
  const arenas = [{ bytes: RINGS_BYTES }, { bytes: DATA_BYTES, iovaBase: DATA_IOVA }];
  fn = await openVfioUser(server.path, { clock, pause, arenas, dmaByMessage: byMessage });
  const opened = fn;
  return {
    target: { name: 'vfio-user', fn: opened, clock, unmappedIova: NOWHERE, firmwareImage: CONFORMANCE_FIRMWARE },
    close: async () => {
      opened.close();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
