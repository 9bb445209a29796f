import type { Namespace } from '@phasebit/nvme';
import type { StackOptions } from '../cli/bench-options.js';
import type { DeviceFacts } from './device-facts.js';

/** The namespace that most devices have, and most have no other. */
const USUAL_NSID = 1;

/** The namespace that was asked for, or else the first that there is. @throws Error naming those that there are */
export function chooseNamespace({ nsid }: StackOptions, { name, namespaces }: DeviceFacts): number {
  const nsids = namespaces.map((each) => each.nsid);
  if (nsids.length === 0) throw new Error(`${name}: expected an active namespace, found none`);
  if (nsid === undefined) return nsids.includes(USUAL_NSID) ? USUAL_NSID : Math.min(...nsids);
  if (nsids.includes(nsid)) return nsid;
  throw new Error(`--nsid: expected an active namespace of ${name}, one of ${nsids.join(' ')}, got ${nsid}`);
}

/** Refuses a namespace whose blocks the jobs cannot move, or not as asked. @throws Error saying why */
export function expectUsable(
  { layer, pi, scatterSeed }: StackOptions,
  namespace: Namespace,
  { name }: DeviceFacts,
): void {
  const { nsid, unusable, isExtended, metadataBytes, blockBytes, piType } = namespace;
  const which = `namespace ${nsid} of ${name}`;
  const format = `${blockBytes}+${metadataBytes}`;
  if (unusable !== '') throw new Error(`${which}: ${unusable}`);
  if (isExtended) {
    throw new Error(
      `${which}: expected blocks without metadata or with metadata apart, got ${format} with metadata inside`,
    );
  }
  if (metadataBytes > 0 && layer !== 'nvme') {
    throw new Error(
      `${which}: expected --layer=nvme for blocks with metadata (${format}), got --layer=${layer}, which moves data alone`,
    );
  }
  if (metadataBytes > 0 && scatterSeed !== undefined) {
    throw new Error(`${which}: --scatter: expected contiguous memory with metadata, which is one run on the bus`);
  }
  if (pi === true && piType === 0) {
    throw new Error(`--pi: expected a namespace with protection information, ${which} has none`);
  }
}
