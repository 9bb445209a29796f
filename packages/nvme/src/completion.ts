/**
 * Called once for each accepted command, from inside a poll. It may submit; it must not poll.
 *
 * @param context - what was given at submission, untouched
 * @param status - 15 bits, 0 is success; see `describeStatus` of `@phasebit/nvme-spec`
 * @param dw0 - completion dword 0, command specific
 */
export type CompletionCallback = (context: unknown, status: number, dw0: number) => void;

/**
 * Called once for an accepted compare and write, when both commands have completed.
 *
 * @param context - what was given at submission, untouched
 * @param compareStatus - 15 bits, 0 is success; Compare Failure when the blocks were others
 * @param writeStatus - 15 bits, 0 is success; Command Aborted due to Failed Fused Command when the compare failed
 */
export type FusedCallback = (context: unknown, compareStatus: number, writeStatus: number) => void;

/** Stands in the tables where no callback is. Being called is harmless. */
export function noCallback(): void {
  // A free entry has this callback so that the array holds functions only.
}
