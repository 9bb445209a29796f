/**
 * Power State Descriptor, 32 bytes; 32 of them end the specified part of Identify Controller. [Base] 5.1.13.2.1
 */
import { readUint16, readUint32 } from './bytes.js';
import { layout, type Layout } from './layout.js';

/** Bytes of a power state descriptor. */
export const POWER_STATE_BYTES = 32;

/** 1:0    Maximum power, 0.01 W, or 0.0001 W when MXPS is set. */ export const POWER_STATE_MP = 0;
/** 3      Bit 0 MXPS, bit 1 NOPS (non-operational).            */ export const POWER_STATE_FLAGS = 3;
/** 7:4    Entry latency, us.                                   */ export const POWER_STATE_ENLAT = 4;
/** 11:8   Exit latency, us.                                    */ export const POWER_STATE_EXLAT = 8;
/** 12     Relative read throughput, bits 4:0.                  */ export const POWER_STATE_RRT = 12;
/** 13     Relative read latency, bits 4:0.                     */ export const POWER_STATE_RRL = 13;
/** 14     Relative write throughput, bits 4:0.                 */ export const POWER_STATE_RWT = 14;
/** 15     Relative write latency, bits 4:0.                    */ export const POWER_STATE_RWL = 15;
/** 17:16  Idle power, in IPS units.                            */ export const POWER_STATE_IDLP = 16;
/** 18     Idle power scale, bits 7:6.                          */ export const POWER_STATE_IPS = 18;
/** 21:20  Active power, in APS units.                          */ export const POWER_STATE_ACTP = 20;
/** 22     Bits 7:6 active power scale, 2:0 workload.           */ export const POWER_STATE_APWS = 22;
/** 23     Emergency power fail recovery time.                  */ export const POWER_STATE_EPFRT = 23;
/** 24     Forced quiescence vault time.                        */ export const POWER_STATE_FQVT = 24;
/** 25     Emergency power fail vault time.                     */ export const POWER_STATE_EPFVT = 25;
/** 26     Scales: 7:4 of FQVT, 3:0 of EPFRT.                   */ export const POWER_STATE_EPFRTS = 26;
/** 27     Scale of EPFVT, bits 3:0.                            */ export const POWER_STATE_EPFVTS = 27;

/** Flags bit 0, MXPS: MP counts 0.0001 W instead of 0.01 W. */
export const POWER_STATE_FLAG_MXPS = 0x01;
/** Flags bit 1, NOPS: the controller processes no I/O commands in this state. */
export const POWER_STATE_FLAG_NOPS = 0x02;

/** Layout of a power state descriptor. */
export const PowerStateLayout: Layout = layout('POWER_STATE', POWER_STATE_BYTES, [
  [POWER_STATE_MP, 2, 'mp'],
  [2, 1, 'reserved2', 'reserved'],
  [POWER_STATE_FLAGS, 1, 'flags'],
  [POWER_STATE_ENLAT, 4, 'enlat'],
  [POWER_STATE_EXLAT, 4, 'exlat'],
  [POWER_STATE_RRT, 1, 'rrt'],
  [POWER_STATE_RRL, 1, 'rrl'],
  [POWER_STATE_RWT, 1, 'rwt'],
  [POWER_STATE_RWL, 1, 'rwl'],
  [POWER_STATE_IDLP, 2, 'idlp'],
  [POWER_STATE_IPS, 1, 'ips'],
  [19, 1, 'reserved19', 'reserved'],
  [POWER_STATE_ACTP, 2, 'actp'],
  [POWER_STATE_APWS, 1, 'apws'],
  [POWER_STATE_EPFRT, 1, 'epfrt'],
  [POWER_STATE_FQVT, 1, 'fqvt'],
  [POWER_STATE_EPFVT, 1, 'epfvt'],
  [POWER_STATE_EPFRTS, 1, 'epfrts'],
  [POWER_STATE_EPFVTS, 1, 'epfvts'],
  [28, 4, 'reserved28', 'reserved'],
]);

/** A decoded power state descriptor. */
export interface PowerState {
  /** Maximum power, watts. */
  readonly maxPowerW: number;
  /** Maximum power was told in steps of 0.0001 W, else of 0.01 W. */
  readonly mxps: boolean;
  /** The state processes I/O commands. */
  readonly operational: boolean;
  /** Entry latency, us. */
  readonly enlat: number;
  /** Exit latency, us. */
  readonly exlat: number;
  /** Relative read throughput, lower is better. */
  readonly rrt: number;
  /** Relative read latency, lower is better. */
  readonly rrl: number;
  /** Relative write throughput, lower is better. */
  readonly rwt: number;
  /** Relative write latency, lower is better. */
  readonly rwl: number;
  /** Idle power, in units of IPS. */
  readonly idlp: number;
  /** Idle power scale: 0 not reported, 1 0.0001 W, 2 0.01 W. */
  readonly ips: number;
  /** Active power, in units of APS. */
  readonly actp: number;
  /** Workload that active power was measured with, 0 for none. */
  readonly apw: number;
  /** Active power scale, as IPS. */
  readonly aps: number;
  /** Emergency power fail recovery time, in units of EPFRTS. */
  readonly epfrt: number;
  /** Scale of EPFRT. */
  readonly epfrts: number;
  /** Forced quiescence vault time, in units of FQVTS. */
  readonly fqvt: number;
  /** Scale of FQVT. */
  readonly fqvts: number;
  /** Emergency power fail vault time, in units of EPFVTS. */
  readonly epfvt: number;
  /** Scale of EPFVT. */
  readonly epfvts: number;
}

/** Decodes the descriptor that starts at byte `at`. @throws RangeError when `data` is too short. */
export function decodePowerState(data: Uint8Array, at = 0): PowerState {
  const state = data.subarray(at, at + POWER_STATE_BYTES);
  if (state.length < POWER_STATE_BYTES)
    throw new RangeError(`POWER_STATE: ${POWER_STATE_BYTES} bytes expected at ${at}`);
  const flags = state[POWER_STATE_FLAGS];
  const mxps = (flags & POWER_STATE_FLAG_MXPS) !== 0;
  return {
    maxPowerW: readUint16(state, POWER_STATE_MP) / (mxps ? 10000 : 100),
    mxps,
    operational: (flags & POWER_STATE_FLAG_NOPS) === 0,
    enlat: readUint32(state, POWER_STATE_ENLAT),
    exlat: readUint32(state, POWER_STATE_EXLAT),
    rrt: state[POWER_STATE_RRT] & 0x1f,
    rrl: state[POWER_STATE_RRL] & 0x1f,
    rwt: state[POWER_STATE_RWT] & 0x1f,
    rwl: state[POWER_STATE_RWL] & 0x1f,
    idlp: readUint16(state, POWER_STATE_IDLP),
    ips: state[POWER_STATE_IPS] >>> 6,
    actp: readUint16(state, POWER_STATE_ACTP),
    apw: state[POWER_STATE_APWS] & 0x7,
    aps: state[POWER_STATE_APWS] >>> 6,
    epfrt: state[POWER_STATE_EPFRT],
    epfrts: state[POWER_STATE_EPFRTS] & 0xf,
    fqvt: state[POWER_STATE_FQVT],
    fqvts: state[POWER_STATE_EPFRTS] >>> 4,
    epfvt: state[POWER_STATE_EPFVT],
    epfvts: state[POWER_STATE_EPFVTS] & 0xf,
  };
}
