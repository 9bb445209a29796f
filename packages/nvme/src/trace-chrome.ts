import { describeStatus } from '@phasebit/nvme-spec';
import {
  TRACE_COMPLETION,
  TRACE_CQ_DOORBELL,
  TRACE_QUEUE,
  TRACE_RETRY,
  TRACE_SQ_DOORBELL,
  TRACE_SUBMIT,
  type TraceEvent,
  type TraceEvents,
  TRACEPOINTS,
} from './trace-event.js';
import { nameCommand } from './trace-print.js';

/** One event of the Chrome trace event format: a complete event (`X`, with `dur`), an instant (`i`) or metadata (`M`). */
export interface ChromeTraceEvent {
  /** name of the command, or of the tracepoint */
  readonly name: string;
  /** category, by which a viewer filters */
  readonly cat: string;
  /** phase: the kind of event */
  readonly ph: 'X' | 'i' | 'M';
  /** microseconds */
  readonly ts: number;
  /** microseconds; of complete events */
  readonly dur?: number;
  /** queue identifier: each queue pair is shown as a process */
  readonly pid: number;
  /** 0 for tracepoints; from 1 on the commands in the ring, and from 100,001 on those that wait, each line at most one at a time */
  readonly tid: number;
  /** scope of an instant: its thread */
  readonly s?: 't';
  /** what a viewer shows beside the event, by name */
  readonly args: Readonly<Record<string, string | number>>;
}

/** The JSON object of the Chrome trace event format. */
export interface ChromeTrace {
  /** unit in which a viewer shows times; those of the events are microseconds all the same */
  readonly displayTimeUnit: 'ns';
  /** the events; their order has no meaning */
  readonly traceEvents: readonly ChromeTraceEvent[];
}

const LINE_TRACEPOINTS = 0;
const LINE_COMMANDS = 1;
const LINE_WAITING = 100_001;

/** What has begun and not ended yet, each in the first line that is free, since the events of one line must not overlap. */
class Spans {
  private readonly begun = new Map<string, { event: TraceEvent; line: number }>();
  private readonly lines = new Map<number, boolean[]>();

  constructor(
    private readonly firstLine: number,
    private readonly cat: string,
  ) {}

  begin(key: string, event: TraceEvent): void {
    let busy = this.lines.get(event.qid);
    if (busy === undefined) this.lines.set(event.qid, (busy = []));
    const free = busy.indexOf(false);
    const line = free < 0 ? busy.length : free;
    busy[line] = true;
    this.begun.set(key, { event, line });
  }

  /** The span that began under `key`, up to `end`; undefined when its beginning was dropped. */
  end(key: string, end: TraceEvent, args: ChromeTraceEvent['args']): ChromeTraceEvent | undefined {
    const span = this.begun.get(key);
    if (span === undefined) return undefined;
    this.begun.delete(key);
    const { qid, opcode, lba, blocks, timeNs } = span.event;
    this.lines.get(qid)![span.line] = false;
    return {
      name: nameCommand(qid, opcode),
      cat: this.cat,
      ph: 'X',
      ts: timeNs / 1000,
      dur: (end.timeNs - timeNs) / 1000,
      pid: qid,
      tid: this.firstLine + span.line,
      args: { lba, blocks, ...args },
    };
  }
}

/**
 * A complete event for each time that a command was in the ring, one for each time that it waited for a tracker, and an instant for every
 * other tracepoint. A command whose beginning was dropped, or which has not ended, is left out.
 */
export function toChromeTrace(events: TraceEvents): ChromeTrace {
  const traceEvents: ChromeTraceEvent[] = [];
  const qids = new Set<number>();
  const commands = new Spans(LINE_COMMANDS, 'command');
  const waits = new Spans(LINE_WAITING, 'waiting');
  const push = (event: ChromeTraceEvent | undefined): void => {
    if (event !== undefined) traceEvents.push(event);
  };
  for (let i = 0; i < events.length; i++) {
    const event = events.at(i);
    const { point, qid, cid } = event;
    const ofCommand = `${qid} ${cid}`;
    const ofRequest = `${qid} ${event.request}`;
    qids.add(qid);
    if (point === TRACE_QUEUE) waits.begin(ofRequest, event);
    else if (point === TRACE_SUBMIT) commands.begin(ofCommand, event);
    if (point === TRACE_SUBMIT || point === TRACE_COMPLETION) push(waits.end(ofRequest, event, {}));
    if (point === TRACE_COMPLETION || point === TRACE_RETRY) {
      push(commands.end(ofCommand, event, { cid, status: describeStatus(event.value) }));
    }
    if (point !== TRACE_QUEUE && point !== TRACE_SUBMIT && point !== TRACE_COMPLETION) push(instant(event));
  }
  return { displayTimeUnit: 'ns', traceEvents: [...[...qids].map(nameQueue), ...traceEvents] };
}

function instant(event: TraceEvent): ChromeTraceEvent {
  const { point, qid, cid, request, opcode, value, timeNs } = event;
  const isDoorbell = point === TRACE_SQ_DOORBELL || point === TRACE_CQ_DOORBELL;
  const args = isDoorbell || request < 0 ? { value } : { value, cid, command: nameCommand(qid, opcode) };
  const name = TRACEPOINTS[point] ?? '?';
  return { name, cat: 'tracepoint', ph: 'i', ts: timeNs / 1000, pid: qid, tid: LINE_TRACEPOINTS, s: 't', args };
}

function nameQueue(qid: number): ChromeTraceEvent {
  const name = qid === 0 ? 'admin queue' : `queue pair ${qid}`;
  return { name: 'process_name', cat: '', ph: 'M', ts: 0, pid: qid, tid: LINE_TRACEPOINTS, args: { name } };
}
