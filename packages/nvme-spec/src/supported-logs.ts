/**
 * Supported Log Pages log (00h), 1024 bytes: a dword per log page identifier. [Base] 5.1.12.1.1
 */
import { bits } from './bits.js';
import { readUint32 } from './bytes.js';
import { dword, type Dword } from './register.js';

/** Bytes of the Supported Log Pages log; identifier n is at `4 * n`. */
export const SUPPORTED_LOGS_BYTES = 1024;

/** The dword of one log page identifier. */
export const LOG_SUPPORT: Dword<'LSUPP' | 'IOS' | 'LIDSP'> = dword(
  'LOG_SUPPORT',
  0,
  {
    LIDSP: bits(31, 16), // specific to the log page
    IOS: bits(1, 1), // an index may be used as the offset
    LSUPP: bits(0, 0), // supported
  },
  [bits(15, 2)],
);

/** LIDSP of the telemetry host-initiated log bit 0: the maximum created data area may be chosen. */
export const LOG_SUPPORT_TELEMETRY_AREA = 0x0001;
/** LIDSP of the persistent event log bit 0: a context and 512 bytes of the header in one command. */
export const LOG_SUPPORT_PERSISTENT_EVENT_HEADER = 0x0001;

/** Identifiers of the supported log pages, ascending. @throws RangeError when `data` is shorter than 1024 bytes. */
export function decodeSupportedLogs(data: Uint8Array): number[] {
  if (data.length < SUPPORTED_LOGS_BYTES) {
    throw new RangeError(`SUPPORTED_LOGS: ${SUPPORTED_LOGS_BYTES} bytes expected, got ${data.length}`);
  }
  const supported: number[] = [];
  for (let logPage = 0; logPage < 256; logPage++) {
    if (LOG_SUPPORT.LSUPP.get(readUint32(data, 4 * logPage)) === 1) supported.push(logPage);
  }
  return supported;
}
