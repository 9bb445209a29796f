import { CSTS, CSTS_SHST_COMPLETE } from '@phasebit/nvme-spec';
import type { Internals } from './internals.js';
import { judgeReservation } from './reservations/reservation-refusal.js';
import type { Subsystem } from './subsystem.js';

/**
 * Power was lost, and is back: media lose what their caches held, reservations that do not persist are gone, and every controller is as
 * after power-on. Commands in flight never complete. [Base] 3.7.1, 8.1.22
 *
 * @param seed - an integer; decides which of the writes that may be lost are
 */
export function losePower(subsystem: Subsystem, seed: number): void {
  const media = new Map(subsystem.namespaces.map(({ medium, format }) => [medium, format.blockBytes]));
  let mediumSeed = seed;
  for (const [medium, blockBytes] of media) medium.losePower?.(mediumSeed++, blockBytes);
  for (const allocated of subsystem.namespaces) {
    allocated.reservation.losePower();
    judgeReservation(allocated);
  }
  for (const member of subsystem.members) restart(member);
}

/** A count of unsafe shutdowns goes up unless the controller said that its shutdown was complete. [Base] 5.1.12.1.3 */
function restart({ settings, registers, health, machine, revive }: Internals): void {
  const isShutDown = CSTS.SHST.get(registers.csts) === CSTS_SHST_COMPLETE;
  settings.link.drain({ writeRegister: () => undefined });
  health.cyclePower(isShutDown);
  machine.resetWithPower();
  revive();
}
