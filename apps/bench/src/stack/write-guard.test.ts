import { describe, expect, it } from 'vitest';
import { WORKLOADS } from '../job/job-spec.js';
import { parseJobFile } from '../job/parse-job-file.js';
import { sampleDevice } from '../report/sample-result.test-data.js';
import { identityText, refuseUnallowedWrites } from './write-guard.js';

const jobsOf = (text: string) => parseJobFile(text, 'x.fio').groups.flat();
const DEVICE = sampleDevice();
const guard = (text: string, allowed: readonly string[] = [], devices = [DEVICE]) =>
  refuseUnallowedWrites(jobsOf(text), devices, allowed);

describe('jobs on a device that somebody may have data on', () => {
  const reading = ['read', 'randread'];

  it.each(WORKLOADS)('rw=%s needs permission if it changes anything', (workload) => {
    const text = `[job]\nrw=${workload}\n`;
    if (reading.includes(workload)) expect(() => guard(text)).not.toThrow();
    else expect(() => guard(text)).toThrow('--allow-writes-to=S1X2Y3');
    expect(() => guard(text, ['S1X2Y3'])).not.toThrow();
  });

  it.each([
    ['a mix that reads all but never writes', '[job]\nrw=randrw\nrwmixread=100\n'],
    ['writing to verify', '[job]\nrw=write\nverify=crc32c\n'],
    ['a fill before the reads', '[fill]\nrw=write\nsize=1m\n[read]\nstonewall\nrw=randread\n'],
    ['a write after the reads', '[read]\nrw=read\n[last]\nstonewall\nrw=randwrite\n'],
    ['writing for all in [global]', '[global]\nrw=write\n[a]\n[b]\nrw=read\n'],
    ['one clone that trims', '[a]\nrw=read\nnumjobs=2\n[b]\nrw=randtrim\n'],
  ])('%s needs it', (_, text) => {
    expect(() => guard(text)).toThrow('Expected --allow-writes-to=S1X2Y3');
  });

  it('verifying what others wrote does not', () => {
    expect(() => guard('[check]\nrw=read\nverify=crc32c\n')).not.toThrow();
  });

  it('are refused with what the device is, what is on it, and what would allow it', () => {
    expect(() => guard('[fill]\nrw=write\n', ['OTHER'])).toThrow(
      'job "fill" writes to vfio:0000:01:00.0 (Example SSD 1TB, serial S1X2Y3, firmware 1.0; namespace 1: 1GiB in blocks of 512, ' +
        'namespace 2: 1GiB in blocks of 4096+8 with protection information of type 1): what is on it would be lost. ' +
        'Expected --allow-writes-to=S1X2Y3 for that, got --allow-writes-to=OTHER',
    );
    expect(() => guard('[t]\nrw=trim\n')).toThrow('job "t" trims vfio:');
  });

  it('need it for each device, and for a device of that very name', () => {
    const second = sampleDevice({ name: 'vfio:0000:02:00.0', serial: 'S2' });
    const write = '[job]\nrw=write\n';
    expect(() => guard(write, ['S1X2Y3'], [DEVICE, second])).toThrow('0000:02:00.0');
    expect(() => guard(write, ['S1X2Y3', 'S2'], [DEVICE, second])).not.toThrow();
    for (const near of ['s1x2y3', 'S1X2Y', 'S1X2Y3Z', '*']) expect(() => guard(write, [near])).toThrow(near);
  });

  it('never write to a device without a serial number, which nobody can name', () => {
    const nameless = sampleDevice({ serial: '' });
    expect(() => guard('[job]\nrw=write\n', [''], [nameless])).toThrow('it has no serial number');
    expect(identityText(sampleDevice({ serial: '', namespaces: [] }))).toContain(
      'serial none, firmware 1.0; no namespaces',
    );
  });
});
