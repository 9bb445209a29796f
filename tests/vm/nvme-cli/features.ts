import {
  FEATURE_ARBITRATION,
  FEATURE_ASYNC_EVENT_CONFIG,
  FEATURE_AUTONOMOUS_POWER_STATE,
  FEATURE_COMMAND_SET_PROFILE,
  FEATURE_HOST_BEHAVIOR,
  FEATURE_HOST_IDENTIFIER,
  FEATURE_HOST_MEMORY_BUFFER,
  FEATURE_INTERRUPT_COALESCING,
  FEATURE_INTERRUPT_VECTOR_CONFIG,
  FEATURE_KEEP_ALIVE_TIMER,
  FEATURE_NUMBER_OF_QUEUES,
  FEATURE_POWER_MANAGEMENT,
  FEATURE_TEMPERATURE_THRESHOLD,
  FEATURE_TIMESTAMP,
  FEATURE_VOLATILE_WRITE_CACHE,
  FEATURE_WRITE_ATOMICITY,
} from '@phasebit/nvme-spec';

/** What Get Features answered: dword 0, or the status. */
export interface ToldFeature {
  readonly fid: number;
  readonly status: number;
  readonly value: number;
}

/** The features that are asked for, those included that a controller may refuse. */
export const FEATURES_ASKED: readonly number[] = [
  FEATURE_ARBITRATION,
  FEATURE_POWER_MANAGEMENT,
  FEATURE_TEMPERATURE_THRESHOLD,
  FEATURE_VOLATILE_WRITE_CACHE,
  FEATURE_NUMBER_OF_QUEUES,
  FEATURE_INTERRUPT_COALESCING,
  FEATURE_INTERRUPT_VECTOR_CONFIG,
  FEATURE_WRITE_ATOMICITY,
  FEATURE_ASYNC_EVENT_CONFIG,
  FEATURE_AUTONOMOUS_POWER_STATE,
  FEATURE_HOST_MEMORY_BUFFER,
  FEATURE_TIMESTAMP,
  FEATURE_KEEP_ALIVE_TIMER,
  FEATURE_HOST_BEHAVIOR,
  FEATURE_COMMAND_SET_PROFILE,
  FEATURE_HOST_IDENTIFIER,
];

/** Features with a data structure, and its bytes. nvme-cli asks for it by itself. */
export const FEATURE_DATA_BYTES: ReadonlyMap<number, number> = new Map([
  [FEATURE_TIMESTAMP, 8],
  [FEATURE_HOST_BEHAVIOR, 512],
  [FEATURE_HOST_IDENTIFIER, 8],
]);

/** Values that the driver sets for itself, and why they may differ. */
const SET_BY_THE_DRIVER: ReadonlyMap<number, string> = new Map([
  [FEATURE_ASYNC_EVENT_CONFIG, 'each driver asks for the events that it understands'],
]);

const VALUE = /^get-feature:0x([0-9a-f]+) \(.*\), Current value:(?:0x)?([0-9a-f]+)$/im;
const STATUS = /NVMe status: .*\(0x([0-9a-f]+)\)/i;

/** What `nvme get-feature -f fid` printed. @throws Error when it is neither a value nor a status */
export function parseFeature(fid: number, printed: string): ToldFeature {
  const value = VALUE.exec(printed);
  if (value !== null && Number.parseInt(value[1], 16) === fid) {
    return { fid, status: 0, value: Number.parseInt(value[2], 16) };
  }
  const status = STATUS.exec(printed)?.[1];
  if (status === undefined) throw new Error(`get-feature ${fid}: expected a value or a status, got:\n${printed}`);
  return { fid, status: Number.parseInt(status, 16), value: 0 };
}

/** Compares what both were told. @returns a line for each difference */
export function compareFeatures(theirs: readonly ToldFeature[], ours: readonly ToldFeature[]): string[] {
  const byFid = new Map(ours.map((each) => [each.fid, each]));
  return theirs.flatMap(({ fid, status, value }) => {
    const mine = byFid.get(fid);
    if (mine === undefined) return [`get-feature ${fid}: nvme-cli was asked, ours was not`];
    const isEqual = status === mine.status && (status !== 0 || value === mine.value || SET_BY_THE_DRIVER.has(fid));
    return isEqual
      ? []
      : [`get-feature ${fid}: nvme-cli ${told(status, value)}, ours ${told(mine.status, mine.value)}`];
  });
}

const told = (status: number, value: number): string =>
  status === 0 ? `says 0x${value.toString(16)}` : `is refused with 0x${status.toString(16)}`;
