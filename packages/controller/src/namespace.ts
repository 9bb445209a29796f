import { identifierBytes, uuidOfName } from './identifier.js';
import { BLOCK_BYTES_MAX, BLOCK_BYTES_MIN, NAMESPACES_MAX } from './limits.js';
import type { Medium } from './media/medium.js';

/** A namespace to attach to a controller. */
export interface NamespaceOptions {
  /** namespace identifier, 1 to 4096 */
  readonly nsid: number;
  /** keeps its data */
  readonly medium: Medium;
  /** bytes of a logical block: 512 (the default), 1024 ... 16384 */
  readonly blockBytes?: number;
  /** logical blocks; default as many as the medium holds */
  readonly blocks?: number;
  /** UUID, 32 hexadecimal digits, hyphens allowed; default derived from the subsystem's name and the NSID */
  readonly uuid?: string;
  /** NGUID, 32 hexadecimal digits; default none */
  readonly nguid?: string;
  /** EUI-64, 16 hexadecimal digits; default none */
  readonly eui64?: string;
  /** ANA group; default 1 when the controller has ANA groups */
  readonly anaGroupId?: number;
  /** whether other controllers may show it too; default false */
  readonly shared?: boolean;
}

/** A namespace as one controller sees it. Its medium may be shared; everything else belongs to the controller. */
export class Namespace {
  /** namespace identifier */
  readonly nsid: number;
  /** bytes of a logical block */
  readonly blockBytes: number;
  /** logical blocks */
  readonly blocks: number;
  /** keeps the data */
  readonly medium: Medium;
  /** 16 bytes */
  readonly uuid: Uint8Array;
  /** 16 bytes, all zero when there is none */
  readonly nguid: Uint8Array;
  /** 8 bytes, all zero when there is none */
  readonly eui64: Uint8Array;
  /** ANA group, 0 when the controller has none */
  readonly anaGroupId: number;
  /** NMIC bit 0 */
  readonly shared: boolean;
  /** status of every I/O command while the ANA state forbids access, 0 otherwise */
  pathStatus = 0;
  /** current value of the Error Recovery feature */
  errorRecovery = 0;

  /**
   * @param subsystem - name from which a missing UUID is derived
   * @param anaGroups - number of ANA groups of the controller, 0 for none
   * @throws RangeError naming the option that is out of range
   */
  constructor(options: NamespaceOptions, subsystem: string, anaGroups: number) {
    const { nsid, medium, blockBytes = 512, shared = false } = options;
    const blocks = options.blocks ?? Math.floor(medium.bytes / blockBytes);
    const anaGroupId = options.anaGroupId ?? Math.min(1, anaGroups);
    if (!(Number.isInteger(nsid) && nsid >= 1 && nsid <= NAMESPACES_MAX)) fail('nsid', `1 to ${NAMESPACES_MAX}`, nsid);
    if (!(blockBytes >= BLOCK_BYTES_MIN && blockBytes <= BLOCK_BYTES_MAX && Number.isInteger(Math.log2(blockBytes)))) {
      fail('blockBytes', `a power of two from ${BLOCK_BYTES_MIN} to ${BLOCK_BYTES_MAX}`, blockBytes);
    }
    if (!(Number.isSafeInteger(blocks) && blocks >= 1 && blocks * blockBytes <= medium.bytes)) {
      fail('blocks', '1 to what the medium holds', blocks);
    }
    if (!(Number.isInteger(anaGroupId) && anaGroupId <= anaGroups && anaGroupId >= Math.min(1, anaGroups))) {
      fail('anaGroupId', `one of the ${anaGroups} groups of the controller`, anaGroupId);
    }
    this.nsid = nsid;
    this.blockBytes = blockBytes;
    this.blocks = blocks;
    this.medium = medium;
    this.anaGroupId = anaGroupId;
    this.shared = shared;
    this.uuid =
      options.uuid === undefined ? uuidOfName(`${subsystem}\n${nsid}`) : identifierBytes('uuid', options.uuid, 16);
    this.nguid = options.nguid === undefined ? new Uint8Array(16) : identifierBytes('nguid', options.nguid, 16);
    this.eui64 = options.eui64 === undefined ? new Uint8Array(8) : identifierBytes('eui64', options.eui64, 8);
  }
}

function fail(name: string, expected: string, got: number): never {
  throw new RangeError(`${name}: expected ${expected}, got ${got}`);
}
