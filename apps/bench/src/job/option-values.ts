import type { QueuePriority } from '@phasebit/nvme';
import { WORKLOADS, type ContinueOnError, type VerifyKind, type Workload } from './job-spec.js';
import { parseExtent, parseInteger, type Extent } from './units.js';
import { failValue } from './value-error.js';

/** An integer from `min` to `max`. */
export function integer(text: string, min: number, max = Number.MAX_SAFE_INTEGER): number {
  const value = parseInteger(text);
  if (value < min) failValue(`${min} or more`, value);
  if (value > max) failValue(`at most ${max}`, value);
  return value;
}

/** A size in bytes or percent whose bytes are `minBytes` or more. */
export function extent(text: string, minBytes: number): Extent {
  const value = parseExtent(text);
  if ('bytes' in value && value.bytes < minBytes) failValue(`${minBytes} or more`, value.bytes);
  return value;
}

/** Reads `rw`. */
export function parseWorkload(text: string): Workload {
  const name = text === 'readwrite' ? 'rw' : text;
  const workload = WORKLOADS.find((one) => one === name);
  if (workload !== undefined) return workload;
  if (text.includes(':')) failValue('a workload without a ":" modifier, which is not done', text);
  if (/^(rand)?trimwrite$/.test(text))
    failValue(`one of ${WORKLOADS.join(', ')}; fio has trimwrite, which is not done`, text);
  return failValue(`one of ${WORKLOADS.join(', ')}`, text);
}

/** fio's other verification kinds: refused, since a job that asks for a check and gets none would report a lie. */
const VERIFY_NOT_DONE =
  /^(md5|crc64|crc32|crc16|crc7|xxhash|sha1|sha256|sha512|sha3-(224|256|384|512)|meta|pattern_hdr|null)$/;

/** Reads `verify`. */
export function parseVerify(text: string): VerifyKind {
  if (text === '0' || text === 'none') return 'none';
  if (text === 'crc32c' || text === 'crc32c-intel') return 'crc32c';
  if (text === 'pattern') return 'pattern';
  if (VERIFY_NOT_DONE.test(text))
    failValue('none, crc32c or pattern (this one is not done, and to leave the check out would be wrong)', text);
  return failValue('none, crc32c or pattern', text);
}

const QUEUE_PRIORITIES: readonly QueuePriority[] = ['urgent', 'high', 'medium', 'low'];

/** Reads `queue-priority`. */
export function parseQueuePriority(text: string): QueuePriority {
  return QUEUE_PRIORITIES.find((one) => one === text) ?? failValue(`one of ${QUEUE_PRIORITIES.join(', ')}`, text);
}

const CONTINUE_ON_ERROR = new Map<string, ContinueOnError>([
  ['0', 'none'],
  ['1', 'all'],
  ['none', 'none'],
  ['read', 'read'],
  ['write', 'write'],
  ['io', 'io'],
  ['verify', 'verify'],
  ['all', 'all'],
]);

/** Reads `continue_on_error`. */
export function parseContinueOnError(text: string): ContinueOnError {
  return CONTINUE_ON_ERROR.get(text) ?? failValue('one of none, read, write, io, verify, all', text);
}
