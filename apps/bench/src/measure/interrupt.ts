import { endingSignal } from '@phasebit/program';

/**
 * A signal that Ctrl-C or SIGTERM raises. A second one, half a second or more later, ends the program as usual.
 *
 * @param say - what to tell the user at the first
 */
export function interruptSignal(say: (text: string) => void, signal: AbortSignal = endingSignal()): AbortSignal {
  signal.addEventListener('abort', () => say('interrupted: what there is so far\n'), { once: true });
  return signal;
}
