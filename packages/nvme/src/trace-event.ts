/** Tracepoint: a command was put into the ring. */
export const TRACE_SUBMIT = 0;
/** Tracepoint: a command has to wait for a tracker. */
export const TRACE_QUEUE = 1;
/** Tracepoint: the tail of a submission queue was told to the device. */
export const TRACE_SQ_DOORBELL = 2;
/** Tracepoint: the head of a completion queue was told to the device. */
export const TRACE_CQ_DOORBELL = 3;
/** Tracepoint: a command completed, and its callback is about to run. */
export const TRACE_COMPLETION = 4;
/** Tracepoint: a command failed and will be sent again. */
export const TRACE_RETRY = 5;
/** Tracepoint: a command that waited is given up on request. */
export const TRACE_ABORT = 6;
/** Tracepoint: a command was found to take too long. */
export const TRACE_TIMEOUT = 7;
/** Tracepoint: a queue pair stopped for a reset of its controller, or went on after one. */
export const TRACE_RESET = 8;

/** The name of each tracepoint, by number. */
export const TRACEPOINTS: readonly string[] = [
  'submit',
  'queue',
  'sq doorbell',
  'cq doorbell',
  'completion',
  'retry',
  'abort',
  'timeout',
  'reset',
];

/** One tracepoint that was passed. */
export interface TraceEvent {
  /** when, on the trace's clock */
  readonly timeNs: number;
  /** one of the `TRACE_*` numbers */
  readonly point: number;
  /** queue identifier */
  readonly qid: number;
  /** command identifier; -1 for none */
  readonly cid: number;
  /** the request that the command is in; -1 for none */
  readonly request: number;
  /** opcode; 0 where there is no command */
  readonly opcode: number;
  /** dwords 10 and 11: the first logical block, of commands that have one */
  readonly lba: number;
  /** logical blocks, of commands that have a number of them: dword 12 bits 15:0, and one */
  readonly blocks: number;
  /** of a completion and a retry: status. Of a doorbell: the value written. Of a timeout: age in ticks. Else 0 */
  readonly value: number;
}

/** Tracepoints that can be read one after the other, oldest first. */
export interface TraceEvents {
  /** how many there are */
  readonly length: number;
  /** tracepoints that were dropped for newer ones */
  readonly dropped: number;
  /** One of them, 0 for the oldest. */
  at(index: number): TraceEvent;
}
