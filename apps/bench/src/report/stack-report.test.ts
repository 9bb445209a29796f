import { describe, expect, it } from 'vitest';
import { parseArguments } from '../cli/arguments.js';
import type { StackReport } from '../stack/open-stack.js';
import { describeStack } from './describe-stack.js';
import { sampleUsedDevices } from './sample-result.test-data.js';
import { stackReportJson, stackReportText } from './stack-report.js';

const QUIET: StackReport = {
  used: sampleUsedDevices(),
  device: { faults: [], struckCommands: 0 },
  resets: {},
  lost: {},
  shutdownErrors: [],
};

function optionsOf(...args: string[]) {
  const parsed = parseArguments(['run', ...args]);
  if (parsed.kind === 'exit') throw new Error(parsed.stderr);
  return parsed.options;
}

describe('what happened to the stack', () => {
  it('is nothing to speak of in most runs', () => {
    expect(stackReportText(QUIET, optionsOf().stack, false)).toBe('');
  });

  it('is told with the reason and how often', () => {
    const report: StackReport = {
      ...QUIET,
      device: {
        faults: [
          { controller: 0, rule: { kind: 'lost', count: 2 }, struck: 2 },
          { controller: 1, rule: { kind: 'lost', count: 2 }, struck: 0 },
        ],
        struckCommands: 2,
      },
      resets: { COMMAND_TIMEOUT: 2 },
      lost: { RESET_FAILED: 1 },
      shutdownErrors: ['controller 0 could not be shut down: late'],
    };
    expect(stackReportText(report, optionsOf().stack, false)).toBe(
      'fault of controller 0: struck 2 x {"kind":"lost","count":2}\n' +
        'fault of controller 1: struck 0 x {"kind":"lost","count":2}\n' +
        'faults in all: 2 commands struck\n' +
        'controller reset: 2 x COMMAND_TIMEOUT\n' +
        'controller given up: 1 x RESET_FAILED\n' +
        'controller 0 could not be shut down: late\n',
    );
    expect(stackReportJson(report, optionsOf().stack)).toMatchObject({
      faults: report.device.faults,
      struck_commands: 2,
      resets: { COMMAND_TIMEOUT: 2 },
      lost: { RESET_FAILED: 1 },
      shutdown_errors: ['controller 0 could not be shut down: late'],
    });
  });

  it('of modelled flash is never told without saying that it is modelled, and after what', () => {
    const nand = {
      reads: 5,
      programs: 4,
      erases: 3,
      relocatedPages: 2,
      writeAmplification: 1.5,
      dieUtilization: 0.25,
    };
    const report = { ...QUIET, device: { ...QUIET.device, nand } };
    const options = optionsOf('--media=nand:slc,read=9');
    expect(describeStack(options)).toContain('media nand:slc,read=9 (modelled) 1 GiB');
    const lines = stackReportText(report, options.stack, false).trimEnd().split('\n');
    expect(lines[0]).toMatch(/^flash: modelled, not measured; .* NAND_SLC: .* changed: read=9$/);
    expect(lines[1]).toBe(
      'flash (modelled): pages read 5, programmed 4, moved 2; blocks erased 3; write amplification 1.5, dies busy 25 %',
    );
    expect(stackReportJson(report, options.stack)).toMatchObject({
      modelled_media: { source: expect.stringContaining('NAND_SLC'), times: { readUs: 9 }, statistics: nand },
    });
  });
});
