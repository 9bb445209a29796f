import {
  LOG_ANA,
  LOG_AVE_DISCOVERY,
  LOG_DISCOVERY,
  LOG_DISPERSED_NAMESPACE_SUBSYSTEMS,
  LOG_HOST_DISCOVERY,
  LOG_PERSISTENT_EVENT,
  LOG_REACHABILITY_ASSOCIATIONS,
  LOG_REACHABILITY_GROUPS,
  LOG_TELEMETRY_CONTROLLER,
  LOG_TELEMETRY_HOST,
} from '@phasebit/nvme-spec';

/** Where a log page says which version of itself it is. */
export interface LogGeneration {
  /** byte offset of the count */
  readonly offset: number;
  /** bytes of the count */
  readonly bytes: number;
}

const CHANGE_COUNT_FIRST: LogGeneration = { offset: 0, bytes: 8 };

/** Log pages with a change count or a generation number. A page that is read in pieces is one page only if it did not move. [Base] 5.1.12.1 */
export const LOG_GENERATIONS: ReadonlyMap<number, LogGeneration> = new Map<number, LogGeneration>([
  [LOG_TELEMETRY_HOST, { offset: 381, bytes: 1 }],
  [LOG_TELEMETRY_CONTROLLER, { offset: 383, bytes: 1 }],
  [LOG_PERSISTENT_EVENT, { offset: 372, bytes: 2 }],
  [LOG_ANA, CHANGE_COUNT_FIRST],
  [LOG_DISPERSED_NAMESPACE_SUBSYSTEMS, CHANGE_COUNT_FIRST],
  [LOG_REACHABILITY_GROUPS, CHANGE_COUNT_FIRST],
  [LOG_REACHABILITY_ASSOCIATIONS, CHANGE_COUNT_FIRST],
  [LOG_DISCOVERY, CHANGE_COUNT_FIRST],
  [LOG_HOST_DISCOVERY, CHANGE_COUNT_FIRST],
  [LOG_AVE_DISCOVERY, CHANGE_COUNT_FIRST],
]);

/**
 * Log pages whose parameter (LSP) is an action, capturing data or establishing a context: it belongs to the first piece only, or each
 * piece would be of another capture. [Base] 5.1.12.1.8, 5.1.12.1.14
 */
export const LOGS_WITH_ACTION: ReadonlySet<number> = new Set([LOG_TELEMETRY_HOST, LOG_PERSISTENT_EVENT]);
