import { Transfer } from '@phasebit/controller';
import { silentLog } from '@phasebit/core';
import { createDmaArena, DeviceDma } from '@phasebit/pcie';
import { openVfioUser } from '@phasebit/vfio-user';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseArguments } from './arguments.js';
import { openMedium } from './media.js';
import { Target } from './target.js';

const clock = { nowNs: (): number => performance.now() * 1e6 };
let folder: string;
const said: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'phasebit-target-'));
  said.length = 0;
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => path.join(folder, name);

/** A target as the command line says; FOLDER stands for this test's folder. */
function open(line: string): Target {
  const parsed = parseArguments(line.replaceAll('FOLDER', folder).split(' '), '0');
  if (parsed.kind === 'exit') throw new Error(parsed.stderr);
  const say = (text: string): void => void said.push(text);
  return Target.open(parsed.options, { info: say, warn: say });
}

/** Runs a target while something happens. */
async function serve(target: Target, work: () => Promise<void>): Promise<void> {
  const ending = new AbortController();
  const running = target.run(ending.signal);
  try {
    await work();
  } finally {
    ending.abort();
    await running;
    target.close();
    target.close();
  }
}

describe('a target', () => {
  it('shows a controller that is not what was asked for, or leaves its socket behind', async () => {
    const line =
      '--socket FOLDER/s --controllers 2 --queues 3 --cmb 8k --pmr 4k --vendor-id 0x1234 --device-id 9 --ana-groups 1';
    await serve(
      open(`${line} --serial ABC --model MODEL --subnqn nqn.2026-11.dev.phasebit:x --media ram:1M`),
      async () => {
        expect(readdirSync(folder).sort()).toEqual(['s.0', 's.1']);
        for (const name of ['s.0', 's.1']) {
          const fn = await openVfioUser(at(name), { clock, arenas: [{ bytes: 1 << 16 }] });
          expect(fn.identity).toMatchObject({ vendorId: 0x1234, deviceId: 9, subsystemId: 9 });
          expect([fn.bars[2], fn.bars[4], fn.vectors.count, fn.areDoorbellsMapped]).toEqual([8192, 4096, 4, true]);
          fn.close();
        }
      },
    );
    expect(readdirSync(folder)).toEqual([]);
    expect(said.join()).toContain('a client has connected');
  });

  it('keeps doorbells mapped that it was told not to', async () => {
    await serve(open('--socket FOLDER/s --no-map-doorbells'), async () => {
      const fn = await openVfioUser(at('s'), { clock, arenas: [{ bytes: 1 << 16 }] });
      expect([fn.areDoorbellsMapped, fn.identity.vendorId]).toEqual([false, 0x5042]);
      fn.close();
    });
  });

  it('replaces a socket that nobody serves at, and nothing else', async () => {
    const abandoned = open('--socket FOLDER/s');
    expect(() => open('--socket FOLDER/s')).toThrow('EADDRINUSE');
    expect(() => open('--socket FOLDER/other --socket FOLDER/s')).toThrow('EADDRINUSE');
    // What was opened before the one that failed is closed again.
    expect(readdirSync(folder)).toEqual(['s']);
    abandoned.close();
    const other: Server = createServer();
    await new Promise<void>((resolve) => other.listen(at('s'), resolve));
    expect(() => open('--socket FOLDER/s')).toThrow('EADDRINUSE');
    await new Promise((resolve) => other.close(resolve));
    writeFileSync(at('file'), 'precious');
    expect(() => open('--socket FOLDER/file')).toThrow('EADDRINUSE');
    expect(readFileSync(at('file'), 'utf8')).toBe('precious');
  });

  it.each([
    ['that is not there', 'none', 'file:FOLDER/none: expected a file that can be read and written: ENOENT'],
    ['that is a folder', '', 'expected a file that can be read and written: EISDIR'],
    ['that is empty', 'empty', 'expected a size that is a multiple of 4096 bytes, found 0; `truncate -s 64M'],
    ['that is odd', 'odd', 'found 5000'],
    ['that is a device', '/dev/null', 'expected a regular file, found something else'],
  ])('serves a file %s', (_, name, why) => {
    writeFileSync(at('empty'), '');
    writeFileSync(at('odd'), new Uint8Array(5000));
    const file = name.startsWith('/') ? name : `FOLDER/${name}`;
    expect(() => open(`--socket FOLDER/s --media file:${file}`)).toThrow(why.replace('FOLDER', folder));
  });
});

describe('a medium in a file', () => {
  it('writes elsewhere than into that file, or reads something else', () => {
    writeFileSync(at('disk'), '');
    truncateSync(at('disk'), 1 << 20);
    const opened = openMedium({ kind: 'file', path: at('disk') }, silentLog);
    const { medium } = opened;
    const dma = new DeviceDma([createDmaArena({ bytes: 8192, iovaBase: 0 })]);
    const transfer = new Transfer(dma, 4096);
    transfer.byteOffset = 8192;
    transfer.bytes = 512;
    transfer.add(0, 0, 512);
    dma.bytesOf(0).fill(7, 0, 512);
    expect([medium.bytes, medium.write(transfer), medium.flush()]).toEqual([1 << 20, 0, 0]);
    dma.bytesOf(0).fill(0);
    expect([medium.read(transfer), dma.bytesOf(0)[511], dma.bytesOf(0)[512]]).toEqual([0, 7, 0]);
    opened.close();
    const content = readFileSync(at('disk'));
    expect([content[8191], content[8192], content[8703], content[8704]]).toEqual([0, 7, 7, 0]);
  });

  it('fails without a word of why, or with one for every command', () => {
    writeFileSync(at('disk'), new Uint8Array(4096));
    const say = (text: string): void => void said.push(text);
    const opened = openMedium({ kind: 'file', path: at('disk') }, { info: say, warn: say });
    const { medium } = opened;
    const transfer = new Transfer(new DeviceDma([createDmaArena({ bytes: 4096, iovaBase: 0 })]), 4096);
    transfer.byteOffset = 2 ** 60; // a position that no file has
    transfer.bytes = 512;
    transfer.add(0, 0, 512);
    expect([medium.read(transfer), medium.read(transfer)]).not.toContain(0);
    expect(said).toEqual([expect.stringContaining(`--media file:${at('disk')}: The value of "position"`)]);
    opened.close();
  });
});
