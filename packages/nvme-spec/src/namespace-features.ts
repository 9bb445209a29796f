/**
 * Feature values about namespaces and the media below them. [Base] 5.1.25.1, [NVM] 4.1.3
 *
 * Error recovery (05h) and write atomicity (0Ah) are in feature-values.ts.
 */
import { bits } from './bits.js';
import { layout, type Layout } from './layout.js';
import { dword, type Dword } from './register.js';
import { SQE_CDW11, SQE_CDW12 } from './submission-queue-entry.js';

/** Feature 03h, LBA Range Type; the ranges are in the data. [NVM] 4.1.3.1 */
export const FEATURE_LBA_RANGE_TYPE_VALUE: Dword<'NUM0'> = dword(
  'FEATURE_LBA_RANGE_TYPE_VALUE',
  SQE_CDW11,
  { NUM0: bits(5, 0) }, // ranges, 0's based
  [bits(31, 6)],
);

/** Bytes of the data of feature 03h: 64 ranges of 64 bytes. */
export const LBA_RANGE_TYPES_BYTES = 4096;
/** Bytes of a range. */
export const LBA_RANGE_TYPE_BYTES = 64;
/** 0x00  1  Type: 0 general, 1 file system, 2 RAID, 3 cache, 4 swap, 80h and up vendor specific. */
export const LBA_RANGE_TYPE_TYPE = 0x00;
/** 0x01  1  Attributes: bit 0 may be overwritten, bit 1 hidden. */
export const LBA_RANGE_TYPE_ATTRB = 0x01;
/** 0x10  8  Starting LBA. */
export const LBA_RANGE_TYPE_SLBA = 0x10;
/** 0x18  8  Blocks, 0's based. */
export const LBA_RANGE_TYPE_NLB0 = 0x18;
/** 0x20 16  Unique identifier of the type. */
export const LBA_RANGE_TYPE_GUID = 0x20;

/** Layout of a range of feature 03h. */
export const LbaRangeTypeLayout: Layout = layout('LBA_RANGE_TYPE', LBA_RANGE_TYPE_BYTES, [
  [LBA_RANGE_TYPE_TYPE, 1, 'type'],
  [LBA_RANGE_TYPE_ATTRB, 1, 'attrb'],
  [2, 14, 'reserved2', 'reserved'],
  [LBA_RANGE_TYPE_SLBA, 8, 'slba'],
  [LBA_RANGE_TYPE_NLB0, 8, 'nlb0'],
  [LBA_RANGE_TYPE_GUID, 16, 'guid'],
  [48, 16, 'reserved48', 'reserved'],
]);

/** Feature 12h, Read Recovery Level Config, command dword 11. */
export const FEATURE_READ_RECOVERY_LEVEL_SET: Dword<'NVMSETID'> = dword(
  'FEATURE_READ_RECOVERY_LEVEL_SET',
  SQE_CDW11,
  { NVMSETID: bits(15, 0) }, // NVM Set
  [bits(31, 16)],
);

/** Feature 12h, Read Recovery Level Config, command dword 12 and what Get Features returns. */
export const FEATURE_READ_RECOVERY_LEVEL_VALUE: Dword<'RRL'> = dword(
  'FEATURE_READ_RECOVERY_LEVEL_VALUE',
  SQE_CDW12,
  { RRL: bits(3, 0) }, // 4 default, up to 15 fast fail
  [bits(31, 4)],
);

/** Feature 13h, Predictable Latency Mode Config, command dword 12; dword 11 has the NVM Set. */
export const FEATURE_PREDICTABLE_LATENCY_CONFIG_VALUE: Dword<'LPE'> = dword(
  'FEATURE_PREDICTABLE_LATENCY_CONFIG_VALUE',
  SQE_CDW12,
  { LPE: bits(0, 0) }, // predictable latency is enabled
  [bits(31, 1)],
);

/** Feature 14h, Predictable Latency Mode Window, command dword 12; dword 11 has the NVM Set. */
export const FEATURE_PREDICTABLE_LATENCY_WINDOW_VALUE: Dword<'WSEL'> = dword(
  'FEATURE_PREDICTABLE_LATENCY_WINDOW_VALUE',
  SQE_CDW12,
  { WSEL: bits(2, 0) }, // 1 deterministic, 2 non-deterministic window
  [bits(31, 3)],
);

/** Feature 15h, LBA Status Information Attributes, both in 100 ms units. [NVM] 4.1.3.5 */
export const FEATURE_LBA_STATUS_INTERVAL_VALUE: Dword<'LSIRI' | 'LSIPI'> = dword(
  'FEATURE_LBA_STATUS_INTERVAL_VALUE',
  SQE_CDW11,
  {
    LSIPI: bits(31, 16), // poll interval, the controller's
    LSIRI: bits(15, 0), // report interval, the host's wish
  },
);

/** Feature 17h, Sanitize Config. */
export const FEATURE_SANITIZE_CONFIG_VALUE: Dword<'NODRM'> = dword(
  'FEATURE_SANITIZE_CONFIG_VALUE',
  SQE_CDW11,
  { NODRM: bits(0, 0) }, // NDAS where it is inhibited: 1 is ignored with a warning in the log, 0 is an error
  [bits(31, 1)],
);

/** Feature 18h, Endurance Group Event Configuration. */
export const FEATURE_ENDURANCE_EVENT_CONFIG_VALUE: Dword<'ENDGID' | 'EGCW'> = dword(
  'FEATURE_ENDURANCE_EVENT_CONFIG_VALUE',
  SQE_CDW11,
  {
    EGCW: bits(23, 16), // critical warnings that make an event
    ENDGID: bits(15, 0), // Endurance Group
  },
  [bits(31, 24)],
);

/** Feature 1Dh, Flexible Data Placement, command dword 11. */
export const FEATURE_FLEXIBLE_DATA_PLACEMENT_GROUP: Dword<'ENDGID'> = dword(
  'FEATURE_FLEXIBLE_DATA_PLACEMENT_GROUP',
  SQE_CDW11,
  { ENDGID: bits(15, 0) }, // Endurance Group
  [bits(31, 16)],
);

/** Feature 1Dh, Flexible Data Placement, command dword 12 and what Get Features returns. */
export const FEATURE_FLEXIBLE_DATA_PLACEMENT_VALUE: Dword<'FDPE' | 'FDPCIDX'> = dword(
  'FEATURE_FLEXIBLE_DATA_PLACEMENT_VALUE',
  SQE_CDW12,
  {
    FDPCIDX: bits(15, 8), // index into the FDP configurations
    FDPE: bits(0, 0), // enabled
  },
  [bits(31, 16), bits(7, 1)],
);

/** Feature 82h, Reservation Notification Mask: a set bit keeps that notification back. */
export const FEATURE_RESERVATION_NOTIFICATION_VALUE: Dword<'REGPRE' | 'RESREL' | 'RESPRE'> = dword(
  'FEATURE_RESERVATION_NOTIFICATION_VALUE',
  SQE_CDW11,
  {
    RESPRE: bits(3, 3), // reservation preempted
    RESREL: bits(2, 2), // reservation released
    REGPRE: bits(1, 1), // registration preempted
  },
  [bits(31, 4), bits(0, 0)],
);

/** Feature 83h, Reservation Persistence. */
export const FEATURE_RESERVATION_PERSISTENCE_VALUE: Dword<'PTPL'> = dword(
  'FEATURE_RESERVATION_PERSISTENCE_VALUE',
  SQE_CDW11,
  { PTPL: bits(0, 0) }, // reservations and registrations outlive a power loss
  [bits(31, 1)],
);

/** Feature 84h, Namespace Write Protection Config. */
export const FEATURE_NAMESPACE_WRITE_PROTECTION_VALUE: Dword<'WPS'> = dword(
  'FEATURE_NAMESPACE_WRITE_PROTECTION_VALUE',
  SQE_CDW11,
  { WPS: bits(2, 0) }, // WRITE_PROTECTION_*
  [bits(31, 3)],
);

/** WPS: not protected. */
export const WRITE_PROTECTION_NONE = 0;
/** WPS: protected until a host says otherwise. */
export const WRITE_PROTECTION_ON = 1;
/** WPS: protected until the next power cycle. */
export const WRITE_PROTECTION_UNTIL_POWER_CYCLE = 2;
/** WPS: protected for good. */
export const WRITE_PROTECTION_PERMANENT = 3;

/** Feature 85h, Boot Partition Write Protection Config. */
export const FEATURE_BOOT_PARTITION_WRITE_PROTECTION_VALUE: Dword<'BP0WPS' | 'BP1WPS'> = dword(
  'FEATURE_BOOT_PARTITION_WRITE_PROTECTION_VALUE',
  SQE_CDW11,
  {
    BP1WPS: bits(5, 3), // 0 no change, 1 unlocked, 2 locked, 3 locked until power cycle
    BP0WPS: bits(2, 0), // the same for boot partition 0
  },
  [bits(31, 6)],
);
