import { afterEach, describe, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.doUnmock('node:process');
  vi.resetModules();
});

describe('a system that is not Linux', () => {
  it('is taken for it, or is said to be nothing', async () => {
    vi.resetModules();
    vi.doMock('node:process', () => ({ platform: 'plan9' }));
    const { foreign, isLinux, libc } = await import('./libc.js');
    expect(isLinux()).toBe(false);
    for (const call of [libc, foreign])
      expect(() => call()).toThrow('expected Linux, whose system calls these are; this is plan9');
  });
});
