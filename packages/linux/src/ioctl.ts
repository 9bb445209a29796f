import { libc } from './libc.js';
import { checked } from './system-call-error.js';

/**
 * Calls ioctl(2).
 *
 * @param request - the request's number
 * @param argument - memory that the kernel reads and writes, as large as the request wants it, or a number
 * @param subject - what it is for, to be named in an error: `VFIO_SET_IOMMU`
 * @returns what the request answers, 0 or more
 * @throws SystemCallError when the kernel refuses
 */
export function ioctl(fd: number, request: number, argument: Uint8Array | number, subject?: string): number {
  const { ioctlPointer, ioctlValue } = libc();
  const result = typeof argument === 'number' ? ioctlValue(fd, request, argument) : ioctlPointer(fd, request, argument);
  return checked(result, 'ioctl', subject ?? `0x${request.toString(16)}`);
}
