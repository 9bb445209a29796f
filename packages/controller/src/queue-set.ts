import { assert } from '@phasebit/core';
import type { LinkDevice } from '@phasebit/pcie';
import type { CompletionQueue } from './completion-queue.js';
import { DoorbellBuffers, type ShadowPolicy } from './doorbell-buffers.js';
import type { SubmissionQueue } from './submission-queue.js';

/**
 * The queues of a controller by identifier, 0 being the admin queue.
 *
 * Invariants: a submission queue's completion queue exists as long as it does, and counts it in `users`; a doorbell whose queue
 * does not exist was zeroed when the queue went, so a value in it is a mistake of the host's.
 */
export class QueueSet {
  /** Submission queues by identifier. */
  readonly submission: (SubmissionQueue | undefined)[] = [];
  /** Completion queues by identifier. */
  readonly completion: (CompletionQueue | undefined)[] = [];
  /** The I/O submission queues in the order of their turns. */
  readonly io: SubmissionQueue[] = [];
  /** The same by `QUEUE_PRIORITY_*`: urgent, high, medium, low. */
  readonly byPriority: readonly SubmissionQueue[][] = [[], [], [], []];
  /** The shadow doorbells, once the host has configured them. */
  readonly buffers: DoorbellBuffers;
  /** Whether they are served by weighted round robin, CC.AMS. */
  isWeighted = false;
  /** Whether an I/O queue was created since the last reset: from then on their number is settled. */
  wasUsed = false;

  constructor(
    private readonly link: LinkDevice,
    private readonly identifiers: number,
    policy: ShadowPolicy,
  ) {
    this.buffers = new DoorbellBuffers(link, policy);
    this.clear();
  }

  /** Whether an I/O completion queue exists. */
  get hasIoCompletions(): boolean {
    return this.completion.some((queue) => queue !== undefined && queue.id !== 0);
  }

  /** Adds a completion queue under an identifier that is free. */
  addCompletion(queue: CompletionQueue): void {
    assert(this.completion[queue.id] === undefined, 'a completion queue is created under a free identifier');
    this.completion[queue.id] = queue;
    if (queue.id !== 0) this.wasUsed = true;
    if (this.buffers.isConfigured) this.buffers.addCompletion(queue);
  }

  /** Adds a submission queue under an identifier that is free; its completion queue exists. */
  addSubmission(queue: SubmissionQueue): void {
    assert(this.submission[queue.id] === undefined, 'a submission queue is created under a free identifier');
    assert(
      this.completion[queue.completionQueue.id] === queue.completionQueue,
      'a submission queue has a completion queue',
    );
    this.submission[queue.id] = queue;
    queue.completionQueue.users++;
    if (this.buffers.isConfigured) this.buffers.addSubmission(queue);
    if (queue.id === 0) return;
    this.io.push(queue);
    this.byPriority[queue.priority].push(queue);
  }

  /** Takes a submission queue away; commands that it holds are aborted without a completion. [Base] 5.2.4 */
  removeSubmission(queue: SubmissionQueue): void {
    assert(this.submission[queue.id] === queue, 'a queue that is removed exists');
    this.submission[queue.id] = undefined;
    queue.completionQueue.users--;
    this.io.splice(this.io.indexOf(queue), 1);
    const level = this.byPriority[queue.priority];
    level.splice(level.indexOf(queue), 1);
    this.clearDoorbell(this.link.sqDoorbellWord(queue.id));
  }

  /** Takes a completion queue away that no submission queue uses. */
  removeCompletion(queue: CompletionQueue): void {
    assert(this.completion[queue.id] === queue, 'a queue that is removed exists');
    assert(queue.users === 0, 'a completion queue in use is not removed');
    this.completion[queue.id] = undefined;
    this.clearDoorbell(this.link.cqDoorbellWord(queue.id));
  }

  /** Forgets every queue, the admin queue included, and zeroes the doorbells. */
  clear(): void {
    this.buffers.drop();
    this.io.length = 0;
    for (const level of this.byPriority) level.length = 0;
    this.wasUsed = false;
    this.isWeighted = false;
    for (let id = 0; id < this.link.queues; id++) {
      if (id < this.identifiers) {
        this.submission[id] = undefined;
        this.completion[id] = undefined;
      }
      this.clearDoorbell(this.link.sqDoorbellWord(id));
      this.clearDoorbell(this.link.cqDoorbellWord(id));
    }
  }

  /**
   * Looks for a doorbell that was written although its queue does not exist, and zeroes it.
   *
   * @returns the queue identifier, or -1
   */
  takeStrayDoorbell(): number {
    for (let id = 0; id < this.link.queues; id++) {
      if (this.submission[id] === undefined && this.takeDoorbell(this.link.sqDoorbellWord(id)) !== 0) return id;
      if (this.completion[id] === undefined && this.takeDoorbell(this.link.cqDoorbellWord(id)) !== 0) return id;
    }
    return -1;
  }

  private takeDoorbell(word: number): number {
    const value = Atomics.load(this.link.doorbells, word);
    if (value !== 0) this.clearDoorbell(word);
    return value;
  }

  private clearDoorbell(word: number): void {
    Atomics.store(this.link.doorbells, word, 0);
  }
}
