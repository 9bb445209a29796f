/**
 * Prints what our driver finds out about controllers that are bound to VFIO: one line of JSON for each.
 *
 *   node identify.mjs 0000:00:10.0 ...
 */
import { Controller } from '@phasebit/nvme';
import { openVfio } from '@phasebit/vfio';
import { performance } from 'node:perf_hooks';
import { encodeReport } from '../nvme-cli/driver-report.js';
import { gatherReport } from './gather-report.js';

const clock = { nowNs: () => performance.now() * 1e6 };
for (const address of process.argv.slice(2)) {
  const fn = await openVfio(address, { dmaBytes: 16 << 20 });
  const controller = await Controller.attach(fn, { clock });
  console.log(encodeReport(await gatherReport(fn, controller)));
  await controller.shutDown();
  await fn.close();
}
