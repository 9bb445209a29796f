/**
 * Dataset Management: up to 256 ranges of blocks and what will happen to them, such as deallocation. [NVM] 3.3.3
 *
 *   range   0x00          0x04           0x08
 *           CATTR (4)     LENGTH (4)     SLBA (8)
 */
import { bits } from './bits.js';
import { layout, type Layout } from './layout.js';
import { dword, type Dword } from './register.js';
import { SQE_CDW10, SQE_CDW11 } from './submission-queue-entry.js';

/** Dataset Management, command dword 10. */
export const DSM_CDW10: Dword<'NR0'> = dword(
  'DSM_CDW10',
  SQE_CDW10,
  { NR0: bits(7, 0) }, // ranges, 0's based
  [bits(31, 8)],
);

/** Dataset Management, command dword 11. */
export const DSM_CDW11: Dword<'IDR' | 'IDW' | 'AD'> = dword(
  'DSM_CDW11',
  SQE_CDW11,
  {
    AD: bits(2, 2), // deallocate
    IDW: bits(1, 1), // integral dataset for write
    IDR: bits(0, 0), // integral dataset for read
  },
  [bits(31, 3)],
);

/** Ranges of one command at most. */
export const DSM_RANGES_MAX = 256;
/** Bytes of a range. */
export const DSM_RANGE_BYTES = 16;
/** 0x00  4  Context attributes. */
export const DSM_RANGE_CATTR = 0x00;
/** 0x04  4  Length in logical blocks, not 0's based. */
export const DSM_RANGE_LENGTH = 0x04;
/** 0x08  8  Starting LBA. */
export const DSM_RANGE_SLBA = 0x08;

/** Layout of a range. */
export const DsmRangeLayout: Layout = layout('DSM_RANGE', DSM_RANGE_BYTES, [
  [DSM_RANGE_CATTR, 4, 'cattr'],
  [DSM_RANGE_LENGTH, 4, 'length'],
  [DSM_RANGE_SLBA, 8, 'slba'],
]);

/** Context attributes of a range. */
export const DSM_RANGE_CATTR_FIELDS: Dword<'AF' | 'AL' | 'SR' | 'SW' | 'WP' | 'CAS'> = dword(
  'DSM_RANGE_CATTR',
  DSM_RANGE_CATTR,
  {
    CAS: bits(31, 24), // command access size, logical blocks; 0 for unknown
    WP: bits(10, 10), // will be written soon
    SW: bits(9, 9), // written sequentially
    SR: bits(8, 8), // read sequentially
    AL: bits(5, 4), // access latency
    AF: bits(3, 0), // access frequency
  },
  [bits(23, 11), bits(7, 6)],
);
