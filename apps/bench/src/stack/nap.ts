import { NAP_MS } from './thread-protocol.js';

const NEVER_CHANGED = new Int32Array(new SharedArrayBuffer(4));

/** Gives the processor up for a moment: to another process, which may be what is waited for. */
export function napForOthers(): void {
  Atomics.wait(NEVER_CHANGED, 0, 0, NAP_MS);
}
