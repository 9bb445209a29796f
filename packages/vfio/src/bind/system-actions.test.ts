import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemActions } from './system-actions.js';

describe('a program', () => {
  it('fails in silence, or without its words', () => {
    expect(systemActions.run('sh', ['-c', 'echo out; echo err >&2; exit 3'])).toEqual({
      status: 3,
      output: 'out\nerr\n',
    });
    expect(systemActions.run('phasebit-no-such-program', [])).toMatchObject({
      status: -1,
      output: expect.stringContaining('ENOENT'),
    });
  });
});

describe('a file', () => {
  it('holds something else than was written, or belongs to another group', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'phasebit-vfio-'));
    const file = path.join(folder, 'file');
    systemActions.writeFile(file, 'vfio-pci');
    expect(readFileSync(file, 'utf8')).toBe('vfio-pci');
    const { uid, gid } = statSync(file);
    systemActions.chown(file, uid);
    expect(statSync(file)).toMatchObject({ uid, gid });
    rmSync(folder, { recursive: true });
  });
});
