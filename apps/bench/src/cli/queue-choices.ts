import type { ArbitrationOptions } from '@phasebit/nvme';
import { parseInteger } from '../job/units.js';
import { failValue } from '../job/value-error.js';

const WEIGHT_MAX = 256;
const BURST_MAX = 64;

/** How logical blocks look. */
export interface FormatChoice {
  readonly lbaBytes: 512 | 4096;
  /** absent: none */
  readonly metadataBytes?: number;
}

/** Reads `512`, `4096`, `512+8` and the like. @throws ValueError */
export function parseFormat(text: string): FormatChoice {
  const [block, metadata, ...more] = text.split('+').map(parseInteger);
  if ((block !== 512 && block !== 4096) || more.length > 0) {
    return failValue('512 or 4096, and +BYTES of metadata with them or not', text);
  }
  if (metadata === undefined) return { lbaBytes: block };
  if (!(metadata >= 4 && metadata <= 128 && metadata % 4 === 0)) {
    failValue('a multiple of 4 from 4 to 128 bytes of metadata', metadata);
  }
  return { lbaBytes: block, metadataBytes: metadata };
}

/**
 * Reads `rr`, `wrr`, `wrr:HIGH/MEDIUM/LOW` and `wrr:HIGH/MEDIUM/LOW/BURST`.
 *
 * @returns undefined for plain round robin
 * @throws ValueError
 */
export function parseArbitration(text: string): ArbitrationOptions | undefined {
  if (text === 'rr') return undefined;
  if (text === 'wrr') return {};
  const match = /^wrr:(\d+)\/(\d+)\/(\d+)(?:\/(\d+))?$/.exec(text);
  if (match === null) return failValue('rr, wrr, wrr:HIGH/MEDIUM/LOW or wrr:HIGH/MEDIUM/LOW/BURST', text);
  const [highWeight, mediumWeight, lowWeight] = match.slice(1, 4).map(Number);
  const wrong = [highWeight, mediumWeight, lowWeight].find((weight) => !(weight >= 1 && weight <= WEIGHT_MAX));
  if (wrong !== undefined) failValue(`weights from 1 to ${WEIGHT_MAX}`, wrong);
  if (match[4] === undefined) return { highWeight, mediumWeight, lowWeight };
  const burst = Number(match[4]);
  if (!(burst >= 1 && burst <= BURST_MAX && Number.isInteger(Math.log2(burst)))) {
    failValue(`a burst that is a power of two from 1 to ${BURST_MAX}`, burst);
  }
  return { highWeight, mediumWeight, lowWeight, burst };
}

/** The same as text, for the report and for another process. */
export function arbitrationText(arbitration: ArbitrationOptions | undefined): string {
  if (arbitration === undefined) return 'rr';
  const { highWeight, mediumWeight, lowWeight, burst } = arbitration;
  if (highWeight === undefined) return 'wrr';
  return `wrr:${highWeight}/${mediumWeight}/${lowWeight}${burst === undefined ? '' : `/${burst}`}`;
}
