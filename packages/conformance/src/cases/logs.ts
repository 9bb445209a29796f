import {
  ADMIN_GET_LOG_PAGE,
  ADMIN_IDENTIFY,
  CMDEFFECTS_ACS,
  CMDEFFECTS_BYTES,
  CMDEFFECTS_IOCS,
  COMMAND_EFFECTS,
  LOG_CHANGED_NAMESPACES,
  LOG_COMMAND_EFFECTS,
  LOG_ERROR_INFORMATION,
  LOG_FIRMWARE_SLOT,
  LOG_SMART,
  LOG_SUPPORTED_PAGES,
  NVM_FLUSH,
  NVM_READ,
  NVM_WRITE,
  SMART_AVAILABLE_SPARE,
  SMART_COMPOSITE_TEMPERATURE,
  SMART_DATA_UNITS_READ,
  SMART_DATA_UNITS_WRITTEN,
  SMART_HOST_READ_COMMANDS,
  SMART_HOST_WRITE_COMMANDS,
  SMART_POWER_CYCLES,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_LOG_PAGE,
  STATUS_INVALID_OPCODE,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import type { ControllerFacts } from '../controller-facts.js';
import { demand, demandEqual, demandStatus, demandSuccess } from '../failure.js';
import { logData } from './commands.js';
import { UNDELIVERED } from './transfers.js';

const SMART_BYTES = 512;
const MEMORY_UNIT_BYTES = 512_000;

const list = new CaseList('logs');

const hasEffects = {
  skip: ({ adminOpcodes }: ControllerFacts) =>
    adminOpcodes.size > 0 ? undefined : 'no Commands Supported and Effects log',
};
const hasSupported = {
  skip: ({ logPages }: ControllerFacts) => (logPages.size > 0 ? undefined : 'no Supported Log Pages log'),
};
const has2 = { skip: ({ version }: ControllerFacts) => (version >= 0x2_0000 ? undefined : 'came with 2.0') };

for (const [name, page, bytes] of [
  ['Error Information', LOG_ERROR_INFORMATION, 64],
  ['SMART / Health Information', LOG_SMART, SMART_BYTES],
  ['Firmware Slot Information', LOG_FIRMWARE_SLOT, 512],
] as const) {
  list.accepts('[Base] 5.1.12.1', `${name}, which is mandatory, can be read`, async (host) => {
    demandSuccess((await logData(host, page, bytes)).completion);
  });
}

list.accepts(
  '[Base] 5.1.12.1.3',
  'SMART says a temperature, spare capacity and power cycles that can be',
  async (host) => {
    const { data } = await logData(host, LOG_SMART, SMART_BYTES);
    const kelvin = data.getUint16(SMART_COMPOSITE_TEMPERATURE, true);
    demand(kelvin > 200 && kelvin < 450, `composite temperature: expected 200 to 450 kelvins, got ${kelvin}`);
    demand(data.getUint8(SMART_AVAILABLE_SPARE) <= 100, 'available spare: expected at most 100 %');
    demand(data.getUint32(SMART_POWER_CYCLES, true) >= 0, 'power cycles');
  },
);

list.accepts('[Base] 5.1.12.1.3', 'SMART counts host reads and writes', async (host) => {
  const before = await smart(host);
  const address = host.memory.data(host.facts.plain.blockBytes);
  for (let i = 0; i < 3; i++) demandSuccess(await host.writeBlocks(i, 1, address));
  for (let i = 0; i < 5; i++) demandSuccess(await host.readBlocks(i, 1, address));
  const after = await smart(host);
  demandEqual(after.writes - before.writes, 3, 'host write commands');
  demandEqual(after.reads - before.reads, 5, 'host read commands');
});

list.accepts('[Base] 5.1.12.1.3', 'SMART counts data units of 1,000 blocks of 512 bytes, rounded up', async (host) => {
  const before = await smart(host);
  const { blockBytes, blocks } = host.facts.plain;
  const step = Math.min(Math.floor(65_536 / blockBytes), blocks);
  const address = host.memory.data(step * blockBytes);
  for (let bytes = 0; bytes < 2 * MEMORY_UNIT_BYTES; bytes += step * blockBytes) {
    demandSuccess(await host.writeBlocks(0, step, address));
    demandSuccess(await host.readBlocks(0, step, address));
  }
  const after = await smart(host);
  for (const [name, grown] of [
    ['read', after.unitsRead - before.unitsRead],
    ['written', after.unitsWritten - before.unitsWritten],
  ] as const) {
    demand(grown >= 2 && grown <= 4, `data units ${name}: expected 2 to 4 more, got ${grown}`);
  }
});

list.accepts('[Base] 5.1.12.1.2', 'a command that failed with More has an entry that names it', async (host) => {
  const queue = await host.io();
  const completion = await host.execute(queue, { opcode: NVM_READ, nsid: host.facts.identify.nn + 1, cid: 0x77 });
  if (!completion.more) return; // The log holds nothing more about it.
  const { data } = await logData(host, LOG_ERROR_INFORMATION, 64);
  demandEqual(data.getUint16(8, true), queue.id, 'submission queue identifier of the newest entry');
  demandEqual(data.getUint16(10, true), 0x77, 'command identifier of the newest entry');
  demandEqual((data.getUint16(12, true) >>> 1) & 0x7ff, completion.code, 'status of the newest entry');
});

list.accepts(
  '[Base] 5.1.12.1.6',
  'the effects log lists the commands that every controller has',
  async (host) => {
    const { data } = await logData(host, LOG_COMMAND_EFFECTS, CMDEFFECTS_BYTES);
    for (const opcode of [0, 1, 2, 4, 5, 6, 8, 9, 10, 12]) {
      const dword = data.getUint32(CMDEFFECTS_ACS + opcode * 4, true);
      demandEqual(COMMAND_EFFECTS.CSUPP.get(dword), 1, `admin opcode ${opcode} supported`);
    }
    for (const opcode of [NVM_FLUSH, NVM_WRITE, NVM_READ]) {
      const dword = data.getUint32(CMDEFFECTS_IOCS + opcode * 4, true);
      demandEqual(COMMAND_EFFECTS.CSUPP.get(dword), 1, `I/O opcode ${opcode} supported`);
    }
  },
  hasEffects,
);

list.accepts(
  '[Base] 5.1.12.1.6',
  'an admin command that the effects log does not list is an invalid opcode',
  async (host) => {
    for (let opcode = 0; opcode < 0x80; opcode++) {
      if (host.facts.adminOpcodes.has(opcode)) continue;
      demandStatus(await host.run({ opcode }), [STATUS_INVALID_OPCODE]);
    }
  },
  hasEffects,
);

list.accepts(
  '[Base] 5.1.12.1.6',
  'an I/O command that the effects log does not list is an invalid opcode',
  async (host) => {
    const queue = await host.io();
    for (let opcode = 0; opcode < 0x80; opcode++) {
      if (host.facts.ioOpcodes.has(opcode)) continue;
      demandStatus(await host.execute(queue, { opcode, nsid: host.facts.plain.nsid }), [STATUS_INVALID_OPCODE]);
    }
  },
  hasEffects,
);

list.accepts(
  '[Base] 5.1.12.1.1',
  'Supported Log Pages lists the mandatory ones',
  async (host) => {
    const { data } = await logData(host, LOG_SUPPORTED_PAGES, 1024);
    for (const page of [LOG_SUPPORTED_PAGES, LOG_ERROR_INFORMATION, LOG_SMART, LOG_FIRMWARE_SLOT]) {
      demandEqual(data.getUint32(page * 4, true) & 1, 1, `log page ${page} supported`);
    }
  },
  hasSupported,
);

list.accepts(
  '[Base] 5.1.12',
  'a log page is read in parts by offset',
  async (host) => {
    const whole = await logData(host, LOG_COMMAND_EFFECTS, CMDEFFECTS_BYTES);
    for (const from of [4, 512, 1024, 2044]) {
      const part = await logData(host, LOG_COMMAND_EFFECTS, 64, { cdw12: from });
      demandSuccess(part.completion);
      for (let i = 0; i < 64; i += 4) {
        demandEqual(part.data.getUint32(i, true), whole.data.getUint32(from + i, true), `dword at ${from + i}`);
      }
    }
  },
  { skip: (facts) => (facts.identify.lpa & 4 ? hasEffects.skip(facts) : 'LPA offers no offsets') },
);

list.accepts('[Base] 5.1.12', 'exactly as many dwords are delivered as were asked for', async (host) => {
  const address = host.memory.page();
  host.memory.bytes(address, 4096).fill(0xa5);
  const command = { opcode: ADMIN_GET_LOG_PAGE, nsid: 0xffff_ffff, prp1: host.memory.iova(address) };
  demandSuccess(await host.run({ ...command, cdw10: (3 << 16) | LOG_SMART }));
  const bytes = host.memory.bytes(address, 4096);
  demand(
    bytes.subarray(16).every((byte) => byte === 0xa5),
    'bytes after the fourth dword were written',
  );
});

list.accepts(
  '[Base] 5.1.12.1.5',
  'the changed namespaces list is empty when nothing changed',
  async (host) => {
    demandSuccess((await logData(host, LOG_CHANGED_NAMESPACES, 4096)).completion);
    const { data } = await logData(host, LOG_CHANGED_NAMESPACES, 4096);
    demandEqual(data.getUint32(0, true), 0, 'first identifier of the list');
  },
  { skip: ({ identify }) => ((identify.oaes & 0x100) !== 0 ? undefined : 'OAES offers no namespace notices') },
);

for (const page of [0x1f, 0x40, 0x7f, 0xbf]) {
  list.refuses('[Base] 5.1.12', `reserved log page ${page.toString(16)}h is an invalid log page`, async (host) => {
    demandStatus((await logData(host, page, 512)).completion, [STATUS_INVALID_LOG_PAGE, STATUS_INVALID_FIELD]);
  });
}

list.refuses(
  '[Base] 5.1.12',
  'an offset that is not a multiple of four is refused',
  async (host) => {
    demandStatus((await logData(host, LOG_SMART, 64, { cdw12: 2 })).completion, [STATUS_INVALID_FIELD]);
  },
  { skip: ({ identify }) => (identify.lpa & 4 ? undefined : 'LPA offers no offsets') },
);

list.refuses(
  '[Base] 5.1.12',
  'an offset beyond the end of the page is refused',
  async (host) => {
    demandStatus((await logData(host, LOG_SMART, 64, { cdw12: 4096 })).completion, [STATUS_INVALID_FIELD]);
  },
  { skip: ({ identify }) => (identify.lpa & 4 ? undefined : 'LPA offers no offsets') },
);

list.refuses(
  '[Base] 5.1.12',
  'an offset of 2^63 is refused',
  async (host) => {
    demandStatus((await logData(host, LOG_SMART, 64, { cdw13: 0x8000_0000 })).completion, [STATUS_INVALID_FIELD]);
  },
  { skip: ({ identify }) => (identify.lpa & 4 ? undefined : 'LPA offers no offsets') },
);

list.refuses(
  '[Base] 5.1.12',
  'a log page that would take more than one transfer is refused',
  async (host) => {
    const prp1 = host.memory.iova(host.memory.page());
    const command = { opcode: ADMIN_GET_LOG_PAGE, nsid: 0xffff_ffff, prp1, prp2: prp1 };
    demandStatus(await host.run({ ...command, cdw10: (0xffff_0000 | LOG_SMART) >>> 0, cdw11: 0xff }), [
      STATUS_INVALID_FIELD,
    ]);
  },
  { skip: ({ transferBytesMax }) => (transferBytesMax < 2 ** 26 ? undefined : 'MDTS sets no limit below 64 MiB') },
);

list.refuses(
  '[Base] 4.1.1',
  'a log page into memory that is not there is survived',
  async (host) => {
    const command = { opcode: ADMIN_GET_LOG_PAGE, nsid: 0xffff_ffff, prp1: host.unmappedIova };
    demandStatus(await host.run({ ...command, cdw10: (15 << 16) | LOG_SMART }), UNDELIVERED);
    demandSuccess((await logData(host, LOG_SMART, 64)).completion);
  },
  { needsUnmapped: true },
);

list.refuses(
  '[Base] 5.1.12.1.2',
  'every failure counts once in the Error Information log',
  async (host) => {
    const before = (await logData(host, LOG_ERROR_INFORMATION, 64)).data.getUint32(0, true);
    let expected = 0;
    for (let i = 0; i < 4; i++) if ((await host.run({ opcode: ADMIN_IDENTIFY, cdw10: 0xff })).more) expected++;
    const after = (await logData(host, LOG_ERROR_INFORMATION, 64)).data.getUint32(0, true);
    demandEqual(after - before, expected, 'growth of the error count');
  },
  has2,
);

interface SmartCounters {
  readonly reads: number;
  readonly writes: number;
  readonly unitsRead: number;
  readonly unitsWritten: number;
}

async function smart(host: ConformanceHost): Promise<SmartCounters> {
  const { completion, data } = await logData(host, LOG_SMART, SMART_BYTES);
  demandSuccess(completion);
  return {
    reads: data.getUint32(SMART_HOST_READ_COMMANDS, true),
    writes: data.getUint32(SMART_HOST_WRITE_COMMANDS, true),
    unitsRead: data.getUint32(SMART_DATA_UNITS_READ, true),
    unitsWritten: data.getUint32(SMART_DATA_UNITS_WRITTEN, true),
  };
}

/** Get Log Page, and what the logs of every controller say. */
export const LOG_CASES: readonly ConformanceCase[] = list.cases;
