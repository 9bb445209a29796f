/**
 * What a submission answers. Only `SUBMIT_ACCEPTED` means that the callback will be called, exactly once, from a later poll;
 * after any other answer it never is.
 */

/** Taken: the outcome comes through the callback. */
export const SUBMIT_ACCEPTED = 0;

/** Out of requests at the moment: submit again after a completion. */
export const SUBMIT_AGAIN = 1;

/** Can never be carried out as asked: more children than the pool has requests, a range that is not DMA memory, no blocks at all. */
export const SUBMIT_NEVER = 2;

/** The queue pair is not connected, or its controller failed: nothing was sent. */
export const SUBMIT_FAILED = 3;
