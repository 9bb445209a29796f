/**
 * Directive Send and Directive Receive: which directives there are, and streams. [Base] 5.1.6, 5.1.7, 8.1.8
 *
 * A Write names a directive in DTYPE (CDW12) and its parameter in DSPEC (CDW13): a stream, or a placement identifier.
 */
import { bits } from './bits.js';
import { CQE_DW0 } from './completion-queue-entry.js';
import { layout, type Layout } from './layout.js';
import { readUint16, readUint32 } from './bytes.js';
import { dword, type Dword } from './register.js';
import { SQE_CDW10, SQE_CDW11, SQE_CDW12 } from './submission-queue-entry.js';

/** Directive Send and Directive Receive, command dword 10. */
export const DIRECTIVE_CDW10: Dword<'NUMD0'> = dword('DIRECTIVE_CDW10', SQE_CDW10, {
  NUMD0: bits(31, 0), // dwords to transfer, 0's based
});

/** Directive Send and Directive Receive, command dword 11. */
export const DIRECTIVE_CDW11: Dword<'DOPER' | 'DTYPE' | 'DSPEC'> = dword('DIRECTIVE_CDW11', SQE_CDW11, {
  DSPEC: bits(31, 16), // depends on the operation, such as a stream to release
  DTYPE: bits(15, 8), // directive type, DIRECTIVE_TYPE_*
  DOPER: bits(7, 0), // operation, DIRECTIVE_IDENTIFY_* or DIRECTIVE_STREAMS_*
});

/** Directive type: identify; in a Write, no directive. */
export const DIRECTIVE_TYPE_IDENTIFY = 0x00;
/** Directive type: streams. */
export const DIRECTIVE_TYPE_STREAMS = 0x01;
/** Directive type: data placement. */
export const DIRECTIVE_TYPE_DATA_PLACEMENT = 0x02;
/** Directive type: vendor specific. */
export const DIRECTIVE_TYPE_VENDOR = 0x0f;

/** DOPER of identify, Receive: return parameters. */
export const DIRECTIVE_IDENTIFY_RETURN_PARAMETERS = 0x01;
/** DOPER of identify, Send: enable or disable a directive, {@link DIRECTIVE_ENABLE_CDW12}. */
export const DIRECTIVE_IDENTIFY_ENABLE = 0x01;
/** DOPER of streams, Receive: return parameters. */
export const DIRECTIVE_STREAMS_RETURN_PARAMETERS = 0x01;
/** DOPER of streams, Receive: get status, the open streams. */
export const DIRECTIVE_STREAMS_GET_STATUS = 0x02;
/** DOPER of streams, Receive without data: allocate resources, {@link DIRECTIVE_ALLOCATE_CDW12}. */
export const DIRECTIVE_STREAMS_ALLOCATE = 0x03;
/** DOPER of streams, Send: release the stream in DSPEC. */
export const DIRECTIVE_STREAMS_RELEASE_IDENTIFIER = 0x01;
/** DOPER of streams, Send: release all resources. */
export const DIRECTIVE_STREAMS_RELEASE_RESOURCES = 0x02;

/** Enable of the identify directive, command dword 12. */
export const DIRECTIVE_ENABLE_CDW12: Dword<'ENDIR' | 'DTYPE'> = dword(
  'DIRECTIVE_ENABLE_CDW12',
  SQE_CDW12,
  {
    DTYPE: bits(15, 8), // directive to enable or disable
    ENDIR: bits(0, 0), // 1 enables
  },
  [bits(31, 16), bits(7, 1)],
);

/** Allocate of the streams directive, command dword 12. */
export const DIRECTIVE_ALLOCATE_CDW12: Dword<'NSR'> = dword(
  'DIRECTIVE_ALLOCATE_CDW12',
  SQE_CDW12,
  { NSR: bits(15, 0) }, // streams requested
  [bits(31, 16)],
);

/** Allocate of the streams directive, completion dword 0. */
export const DIRECTIVE_ALLOCATE_RESULT: Dword<'NSA'> = dword(
  'DIRECTIVE_ALLOCATE_RESULT',
  CQE_DW0,
  { NSA: bits(15, 0) }, // streams allocated
  [bits(31, 16)],
);

/** Bytes of what return parameters of the identify directive returns. */
export const DIRECTIVE_IDENTIFY_BYTES = 4096;
/** 0x00 32  Directives supported: bit n for directive type n. */
export const DIRECTIVE_IDENTIFY_SUPPORTED = 0x00;
/** 0x20 32  Directives enabled for the namespace. */
export const DIRECTIVE_IDENTIFY_ENABLED = 0x20;
/** 0x40 32  Directives that stay as they are across a controller level reset. */
export const DIRECTIVE_IDENTIFY_PERSISTENT = 0x40;

/** Layout of what return parameters of the identify directive returns. */
export const DirectiveIdentifyLayout: Layout = layout('DIRECTIVE_IDENTIFY', DIRECTIVE_IDENTIFY_BYTES, [
  [DIRECTIVE_IDENTIFY_SUPPORTED, 32, 'supported'],
  [DIRECTIVE_IDENTIFY_ENABLED, 32, 'enabled'],
  [DIRECTIVE_IDENTIFY_PERSISTENT, 32, 'persistent'],
  [96, 4000, 'reserved96', 'reserved'],
]);

/** Bytes of what return parameters of the streams directive returns. */
export const STREAMS_PARAMETERS_BYTES = 32;
/** 0x00  2  Open streams of the NVM subsystem at most. */
export const STREAMS_PARAMETERS_MSL = 0x00;
/** 0x02  2  Streams of the NVM subsystem that are available. */
export const STREAMS_PARAMETERS_NSSA = 0x02;
/** 0x04  2  Streams of the NVM subsystem that are open. */
export const STREAMS_PARAMETERS_NSSO = 0x04;
/** 0x06  1  Capability: bit 0 hosts share stream identifiers, bit 1 a host identifier is required. */
export const STREAMS_PARAMETERS_NSSC = 0x06;
/** 0x10  4  Stream write size, blocks. */
export const STREAMS_PARAMETERS_SWS = 0x10;
/** 0x14  2  Stream granularity size, in stream write sizes. */
export const STREAMS_PARAMETERS_SGS = 0x14;
/** 0x16  2  Streams allocated for the namespace. */
export const STREAMS_PARAMETERS_NSA = 0x16;
/** 0x18  2  Streams open in the namespace. */
export const STREAMS_PARAMETERS_NSO = 0x18;

/** Stream capability bit 0: several hosts may use a stream identifier together. */
export const STREAMS_NSSC_SHARED = 0x01;
/** Stream capability bit 1: streams need a host identifier that is not zero. */
export const STREAMS_NSSC_HOST_IDENTIFIER = 0x02;

/** Layout of what return parameters of the streams directive returns. */
export const StreamsParametersLayout: Layout = layout('STREAMS_PARAMETERS', STREAMS_PARAMETERS_BYTES, [
  [STREAMS_PARAMETERS_MSL, 2, 'msl'],
  [STREAMS_PARAMETERS_NSSA, 2, 'nssa'],
  [STREAMS_PARAMETERS_NSSO, 2, 'nsso'],
  [STREAMS_PARAMETERS_NSSC, 1, 'nssc'],
  [7, 9, 'reserved7', 'reserved'],
  [STREAMS_PARAMETERS_SWS, 4, 'sws'],
  [STREAMS_PARAMETERS_SGS, 2, 'sgs'],
  [STREAMS_PARAMETERS_NSA, 2, 'nsa'],
  [STREAMS_PARAMETERS_NSO, 2, 'nso'],
  [26, 6, 'reserved26', 'reserved'],
]);

/** Decoded parameters of the streams directive. */
export interface StreamsParameters {
  /** Open streams of the NVM subsystem at most. */ readonly msl: number;
  /** Streams of the NVM subsystem that are available. */ readonly nssa: number;
  /** Streams of the NVM subsystem that are open. */ readonly nsso: number;
  /** Capability, STREAMS_NSSC_*. */ readonly nssc: number;
  /** Stream write size, blocks. */ readonly sws: number;
  /** Stream granularity size, in stream write sizes. */ readonly sgs: number;
  /** Streams allocated for the namespace. */ readonly nsa: number;
  /** Streams open in the namespace. */ readonly nso: number;
}

/** Decodes the parameters of the streams directive. @throws RangeError when `data` is shorter than 32 bytes. */
export function decodeStreamsParameters(data: Uint8Array): StreamsParameters {
  if (data.length < STREAMS_PARAMETERS_BYTES) {
    throw new RangeError(`STREAMS_PARAMETERS: ${STREAMS_PARAMETERS_BYTES} bytes expected, got ${data.length}`);
  }
  return {
    msl: readUint16(data, STREAMS_PARAMETERS_MSL),
    nssa: readUint16(data, STREAMS_PARAMETERS_NSSA),
    nsso: readUint16(data, STREAMS_PARAMETERS_NSSO),
    nssc: data[STREAMS_PARAMETERS_NSSC],
    sws: readUint32(data, STREAMS_PARAMETERS_SWS),
    sgs: readUint16(data, STREAMS_PARAMETERS_SGS),
    nsa: readUint16(data, STREAMS_PARAMETERS_NSA),
    nso: readUint16(data, STREAMS_PARAMETERS_NSO),
  };
}

/**
 * Streams that are open, as get status of the streams directive returns them: a count, then identifiers of 2 bytes.
 * @throws RangeError when `data` ends before the streams that it counts.
 */
export function decodeStreamsStatus(data: Uint8Array): number[] {
  const count = readUint16(data, 0);
  const bytes = 2 + 2 * count;
  if (data.length < bytes) throw new RangeError(`STREAMS_STATUS: ${bytes} bytes expected, got ${data.length}`);
  return Array.from({ length: count }, (_, i) => readUint16(data, 2 + 2 * i));
}
