import {
  ADMIN_DIRECTIVE_RECEIVE,
  ADMIN_DIRECTIVE_SEND,
  ADMIN_DEVICE_SELF_TEST,
  ADMIN_DOORBELL_BUFFER_CONFIG,
  ADMIN_FIRMWARE_COMMIT,
  ADMIN_FIRMWARE_DOWNLOAD,
  ADMIN_FORMAT_NVM,
  ADMIN_GET_LOG_PAGE,
  ADMIN_IDENTIFY,
  ADMIN_NAMESPACE_ATTACHMENT,
  ADMIN_NAMESPACE_MANAGEMENT,
  ADMIN_SANITIZE,
  ADMIN_SECURITY_RECEIVE,
  ADMIN_SECURITY_SEND,
  decodeErrorLogEntry,
  decodeSupportedFeatures,
  FEATURE_EFFECTS_BYTES,
  FEATURE_TEMPERATURE_THRESHOLD,
  GET_LOG_PAGE_CDW10,
  LOG_ERROR_INFORMATION,
  LOG_FEATURE_EFFECTS,
  LOG_PERSISTENT_EVENT,
  LOG_PERSISTENT_EVENT_LSP_ESTABLISH,
  LOG_PERSISTENT_EVENT_LSP_RELEASE,
  LOG_SMART,
  LOG_SUPPORTED_PAGES,
  NVM_COMPARE,
  NVM_COPY,
  NVM_DATASET_MANAGEMENT,
  NVM_READ,
  NVM_RESERVATION_ACQUIRE,
  NVM_RESERVATION_REGISTER,
  NVM_RESERVATION_RELEASE,
  NVM_RESERVATION_REPORT,
  NVM_VERIFY,
  NVM_WRITE_UNCORRECTABLE,
  NVM_WRITE_ZEROES,
  OACS_DIRECTIVES,
  OACS_DOORBELL_BUFFER,
  OACS_FIRMWARE,
  OACS_FORMAT_NVM,
  OACS_NAMESPACE_MANAGEMENT,
  OACS_SECURITY,
  OACS_SELF_TEST,
  ONCS_COMPARE,
  ONCS_COPY,
  ONCS_DATASET_MANAGEMENT,
  ONCS_RESERVATIONS,
  ONCS_VERIFY,
  ONCS_WRITE_UNCORRECTABLE,
  ONCS_WRITE_ZEROES,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_LOG_PAGE,
  STATUS_INVALID_OPCODE,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import type { ControllerFacts } from '../controller-facts.js';
import { demand, demandEqual, demandStatus, demandSuccess } from '../failure.js';
import { getFeature, logData, setFeature } from './commands.js';

const list = new CaseList('consistency');
const PIECE_BYTES = 512;
/** Vendor specific logs and features from here on say nothing that a case could look at. */
const VENDOR_FIRST = 0xc0;

const hasEffects = {
  skip: ({ adminOpcodes }: ControllerFacts): string | undefined =>
    adminOpcodes.size > 0 ? undefined : 'no Commands Supported and Effects log',
};
const hasSupportedLogs = {
  skip: ({ logPages }: ControllerFacts): string | undefined =>
    logPages.has(LOG_SUPPORTED_PAGES) ? undefined : 'no Supported Log Pages log',
};
const hasFeatureEffects = {
  skip: ({ logPages }: ControllerFacts): string | undefined =>
    logPages.has(LOG_FEATURE_EFFECTS) ? undefined : 'no Feature Identifiers Supported and Effects log',
};

for (const [name, bit, opcodes] of [
  ['security', OACS_SECURITY, [ADMIN_SECURITY_SEND, ADMIN_SECURITY_RECEIVE]],
  ['Format NVM', OACS_FORMAT_NVM, [ADMIN_FORMAT_NVM]],
  ['firmware', OACS_FIRMWARE, [ADMIN_FIRMWARE_COMMIT, ADMIN_FIRMWARE_DOWNLOAD]],
  ['namespace management', OACS_NAMESPACE_MANAGEMENT, [ADMIN_NAMESPACE_MANAGEMENT, ADMIN_NAMESPACE_ATTACHMENT]],
  ['self-test', OACS_SELF_TEST, [ADMIN_DEVICE_SELF_TEST]],
  ['directives', OACS_DIRECTIVES, [ADMIN_DIRECTIVE_SEND, ADMIN_DIRECTIVE_RECEIVE]],
  ['shadow doorbells', OACS_DOORBELL_BUFFER, [ADMIN_DOORBELL_BUFFER_CONFIG]],
] as const) {
  list.accepts(
    '[Base] 5.1.13.2.1',
    `OACS and the effects log say the same of ${name}`,
    (host) => {
      const { identify, adminOpcodes } = host.facts;
      const isOffered = (identify.oacs & bit) !== 0;
      for (const opcode of opcodes) demandEqual(adminOpcodes.has(opcode), isOffered, `effects log lists ${opcode}`);
      return Promise.resolve();
    },
    hasEffects,
  );

  list.refuses(
    '[Base] 5.1.13.2.1',
    `the commands of ${name} are invalid opcodes where OACS does not offer them`,
    async (host) => {
      for (const opcode of opcodes) {
        const prp1 = host.memory.iova(host.memory.page());
        demandStatus(await host.run({ opcode, prp1, nsid: 0xffff_fffe }), [STATUS_INVALID_OPCODE]);
      }
    },
    { skip: ({ identify }) => ((identify.oacs & bit) === 0 ? undefined : 'OACS offers them') },
  );
}

for (const [name, bit, opcodes] of [
  ['Compare', ONCS_COMPARE, [NVM_COMPARE]],
  ['Write Uncorrectable', ONCS_WRITE_UNCORRECTABLE, [NVM_WRITE_UNCORRECTABLE]],
  ['Dataset Management', ONCS_DATASET_MANAGEMENT, [NVM_DATASET_MANAGEMENT]],
  ['Write Zeroes', ONCS_WRITE_ZEROES, [NVM_WRITE_ZEROES]],
  ['Verify', ONCS_VERIFY, [NVM_VERIFY]],
  ['Copy', ONCS_COPY, [NVM_COPY]],
  [
    'reservations',
    ONCS_RESERVATIONS,
    [NVM_RESERVATION_REGISTER, NVM_RESERVATION_REPORT, NVM_RESERVATION_ACQUIRE, NVM_RESERVATION_RELEASE],
  ],
] as const) {
  list.accepts(
    '[Base] 5.1.13.2.1',
    `ONCS does not offer ${name} without the effects log`,
    (host) => {
      const { identify, ioOpcodes } = host.facts;
      if ((identify.oncs & bit) === 0) return Promise.resolve();
      for (const opcode of opcodes) demandEqual(ioOpcodes.has(opcode), true, `effects log lists ${opcode}`);
      return Promise.resolve();
    },
    hasEffects,
  );
}

list.accepts(
  '[Base] 5.1.13.2.1',
  'SANICAP and the effects log say the same of sanitize',
  (host) => {
    const { identify, adminOpcodes } = host.facts;
    demandEqual(adminOpcodes.has(ADMIN_SANITIZE), (identify.sanicap & 7) !== 0, 'effects log lists Sanitize');
    return Promise.resolve();
  },
  hasEffects,
);

/** Get Log Page of a piece of a page that is in the list, whatever it takes. */
async function readListed(host: ConformanceHost, page: number): Promise<void> {
  const cdw10 = GET_LOG_PAGE_CDW10.NUMDL0.set(page, PIECE_BYTES / 4 - 1);
  const isInContext = page === LOG_PERSISTENT_EVENT;
  const action = isInContext ? LOG_PERSISTENT_EVENT_LSP_ESTABLISH : 0;
  const withAction = GET_LOG_PAGE_CDW10.LSP.set(cdw10, action);
  const { completion } = await logData(host, page, PIECE_BYTES, { cdw10: withAction });
  // Some are about an NVM set, an endurance group or a namespace that the host has to name.
  demandStatus(completion, [0, STATUS_INVALID_FIELD]);
  if (!isInContext) return;
  const prp1 = host.memory.iova(host.memory.page());
  const release = GET_LOG_PAGE_CDW10.LSP.set(page, LOG_PERSISTENT_EVENT_LSP_RELEASE);
  await host.run({ opcode: ADMIN_GET_LOG_PAGE, nsid: 0xffff_ffff, cdw10: release, prp1 });
}

list.accepts(
  '[Base] 5.1.12.1.1',
  'every log page in the list can be read',
  async (host) => {
    for (const page of host.facts.logPages) if (page < VENDOR_FIRST) await readListed(host, page);
  },
  hasSupportedLogs,
);

list.refuses(
  '[Base] 5.1.12.1.1',
  'no log page that is not in the list can be read',
  async (host) => {
    for (let page = 0; page < VENDOR_FIRST; page++) {
      if (host.facts.logPages.has(page)) continue;
      const { completion } = await logData(host, page, PIECE_BYTES);
      demandStatus(completion, [STATUS_INVALID_LOG_PAGE, STATUS_INVALID_FIELD]);
    }
  },
  hasSupportedLogs,
);

async function listedFeatures(host: ConformanceHost): Promise<ReadonlySet<number>> {
  const { completion, data } = await logData(host, LOG_FEATURE_EFFECTS, FEATURE_EFFECTS_BYTES);
  demandSuccess(completion);
  return new Set(decodeSupportedFeatures(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)));
}

list.accepts(
  '[Base] 5.1.12.1.18',
  'every feature in the list can be read, of the controller or of a namespace',
  async (host) => {
    for (const feature of await listedFeatures(host)) {
      if (feature >= VENDOR_FIRST) continue;
      const ofController = await getFeature(host, feature);
      if (ofController.code === 0) continue;
      const ofNamespace = await getFeature(host, feature, { nsid: host.facts.plain.nsid });
      const isRead = ofNamespace.code === 0;
      demand(
        isRead,
        `feature ${feature.toString(16)}h: expected to be read, got status ${ofNamespace.code.toString(16)}h`,
      );
    }
  },
  hasFeatureEffects,
);

list.refuses(
  '[Base] 5.1.12.1.18',
  'no feature that is not in the list can be read or set',
  async (host) => {
    const listed = await listedFeatures(host);
    for (let feature = 0; feature < VENDOR_FIRST; feature++) {
      if (listed.has(feature)) continue;
      demandStatus(await getFeature(host, feature), [STATUS_INVALID_FIELD]);
      demandStatus(await setFeature(host, feature, 0), [STATUS_INVALID_FIELD]);
    }
  },
  hasFeatureEffects,
);

list.accepts(
  '[Base] 5.1.12.1.3',
  'a critical warning of a threshold is gone after a controller reset',
  async (host) => {
    const before = (await logData(host, LOG_SMART, PIECE_BYTES)).data.getUint8(0);
    demandEqual(before & 2, 0, 'critical warning of a temperature after a reset, at the default threshold');
    demandSuccess(await setFeature(host, FEATURE_TEMPERATURE_THRESHOLD, 1));
    demandEqual((await logData(host, LOG_SMART, PIECE_BYTES)).data.getUint8(0), before | 2, 'critical warning');
    await host.disable();
    await host.enable();
    demandEqual((await logData(host, LOG_SMART, PIECE_BYTES)).data.getUint8(0), before, 'critical warning at last');
  },
);

list.refuses(
  '[Base] 5.1.12.1.2',
  'the newest error entry has queue, command, status, location and opcode of what failed',
  async (host) => {
    const queue = await host.io();
    const nsid = host.facts.plain.nsid;
    const cdw10 = host.facts.plain.blocks;
    const prp1 = host.memory.iova(host.memory.page());
    const completion = await host.execute(queue, { opcode: NVM_READ, nsid, prp1, cdw10, cid: 0x123 });
    if (!completion.more) return;
    const { data } = await logData(host, LOG_ERROR_INFORMATION, 64);
    const entry = decodeErrorLogEntry(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    demandEqual(entry.sqid, queue.id, 'submission queue identifier');
    demandEqual(entry.cid, 0x123, 'command identifier');
    demandEqual(entry.nsid, nsid, 'namespace');
    demandEqual(Number(entry.lba), host.facts.plain.blocks, 'first block with an error');
    demandEqual((data.getUint16(12, true) >>> 1) & 0x7ff, completion.code, 'status');
  },
);

list.refuses(
  '[Base] 5.1.12.1.2',
  'errors are listed newest first, with counts that fall',
  async (host) => {
    for (const cid of [0x201, 0x202]) await host.run({ opcode: ADMIN_IDENTIFY, cdw10: 0xfe, cid });
    const { data } = await logData(host, LOG_ERROR_INFORMATION, 128);
    const [newest, older] = [data.getUint32(0, true), data.getUint32(64, true)];
    if (newest === 0 || older === 0) return;
    demandEqual(newest - older, 1, 'difference of the error counts');
  },
  { skip: ({ identify }) => (identify.elpe >= 1 ? undefined : 'the log has one entry') },
);

/** Whether what the controller says in one place is what it does, and says, in others. */
export const CONSISTENCY_CASES: readonly ConformanceCase[] = list.cases;
