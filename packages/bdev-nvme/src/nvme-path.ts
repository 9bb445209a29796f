import { NAMESPACE_GONE, NAMESPACE_READY, type NamespaceState } from '@phasebit/multipath';
import type { Controller, Namespace, QueuePair, QueuePairOptions } from '@phasebit/nvme';
import { Backoff } from './backoff.js';
import type { ChannelShape } from './channel-shape.js';
import type { PathController } from './path-controller.js';

/** Milliseconds until a queue pair that could not be had is asked for again, and at most. */
const RETRY_MS = 10;
const RETRY_MS_MAX = 1000;

/** What a path is made of. */
export interface NvmePathParts {
  /** the controller */
  readonly source: PathController;
  /** namespace identifier */
  readonly nsid: number;
  /** what the channel may do over it */
  readonly shape: ChannelShape;
  /** how its queue pairs are made */
  readonly queuePair: QueuePairOptions;
  /** a queue pair to begin with, if the controller is there */
  readonly pair: QueuePair | undefined;
}

/**
 * A namespace as one channel reaches it through one controller: a queue pair of the channel's own, made again when it is lost, and the
 * namespace as the controller shows it, looked at again when that changes.
 */
export class NvmePath {
  /** the controller */
  readonly source: PathController;
  /** namespace identifier */
  readonly nsid: number;
  /** the channel's own queue pair there; undefined while there is none. It changes in ticks, and when one was made */
  pair: QueuePair | undefined;
  /** the namespace as that controller showed it last; undefined if it never did */
  namespace: Namespace | undefined;
  private readonly parts: NvmePathParts;
  private readonly backoff = new Backoff(RETRY_MS, RETRY_MS_MAX);
  /** whose queue pair it is */
  private owner: Controller;
  private shown: Namespace | undefined;
  private seenScans = -1;
  private isConnecting = false;
  private isClosed = false;
  private nowNs = 0.5;

  constructor(parts: NvmePathParts) {
    const { source, nsid, pair } = parts;
    this.parts = parts;
    this.source = source;
    this.nsid = nsid;
    this.pair = pair;
    this.namespace = undefined;
    this.shown = undefined;
    this.owner = source.controller;
  }

  /** Whether commands can be submitted to the queue pair. */
  get isConnected(): boolean {
    return this.pair?.connected === true;
  }

  /** What has become of the namespace since the last call: one of `NAMESPACE_*`; undefined for nothing that anybody knows of. */
  look(): NamespaceState | undefined {
    const { source, nsid } = this;
    const shown = source.controller.namespaces.get(nsid);
    if (shown === this.shown && source.scans === this.seenScans) return undefined;
    this.shown = shown;
    this.seenScans = source.scans;
    if (shown === undefined) return NAMESPACE_GONE;
    const reason = this.parts.shape.whyUnfit(shown);
    if (reason !== '') {
      source.log.warn(`namespace ${nsid} of controller ${source.controller.identity.cntlid} not used: ${reason}`);
      return NAMESPACE_GONE;
    }
    this.namespace = shown;
    return NAMESPACE_READY;
  }

  /**
   * Does what is due: lets go of a queue pair that is lost, has another made, and takes back what waits in one that stands still, since
   * another path may do. Never waits.
   */
  tick(nowNs: number): void {
    const { pair } = this;
    this.nowNs = nowNs;
    if (pair !== undefined && !pair.connected) this.drop(pair);
    else if (pair?.isSuspended === true && pair.outstanding > pair.inFlight) pair.abandonWaiting();
    const isWanted = this.pair === undefined && !this.isConnecting && !this.isClosed;
    if (isWanted && this.backoff.isDue(nowNs) && this.source.controller.state === 'READY') void this.connect();
  }

  /** The channel is closed. */
  close(): void {
    this.isClosed = true;
    if (this.pair !== undefined) this.drop(this.pair);
  }

  private drop(pair: QueuePair): void {
    this.pair = undefined;
    this.source.letGo(this.owner, pair);
  }

  private async connect(): Promise<void> {
    const { source, parts } = this;
    const { controller } = source;
    this.isConnecting = true;
    try {
      const pair = await controller.createQueuePair(parts.queuePair);
      if (this.isClosed) source.letGo(controller, pair);
      else this.take(controller, pair);
    } catch (error) {
      source.log.warn(`no queue pair at controller ${controller.identity.cntlid}: ${String(error)}`);
      this.backoff.failed(this.nowNs);
    } finally {
      this.isConnecting = false;
    }
  }

  /** An I/O may need as many requests as the channel was opened with. */
  private take(controller: Controller, pair: QueuePair): void {
    const { requests } = this.parts.shape;
    if (pair.settings.requests < requests) {
      this.source.letGo(controller, pair);
      throw new RangeError(`requests: expected at least ${requests}, got ${pair.settings.requests}`);
    }
    this.owner = controller;
    this.pair = pair;
    this.backoff.reset();
  }
}
