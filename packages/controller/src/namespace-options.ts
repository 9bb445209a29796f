import { AllocatedNamespace } from './allocated-namespace.js';
import { identifierBytes, uuidOfName } from './identifier.js';
import { LBA_FORMATS_MAX, NAMESPACES_MAX } from './limits.js';
import type { Medium } from './media/medium.js';
import {
  blocksThatFit,
  checkLbaFormat,
  hasRoomForProtection,
  isSameLbaFormat,
  type LbaFormat,
  mediumBytesOf,
  type NamespaceFormat,
} from './namespace-format.js';

/** A namespace to attach to a controller. The fields of its format have defaults: 512 bytes of data, no metadata. */
export interface NamespaceOptions extends Partial<NamespaceFormat> {
  /** namespace identifier, 1 to 4096 */
  readonly nsid: number;
  /** keeps its data, and behind it its metadata */
  readonly medium: Medium;
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
  /** whether unwritten blocks are told from written ones (NSFEAT.DAE), off the shortest path; default false */
  readonly isCounted?: boolean;
  /** whether other controllers may show it too; default false */
  readonly shared?: boolean;
}

/** The globally unique identifiers of a namespace; one that is all zero is not there. */
export interface NamespaceIdentity {
  /** 16 bytes, always there */
  readonly uuid: Uint8Array;
  /** 16 bytes */
  readonly nguid: Uint8Array;
  /** 8 bytes */
  readonly eui64: Uint8Array;
}

/** What the namespaces of a subsystem have in common. */
export interface AllocationRules {
  /** name from which a missing UUID is derived */
  readonly subnqn: string;
  /** number of ANA groups, 0 for none */
  readonly anaGroups: number;
  /** the LBA formats of every namespace; one that is not among them is added for its namespace alone */
  readonly lbaFormats: readonly LbaFormat[];
}

/**
 * Makes a namespace from what an outside hand asks for.
 *
 * @throws RangeError naming the option that is out of range, or saying that the medium has marks of other blocks; what `Medium.loadMarks` throws
 */
export function allocateNamespace(options: NamespaceOptions, rules: AllocationRules): AllocatedNamespace {
  const { nsid, medium } = options;
  if (!(Number.isInteger(nsid) && nsid >= 1 && nsid <= NAMESPACES_MAX)) fail('nsid', `1 to ${NAMESPACES_MAX}`, nsid);
  const format = settleFormat(options);
  const blocks = options.blocks ?? blocksThatFit(medium.bytes, format);
  if (!(Number.isSafeInteger(blocks) && blocks >= 1 && mediumBytesOf(blocks, format) <= medium.bytes)) {
    fail('blocks', '1 to what the medium holds', blocks);
  }
  const namespace = new AllocatedNamespace({
    nsid,
    medium,
    lbaFormats: withFormat(rules.lbaFormats, format),
    format,
    blocks,
    capacityBlocks: blocks,
    anaGroupId: settleGroup(options.anaGroupId, rules.anaGroups),
    shared: options.shared ?? false,
    identity: settleIdentity(options, rules.subnqn),
    isCounted: options.isCounted ?? false,
  });
  namespace.loadMarks();
  return namespace;
}

function settleFormat(options: NamespaceOptions): NamespaceFormat {
  const format = {
    blockBytes: options.blockBytes ?? 512,
    metadataBytes: options.metadataBytes ?? 0,
    isExtended: options.isExtended ?? false,
    piType: options.piType ?? 0,
    piIsFirst: options.piIsFirst ?? false,
    guardBits: options.guardBits ?? 16,
    storageTagBits: options.storageTagBits ?? 0,
  };
  checkLbaFormat(format);
  if (!(format.piType >= 0 && format.piType <= 3 && Number.isInteger(format.piType))) {
    fail('piType', '0 to 3', format.piType);
  }
  if (!hasRoomForProtection(format, format.piType)) {
    fail('metadataBytes', 'room for the protection information', format.metadataBytes);
  }
  return format;
}

function withFormat(formats: readonly LbaFormat[], format: LbaFormat): readonly LbaFormat[] {
  if (formats.some((each) => isSameLbaFormat(each, format))) return formats;
  if (formats.length === LBA_FORMATS_MAX) fail('blockBytes', 'a format that the subsystem has', format.blockBytes);
  return [...formats, format];
}

function settleGroup(given: number | undefined, groups: number): number {
  const first = Math.min(1, groups);
  const groupId = given ?? first;
  if (!(Number.isInteger(groupId) && groupId >= first && groupId <= groups)) {
    fail('anaGroupId', `one of the ${groups} groups of the controller`, groupId);
  }
  return groupId;
}

function settleIdentity(options: NamespaceOptions, subnqn: string): NamespaceIdentity {
  const { uuid, nguid, eui64, nsid } = options;
  return {
    uuid: uuid === undefined ? uuidOfName(`${subnqn}\n${nsid}`) : identifierBytes('uuid', uuid, 16),
    nguid: nguid === undefined ? new Uint8Array(16) : identifierBytes('nguid', nguid, 16),
    eui64: eui64 === undefined ? new Uint8Array(8) : identifierBytes('eui64', eui64, 8),
  };
}

function fail(name: string, expected: string, got: number): never {
  throw new RangeError(`${name}: expected ${expected}, got ${got}`);
}
