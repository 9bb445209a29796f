import type { Log, WaitOptions } from '@phasebit/core';
import {
  CC_CSS_ALL,
  CSI_NVM,
  CTRATT_EXTENDED_LBA_FORMATS,
  type IdentifyController,
  type IdentifyNvmController,
} from '@phasebit/nvme-spec';
import type { AdminQueue } from '../admin-queue.js';
import { activeNamespaces, identifyDescriptors, identifyNamespace, identifyNvmNamespace } from '../admin/identify.js';
import type { Capabilities } from '../bring-up/capabilities.js';
import type { Quirk } from '../bring-up/quirks.js';
import { DriverError } from '../errors.js';
import { NAMESPACES_PROBED_MAX } from '../limits.js';
import { Namespace } from '../namespace.js';

/** What has to be known of a controller to find its namespaces. */
export interface ScannedController {
  readonly admin: AdminQueue;
  readonly log: Log;
  readonly capabilities: Capabilities;
  readonly identity: IdentifyController;
  /** Identify Controller of the NVM command set, where the controller has it */
  readonly limits: IdentifyNvmController | undefined;
  readonly quirks: ReadonlySet<Quirk>;
  readonly transferBytesMax: number;
}

/**
 * Identifiers of the active namespaces that are of the NVM command set, as far as the controller can tell command sets apart. [Base] 5.1.13.2.7
 *
 * @throws DriverError as `AdminQueue.demand`
 */
export async function listNamespaces(of: ScannedController, wait: WaitOptions = {}): Promise<number[]> {
  if (of.quirks.has('IDENTIFY_CNS_0_AND_1_ONLY')) return probeNamespaces(of, wait);
  if (of.capabilities.commandSet === CC_CSS_ALL) {
    try {
      return await activeNamespaces(of.admin, { ...wait, csi: CSI_NVM });
    } catch (error) {
      if (!(error instanceof DriverError && error.code === 'COMMAND_FAILED')) throw error;
      of.log.warn(`namespaces listed whatever their command set: ${error.message}`);
    }
  }
  return activeNamespaces(of.admin, wait);
}

/**
 * Everything there is to know of one namespace; or why it has to be left out, as text.
 *
 * @throws DriverError when the controller cannot be asked
 */
export async function exploreNamespace(
  of: ScannedController,
  nsid: number,
  wait: WaitOptions = {},
): Promise<Namespace | string> {
  const { admin, identity, limits, quirks, transferBytesMax } = of;
  try {
    const hasDescriptors = !quirks.has('IDENTIFY_CNS_0_AND_1_ONLY') && !quirks.has('NO_NAMESPACE_DESCRIPTORS');
    const { uuid = '', csi = CSI_NVM } = hasDescriptors ? await identifyDescriptors(admin, nsid, wait) : {};
    if (csi !== CSI_NVM) return `expected the NVM command set, got command set ${csi}`;
    const identify = await identifyNamespace(admin, nsid, wait);
    const hasExtendedFormats = (identity.ctratt & CTRATT_EXTENDED_LBA_FORMATS) !== 0;
    const nvm = hasExtendedFormats ? await identifyNvmNamespace(admin, nsid, wait) : undefined;
    const facts = {
      controller: identity,
      mdtsExcludesMetadata: quirks.has('MDTS_EXCLUDES_METADATA'),
      ...(nvm === undefined ? {} : { nvm }),
      ...(limits === undefined ? {} : { limits }),
    };
    const namespace = new Namespace(nsid, identify, uuid, transferBytesMax, facts);
    return namespace.unusable === '' ? namespace : namespace.unusable;
  } catch (error) {
    // What the decoders refuse: a size of 2^53 blocks or more, a descriptor of an impossible length.
    if (error instanceof RangeError) return error.message;
    // A namespace that was taken away since the list was read, or that cannot say what it is.
    if (error instanceof DriverError && error.code === 'COMMAND_FAILED') return error.message;
    throw error;
  }
}

/** For controllers without lists: an inactive namespace has a size of zero. [Base] 3.2.1.4 */
async function probeNamespaces({ admin, identity, log }: ScannedController, wait: WaitOptions): Promise<number[]> {
  const last = Math.min(identity.nn, NAMESPACES_PROBED_MAX);
  if (last < identity.nn) log.warn(`only the first ${last} of ${identity.nn} namespace identifiers are looked at`);
  const found: number[] = [];
  for (let nsid = 1; nsid <= last; nsid++) {
    if ((await identifyNamespace(admin, nsid, wait)).nsze !== 0) found.push(nsid);
  }
  return found;
}
