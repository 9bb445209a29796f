import {
  ADMIN_GET_FEATURES,
  ADMIN_KEEP_ALIVE,
  ADMIN_SET_FEATURES,
  CTRATT_HOST_IDENTIFIER_128,
  CSTS,
  FEATURE_HOST_IDENTIFIER,
  FEATURE_KEEP_ALIVE_TIMER,
  NVM_FLUSH,
  REG_CSTS,
  STATUS_COMMAND_SEQUENCE_ERROR,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_FEATURE_NOT_NAMESPACE_SPECIFIC,
  STATUS_FEATURE_NOT_SAVEABLE,
  STATUS_HOST_IDENTIFIER_INCONSISTENT,
  STATUS_INVALID_FIELD,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import type { ControllerFacts } from '../controller-facts.js';
import { demandBytes, demandEqual, demandStatus, demandSuccess } from '../failure.js';
import type { RawCommand } from '../raw-command.js';
import type { RawCompletion } from '../raw-completion.js';
import { setFeature } from './commands.js';

const SHORT_BYTES = 8;
const LONG_BYTES = 16;

/** Set Features, Host Identifier: 8 bytes, or 16 where the identifier given has as many. */
export function setHostIdentifier(
  host: ConformanceHost,
  identifier: Uint8Array,
  changes: Partial<RawCommand> = {},
): Promise<RawCompletion> {
  const page = host.memory.page();
  host.memory.bytes(page, LONG_BYTES).set(identifier);
  const cdw11 = identifier.length === LONG_BYTES ? 1 : 0;
  const prp1 = host.memory.iova(page);
  return host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_HOST_IDENTIFIER, cdw11, prp1, ...changes });
}

/** An identifier of the length that the controller prefers. */
export function hostIdentifier({ identify }: ControllerFacts, seed: number): Uint8Array {
  const isLong = (identify.ctratt & CTRATT_HOST_IDENTIFIER_128) !== 0;
  return Uint8Array.from({ length: isLong ? LONG_BYTES : SHORT_BYTES }, (_, i) => (seed * 16 + i) & 0xff);
}

async function getHostIdentifier(
  host: ConformanceHost,
  bytes: number,
): Promise<{ readonly completion: RawCompletion; readonly identifier: Uint8Array }> {
  const page = host.memory.page();
  const command = { opcode: ADMIN_GET_FEATURES, cdw10: FEATURE_HOST_IDENTIFIER, cdw11: bytes === LONG_BYTES ? 1 : 0 };
  const completion = await host.run({ ...command, prp1: host.memory.iova(page) });
  return { completion, identifier: host.memory.bytes(page, bytes) };
}

const identifiers = new CaseList('host-identifier');

/** Adds a case that first finds out whether there is a host identifier at all, which nothing else says. */
function withIdentifier(run: (host: ConformanceHost, identifier: Uint8Array) => Promise<void>) {
  return async (host: ConformanceHost): Promise<void> => {
    const identifier = hostIdentifier(host.facts, 3);
    const { completion } = await getHostIdentifier(host, identifier.length);
    if (completion.code === STATUS_INVALID_FIELD) return;
    await run(host, identifier);
  };
}

identifiers.accepts(
  '[Base] 5.1.25.1.28',
  'the identifier is zero at first',
  withIdentifier(async (host, { length }) => {
    const { completion, identifier } = await getHostIdentifier(host, length);
    demandSuccess(completion);
    demandBytes(identifier, new Uint8Array(length), 'host identifier');
  }),
);

identifiers.accepts(
  '[Base] 5.1.25.1.28',
  'the identifier is read back',
  withIdentifier(async (host, wanted) => {
    demandSuccess(await setHostIdentifier(host, wanted));
    demandBytes((await getHostIdentifier(host, wanted.length)).identifier, wanted, 'host identifier');
  }),
);

identifiers.accepts(
  '[Base] 5.1.25.1.28.1',
  'the identifier is zero again after a controller reset',
  withIdentifier(async (host, wanted) => {
    demandSuccess(await setHostIdentifier(host, wanted));
    await host.disable();
    await host.enable();
    demandBytes((await getHostIdentifier(host, wanted.length)).identifier, new Uint8Array(wanted.length), 'identifier');
  }),
);

identifiers.refuses(
  '[Base] 5.1.25.1.28',
  'an identifier that is not zero cannot be changed',
  withIdentifier(async (host, wanted) => {
    demandSuccess(await setHostIdentifier(host, wanted));
    const completion = await setHostIdentifier(host, hostIdentifier(host.facts, 9));
    demandStatus(completion, [STATUS_COMMAND_SEQUENCE_ERROR]);
    demandBytes((await getHostIdentifier(host, wanted.length)).identifier, wanted, 'host identifier');
  }),
);

identifiers.refuses(
  '[Base] 5.1.25.1.28',
  'the identifier cannot be saved',
  withIdentifier(async (host, wanted) => {
    const cdw10 = (0x8000_0000 | FEATURE_HOST_IDENTIFIER) >>> 0;
    const completion = await setHostIdentifier(host, wanted, { cdw10 });
    demandStatus(completion, [STATUS_FEATURE_NOT_SAVEABLE, STATUS_INVALID_FIELD]);
  }),
);

identifiers.refuses(
  '[Base] 5.1.25',
  'the identifier is none of a namespace',
  withIdentifier(async (host, wanted) => {
    const completion = await setHostIdentifier(host, wanted, { nsid: host.facts.plain.nsid });
    demandStatus(completion, [STATUS_FEATURE_NOT_NAMESPACE_SPECIFIC, STATUS_INVALID_FIELD]);
  }),
);

identifiers.refuses(
  '[Base] 5.1.25.1.28',
  'an identifier of 128 bits, where CTRATT does not offer them, is an invalid field',
  withIdentifier(async (host) => {
    demandStatus(await setHostIdentifier(host, new Uint8Array(LONG_BYTES).fill(1)), [STATUS_INVALID_FIELD]);
  }),
  { skip: ({ identify }) => (identify.ctratt & CTRATT_HOST_IDENTIFIER_128 ? 'they are offered' : undefined) },
);

identifiers.refuses(
  '[Base] 5.1.25.1.28',
  'an identifier of 128 bits is not read as one of 64',
  withIdentifier(async (host, wanted) => {
    demandSuccess(await setHostIdentifier(host, wanted));
    const { completion } = await getHostIdentifier(host, SHORT_BYTES);
    demandStatus(completion, [STATUS_HOST_IDENTIFIER_INCONSISTENT, STATUS_INVALID_FIELD]);
  }),
  { skip: ({ identify }) => (identify.ctratt & CTRATT_HOST_IDENTIFIER_128 ? undefined : 'they are not offered') },
);

identifiers.refuses(
  '[Base] 4.1.1',
  'an identifier in memory that is not there is a data transfer error, and stays zero',
  withIdentifier(async (host, wanted) => {
    const completion = await setHostIdentifier(host, wanted, { prp1: host.unmappedIova });
    demandStatus(completion, [STATUS_DATA_TRANSFER_ERROR]);
    demandBytes((await getHostIdentifier(host, wanted.length)).identifier, new Uint8Array(wanted.length), 'identifier');
  }),
  { needsUnmapped: true },
);

const keepAlives = new CaseList('keep-alive');
const UNIT_MS = 100;
/** Twice the timeout and a half: traffic based keep alive may take twice. */
const PATIENCE = 2.5;

function timeoutMs({ identify }: ControllerFacts): number {
  return identify.kas * UNIT_MS;
}

const hasKeepAlive = {
  skip: ({ identify }: ControllerFacts): string | undefined => (identify.kas > 0 ? undefined : 'no keep alive timer'),
};
const hasTime = {
  skip: (facts: ControllerFacts): string | undefined =>
    timeoutMs(facts) * PATIENCE > facts.waitMsMax ? 'the shortest timeout is too long' : hasKeepAlive.skip(facts),
};

keepAlives.accepts(
  '[Base] 5.1.14',
  'Keep Alive succeeds, whether there is a timer or not',
  async (host) => {
    for (let i = 0; i < 3; i++) demandSuccess(await host.run({ opcode: ADMIN_KEEP_ALIVE }));
  },
  hasKeepAlive,
);

keepAlives.accepts(
  '[Base] 3.9.3.1',
  'a host that sends Keep Alive in time is not timed out',
  async (host) => {
    const ms = timeoutMs(host.facts);
    demandSuccess(await setFeature(host, FEATURE_KEEP_ALIVE_TIMER, ms));
    for (let i = 0; i < 6; i++) {
      await host.sleep(ms / 3);
      demandSuccess(await host.run({ opcode: ADMIN_KEEP_ALIVE }));
    }
    demandEqual(CSTS.CFS.get(await host.fn.registers.read32(REG_CSTS)), 0, 'CSTS.CFS');
  },
  hasTime,
);

keepAlives.accepts(
  '[Base] 3.9.1',
  'a timer that is set to zero never expires',
  async (host) => {
    const ms = timeoutMs(host.facts);
    demandSuccess(await setFeature(host, FEATURE_KEEP_ALIVE_TIMER, ms));
    demandSuccess(await setFeature(host, FEATURE_KEEP_ALIVE_TIMER, 0));
    await host.sleep(ms * PATIENCE);
    demandSuccess(await host.run({ opcode: ADMIN_KEEP_ALIVE }));
  },
  hasTime,
);

keepAlives.accepts(
  '[Base] 3.9.2',
  'a controller reset stops the timer',
  async (host) => {
    const ms = timeoutMs(host.facts);
    demandSuccess(await setFeature(host, FEATURE_KEEP_ALIVE_TIMER, ms));
    await host.disable();
    await host.enable();
    await host.sleep(ms * PATIENCE);
    demandSuccess(await host.run({ opcode: ADMIN_KEEP_ALIVE }));
  },
  hasTime,
);

keepAlives.refuses(
  '[Base] 3.9.5',
  'a controller that hears nothing until the timeout sets CSTS.CFS and takes no command any more',
  async (host) => {
    const queue = await host.io();
    const ms = timeoutMs(host.facts);
    demandSuccess(await setFeature(host, FEATURE_KEEP_ALIVE_TIMER, ms));
    await host.sleep(ms * PATIENCE);
    demandEqual(CSTS.CFS.get(await host.fn.registers.read32(REG_CSTS)), 1, 'CSTS.CFS');
    queue.push({ opcode: NVM_FLUSH, nsid: host.facts.plain.nsid });
    queue.ring();
    demandEqual(await host.surplus(queue.completions), undefined, 'completion after the timeout');
  },
  hasTime,
);

keepAlives.refuses(
  '[Base] 3.9.5',
  'a controller that has timed out works again after a controller reset',
  async (host) => {
    const ms = timeoutMs(host.facts);
    demandSuccess(await setFeature(host, FEATURE_KEEP_ALIVE_TIMER, ms));
    await host.sleep(ms * PATIENCE);
    await host.disable();
    await host.enable();
    demandSuccess(await host.run({ opcode: ADMIN_KEEP_ALIVE }));
  },
  hasTime,
);

/** The Host Identifier feature, and what the keep alive timer does. */
export const HOST_IDENTITY_CASES: readonly ConformanceCase[] = [...identifiers.cases, ...keepAlives.cases];
