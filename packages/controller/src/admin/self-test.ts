import {
  NSID_BROADCAST,
  SELF_TEST_ABORT,
  SELF_TEST_CDW10,
  SELF_TEST_EXTENDED,
  SELF_TEST_RESULT_ABORTED,
  SELF_TEST_SHORT,
  SQE_CDW10,
  SQE_NSID,
  STATUS_INVALID_FIELD,
  STATUS_SELF_TEST_IN_PROGRESS,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import { refuse } from './admin-handler.js';

/** Device Self-test: starts a short or extended test in the background, or ends the one that runs. [Base] 5.1.5 */
export function deviceSelfTest(inside: Internals, command: Command): number {
  const { selfTest, namespaces } = inside;
  const { nsid } = command;
  const code = SELF_TEST_CDW10.STC.get(command.cdw(10));
  if (code === SELF_TEST_ABORT) {
    selfTest.abort(SELF_TEST_RESULT_ABORTED);
    return 0;
  }
  if (code !== SELF_TEST_SHORT && code !== SELF_TEST_EXTENDED) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW10);
  // Either is about a moment, so there is no DNR.
  if (selfTest.isRunning) return STATUS_SELF_TEST_IN_PROGRESS;
  if (nsid !== 0 && nsid !== NSID_BROADCAST && namespaces.get(nsid) === undefined) {
    return refuse(command, namespaces.refusal(nsid), SQE_NSID);
  }
  selfTest.start(code, nsid);
  return 0;
}
