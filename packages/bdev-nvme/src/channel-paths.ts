import { CONTROLLER_LIVE, NAMESPACE_GONE, PathGroup, pathTraitsOf } from '@phasebit/multipath';
import type { QueuePair } from '@phasebit/nvme';
import type { NvmePath } from './nvme-path.js';

/** Keeps a channel's path group up to date with its paths: states of the controllers, queue pairs, namespaces, ANA states. */
export class ChannelPaths {
  /** what the selectors and the rule about failures read; path `i` is `paths[i]` */
  readonly group: PathGroup;
  /** the queue pairs there are, to be polled */
  pairs: readonly QueuePair[] = [];
  private readonly paths: readonly NvmePath[];
  private readonly anaVersions: Int32Array;
  private readonly isConnected: Uint8Array;
  /** when a path was last found lost, infinity while it is not */
  private readonly lostAtNs: Float64Array;

  /** @param nowNs - the time, from which on a path that is not there is waited for */
  constructor(paths: readonly NvmePath[], nowNs: number) {
    this.paths = paths;
    this.group = new PathGroup(paths.length);
    this.anaVersions = new Int32Array(paths.length).fill(-1);
    this.isConnected = new Uint8Array(paths.length);
    this.lostAtNs = new Float64Array(paths.length).fill(Infinity);
    for (const { source } of paths) this.group.add(pathTraitsOf(source.controller.identity), nowNs);
    this.refresh(nowNs);
  }

  /** Has every controller and every path do what is due, and writes down what has changed. */
  tick(nowNs: number): void {
    for (let path = 0; path < this.paths.length; path++) {
      const each = this.paths[path];
      each.source.tick(nowNs);
      each.tick(nowNs);
    }
    this.refresh(nowNs);
  }

  /** Looks at every path and writes down what has changed. */
  refresh(nowNs: number): void {
    let haveChanged = false;
    for (let path = 0; path < this.paths.length; path++) {
      if (this.refreshConnection(path, nowNs)) haveChanged = true;
      this.refreshNamespace(path, nowNs);
    }
    if (haveChanged) this.pairs = this.paths.flatMap(({ pair }) => (pair?.connected === true ? [pair] : []));
  }

  /** Whether no controller shows the namespace any more, in so far as they can be asked. */
  get isNamespaceGone(): boolean {
    const { group, paths } = this;
    return paths.every((_, path) => group.namespaceState(path) === NAMESPACE_GONE);
  }

  /** Gives whether the queue pairs are others now. */
  private refreshConnection(path: number, nowNs: number): boolean {
    const { group, isConnected, lostAtNs } = this;
    const { source, isConnected: isThere } = this.paths[path];
    const { state } = source;
    if (group.controllerState(path) !== state) group.setController(path, state, nowNs);
    const hasChanged = (isConnected[path] === 1) !== isThere;
    if (hasChanged) {
      isConnected[path] = isThere ? 1 : 0;
      group.setConnected(path, isThere, nowNs);
    }
    if (state === CONTROLLER_LIVE && isThere) lostAtNs[path] = Infinity;
    else if (lostAtNs[path] === Infinity) lostAtNs[path] = nowNs;
    // Of its own, not only the controller's: a queue pair may be lost alone, and another one refused.
    group.setFastFailAt(path, Math.min(source.fastFailAtNs, lostAtNs[path] + source.fastIoFailNs));
    return hasChanged;
  }

  private refreshNamespace(path: number, nowNs: number): void {
    const { group, anaVersions } = this;
    const each = this.paths[path];
    const state = each.look();
    if (state !== undefined) group.setNamespace(path, state);
    if (anaVersions[path] === each.source.version) return;
    anaVersions[path] = each.source.version;
    group.setAnaState(path, each.source.anaState(each.nsid), nowNs);
  }
}
