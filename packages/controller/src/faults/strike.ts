import type { FailMode } from './fail-mode.js';

/** What happens to one command: all that the rules which strike it say. Used again for every command. */
export class Strike {
  /** status that the command fails with instead of being carried out, 0 for none */
  status = 0;
  /** the completion is never written */
  isLost = false;
  /** the completion is written twice */
  isDuplicate = false;
  /** the completion comes so much later, nanoseconds */
  delayNs = 0;
  /** the completion waits for so many later ones */
  laterCommands = 0;
  /** but no longer than that, nanoseconds */
  withinNs = 0;
  /** bits of the data to invert */
  bits = 0;
  /** how the controller fails after the command */
  failMode: FailMode | undefined = undefined;
  /** for how long doorbells are lost after the command, nanoseconds */
  doorbellsLostNs = 0;

  /** Whether the completion is another one than it would have been: lost, late, twice or out of order. */
  get changesCompletion(): boolean {
    return this.isLost || this.isDuplicate || this.delayNs > 0 || this.laterCommands > 0;
  }

  /** Nothing happens. */
  clear(): void {
    this.status = 0;
    this.isLost = false;
    this.isDuplicate = false;
    this.delayNs = 0;
    this.laterCommands = 0;
    this.withinNs = 0;
    this.bits = 0;
    this.failMode = undefined;
    this.doorbellsLostNs = 0;
  }
}
