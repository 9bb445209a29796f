/**
 * Fields of the feature values, as command dword 11 of Set Features carries them and dword 0 of a Get Features
 * completion returns them. [Base] 5.1.25.1, [NVM] 4.1.3
 */
import { bits } from './bits.js';
import { dword, type Dword } from './register.js';
import { SQE_CDW11 } from './submission-queue-entry.js';

/** Feature 01h, Arbitration. */
export const FEATURE_ARBITRATION_VALUE: Dword<'AB' | 'LPW0' | 'MPW0' | 'HPW0'> = dword(
  'FEATURE_ARBITRATION_VALUE',
  SQE_CDW11,
  {
    HPW0: bits(31, 24), // high priority weight, 0's based
    MPW0: bits(23, 16), // medium priority weight, 0's based
    LPW0: bits(15, 8), // low priority weight, 0's based
    AB: bits(2, 0), // arbitration burst, 2 ^ AB commands; 7 for no limit
  },
  [bits(7, 3)],
);

/** Feature 02h, Power Management. */
export const FEATURE_POWER_MANAGEMENT_VALUE: Dword<'PS' | 'WH'> = dword(
  'FEATURE_POWER_MANAGEMENT_VALUE',
  SQE_CDW11,
  {
    WH: bits(7, 5), // workload hint
    PS: bits(4, 0), // power state
  },
  [bits(31, 8)],
);

/** Feature 04h, Temperature Threshold, in kelvins. */
export const FEATURE_TEMPERATURE_THRESHOLD_VALUE: Dword<'TMPTH' | 'TMPSEL' | 'THSEL' | 'TMPTHH'> = dword(
  'FEATURE_TEMPERATURE_THRESHOLD_VALUE',
  SQE_CDW11,
  {
    TMPTHH: bits(24, 22), // hysteresis
    THSEL: bits(21, 20), // 0 for over, 1 for under temperature
    TMPSEL: bits(19, 16), // 0 for the composite temperature, 1..8 for a sensor, 15 for all
    TMPTH: bits(15, 0), // threshold
  },
  [bits(31, 25)],
);

/** Feature 05h, Error Recovery. [NVM] */
export const FEATURE_ERROR_RECOVERY_VALUE: Dword<'TLER' | 'DULBE'> = dword(
  'FEATURE_ERROR_RECOVERY_VALUE',
  SQE_CDW11,
  {
    DULBE: bits(16, 16), // reads of deallocated or unwritten blocks fail
    TLER: bits(15, 0), // time limit for error recovery, 100 ms units; 0 for none
  },
  [bits(31, 17)],
);

/** Feature 06h, Volatile Write Cache. */
export const FEATURE_VOLATILE_WRITE_CACHE_VALUE: Dword<'WCE'> = dword(
  'FEATURE_VOLATILE_WRITE_CACHE_VALUE',
  SQE_CDW11,
  { WCE: bits(0, 0) }, // the cache is enabled
  [bits(31, 1)],
);

/** Feature 07h, Number of Queues as asked for: I/O queues only, 0's based, FFFFh is not allowed. */
export const FEATURE_NUMBER_OF_QUEUES_VALUE: Dword<'NSQR0' | 'NCQR0'> = dword(
  'FEATURE_NUMBER_OF_QUEUES_VALUE',
  SQE_CDW11,
  {
    NCQR0: bits(31, 16), // I/O completion queues requested, 0's based
    NSQR0: bits(15, 0), // I/O submission queues requested, 0's based
  },
);

/** Feature 07h, Number of Queues as granted, in dword 0 of the completion of Set or Get Features; 0's based. */
export const FEATURE_NUMBER_OF_QUEUES_RESULT: Dword<'NSQA0' | 'NCQA0'> = dword('FEATURE_NUMBER_OF_QUEUES_RESULT', 0, {
  NCQA0: bits(31, 16), // I/O completion queues allocated, 0's based
  NSQA0: bits(15, 0), // I/O submission queues allocated, 0's based
});

/** Feature 08h, Interrupt Coalescing. */
export const FEATURE_INTERRUPT_COALESCING_VALUE: Dword<'THR0' | 'TIME'> = dword(
  'FEATURE_INTERRUPT_COALESCING_VALUE',
  SQE_CDW11,
  {
    TIME: bits(15, 8), // aggregation time, 100 us units
    THR0: bits(7, 0), // aggregation threshold, completions, 0's based
  },
  [bits(31, 16)],
);

/** Feature 09h, Interrupt Vector Configuration. */
export const FEATURE_INTERRUPT_VECTOR_VALUE: Dword<'IV' | 'CD'> = dword(
  'FEATURE_INTERRUPT_VECTOR_VALUE',
  SQE_CDW11,
  {
    CD: bits(16, 16), // coalescing is disabled for this vector
    IV: bits(15, 0), // interrupt vector
  },
  [bits(31, 17)],
);

/** Feature 0Ah, Write Atomicity Normal. [NVM] */
export const FEATURE_WRITE_ATOMICITY_VALUE: Dword<'DN'> = dword(
  'FEATURE_WRITE_ATOMICITY_VALUE',
  SQE_CDW11,
  { DN: bits(0, 0) }, // AWUN and NAWUN need not be honored
  [bits(31, 1)],
);

/** Feature 0Bh, Asynchronous Event Configuration: a set bit lets the controller send that event. */
export const FEATURE_ASYNC_EVENT_VALUE: Dword<
  | 'SHCW'
  | 'NAN'
  | 'FAN'
  | 'TLN'
  | 'ANACN'
  | 'PLEALCN'
  | 'LBASIN'
  | 'EGEALCN'
  | 'NNSSHDN'
  | 'TTHRY'
  | 'RASSN'
  | 'RGRP0'
  | 'ANSAN'
  | 'ZDCN'
  | 'PMDRLPCN'
  | 'ADLPCN'
  | 'HDLPCN'
  | 'DLPCN'
> = dword(
  'FEATURE_ASYNC_EVENT_VALUE',
  SQE_CDW11,
  {
    DLPCN: bits(31, 31), // discovery log page change
    HDLPCN: bits(30, 30), // host discovery log page change
    ADLPCN: bits(29, 29), // AVE discovery log page change
    PMDRLPCN: bits(28, 28), // pull model DDC request log page change
    ZDCN: bits(27, 27), // zone descriptor changed
    ANSAN: bits(19, 19), // allocated namespace attribute
    RGRP0: bits(18, 18), // reachability group
    RASSN: bits(17, 17), // reachability association
    TTHRY: bits(16, 16), // temperature threshold hysteresis recovery
    NNSSHDN: bits(15, 15), // normal NVM subsystem shutdown
    EGEALCN: bits(14, 14), // endurance group event aggregate log change
    LBASIN: bits(13, 13), // LBA status information
    PLEALCN: bits(12, 12), // predictable latency event aggregate log change
    ANACN: bits(11, 11), // asymmetric namespace access change
    TLN: bits(10, 10), // telemetry log
    FAN: bits(9, 9), // firmware activation
    NAN: bits(8, 8), // attached namespace attribute
    SHCW: bits(7, 0), // SMART / health critical warnings, SMART_WARNING_*
  },
  [bits(26, 20)],
);

/** Feature 0Fh, Keep Alive Timer. */
export const FEATURE_KEEP_ALIVE_VALUE: Dword<'KATO'> = dword('FEATURE_KEEP_ALIVE_VALUE', SQE_CDW11, {
  KATO: bits(31, 0), // timeout in milliseconds, 0 for none
});

/** Bytes of the Host Behavior Support data structure of feature 16h. */
export const HOST_BEHAVIOR_BYTES = 512;
/** Host Behavior Support byte 0: the host honors command retry delays. */
export const HOST_BEHAVIOR_ACRE = 0;
/** Host Behavior Support byte 1: extended telemetry data area 4. */
export const HOST_BEHAVIOR_ETDAS = 1;
/** Host Behavior Support byte 2: the host understands extended LBA formats. */
export const HOST_BEHAVIOR_LBAFEE = 2;
/** Host Behavior Support byte 3: the host understands dispersed namespaces. */
export const HOST_BEHAVIOR_HDISNS = 3;
/** Host Behavior Support bytes 5:4: copy descriptor formats enabled. */
export const HOST_BEHAVIOR_CDFE = 4;

/** Bytes of the host identifier of feature 81h with EXHID = 0. */
export const HOST_IDENTIFIER_BYTES = 8;
/** Bytes of the host identifier of feature 81h with EXHID = 1. */
export const HOST_IDENTIFIER_EXTENDED_BYTES = 16;
/** Bytes of the Timestamp data structure of feature 0Eh. */
export const TIMESTAMP_BYTES = 8;
