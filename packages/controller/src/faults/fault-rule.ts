import type { FailMode } from './fail-mode.js';

/** A chance of `num` in `den`. */
export interface Chance {
  /** 0 to `den` */
  readonly num: number;
  /** 1 to 2^32 */
  readonly den: number;
}

/**
 * Which commands a rule fits, and which of those it strikes. Every condition that is given must hold. The commands that fit are
 * counted as they are fetched: the first `skip` pass, each of the rest is struck by chance, and `count` strikes spend the rule.
 */
export interface FaultMatch {
  /** only this opcode; default any */
  readonly opcode?: number;
  /** only this submission queue, 0 for the admin queue; default any I/O queue */
  readonly queue?: number;
  /** only this namespace; default any */
  readonly nsid?: number;
  /** only commands with a range of logical blocks that has one of those from `lba` on; default any command */
  readonly lba?: number;
  /** how many logical blocks from `lba` on; default 1 */
  readonly blocks?: number;
  /** lets so many commands pass first; default 0 */
  readonly skip?: number;
  /** strikes so many and is then spent; default no end */
  readonly count?: number;
  /** how likely each is struck; default certain */
  readonly probability?: Chance;
}

/** The command is not carried out and completes with a status. */
export interface StatusFault extends FaultMatch {
  /** tells the kinds of faults apart */
  readonly kind: 'status';
  /** 15-bit status of a failure: SCT << 8 | SC, not both 0, with `STATUS_DNR` if retries are pointless, or else a retry delay (CRD) */
  readonly status: number;
}

/** The command is carried out and never completes; Abort does not find it. */
export interface LostFault extends FaultMatch {
  /** tells the kinds of faults apart */
  readonly kind: 'lost';
}

/** The command is carried out and completes so much later than it would have. */
export interface LateFault extends FaultMatch {
  /** tells the kinds of faults apart */
  readonly kind: 'late';
  /** nanoseconds, 1 or more */
  readonly delayNs: number;
}

/** The command completes twice, if there is a free slot in its completion queue for the second time. */
export interface DuplicateFault extends FaultMatch {
  /** tells the kinds of faults apart */
  readonly kind: 'duplicate';
}

/** The command is carried out, and completes after later commands of its queue. */
export interface ReorderFault extends FaultMatch {
  /** tells the kinds of faults apart */
  readonly kind: 'reorder';
  /** so many later commands complete first, 1 or more */
  readonly commands: number;
  /** but it waits no longer than that, nanoseconds; default 10 ms */
  readonly withinNs?: number;
}

/** A Read that succeeds delivers, or a Write that succeeds stores, data with bits inverted. Fits no other command. */
export interface CorruptFault extends FaultMatch {
  /** tells the kinds of faults apart */
  readonly kind: 'corrupt';
  /** how many bits, 1 to 4096, anywhere in the data; default 1 */
  readonly bits?: number;
}

/** After the command, the controller fails as `Controller.fail` does it. */
export interface BreakFault extends FaultMatch {
  /** how it fails */
  readonly kind: FailMode;
}

/** After the command, nobody looks at doorbells for a while; then they are seen as they are. */
export interface DoorbellsLostFault extends FaultMatch {
  /** tells the kinds of faults apart */
  readonly kind: 'doorbells-lost';
  /** nanoseconds, 1 or more */
  readonly durationNs: number;
}

/** CSTS.RDY stays as it is although CC.EN has changed. */
export interface StuckReadyFault {
  /** tells the kinds of faults apart */
  readonly kind: 'stuck-ready';
  /** only when CC.EN becomes this; default either */
  readonly enable?: boolean;
  /** lets so many changes pass first; default 0 */
  readonly skip?: number;
  /** so many changes, then no more; default no end */
  readonly count?: number;
}

/** A fault that strikes at a command. */
export type CommandFault =
  StatusFault | LostFault | LateFault | DuplicateFault | ReorderFault | CorruptFault | BreakFault | DoorbellsLostFault;

/** Something that goes wrong, and when. Plain data: it can be written as JSON. */
export type FaultRule = CommandFault | StuckReadyFault;

/** The kinds of faults, by name. */
export type FaultKind = FaultRule['kind'];

/** The faults that a controller starts with. */
export interface FaultOptions {
  /** decides who is struck by chance, and which bits are corrupted: 0 to 2^32 - 1, default 1 */
  readonly seed?: number;
  /** the rules, in the order in which they act; default none */
  readonly rules?: readonly FaultRule[];
}
