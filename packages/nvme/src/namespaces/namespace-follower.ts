import type { Clock, Log } from '@phasebit/core';
import { LOG_CHANGED_NAMESPACES, NAMESPACE_LIST_BYTES } from '@phasebit/nvme-spec';
import type { AdminQueue } from '../admin-queue.js';
import { readLogPage } from '../admin/log-page.js';
import type { AsyncEvent } from '../events/async-events.js';
import type { NamespaceChanges } from './namespace-table.js';

/** Milliseconds until a follow-up that failed is tried again, doubled each time up to the longest. */
const RETRY_MS = 100;
const RETRY_MS_MAX = 10_000;

/** What a follower works with. */
export interface FollowedController {
  readonly admin: AdminQueue;
  readonly clock: Clock;
  readonly log: Log;
  /** whether the controller can be asked now; if not, a reset will find the changes */
  isReady(): boolean;
  /** Looks for namespaces again. */
  rescan(): Promise<NamespaceChanges>;
  /** Tells everybody. */
  publish(event: AsyncEvent, changes: NamespaceChanges): void;
}

/**
 * Follows up on notices that namespaces have changed: reads the list of them, which lets the notice come again, and then looks for
 * namespaces anew. One follow-up at a time: notices that come meanwhile lead to another one afterwards.
 */
export class NamespaceFollower {
  private event: AsyncEvent | undefined;
  private isRunning = false;
  private failures = 0;
  private nextTryNs = 0;

  constructor(private readonly of: FollowedController) {}

  /** A notice has come. Never waits. */
  notice(event: AsyncEvent): void {
    this.event = event;
    this.nextTryNs = 0;
    if (!this.isRunning) void this.run();
  }

  /** Tries again what has failed, when its time has come. */
  tick(nowNs: number): void {
    if (this.event !== undefined && !this.isRunning && nowNs >= this.nextTryNs) void this.run();
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    try {
      while (this.event !== undefined && this.of.isReady()) {
        const { event } = this;
        this.event = undefined;
        if (!(await this.followUp(event))) break;
      }
    } finally {
      this.isRunning = false;
    }
  }

  private async followUp(event: AsyncEvent): Promise<boolean> {
    const { admin, clock, log } = this.of;
    try {
      // Which ones is of no importance, since all are looked at again; reading it is.
      await readLogPage(admin, LOG_CHANGED_NAMESPACES, NAMESPACE_LIST_BYTES);
      const changes = await this.of.rescan();
      this.failures = 0;
      this.of.publish(event, changes);
      return true;
    } catch (error) {
      log.warn(`changed namespaces not looked at: ${String(error)}`);
      this.nextTryNs = clock.nowNs() + Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** this.failures) * 1e6;
      this.failures++;
      // A newer notice stands for this one too.
      this.event ??= event;
      return false;
    }
  }
}
