import {
  ANA_GROUP_AGID,
  ANA_GROUP_ANAS,
  ANA_GROUP_BYTES,
  ANA_GROUP_CHGCNT,
  ANA_GROUP_NNV,
  ANA_HEADER_BYTES,
  ANA_HEADER_CHGCNT,
  ANA_HEADER_NAGD,
  ANA_STATE_CHANGE,
  ANA_STATE_INACCESSIBLE,
  ANA_STATE_NON_OPTIMIZED,
  ANA_STATE_OPTIMIZED,
  ANA_STATE_PERSISTENT_LOSS,
  STATUS_ANA_INACCESSIBLE,
  STATUS_ANA_PERSISTENT_LOSS,
  STATUS_ANA_TRANSITION,
} from '@phasebit/nvme-spec';
import type { NamespaceTable } from './namespace-table.js';

interface Group {
  state: number;
  changes: number;
}

/**
 * The ANA groups as this controller sees them, and the status that I/O to their namespaces gets. [Base] 8.1.1
 * None of these statuses has DNR: another path may do it, or the same one later.
 */
export class AnaGroups {
  private readonly groups: Group[];
  private changes = 0;

  /** @param count - number of groups; their identifiers are 1 to `count`, all optimized at first */
  constructor(
    count: number,
    private readonly namespaces: NamespaceTable,
  ) {
    this.groups = Array.from({ length: count }, () => ({ state: ANA_STATE_OPTIMIZED, changes: 0 }));
  }

  /** The state of a group, ANA_STATE_*. @throws RangeError when there is no such group */
  stateOf(groupId: number): number {
    return this.find(groupId).state;
  }

  /** Changes the state of a group. @returns whether it was another one @throws RangeError for an unknown group or state */
  setState(groupId: number, state: number): boolean {
    const group = this.find(groupId);
    const status = statusOf(state);
    if (group.state === state) return false;
    group.state = state;
    group.changes = ++this.changes;
    for (const namespace of this.namespaces.active) {
      if (namespace.anaGroupId === groupId) namespace.setPathStatus(status);
    }
    return true;
  }

  /** The status that I/O to a namespace of a group gets, 0 while it is accessible; group 0 always is. */
  pathStatus(groupId: number): number {
    return groupId === 0 ? 0 : statusOf(this.stateOf(groupId));
  }

  /** The log page. [Base] 5.1.12.1.13 @param groupsOnly - leave out which namespaces belong to the groups */
  page(groupsOnly: boolean): Uint8Array {
    const members = this.groups.map((_, i) =>
      groupsOnly ? [] : this.namespaces.active.filter((each) => each.anaGroupId === i + 1),
    );
    const bytes = members.reduce((sum, each) => sum + ANA_GROUP_BYTES + each.length * 4, ANA_HEADER_BYTES);
    const view = new DataView(new ArrayBuffer(bytes));
    view.setUint32(ANA_HEADER_CHGCNT, this.changes, true);
    view.setUint16(ANA_HEADER_NAGD, this.groups.length, true);
    let at = ANA_HEADER_BYTES;
    this.groups.forEach((group, i) => {
      view.setUint32(at + ANA_GROUP_AGID, i + 1, true);
      view.setUint32(at + ANA_GROUP_NNV, members[i].length, true);
      view.setUint32(at + ANA_GROUP_CHGCNT, group.changes, true);
      view.setUint8(at + ANA_GROUP_ANAS, group.state);
      at += ANA_GROUP_BYTES;
      for (const { nsid } of members[i]) {
        view.setUint32(at, nsid, true);
        at += 4;
      }
    });
    return new Uint8Array(view.buffer);
  }

  private find(groupId: number): Group {
    const group = this.groups[groupId - 1];
    if (group === undefined) throw new RangeError(`groupId: expected 1 to ${this.groups.length}, got ${groupId}`);
    return group;
  }
}

function statusOf(state: number): number {
  switch (state) {
    case ANA_STATE_OPTIMIZED:
    case ANA_STATE_NON_OPTIMIZED:
      return 0;
    case ANA_STATE_INACCESSIBLE:
      return STATUS_ANA_INACCESSIBLE;
    case ANA_STATE_PERSISTENT_LOSS:
      return STATUS_ANA_PERSISTENT_LOSS;
    case ANA_STATE_CHANGE:
      return STATUS_ANA_TRANSITION;
    default:
      throw new RangeError(`state: expected an ANA state, got ${state}`);
  }
}

/** First byte of an entry of the log page: the header is entry 0, the groups follow. Undefined past the last one. [Base] 5.1.12.1.13 */
export function entryOfAnaPage(page: Uint8Array, index: number): number | undefined {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  if (index > view.getUint16(ANA_HEADER_NAGD, true)) return undefined;
  let at = 0;
  for (let i = 0; i < index; i++) {
    at += i === 0 ? ANA_HEADER_BYTES : ANA_GROUP_BYTES + view.getUint32(at + ANA_GROUP_NNV, true) * 4;
  }
  return at;
}
