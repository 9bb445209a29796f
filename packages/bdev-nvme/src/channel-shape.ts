import type { CommandLimits, Namespace } from '@phasebit/nvme';

/** Fields by which a namespace is known: the same on every path. */
const IDENTITY = ['blockBytes', 'metadataBytes', 'uuid'] as const;
const IDENTIFIERS = ['nguid', 'eui64'] as const;

/** A field in which two namespaces differ. */
export interface Difference {
  readonly field: string;
  readonly expected: string | number;
  readonly got: string | number;
}

/** In what a namespace is another one than expected, whatever its size; undefined when they are one and the same. */
export function differenceOf(expected: Namespace, got: Namespace): Difference | undefined {
  for (const field of IDENTITY) {
    if (expected[field] !== got[field]) return { field, expected: expected[field], got: got[field] };
  }
  for (const field of IDENTIFIERS) {
    const [known, found] = [expected.identify[field], got.identify[field]];
    if (known !== found) return { field, expected: known, got: found };
  }
  return undefined;
}

/**
 * What a channel was told of its namespace when it was opened: the least that any path gives. What is sent over a path keeps to it, so a path
 * that gives less cannot be used, whenever it comes.
 */
export class ChannelShape {
  /** requests of each queue pair */
  readonly requests: number;
  /** blocks of the driver's largest piece of a transfer */
  readonly pieceBlocksMax: number;
  /** blocks of an unmap */
  readonly unmapBlocksMax: number;
  /** blocks of a write zeroes */
  readonly writeZeroesBlocksMax: number;
  /** advice to callers: no I/O better crosses a multiple of this many blocks; 0 for none */
  readonly boundaryBlocks: number;
  /** ONCS_* bits of the commands that are offered */
  readonly offered: number;

  /**
   * @param namespace - as the device was made over it
   * @param blocks - what the device says it has
   * @param namespaces - as the paths show it, one at least
   * @param requests - the least of any queue pair
   */
  constructor(
    private readonly namespace: Namespace,
    private readonly blocks: number,
    namespaces: readonly Namespace[],
    requests: number,
  ) {
    this.requests = requests;
    this.pieceBlocksMax = least(namespaces, pieceBlocksMax);
    this.unmapBlocksMax = least(namespaces, ({ limits }) => unmapBlocksMax(limits));
    this.writeZeroesBlocksMax = least(namespaces, ({ limits }) => limits.writeZeroesBlocksMax);
    this.boundaryBlocks = least(namespaces, ({ boundaryBlocks }) => boundaryBlocks);
    this.offered = namespaces.reduce((common, { limits }) => common & limits.offered, -1);
  }

  /** Why a namespace cannot serve the channel, as text; empty when it can. One that has grown can. */
  whyUnfit(got: Namespace): string {
    const difference = differenceOf(this.namespace, got);
    if (difference !== undefined) return unlike(difference.field, difference.expected, difference.got);
    const { offered, limits } = { offered: this.offered, limits: got.limits };
    if ((limits.offered & offered) !== offered) return unlike('ONCS', `at least ${offered}`, limits.offered);
    const bounds: readonly [string, number, number][] = [
      ['blocks', this.blocks, got.blocks],
      ['blocks of a transfer', this.pieceBlocksMax, pieceBlocksMax(got)],
      ['blocks of an unmap', this.unmapBlocksMax, unmapBlocksMax(limits)],
      ['blocks of a write zeroes', this.writeZeroesBlocksMax, limits.writeZeroesBlocksMax],
    ];
    const short = bounds.find(([, expected, found]) => found < expected);
    return short === undefined ? '' : unlike(short[0], `at least ${short[1]}`, short[2]);
  }
}

function unlike(field: string, expected: string | number, got: string | number): string {
  return `expected ${field} ${expected}, got ${got}`;
}

function least<T>(each: readonly T[], numberOf: (one: T) => number): number {
  return Math.min(...each.map(numberOf));
}

function pieceBlocksMax({ transferBlocksMax, boundaryBlocks }: Namespace): number {
  return boundaryBlocks === 0 ? transferBlocksMax : Math.min(transferBlocksMax, boundaryBlocks);
}

function unmapBlocksMax({ datasetRangeBlocksMax, datasetBlocksMax }: CommandLimits): number {
  return Math.min(datasetRangeBlocksMax, datasetBlocksMax);
}
