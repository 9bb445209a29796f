import { describe, expect, it } from 'vitest';
import { sampleDevice, sampleUsedDevices } from './sample-result.test-data.js';
import { usedDeviceLines, usedDevicesJson } from './used-devices.js';

describe('what a run was done on', () => {
  it('is told with what identifies the device, what it granted, and whose figures follow', () => {
    expect(usedDeviceLines(sampleUsedDevices())).toEqual([
      'vfio:0000:01:00.0: Example SSD 1TB, serial S1X2Y3, firmware 1.0; namespace 1: 1GiB in blocks of 512',
      'vfio:0000:01:00.0: I/O queue pairs granted 4, rings of 256 (at most 1024), at most 512KiB a command, MSI-X vectors 5, shadow doorbells not offered',
      'figures: of a PCI device of this machine, through VFIO',
    ]);
  });

  it('is told path by path, of the namespace that was used', () => {
    const devices = [sampleDevice({ name: 'a' }), sampleDevice({ name: 'b', offersShadowDoorbells: true })];
    const lines = usedDeviceLines(sampleUsedDevices({ devices, nsid: 2 }));
    expect(lines[0]).toContain('a: ');
    expect(lines[2]).toContain('namespace 2: 1GiB in blocks of 4096+8 with protection information of type 1');
    expect(lines[3]).toMatch(/^b: .* shadow doorbells offered$/);
  });

  it('is, where it is modelled, never told as if it were a device', () => {
    const modelled = sampleUsedDevices({ transport: 'inline', figures: 'of a model' });
    expect(usedDeviceLines(modelled)).toEqual(['figures: of a model']);
    expect(usedDevicesJson(modelled)).toMatchObject({ transport: 'inline', figures: 'of a model' });
  });

  it('is all there for tools', () => {
    expect(usedDevicesJson(sampleUsedDevices())).toMatchObject({
      transport: 'vfio',
      devices: [
        {
          name: 'vfio:0000:01:00.0',
          serial: 'S1X2Y3',
          namespaces: [
            { nsid: 1, lba_bytes: 512 },
            { nsid: 2, metadata_bytes: 8, pi_type: 1 },
          ],
          queue_entries_max: 1024,
          queue_pairs_granted: 4,
        },
      ],
      nsid: 1,
      ring_entries: 256,
    });
  });
});
