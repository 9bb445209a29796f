/**
 * Most paths of one group. A namespace with more than a handful of controllers is rare; selectors look at all of them, and a path has to
 * fit a small field of a request.
 */
export const PATHS_MAX = 256;

/** Nanoseconds of a unit of CRDT1..3 in Identify Controller: 100 ms. [Base] 5.1.13.2.1 */
export const CRDT_UNIT_NS = 100_000_000;

/**
 * How long a path may stay in an ANA change, or inaccessible, when its controller gives no ANATT: 10 s, what the Linux target gives.
 */
export const ANATT_DEFAULT_NS = 10_000_000_000;

/**
 * Pause before a command goes out again that has met a path error on as many tries as there are paths. The first round costs no time, so
 * that a failover is immediate; after it something is wrong for longer, and without a pause two bad paths would make a retry storm.
 */
export const PATH_ERROR_PAUSE_NS = 10_000_000;

/** Retries of a command after errors that are not the path's, unless told otherwise: as SPDK's block layer has it. */
export const RETRY_LIMIT_DEFAULT = 3;
