import type { Clock } from '@phasebit/core';
import type { QueuePair } from './queue-pair.js';

/**
 * How completions are waited for:
 * - `poll`: by polling, with a pause after each poll that found nothing.
 * - `interrupt`: by MSI-X messages. The vectors are never masked.
 * - `adaptive`: by polling while there is work, vectors masked; after `idlePollsMax` polls that found nothing by a message.
 */
export type CompletionMode = 'poll' | 'interrupt' | 'adaptive';

/** What a poll group is made with. */
export interface PollGroupOptions {
  /** for the deadlines of waits */
  readonly clock: Clock;
  /** how completions are waited for; default `poll` */
  readonly mode?: CompletionMode;
  /** of `adaptive`: polls in a row that find nothing before it waits for a message, 1 and up; default 1,000 */
  readonly idlePollsMax?: number;
  /** called for a queue pair that was disconnected, after the poll that found it so; it has left the group */
  readonly onDisconnected?: (pair: QueuePair) => void;
}

/** {@link PollGroupOptions} with every choice made. */
export interface PollGroupSettings {
  /** how completions are waited for */
  readonly mode: CompletionMode;
  /** of `adaptive`: polls in a row that find nothing before it waits for a message */
  readonly idlePollsMax: number;
}

const MODES: readonly string[] = ['poll', 'interrupt', 'adaptive'];

/** Makes every choice and checks it. @throws RangeError saying which option was expected to be what */
export function settlePollGroupOptions(options: PollGroupOptions): PollGroupSettings {
  const { idlePollsMax = 1000, mode = 'poll' } = options;
  if (!MODES.includes(mode)) throw new RangeError(`mode: expected ${MODES.join(', ')}, got ${mode}`);
  if (!(Number.isInteger(idlePollsMax) && idlePollsMax >= 1)) {
    throw new RangeError(`idlePollsMax: expected 1 or more, got ${idlePollsMax}`);
  }
  return { mode, idlePollsMax };
}
