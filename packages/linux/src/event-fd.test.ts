import { describe, expect, it } from 'vitest';
import { closeDescriptor, createEventFd, ioctl, isLinux, isReadable, readEventFd, signalEventFd } from './index.js';

const FIONBIO = 0x5421;

describe.runIf(isLinux())('an eventfd', () => {
  it('loses what was added, or keeps it after a read', () => {
    const fd = createEventFd();
    expect(readEventFd(fd)).toBe(0);
    signalEventFd(fd);
    signalEventFd(fd);
    expect(isReadable(fd)).toBe(true);
    expect(readEventFd(fd)).toBe(2);
    expect([readEventFd(fd), isReadable(fd)]).toEqual([0, false]);
    closeDescriptor(fd);
  });

  it('is read after it was closed', () => {
    const fd = createEventFd();
    closeDescriptor(fd);
    expect(() => readEventFd(fd)).toThrow(`read eventfd ${fd}: EBADF`);
    expect(() => signalEventFd(fd)).toThrow(`write eventfd ${fd}: EBADF`);
  });

  it('answers requests it does not know', () => {
    const fd = createEventFd();
    expect(ioctl(fd, FIONBIO, new Uint8Array(4))).toBe(0);
    expect(() => ioctl(fd, 0x3b64, 0)).toThrow('ioctl 0x3b64: ENOTTY');
    expect(() => ioctl(fd, 0x3b64, 0, 'VFIO_GET_API_VERSION')).toThrow('ioctl VFIO_GET_API_VERSION: ENOTTY');
    closeDescriptor(fd);
  });
});
