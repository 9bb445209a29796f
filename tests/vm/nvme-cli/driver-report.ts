import type {
  FirmwareSlotLog,
  IdentifyController,
  IdentifyNvmController,
  IdentifyNvmNamespace,
  NamespaceDescriptors,
  SmartLog,
} from '@phasebit/nvme-spec';
import type { ToldFeature } from './features.js';
import type { ToldErrorEntry } from './log-tables.js';
import type { ToldNamespace } from './namespace-tables.js';
import type { Registers } from './register-table.js';

/** What our driver found out about one namespace. */
export interface NamespaceReport {
  readonly nsid: number;
  readonly identify: ToldNamespace;
  readonly nvm: IdentifyNvmNamespace;
  readonly descriptors: NamespaceDescriptors;
}

/** What our driver found out about one controller. */
export interface DriverReport {
  readonly identity: IdentifyController;
  readonly limits: IdentifyNvmController;
  readonly smart: SmartLog;
  readonly errors: readonly ToldErrorEntry[];
  readonly firmware: FirmwareSlotLog;
  readonly registers: Registers;
  readonly features: readonly ToldFeature[];
  readonly activeNamespaces: readonly number[];
  readonly controllers: readonly number[];
  readonly namespaces: readonly NamespaceReport[];
  /** statuses of what the controller may refuse, by the name of nvme-cli's command */
  readonly refusals: Readonly<Record<string, number>>;
}

const BIG = /^-?\d+n$/;

/** A report as a line of text. */
export const encodeReport = (report: DriverReport): string =>
  JSON.stringify(report, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));

/** A report from the text that {@link encodeReport} made. */
export const decodeReport = (text: string): DriverReport =>
  JSON.parse(text, (_, value: unknown) =>
    typeof value === 'string' && BIG.test(value) ? BigInt(value.slice(0, -1)) : value,
  ) as DriverReport;
