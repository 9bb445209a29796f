import { CHANGED_NAMESPACES_OVERFLOW, NAMESPACE_LIST_BYTES, NAMESPACE_LIST_ENTRIES } from '@phasebit/nvme-spec';

/** The namespaces that changed since the host last read the Changed Attached Namespace List. [Base] 5.1.12.1.5 */
export class ChangedNamespaces {
  private readonly nsids = new Set<number>();

  /** A namespace was attached, detached or changed. */
  add(nsid: number): void {
    this.nsids.add(nsid);
  }

  /** The list was read. */
  clear(): void {
    this.nsids.clear();
  }

  /** The log page: identifiers in order, or the mark that there are more than it holds. */
  page(): Uint8Array {
    const view = new DataView(new ArrayBuffer(NAMESPACE_LIST_BYTES));
    const sorted = [...this.nsids].sort((a, b) => a - b);
    if (sorted.length > NAMESPACE_LIST_ENTRIES) view.setUint32(0, CHANGED_NAMESPACES_OVERFLOW, true);
    else sorted.forEach((nsid, i) => view.setUint32(i * 4, nsid, true));
    return new Uint8Array(view.buffer);
  }
}
