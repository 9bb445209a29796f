import { describe, expect, it } from 'vitest';
import { parseArguments } from './arguments.js';
import { readyLine } from './ready-line.js';
import type { TargetOptions } from './target-options.js';

const MIB = 1 << 20;

function options(line: string): TargetOptions {
  const parsed = parseArguments(line.split(' '), '1.2.3');
  if (parsed.kind === 'exit') throw new Error(parsed.stderr);
  return parsed.options;
}

describe('a command line', () => {
  it('comes to something else without options', () => {
    expect(options('--socket /tmp/a')).toEqual({
      ...{ sockets: ['/tmp/a'], media: [{ kind: 'ram', bytes: 64 * MIB }], lbaBytes: 512 },
      ...{ queuePairs: 64, entries: 1024, mdts: 7, shadowDoorbells: 'off', cmbBytes: 0, pmrBytes: 0, anaGroups: 0 },
      ...{ mapDoorbells: true, idleSleepMs: 1, idleSpinMs: 2, quiet: false },
    });
  });

  it('loses an option, or takes it for another', () => {
    const line =
      '--socket /tmp/a --media null:1G --media file:/x:y --lba-size 4096 --serial S1 --model M --subnqn nqn.x --queues 4 --entries 64 ' +
      '--mdts 5 --shadow-doorbells sleeping --cmb 1m --pmr 4096 --ana-groups 2 --vendor-id 0x1234 --device-id 7 ' +
      '--no-map-doorbells --idle-sleep 0.5 --idle-spin 0 --quiet';
    expect(options(line)).toEqual({
      ...{
        sockets: ['/tmp/a'],
        media: [
          { kind: 'null', bytes: 1024 * MIB },
          { kind: 'file', path: '/x:y' },
        ],
      },
      ...{ lbaBytes: 4096, serial: 'S1', model: 'M', subnqn: 'nqn.x', queuePairs: 4, entries: 64, mdts: 5 },
      ...{ shadowDoorbells: 'sleeping', cmbBytes: MIB, pmrBytes: 4096, anaGroups: 2, vendorId: 0x1234, deviceId: 7 },
      ...{ mapDoorbells: false, idleSleepMs: 0.5, idleSpinMs: 0, quiet: true },
    });
  });

  it.each([
    ['--socket /tmp/a --controllers 3', ['/tmp/a.0', '/tmp/a.1', '/tmp/a.2']],
    ['--socket /tmp/a --socket /tmp/b', ['/tmp/a', '/tmp/b']],
  ])('%s serves at other sockets', (line, sockets) => {
    expect(options(line).sockets).toEqual(sockets);
  });

  it('repeats a medium less often than it should, or shadow doorbells have no policy', () => {
    const { media, shadowDoorbells } = options('--socket a --media ram:4k --namespaces 3 --shadow-doorbells');
    expect([media.length, media[2], shadowDoorbells]).toEqual([3, { kind: 'ram', bytes: 4096 }, 'polling']);
  });

  it.each([
    ['--media ram:1M', '--socket: expected a path to serve at'],
    ['--socket a --socket a', '--socket: expected each path once'],
    ['--socket a --socket b --controllers 2', '--controllers: expected one --socket with it'],
    ['--socket a --media ram:1M --media ram:1M --namespaces 2', '--namespaces: expected one --media with it'],
    ['--socket a --media file:x --namespaces 2', '--namespaces: expected a --media file:PATH for each of them'],
    ['--socket a --media ram', "expected ram:SIZE, null:SIZE or file:PATH, got 'ram'"],
    ['--socket a --media disk:1M', "got 'disk:1M'"],
    ['--socket a --media file:', 'expected ram:SIZE'],
    ['--socket a --media ram:1.5G', "expected a size such as 64M or 1G, got '1.5G'"],
    ['--socket a --media ram:0', 'expected a size such as'],
    ['--socket a --media ram:1000', "expected a multiple of 4096 bytes, got 'ram:1000'"],
    ['--socket a --queues 0', "expected a whole number from 1 to 1024, got '0'"],
    ['--socket a --queues 4x', "got '4x'"],
    ['--socket a --mdts 17', 'from 1 to 16'],
    ['--socket a --idle-sleep -1', "expected milliseconds from 0 to 60000, got '-1'"],
    ['--socket a --lba-size 520', 'Allowed choices are 512, 4096'],
    ['--socket a --vendor-id 0xffff', 'from 0 to 65534'],
    ['--socket a --nonsense', "unknown option '--nonsense'"],
    ['--socket', 'argument missing'],
    ['--socket a b', 'too many arguments'],
  ])('%s is served', (line, why) => {
    const parsed = parseArguments(line.split(' '), '1.2.3');
    expect(parsed).toMatchObject({ kind: 'exit', exitCode: 2, stdout: '' });
    expect((parsed as { stderr: string }).stderr).toContain(why);
  });

  it.each([
    ['--version', '1.2.3'],
    ['--help', 'Usage: phasebit-target'],
  ])('%s fails, or serves', (line, text) => {
    const parsed = parseArguments([line], '1.2.3');
    expect(parsed).toMatchObject({ kind: 'exit', exitCode: 0, stderr: '' });
    expect((parsed as { stdout: string }).stdout).toContain(text);
  });
});

describe('the line of a target that is ready', () => {
  it('has arguments that a shell does not give to QEMU as they are', () => {
    const line = readyLine(options('--socket /tmp/a --controllers 2 --namespaces 2 --media null:1G'));
    expect(line).toMatch(
      /^ready: 2 namespaces of null:1 GiB at \/tmp\/a.0, \/tmp\/a.1; qemu-system-x86_64 -m 2G -object /,
    );
    const devices = [...line.matchAll(/-device '([^']*)'/g)].map(([, json]) => JSON.parse(json) as unknown);
    expect(devices).toEqual(
      ['/tmp/a.0', '/tmp/a.1'].map((path) => ({ driver: 'vfio-user-pci', socket: { path, type: 'unix' } })),
    );
  });

  it('says nothing of media that are of different kinds', () => {
    expect(readyLine(options('--socket a --media ram:1M --media file:b'))).toMatch(/^ready: 2 namespaces at a;/);
    expect(readyLine(options('--socket a --media file:b'))).toMatch(/^ready: 1 namespace of file:b at a;/);
  });
});
