import type { Command } from '../command.js';
import type { Internals } from '../internals.js';

/** Which value Get Features asks for. */
export type FeatureSelect = 'current' | 'default' | 'saved';

/** What a feature belongs to. `namespace` is the namespace as this controller sees it, or as all do: the feature knows. [Base] 4.4 */
export type FeatureScope = 'controller' | 'namespace' | 'subsystem';

/** One feature: how Get Features and Set Features reach it. The identifiers are those of its row in the table. */
export interface Feature {
  /** what it belongs to */
  readonly scope: FeatureScope;
  /** whether Set Features may save its value */
  readonly isSaveable: boolean;
  /** whether this controller has it */
  readonly isPresent: (inside: Internals) => boolean;
  /** whether it has no value for all namespaces together: Get Features with NSID FFFFFFFFh is then an invalid field */
  readonly refusesBroadcastGet?: boolean;
  /** whether Set Features is allowed while a sanitize operation is in progress; default true. [Base] 5 */
  readonly isHeldBySanitize?: boolean;
  /** puts the value into the result, or sends its data structure; gives a status */
  readonly get: (inside: Internals, command: Command, select: FeatureSelect) => number;
  /** takes the value from dword 11, or fetches its data structure, and saves it if SV says so; gives a status */
  readonly set: (inside: Internals, command: Command) => number;
}

/** For features that every controller has. */
export function always(): boolean {
  return true;
}
