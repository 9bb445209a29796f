import { mkdtempSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { closeDescriptor, createMemFd, isLinux, openDescriptor } from './index.js';

const folder = mkdtempSync(path.join(tmpdir(), 'phasebit-descriptors-'));
afterAll(() => rmSync(folder, { recursive: true }));
const openFiles = (): number => readdirSync('/proc/self/fd').length;

describe.runIf(isLinux())('a descriptor', () => {
  it('of what is only read can be written, or the other way round', () => {
    const file = path.join('/proc/self/comm');
    const [reading, writing] = [openDescriptor(file, 'r'), openDescriptor(file, 'r+')];
    expect(() => writeSync(reading, 'x')).toThrow('EBADF');
    writeSync(writing, readFileSync(file));
    for (const fd of [reading, writing]) closeDescriptor(fd);
    expect(() => openDescriptor(path.join(folder, 'none'), 'r+')).toThrow(/ENOENT.*none/);
  });

  it('is left behind by memory of a size that cannot be', () => {
    const before = openFiles();
    expect(() => createMemFd('halved', 0.5)).toThrow(RangeError);
    expect(() => createMemFd('x'.repeat(300), 4096)).toThrow(/memfd_create x+: EINVAL/);
    expect(openFiles()).toBe(before);
  });
});
