import type { QueueServer } from '../arbiter.js';
import type { SubmissionQueue } from '../submission-queue.js';
import type { IoEngine } from './io-engine.js';

/** What the arbiter lets take commands: the I/O engine, until a planned number of commands was taken and the controller breaks. */
export class IoService implements QueueServer {
  /**
   * @param mayServe - whether the controller still executes commands
   * @param commandsLeft - commands until it breaks, or a negative number for never
   * @param breakDown - breaks it
   */
  constructor(
    private readonly engine: IoEngine,
    private readonly mayServe: () => boolean,
    private commandsLeft: number,
    private readonly breakDown: () => void,
  ) {}

  /** @inheritDoc */
  get isServing(): boolean {
    return this.mayServe();
  }

  /** @inheritDoc */
  serve(queue: SubmissionQueue, budget: number): number {
    return this.commandsLeft < 0 ? this.engine.run(queue, budget) : this.runDown(queue, budget);
  }

  private runDown(queue: SubmissionQueue, budget: number): number {
    const done = this.engine.run(queue, Math.min(budget, this.commandsLeft));
    this.commandsLeft -= done;
    if (this.commandsLeft <= 0) {
      this.commandsLeft = -1;
      this.breakDown();
    }
    return done;
  }
}
