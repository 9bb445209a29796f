import {
  ADMIN_GET_FEATURES,
  ADMIN_GET_LOG_PAGE,
  ADMIN_IDENTIFY,
  ADMIN_SET_FEATURES,
  CAP,
  CMDEFFECTS_ACS,
  CMDEFFECTS_BYTES,
  CMDEFFECTS_IOCS,
  COMMAND_EFFECTS,
  CTRATT_EXTENDED_LBA_FORMATS,
  decodeIdentifyController,
  decodeIdentifyNamespace,
  decodeIdentifyNvmNamespace,
  DPS_FIRST,
  DPS_TYPE_MASK,
  FEATURE_ARBITRATION,
  FEATURE_CAPABILITIES,
  FEATURE_INTERRUPT_COALESCING,
  FEATURE_INTERRUPT_VECTOR_CONFIG,
  FEATURE_NUMBER_OF_QUEUES,
  FEATURE_NUMBER_OF_QUEUES_RESULT,
  FEATURE_SEL_CAPABILITIES,
  FLBAS_METADATA_EXTENDED,
  IDENTIFY_BYTES,
  IDENTIFY_CNS_ACTIVE_NAMESPACE_LIST,
  IDENTIFY_CNS_COMMAND_SET_NAMESPACE,
  IDENTIFY_CNS_CONTROLLER,
  IDENTIFY_CNS_NAMESPACE,
  lbaFormatIndex,
  LOG_COMMAND_EFFECTS,
  LOG_SUPPORTED_PAGES,
  type IdentifyController,
  NSID_BROADCAST,
  ONCS_SAVE_SELECT,
  REG_CAP,
  REG_VS,
} from '@phasebit/nvme-spec';
import { PAGE_BYTES } from '@phasebit/pcie';
import { ConformanceHost } from './conformance-host.js';
import type { ConformanceTarget } from './conformance-target.js';
import type { ControllerFacts, NamespaceFacts } from './controller-facts.js';
import { ConformanceFailure, demandSuccess } from './failure.js';

/** I/O queue pairs to ask for: enough for every case. */
const QUEUE_PAIRS = 8;
const NSIDS_PER_LIST = 1024;
const LOG_PAGES = 256;
const WAIT_MS_MAX = 1000;
/** Features that a controller may have and not let be changed. */
const FEATURES_TO_ASK = [FEATURE_ARBITRATION, FEATURE_INTERRUPT_COALESCING, FEATURE_INTERRUPT_VECTOR_CONFIG];
/** Bits of the guard by PIF. */
const GUARD_BITS = [16, 32, 64];

/**
 * Brings the controller up once and asks it what it is; afterwards it is disabled again.
 *
 * @throws ConformanceFailure when it cannot even answer that, or has no namespace without metadata
 */
export async function gatherFacts(target: ConformanceTarget): Promise<ControllerFacts> {
  const host = new ConformanceHost(target, undefined as unknown as ControllerFacts);
  await host.disable();
  await host.enable();
  const cap = await target.fn.registers.read64(REG_CAP);
  const identify = decodeIdentifyController(await identifyPage(host, IDENTIFY_CNS_CONTROLLER, 0));
  const namespaces = await readNamespaces(host, (identify.ctratt & CTRATT_EXTENDED_LBA_FORMATS) !== 0);
  const plain = namespaces.find((each) => each.metadataBytes === 0);
  if (plain === undefined) {
    throw new ConformanceFailure(`namespaces: expected one without metadata, got ${namespaces.length} others`);
  }
  const effects = await readLog(host, LOG_COMMAND_EFFECTS, CMDEFFECTS_BYTES);
  const pages = await readLog(host, LOG_SUPPORTED_PAGES, LOG_PAGES * 4);
  const facts: ControllerFacts = {
    cap,
    version: await target.fn.registers.read32(REG_VS),
    identify,
    namespaces,
    plain,
    queueEntriesMax: CAP.MQES0.get(cap.low, cap.high) + 1,
    queuePairs: await grantedPairs(host),
    transferBytesMax: identify.mdts === 0 ? Infinity : PAGE_BYTES * 2 ** identify.mdts,
    adminOpcodes: listed(effects, CMDEFFECTS_ACS, COMMAND_EFFECTS.CSUPP.mask),
    ioOpcodes: listed(effects, CMDEFFECTS_IOCS, COMMAND_EFFECTS.CSUPP.mask),
    fixedFeatures: await readFixedFeatures(host, identify),
    logPages: listed(pages, 0, 1),
    vectors: target.fn.vectors.count,
    waitMsMax: target.waitMsMax ?? WAIT_MS_MAX,
    firmwareImage: target.firmwareImage,
  };
  await host.disable();
  host.memory.release();
  return facts;
}

async function identifyPage(host: ConformanceHost, cns: number, nsid: number): Promise<Uint8Array> {
  const page = host.memory.page();
  demandSuccess(await host.run({ opcode: ADMIN_IDENTIFY, nsid, prp1: host.memory.iova(page), cdw10: cns }));
  return host.memory.bytes(page, IDENTIFY_BYTES).slice();
}

async function readNamespaces(host: ConformanceHost, hasExtendedFormats: boolean): Promise<NamespaceFacts[]> {
  const list = new DataView((await identifyPage(host, IDENTIFY_CNS_ACTIVE_NAMESPACE_LIST, 0)).buffer);
  const namespaces: NamespaceFacts[] = [];
  for (let i = 0; i < NSIDS_PER_LIST && list.getUint32(i * 4, true) !== 0; i++) {
    const nsid = list.getUint32(i * 4, true);
    const identify = decodeIdentifyNamespace(await identifyPage(host, IDENTIFY_CNS_NAMESPACE, nsid));
    const index = lbaFormatIndex(identify.flbas, identify.nlbaf + 1);
    const format = identify.lbaf[index];
    if (format === undefined) throw new ConformanceFailure(`namespace ${nsid}: its format is not among those it lists`);
    namespaces.push({
      nsid,
      blockBytes: 2 ** format.lbads,
      metadataBytes: format.ms,
      isExtended: format.ms > 0 && (identify.flbas & FLBAS_METADATA_EXTENDED) !== 0,
      piType: identify.dps & DPS_TYPE_MASK,
      piIsFirst: (identify.dps & DPS_FIRST) !== 0,
      guardBits: hasExtendedFormats ? await guardBits(host, nsid, index) : 16,
      blocks: identify.nsze,
      identify,
    });
  }
  return namespaces;
}

/** Bits of the guard of a format of a namespace. [NVM] 4.1.5.3 */
async function guardBits(host: ConformanceHost, nsid: number, index: number): Promise<number> {
  const { elbaf } = decodeIdentifyNvmNamespace(await identifyPage(host, IDENTIFY_CNS_COMMAND_SET_NAMESPACE, nsid));
  return GUARD_BITS[elbaf[index]?.pif ?? 0] ?? 16;
}

/** A log page, or undefined where the controller does not have it. */
async function readLog(host: ConformanceHost, logPage: number, bytes: number): Promise<DataView | undefined> {
  const page = host.memory.page();
  const cdw10 = ((bytes / 4 - 1) << 16) | logPage;
  const command = { opcode: ADMIN_GET_LOG_PAGE, nsid: NSID_BROADCAST, prp1: host.memory.iova(page), cdw10 };
  const { code } = await host.run(command);
  return code === 0 ? host.memory.view(page, bytes) : undefined;
}

/** The numbers 0 to 255 whose dword from byte `from` on has one of the bits of `mask`. */
function listed(page: DataView | undefined, from: number, mask: number): ReadonlySet<number> {
  const numbers = new Set<number>();
  if (page === undefined) return numbers;
  for (let i = 0; i < 256; i++) if ((page.getUint32(from + i * 4, true) & mask) !== 0) numbers.add(i);
  return numbers;
}

/** Features whose capabilities say that they cannot be changed. [Base] 5.1.11.2 */
async function readFixedFeatures(host: ConformanceHost, identify: IdentifyController): Promise<ReadonlySet<number>> {
  const features = new Set<number>();
  if ((identify.oncs & ONCS_SAVE_SELECT) === 0) return features;
  for (const feature of FEATURES_TO_ASK) {
    const cdw10 = (FEATURE_SEL_CAPABILITIES << 8) | feature;
    const { code, result } = await host.run({ opcode: ADMIN_GET_FEATURES, cdw10 });
    if (code === 0 && FEATURE_CAPABILITIES.CHANGEABLE.get(result) === 0) features.add(feature);
  }
  return features;
}

async function grantedPairs(host: ConformanceHost): Promise<number> {
  const cdw11 = ((QUEUE_PAIRS - 1) << 16) | (QUEUE_PAIRS - 1);
  const completion = await host.run({ opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_NUMBER_OF_QUEUES, cdw11 });
  demandSuccess(completion);
  const { NSQA0, NCQA0 } = FEATURE_NUMBER_OF_QUEUES_RESULT;
  return Math.min(QUEUE_PAIRS, NSQA0.get(completion.result) + 1, NCQA0.get(completion.result) + 1);
}
