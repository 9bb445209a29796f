// Bits of `Namespace.special`: why a command to a namespace must leave the shortest path. The shortest path looks at one number,
// which is 0 for a plain namespace; which bit it was matters only after that.

/** The ANA state forbids I/O: `Namespace.pathStatus` is the status. */
export const SPECIAL_PATH = 0x001;
/** Blocks have metadata: `Namespace.format` says how much, where, and whether it protects the data. */
export const SPECIAL_METADATA = 0x002;
/** The medium takes time: commands complete later. */
export const SPECIAL_TIMED = 0x004;
/** The namespace is being formatted or sanitized: `AllocatedNamespace.busyStatus` is the status. */
export const SPECIAL_BUSY = 0x008;
/** The namespace is write protected: commands that change it fail with Namespace is Write Protected. */
export const SPECIAL_PROTECTED = 0x010;
/** A host holds a reservation: `reservationRefusal` says whether the command conflicts. */
export const SPECIAL_RESERVED = 0x020;
/** Blocks are marked as unreadable, by Write Uncorrectable or by a fault. */
export const SPECIAL_MARKED = 0x040;
/** Writes have a unit of atomicity or a boundary that must be looked at. */
export const SPECIAL_ATOMIC = 0x080;
/** Fewer blocks are provisioned than the size says (NCAP below NSZE), or unwritten blocks are errors (DULBE): blocks are counted. */
export const SPECIAL_COUNTED = 0x100;
/** The host has not said that it knows such formats (LBAFEE in Host Behavior Support): Invalid Namespace or Format. */
export const SPECIAL_EXTENDED = 0x400;
/** The Directives are in use: the type and value of a write must be looked at. */
export const SPECIAL_DIRECTED = 0x200;
