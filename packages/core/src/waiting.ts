/** The part of an `AbortSignal` that the libraries use; real signals fit. Stated here since the language's own library has none. */
export interface AbortSignalLike {
  /** whether the operation is to be given up */
  readonly aborted: boolean;
  /** why, to be thrown as it is */
  readonly reason?: unknown;
}

/** What every slow call of the control plane takes. */
export interface WaitOptions {
  /** gives the wait up from outside; what was begun on the device may still finish */
  readonly signal?: AbortSignalLike;
  /** milliseconds from the call until the wait fails by itself */
  readonly deadlineMs?: number;
}

/** Ends a wait that is given up. @throws the signal's reason, or an error with that as its cause where it is none */
export function throwIfAborted(signal: AbortSignalLike | undefined): void {
  if (signal?.aborted !== true) return;
  const { reason } = signal;
  throw reason instanceof Error ? reason : new Error('the wait was given up', { cause: reason });
}
