/** Where the libraries say what an operator may want to know. Nothing is written on the I/O path. */
export interface Log {
  /** Normal but notable, once in a while: a controller came up. */
  info(message: string): void;
  /** Something was wrong and was dealt with: an impossible completion was dropped. */
  warn(message: string): void;
}

/** A log that keeps silent: the default everywhere. */
export const silentLog: Log = { info: () => undefined, warn: () => undefined };
