import type { QemuChoice } from './guest-suite.js';

/** What machine a guest runs on. */
export interface MachineOptions {
  /** which QEMU; `vfio-user` has the client device (default `plain`) */
  readonly qemu?: QemuChoice;
  /** MiB of RAM (default 1536); the first file system takes about 250 of them */
  readonly memoryMiB?: number;
  /** number of virtual processors (default 2) */
  readonly smp?: number;
  /** an Intel IOMMU with interrupt remapping, as VFIO in the guest needs it */
  readonly iommu?: boolean;
  /** more kernel options, such as `hugepages=64` */
  readonly append?: string;
  /** more QEMU arguments: the devices under test */
  readonly args?: readonly string[];
}

/** Where the parts of one guest are. */
export interface MachineFiles {
  readonly kernelImage: string;
  readonly initrd: string;
  /** UNIX sockets that this process listens on */
  readonly agentSocket: string;
  readonly qmpSocket: string;
}

/** The part of QEMU's command line that every guest has. */
export function qemuArguments(
  { qemu = 'plain', memoryMiB = 1536, smp = 2, iommu = false, append = '', args = [] }: MachineOptions,
  { kernelImage, initrd, agentSocket, qmpSocket }: MachineFiles,
): string[] {
  const machine = ['q35', ...(iommu ? ['kernel-irqchip=split'] : [])];
  const memory: string[] = [];
  if (qemu === 'vfio-user') {
    // A vfio-user server maps the guest's RAM.
    machine.push('memory-backend=ram');
    memory.push('-object', `memory-backend-memfd,id=ram,size=${memoryMiB}M,share=on`);
  }
  const kernelOptions = ['console=ttyS0', 'panic=-1', ...(iommu ? ['intel_iommu=on'] : []), append];
  return [
    // /dev/kvm may be there and be of no use, so it is not even tried.
    ...['-accel', 'tcg,thread=multi', '-cpu', 'max'],
    ...['-machine', machine.join(','), ...memory, '-m', `${memoryMiB}`, '-smp', `${smp}`],
    ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-serial', 'stdio'],
    ...['-kernel', kernelImage, '-initrd', initrd, '-append', kernelOptions.join(' ').trim()],
    ...(iommu ? ['-device', 'intel-iommu,intremap=on,caching-mode=on'] : []),
    ...['-chardev', `socket,id=qmp,path=${qmpSocket}`, '-mon', 'chardev=qmp,mode=control'],
    ...['-device', 'virtio-serial-pci,id=agents', '-chardev', `socket,id=agent,path=${agentSocket}`],
    ...['-device', 'virtserialport,bus=agents.0,chardev=agent,name=phasebit'],
    ...args,
  ];
}

/** An NVMe disk of QEMU's own making, with its controller. */
export interface NvmeDiskOptions {
  readonly serial: string;
  /** a raw image; `null-co` if not given: as fast as can be, reads zeros, forgets writes */
  readonly file?: string;
  /** bytes of the `null-co` disk (default 1 GiB) */
  readonly bytes?: number;
  /** more properties of `-device nvme`, such as `mdts=5,max_ioqpairs=4` */
  readonly properties?: string;
}

/** The arguments for one such disk. The drive is called `drive-<serial>`, the device `<serial>`. */
export function nvmeDisk({ serial, file, bytes = 2 ** 30, properties = '' }: NvmeDiskOptions): string[] {
  const drive =
    file === undefined
      ? `driver=null-co,read-zeroes=on,size=${bytes}`
      : `driver=raw,file.driver=file,file.filename=${file},cache.direct=off`;
  return [
    ...['-blockdev', `node-name=drive-${serial},${drive}`],
    ...[
      '-device',
      ['nvme', `id=${serial}`, `serial=${serial}`, `drive=drive-${serial}`, properties].filter(Boolean).join(','),
    ],
  ];
}

/** The arguments for a PCI function that a vfio-user server at a UNIX socket implements. */
export function vfioUserDevice(socketPath: string, id = 'vfio-user0'): string[] {
  const device = { driver: 'vfio-user-pci', id, socket: { path: socketPath, type: 'unix' } };
  return ['-device', JSON.stringify(device)];
}
