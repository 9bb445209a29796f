import {
  ADMIN_SECURITY_RECEIVE,
  ADMIN_SECURITY_SEND,
  OACS_SECURITY,
  SECURITY_CDW10,
  SECURITY_PROTOCOL_INFORMATION,
  STATUS_INVALID_FIELD,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import type { ControllerFacts } from '../controller-facts.js';
import { demand, demandEqual, demandStatus, demandSuccess } from '../failure.js';
import type { RawCommand } from '../raw-command.js';
import type { RawCompletion } from '../raw-completion.js';
import { UNDELIVERED } from './transfers.js';

const list = new CaseList('security');
const hasSecurity = {
  skip: ({ identify }: ControllerFacts): string | undefined =>
    (identify.oacs & OACS_SECURITY) !== 0 ? undefined : 'no security commands',
};
const BYTES = 512;
/** Byte 7:6 of the list of protocols: its length, big-endian. */
const LIST_LENGTH = 6;
const LIST = 8;

/** Security Receive of 512 bytes into memory that held ones before. */
async function receive(
  host: ConformanceHost,
  protocol: number,
  specific = 0,
  changes: Partial<RawCommand> = {},
): Promise<{ readonly completion: RawCompletion; readonly data: DataView }> {
  const page = host.memory.page();
  host.memory.bytes(page, BYTES).fill(0xff);
  const { SECP, SPSP1, SPSP0 } = SECURITY_CDW10;
  const cdw10 = SECP.set(SPSP1.set(SPSP0.set(0, specific & 0xff), specific >>> 8), protocol);
  const command = { opcode: ADMIN_SECURITY_RECEIVE, prp1: host.memory.iova(page), cdw10, cdw11: BYTES };
  const completion = await host.run({ ...command, ...changes });
  return { completion, data: host.memory.view(page, BYTES) };
}

async function protocols(host: ConformanceHost): Promise<number[]> {
  const { completion, data } = await receive(host, SECURITY_PROTOCOL_INFORMATION);
  demandSuccess(completion);
  const count = data.getUint16(LIST_LENGTH, false);
  demand(count >= 1 && count <= BYTES - LIST, `length of the list of protocols: expected 1 or more, got ${count}`);
  return Array.from({ length: count }, (_, i) => data.getUint8(LIST + i));
}

list.accepts(
  '[Base] 5.1.23.2',
  'the list of security protocols has 00h, and ascends',
  async (host) => {
    const all = await protocols(host);
    demandEqual(all[0], SECURITY_PROTOCOL_INFORMATION, 'first protocol');
    for (let i = 1; i < all.length; i++)
      demand(all[i] > all[i - 1], `protocols: expected ascending, got ${all.join()}`);
  },
  hasSecurity,
);

list.accepts(
  '[Base] 5.1.23',
  'no more is delivered than the allocation length',
  async (host) => {
    const { completion, data } = await receive(host, SECURITY_PROTOCOL_INFORMATION, 0, { cdw11: 8 });
    demandSuccess(completion);
    for (let i = 8; i < 64; i++) demandEqual(data.getUint8(i), 0xff, `byte ${i}, behind the allocation length`);
  },
  hasSecurity,
);

list.accepts(
  '[Base] 5.1.23',
  'an allocation length of zero transfers nothing and is no error',
  async (host) => {
    const { completion, data } = await receive(host, SECURITY_PROTOCOL_INFORMATION, 0, { cdw11: 0 });
    demandSuccess(completion);
    demandEqual(data.getUint8(0), 0xff, 'byte 0');
  },
  hasSecurity,
);

list.accepts(
  '[Base] 5.1.23.2',
  'the list of protocols is the same each time',
  async (host) => demandEqual((await protocols(host)).join(), (await protocols(host)).join(), 'protocols'),
  hasSecurity,
);

for (const protocol of [0x3f, 0x7f, 0xed, 0xff]) {
  list.refuses(
    '[Base] 5.1.23',
    `receiving by protocol ${protocol.toString(16)}h, which is not in the list, is an invalid field`,
    async (host) => {
      if ((await protocols(host)).includes(protocol)) return;
      demandStatus((await receive(host, protocol)).completion, [STATUS_INVALID_FIELD]);
    },
    hasSecurity,
  );

  list.refuses(
    '[Base] 5.1.24',
    `sending by protocol ${protocol.toString(16)}h, which is not in the list, is an invalid field`,
    async (host) => {
      if ((await protocols(host)).includes(protocol)) return;
      const cdw10 = SECURITY_CDW10.SECP.set(0, protocol);
      const prp1 = host.memory.iova(host.memory.page());
      demandStatus(await host.run({ opcode: ADMIN_SECURITY_SEND, prp1, cdw10, cdw11: BYTES }), [STATUS_INVALID_FIELD]);
    },
    hasSecurity,
  );
}

list.refuses(
  '[Base] 5.1.23.2',
  'protocol 00h with a specific value that does not exist is an invalid field',
  async (host) => {
    const { completion } = await receive(host, SECURITY_PROTOCOL_INFORMATION, 0x7777);
    demandStatus(completion, [STATUS_INVALID_FIELD]);
  },
  hasSecurity,
);

list.refuses(
  '[Base] 4.1.1',
  'receiving into memory that is not there is survived',
  async (host) => {
    const { completion } = await receive(host, SECURITY_PROTOCOL_INFORMATION, 0, { prp1: host.unmappedIova });
    demandStatus(completion, UNDELIVERED);
    demandSuccess((await receive(host, SECURITY_PROTOCOL_INFORMATION, 0)).completion);
  },
  { ...hasSecurity, needsUnmapped: true },
);

/** Security Send and Security Receive. */
export const SECURITY_CASES: readonly ConformanceCase[] = list.cases;
