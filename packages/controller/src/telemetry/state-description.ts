import type { Internals } from '../internals.js';

/** The state of a controller in words, a line for each thing: what its telemetry consists of. */
export function describeState(inside: Internals): string {
  const { settings, machine, registers, queues, namespaces, errors, health, inFlight, subsystem, features } = inside;
  const lines = [
    `controller ${settings.cntlid} of ${subsystem.settings.subnqn}`,
    `firmware ${subsystem.firmware.revision}`,
    `state ${machine.state}, CC ${hex(registers.cc)}, CSTS ${hex(registers.csts)}`,
    `up ${features.msSinceReset} ms since the last reset`,
    `submission queues ${queues.io.map((each) => `${each.id}: head ${each.head} of ${each.entries}`).join(', ')}`,
    `commands in flight ${inFlight.count}`,
    `errors ${errors.count}, media errors ${health.mediaErrors}`,
  ];
  for (const { nsid, blocks, blockBytes, special, pathStatus } of namespaces.active) {
    lines.push(
      `namespace ${nsid}: ${blocks} blocks of ${blockBytes}, special ${hex(special)}, path ${hex(pathStatus)}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function hex(value: number): string {
  return `${(value >>> 0).toString(16)}h`;
}
