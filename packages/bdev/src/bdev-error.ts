/** Every way in which the slow calls of this package fail. */
export type BdevErrorCode = 'BUSY' | 'CLOSED' | 'REFUSED' | 'IO_FAILED' | 'ABORTED' | 'DEADLINE' | 'NO_BOUNCE_MEMORY';

const MESSAGES: Record<BdevErrorCode, string> = {
  BUSY: 'I/Os are still in flight',
  CLOSED: 'the device is closed',
  REFUSED: 'the device cannot carry this I/O out',
  IO_FAILED: 'an I/O ended with an error',
  ABORTED: 'the caller gave the wait up',
  DEADLINE: 'an I/O did not end before its deadline',
  NO_BOUNCE_MEMORY: 'there is no bounce memory and nothing in flight that could free some',
};

/** Facts about one failure: plain values, to be printed or compared. */
export type BdevErrorFacts = Readonly<Record<string, string | number>>;

/**
 * A slow call of the block layer failed. `code` says how and never changes its meaning; `facts` hold the particulars.
 * An I/O of a channel never throws this: its outcome is a status number.
 */
export class BdevError extends Error {
  /** always this text */
  override readonly name = 'BdevError';
  /** how it failed */
  readonly code: BdevErrorCode;
  /** the particulars */
  readonly facts: BdevErrorFacts;

  constructor(code: BdevErrorCode, facts: BdevErrorFacts = {}, options?: { cause?: unknown }) {
    const particulars = Object.entries(facts).map(([key, value]) => `${key}=${value}`);
    super(`${MESSAGES[code]}${particulars.length > 0 ? ` (${particulars.join(', ')})` : ''}`, options);
    this.code = code;
    this.facts = facts;
  }
}
