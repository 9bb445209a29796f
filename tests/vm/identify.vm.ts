/**
 * What our driver finds out about a controller is compared with what nvme-cli prints of the same one in the same guest.
 */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IDENTIFY_DEVICES, identifyArguments, type IdentifyDevice } from './identify-devices.js';
import { askNvmeCli, type CliReport } from './nvme-cli/cli-report.js';
import { compareReports } from './nvme-cli/compare-reports.js';
import { decodeReport, type DriverReport } from './nvme-cli/driver-report.js';
import { FEATURES_ASKED } from './nvme-cli/features.js';
import { bindToVfio } from './support/bind-to-vfio.js';
import { guestSuite } from './support/guest-suite.js';
import { Guest } from './support/guest.js';

/** Where a sample of what both said is written to, for the unit tests of the comparison. */
const RECORD = process.env['PHASEBIT_VM_RECORD'];
const RECORDED = 1;
/** Without it the kernel keeps the registers from nvme-cli. */
const APPEND = 'iomem=relaxed';

guestSuite('what our driver and nvme-cli say of the same controller', { qemu: 'plain' }, () => {
  let guest: Guest;
  let theirs: CliReport[] = [];
  let ours: DriverReport[] = [];
  const printed: string[] = [];

  async function askAt({ slot, hasFeatures }: IdentifyDevice, index: number): Promise<CliReport> {
    const { stdout } = await guest.expect(`ls /sys/bus/pci/devices/${slot}/nvme`);
    const run = async (script: string): Promise<string> => {
      const { output } = await guest.run(script);
      if (index === RECORDED) printed.push(output);
      return output;
    };
    return askNvmeCli(run, `/dev/${stdout.trim()}`, hasFeatures ? FEATURES_ASKED : []);
  }

  beforeAll(async () => {
    guest = await Guest.boot({ iommu: true, append: APPEND, args: identifyArguments() });
    theirs = await Promise.all(IDENTIFY_DEVICES.map(askAt));
    const slots = IDENTIFY_DEVICES.map(({ slot }) => slot);
    await bindToVfio(guest, ...slots);
    const { status, stdout, output } = await guest.node('guest/identify.ts', slots);
    expect({ status, output: status === 0 ? '' : output }).toEqual({ status: 0, output: '' });
    const lines = stdout.trim().split('\n');
    ours = lines.map(decodeReport);
    if (RECORD !== undefined) writeFileSync(RECORD, JSON.stringify({ printed, report: lines[RECORDED] }));
  });
  afterAll(() => guest?.close());

  describe.each(IDENTIFY_DEVICES.map(({ kind }, index) => [kind, index] as const))('%s', (_, index) => {
    it('differs in some field', () => {
      expect(compareReports(theirs[index], ours[index])).toEqual([]);
    });
  });
});
