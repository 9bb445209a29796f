import {
  activeNamespaces,
  type AdminCommand,
  type Controller,
  controllerList,
  identify,
  identifyDescriptors,
  identifyNvmController,
  identifyNvmNamespace,
  readLogPage,
} from '@phasebit/nvme';
import {
  ADMIN_GET_FEATURES,
  ADMIN_GET_LOG_PAGE,
  ADMIN_IDENTIFY,
  decodeErrorLogEntry,
  decodeFirmwareSlotLog,
  decodeIdentifyNamespace,
  decodeSmartLog,
  ERRLOG_ENTRY_BYTES,
  ERRLOG_STATUS,
  FWSLOT_BYTES,
  GET_LOG_PAGE_CDW10,
  IDENTIFY_BYTES,
  IDENTIFY_CNS_CONTROLLER_LIST,
  IDENTIFY_CNS_INDEPENDENT_NAMESPACE,
  IDENTIFY_CNS_NAMESPACE,
  IDNS_VS,
  LOG_DEVICE_SELF_TEST,
  LOG_ERROR_INFORMATION,
  LOG_FIRMWARE_SLOT,
  LOG_SMART,
  LOG_SUPPORTED_PAGES,
  NSID_BROADCAST,
  SMART_BYTES,
} from '@phasebit/nvme-spec';
import * as spec from '@phasebit/nvme-spec';
import type { PcieFunction } from '@phasebit/pcie';
import type { CliReport, REFUSABLE } from '../nvme-cli/cli-report.js';
import type { DriverReport, NamespaceReport } from '../nvme-cli/driver-report.js';
import { FEATURE_DATA_BYTES, FEATURES_ASKED, type ToldFeature } from '../nvme-cli/features.js';
import type { ToldErrorEntry } from '../nvme-cli/log-tables.js';
import { REGISTER_NAMES, registerBytes, type Registers } from '../nvme-cli/register-table.js';

/** Asks a controller everything that nvme-cli is asked too. */
export async function gatherReport(fn: PcieFunction, controller: Controller): Promise<DriverReport> {
  const { admin, identity } = controller;
  const nsids = await activeNamespaces(admin);
  const namespaces: NamespaceReport[] = [];
  const refusals = await gatherRefusals(controller);
  for (const nsid of nsids) namespaces.push(await gatherNamespace(controller, nsid));
  return {
    identity,
    limits: await identifyNvmController(admin),
    smart: decodeSmartLog(await readLogPage(admin, LOG_SMART, SMART_BYTES)),
    errors: await gatherErrors(controller),
    firmware: decodeFirmwareSlotLog(await readLogPage(admin, LOG_FIRMWARE_SLOT, FWSLOT_BYTES)),
    registers: await gatherRegisters(fn),
    features: await gatherFeatures(controller),
    activeNamespaces: nsids,
    controllers: refusals['list-ctrl'] === 0 ? await controllerList(admin) : [],
    namespaces,
    refusals,
  };
}

async function gatherNamespace({ admin }: Controller, nsid: number): Promise<NamespaceReport> {
  const page = await identify(admin, IDENTIFY_CNS_NAMESPACE, { nsid });
  const vendor = page.subarray(IDNS_VS);
  const vendorBytes = vendor.length - [...vendor].reverse().findIndex((byte) => byte !== 0);
  const identity = decodeIdentifyNamespace(page);
  const nvm = await identifyNvmNamespace(admin, nsid);
  return {
    nsid,
    identify: { ...identity, vendorBytes: vendorBytes > vendor.length ? 0 : vendorBytes },
    // The list always has room for all; nvme-cli prints as many as there are formats.
    nvm: { ...nvm, elbaf: nvm.elbaf.slice(0, identity.lbaf.length) },
    descriptors: await identifyDescriptors(admin, nsid),
  };
}

async function gatherErrors({ admin, identity }: Controller): Promise<ToldErrorEntry[]> {
  const entries = identity.elpe + 1;
  const page = await readLogPage(admin, LOG_ERROR_INFORMATION, entries * ERRLOG_ENTRY_BYTES);
  return Array.from({ length: entries }, (_, index) => {
    const at = index * ERRLOG_ENTRY_BYTES;
    return { ...decodeErrorLogEntry(page, at), phase: page[at + ERRLOG_STATUS] & 1 };
  });
}

/** The constants of the registers are called as nvme-cli calls the registers, in capitals. */
async function gatherRegisters({ registers }: PcieFunction): Promise<Registers> {
  const offsets = spec as unknown as Readonly<Record<string, number>>;
  const values: Record<string, number | bigint> = {};
  for (const name of REGISTER_NAMES) {
    const offset = offsets[`REG_${name.toUpperCase()}`];
    if (registerBytes(name) === 4) {
      values[name] = await registers.read32(offset);
    } else {
      const { low, high } = await registers.read64(offset);
      values[name] = (BigInt(high) << 32n) | BigInt(low);
    }
  }
  return values;
}

async function gatherFeatures({ admin }: Controller): Promise<ToldFeature[]> {
  const told: ToldFeature[] = [];
  for (const fid of FEATURES_ASKED) {
    const data = new Uint8Array(FEATURE_DATA_BYTES.get(fid) ?? 0);
    const { status, dw0 } = await admin.exchange({ opcode: ADMIN_GET_FEATURES, cdw10: fid }, data);
    told.push({ fid, status, value: status === 0 ? dw0 : 0 });
  }
  return told;
}

/** A log page, 64 bytes of it. */
const logPage = (page: number): AdminCommand => ({
  opcode: ADMIN_GET_LOG_PAGE,
  nsid: NSID_BROADCAST,
  cdw10: GET_LOG_PAGE_CDW10.NUMDL0.set(GET_LOG_PAGE_CDW10.LID.set(0, page), 15),
});

const REFUSABLE_COMMANDS: Readonly<Record<(typeof REFUSABLE)[number], AdminCommand>> = {
  'self-test-log': logPage(LOG_DEVICE_SELF_TEST),
  'supported-log-pages': logPage(LOG_SUPPORTED_PAGES),
  'cmdset-ind-id-ns': { opcode: ADMIN_IDENTIFY, nsid: 1, cdw10: IDENTIFY_CNS_INDEPENDENT_NAMESPACE },
  'list-ctrl': { opcode: ADMIN_IDENTIFY, cdw10: IDENTIFY_CNS_CONTROLLER_LIST },
};

async function gatherRefusals({ admin }: Controller): Promise<CliReport['refusals']> {
  const statuses: Record<string, number> = {};
  for (const [name, command] of Object.entries(REFUSABLE_COMMANDS)) {
    statuses[name] = (await admin.exchange(command, new Uint8Array(IDENTIFY_BYTES))).status;
  }
  return statuses;
}
