import type { AllocatedNamespace } from './allocated-namespace.js';
import type { Namespace } from './namespace.js';
import { SPECIAL_DIRECTED } from './namespace-special.js';

/** Bit of `Namespace.directives` for streams: 1 << DIRECTIVE_TYPE_STREAMS. */
const STREAMS_BIT = 1 << 1;

/** What one host has of the streams of one namespace. */
interface HostStreams {
  /** streams for its exclusive use, 0 when it takes those that are left to all */
  allocated: number;
  /** identifiers of the streams that are open, in the order in which they were opened */
  open: number[];
}

/**
 * The Streams directive in one namespace: which hosts have enabled it, and what streams they have. A host without an identifier is one
 * for each controller. [Base] 8.1.8.3
 */
export class NamespaceStreams {
  /** by name of the host; a host that is not here has the directive disabled */
  readonly hosts: Map<string, HostStreams> = new Map<string, HostStreams>();

  /** Whether the host of a controller has the directive enabled. */
  isEnabled(view: Namespace): boolean {
    return this.hosts.has(hostKey(view));
  }

  /** What the host of a controller has, undefined when it has the directive disabled. */
  of(view: Namespace): HostStreams | undefined {
    return this.hosts.get(hostKey(view));
  }

  /** Streams that are for the exclusive use of some host. */
  get allocatedCount(): number {
    return sum(this.hosts.values(), (each) => each.allocated);
  }

  /** Streams open that are nobody's exclusively. */
  get sharedOpenCount(): number {
    return sum(this.hosts.values(), (each) => (each.allocated === 0 ? each.open.length : 0));
  }

  /** Closes every stream; what is allocated stays. */
  closeAll(): void {
    for (const host of this.hosts.values()) host.open = [];
  }
}

/** All streams of a subsystem: how many there are, and who may open one more. */
export class StreamPool {
  /**
   * @param limit - streams open at a time at most
   * @param namespaces - the namespaces that share them
   */
  constructor(
    readonly limit: number,
    private readonly namespaces: () => readonly AllocatedNamespace[],
  ) {}

  /** Streams that are not for the exclusive use of a host. */
  get availableCount(): number {
    return this.limit - sum(this.namespaces(), (each) => each.streams.allocatedCount);
  }

  /** Streams open that are nobody's exclusively. */
  get sharedOpenCount(): number {
    return sum(this.namespaces(), (each) => each.streams.sharedOpenCount);
  }

  /** Identifiers of the streams open that are nobody's exclusively, in order, each once. */
  get sharedOpen(): readonly number[] {
    const hosts = this.namespaces().flatMap((each) => [...each.streams.hosts.values()]);
    const open = hosts.filter((each) => each.allocated === 0).flatMap((each) => each.open);
    return [...new Set(open)].sort((a, b) => a - b);
  }

  /**
   * A write names a stream: opens it if it is not open, for which another one may be closed. Without any streams left for all, the write is
   * one like any other.
   */
  use(view: Namespace, stream: number): void {
    const host = view.allocated.streams.of(view);
    if (stream === 0 || host === undefined || host.open.includes(stream)) return;
    if (host.allocated > 0) {
      if (host.open.length === host.allocated) host.open.shift();
      host.open.push(stream);
      return;
    }
    const available = this.availableCount;
    if (available === 0) return;
    if (this.sharedOpenCount >= available) this.closeOne();
    host.open.push(stream);
  }

  /** Closes streams until no more are open than are left for all. */
  trim(): void {
    while (this.sharedOpenCount > this.availableCount) this.closeOne();
  }

  private closeOne(): void {
    for (const { streams } of this.namespaces()) {
      for (const host of streams.hosts.values()) {
        if (host.allocated > 0 || host.open.length === 0) continue;
        host.open.shift();
        return;
      }
    }
  }
}

/** Enables or disables the directive for the host of a controller, at each controller of that host. */
export function enableStreams(view: Namespace, isEnabled: boolean): void {
  const { hosts } = view.allocated.streams;
  const key = hostKey(view);
  if (!isEnabled) hosts.delete(key);
  else if (!hosts.has(key)) hosts.set(key, { allocated: 0, open: [] });
  for (const each of view.allocated.views) judgeStreams(each);
}

/** Works out anew whether a controller has to look at the directives of commands. */
export function judgeStreams(view: Namespace): void {
  const isEnabled = view.allocated.streams.isEnabled(view);
  view.directives = isEnabled ? STREAMS_BIT : 0;
  view.setSpecial(SPECIAL_DIRECTED, isEnabled);
}

/** A controller was reset: its host loses the directive, unless it goes on at another controller. */
export function forgetStreams(view: Namespace): void {
  const { views, streams } = view.allocated;
  const key = hostKey(view);
  const isElsewhere = views.some((each) => each !== view && hostKey(each) === key);
  if (!isElsewhere) streams.hosts.delete(key);
}

function hostKey({ host, member }: Namespace): string {
  return host.name === '' ? `controller ${member.settings.cntlid}` : host.name;
}

function sum<T>(values: Iterable<T>, amount: (value: T) => number): number {
  let total = 0;
  for (const each of values) total += amount(each);
  return total;
}
