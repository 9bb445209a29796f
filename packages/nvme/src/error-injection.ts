/** One error to be injected into a queue pair. Injecting another for the same opcode takes its place. */
export interface InjectedError {
  /** opcode of the commands it is for, 0 to 255 */
  readonly opcode: number;
  /** status that they complete with, 15 bits; see `describeStatus` of `@phasebit/nvme-spec`. It is judged by the retry rule like any other */
  readonly status: number;
  /** how many commands it hits, 1 and up; default 1 */
  readonly count?: number;
  /** whether they reach the device: with false it never sees them; with true it carries them out, and its status is replaced. Default true */
  readonly isSubmitted?: boolean;
  /** ticks from submission, or from the device's completion, until the command completes, 0 to 2^31 - 1; default 0, which is the next poll */
  readonly delayTicks?: number;
}

const DELAY_MAX = 0x7fff_ffff;
const STATUS_MAX = 0x7fff;

/** The errors that are injected into one queue pair, by opcode. */
export class ErrorInjection {
  /** commands that were hit */
  injected = 0;
  private readonly rules = new Map<number, Required<InjectedError>>();
  /** commands that are still to be hit, by opcode */
  private readonly left = new Int32Array(256);
  private active = 0;

  /** Whether any command is still to be hit. */
  get isActive(): boolean {
    return this.active !== 0;
  }

  /** Adds an error, or replaces the one of its opcode. @throws RangeError naming the field that is out of range */
  add(error: InjectedError): void {
    const { opcode, status, count = 1, isSubmitted = true, delayTicks = 0 } = error;
    check('opcode', opcode, 0, 255);
    check('status', status, 0, STATUS_MAX);
    check('count', count, 1, DELAY_MAX);
    check('delayTicks', delayTicks, 0, DELAY_MAX);
    this.remove(opcode);
    this.rules.set(opcode, { opcode, status, count, isSubmitted, delayTicks });
    this.left[opcode] = count;
    this.active++;
  }

  /** Takes the error of an opcode away. Gives whether there was one with commands left to hit. */
  remove(opcode: number): boolean {
    if (!this.rules.delete(opcode) || this.left[opcode] === 0) return false;
    this.left[opcode] = 0;
    this.active--;
    return true;
  }

  /** The error that hits a command about to be submitted instead of the device, and counts it; undefined for none. */
  hitSubmission(opcode: number): Required<InjectedError> | undefined {
    return this.hit(opcode, false);
  }

  /** The error that hits a command that the device completed, and counts it; undefined for none. */
  hitCompletion(opcode: number): Required<InjectedError> | undefined {
    return this.hit(opcode, true);
  }

  private hit(opcode: number, isSubmitted: boolean): Required<InjectedError> | undefined {
    if (this.left[opcode] === 0) return undefined;
    const rule = this.rules.get(opcode);
    if (rule === undefined || rule.isSubmitted !== isSubmitted) return undefined;
    this.left[opcode]--;
    if (this.left[opcode] === 0) this.active--;
    this.injected++;
    return rule;
  }
}

function check(name: string, value: number, from: number, to: number): void {
  if (!(Number.isInteger(value) && value >= from && value <= to)) {
    throw new RangeError(`${name}: expected ${from} to ${to}, got ${value}`);
  }
}
