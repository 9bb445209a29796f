/** Every way in which opening a namespace as a block device fails. */
export type NvmeBdevErrorCode = 'NO_PATH' | 'PATHS_DIFFER' | 'PATHS_ALIKE' | 'NOT_SHARED' | 'METADATA' | 'NOT_LOST';

const MESSAGES: Record<NvmeBdevErrorCode, string> = {
  NO_PATH: 'a block device needs at least one controller that is ready',
  PATHS_DIFFER: 'the namespaces behind the paths are not one and the same',
  PATHS_ALIKE: 'two paths lead through the same controller',
  NOT_SHARED: 'the controller says that it is the only one of its subsystem',
  METADATA: 'a block device is made of blocks without metadata',
  NOT_LOST: 'the controller is in use, and another object for it would be one too many',
};

/** Opening a namespace as a block device failed. `code` never changes its meaning; `facts` say what was expected and what came. */
export class NvmeBdevError extends Error {
  /** always this text */
  override readonly name = 'NvmeBdevError';
  /** what failed */
  readonly code: NvmeBdevErrorCode;
  /** the particulars: what was expected and what came */
  readonly facts: Readonly<Record<string, string | number>>;

  constructor(code: NvmeBdevErrorCode, facts: Readonly<Record<string, string | number>> = {}) {
    const particulars = Object.entries(facts).map(([key, value]) => `${key}=${value}`);
    super(`${MESSAGES[code]}${particulars.length > 0 ? ` (${particulars.join(', ')})` : ''}`);
    this.code = code;
    this.facts = facts;
  }
}
