import {
  ADMIN_DIRECTIVE_RECEIVE,
  ADMIN_DIRECTIVE_SEND,
  decodeStreamsParameters,
  decodeStreamsStatus,
  DIRECTIVE_ALLOCATE_RESULT,
  DIRECTIVE_CDW11,
  DIRECTIVE_ENABLE_CDW12,
  DIRECTIVE_IDENTIFY_BYTES,
  DIRECTIVE_IDENTIFY_ENABLE,
  DIRECTIVE_IDENTIFY_ENABLED,
  DIRECTIVE_IDENTIFY_RETURN_PARAMETERS,
  DIRECTIVE_IDENTIFY_SUPPORTED,
  DIRECTIVE_STREAMS_ALLOCATE,
  DIRECTIVE_STREAMS_GET_STATUS,
  DIRECTIVE_STREAMS_RELEASE_IDENTIFIER,
  DIRECTIVE_STREAMS_RELEASE_RESOURCES,
  DIRECTIVE_STREAMS_RETURN_PARAMETERS,
  DIRECTIVE_TYPE_IDENTIFY,
  DIRECTIVE_TYPE_STREAMS,
  NSID_BROADCAST,
  NVM_WRITE,
  OACS_DIRECTIVES,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
  STREAMS_PARAMETERS_BYTES,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import type { ControllerFacts } from '../controller-facts.js';
import { demand, demandEqual, demandStatus, demandSuccess } from '../failure.js';
import type { RawCommand } from '../raw-command.js';
import type { RawCompletion } from '../raw-completion.js';
import { blockCommand, UNDELIVERED } from './transfers.js';

const list = new CaseList('directives');
const hasDirectives = {
  skip: ({ identify }: ControllerFacts): string | undefined =>
    (identify.oacs & OACS_DIRECTIVES) !== 0 ? undefined : 'no directives',
};
/** Directive type of a write: dword 12, bits 23:20. */
const DTYPE_SHIFT = 20;

interface Received {
  readonly completion: RawCompletion;
  readonly data: Uint8Array;
}

async function receive(
  host: ConformanceHost,
  type: number,
  operation: number,
  changes: Partial<RawCommand> = {},
): Promise<Received> {
  const page = host.memory.page();
  const cdw11 = DIRECTIVE_CDW11.DTYPE.set(DIRECTIVE_CDW11.DOPER.set(0, operation), type);
  const { nsid } = host.facts.plain;
  const prp1 = host.memory.iova(page);
  const cdw10 = DIRECTIVE_IDENTIFY_BYTES / 4 - 1;
  const completion = await host.run({ opcode: ADMIN_DIRECTIVE_RECEIVE, nsid, prp1, cdw10, cdw11, ...changes });
  return { completion, data: host.memory.bytes(page, 4096) };
}

function send(
  host: ConformanceHost,
  type: number,
  operation: number,
  changes: Partial<RawCommand> & { readonly specific?: number } = {},
): Promise<RawCompletion> {
  const { specific = 0, ...rest } = changes;
  const { DTYPE, DOPER, DSPEC } = DIRECTIVE_CDW11;
  const cdw11 = DSPEC.set(DTYPE.set(DOPER.set(0, operation), type), specific);
  return host.run({ opcode: ADMIN_DIRECTIVE_SEND, nsid: host.facts.plain.nsid, cdw11, ...rest });
}

/** Identify directive: enables or disables another one. */
function enable(host: ConformanceHost, type: number, isEnabled: boolean): Promise<RawCompletion> {
  const { DTYPE, ENDIR } = DIRECTIVE_ENABLE_CDW12;
  const cdw12 = ENDIR.set(DTYPE.set(0, type), isEnabled ? 1 : 0);
  return send(host, DIRECTIVE_TYPE_IDENTIFY, DIRECTIVE_IDENTIFY_ENABLE, { cdw12 });
}

/** Which directives there are and which are enabled: bit n for type n. */
async function parameters(host: ConformanceHost): Promise<{ supported: number; enabled: number }> {
  const { completion, data } = await receive(host, DIRECTIVE_TYPE_IDENTIFY, DIRECTIVE_IDENTIFY_RETURN_PARAMETERS);
  demandSuccess(completion);
  return { supported: data[DIRECTIVE_IDENTIFY_SUPPORTED], enabled: data[DIRECTIVE_IDENTIFY_ENABLED] };
}

/** Runs something with streams enabled, and disables them again. Does nothing on a controller without streams. */
async function withStreams(host: ConformanceHost, run: () => Promise<void>): Promise<void> {
  if (((await parameters(host)).supported & (1 << DIRECTIVE_TYPE_STREAMS)) === 0) return;
  demandSuccess(await enable(host, DIRECTIVE_TYPE_STREAMS, true));
  try {
    await run();
  } finally {
    await enable(host, DIRECTIVE_TYPE_STREAMS, false);
  }
}

function writeToStream(host: ConformanceHost, stream: number): Promise<RawCompletion> {
  const address = host.memory.data(host.facts.plain.blockBytes);
  const cdw12 = DIRECTIVE_TYPE_STREAMS << DTYPE_SHIFT;
  return blockCommand(host, NVM_WRITE, { lba: 0, blocks: 1, address }, { cdw12, cdw13: (stream << 16) >>> 0 });
}

list.accepts(
  '[Base] 8.1.8.2.1',
  'Identify is supported and enabled, and only what is supported is enabled',
  async (host) => {
    const { supported, enabled } = await parameters(host);
    demandEqual(supported & 1, 1, 'Identify directive supported');
    demandEqual(enabled & 1, 1, 'Identify directive enabled');
    demandEqual(enabled & ~supported, 0, 'directives that are enabled and not supported');
  },
  hasDirectives,
);

list.accepts(
  '[Base] 8.1.8.2.2',
  'streams are enabled and disabled',
  async (host) => {
    await withStreams(host, async () => {
      demandEqual((await parameters(host)).enabled & 2, 2, 'Streams directive enabled');
      demandSuccess(await enable(host, DIRECTIVE_TYPE_STREAMS, false));
      demandEqual((await parameters(host)).enabled & 2, 0, 'Streams directive enabled after it was disabled');
    });
  },
  hasDirectives,
);

list.accepts(
  '[Base] 8.1.8.3',
  'a write to a stream opens it, and releasing it closes it',
  async (host) => {
    await withStreams(host, async () => {
      demandSuccess(await writeToStream(host, 3));
      const { completion, data } = await receive(host, DIRECTIVE_TYPE_STREAMS, DIRECTIVE_STREAMS_GET_STATUS);
      demandSuccess(completion);
      demandEqual(decodeStreamsStatus(data).join(), '3', 'open streams');
      const released = await send(host, DIRECTIVE_TYPE_STREAMS, DIRECTIVE_STREAMS_RELEASE_IDENTIFIER, { specific: 3 });
      demandSuccess(released);
      const after = await receive(host, DIRECTIVE_TYPE_STREAMS, DIRECTIVE_STREAMS_GET_STATUS);
      demandEqual(decodeStreamsStatus(after.data).join(), '', 'open streams after the release');
    });
  },
  hasDirectives,
);

list.accepts(
  '[Base] 8.1.8.3.1',
  'allocated streams are counted and given back',
  async (host) => {
    await withStreams(host, async () => {
      const operation = DIRECTIVE_STREAMS_ALLOCATE;
      const { completion } = await receive(host, DIRECTIVE_TYPE_STREAMS, operation, { cdw12: 1 });
      demandSuccess(completion);
      const granted = DIRECTIVE_ALLOCATE_RESULT.NSA.get(completion.result);
      demandEqual(granted, 1, 'streams allocated');
      const { data } = await receive(host, DIRECTIVE_TYPE_STREAMS, DIRECTIVE_STREAMS_RETURN_PARAMETERS);
      demandEqual(decodeStreamsParameters(data.subarray(0, STREAMS_PARAMETERS_BYTES)).nsa, granted, 'NSA');
      demandSuccess(await send(host, DIRECTIVE_TYPE_STREAMS, DIRECTIVE_STREAMS_RELEASE_RESOURCES));
      const after = await receive(host, DIRECTIVE_TYPE_STREAMS, DIRECTIVE_STREAMS_RETURN_PARAMETERS);
      demandEqual(decodeStreamsParameters(after.data.subarray(0, STREAMS_PARAMETERS_BYTES)).nsa, 0, 'NSA at last');
    });
  },
  hasDirectives,
);

list.accepts(
  '[Base] 8.1.8.3',
  'streams are limited by MSL',
  async (host) => {
    await withStreams(host, async () => {
      const { data } = await receive(host, DIRECTIVE_TYPE_STREAMS, DIRECTIVE_STREAMS_RETURN_PARAMETERS);
      const { msl, nssa } = decodeStreamsParameters(data.subarray(0, STREAMS_PARAMETERS_BYTES));
      demand(msl >= 1 && nssa <= msl, `MSL and NSSA: expected 1 or more and at most as many, got ${msl} and ${nssa}`);
    });
  },
  hasDirectives,
);

list.refuses(
  '[Base] 8.1.8.3',
  'operations of streams are refused while they are disabled',
  async (host) => {
    demandStatus((await receive(host, DIRECTIVE_TYPE_STREAMS, DIRECTIVE_STREAMS_RETURN_PARAMETERS)).completion, [
      STATUS_INVALID_FIELD,
    ]);
    demandStatus(await send(host, DIRECTIVE_TYPE_STREAMS, DIRECTIVE_STREAMS_RELEASE_RESOURCES), [STATUS_INVALID_FIELD]);
  },
  hasDirectives,
);

list.refuses(
  '[Base] 8.1.8.2.2',
  'the Identify directive cannot be disabled',
  async (host) => {
    await enable(host, DIRECTIVE_TYPE_IDENTIFY, false);
    demandEqual((await parameters(host)).enabled & 1, 1, 'Identify directive enabled');
  },
  hasDirectives,
);

list.refuses(
  '[Base] 8.1.8.2.2',
  'a directive that is not supported cannot be enabled',
  async (host) => {
    const { supported } = await parameters(host);
    for (const type of [5, 7]) {
      if ((supported & (1 << type)) !== 0) continue;
      demandStatus(await enable(host, type, true), [STATUS_INVALID_FIELD]);
    }
    demandEqual((await parameters(host)).enabled & ~supported, 0, 'directives that are enabled and not supported');
  },
  hasDirectives,
);

for (const type of [5, 0x7f]) {
  list.refuses(
    '[Base] 5.1.6',
    `a receive and a send of reserved directive type ${type.toString(16)}h are refused`,
    async (host) => {
      demandStatus((await receive(host, type, 1)).completion, [STATUS_INVALID_FIELD]);
      demandStatus(await send(host, type, 1), [STATUS_INVALID_FIELD]);
    },
    hasDirectives,
  );
}

list.refuses(
  '[Base] 8.1.8.2',
  'an operation of the Identify directive that does not exist is refused',
  async (host) => {
    demandStatus((await receive(host, DIRECTIVE_TYPE_IDENTIFY, 0x55)).completion, [STATUS_INVALID_FIELD]);
    demandStatus(await send(host, DIRECTIVE_TYPE_IDENTIFY, 0x55), [STATUS_INVALID_FIELD]);
  },
  hasDirectives,
);

list.refuses(
  '[Base] 8.1.8.3',
  'an operation of the Streams directive that does not exist is refused',
  async (host) => {
    await withStreams(host, async () => {
      demandStatus((await receive(host, DIRECTIVE_TYPE_STREAMS, 0x55)).completion, [STATUS_INVALID_FIELD]);
      demandStatus(await send(host, DIRECTIVE_TYPE_STREAMS, 0x55), [STATUS_INVALID_FIELD]);
    });
  },
  hasDirectives,
);

list.refuses(
  '[Base] 3.2.1',
  'a directive for a namespace beyond NN is refused',
  async (host) => {
    const nsid = host.facts.identify.nn + 1;
    const { completion } = await receive(host, DIRECTIVE_TYPE_IDENTIFY, 1, { nsid });
    demandStatus(completion, [STATUS_INVALID_NAMESPACE, STATUS_INVALID_FIELD]);
  },
  hasDirectives,
);

list.refuses(
  '[Base] 8.1.8.3.1',
  'streams are not allocated for all namespaces at once',
  async (host) => {
    await withStreams(host, async () => {
      const changes = { nsid: NSID_BROADCAST, cdw12: 1 };
      const { completion } = await receive(host, DIRECTIVE_TYPE_STREAMS, DIRECTIVE_STREAMS_ALLOCATE, changes);
      demandStatus(completion, [STATUS_INVALID_FIELD, STATUS_INVALID_NAMESPACE]);
    });
  },
  hasDirectives,
);

list.refuses(
  '[Base] 4.1.1',
  'parameters into memory that is not there are survived',
  async (host) => {
    const { completion } = await receive(host, DIRECTIVE_TYPE_IDENTIFY, 1, { prp1: host.unmappedIova });
    demandStatus(completion, UNDELIVERED);
    demandSuccess((await receive(host, DIRECTIVE_TYPE_IDENTIFY, 1)).completion);
  },
  { ...hasDirectives, needsUnmapped: true },
);

/** Directive Send and Directive Receive: Identify and Streams. */
export const DIRECTIVE_CASES: readonly ConformanceCase[] = list.cases;
