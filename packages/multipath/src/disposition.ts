/**
 * What becomes of a command that has come back, or that has no path: the one rule of this package about failures.
 *
 * ```text
 *   0  an ANA status, whatever becomes of the command, makes the path's ANA state pending: unusable until the log was read
 *   1  success                                                     COMPLETE
 *   2  Invalid Field in Command or Invalid Namespace or Format     as 4, whatever DNR says
 *      to a command that has met fewer path errors than there are paths. That is how a controller answers that does not have the
 *      namespace any more, so the path is not used until somebody has looked. If it is there after all, it was the command that was
 *      meant, and the answer is believed the next time
 *   3  Do Not Retry, or an answer and not a fault                  COMPLETE
 *      (Command Abort Requested, Compare Failure)
 *   4  the path's fault: SCT 3h, Aborted due to SQ Deletion. Takes nothing off the retry budget; bounded by time.
 *        path errors met for longer than pathErrorTimeoutNs        FAIL
 *        another path usable                                       FAILOVER, at once; with a pause from the second round on
 *        this path still usable                                    RETRY_SAME_PATH, likewise
 *        some path may become usable                               WAIT
 *        otherwise                                                 FAIL
 *   5  any other error. Takes one off the budget.
 *        budget used up                                            COMPLETE
 *        this path usable                                          RETRY_SAME_PATH after the delay of CRD, 0 without one
 *        another path usable                                       FAILOVER after the same delay
 *        some path may become usable                               WAIT
 *        otherwise                                                 FAIL
 * ```
 *
 * A command whose outcome the *device* did not report may still be carried out later, by the old path. If it changes data, whatever is
 * done about it, even reporting the failure, is held back until the old path is quiet: otherwise the late command could destroy what was
 * written after it. That is `delayNs`, which the caller applies to every action.
 */
import {
  STATUS_ABORT_REQUESTED,
  STATUS_ABORTED_SQ_DELETION,
  STATUS_ANA_INACCESSIBLE,
  STATUS_ANA_PERSISTENT_LOSS,
  STATUS_ANA_TRANSITION,
  STATUS_COMPARE_FAILURE,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
  statusCode,
  statusHasDnr,
  statusIsError,
  statusIsPathError,
} from '@phasebit/nvme-spec';
import { PATH_ERROR_PAUSE_NS, RETRY_LIMIT_DEFAULT } from './limits.js';
import type { PathGroup } from './path-group.js';
import { RANK_UNUSABLE } from './path-state.js';

/** What is to be done with a command, one of the `DISPOSITION_*` numbers. */
export type Disposition = number;

/** Hand the status to whoever submitted the command. */
export const DISPOSITION_COMPLETE = 0;
/** Send it again over the same path. */
export const DISPOSITION_RETRY_SAME_PATH = 1;
/** Send it over another path: forget the path that was kept, and select again. */
export const DISPOSITION_FAILOVER = 2;
/** Keep it until the group has changed, and judge it again with {@link judgeUnsent}. */
export const DISPOSITION_WAIT = 3;
/** No path is left, or none was found in time: hand the status out as a failure. */
export const DISPOSITION_FAIL = 4;

/** How failures are treated: plain numbers, the same for all commands of a device. */
export interface RetryPolicy {
  /** tries after the first for errors that are not the path's; 0 for none, -1 for no limit */
  readonly retryLimit: number;
  /** nanoseconds after its first path error in which a command may be sent again; infinity for no limit */
  readonly pathErrorTimeoutNs: number;
}

/** Three retries, and path errors for as long as a path may recover. */
export const RETRY_POLICY_DEFAULT: RetryPolicy = { retryLimit: RETRY_LIMIT_DEFAULT, pathErrorTimeoutNs: Infinity };

/**
 * Checks a policy that came from outside.
 *
 * @throws RangeError naming the field and the value
 */
export function checkRetryPolicy(policy: RetryPolicy): void {
  const { retryLimit, pathErrorTimeoutNs } = policy;
  if (!(Number.isSafeInteger(retryLimit) && retryLimit >= -1)) {
    throw new RangeError(`retryLimit: expected an integer of -1 or more, got ${retryLimit}`);
  }
  if (!(pathErrorTimeoutNs >= 0))
    throw new RangeError(`pathErrorTimeoutNs: expected 0 or more, got ${pathErrorTimeoutNs}`);
}

/** What is known of a command that has come back. Made once and filled in for each: judging allocates nothing. */
export class CompletionFacts {
  /** NVMe status, 15 bits */
  status = 0;
  /** the path it was sent over */
  path = -1;
  /** retries that the command has used of its budget */
  retries = 0;
  /** path errors that it has met before this one */
  pathErrors = 0;
  /** when it met the first, nanoseconds; infinity for never */
  firstPathErrorNs: number = Infinity;
  /** the time */
  nowNs = 0;
  /** whether the status is the device's own word: false for one that the host made up for a command that was lost */
  isConfirmed = true;
  /** whether the command changes data on the device: write, write zeroes, unmap */
  changesData = false;
}

/** What is to be done. Made once and written by each judgement. */
export class Verdict {
  /** the action, one of `DISPOSITION_*` */
  action: Disposition = DISPOSITION_COMPLETE;
  /** nanoseconds from now until the action may be carried out; a command that waits is not sent, nor failed, before that either */
  delayNs = 0;
  /** whether the command has used one of its retries: count it */
  usesRetry = false;
  /** whether it met a path error: count it, and note the time of the first */
  isPathError = false;
  /** whether somebody has to ask the path's controller for its ANA log: said once per need */
  needsAnaLog = false;
  /** whether somebody has to look whether the path's controller still has the namespace: said once per need */
  needsNamespaceScan = false;
}

/** Judges a command that has come back, by the rule above. Writes `verdict` and gives its action; may make a path's ANA state pending. */
export function judgeCompletion(
  facts: CompletionFacts,
  group: PathGroup,
  policy: RetryPolicy,
  verdict: Verdict,
): Disposition {
  const { status, path, nowNs } = facts;
  verdict.delayNs = 0;
  verdict.usesRetry = false;
  verdict.isPathError = false;
  verdict.needsAnaLog = false;
  verdict.needsNamespaceScan = false;
  if (!statusIsError(status)) return decide(verdict, DISPOSITION_COMPLETE, 0); // 1
  if (isAnaStatus(status) && group.has(path)) verdict.needsAnaLog = group.markAnaPending(path, nowNs);
  const holdNs = facts.changesData && !facts.isConfirmed ? Math.max(0, group.quiescedAtNs(path, nowNs) - nowNs) : 0;
  if (isNamespaceDoubt(status) && group.has(path) && facts.pathErrors < group.count) {
    verdict.needsNamespaceScan = group.doubtNamespace(path);
    return judgePathFault(facts, group, policy, verdict, holdNs); // 2
  }
  if (statusHasDnr(status) || isAnswer(status)) return decide(verdict, DISPOSITION_COMPLETE, holdNs); // 3
  if (isPathFault(status)) return judgePathFault(facts, group, policy, verdict, holdNs); // 4
  return judgeOtherError(facts, group, policy, verdict, holdNs); // 5
}

/** Judges a command that is not on any path: it waits, or was never sent. Gives FAILOVER when a path can be selected, else WAIT or FAIL. */
export function judgeUnsent(facts: CompletionFacts, group: PathGroup, policy: RetryPolicy): Disposition {
  if (isOutOfTime(facts, policy)) return DISPOSITION_FAIL;
  if (group.bestRank !== RANK_UNUSABLE) return DISPOSITION_FAILOVER;
  return group.anyMayBecomeUsable(facts.nowNs) ? DISPOSITION_WAIT : DISPOSITION_FAIL;
}

/** Whether a status says that this controller cannot reach the namespace at the moment: the ANA log has the reason. */
export function isAnaStatus(status: number): boolean {
  const code = statusCode(status);
  return code === STATUS_ANA_PERSISTENT_LOSS || code === STATUS_ANA_INACCESSIBLE || code === STATUS_ANA_TRANSITION;
}

/**
 * Whether a status is one that a controller has for a namespace which is not attached to it: Invalid Field in Command for an inactive
 * identifier, Invalid Namespace or Format for one that can never be active. [Base] 3.2.1.3, 3.2.1.4
 */
export function isNamespaceDoubt(status: number): boolean {
  const code = statusCode(status);
  return code === STATUS_INVALID_NAMESPACE || code === STATUS_INVALID_FIELD;
}

/** Whether a status blames the path and not the command: another path may do. */
export function isPathFault(status: number): boolean {
  return statusIsPathError(status) || statusCode(status) === STATUS_ABORTED_SQ_DELETION;
}

function isAnswer(status: number): boolean {
  const code = statusCode(status);
  return code === STATUS_ABORT_REQUESTED || code === STATUS_COMPARE_FAILURE;
}

function judgePathFault(
  facts: CompletionFacts,
  group: PathGroup,
  policy: RetryPolicy,
  verdict: Verdict,
  holdNs: number,
): Disposition {
  verdict.isPathError = true;
  if (isOutOfTime(facts, policy)) return decide(verdict, DISPOSITION_FAIL, holdNs);
  const pauseNs = facts.pathErrors < group.count ? 0 : PATH_ERROR_PAUSE_NS;
  const delayNs = Math.max(holdNs, pauseNs);
  if (group.isAnotherUsable(facts.path)) return decide(verdict, DISPOSITION_FAILOVER, delayNs);
  if (group.isPathUsable(facts.path)) return decide(verdict, DISPOSITION_RETRY_SAME_PATH, delayNs);
  return decide(verdict, group.anyMayBecomeUsable(facts.nowNs) ? DISPOSITION_WAIT : DISPOSITION_FAIL, holdNs);
}

function judgeOtherError(
  facts: CompletionFacts,
  group: PathGroup,
  policy: RetryPolicy,
  verdict: Verdict,
  holdNs: number,
): Disposition {
  const { status, path, nowNs, retries } = facts;
  if (policy.retryLimit >= 0 && retries >= policy.retryLimit) return decide(verdict, DISPOSITION_COMPLETE, holdNs);
  verdict.usesRetry = true;
  const delayNs = Math.max(holdNs, group.retryDelayNs(path, status));
  if (group.isPathUsable(path)) return decide(verdict, DISPOSITION_RETRY_SAME_PATH, delayNs);
  if (group.bestRank !== RANK_UNUSABLE) return decide(verdict, DISPOSITION_FAILOVER, delayNs);
  return decide(verdict, group.anyMayBecomeUsable(nowNs) ? DISPOSITION_WAIT : DISPOSITION_FAIL, holdNs);
}

function isOutOfTime(facts: CompletionFacts, policy: RetryPolicy): boolean {
  return facts.nowNs - facts.firstPathErrorNs >= policy.pathErrorTimeoutNs;
}

function decide(verdict: Verdict, action: Disposition, delayNs: number): Disposition {
  verdict.action = action;
  verdict.delayNs = delayNs;
  return action;
}

const NAMES: readonly string[] = ['complete', 'retry on the same path', 'fail over', 'wait', 'fail'];

/** Name of a disposition for people. Never throws. */
export function describeDisposition(disposition: Disposition): string {
  return NAMES[disposition] ?? `unknown disposition ${disposition}`;
}
