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
import { FEATURE_TABLE, type Feature } from './feature-table.js';

/** Set Features. Nothing can be saved; a feature of the controller takes no namespace. [Base] 5.1.25, 4.4 */
export function setFeatures(inside: Internals, command: Command): number {
  const cdw10 = command.cdw(10);
  const feature = FEATURE_TABLE.get(SET_FEATURES_CDW10.FID.get(cdw10));
  if (feature?.isPresent(inside) !== true) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW10);
  if (SET_FEATURES_CDW10.SV.get(cdw10) !== 0) return refuse(command, STATUS_FEATURE_NOT_SAVEABLE, SQE_CDW10 + 3);
  const status = checkNamespace(inside, command, feature);
  return status === 0 ? feature.set(inside, command) : status;
}

function checkNamespace(inside: Internals, command: Command, feature: Feature): number {
  const { nsid } = command;
  if (nsid === NSID_BROADCAST) return 0;
  if (nsid === 0) return feature.isOfNamespace ? refuse(command, inside.namespaces.refusal(nsid), SQE_NSID) : 0;
  if (inside.namespaces.get(nsid) === undefined) return refuse(command, inside.namespaces.refusal(nsid), SQE_NSID);
  return feature.isOfNamespace ? 0 : refuse(command, STATUS_FEATURE_NOT_NAMESPACE_SPECIFIC, SQE_NSID);
}
