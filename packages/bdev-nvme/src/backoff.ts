/** When something that has failed is tried again: later and later, up to a longest time. */
export class Backoff {
  private failures = 0;
  private nextNs = -Infinity;

  /**
   * @param firstMs - milliseconds from the first failure to the next try, doubled with each failure in a row
   * @param longestMs - at most
   */
  constructor(
    private readonly firstMs: number,
    private readonly longestMs: number,
  ) {}

  /** Whether it is time for a try. */
  isDue(nowNs: number): boolean {
    return nowNs >= this.nextNs;
  }

  /** A try has failed. */
  failed(nowNs: number): void {
    this.nextNs = nowNs + Math.min(this.longestMs, this.firstMs * 2 ** this.failures) * 1e6;
    this.failures++;
  }

  /** A try went well, or the next one is to be made at once whatever was before. */
  reset(): void {
    this.failures = 0;
    this.nextNs = -Infinity;
  }
}
