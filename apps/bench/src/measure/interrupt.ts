/** Ctrl-C at a terminal, and what `timeout` and service managers send. */
const ENDING = ['SIGINT', 'SIGTERM'] as const;
/** One that follows so soon is the first once more: npm and npx pass on what the terminal has sent to everybody already. */
const SAME_MS = 500;

/** Where signals come from: the process. */
export interface SignalSource {
  on(name: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  /** Ends the program as the signal does where nobody listens. */
  endBy(name: 'SIGINT' | 'SIGTERM'): void;
}

const ownProcess: SignalSource = {
  on: (name, listener) => process.on(name, listener),
  endBy: (name) => {
    process.removeAllListeners(name);
    process.kill(process.pid, name);
  },
};

/**
 * A signal that Ctrl-C or SIGTERM raises. A second one, half a second or more later, ends the program as usual.
 *
 * @param say - what to tell the user then
 */
export function interruptSignal(
  say: (text: string) => void,
  source: SignalSource = ownProcess,
  nowMs: () => number = () => performance.now(),
): AbortSignal {
  const controller = new AbortController();
  let firstMs = 0;
  for (const name of ENDING) {
    source.on(name, () => {
      if (controller.signal.aborted) {
        if (nowMs() - firstMs >= SAME_MS) source.endBy(name);
        return;
      }
      firstMs = nowMs();
      say('interrupted: what there is so far\n');
      controller.abort();
    });
  }
  return controller.signal;
}
