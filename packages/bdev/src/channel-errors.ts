/** What the hot files throw, kept out of them: building a message is allocation. */
import { InvariantError } from '@phasebit/core';
import { BdevError } from './bdev-error.js';
import { CHANNEL_IO_COUNT_MAX } from './limits.js';

/** @throws RangeError always */
export function failIoCount(ioCount: number): never {
  throw new RangeError(`ioCount: expected an integer from 1 to ${CHANNEL_IO_COUNT_MAX}, got ${ioCount}`);
}

/** @throws BdevError always */
export function failBusyClose(name: string, inFlight: number): never {
  throw new BdevError('BUSY', { bdev: name, inFlight });
}

/** @throws InvariantError always */
export function failNestedPoll(): never {
  throw new InvariantError('a callback never polls or ticks its own channel');
}
