import { type JobSpec, READ } from '../job/job-spec.js';

/** The failures of a job by name, and which of them end it. */
export class JobErrors {
  /** all of them */
  count = 0;
  /** how often each was seen */
  readonly byName = new Map<string, number>();
  private readonly choice: JobSpec['continueOnError'];
  private readonly verifyIsFatal: boolean;

  constructor(job: JobSpec) {
    this.choice = job.continueOnError;
    this.verifyIsFatal = job.verifyFatal;
  }

  /** Whether the job goes on after a mismatch. */
  get survivesVerification(): boolean {
    return !this.verifyIsFatal || this.choice === 'verify' || this.choice === 'all';
  }

  /** Notes a failure. */
  add(direction: number, name: string): void {
    const full = `${direction === READ ? 'read' : 'write'}: ${name}`;
    this.count++;
    this.byName.set(full, (this.byName.get(full) ?? 0) + 1);
  }

  /** Whether the job goes on after a failed command of this direction. */
  survives(direction: number): boolean {
    if (this.choice === 'all' || this.choice === 'io') return true;
    return this.choice === (direction === READ ? 'read' : 'write');
  }
}
