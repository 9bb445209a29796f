/** Every way in which the control plane of the driver fails. */
export type DriverErrorCode =
  | 'UNSUPPORTED_CONTROLLER'
  | 'CONTROLLER_GONE'
  | 'CONTROLLER_FATAL'
  | 'READY_TIMEOUT'
  | 'SHUTDOWN_TIMEOUT'
  | 'COMMAND_TIMEOUT'
  | 'COMMAND_FAILED'
  | 'ABORTED'
  | 'QUEUE_REFUSED'
  | 'QUEUE_BUSY'
  | 'QUEUE_RELEASED'
  | 'NO_NAMESPACE'
  | 'NOT_READY'
  | 'NOT_SUPPORTED'
  | 'LOG_CHANGED'
  | 'OPERATION_FAILED'
  | 'OPERATION_TIMEOUT'
  | 'KEEP_ALIVE_LOST'
  | 'PAIR_LOST'
  | 'RESET_FAILED'
  | 'GIVEN_UP';

const MESSAGES: Record<DriverErrorCode, string> = {
  UNSUPPORTED_CONTROLLER: 'the controller lacks what this driver needs',
  CONTROLLER_GONE: 'the controller reads as all ones: it left the bus',
  CONTROLLER_FATAL: 'the controller reports a fatal status (CSTS.CFS)',
  READY_TIMEOUT: 'the controller did not change CSTS.RDY in the time that CAP.TO allows',
  SHUTDOWN_TIMEOUT: 'the controller did not finish its shutdown (CSTS.SHST) in time',
  COMMAND_TIMEOUT: 'a command was not completed before its deadline',
  COMMAND_FAILED: 'a command completed with an error status',
  ABORTED: 'the caller gave the wait up',
  QUEUE_REFUSED: 'no such queue pair can be had',
  QUEUE_BUSY: 'the queue pair still has commands',
  QUEUE_RELEASED: 'the queue pair was handed over: another thread owns it',
  NO_NAMESPACE: 'the namespace is not active on this controller',
  NOT_READY: 'this cannot be done now',
  NOT_SUPPORTED: 'the controller does not offer this',
  LOG_CHANGED: 'a log page changed during every attempt to read it',
  OPERATION_FAILED: 'an operation in the background of the controller has failed',
  OPERATION_TIMEOUT: 'an operation of several commands did not end before its deadline',
  KEEP_ALIVE_LOST: 'the controller did not answer a keep alive in the time that it granted',
  PAIR_LOST: 'a queue pair is gone although its controller lives',
  RESET_FAILED: 'the controller did not come back from any attempt to reset it',
  GIVEN_UP: 'the owner gave the controller up',
};

/** Facts about one failure: plain values, to be printed or compared. */
export type DriverErrorFacts = Readonly<Record<string, string | number | boolean>>;

/**
 * A slow call of the driver failed. `code` says how and never changes its meaning; `facts` hold the particulars: what was expected
 * and what came. An I/O command never throws this: its outcome is a status number.
 */
export class DriverError extends Error {
  /** always this text */
  override readonly name = 'DriverError';
  /** what failed */
  readonly code: DriverErrorCode;
  /** the particulars: what was expected and what came */
  readonly facts: DriverErrorFacts;

  constructor(code: DriverErrorCode, facts: DriverErrorFacts = {}, options?: { cause?: unknown }) {
    const particulars = Object.entries(facts).map(([key, value]) => `${key}=${value}`);
    super(`${MESSAGES[code]}${particulars.length > 0 ? ` (${particulars.join(', ')})` : ''}`, options);
    this.code = code;
    this.facts = facts;
  }

  /** The same failure with more particulars, and this one as its cause. */
  with(facts: DriverErrorFacts): DriverError {
    return new DriverError(this.code, { ...this.facts, ...facts }, { cause: this.cause ?? this });
  }
}
