import type { CliNamespace, CliObject, CliReport } from './cli-report.js';
import { CONTROLLER_TABLE, NVM_CONTROLLER_TABLE, POWER_STATE_TABLE } from './controller-tables.js';
import type { DriverReport, NamespaceReport } from './driver-report.js';
import { compareFeatures } from './features.js';
import { compareFields, compareLists } from './field-table.js';
import { compareFirmwareSlots, ERROR_TABLE, SMART_TABLE } from './log-tables.js';
import {
  compareDescriptors,
  EXTENDED_LBA_FORMAT_TABLE,
  LBA_FORMAT_TABLE,
  NAMESPACE_TABLE,
  NVM_NAMESPACE_TABLE,
  toldLbaFormats,
} from './namespace-tables.js';
import { REGISTER_TABLE } from './register-table.js';

/** An object without one of its keys, and the list under that key. */
function takeList(object: CliObject, key: string): { rest: CliObject; list: readonly CliObject[] } {
  const { [key]: list = [], ...rest } = object;
  return { rest, list: list as readonly CliObject[] };
}

function compareControllers({ idCtrl, version }: CliReport, { identity }: DriverReport): string[] {
  const { rest, list } = takeList(idCtrl, 'psds');
  return [
    ...compareFields(CONTROLLER_TABLE, rest, identity, version),
    ...compareLists(POWER_STATE_TABLE, list, identity.psd, version),
  ];
}

/** Compares what both say of one namespace. @returns a line for each difference */
export function compareNamespaces(theirs: CliNamespace, ours: NamespaceReport, version: number): string[] {
  const { rest: idNs, list: lbafs } = takeList(theirs.idNs, 'lbafs');
  const { rest: nvmIdNs, list: elbafs } = takeList(theirs.nvmIdNs, 'elbafs');
  const { identify, nvm, descriptors } = ours;
  return [
    ...compareFields(NAMESPACE_TABLE, idNs, identify, version),
    ...compareLists(LBA_FORMAT_TABLE, lbafs, toldLbaFormats(identify), version),
    ...compareFields(NVM_NAMESPACE_TABLE, nvmIdNs, nvm, version),
    ...compareLists(EXTENDED_LBA_FORMAT_TABLE, elbafs, nvm.elbaf, version),
    ...compareDescriptors(theirs.descriptors, descriptors),
  ].map((problem) => `namespace ${theirs.nsid}: ${problem}`);
}

const compareIds = (name: string, theirs: readonly number[], ours: readonly number[]): string[] =>
  theirs.join() === ours.join() ? [] : [`${name}: nvme-cli says ${theirs.join()}, ours ${ours.join()}`];

/** Compares what nvme-cli says of a controller with what our driver found out. @returns a line for each difference */
export function compareReports(theirs: CliReport, ours: DriverReport): string[] {
  const { version } = theirs;
  const byNsid = new Map(ours.namespaces.map((each) => [each.nsid, each]));
  return [
    ...compareControllers(theirs, ours),
    ...compareFields(NVM_CONTROLLER_TABLE, theirs.nvmIdCtrl, ours.limits, version),
    ...compareFields(SMART_TABLE, theirs.smart, ours.smart, version),
    ...compareLists(ERROR_TABLE, theirs.errors, ours.errors, version),
    ...compareFirmwareSlots(theirs.firmware, ours.firmware),
    ...compareFields(REGISTER_TABLE, theirs.registers, ours.registers, version),
    ...compareFeatures(theirs.features, ours.features),
    ...compareIds('list-ns', theirs.activeNamespaces, ours.activeNamespaces),
    ...compareIds('list-ctrl', theirs.controllers, ours.controllers),
    ...theirs.namespaces.flatMap((each) => {
      const mine = byNsid.get(each.nsid);
      return mine === undefined
        ? [`namespace ${each.nsid}: ours did not find it`]
        : compareNamespaces(each, mine, version);
    }),
    ...Object.entries(theirs.refusals)
      .filter(([command, status]) => ours.refusals[command] !== status)
      .map(([command, status]) => `${command}: nvme-cli is told status ${status}, ours ${ours.refusals[command]}`),
  ];
}
