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

/** A signal that Ctrl-C or SIGTERM raises. A second one, half a second or more later, ends the program where it stands. */
export function endingSignal(
  source: SignalSource = ownProcess,
  nowMs: () => number = () => performance.now(),
): AbortSignal {
  const ending = new AbortController();
  let firstMs = 0;
  for (const name of ENDING) {
    source.on(name, () => {
      if (!ending.signal.aborted) {
        firstMs = nowMs();
        ending.abort();
      } else if (nowMs() - firstMs >= SAME_MS) source.endBy(name);
    });
  }
  return ending.signal;
}
