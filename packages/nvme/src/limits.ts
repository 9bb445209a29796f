import { PAGE_BYTES, PRP_ENTRIES_PER_PAGE } from '@phasebit/nvme-spec';

/** Fewest entries of a ring: one is always left empty to tell full from empty. [Base] 3.3.3.1 */
export const RING_ENTRIES_MIN = 2;

/** Most entries of an I/O ring: CAP.MQES is a 16-bit field, 0's based. [Base] 3.1.4.1 */
export const RING_ENTRIES_MAX = 65_536;

/** Entries of the admin rings: room for eight parked event requests and a few commands; their limit is 4096. [Base] 3.1.4.8 */
export const ADMIN_RING_ENTRIES = 32;

/** Most entries of an admin ring: AQA has 12 bits, 0's based. [Base] 3.1.4.8 */
export const ADMIN_RING_ENTRIES_MAX = 4096;

/** Most bytes of one admin command's payload: enough that images and logs go over in few commands; MDTS may allow less. */
export const ADMIN_TRANSFER_BYTES_MAX = 131_072;

/**
 * Most commands in flight on one queue pair. A command identifier has 16 bits; at least one stays for the generation that tells a late
 * completion from a fresh one.
 */
export const TRACKERS_MAX = 32_767;

/** Most requests of one queue pair: what a 16-bit index could name; a parent and its children count one each. */
export const REQUESTS_MAX = 65_536;

/** Most bytes of one command: a request's list is one page at most, 512 PRP entries of one page each. No list is ever chained. */
export const TRANSFER_BYTES_MAX: number = PRP_ENTRIES_PER_PAGE * PAGE_BYTES;

/** Event requests kept parked at the controller, at most, as in SPDK; AERL may allow fewer. */
export const ASYNC_EVENT_REQUESTS_MAX = 8;

/** Events kept for somebody to take; when there are more, the oldest is dropped and counted. */
export const EVENTS_HELD_MAX = 256;

/** Times that a log page is read again because it changed meanwhile, before the reader gives up. */
export const LOG_READS_MAX = 8;

/** Most Abort commands at the controller at a time; ACL may allow fewer. They share the admin ring with everything else. */
export const ABORTS_MAX = 16;

/** Most namespaces looked for one by one, at controllers that cannot list them. */
export const NAMESPACES_PROBED_MAX = 1024;
