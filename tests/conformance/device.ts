import { type ControllerOptions, createFirmwareImage } from '@phasebit/controller';

/** A namespace as the conformance suite wants it, whatever keeps its data. */
export interface NamespaceShape {
  readonly nsid: number;
  readonly blockBytes: number;
  readonly bytes: number;
  readonly metadataBytes?: number;
  readonly isExtended?: boolean;
  readonly piType?: number;
  readonly guardBits?: number;
  readonly shared?: boolean;
}

/** What the suite needs of the controller under test: namespaces of different formats, and everything optional switched on. */
export const CONFORMANCE_NAMESPACES: readonly NamespaceShape[] = [
  { nsid: 1, blockBytes: 512, bytes: 8 << 20 },
  { nsid: 2, blockBytes: 4096, bytes: 8 << 20, shared: true },
  { nsid: 3, blockBytes: 512, bytes: 1 << 20, metadataBytes: 8, piType: 1 },
  { nsid: 4, blockBytes: 4096, bytes: 1 << 20, metadataBytes: 64, isExtended: true, piType: 1, guardBits: 64 },
  { nsid: 5, blockBytes: 512, bytes: 1 << 20, metadataBytes: 16, isExtended: true },
  { nsid: 6, blockBytes: 512, bytes: 1 << 20, metadataBytes: 16, piType: 3 },
  { nsid: 7, blockBytes: 512, bytes: 1 << 20, metadataBytes: 8, isExtended: true, piType: 2 },
  { nsid: 8, blockBytes: 4096, bytes: 1 << 20, metadataBytes: 16, piType: 1, guardBits: 64 },
];

const NAMESPACES_BYTES = CONFORMANCE_NAMESPACES.reduce((sum, { bytes }) => sum + bytes, 0);
/** What the host may allocate. */
const SPARE_BYTES = 4 << 20;

/** Choices beyond the defaults. */
export const CONFORMANCE_DEVICE: Partial<ControllerOptions> = {
  serial: 'CONFORMANCE',
  largestNsid: 16,
  shadowDoorbells: 'sleeping',
  capacityBytes: NAMESPACES_BYTES + SPARE_BYTES,
  durations: { formatMs: 1, sanitizeMs: 10, shortTestMs: 10, extendedTestMs: 15 },
};

/** A firmware image that the controller takes. */
export const CONFORMANCE_FIRMWARE: Uint8Array = createFirmwareImage('CONF');

/** A controller that offers as little as the options let it. */
export const MINIMAL_DEVICE: Partial<ControllerOptions> = {
  serial: 'MINIMAL',
  largestNsid: 7,
  vwc: false,
  weightedRoundRobin: false,
  shadowDoorbells: 'off',
  firmwareSlots: 1,
  mqesEntries: 64,
  queuePairs: 8,
  mdts: 5,
  lbaFormats: [{ blockBytes: 512, metadataBytes: 0 }],
};

/** The namespaces of that controller: one format, and nothing beside the data. */
export const MINIMAL_NAMESPACES: readonly NamespaceShape[] = [{ nsid: 1, blockBytes: 512, bytes: 8 << 20 }];
