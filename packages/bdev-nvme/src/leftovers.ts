import type { Log } from '@phasebit/core';
import type { Controller, QueuePair } from '@phasebit/nvme';

interface Leftover {
  readonly controller: Controller;
  readonly pair: QueuePair;
}

/**
 * Queue pairs that nobody uses any more and that cannot be deleted yet, since their controller is in the middle of something. A queue pair
 * that was lost while its controller lives is not among them: the driver deletes it.
 */
export class Leftovers {
  private pairs: readonly Leftover[] = [];

  constructor(private readonly log: Log) {}

  /** Takes a queue pair over; it is deleted at once if that is possible. */
  add(controller: Controller, pair: QueuePair): void {
    this.pairs = [...this.pairs, { controller, pair }];
    this.tick();
  }

  /** Deletes what can be deleted by now. Never waits. */
  tick(): void {
    if (this.pairs.length === 0) return;
    const later: Leftover[] = [];
    for (const each of this.pairs) {
      const { controller, pair } = each;
      if (controller.state === 'RESETTING' || controller.state === 'FAILING') later.push(each);
      else if (controller.state === 'FAILED' || (controller.state === 'READY' && pair.connected)) this.delete(each);
    }
    this.pairs = later;
  }

  private delete({ controller, pair }: Leftover): void {
    controller.deleteQueuePair(pair).catch((error: unknown) => {
      this.log.warn(`queue pair ${pair.qid} of controller ${controller.identity.cntlid} not deleted: ${String(error)}`);
    });
  }
}
