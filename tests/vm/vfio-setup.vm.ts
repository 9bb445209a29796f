import { afterAll, beforeAll, expect, it } from 'vitest';
import { guestSuite } from './support/guest-suite.js';
import { Guest } from './support/guest.js';
import { nvmeDisk } from './support/qemu-arguments.js';

const NVME_CLASS = '0x010802';

guestSuite("QEMU's NVMe controller behind an IOMMU", { qemu: 'plain' }, () => {
  let guest: Guest;
  let address: string;

  const driver = async (): Promise<string> =>
    (await guest.expect(`basename $(readlink /sys/bus/pci/devices/${address}/driver)`)).stdout.trim();

  beforeAll(async () => {
    guest = await Guest.boot({ iommu: true, args: nvmeDisk({ serial: 'PBSETUP' }) });
    const { stdout } = await guest.expect(`cd /sys/bus/pci/devices; grep -l ${NVME_CLASS} */class`);
    address = stdout.trim().replace('/class', '');
  });
  afterAll(() => guest?.close());

  it('is in an IOMMU group of its own', async () => {
    expect(address).toMatch(/^0000:00:[0-9a-f]{2}\.0$/);
    expect(await guest.dmesg()).toMatch(/DMAR: IOMMU enabled/);
    const { stdout } = await guest.expect(`ls /sys/bus/pci/devices/${address}/iommu_group/devices`);
    expect(stdout.trim()).toBe(address);
  });

  it("belongs to the kernel's driver at first", async () => {
    expect(await driver()).toBe('nvme');
    const { Devices: devices } = await guest.json<{ Devices: { DevicePath: string; SerialNumber: string }[] }>(
      'nvme list -o json',
    );
    expect(devices).toMatchObject([{ DevicePath: '/dev/nvme0n1', SerialNumber: 'PBSETUP' }]);
  });

  it('goes to vfio-pci and comes back', async () => {
    const rebind = `echo ${address} > /sys/bus/pci/devices/${address}/driver/unbind
      echo "$DRIVER" > /sys/bus/pci/devices/${address}/driver_override
      echo ${address} > /sys/bus/pci/drivers_probe`;
    const group = (
      await guest.expect(`basename $(readlink /sys/bus/pci/devices/${address}/iommu_group)`)
    ).stdout.trim();
    await guest.expect(`modprobe -a vfio-pci vfio_iommu_type1; DRIVER=vfio-pci; ${rebind}`);
    expect(await driver()).toBe('vfio-pci');
    await guest.expect(`test -c /dev/vfio/vfio && test -c /dev/vfio/${group} && test ! -e /dev/nvme0`);
    await guest.expect(`DRIVER=; ${rebind}`);
    expect(await driver()).toBe('nvme');
    await expect
      .poll(async () => (await guest.run('nvme id-ctrl /dev/nvme0')).output, { timeout: 20_000 })
      .toContain('PBSETUP');
  });
});
