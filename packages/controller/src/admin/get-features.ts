import {
  FEATURE_CAPABILITIES,
  FEATURE_SEL_CAPABILITIES,
  FEATURE_SEL_CURRENT,
  FEATURE_SEL_DEFAULT,
  GET_FEATURES_CDW10,
  NSID_BROADCAST,
  SQE_CDW10,
  SQE_NSID,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import { refuse } from './admin-handler.js';
import type { Feature, FeatureSelect } from './feature.js';
import { FEATURE_TABLE } from './feature-table.js';

/** Get Features: the current, default or saved value, or what may be done with the feature. [Base] 5.1.11, 4.4 */
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
  return status === 0 ? feature.get(inside, command, selectOf(select)) : status;
}

function selectOf(select: number): FeatureSelect {
  if (select === FEATURE_SEL_CURRENT) return 'current';
  return select === FEATURE_SEL_DEFAULT ? 'default' : 'saved';
}

function capabilities(feature: Feature): number {
  const scope = feature.scope === 'namespace' ? FEATURE_CAPABILITIES.NAMESPACE_SPECIFIC.mask : 0;
  const saveable = feature.isSaveable ? FEATURE_CAPABILITIES.SAVEABLE.mask : 0;
  return scope | saveable | FEATURE_CAPABILITIES.CHANGEABLE.mask;
}

/** A namespace given for a feature of the controller is checked and otherwise does not matter. */
function checkNamespace(inside: Internals, command: Command, feature: Feature): number {
  const { nsid } = command;
  if (feature.scope === 'subsystem') return nsid === 0 ? 0 : refuse(command, STATUS_INVALID_FIELD, SQE_NSID);
  if (feature.scope === 'controller' && (nsid === 0 || nsid === NSID_BROADCAST)) return 0;
  if (nsid === NSID_BROADCAST) {
    // [Base] 4.4: there is no value of all namespaces, and it is not the host's field that is called wrong unless the feature says so.
    const status = feature.refusesBroadcastGet === true ? STATUS_INVALID_FIELD : STATUS_INVALID_NAMESPACE;
    return refuse(command, status, SQE_NSID);
  }
  return inside.namespaces.get(nsid) === undefined ? refuse(command, inside.namespaces.refusal(nsid), SQE_NSID) : 0;
}
