/**
 * Feature values about power and temperature. [Base] 5.1.25.1.6, 5.1.25.1.9, 5.1.25.1.10, 5.1.25.1.18, 5.1.25.1.19
 *
 * Power management (02h) and the temperature threshold (04h) are in feature-values.ts.
 */
import { bits, bits64, type Bits64 } from './bits.js';
import { dword, type Dword } from './register.js';
import { SQE_CDW11 } from './submission-queue-entry.js';

/** Feature 0Ch, Autonomous Power State Transition; the table of states is in the data. */
export const FEATURE_AUTONOMOUS_POWER_STATE_VALUE: Dword<'APSTE'> = dword(
  'FEATURE_AUTONOMOUS_POWER_STATE_VALUE',
  SQE_CDW11,
  { APSTE: bits(0, 0) }, // transitions are enabled
  [bits(31, 1)],
);

/** Bytes of the table of feature 0Ch: 32 entries of 8 bytes, entry n for power state n. */
export const APST_BYTES = 256;
/** Bytes of an entry of the table. */
export const APST_ENTRY_BYTES = 8;
/** An entry of the table: from this power state to another after some idle time. */
export const APST_ENTRY: Readonly<Record<'ITPS' | 'ITPT', Bits64>> = {
  ITPT: bits64(31, 8), // idle time before the transition, ms; 0 for no transition
  ITPS: bits64(7, 3), // power state to go to
};

/** Feature 10h, Host Controlled Thermal Management, in kelvins; 0 turns a part off. */
export const FEATURE_HOST_THERMAL_MANAGEMENT_VALUE: Dword<'TMT1' | 'TMT2'> = dword(
  'FEATURE_HOST_THERMAL_MANAGEMENT_VALUE',
  SQE_CDW11,
  {
    TMT1: bits(31, 16), // from here on it slows down gently
    TMT2: bits(15, 0), // from here on it slows down whatever the cost, above TMT1
  },
);

/** Feature 11h, Non-Operational Power State Config. */
export const FEATURE_NON_OPERATIONAL_POWER_STATE_VALUE: Dword<'NOPPME'> = dword(
  'FEATURE_NON_OPERATIONAL_POWER_STATE_VALUE',
  SQE_CDW11,
  { NOPPME: bits(0, 0) }, // background work may exceed the power of a non-operational state
  [bits(31, 1)],
);

/** Feature 1Ah, Spinup Control. */
export const FEATURE_SPINUP_CONTROL_VALUE: Dword<'SCE'> = dword(
  'FEATURE_SPINUP_CONTROL_VALUE',
  SQE_CDW11,
  { SCE: bits(0, 0) }, // media stays still until an operational power state is asked for
  [bits(31, 1)],
);

/** Feature 1Bh, Power Loss Signaling Config. */
export const FEATURE_POWER_LOSS_SIGNALING_VALUE: Dword<'PLSM'> = dword(
  'FEATURE_POWER_LOSS_SIGNALING_VALUE',
  SQE_CDW11,
  { PLSM: bits(1, 0) }, // POWER_LOSS_*
  [bits(31, 2)],
);

/** PLSM: no power loss signaling. */
export const POWER_LOSS_DISABLED = 0;
/** PLSM: emergency power fail. */
export const POWER_LOSS_EMERGENCY = 1;
/** PLSM: forced quiescence. */
export const POWER_LOSS_FORCED_QUIESCENCE = 2;
