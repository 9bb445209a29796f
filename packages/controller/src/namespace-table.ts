import { assert } from '@phasebit/core';
import { NSID_BROADCAST, STATUS_DNR, STATUS_INVALID_FIELD, STATUS_INVALID_NAMESPACE } from '@phasebit/nvme-spec';
import type { Namespace } from './namespace.js';

/** The namespaces of a controller by identifier. */
export class NamespaceTable {
  /** Slot `nsid` holds that namespace, or undefined when the identifier is inactive; slot 0 is never used. */
  readonly slots: (Namespace | undefined)[] = [];

  /** @param largestNsid - Identify Controller NN: identifiers above it are invalid */
  constructor(largestNsid: number) {
    for (let nsid = 0; nsid <= largestNsid; nsid++) this.slots.push(undefined);
  }

  /** The largest valid namespace identifier, Identify Controller NN. */
  get largestNsid(): number {
    return this.slots.length - 1;
  }

  /** The active namespaces in order of their identifiers. */
  get active(): readonly Namespace[] {
    return this.slots.filter((each) => each !== undefined);
  }

  /** The namespace of an identifier, or undefined when it is not an active one. */
  get(nsid: number): Namespace | undefined {
    return nsid < this.slots.length ? this.slots[nsid] : undefined;
  }

  /** Puts a namespace into its slot, which is free. */
  add(namespace: Namespace): void {
    assert(namespace.nsid < this.slots.length, 'a namespace identifier is within the table');
    assert(this.slots[namespace.nsid] === undefined, 'a namespace identifier is used once');
    this.slots[namespace.nsid] = namespace;
  }

  /** Takes a namespace out; its identifier is inactive from then on. */
  remove(nsid: number): void {
    assert(this.get(nsid) !== undefined, 'only an active namespace is removed');
    this.slots[nsid] = undefined;
  }

  /**
   * Why a command cannot use an identifier that {@link NamespaceTable.get} gave nothing for: an identifier that can never be
   * one of ours is invalid; one that is only inactive is an invalid field, and so is that of all namespaces. [Base] 4.1.1
   */
  refusal(nsid: number): number {
    if (nsid === NSID_BROADCAST) return STATUS_INVALID_FIELD | STATUS_DNR;
    const isValid = nsid !== 0 && nsid <= this.largestNsid;
    return (isValid ? STATUS_INVALID_FIELD : STATUS_INVALID_NAMESPACE) | STATUS_DNR;
  }
}
