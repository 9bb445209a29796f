import {
  ChangeNamespaceEventLayout,
  FirmwareCommitEventLayout,
  FormatCompletionEventLayout,
  FormatStartEventLayout,
  HardwareErrorEventLayout,
  type Layout,
  PEL_EVENT_CHANGE_NAMESPACE,
  PEL_EVENT_FIRMWARE_COMMIT,
  PEL_EVENT_FORMAT_COMPLETION,
  PEL_EVENT_FORMAT_START,
  PEL_EVENT_HARDWARE_ERROR,
  PEL_EVENT_POWER_ON_OR_RESET,
  PEL_EVENT_SANITIZE_COMPLETION,
  PEL_EVENT_SANITIZE_START,
  PEL_EVENT_THERMAL_EXCURSION,
  PEL_EVENT_TIMESTAMP_CHANGE,
  PEL_RESET_DESCRIPTORS,
  ResetDescriptorLayout,
  SanitizeCompletionEventLayout,
  SanitizeStartEventLayout,
  statusCode,
  statusSct,
  ThermalExcursionEventLayout,
  TimestampChangeEventLayout,
  writeAsciiPadded,
} from '@phasebit/nvme-spec';
import type { AllocatedNamespace } from './allocated-namespace.js';
import type { Internals } from './internals.js';
import { dpsOf, flbasOf } from './namespace-format.js';

// What the Persistent Event log is told, event by event. [Base] 5.1.12.1.14.2

type Fields = Readonly<Record<string, number | string | Uint8Array>>;

/** Code of the hardware error event for a fatal status of a controller. */
const CONTROLLER_FATAL = 0x0009;

/** The clock was set; call it before it is. */
export function recordTimestampChange(inside: Internals): void {
  const { timestampBytes, msSinceReset } = inside.features;
  record(inside, PEL_EVENT_TIMESTAMP_CHANGE, TimestampChangeEventLayout, { ptstp: timestampBytes, msr: msSinceReset });
}

/** A controller level reset is complete. @param isActivated - whether new firmware runs */
export function recordReset(inside: Internals, isActivated: boolean): void {
  const { subsystem } = inside;
  const { members } = subsystem;
  const data = new Uint8Array(PEL_RESET_DESCRIPTORS + members.length * ResetDescriptorLayout.bytes);
  writeAsciiPadded(data, 0, PEL_RESET_DESCRIPTORS, subsystem.firmware.revision);
  members.forEach((member, i) => {
    const isFormatting = member.namespaces.active.some((each) => each.allocated.formatTask !== undefined);
    const fields = {
      cntlid: member.settings.cntlid,
      fa: isActivated ? 1 : 0,
      oip: isFormatting ? 1 : 0,
      cpwrc: member.health.powerCycles,
      pom: member.health.poweredOnMs,
      ctstp: member.features.timestampBytes,
    };
    const at = PEL_RESET_DESCRIPTORS + i * ResetDescriptorLayout.bytes;
    for (const [name, value] of Object.entries(fields)) ResetDescriptorLayout.write(data, name, value, at);
  });
  subsystem.persistentEvents.add(inside, PEL_EVENT_POWER_ON_OR_RESET, data);
}

/** A controller has failed for good. */
export function recordFatal(inside: Internals): void {
  record(inside, PEL_EVENT_HARDWARE_ERROR, HardwareErrorEventLayout, { nsheec: CONTROLLER_FATAL });
}

/** A Firmware Commit has completed. */
export function recordFirmwareCommit(
  inside: Internals,
  before: string,
  after: string,
  action: number,
  slot: number,
  status: number,
): void {
  record(inside, PEL_EVENT_FIRMWARE_COMMIT, FirmwareCommitEventLayout, {
    ofr: before,
    nfr: after,
    fca: action,
    fslt: slot,
    stctfcc: statusSct(status),
    srfcc: statusCode(status) & 0xff,
  });
}

/** Namespaces were created or deleted by a Namespace Management command. @param namespace - undefined for all of them */
export function recordNamespaceChange(
  inside: Internals,
  cdw10: number,
  nsid: number,
  namespace: AllocatedNamespace | undefined,
): void {
  const facts: Fields =
    namespace === undefined
      ? {}
      : {
          nsze: namespace.blocks,
          ncap: namespace.capacityBlocks,
          flbas: flbasOf(namespace.format, namespace.formatIndex),
          dps: dpsOf(namespace.format),
          nmic: namespace.shared ? 1 : 0,
          anagrpid: namespace.anaGroupId,
        };
  record(inside, PEL_EVENT_CHANGE_NAMESPACE, ChangeNamespaceEventLayout, { nmcdw10: cdw10, nsid, ...facts });
}

/** A Format NVM command was found right and begins. */
export function recordFormatStart(inside: Internals, nsid: number, cdw10: number, fna: number): void {
  record(inside, PEL_EVENT_FORMAT_START, FormatStartEventLayout, { nsid, fna, fmcdw10: cdw10 });
}

/** A Format NVM command has completed. @param status - 0 or what went wrong */
export function recordFormatCompletion(inside: Internals, nsid: number, status: number): void {
  const fields = { nsid, fnvms: status === 0 ? 0 : 3, info: (status << 1) & 0xffff };
  record(inside, PEL_EVENT_FORMAT_COMPLETION, FormatCompletionEventLayout, fields);
}

/** A sanitize operation begins. */
export function recordSanitizeStart(inside: Internals, sanicap: number, cdw10: number, cdw11: number): void {
  record(inside, PEL_EVENT_SANITIZE_START, SanitizeStartEventLayout, { sanicap, scdw10: cdw10, scdw11: cdw11 });
}

/** A sanitize operation has ended. */
export function recordSanitizeCompletion(inside: Internals, progress: number, status: number): void {
  record(inside, PEL_EVENT_SANITIZE_COMPLETION, SanitizeCompletionEventLayout, { sprog: progress, sstat: status });
}

/** The temperature went past a threshold. @param kelvins - how far @param threshold - code of the threshold */
export function recordThermalExcursion(inside: Internals, kelvins: number, threshold: number): void {
  const fields = { otmp: Math.min(kelvins, 0xff), thresh: threshold };
  record(inside, PEL_EVENT_THERMAL_EXCURSION, ThermalExcursionEventLayout, fields);
}

function record(inside: Internals, type: number, layout: Layout, fields: Fields): void {
  const data = new Uint8Array(layout.bytes);
  for (const [name, value] of Object.entries(fields)) layout.write(data, name, value);
  inside.subsystem.persistentEvents.add(inside, type, data);
}
