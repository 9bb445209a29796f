import type { WaitOptions } from '@phasebit/core';
import {
  ADMIN_GET_FEATURES,
  ADMIN_SET_FEATURES,
  FEATURE_CAPABILITIES,
  FEATURE_SEL_CAPABILITIES,
  FEATURE_SEL_CURRENT,
  FEATURE_SEL_DEFAULT,
  FEATURE_SEL_SAVED,
  FEATURES_CDW14,
  GET_FEATURES_CDW10,
  SET_FEATURES_CDW10,
} from '@phasebit/nvme-spec';
import type { AdminQueue } from '../admin-queue.js';

/** Which value of a feature is asked for. */
export type FeatureSelect = 'current' | 'default' | 'saved';

/** What of a feature is asked for. */
export interface GetFeatureOptions extends WaitOptions {
  /** namespace, for the features that belong to one; default 0, the controller's */
  readonly nsid?: number;
  /** which value; default `current`. The others need ONCS, save and select */
  readonly select?: FeatureSelect;
  /** dword 11, for the features that have several values, such as thresholds; default 0 */
  readonly cdw11?: number;
  /** bytes of its data structure; default 0, none */
  readonly bytes?: number;
  /** index into the UUID list; default none */
  readonly uuidIndex?: number;
}

/** How a feature is set. */
export interface SetFeatureOptions extends WaitOptions {
  /** namespace, for the features that belong to one; default 0, the controller's */
  readonly nsid?: number;
  /** keep the value over resets and power cycles; default false */
  readonly save?: boolean;
  /** data structure, for the features that have one; default none */
  readonly data?: Uint8Array;
  /** dwords 12, 13 and 15; default 0 */
  readonly cdw12?: number;
  /** see {@link SetFeatureOptions.cdw12} */
  readonly cdw13?: number;
  /** see {@link SetFeatureOptions.cdw12} */
  readonly cdw15?: number;
  /** index into the UUID list; default none */
  readonly uuidIndex?: number;
}

/** The value of a feature. */
export interface FeatureValue {
  /** completion dword 0 */
  readonly value: number;
  /** its data structure; empty when none was asked for */
  readonly data: Uint8Array;
}

/** What can be done with a feature. */
export interface FeatureCapabilities {
  /** it can be kept over resets and power cycles */
  readonly saveable: boolean;
  /** each namespace has its own value */
  readonly namespaceSpecific: boolean;
  /** it can be changed at all */
  readonly changeable: boolean;
}

const SELECT: Record<FeatureSelect, number> = {
  current: FEATURE_SEL_CURRENT,
  default: FEATURE_SEL_DEFAULT,
  saved: FEATURE_SEL_SAVED,
};

/** Get Features. [Base] 5.1.11 @throws DriverError as `AdminQueue.demand` */
export async function getFeature(
  admin: AdminQueue,
  feature: number,
  options: GetFeatureOptions = {},
): Promise<FeatureValue> {
  const { nsid = 0, select = 'current', cdw11 = 0, bytes = 0, uuidIndex = 0 } = options;
  const cdw10 = GET_FEATURES_CDW10.SEL.set(GET_FEATURES_CDW10.FID.set(0, feature), SELECT[select]);
  const cdw14 = FEATURES_CDW14.UIDX.set(0, uuidIndex);
  const data = new Uint8Array(bytes);
  const { dw0 } = await admin.transfer({ opcode: ADMIN_GET_FEATURES, nsid, cdw10, cdw11, cdw14 }, data, options);
  return { value: dw0, data };
}

/** Get Features, what can be done with a feature. [Base] 5.1.11 @throws DriverError as `AdminQueue.demand` */
export async function getFeatureCapabilities(
  admin: AdminQueue,
  feature: number,
  options: { nsid?: number } & WaitOptions = {},
): Promise<FeatureCapabilities> {
  const cdw10 = GET_FEATURES_CDW10.SEL.set(GET_FEATURES_CDW10.FID.set(0, feature), FEATURE_SEL_CAPABILITIES);
  const { dw0 } = await admin.demand({ opcode: ADMIN_GET_FEATURES, nsid: options.nsid ?? 0, cdw10 }, options);
  return {
    saveable: FEATURE_CAPABILITIES.SAVEABLE.get(dw0) === 1,
    namespaceSpecific: FEATURE_CAPABILITIES.NAMESPACE_SPECIFIC.get(dw0) === 1,
    changeable: FEATURE_CAPABILITIES.CHANGEABLE.get(dw0) === 1,
  };
}

/**
 * Set Features. [Base] 5.1.25
 *
 * @param cdw11 - the value, or what the feature has there
 * @returns completion dword 0
 * @throws DriverError as `AdminQueue.demand`
 */
export async function setFeature(
  admin: AdminQueue,
  feature: number,
  cdw11: number,
  options: SetFeatureOptions = {},
): Promise<number> {
  const { nsid = 0, save = false, data = new Uint8Array(0), cdw12 = 0, cdw13 = 0, cdw15 = 0, uuidIndex = 0 } = options;
  const cdw10 = SET_FEATURES_CDW10.SV.set(SET_FEATURES_CDW10.FID.set(0, feature), save ? 1 : 0);
  const cdw14 = FEATURES_CDW14.UIDX.set(0, uuidIndex);
  const command = { opcode: ADMIN_SET_FEATURES, nsid, cdw10, cdw11, cdw12, cdw13, cdw14, cdw15 };
  return (await admin.send(command, data, options)).dw0;
}
