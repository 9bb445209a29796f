import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import type { AdminHandler } from './admin-handler.js';

/** One log page: how to make it, and what its readers have to keep to. */
export interface LogPageSource {
  /** whether this controller has it */
  readonly isPresent: (inside: Internals) => boolean;
  /** whether it can be read while a sanitize operation is in progress, or has failed. [Base] 5 */
  readonly isAllowedBySanitize: boolean;
  /** the whole page as of now */
  readonly page: (inside: Internals, command: Command) => Uint8Array;
  /** multiple that offsets and lengths have to be of, bytes; default 4 */
  readonly granularityBytes?: number;
  /** first byte of entry `index`, undefined past the last one, for pages whose offset may be an index */
  readonly entryAt?: (page: Uint8Array, index: number) => number | undefined;
  /** LID Specific Parameter of the Supported Log Pages log; default 0 */
  readonly specific?: number;
  /** what else happens when it was read without RAE */
  readonly cleared?: (inside: Internals) => void;
  /** reads it, for pages that are not just there to be read */
  readonly handler?: AdminHandler;
}
