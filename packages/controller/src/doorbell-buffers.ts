import { assert } from '@phasebit/core';
import { type LinkDevice, PAGE_BYTES } from '@phasebit/pcie';
import { AdminMirror } from './admin-mirror.js';
import type { CompletionQueue } from './completion-queue.js';
import type { ShadowSlot } from './shadow-slot.js';
import type { SubmissionQueue } from './submission-queue.js';

/**
 * How a controller works with shadow doorbells:
 * - `off`: it does not have them, since the doorbells of a link are memory already.
 * - `polling`: it looks at the shadow and asks for no register writes.
 * - `sleeping`: it behaves like one that sleeps, and looks at the shadow of an empty queue only after its register was written.
 */
export type ShadowPolicy = 'off' | 'polling' | 'sleeping';

/** The shadow doorbell page and the EventIdx page of a controller, and which queue has which slot of them. [Base] 5.2.5, B.5 */
export class DoorbellBuffers {
  /** Whether a host has configured them since the last reset. A field, since every turn looks at it. */
  isConfigured = false;
  private shadow: Int32Array = new Int32Array(0);
  private eventIdx: Int32Array = new Int32Array(0);
  private sqMirror: AdminMirror | undefined;
  private cqMirror: AdminMirror | undefined;

  /** @param link - whose doorbells they shadow, and how far apart these are */
  constructor(
    private readonly link: LinkDevice,
    private readonly policy: ShadowPolicy,
  ) {}

  /** Takes a pair of pages into use, the first or another one: every queue that there is goes on from the position it has now. */
  configure(
    shadow: Int32Array,
    eventIdx: Int32Array,
    submission: readonly (SubmissionQueue | undefined)[],
    completion: readonly (CompletionQueue | undefined)[],
  ): void {
    this.shadow = shadow;
    this.eventIdx = eventIdx;
    this.isConfigured = true;
    for (const queue of submission) if (queue !== undefined) this.addSubmission(queue);
    for (const queue of completion) if (queue !== undefined) this.addCompletion(queue);
  }

  /** I/O queue pairs at most that there are slots for; no limit without pages. */
  get queuePairsMax(): number {
    if (!this.isConfigured) return Infinity;
    return PAGE_BYTES / 4 / (this.link.sqDoorbellWord(1) - this.link.sqDoorbellWord(0)) - 1;
  }

  /** A submission queue was created, or the pages were. Whatever was in its slot is overwritten. */
  addSubmission(queue: SubmissionQueue): void {
    const doorbell = this.link.sqDoorbellWord(queue.id);
    if (queue.id !== 0) queue.useShadow(this.slot(doorbell, this.policy === 'sleeping'));
    else if (this.sqMirror?.isHosts === true) queue.useShadow(this.slot(doorbell, false));
    else this.sqMirror = new AdminMirror(this.link, doorbell, this.slot(doorbell, false));
  }

  /** A completion queue was created, or the pages were. Whatever was in its slot is overwritten. */
  addCompletion(queue: CompletionQueue): void {
    const doorbell = this.link.cqDoorbellWord(queue.id);
    if (queue.id !== 0) queue.useShadow(this.slot(doorbell, this.policy === 'sleeping'));
    else if (this.cqMirror?.isHosts === true) queue.useShadow(this.slot(doorbell, false));
    else this.cqMirror = new AdminMirror(this.link, doorbell, this.slot(doorbell, false));
  }

  /** A controller reset: the pages are the host's again, and nothing of them is touched from now on. */
  drop(): void {
    this.isConfigured = false;
    this.shadow = this.eventIdx = new Int32Array(0);
    this.sqMirror = this.cqMirror = undefined;
  }

  /** Copies the registers of the admin queue into the shadow, or lets it read the shadow of a host that writes it. */
  mirrorAdmin(submission: SubmissionQueue): void {
    if (this.sqMirror!.copy()) submission.watchShadow(this.sqMirror!.slot);
    if (this.cqMirror!.copy()) submission.completionQueue.watchShadow(this.cqMirror!.slot);
  }

  private slot(doorbell: number, sleeps: boolean): ShadowSlot {
    const at = doorbell - this.link.sqDoorbellWord(0);
    assert(at < PAGE_BYTES / 4, 'no more queues are granted than a page has doorbells for');
    return { shadow: this.shadow, eventIdx: this.eventIdx, at, sleeps };
  }
}
