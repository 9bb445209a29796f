import type { AllocatedNamespace } from './allocated-namespace.js';
import type { HostIdentity } from './host-identity.js';
import type { Internals } from './internals.js';
import type { Namespace } from './namespace.js';
import { isExtendedFormat } from './namespace-format.js';
import { SPECIAL_EXTENDED } from './namespace-special.js';
import { judgeReservation } from './reservations/reservation-refusal.js';
import { judgeStreams } from './streams.js';

/** Makes an allocated namespace an active one of a controller. Its identifier is inactive there until now. */
export function attachNamespace(inside: Internals, allocated: AllocatedNamespace): void {
  const view = allocated.attach(inside);
  view.limitTransfers(inside.transferBytesMax);
  view.setPathStatus(inside.ana.pathStatus(allocated.anaGroupId));
  inside.namespaces.add(view);
  meetHost(inside, allocated);
  judgeFormat(view);
}

/** Judges anew whether the host of a controller knows the format of a namespace well enough to use it. [NVM] 4.1.3.6.1 */
export function judgeFormat(view: Namespace): void {
  const { allocated, member } = view;
  const isExtended = isExtendedFormat(allocated.format, allocated.formatIndex);
  view.setSpecial(SPECIAL_EXTENDED, isExtended && !member.features.takesExtendedFormats);
}

/** Makes an active namespace of a controller inactive; commands to it fail from now on. */
export function detachNamespace(inside: Internals, nsid: number): void {
  const view = inside.namespaces.get(nsid)!;
  inside.namespaces.remove(nsid);
  view.allocated.detach(view);
}

/** A host has said who it is, or a reset has made it nobody: its rights change with that. */
export function associateHost(inside: Internals, host: HostIdentity): void {
  inside.features.host = host;
  for (const { allocated } of inside.namespaces.active) meetHost(inside, allocated);
}

function meetHost({ namespaces, features }: Internals, allocated: AllocatedNamespace): void {
  const view = namespaces.get(allocated.nsid)!;
  view.host = features.host;
  judgeStreams(view);
  judgeReservation(allocated);
}
