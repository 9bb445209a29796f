import { STATUS_UNRECOVERED_READ_ERROR, STATUS_WRITE_FAULT } from '@phasebit/nvme-spec';
import type { BadBlocks } from './injected-errors.js';

const MEBIBYTES = 16;
const EIO = 5;
const ENOSPC = 28;

/** Where the drive of {@link badDrive} fails: blocks of 512 bytes. */
export const BAD_BLOCKS: BadBlocks = {
  readLba: 2000,
  readStatus: STATUS_UNRECOVERED_READ_ERROR,
  writeLba: 5000,
  writeStatus: STATUS_WRITE_FAULT,
};

/**
 * QEMU's arguments for a controller with one drive, on which one sector cannot be read and another not be written.
 *
 * @param properties - more of the controller's, such as `addr=4.0`
 */
export function badDrive(properties = ''): string[] {
  const errors = [
    { event: 'none', iotype: 'read', sector: BAD_BLOCKS.readLba, errno: EIO },
    { event: 'none', iotype: 'write', sector: BAD_BLOCKS.writeLba, errno: ENOSPC },
  ].map((error) => ({ ...error, immediately: false, once: false }));
  const image = { driver: 'null-co', size: MEBIBYTES << 20, 'read-zeroes': true };
  const drive = { driver: 'blkdebug', 'node-name': 'bad', image, 'inject-error': errors };
  return ['-blockdev', JSON.stringify(drive), '-device', `nvme,id=faulty,serial=PBFAULTY,drive=bad,${properties}`];
}
