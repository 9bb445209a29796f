/**
 * Hot path: allocates only in the constructor.
 */
import {
  BACKEND_ACCEPTED,
  BACKEND_NO_MEMORY,
  BDEV_IO_COMPARE,
  BDEV_IO_FLUSH,
  BDEV_IO_READ,
  BDEV_IO_UNMAP,
  BDEV_IO_WRITE,
  BDEV_IO_WRITE_ZEROES,
  BDEV_STATUS_BAD_ADDRESS,
  BDEV_STATUS_MISCOMPARE,
  BDEV_STATUS_NVME_ERROR,
  BDEV_STATUS_SUCCESS,
  type BdevBackend,
  type BdevIo,
} from '@phasebit/bdev';
import {
  CompletionFacts,
  DISPOSITION_COMPLETE,
  DISPOSITION_FAIL,
  DISPOSITION_FAILOVER,
  judgeCompletion,
  judgeUnsent,
  type PathSelector,
  RANK_UNUSABLE,
  type RetryPolicy,
  Verdict,
} from '@phasebit/multipath';
import { type Namespace, type QueuePair, SUBMIT_ACCEPTED, SUBMIT_AGAIN, SUBMIT_FAILED } from '@phasebit/nvme';
import {
  STATUS_COMMAND_ABORTED_BY_HOST,
  STATUS_COMPARE_FAILURE,
  STATUS_DNR,
  STATUS_HOST_PATHING_ERROR,
  STATUS_INVALID_NAMESPACE,
  statusCode,
} from '@phasebit/nvme-spec';
import { ChannelPaths } from './channel-paths.js';
import { HeldIos } from './held-ios.js';
import type { NvmePath } from './nvme-path.js';

const READ = BDEV_IO_READ;
const WRITE = BDEV_IO_WRITE;
const SUCCESS = BDEV_STATUS_SUCCESS;
const ACCEPTED = SUBMIT_ACCEPTED;
const TAKEN = BACKEND_ACCEPTED;

/** A path over which commands are sent: both are there, since nothing else ranks above unusable. */
interface UsablePath {
  readonly pair: QueuePair;
  readonly namespace: Namespace;
}

/**
 * One channel of a namespace: sends each I/O over the chosen path, and what fails over another.
 *
 * N1. An I/O is in one place: with a queue pair, or held until its time has come or a path is there.
 * N2. `io.moduleWord0` is the path of an I/O that is with a queue pair.
 */
export class NvmeBackend implements BdevBackend {
  private readonly paths: readonly NvmePath[];
  private readonly ways: ChannelPaths;
  private readonly selector: PathSelector;
  private readonly isSticky: boolean;
  private readonly policy: RetryPolicy;
  private readonly held: HeldIos;
  private readonly facts = new CompletionFacts();
  private readonly verdict = new Verdict();
  private readonly outstanding: Int32Array;
  private current = -1;
  private seenVersion = -1;
  private nowNs = 0.5;

  /** @param nowNs - the time, until the first tick tells it */
  constructor(
    paths: readonly NvmePath[],
    ios: readonly BdevIo[],
    selector: PathSelector,
    policy: RetryPolicy,
    nowNs: number,
  ) {
    this.paths = paths;
    this.nowNs = nowNs;
    this.ways = new ChannelPaths(paths, nowNs);
    this.outstanding = this.ways.group.outstanding;
    this.selector = selector;
    this.isSticky = selector.isSticky;
    this.policy = policy;
    this.held = new HeldIos(ios);
  }

  /** @inheritDoc */
  submit(io: BdevIo): number {
    const path = this.choose();
    if (path < 0) {
      this.judgePathless(io);
      return TAKEN;
    }
    return this.send(io, path);
  }

  /** @inheritDoc */
  poll(): number {
    const { pairs } = this.ways;
    let found = 0;
    for (let i = 0; i < pairs.length; i++) {
      const pair = pairs[i];
      if (pair.connected) found += pair.poll();
    }
    if (this.held.count !== 0) this.resume();
    return found;
  }

  /** @inheritDoc */
  tick(nowNs: number): void {
    this.nowNs = nowNs;
    this.ways.tick(nowNs);
  }

  /** @inheritDoc */
  close(): void {
    for (let i = 0; i < this.paths.length; i++) this.paths[i].close();
  }

  private choose(): number {
    const { group } = this.ways;
    if (this.isSticky && group.version === this.seenVersion) return this.current;
    this.current = this.selector.select(group, this.current);
    this.seenVersion = group.version;
    return this.current;
  }

  private send(io: BdevIo, path: number): number {
    io.moduleWord0 = path; // N2
    const answer = this.issue(io, this.paths[path] as UsablePath);
    if (answer === ACCEPTED) {
      this.outstanding[path]++;
      return TAKEN;
    }
    return this.refused(io, answer);
  }

  private issue(io: BdevIo, path: UsablePath): number {
    const { pair, namespace } = path;
    if (io.type === READ) return pair.read(namespace, io.address, io.lba, io.blocks, 0, this.onDone, io);
    if (io.type === WRITE) return pair.write(namespace, io.address, io.lba, io.blocks, 0, this.onDone, io);
    return this.issueOther(io, pair, path);
  }

  private issueOther(io: BdevIo, pair: QueuePair, { namespace }: UsablePath): number {
    switch (io.type) {
      case BDEV_IO_FLUSH:
        return pair.flush(namespace, this.onDone, io);
      case BDEV_IO_UNMAP:
        return pair.deallocate(namespace, io.lba, io.blocks, this.onDone, io);
      case BDEV_IO_WRITE_ZEROES:
        return pair.writeZeroes(namespace, io.lba, io.blocks, 0, this.onDone, io);
      default:
        return pair.compare(namespace, io.address, io.lba, io.blocks, 0, this.onDone, io);
    }
  }

  private readonly onDone = (context: unknown, status: number): void => {
    const io = context as BdevIo;
    this.outstanding[io.moduleWord0]--;
    if (status !== 0) {
      this.judge(io, status);
      return;
    }
    if (this.held.troubled !== 0) this.held.forget(io);
    io.complete(SUCCESS, 0);
  };

  // ---- when something is wrong

  private refused(io: BdevIo, answer: number): number {
    if (answer === SUBMIT_AGAIN) return BACKEND_NO_MEMORY;
    if (answer === SUBMIT_FAILED) {
      this.ways.refresh(this.nowNs);
      this.judgePathless(io);
      return TAKEN;
    }
    // The memory is not the driver's: nothing will change that. The rule against completing inside a submit holds here too.
    this.held.holdToComplete(io, BDEV_STATUS_BAD_ADDRESS, 0);
    return TAKEN;
  }

  private judge(io: BdevIo, status: number): void {
    const { facts, verdict, held } = this;
    const path = io.moduleWord0;
    this.ways.refresh(this.nowNs);
    held.recall(io, facts);
    facts.status = status;
    facts.path = path;
    facts.nowNs = this.nowNs;
    facts.isConfirmed = statusCode(status) !== STATUS_COMMAND_ABORTED_BY_HOST;
    facts.changesData = io.type !== READ && io.type !== BDEV_IO_COMPARE && io.type !== BDEV_IO_FLUSH;
    const action = judgeCompletion(facts, this.ways.group, this.policy, verdict);
    if (verdict.needsAnaLog) this.paths[path].source.refresh();
    if (verdict.needsNamespaceScan) this.paths[path].source.rescan();
    if (action === DISPOSITION_COMPLETE || action === DISPOSITION_FAIL) {
      // Told from the next look at what is held, also without a delay: a controller that is given up disconnects its queue pairs at any
      // time, and callbacks run inside a poll only.
      held.holdToFail(io, status, this.nowNs + verdict.delayNs);
      return;
    }
    held.note(io, verdict, this.nowNs);
    held.hold(io, status, this.nowNs + verdict.delayNs, action === DISPOSITION_FAILOVER ? path : -1);
  }

  private judgePathless(io: BdevIo): void {
    const { facts, held } = this;
    held.recall(io, facts);
    facts.nowNs = this.nowNs;
    const action = judgeUnsent(facts, this.ways.group, this.policy);
    if (action === DISPOSITION_FAIL) held.holdToFail(io, STATUS_HOST_PATHING_ERROR, this.nowNs);
    else held.hold(io, STATUS_HOST_PATHING_ERROR, this.nowNs, -1);
  }

  /** Looks at every held I/O once: fails, sends, or keeps it. */
  private resume(): void {
    const { held, facts, ways } = this;
    this.ways.refresh(this.nowNs);
    for (let left = held.count; left > 0; left--) {
      const io = held.shift();
      const status = held.statusOf(io);
      if (held.dueNs(io) > this.nowNs) held.keep(io);
      else if (held.isEnding(io)) this.end(io);
      else {
        held.recall(io, facts);
        facts.nowNs = this.nowNs;
        const action = judgeUnsent(facts, ways.group, this.policy);
        if (action === DISPOSITION_FAIL) this.fail(io, status);
        else if (action !== DISPOSITION_FAILOVER || !this.resend(io)) held.keep(io);
      }
    }
  }

  private resend(io: BdevIo): boolean {
    let path = this.choose();
    if (path >= 0 && path === this.held.leftPathOf(io)) path = this.leave(path);
    return path >= 0 && this.send(io, path) === TAKEN;
  }

  /**
   * The best usable path other than this one, or this one when there is no other. A path error does not say that the path is lost, so a
   * selector that keeps its choice would choose it again: it goes on from the other one if that is as good.
   */
  private leave(path: number): number {
    const { group } = this.ways;
    let best = path;
    let bestRank = RANK_UNUSABLE;
    for (let i = 1; i < group.end; i++) {
      const other = (path + i) % group.end;
      if (group.ranks[other] <= bestRank) continue;
      best = other;
      bestRank = group.ranks[other];
    }
    if (this.isSticky && bestRank === group.bestRank) this.current = best;
    return best;
  }

  private end(io: BdevIo): void {
    const bdevStatus = this.held.bdevStatusOf(io);
    if (bdevStatus === BDEV_STATUS_NVME_ERROR) {
      this.fail(io, this.held.statusOf(io));
      return;
    }
    this.held.forget(io);
    io.complete(bdevStatus, 0);
  }

  private fail(io: BdevIo, status: number): void {
    this.held.forget(io);
    const isMiscompare = io.type === BDEV_IO_COMPARE && statusCode(status) === STATUS_COMPARE_FAILURE;
    // An I/O that no device has seen fails for want of a path, or of the namespace.
    const isGone = status === STATUS_HOST_PATHING_ERROR && this.ways.isNamespaceGone;
    const told = isGone ? STATUS_INVALID_NAMESPACE | STATUS_DNR : status;
    io.complete(isMiscompare ? BDEV_STATUS_MISCOMPARE : BDEV_STATUS_NVME_ERROR, told);
  }
}
