/**
 * Path policy for NVMe namespaces that can be reached over several controllers: what is known of each path, which one the next command
 * takes, and what becomes of a command that failed. No I/O is done here and no clock is read: everything is a function of what it is told.
 * Start with {@link PathGroup}, then {@link judgeCompletion}.
 *
 * @packageDocumentation
 */

// 1. What is known of the paths
export { PathGroup } from './path-group.js';
export { type IdentifiedTraits, type PathTraits, pathTraitsOf } from './path-traits.js';
export {
  ANA_STATE_UNKNOWN,
  CONTROLLER_CONNECTING,
  CONTROLLER_DELETING,
  CONTROLLER_FAILED,
  CONTROLLER_LIVE,
  CONTROLLER_RESETTING,
  type ControllerState,
  describeControllerState,
  isAnaTransition,
  mayPathRecover,
  NAMESPACE_DOUBTFUL,
  NAMESPACE_GONE,
  NAMESPACE_READY,
  type NamespaceState,
  nextAnaDeadline,
  pathRank,
  type PathRank,
  RANK_NON_OPTIMIZED,
  RANK_OPTIMIZED,
  RANK_UNUSABLE,
} from './path-state.js';

// 2. Which path the next command takes
export { nextBest, type PathSelector } from './selector.js';
export { type ActivePassiveOptions, ActivePassiveSelector } from './active-passive-selector.js';
export { type RoundRobinOptions, RoundRobinSelector } from './round-robin-selector.js';
export { QueueDepthSelector } from './queue-depth-selector.js';
export { NumaSelector } from './numa-selector.js';

// 3. What becomes of a command that failed
export {
  checkRetryPolicy,
  CompletionFacts,
  describeDisposition,
  type Disposition,
  DISPOSITION_COMPLETE,
  DISPOSITION_FAIL,
  DISPOSITION_FAILOVER,
  DISPOSITION_RETRY_SAME_PATH,
  DISPOSITION_WAIT,
  isAnaStatus,
  isNamespaceDoubt,
  isPathFault,
  judgeCompletion,
  judgeUnsent,
  RETRY_POLICY_DEFAULT,
  type RetryPolicy,
  Verdict,
} from './disposition.js';

// 4. A controller that was lost
export { checkReconnectOptions, RECONNECT_NEVER, type ReconnectOptions } from './reconnect-options.js';
export { ReconnectTimer, TIMER_CTRLR_LOST, TIMER_FAST_IO_FAIL, TIMER_RECONNECT } from './reconnect-timer.js';

// 5. The ANA log
export {
  anaLogBytesMax,
  type AnaLogLimits,
  type AnaLogProblem,
  type AnaLogResult,
  anaStateOfGroup,
  anaStateOfNamespace,
  parseAnaLog,
} from './ana-log.js';

// 6. Bounds
export { ANATT_DEFAULT_NS, CRDT_UNIT_NS, PATH_ERROR_PAUSE_NS, PATHS_MAX, RETRY_LIMIT_DEFAULT } from './limits.js';
