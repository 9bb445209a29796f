import { readUint32, writeAsciiPadded } from '@phasebit/nvme-spec';
import { FIRMWARE_GRANULARITY_BYTES, FIRMWARE_IMAGE_BYTES_MAX } from '../limits.js';

// What the model takes for a firmware image: a header, then anything, so that there is something to get wrong.
//
//   0x00  8  magic
//   0x08  8  revision, ASCII, padded with spaces
//   0x10  4  bytes of the image
//   0x14  4  makes the sum of all dwords zero
const MAGIC = 'PHASEBIT';
const REVISION = 0x08;
const REVISION_BYTES = 8;
const LENGTH = 0x10;
const SUM = 0x14;

/**
 * An image that the model accepts as firmware.
 *
 * @param revision - up to 8 printable ASCII characters
 * @param bytes - length, a positive multiple of 4096 up to 16 MiB; default 8192
 * @throws RangeError naming the parameter that is out of range
 */
export function createFirmwareImage(revision: string, bytes: number = 2 * FIRMWARE_GRANULARITY_BYTES): Uint8Array {
  if (!/^[ -~]{1,8}$/.test(revision)) {
    throw new RangeError(`revision: expected 1 to 8 printable ASCII characters, got ${JSON.stringify(revision)}`);
  }
  if (!(bytes > 0 && bytes <= FIRMWARE_IMAGE_BYTES_MAX && bytes % FIRMWARE_GRANULARITY_BYTES === 0)) {
    throw new RangeError(`bytes: expected a positive multiple of ${FIRMWARE_GRANULARITY_BYTES}, got ${bytes}`);
  }
  const image = new Uint8Array(bytes);
  writeAsciiPadded(image, 0, MAGIC.length, MAGIC);
  writeAsciiPadded(image, REVISION, REVISION_BYTES, revision);
  const view = new DataView(image.buffer);
  view.setUint32(LENGTH, bytes, true);
  view.setUint32(SUM, -sumOf(image) >>> 0, true);
  return image;
}

/** The revision of an image, or undefined when it is not one. */
export function revisionOfImage(image: Uint8Array): string | undefined {
  if (image.length < FIRMWARE_GRANULARITY_BYTES) return undefined;
  const text = String.fromCharCode(...image.subarray(0, LENGTH));
  if (!text.startsWith(MAGIC) || readUint32(image, LENGTH) !== image.length || sumOf(image) !== 0) return undefined;
  return text.slice(REVISION).trimEnd();
}

function sumOf(image: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < image.length; at += 4) sum = (sum + readUint32(image, at)) >>> 0;
  return sum;
}
