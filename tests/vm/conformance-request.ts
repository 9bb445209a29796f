/** What the program in the guest is to try. Cases are named `area: name`. */
export interface ConformanceRequest {
  /** cases that are left out */
  readonly skipped: readonly string[];
  /** cases that are known to fail, so that nobody has to wait for long */
  readonly known: readonly string[];
}

/** What it prints of each case. */
export interface ConformanceLine {
  readonly area: string;
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly reason: string;
  readonly ms: number;
}
