import {
  FEATURE_CAPABILITIES,
  FEATURE_SEL_CAPABILITIES,
  FEATURE_SEL_CURRENT,
  GET_FEATURES_CDW10,
  NSID_BROADCAST,
  SQE_CDW10,
  SQE_NSID,
  STATUS_INVALID_FIELD,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import { refuse } from './admin-handler.js';
import { FEATURE_TABLE, type Feature } from './feature-table.js';

/**
 * Get Features. No feature is saveable, so the saved value is the default. A namespace given for a feature of the controller is
 * checked and otherwise does not matter. [Base] 5.1.11, 4.4
 */
export function getFeatures(inside: Internals, command: Command): number {
  const cdw10 = command.cdw(10);
  const feature = FEATURE_TABLE.get(GET_FEATURES_CDW10.FID.get(cdw10));
  const select = GET_FEATURES_CDW10.SEL.get(cdw10);
  if (feature?.isPresent(inside) !== true) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW10);
  if (select > FEATURE_SEL_CAPABILITIES) return refuse(command, STATUS_INVALID_FIELD, SQE_CDW10 + 1);
  if (select === FEATURE_SEL_CAPABILITIES) {
    command.result = capabilities(feature);
    return 0;
  }
  const status = checkNamespace(inside, command, feature);
  if (status !== 0) return status;
  return feature.get(inside, command, select === FEATURE_SEL_CURRENT ? 'current' : 'default');
}

function capabilities(feature: Feature): number {
  const scope = feature.isOfNamespace ? FEATURE_CAPABILITIES.NAMESPACE_SPECIFIC.mask : 0;
  return scope | FEATURE_CAPABILITIES.CHANGEABLE.mask;
}

function checkNamespace(inside: Internals, command: Command, feature: Feature): number {
  const { nsid } = command;
  const isController = nsid === 0 || nsid === NSID_BROADCAST;
  if (!feature.isOfNamespace && isController) return 0;
  return inside.namespaces.get(nsid) === undefined ? refuse(command, inside.namespaces.refusal(nsid), SQE_NSID) : 0;
}
