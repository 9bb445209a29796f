import { DESCRIPTORS_MAX } from '@phasebit/linux';
import { PROTOCOL_MAJOR, PROTOCOL_MINOR } from './commands.js';
import { viewOf } from './header.js';

/** Most bytes of data in one message, whoever sends it: what each side says of itself, and holds the other to. */
export const DATA_BYTES_MAX: number = 1 << 20;

/** What one side of a connection can take. [vfio-user] VFIO_USER_VERSION, capabilities */
export interface Capabilities {
  /** most descriptors in one message to it */
  readonly maxMsgFds: number;
  /** most bytes of data in one message to it */
  readonly maxDataXferSize: number;
  /** page sizes of DMA mappings, or'ed together */
  readonly pgsizes: number;
  /** most DMA mappings at a time */
  readonly maxDmaMaps: number;
  /** whether it takes several writes in one message */
  readonly writeMultiple: boolean;
}

/** What is taken for granted of a side that says nothing. */
export const CAPABILITIES_DEFAULT: Capabilities = {
  maxMsgFds: 1,
  maxDataXferSize: DATA_BYTES_MAX,
  pgsizes: 4096,
  maxDmaMaps: 65_535,
  writeMultiple: false,
};

/** What both halves of this package can take. */
export const CAPABILITIES_OURS: Capabilities = {
  ...CAPABILITIES_DEFAULT,
  maxMsgFds: DESCRIPTORS_MAX,
  writeMultiple: true,
};

/** A proposal or an answer: the version, and what the sender can take. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly capabilities: Capabilities;
  /** names of the capabilities that were in it */
  readonly names: ReadonlySet<string>;
}

const NAMES = ['max_msg_fds', 'max_data_xfer_size', 'pgsizes', 'max_dma_maps', 'write_multiple'] as const;

/**
 * Reads a version message: two 16-bit numbers, and text that may be missing.
 *
 * @returns a string that says what is wrong with it, if something is
 */
export function decodeVersion(payload: Uint8Array): Version | string {
  if (payload.length < 4) return `a version of ${payload.length} bytes, expected 4 or more`;
  const view = viewOf(payload);
  const found = payload.length === 4 ? {} : parse(payload.subarray(4));
  if (typeof found === 'string') return found;
  const number = (name: string, otherwise: number, max: number): number => {
    const value = found[name];
    if (value === undefined) return otherwise;
    return Number.isInteger(value) && (value as number) > 0 ? Math.min(value as number, max) : NaN;
  };
  const capabilities: Capabilities = {
    maxMsgFds: number('max_msg_fds', CAPABILITIES_DEFAULT.maxMsgFds, DESCRIPTORS_MAX),
    maxDataXferSize: number('max_data_xfer_size', CAPABILITIES_DEFAULT.maxDataXferSize, DATA_BYTES_MAX),
    pgsizes: number('pgsizes', CAPABILITIES_DEFAULT.pgsizes, Infinity),
    maxDmaMaps: number('max_dma_maps', CAPABILITIES_DEFAULT.maxDmaMaps, 65_535),
    writeMultiple: found['write_multiple'] === true,
  };
  for (const [name, value] of Object.entries(capabilities)) {
    if (Number.isNaN(value)) return `capability ${name}: expected a positive integer`;
  }
  return {
    major: view.getUint16(0, true),
    minor: view.getUint16(2, true),
    capabilities,
    names: new Set(Object.keys(found)),
  };
}

/**
 * A version message of this package's.
 *
 * @param names - which capabilities to name; those that were proposed, in an answer
 */
export function encodeVersion(names: ReadonlySet<string> = new Set(NAMES)): Uint8Array {
  const values: Record<(typeof NAMES)[number], number | boolean> = {
    max_msg_fds: CAPABILITIES_OURS.maxMsgFds,
    max_data_xfer_size: CAPABILITIES_OURS.maxDataXferSize,
    pgsizes: CAPABILITIES_OURS.pgsizes,
    max_dma_maps: CAPABILITIES_OURS.maxDmaMaps,
    write_multiple: CAPABILITIES_OURS.writeMultiple,
  };
  const capabilities = Object.fromEntries(NAMES.filter((name) => names.has(name)).map((name) => [name, values[name]]));
  const text = new TextEncoder().encode(`${JSON.stringify({ capabilities })}\0`);
  const payload = new Uint8Array(4 + text.length);
  const view = viewOf(payload);
  view.setUint16(0, PROTOCOL_MAJOR, true);
  view.setUint16(2, PROTOCOL_MINOR, true);
  payload.set(text, 4);
  return payload;
}

/** The capabilities of the text, by name; a string if it is not the JSON that it should be. */
function parse(text: Uint8Array): Record<string, unknown> | string {
  if (text[text.length - 1] !== 0) return 'version data without a NUL at its end';
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text.subarray(0, -1)));
  } catch {
    return 'version data that is not JSON';
  }
  if (!isObject(value)) return 'version data that is not a JSON object';
  const { capabilities = {} } = value;
  return isObject(capabilities) ? capabilities : 'capabilities that are not a JSON object';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
