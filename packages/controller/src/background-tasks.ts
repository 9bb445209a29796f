import type { Clock } from '@phasebit/core';

/** Something that ends at a time. */
export interface BackgroundTask {
  /** when it began, nanoseconds by the clock */
  readonly beginNs: number;
  /** when it is done */
  readonly dueNs: number;
  /** what to do then */
  readonly done: () => void;
}

/** What a subsystem does in the background, while its controllers go on: formats, sanitizes, tests itself. */
export class BackgroundTasks {
  /** Tasks that are not done. A field, since every turn of every controller looks at it. */
  count = 0;
  private tasks: BackgroundTask[] = [];

  constructor(private readonly clock: Clock) {}

  /** When the next task is done, Infinity when there is none. */
  get nextDueNs(): number {
    return this.tasks.length === 0 ? Infinity : this.tasks[0].dueNs;
  }

  /** Starts a task that takes `ms` milliseconds; with 0 it is done before this returns. */
  start(ms: number, done: () => void): BackgroundTask {
    const beginNs = this.clock.nowNs();
    const task = { beginNs, dueNs: beginNs + ms * 1e6, done };
    if (ms === 0) {
      done();
      return task;
    }
    this.tasks.push(task);
    this.tasks.sort((a, b) => a.dueNs - b.dueNs);
    this.count = this.tasks.length;
    return task;
  }

  /** Forgets a task, if it is not done yet. */
  cancel(task: BackgroundTask): void {
    this.tasks = this.tasks.filter((each) => each !== task);
    this.count = this.tasks.length;
  }

  /** Ends the tasks whose time has come. @returns how many */
  run(): number {
    const nowNs = this.clock.nowNs();
    let done = 0;
    while (this.tasks.length > 0 && this.tasks[0].dueNs <= nowNs) {
      const task = this.tasks.shift()!;
      this.count = this.tasks.length;
      task.done();
      done++;
    }
    return done;
  }

  /** How much of a task is done, from 0 to less than 1. */
  progress(task: BackgroundTask): number {
    return Math.min((this.clock.nowNs() - task.beginNs) / (task.dueNs - task.beginNs), 1 - 2 ** -20);
  }
}
