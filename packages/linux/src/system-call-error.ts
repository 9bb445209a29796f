import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { foreign } from './libc.js';

/** A system call failed. */
export class SystemCallError extends Error {
  /** `SystemCallError` */
  override readonly name = 'SystemCallError';
  /** the error's name, such as `EACCES` */
  readonly code: string;

  /**
   * @param syscall - the call, such as `mmap`
   * @param errno - the error's number, 1 and up
   * @param subject - what it was about: a path, a number of bytes
   */
  constructor(
    readonly syscall: string,
    readonly errno: number,
    subject?: string,
  ) {
    const [code, meaning] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, 'unknown error'];
    super(`${syscall}${subject === undefined ? '' : ` ${subject}`}: ${code} (${meaning})`);
    this.code = code;
  }
}

/** errno of the call before this one, on this thread. Ask before anything else is called. */
export function lastErrno(): number {
  return foreign().errno();
}

/** Gives `result` back unless it is -1. @throws SystemCallError for the call before this one, if that failed */
export function checked(result: number, syscall: string, subject?: string): number {
  if (result === -1) throw new SystemCallError(syscall, lastErrno(), subject);
  return result;
}

/** There is nothing now, or no room. */
export const EAGAIN: number = constants.errno.EAGAIN;
/** A signal came first: the call may be made again. */
export const EINTR: number = constants.errno.EINTR;
export const EADDRINUSE: number = constants.errno.EADDRINUSE;
export const ECONNREFUSED: number = constants.errno.ECONNREFUSED;
export const ETIMEDOUT: number = constants.errno.ETIMEDOUT;
