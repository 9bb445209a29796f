/**
 * What every layer of Phasebit stands on, with no storage noun in it: assertions, 64-bit halves, fixed pools, time, chance, counting.
 * Needs nothing but the language: no Node, no browser.
 *
 * @packageDocumentation
 */

// 1. Rules that the code states about itself
export { assert, InvariantError } from './assert.js';

// 2. 64-bit values as halves
export { checkSafeUnsigned, high32, joinU64, low32, U32_RANGE, type U64 } from './u64.js';

// 3. Fixed pools and queues of indexes
export { FreeList } from './free-list.js';
export { IndexFifo } from './index-fifo.js';

// 4. The world, injected
export { type Clock, ManualClock } from './clock.js';
export { Prng } from './prng.js';
export { type Log, silentLog } from './log.js';
export { type AbortSignalLike, throwIfAborted, type WaitOptions } from './waiting.js';

// 5. Counting durations
export { Histogram } from './histogram.js';
