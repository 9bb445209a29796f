import {
  NSID_BROADCAST,
  SET_FEATURES_CDW10,
  SQE_CDW10,
  SQE_NSID,
  STATUS_FEATURE_NOT_NAMESPACE_SPECIFIC,
  STATUS_FEATURE_NOT_SAVEABLE,
  STATUS_INVALID_FIELD,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import { refuse } from './admin-handler.js';
import type { Feature } from './feature.js';
import { FEATURE_TABLE } from './feature-table.js';

/** Set Features: the current value, and with SV the saved one too. A feature of the controller takes no namespace. [Base] 5.1.25, 4.4 */
export function setFeatures(inside: Internals, command: Command): number {
  const cdw10 = command.cdw(10);
  const feature = FEATURE_TABLE.get(SET_FEATURES_CDW10.FID.get(cdw10));
  if (feature?.isPresent(inside) !== true) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW10);
  if (SET_FEATURES_CDW10.SV.get(cdw10) !== 0 && !feature.isSaveable) {
    return refuse(command, STATUS_FEATURE_NOT_SAVEABLE, SQE_CDW10 + 3);
  }
  const { restriction } = inside.subsystem.sanitizer;
  if (feature.isHeldBySanitize === true && restriction !== 0) return refuse(command, restriction, SQE_CDW10);
  const status = checkNamespace(inside, command, feature);
  return status === 0 ? feature.set(inside, command) : status;
}

function checkNamespace(inside: Internals, command: Command, { scope }: Feature): number {
  const { nsid } = command;
  if (scope === 'subsystem') return nsid === 0 ? 0 : refuse(command, STATUS_INVALID_FIELD, SQE_NSID);
  if (nsid === NSID_BROADCAST) return 0;
  if (nsid === 0) return scope === 'namespace' ? refuse(command, inside.namespaces.refusal(nsid), SQE_NSID) : 0;
  if (inside.namespaces.get(nsid) === undefined) return refuse(command, inside.namespaces.refusal(nsid), SQE_NSID);
  return scope === 'namespace' ? 0 : refuse(command, STATUS_FEATURE_NOT_NAMESPACE_SPECIFIC, SQE_NSID);
}
