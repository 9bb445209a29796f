import type { WaitOptions } from '@phasebit/core';
import type { Namespace } from '../namespace.js';
import { exploreNamespace, listNamespaces, type ScannedController } from './namespace-scan.js';

/** A namespace that is no longer what it was. */
export interface ChangedNamespace {
  /** what it was; who still uses it finds commands failing, or worse, going to other blocks than meant */
  readonly before: Namespace;
  /** what it is */
  readonly now: Namespace;
}

/** How the namespaces of a controller have changed. Each namespace is an object that never changes itself. */
export interface NamespaceChanges {
  /** namespaces that were not there */
  readonly added: readonly Namespace[];
  /** namespaces that are not there any more, or cannot be used any more */
  readonly removed: readonly Namespace[];
  /** namespaces whose size, format or other attributes have changed */
  readonly changed: readonly ChangedNamespace[];
}

/** The active namespaces of a controller. The table stays the same object; what is in it changes. */
export class NamespaceTable {
  /** by namespace identifier, ascending after each {@link NamespaceTable.refresh} */
  readonly byNsid: Map<number, Namespace> = new Map<number, Namespace>();
  private readonly fingerprints = new Map<number, string>();

  /**
   * Asks the controller for its namespaces and brings the table up to date, all at once at the end.
   *
   * @param onListed - called when the list is there and the namespaces are asked about one by one
   * @throws DriverError when the controller cannot be asked; the table is as it was then
   */
  async refresh(
    of: ScannedController,
    wait: WaitOptions = {},
    onListed: () => void = () => undefined,
  ): Promise<NamespaceChanges> {
    const found: Namespace[] = [];
    const nsids = await listNamespaces(of, wait);
    onListed();
    for (const nsid of nsids) {
      const namespace = await exploreNamespace(of, nsid, wait);
      if (typeof namespace === 'string') of.log.warn(`namespace ${nsid} left out: ${namespace}`);
      else found.push(namespace);
    }
    return this.replace(found);
  }

  private replace(found: readonly Namespace[]): NamespaceChanges {
    const added: Namespace[] = [];
    const changed: ChangedNamespace[] = [];
    const before = new Map(this.byNsid);
    this.byNsid.clear();
    for (const namespace of found) {
      const { nsid } = namespace;
      const fingerprint = fingerprintOf(namespace);
      const previous = before.get(nsid);
      before.delete(nsid);
      const isSame = previous !== undefined && this.fingerprints.get(nsid) === fingerprint;
      // What has not changed stays the object that its users have.
      this.byNsid.set(nsid, isSame ? previous : namespace);
      this.fingerprints.set(nsid, fingerprint);
      if (previous === undefined) added.push(namespace);
      else if (!isSame) changed.push({ before: previous, now: namespace });
    }
    for (const nsid of before.keys()) this.fingerprints.delete(nsid);
    return { added, removed: [...before.values()], changed };
  }
}

/** Whether anything has changed at all. */
export function hasChanges({ added, removed, changed }: NamespaceChanges): boolean {
  return added.length + removed.length + changed.length !== 0;
}

/** All that was said of a namespace but how much of it is in use, which is different each time. */
function fingerprintOf(namespace: Namespace): string {
  return JSON.stringify(namespace, (key, value: unknown) => {
    if (key === 'nuse') return undefined;
    return typeof value === 'bigint' ? `${value}n` : value;
  });
}
