import pc from 'picocolors';
import type { StackOptions } from '../cli/bench-options.js';
import type { DeviceReport } from '../stack/device-spec.js';
import type { StackReport } from '../stack/open-stack.js';
import { formatCount, formatRatio } from './format.js';
import type { JsonObject } from './json-object.js';
import { usedDevicesJson } from './used-devices.js';

/** What happened to the stack in the whole run, for people: empty, or lines that end with a newline. */
export function stackReportText(
  report: StackReport,
  { media }: StackOptions,
  color: boolean = pc.isColorSupported,
): string {
  const paint = pc.createColors(color);
  const { device, resets, lost, shutdownErrors } = report;
  const lines: string[] = [];
  if (media.kind === 'nand') {
    lines.push(`flash: modelled, not measured; the times are those of ${media.source}`, ...flashLines(device));
  }
  for (const { controller, rule, struck } of device.faults) {
    lines.push(`fault of controller ${controller}: struck ${struck} x ${JSON.stringify(rule)}`);
  }
  if (device.faults.length > 1) lines.push(`faults in all: ${device.struckCommands} commands struck`);
  for (const [reason, count] of Object.entries(resets))
    lines.push(paint.yellow(`controller reset: ${count} x ${reason}`));
  for (const [reason, count] of Object.entries(lost))
    lines.push(paint.red(`controller given up: ${count} x ${reason}`));
  for (const sentence of shutdownErrors) lines.push(paint.red(sentence));
  return lines.map((line) => `${line}\n`).join('');
}

function flashLines({ nand }: DeviceReport): string[] {
  if (nand === undefined) return [];
  const counts = `pages read ${formatCount(nand.reads)}, programmed ${formatCount(nand.programs)}, moved ${formatCount(nand.relocatedPages)}`;
  const shares = `write amplification ${formatRatio(nand.writeAmplification)}, dies busy ${formatRatio(nand.dieUtilization * 100)} %`;
  return [`flash (modelled): ${counts}; blocks erased ${formatCount(nand.erases)}; ${shares}`];
}

/** The same for tools. */
export function stackReportJson(report: StackReport, { media }: StackOptions): JsonObject {
  const { device, resets, lost, shutdownErrors } = report;
  return {
    ...usedDevicesJson(report.used),
    faults: device.faults.map(({ controller, rule, struck }) => ({ controller, rule, struck })),
    struck_commands: device.struckCommands,
    resets,
    lost,
    shutdown_errors: shutdownErrors,
    ...(media.kind === 'nand'
      ? {
          modelled_media: {
            source: media.source,
            geometry: media.geometry,
            times: media.times,
            statistics: device.nand ?? null,
          },
        }
      : {}),
  };
}
