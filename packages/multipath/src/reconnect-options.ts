/** How long a lost controller is tried for. The three times depend on each other, see {@link checkReconnectOptions}. */
export interface ReconnectOptions {
  /** milliseconds from the loss until the controller is given up; -1 for never, 0 for no attempts at all */
  readonly ctrlrLossTimeoutMs: number;
  /** milliseconds from a failed attempt to the next */
  readonly reconnectDelayMs: number;
  /** milliseconds from the loss until I/O stops waiting for the controller, while the attempts go on; 0 for as long as they do */
  readonly fastIoFailTimeoutMs: number;
}

/** No attempts: what is lost stays lost until someone asks for it. */
export const RECONNECT_NEVER: ReconnectOptions = { ctrlrLossTimeoutMs: 0, reconnectDelayMs: 0, fastIoFailTimeoutMs: 0 };

/**
 * Checks that the three times make sense together.
 *
 * ```text
 *   ctrlrLossTimeoutMs   reconnectDelayMs        fastIoFailTimeoutMs
 *   0                    0                       0
 *   -1 (for ever)        more than 0             0, or at least reconnectDelayMs
 *   more than 0          1 to ctrlrLossTimeoutMs 0, or from reconnectDelayMs to ctrlrLossTimeoutMs
 * ```
 *
 * @throws RangeError naming the values that do not go together
 */
export function checkReconnectOptions(options: ReconnectOptions): void {
  const { ctrlrLossTimeoutMs: loss, reconnectDelayMs: delay, fastIoFailTimeoutMs: fast } = options;
  checkMs('ctrlrLossTimeoutMs', loss, -1);
  checkMs('reconnectDelayMs', delay, 0);
  checkMs('fastIoFailTimeoutMs', fast, 0);
  if (loss === 0) {
    if (delay !== 0) failPair('reconnectDelayMs', '0', delay, 'ctrlrLossTimeoutMs', loss);
    if (fast !== 0) failPair('fastIoFailTimeoutMs', '0', fast, 'ctrlrLossTimeoutMs', loss);
    return;
  }
  if (delay === 0) failPair('reconnectDelayMs', 'more than 0', delay, 'ctrlrLossTimeoutMs', loss);
  if (loss > 0 && delay > loss) failPair('reconnectDelayMs', 'no more than that', delay, 'ctrlrLossTimeoutMs', loss);
  if (fast === 0) return;
  if (fast < delay) failPair('fastIoFailTimeoutMs', '0 or no less than that', fast, 'reconnectDelayMs', delay);
  if (loss > 0 && fast > loss) failPair('fastIoFailTimeoutMs', 'no more than that', fast, 'ctrlrLossTimeoutMs', loss);
}

function checkMs(name: string, value: number, min: number): void {
  if (!(Number.isSafeInteger(value) && value >= min)) {
    throw new RangeError(`${name}: expected an integer of ${min} or more, got ${value}`);
  }
}

function failPair(name: string, expected: string, value: number, otherName: string, otherValue: number): never {
  throw new RangeError(`${name}: with ${otherName} ${otherValue}, expected ${expected}, got ${value}`);
}
