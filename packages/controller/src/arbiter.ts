import {
  FEATURE_ARBITRATION_VALUE,
  QUEUE_PRIORITY_HIGH,
  QUEUE_PRIORITY_LOW,
  QUEUE_PRIORITY_MEDIUM,
  QUEUE_PRIORITY_URGENT,
} from '@phasebit/nvme-spec';
import type { FeatureStore } from './feature-store.js';
import type { QueueSet } from './queue-set.js';
import type { SubmissionQueue } from './submission-queue.js';

/** Who takes commands from a queue. */
export interface QueueServer {
  /** Whether commands may be taken: a command can end that. */
  readonly isServing: boolean;
  /** Takes up to `budget` commands from a queue, as many as can be completed. @returns commands taken */
  serve(queue: SubmissionQueue, budget: number): number;
}

/**
 * Decides which I/O submission queue is served next, and how much. [Base] 3.4.4
 *
 * ```text
 *   round robin                       weighted round robin with urgent class
 *   queue, queue, queue ...           urgent: always first, a burst of each queue in turn
 *   a burst of each                   then, while nothing urgent waits:
 *                                       high    weight + 1 commands of its queues, a burst or what is left of each in turn
 *                                       medium  likewise
 *                                       low     likewise, then a new round
 * ```
 *
 * The admin queue is served before every turn. A turn ends as soon as something urgent was done, so that the admin queue, the highest
 * class, is looked at again; a weighted round goes on where it was interrupted, with the credits it had. So a queue below the urgent
 * class waits for no more than the weights of a round and a burst of each queue of its own level, and, without limit, for what is urgent.
 *
 * Hot path: allocates only in the constructor.
 */
export class Arbiter {
  private level: number = QUEUE_PRIORITY_HIGH;
  /** commands that the level may still take in this round */
  private credits = 0;
  /** where each level goes on, a position in its list of queues */
  private readonly next = [0, 0, 0, 0];
  /** what that queue has left of its burst, 0 for a burst that has not begun */
  private readonly left = [0, 0, 0, 0];

  constructor(
    private readonly queues: QueueSet,
    private readonly features: FeatureStore,
    private readonly server: QueueServer,
  ) {}

  /** One turn of the I/O queues. @returns commands taken */
  turn(): number {
    const { server } = this;
    if (!server.isServing) return 0;
    if (this.queues.isWeighted) return this.weightedTurn();
    const { io } = this.queues;
    const { burst } = this.features;
    let done = 0;
    for (let i = 0; i < io.length; i++) {
      if (io[i].isQuiet) continue;
      done += server.serve(io[i], burst);
      if (!server.isServing) break;
    }
    return done;
  }

  private weightedTurn(): number {
    let done = this.urgent();
    // One look at each level at most: what they have not got now, the next turn sees.
    for (let levels = 0; levels < 3 && done === 0 && this.server.isServing; levels++) done = this.weightedLevel();
    return done;
  }

  /** A burst of each urgent queue. */
  private urgent(): number {
    const queues = this.queues.byPriority[QUEUE_PRIORITY_URGENT];
    let done = 0;
    for (let i = 0; i < queues.length && this.server.isServing; i++) {
      done += this.server.serve(queues[i], this.features.burst);
    }
    return done;
  }

  /** What is left of the present level's credits, unless something urgent comes in between. */
  private weightedLevel(): number {
    const { level, server, next, left } = this;
    const queues = this.queues.byPriority[level];
    const quantum = Math.min(this.features.burst, this.weight(level));
    let done = 0;
    let empty = 0;
    while (this.credits > 0 && empty < queues.length && server.isServing) {
      if (next[level] >= queues.length) next[level] = 0;
      const allowed = left[level] > 0 ? left[level] : quantum;
      const budget = Math.min(allowed, this.credits);
      const taken = server.serve(queues[next[level]], budget);
      this.credits -= taken;
      done += taken;
      // A queue that only ran out of credits has the rest of its burst in the next round.
      left[level] = taken < budget ? 0 : allowed - taken;
      if (left[level] <= 0) next[level]++;
      empty = taken === 0 ? empty + 1 : 0;
      const urgent = taken === 0 ? 0 : this.urgent();
      if (urgent > 0) return done + urgent;
    }
    this.enter(level === QUEUE_PRIORITY_LOW ? QUEUE_PRIORITY_HIGH : level + 1);
    return done;
  }

  private enter(level: number): void {
    this.level = level;
    this.credits = this.weight(level);
  }

  /** Commands of a level in each round. */
  private weight(level: number): number {
    const { arbitration } = this.features;
    if (level === QUEUE_PRIORITY_HIGH) return FEATURE_ARBITRATION_VALUE.HPW0.get(arbitration) + 1;
    if (level === QUEUE_PRIORITY_MEDIUM) return FEATURE_ARBITRATION_VALUE.MPW0.get(arbitration) + 1;
    return FEATURE_ARBITRATION_VALUE.LPW0.get(arbitration) + 1;
  }
}
