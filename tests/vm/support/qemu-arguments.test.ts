import { describe, expect, it } from 'vitest';
import { nvmeDisk, qemuArguments, vfioUserDevice } from './qemu-arguments.js';

const files = { kernelImage: 'vmlinuz', initrd: 'initrd', agentSocket: 'agent', qmpSocket: 'qmp' };

/** What follows each time an option is given. */
const values = (args: readonly string[], option: string): string[] =>
  args.flatMap((arg, index) => (args[index - 1] === option ? [arg] : []));

describe("a guest's machine", () => {
  it('is never accelerated, and never boots twice', () => {
    const args = qemuArguments({}, files);
    expect(values(args, '-accel')).toEqual(['tcg,thread=multi']);
    expect(args).toContain('-no-reboot');
    expect(values(args, '-append')).toEqual(['console=ttyS0 panic=-1']);
  });

  it('has an IOMMU that remaps interrupts when asked for', () => {
    const args = qemuArguments({ iommu: true, append: 'hugepages=64' }, files);
    expect(values(args, '-machine')).toEqual(['q35,kernel-irqchip=split']);
    expect(values(args, '-device')[0]).toBe('intel-iommu,intremap=on,caching-mode=on');
    expect(values(args, '-append')).toEqual(['console=ttyS0 panic=-1 intel_iommu=on hugepages=64']);
  });

  it('shares its RAM, as much as it has, when a vfio-user server needs it', () => {
    const args = qemuArguments({ qemu: 'vfio-user', memoryMiB: 1024, args: vfioUserDevice('/s') }, files);
    expect(values(args, '-object')).toEqual(['memory-backend-memfd,id=ram,size=1024M,share=on']);
    expect(values(args, '-machine')).toEqual(['q35,memory-backend=ram']);
    expect(values(args, '-m')).toEqual(['1024']);
    const device: unknown = JSON.parse(values(args, '-device').at(-1)!);
    expect(device).toEqual({ driver: 'vfio-user-pci', id: 'vfio-user0', socket: { path: '/s', type: 'unix' } });
  });
});

describe('a disk of QEMU', () => {
  it('forgets what is written without a file', () => {
    expect(nvmeDisk({ serial: 'S', bytes: 4096 })).toEqual([
      ...['-blockdev', 'node-name=drive-S,driver=null-co,read-zeroes=on,size=4096'],
      ...['-device', 'nvme,id=S,serial=S,drive=drive-S'],
    ]);
  });

  it('is on a file, with the properties asked for', () => {
    expect(nvmeDisk({ serial: 'S', file: '/i', properties: 'mdts=5' })).toEqual([
      ...['-blockdev', 'node-name=drive-S,driver=raw,file.driver=file,file.filename=/i,cache.direct=off'],
      ...['-device', 'nvme,id=S,serial=S,drive=drive-S,mdts=5'],
    ]);
  });
});
