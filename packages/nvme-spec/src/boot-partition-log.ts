/**
 * Boot Partition log (15h): a header of 16 bytes, then the contents. [Base] 5.1.12.1.21
 */
import { layout, type Layout } from './layout.js';

/** Bytes before the contents of the boot partition. */
export const BOOT_PARTITION_LOG_HEADER_BYTES = 16;
/** 0x00  1  Log page identifier. */
export const BOOT_PARTITION_LOG_LID = 0x00;
/** 0x04  4  Bits 14:0 size, 128 KiB units, and bit 31 active partition, as in register BPINFO. */
export const BOOT_PARTITION_LOG_BPINFO = 0x04;
/** LSP bit 0: boot partition to read. */
export const LOG_BOOT_PARTITION_LSP_BPID = 0x01;

/** Layout of the header. */
export const BootPartitionLogLayout: Layout = layout('BOOT_PARTITION_LOG', BOOT_PARTITION_LOG_HEADER_BYTES, [
  [BOOT_PARTITION_LOG_LID, 1, 'lid'],
  [1, 3, 'reserved1', 'reserved'],
  [BOOT_PARTITION_LOG_BPINFO, 4, 'bpinfo'],
  [8, 8, 'reserved8', 'reserved'],
]);
