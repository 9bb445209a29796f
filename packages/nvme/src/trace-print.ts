import { describeAdminOpcode, describeNvmOpcode, describeStatus } from '@phasebit/nvme-spec';
import {
  TRACE_COMPLETION,
  TRACE_CQ_DOORBELL,
  TRACE_RETRY,
  TRACE_SQ_DOORBELL,
  TRACE_TIMEOUT,
  type TraceEvent,
  type TraceEvents,
  TRACEPOINTS,
} from './trace-event.js';

/** The name of a command for people, by its queue and opcode. */
export function nameCommand(qid: number, opcode: number): string {
  return qid === 0 ? describeAdminOpcode(opcode) : describeNvmOpcode(opcode);
}

/**
 * A timeline: microseconds since the first tracepoint, microseconds since the one before, queue, tracepoint, command, particulars.
 *
 * ```text
 *        0.000       0.000  q1   submit       cid=0101 Read (02h) lba=8 blocks=1
 *        0.250       0.250  q1   sq doorbell  1
 * ```
 */
export function printTrace(events: TraceEvents): string {
  const lines: string[] = [];
  if (events.dropped !== 0) lines.push(`(${events.dropped} older tracepoints dropped)`);
  let firstNs = 0;
  let lastNs = 0;
  for (let i = 0; i < events.length; i++) {
    const event = events.at(i);
    if (i === 0) firstNs = lastNs = event.timeNs;
    const times = `${microseconds(event.timeNs - firstNs)}  ${microseconds(event.timeNs - lastNs)}`;
    const queue = `q${event.qid}`.padEnd(5);
    lines.push(`${times}  ${queue}${(TRACEPOINTS[event.point] ?? '?').padEnd(13)}${describe(event)}`.trimEnd());
    lastNs = event.timeNs;
  }
  return lines.join('\n');
}

function describe(event: TraceEvent): string {
  const { point, qid, cid, request, opcode, lba, blocks, value } = event;
  if (point === TRACE_SQ_DOORBELL || point === TRACE_CQ_DOORBELL) return String(value);
  if (request < 0) return '';
  const name = cid < 0 ? 'cid=-' : `cid=${cid.toString(16).padStart(4, '0')}`;
  const parts = [name, nameCommand(qid, opcode), `lba=${lba}`, `blocks=${blocks}`];
  if (point === TRACE_COMPLETION || point === TRACE_RETRY) parts.push(describeStatus(value));
  if (point === TRACE_TIMEOUT) parts.push(`age=${value}`);
  return parts.join(' ');
}

function microseconds(ns: number): string {
  return (ns / 1000).toFixed(3).padStart(12);
}
