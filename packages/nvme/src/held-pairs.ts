import type { Log } from '@phasebit/core';
import type { QueueCommands } from './queue-commands.js';
import type { QueuePair } from './queue-pair.js';

/**
 * Queue pairs that nobody has, because a command that creates or deletes their queues was given up, while the controller may still carry it
 * out. Their identifiers are nobody else's and their memory is not given back until the controller is known to have neither queue: it has
 * answered the command late, and deleted what that made; or it was reset.
 */
export class HeldPairs {
  private readonly byQid = new Map<number, QueuePair>();

  constructor(private readonly log: Log) {}

  /** How many identifiers are held. */
  get size(): number {
    return this.byQid.size;
  }

  /** Whether an identifier is held. */
  has(qid: number): boolean {
    return this.byQid.has(qid);
  }

  /** Holds a pair that was disconnected until its queues are gone. */
  hold(pair: QueuePair, queues: QueueCommands): void {
    this.byQid.set(pair.qid, pair);
    this.log.warn(
      `queue identifier ${pair.qid} is set aside: the controller may still create its queues, or have them`,
    );
    void this.reclaim(pair, queues);
  }

  /** The controller was disabled: it has none of their queues, and writes to no memory. */
  release(): void {
    for (const pair of this.byQid.values()) this.free(pair);
  }

  /** What came to be after all is deleted, once the controller has answered. What it does not answer, or refuses, waits for a reset. */
  private async reclaim(pair: QueuePair, queues: QueueCommands): Promise<void> {
    const { qid } = pair;
    while (this.byQid.get(qid) === pair && queues.mayExist) {
      await queues.answered();
      if (this.byQid.get(qid) !== pair) return;
      try {
        await queues.delete();
      } catch (error) {
        this.log.warn(`queues of identifier ${qid} could not be deleted: ${String(error)}`);
        if (queues.isAnswered) return;
      }
    }
    if (this.byQid.get(qid) !== pair) return;
    this.free(pair);
    this.log.info(`queue identifier ${qid} is free again`);
  }

  private free(pair: QueuePair): void {
    this.byQid.delete(pair.qid);
    pair.free();
  }
}
