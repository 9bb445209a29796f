import { assert } from '@phasebit/core';

/** Entries of the largest I/O queue unless told otherwise: four times what a driver with a ring of 1,024 asks for. */
export const QUEUE_ENTRIES_DEFAULT = 4096;

/** Most entries of an I/O queue: CAP.MQES is a 16-bit field, 0's based. [Base] 3.1.4.1 */
export const QUEUE_ENTRIES_MAX = 65_536;

/** I/O queue pairs unless told otherwise; a link with fewer doorbells lowers it. */
export const QUEUE_PAIRS_DEFAULT = 64;

/** log2 of the largest transfer in 4 KiB pages unless told otherwise: 512 KiB. */
export const MDTS_DEFAULT = 7;

/**
 * Largest exponent of the transfer size: 2^16 pages, 256 MiB, all that one command can name with 4 KiB blocks. A segment table
 * of that many pages takes 768 KiB.
 */
export const MDTS_MAX = 16;

/** Worst case time to become ready or not ready, in 500 ms units, unless told otherwise. The model needs one turn. */
export const READY_TIMEOUT_DEFAULT = 20;

/**
 * Completions published by one atomic store: few enough that a host on another core begins to consume while the rest of a
 * long batch is still being executed, many enough that the store (12 ns, Node 20) costs well under 1 ns per completion.
 */
export const PUBLISH_BATCH = 32;

/**
 * Commands of one submission queue in one turn when the arbitration burst is unlimited: twice the deepest usual queue depth of
 * 128, so that a full batch is one turn, and no queue waits for more than 255 commands of each of the others.
 */
export const QUEUE_BUDGET = 256;

/** Admin commands in one turn: they may be slow, and the I/O queues wait for them. */
export const ADMIN_BUDGET = 8;

/** Commands that were executed and complete later, unless told otherwise: 64 queues of a depth of 256. The table takes 40 bytes for each. */
export const COMMANDS_IN_FLIGHT_DEFAULT = 16_384;

/** Most commands that were executed and complete later: one full I/O queue of the largest size. */
export const COMMANDS_IN_FLIGHT_MAX = 65_536;

/** Abort commands that may be outstanding: Identify Controller ACL + 1. Only those that a fault delays ever are. */
export const ABORTS_MAX = 4;

/** Asynchronous Event Requests that may be outstanding: Identify Controller AERL + 1. */
export const ASYNC_EVENT_REQUESTS_MAX = 4;

/** Asynchronous events that wait for a request. One of each kind can wait at most, so this is never reached by masked kinds. */
export const ASYNC_EVENTS_QUEUED_MAX = 16;

/** Entries of the Error Information log: Identify Controller ELPE + 1. */
export const ERROR_LOG_ENTRIES = 64;

/** Largest namespace identifier of the model; the table of namespaces is an array of that many slots. */
export const NAMESPACES_MAX = 4096;

/** Most ANA groups. */
export const ANA_GROUPS_MAX = 128;

/** A busy controller looks at the keep alive timer every so many turns, less one: a clock costs as much as a command. */
export const KEEP_ALIVE_LOOK_MASK = 63;

/** Idle turns between two looks at the doorbells of queues that do not exist. */
export const DOORBELL_SCAN_TURNS = 1024;

/** Smallest logical block, bytes. [NVM] 4.1.5.1: LBADS is 9 or more */
export const BLOCK_BYTES_MIN = 512;

/** Largest logical block, bytes: the largest command, 65,536 blocks, then is 2^30 bytes, a small integer to V8. */
export const BLOCK_BYTES_MAX = 16_384;

/** LBA formats of a namespace at most: Identify Namespace has that many rows. [NVM] 4.1.5.1 */
export const LBA_FORMATS_MAX = 64;

/** NVM of a subsystem at most, bytes: what a number counts exactly. */
export const CAPACITY_BYTES_MAX: number = 2 ** 53 - 1;

/** Firmware slots at most. [Base] 5.1.13.2.1, FRMW */
export const FIRMWARE_SLOTS_MAX = 7;

/** Reservation notifications that a controller keeps until its host reads them. */
export const RESERVATION_NOTICES_MAX = 255;

/** Firmware images come in pieces of a multiple of this many bytes: Identify Controller FWUG is 1. */
export const FIRMWARE_GRANULARITY_BYTES = 4096;

/** Largest firmware image, bytes. It is kept in memory until it is committed. */
export const FIRMWARE_IMAGE_BYTES_MAX: number = 16 * 1024 * 1024;

/** Events of the Persistent Event log; the oldest one goes when another one comes. */
export const PERSISTENT_EVENTS_MAX = 512;

/** Largest event of the Persistent Event log on the average, bytes: a SMART snapshot with its header. */
export const PERSISTENT_EVENT_BYTES_MAX = 536;

/** Identify Controller CRDT1 to CRDT3: how long a host waits that is told to retry after delay 1, 2 or 3; units of 100 ms. */
export const RETRY_DELAYS_100MS: readonly [number, number, number] = [1, 5, 10];

/** UUIDs of a subsystem at most. [Base] 5.1.13.2.14 */
export const UUIDS_MAX = 126;

/** Streams that can be open in a subsystem at a time. */
export const STREAMS_MAX = 64;

assert(PUBLISH_BATCH <= QUEUE_BUDGET, 'a batch is not larger than a turn');
assert(QUEUE_ENTRIES_DEFAULT <= QUEUE_ENTRIES_MAX, 'the default queue is a possible queue');
