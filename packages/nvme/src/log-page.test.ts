import { describe, expect, it } from 'vitest';
import type { AdminCommand } from './admin-command.js';
import type { AdminQueue } from './admin-queue.js';
import { readLogPage } from './log-page.js';

/** A device whose log has byte `i % 251` at offset `i`, and that keeps what it was asked. */
function openLog() {
  const asked: { command: AdminCommand; bytes: number }[] = [];
  const admin = {
    receive: (command: AdminCommand, bytes: number) => {
      asked.push({ command, bytes });
      const from = command.cdw12 ?? 0;
      return Promise.resolve(Uint8Array.from({ length: bytes }, (_, i) => (from + i) % 251));
    },
  } as unknown as AdminQueue;
  return { admin, asked };
}

/** Fields as [Base] 5.1.12 has them, taken apart by hand. */
function fieldsOf({ command, bytes }: { command: AdminCommand; bytes: number }) {
  const cdw10 = (command.cdw10 ?? 0) >>> 0;
  const dwords = ((command.cdw11 ?? 0) & 0xffff) * 0x1_0000 + (cdw10 >>> 16) + 1;
  return {
    opcode: command.opcode,
    nsid: command.nsid,
    page: cdw10 & 0xff,
    parameter: (cdw10 >>> 8) & 0x7f,
    retain: (cdw10 >>> 15) & 1,
    offset: command.cdw12,
    bytesMatch: dwords * 4 === bytes,
    bytes,
  };
}

describe('a log page', () => {
  it.each([4, 512, 4092, 4096, 4100, 8192, 20_000])(
    'of %i bytes comes in the wrong order, or with a gap',
    async (bytes) => {
      const { admin, asked } = openLog();
      const page = await readLogPage(admin, 0x0c, bytes);
      expect(page).toEqual(Uint8Array.from({ length: bytes }, (_, i) => i % 251));
      for (const each of asked)
        expect(fieldsOf(each)).toMatchObject({ opcode: 2, nsid: 0xffff_ffff, page: 0x0c, bytesMatch: true });
      expect(asked.reduce((sum, each) => sum + each.bytes, 0)).toBe(bytes);
    },
  );

  it('lets its event go before all of it was read, or never', async () => {
    const { admin, asked } = openLog();
    await readLogPage(admin, 4, 10_000);
    expect(asked.map((each) => fieldsOf(each).retain)).toEqual([1, 1, 0]);
    asked.length = 0;
    await readLogPage(admin, 4, 10_000, { retainEvent: true });
    expect(asked.map((each) => fieldsOf(each).retain)).toEqual([1, 1, 1]);
  });

  it('is asked for of another namespace, or with another parameter', async () => {
    const { admin, asked } = openLog();
    await readLogPage(admin, 0x0c, 16, { nsid: 3, lsp: 1 });
    expect(fieldsOf(asked[0])).toMatchObject({ nsid: 3, parameter: 1, page: 0x0c, retain: 0 });
  });

  it.each([0, 3, 6, -4, NaN, 2 ** 32])('of %d bytes is asked for', async (bytes) => {
    const { admin, asked } = openLog();
    await expect(readLogPage(admin, 1, bytes)).rejects.toThrow(/^bytes: expected a multiple of 4 from 4 to 2\^32 - 4/);
    expect(asked).toEqual([]);
  });
});
