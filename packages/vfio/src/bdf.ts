import { VfioRefusal } from './refusal.js';

const PATTERN = /^(?:([0-9a-f]{4,8}):)?([0-9a-f]{2}):([0-1][0-9a-f])\.([0-7])$/i;

/**
 * The address of a PCI function as sysfs writes it, `0000:01:00.0` (domain, bus, device, function), from that or the short form
 * `01:00.0`, which means domain 0.
 *
 * @throws VfioRefusal `bad-address`
 */
export function parseBdf(text: string): string {
  const [, domain = '0000', bus, device, fn] = PATTERN.exec(text.trim()) ?? [];
  if (bus === undefined) {
    throw new VfioRefusal('bad-address', `expected a PCI address such as 0000:01:00.0 or 01:00.0, got '${text}'`);
  }
  return `${domain}:${bus}:${device}.${fn}`.toLowerCase();
}
