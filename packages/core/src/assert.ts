/**
 * A rule that this code states about itself was broken: a defect, never a bad input and never a device's doing.
 * It is not caught inside the libraries.
 */
export class InvariantError extends Error {
  /** always this text */
  override readonly name = 'InvariantError';
}

/**
 * Throws {@link InvariantError} unless `condition` holds. Always on: with a constant message it costs a fraction of a nanosecond,
 * with a template string thirty, so messages are constants.
 *
 * @param condition - what must hold
 * @param message - a constant sentence saying what must hold
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) failInvariant(message);
}

function failInvariant(message: string): never {
  throw new InvariantError(message);
}
