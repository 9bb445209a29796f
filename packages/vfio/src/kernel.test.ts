import { isLinux } from '@phasebit/linux';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { linuxKernel } from './kernel.js';

describe.skipIf(!isLinux())('the system', () => {
  it('reads or writes at another position than it was told, or maps something else', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'phasebit-vfio-'));
    const file = path.join(folder, 'file');
    writeFileSync(file, new Uint8Array(8192));
    const fd = linuxKernel.open(file);
    linuxKernel.write(fd, new Uint8Array([7, 8]), 4100);
    const into = new Uint8Array(2);
    expect(linuxKernel.read(fd, into, 4100)).toBe(2);
    expect([...into]).toEqual([7, 8]);
    const mapping = linuxKernel.map({ fd, offset: 4096, bytes: 4096 });
    expect(new Uint8Array(mapping.buffer)[4]).toBe(7);
    mapping.detach(0, 4096);
    const words = new Uint32Array(mapping.buffer);
    words[0] = 1;
    expect(linuxKernel.addressOf(mapping.buffer)).toBe(mapping.address);
    expect(new Uint32Array(linuxKernel.view(mapping.address, 4096))[0]).toBe(1);
    linuxKernel.close(fd);
    expect(readFileSync(file)[4096]).toBe(0);
    rmSync(folder, { recursive: true });
  });

  it('counts events twice, or waits although there was one', async () => {
    const fd = linuxKernel.createEvent();
    expect(linuxKernel.takeEvents(fd)).toBe(0);
    expect(await linuxKernel.waitReadable(fd, 1)).toBe(false);
    linuxKernel.close(fd);
  });

  it('refuses a request that is none without saying which', () => {
    const fd = linuxKernel.createEvent();
    expect(() => linuxKernel.ioctl(fd, 0x3b64, 0, 'VFIO_GET_API_VERSION')).toThrow(/VFIO_GET_API_VERSION.*ENOTTY/);
    linuxKernel.close(fd);
  });

  it('looks on after it was told to stop', async () => {
    let looks = 0;
    const stop = linuxKernel.every(1, () => looks++);
    while (looks < 2) await linuxKernel.sleep(1);
    stop();
    const before = looks;
    for (let i = 0; i < 3; i++) await linuxKernel.sleep(1);
    await linuxKernel.sleep(0);
    expect(looks).toBe(before);
  });
});
