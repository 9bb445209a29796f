import { assert } from '@phasebit/core';
import { ANA_STATE_OPTIMIZED, statusCrd } from '@phasebit/nvme-spec';
import { ANATT_DEFAULT_NS, CRDT_UNIT_NS, PATHS_MAX } from './limits.js';
import {
  CONTROLLER_CONNECTING,
  CONTROLLER_LIVE,
  type ControllerState,
  mayPathRecover,
  NAMESPACE_DOUBTFUL,
  NAMESPACE_READY,
  type NamespaceState,
  nextAnaDeadline,
  pathRank,
  type PathRank,
  RANK_OPTIMIZED,
  RANK_UNUSABLE,
} from './path-state.js';
import type { PathTraits } from './path-traits.js';

/**
 * The paths from one channel to one namespace, as numbers in typed arrays. Whoever watches the controllers writes here; selectors and
 * {@link judgeCompletion} read. A path is an index that stays the same until it is removed, and may then be given to another.
 *
 * Invariants:
 * G1. `ranks[path]` follows from the path's state at every moment, and is 0 for an index that is no path.
 * G2. `bestRank` is the largest of `ranks`.
 * G3. `version` has changed if any rank, weight or index has: a choice made at the same version stands, unless it counts I/Os.
 *
 * Hot path: allocates only in the constructor and in `add`.
 */
export class PathGroup {
  /** how good each path is, one of `RANK_*` */
  readonly ranks: Uint8Array;
  /** commands in flight on each path; the owner counts */
  readonly outstanding: Int32Array;
  /** cost of each path, less is better */
  readonly weights: Int32Array;
  /** indexes in use are below this */
  end = 0;
  /** rank of the best path */
  bestRank: PathRank = RANK_UNUSABLE;
  /** goes up with every change that may change a choice */
  version = 0;
  private readonly present: Uint8Array;
  private readonly controllers: Uint8Array;
  private readonly connected: Uint8Array;
  private readonly namespaces: Uint8Array;
  private readonly anaStates: Uint8Array;
  private readonly anaPending: Uint8Array;
  private readonly anattNs: Float64Array;
  private readonly anaDeadlineNs: Float64Array;
  private readonly fastFailAtNs: Float64Array;
  private readonly quiesceNs: Float64Array;
  private readonly lostAtNs: Float64Array;
  private readonly crdtNs: Float64Array;

  /** @param pathsMax - most paths at once, 1 to 256 */
  constructor(pathsMax: number) {
    if (!(Number.isInteger(pathsMax) && pathsMax >= 1 && pathsMax <= PATHS_MAX)) {
      throw new RangeError(`pathsMax: expected an integer from 1 to ${PATHS_MAX}, got ${pathsMax}`);
    }
    this.ranks = new Uint8Array(pathsMax);
    this.outstanding = new Int32Array(pathsMax);
    this.weights = new Int32Array(pathsMax);
    this.present = new Uint8Array(pathsMax);
    this.controllers = new Uint8Array(pathsMax);
    this.connected = new Uint8Array(pathsMax);
    this.namespaces = new Uint8Array(pathsMax);
    this.anaStates = new Uint8Array(pathsMax);
    this.anaPending = new Uint8Array(pathsMax);
    this.anattNs = new Float64Array(pathsMax);
    this.anaDeadlineNs = new Float64Array(pathsMax).fill(Infinity);
    this.fastFailAtNs = new Float64Array(pathsMax).fill(Infinity);
    this.quiesceNs = new Float64Array(pathsMax);
    this.lostAtNs = new Float64Array(pathsMax).fill(-Infinity);
    this.crdtNs = new Float64Array(pathsMax * 3);
  }

  // 1. Which paths there are

  /**
   * Adds a path, without queue pair and with its namespace ready, and gives its index.
   *
   * @param nowNs - the time, from which an ANA transition is counted
   * @throws RangeError when the group is full
   */
  add(traits: PathTraits = {}, nowNs = 0): number {
    const path = this.present.indexOf(0);
    if (path < 0) failFull(this.present.length);
    const { crdt = [0, 0, 0], anaState = ANA_STATE_OPTIMIZED, anattNs = ANATT_DEFAULT_NS } = traits;
    this.present[path] = 1;
    this.controllers[path] = traits.controller ?? CONTROLLER_CONNECTING;
    this.connected[path] = 0;
    this.namespaces[path] = NAMESPACE_READY;
    this.anaStates[path] = anaState;
    this.anaPending[path] = 0;
    this.anattNs[path] = anattNs;
    this.anaDeadlineNs[path] = nextAnaDeadline(anaState, Infinity, nowNs, anattNs);
    this.fastFailAtNs[path] = Infinity;
    this.quiesceNs[path] = traits.quiesceNs ?? 0;
    this.lostAtNs[path] = -Infinity;
    for (let i = 0; i < 3; i++) this.crdtNs[path * 3 + i] = crdt[i] * CRDT_UNIT_NS;
    this.outstanding[path] = 0;
    this.weights[path] = traits.weight ?? 0;
    if (path >= this.end) this.end = path + 1;
    this.refresh(path);
    return path;
  }

  /** Removes a path. Its index may be given out again: REQUIRES that nothing is in flight on it. */
  remove(path: number): void {
    this.checkPresent(path);
    assert(this.outstanding[path] === 0, 'a path is removed when nothing is in flight on it');
    this.present[path] = 0;
    while (this.end > 0 && this.present[this.end - 1] === 0) this.end--;
    this.refresh(path);
  }

  /** Whether an index is a path. Any number may be asked for. */
  has(path: number): boolean {
    return this.present[path] === 1;
  }

  /** How many paths there are. */
  get count(): number {
    let count = 0;
    for (let path = 0; path < this.end; path++) count += this.present[path];
    return count;
  }

  // 2. What has become of them

  /** The controller's state has changed. Leaving the live state is a loss of the path, from now on. */
  setController(path: number, state: ControllerState, nowNs: number): void {
    this.checkPresent(path);
    const wasUp = this.isUp(path);
    if (state === CONTROLLER_LIVE) this.fastFailAtNs[path] = Infinity;
    this.controllers[path] = state;
    this.noteLoss(path, wasUp, nowNs);
    this.refresh(path);
  }

  /** The channel's queue pair on this path was connected or lost. */
  setConnected(path: number, isConnected: boolean, nowNs: number): void {
    this.checkPresent(path);
    const wasUp = this.isUp(path);
    this.connected[path] = isConnected ? 1 : 0;
    this.noteLoss(path, wasUp, nowNs);
    this.refresh(path);
  }

  /** Somebody has looked at the namespace: one of `NAMESPACE_*`. */
  setNamespace(path: number, state: NamespaceState): void {
    this.checkPresent(path);
    this.namespaces[path] = state;
    this.refresh(path);
  }

  /**
   * The controller has answered as if it did not have the namespace: the path is not used until somebody has looked. Gives whether it was
   * believed to be there, that is, whether somebody has to be asked to look.
   */
  doubtNamespace(path: number): boolean {
    this.checkPresent(path);
    if (this.namespaces[path] !== NAMESPACE_READY) return false;
    this.setNamespace(path, NAMESPACE_DOUBTFUL);
    return true;
  }

  /** The ANA log was read: `ANA_STATE_UNKNOWN` for a namespace that it does not list. Whatever was pending is no longer. */
  setAnaState(path: number, anaState: number, nowNs: number): void {
    this.checkPresent(path);
    this.anaStates[path] = anaState;
    this.anaPending[path] = 0;
    this.anaDeadlineNs[path] = nextAnaDeadline(anaState, this.anaDeadlineNs[path], nowNs, this.anattNs[path]);
    this.refresh(path);
  }

  /**
   * What is known of the ANA state is out of date: the path is not used until the log was read. The time of an ANA transition runs from
   * here. Gives whether it was up to date before, that is, whether somebody has to ask for the log.
   */
  markAnaPending(path: number, nowNs: number): boolean {
    this.checkPresent(path);
    if (this.anaPending[path] === 1) return false;
    this.anaPending[path] = 1;
    if (this.anaDeadlineNs[path] === Infinity) this.anaDeadlineNs[path] = nowNs + this.anattNs[path];
    this.refresh(path);
    return true;
  }

  /** From `timeNs` on I/O does not wait for this path any more; infinity for never. Becoming live takes it back. */
  setFastFailAt(path: number, timeNs: number): void {
    this.checkPresent(path);
    this.fastFailAtNs[path] = timeNs;
  }

  /** Changes the cost of a path for the numa selector. */
  setWeight(path: number, weight: number): void {
    this.checkPresent(path);
    this.weights[path] = weight;
    this.version++;
  }

  // 3. What follows

  /** Whether a command may be sent over the path now. False for an index that is no path. */
  isPathUsable(path: number): boolean {
    return path >= 0 && path < this.end && this.ranks[path] > RANK_UNUSABLE;
  }

  /** Whether the path is usable and in ANA Optimized. */
  isPathOptimized(path: number): boolean {
    return path >= 0 && path < this.end && this.ranks[path] === RANK_OPTIMIZED;
  }

  /** Whether a command that finds no usable path may wait for this one: it is usable, or may become so by itself. */
  mayBecomeUsable(path: number, nowNs: number): boolean {
    if (!this.has(path)) return false;
    if (this.ranks[path] !== RANK_UNUSABLE) return true;
    const fastFailAtNs = this.fastFailAtNs[path];
    const { controllers, namespaces, anaStates, anaDeadlineNs } = this;
    return mayPathRecover(
      controllers[path],
      namespaces[path],
      anaStates[path],
      nowNs,
      fastFailAtNs,
      anaDeadlineNs[path],
    );
  }

  /** Whether any path is usable, or may become so. */
  anyMayBecomeUsable(nowNs: number): boolean {
    for (let path = 0; path < this.end; path++) if (this.mayBecomeUsable(path, nowNs)) return true;
    return false;
  }

  /** Whether a path other than this one is usable. */
  isAnotherUsable(path: number): boolean {
    for (let other = 0; other < this.end; other++) {
      if (other !== path && this.ranks[other] !== RANK_UNUSABLE) return true;
    }
    return false;
  }

  /** Nanoseconds to wait before a retry, as this path's controller asks for in a status (CRD 1 means CRDT1); 0 for none. */
  retryDelayNs(path: number, status: number): number {
    const crd = statusCrd(status);
    return crd === 0 || !this.has(path) ? 0 : this.crdtNs[path * 3 + crd - 1];
  }

  /**
   * Until when commands sent over a path may still take effect although their outcome is not known.
   *
   * @param nowNs - stands for the moment of the loss if nobody has reported one
   */
  quiescedAtNs(path: number, nowNs: number): number {
    if (!this.has(path)) return -Infinity;
    const lostAtNs = this.lostAtNs[path];
    return (lostAtNs === -Infinity ? nowNs : lostAtNs) + this.quiesceNs[path];
  }

  /** State of a path's controller, one of `CONTROLLER_*`. */
  controllerState(path: number): ControllerState {
    this.checkPresent(path);
    return this.controllers[path];
  }

  /** What is known of a path's namespace, one of `NAMESPACE_*`. */
  namespaceState(path: number): NamespaceState {
    this.checkPresent(path);
    return this.namespaces[path];
  }

  /** ANA state of a path as last read. */
  anaState(path: number): number {
    this.checkPresent(path);
    return this.anaStates[path];
  }

  private checkPresent(path: number): void {
    assert(this.present[path] === 1, 'the index is a path of this group');
  }

  private isUp(path: number): boolean {
    return this.controllers[path] === CONTROLLER_LIVE && this.connected[path] === 1;
  }

  private noteLoss(path: number, wasUp: boolean, nowNs: number): void {
    const isUp = this.isUp(path);
    if (wasUp && !isUp) this.lostAtNs[path] = nowNs;
    if (!wasUp && isUp) this.lostAtNs[path] = -Infinity; // a loss not yet reported must not count from this old one
  }

  private refresh(path: number): void {
    this.ranks[path] = this.present[path] === 0 ? RANK_UNUSABLE : this.rankOf(path); // G1
    let best = RANK_UNUSABLE;
    for (let other = 0; other < this.end; other++) if (this.ranks[other] > best) best = this.ranks[other]!;
    this.bestRank = best; // G2
    this.version++; // G3
  }

  private rankOf(path: number): PathRank {
    const isConnected = this.connected[path] === 1;
    const isReady = this.namespaces[path] === NAMESPACE_READY;
    return pathRank(this.controllers[path], isConnected, isReady, this.anaPending[path] === 1, this.anaStates[path]);
  }
}

function failFull(pathsMax: number): never {
  throw new RangeError(`path: expected room in a group of ${pathsMax} paths, got a full one`);
}
