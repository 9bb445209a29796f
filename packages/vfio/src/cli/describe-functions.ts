import { isBound, type NvmeFunctionState } from '../sysfs/nvme-functions.js';

/** What `phasebit-vfio list` says of each controller: a line with what it is, then indented ones. */
export function describeFunctions(functions: readonly NvmeFunctionState[]): string {
  if (functions.length === 0) return 'There is no NVMe controller on the PCI bus.';
  return functions
    .map((each) => [headLine(each), ...detailLines(each).map((line) => `    ${line}`)].join('\n'))
    .join('\n');
}

function headLine(state: NvmeFunctionState): string {
  const name = state.model === undefined ? `device ${state.id}` : `${state.model}, serial ${state.serial ?? 'unknown'}`;
  return `${state.bdf}  ${name}`;
}

function detailLines(state: NvmeFunctionState): string[] {
  const disks = state.blockDevices.map((each) => each.name);
  return [
    `driver: ${state.driver ?? 'none'}${overrideText(state)}`,
    `IOMMU group: ${groupText(state)}`,
    ...(state.cdev === undefined ? [] : [`character device: /dev/vfio/devices/${state.cdev}`]),
    ...(disks.length > 0 ? [`disks: ${disks.join(', ')}`] : []),
    ...state.users.map((each) => `in use: ${each}`),
    ...state.openBy.map((each) => `open: ${each}`),
    verdict(state),
  ];
}

function overrideText({ driver, driverOverride }: NvmeFunctionState): string {
  return driverOverride === undefined || driverOverride === driver ? '' : ` (only ${driverOverride} may have it)`;
}

function groupText({ group, groupMembers, isNoIommu }: NvmeFunctionState): string {
  if (group === undefined) return 'none: there is no IOMMU';
  if (isNoIommu) return `${group}, without an IOMMU`;
  if (groupMembers.length === 0) return `${group}, alone`;
  return `${group}, with ${groupMembers.map((each) => `${each.bdf} (${each.driver ?? 'no driver'})`).join(', ')}`;
}

function verdict(state: NvmeFunctionState): string {
  if (isBound(state)) return 'bound';
  return state.obstacle === undefined
    ? 'can be bound'
    : `cannot be bound (${state.obstacle.code}): ${state.obstacle.message}`;
}
