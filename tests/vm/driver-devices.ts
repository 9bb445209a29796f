import { truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { badDrive } from '../device-checks/bad-drive.js';
import { slowDrive } from '../device-checks/slow-drive.js';
import { nvmeDisk } from './support/qemu-arguments.js';

const DISK_BYTES = 8 << 20;
const BLOCKS_4K = 'logical_block_size=4096,physical_block_size=4096';

/** Where the controllers of {@link driverArguments} are. */
export const DRIVER_SLOTS = {
  /** blocks of 512 bytes, at most 8 KiB a command, in the file `small` */
  small: '0000:00:10.0',
  /** blocks of 4096 bytes, at most 64 KiB a command, in the file `large` */
  large: '0000:00:11.0',
  /** a drive with bad blocks */
  faulty: '0000:00:12.0',
  /** two controllers of one subsystem */
  first: '0000:00:13.0',
  second: '0000:00:14.0',
  /** reads whatever memory holds, forgets writes */
  fast: '0000:00:15.0',
  /** the same, each command taking 5 ms */
  slow: '0000:00:16.0',
} as const;

function sparseFile(folder: string, name: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, '');
  truncateSync(file, DISK_BYTES);
  return file;
}

/** QEMU's arguments for a controller that transfers nothing: reads leave memory as it is, and writes are forgotten. */
export const fastDisk = (properties: string): string[] => [
  ...['-blockdev', `driver=null-co,node-name=nothing,size=${2 ** 30},read-zeroes=off`],
  ...['-device', `nvme,id=fast,serial=PBFAST,drive=nothing,${properties}`],
];

/** QEMU's arguments for the controllers that the driver is checked on. Files are made in `folder`. */
export function driverArguments(folder: string): string[] {
  const file = sparseFile(folder, 'shared');
  return [
    ...nvmeDisk({ serial: 'PBSMALL', file: sparseFile(folder, 'small'), properties: 'mdts=1,addr=10.0' }),
    ...nvmeDisk({ serial: 'PBLARGE', file: sparseFile(folder, 'large'), properties: `mdts=4,addr=11.0,${BLOCKS_4K}` }),
    ...badDrive('addr=12.0'),
    ...['-device', 'nvme-subsys,id=subsystem,nqn=phasebit:driver'],
    ...['-device', 'nvme,id=first,serial=PBPAIR,subsys=subsystem,addr=13.0'],
    ...['-device', 'nvme,id=second,serial=PBPAIR,subsys=subsystem,addr=14.0'],
    ...['-blockdev', `driver=raw,node-name=shared,file.driver=file,file.filename=${file}`],
    ...['-device', `nvme-ns,bus=first,drive=shared,nsid=1,shared=on,${BLOCKS_4K}`],
    ...fastDisk('addr=15.0'),
    ...slowDrive('addr=16.0'),
  ];
}
