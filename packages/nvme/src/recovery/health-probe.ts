import type { Clock } from '@phasebit/core';
import { CSTS, describeAdminOpcode, REG_CSTS } from '@phasebit/nvme-spec';
import type { PcieFunction } from '@phasebit/pcie';
import { DriverError } from '../errors.js';

const ALL_ONES = 0xffff_ffff;

/** What CSTS says is wrong with a controller that has been ready; undefined for nothing. [Base] 3.1.4.6 */
export function judgeStatus(csts: number): DriverError | undefined {
  if (csts === ALL_ONES) return new DriverError('CONTROLLER_GONE', { register: 'CSTS' });
  if (CSTS.CFS.get(csts) === 1) return new DriverError('CONTROLLER_FATAL', { csts });
  if (CSTS.RDY.get(csts) === 0) return new DriverError('CONTROLLER_FATAL', { csts, expected: 'CSTS.RDY=1' });
  return undefined;
}

/**
 * Looks at CSTS now and then while somebody waits for a command of a controller that nobody ticks yet. A look is begun and not waited for: a
 * function whose registers do not answer holds up no deadline.
 */
export class HealthProbe {
  private nextLookNs: number;
  private isLooking = false;
  private failure: Error | undefined;

  /** @param intervalMs - milliseconds between two looks */
  constructor(
    private readonly fn: PcieFunction,
    private readonly clock: Clock,
    private readonly intervalMs: number,
  ) {
    this.nextLookNs = clock.nowNs() + intervalMs * 1e6;
    this.failure = undefined;
  }

  /**
   * To be called before each pause.
   *
   * @param opcode - of the admin command that is waited for, for the error
   * @throws DriverError CONTROLLER_GONE or CONTROLLER_FATAL, or what a register read has thrown
   */
  check(opcode: number): void {
    const { failure } = this;
    if (failure instanceof DriverError) throw failure.with({ waitedFor: describeAdminOpcode(opcode) });
    if (failure !== undefined) throw failure;
    const nowNs = this.clock.nowNs();
    if (nowNs < this.nextLookNs || this.isLooking) return;
    this.nextLookNs = nowNs + this.intervalMs * 1e6;
    void this.look();
  }

  private async look(): Promise<void> {
    this.isLooking = true;
    try {
      this.failure = judgeStatus(await this.fn.registers.read32(REG_CSTS));
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error));
    } finally {
      this.isLooking = false;
    }
  }
}
