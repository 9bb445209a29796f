/**
 * Layouts: one row per field of a structure, checked when the module loads. Used by decoders, dumps, docs and tests;
 * hot paths use the offset constants that the rows are made of.
 *
 * A row says the offset (from the constant) and the size again, so a slip in either breaks the sum: rows ascend without
 * gap or overlap, integers of 2, 4 and 8 bytes are naturally aligned, and the last row ends where the structure does.
 */
import { readAscii, readUnsigned, writeAsciiPadded } from './bytes.js';

/**
 * How the bytes of a field are read:
 * - `uint`: little-endian unsigned integer of 1, 2, 4, 8 or 16 bytes, naturally aligned (16 bytes: to 8);
 * - `packed`: little-endian unsigned integer of 1..16 bytes at any offset;
 * - `ascii`: text padded with spaces or zeros;
 * - `bytes`: anything else;
 * - `reserved`: bytes that are written as zero.
 *
 * A row without a kind is `uint` for 1, 2, 4 and 8 bytes, and `bytes` otherwise.
 */
export type FieldKind = 'uint' | 'packed' | 'ascii' | 'bytes' | 'reserved';

/** One row of a layout: byte offset, size in bytes, name, and the kind where it is not the default. */
export type LayoutRow = readonly [offset: number, bytes: number, name: string, kind?: FieldKind];

/** A field of a layout. */
export interface LayoutField {
  /** Byte offset from the start of the structure. */
  readonly offset: number;
  /** Size in bytes. */
  readonly bytes: number;
  /** Name of the specification, in lower case. */
  readonly name: string;
  /** How the bytes are read. */
  readonly kind: FieldKind;
}

/** The value of a field: integers are numbers up to 2^53 - 1 and bigints above. */
export type FieldValue = number | bigint | string | Uint8Array;

/** A structure of the specification as rows. Made by {@link layout}. */
export class Layout {
  /** Name of the structure, for messages. */
  readonly name: string;
  /** Size of the structure in bytes. */
  readonly bytes: number;
  /** The fields in ascending order, reserved ones included. */
  readonly fields: readonly LayoutField[];
  readonly #byName: ReadonlyMap<string, LayoutField>;

  /** Use {@link layout}, which checks the rows. */
  constructor(name: string, bytes: number, fields: readonly LayoutField[]) {
    this.name = name;
    this.bytes = bytes;
    this.fields = fields;
    this.#byName = new Map(fields.map((field) => [field.name, field]));
  }

  /** The row of a field. @throws RangeError when the structure has no such field. */
  field(name: string): LayoutField {
    const field = this.#byName.get(name);
    if (field === undefined) throw new RangeError(`${this.name}: no field ${name}`);
    return field;
  }

  /** Reads one field of the structure that starts at byte `at`. @throws RangeError when `data` is too short. */
  read(data: Uint8Array, name: string, at = 0): FieldValue {
    this.#checkRoom(data, at);
    return readField(data, at, this.field(name));
  }

  /**
   * Writes one field of the structure that starts at byte `at`; text is padded with spaces, bytes with zeros.
   * @throws RangeError when `data` is too short or the value does not fit.
   */
  write(data: Uint8Array, name: string, value: FieldValue, at = 0): void {
    this.#checkRoom(data, at);
    writeField(this.name, data, at, this.field(name), value);
  }

  /** All fields but the reserved ones, as an object. @throws RangeError when `data` is too short. */
  decode(data: Uint8Array, at = 0): Record<string, FieldValue> {
    this.#checkRoom(data, at);
    const object: Record<string, FieldValue> = {};
    for (const field of this.fields) if (field.kind !== 'reserved') object[field.name] = readField(data, at, field);
    return object;
  }

  /** A line per field, offset, size, name and value; reserved fields only when they are not zero. */
  dump(data: Uint8Array, at = 0): string {
    this.#checkRoom(data, at);
    const lines = [`${this.name}, ${this.bytes} bytes`];
    for (const field of this.fields) {
      if (field.kind === 'reserved' && isZero(data, at + field.offset, field.bytes)) continue;
      lines.push(`  ${lineOf(field)} ${formatField(data, at, field)}`);
    }
    return lines.join('\n');
  }

  /** A line per field that differs between two structures, reserved fields included; empty when they are equal. */
  diff(actual: Uint8Array, expected: Uint8Array): string[] {
    this.#checkRoom(actual, 0);
    this.#checkRoom(expected, 0);
    const lines: string[] = [];
    for (const field of this.fields) {
      if (isEqual(actual, expected, field)) continue;
      lines.push(`${lineOf(field)} ${formatField(actual, 0, field)}, expected ${formatField(expected, 0, field)}`);
    }
    return lines;
  }

  #checkRoom(data: Uint8Array, at: number): void {
    if (!(Number.isInteger(at) && at >= 0 && at + this.bytes <= data.length)) {
      throw new RangeError(`${this.name}: ${this.bytes} bytes at ${at} do not fit in ${data.length}`);
    }
  }
}

/**
 * Checks rows and makes a layout of them.
 * @throws RangeError `SQE.cdw2: offset 0xc, expected 0x8` and the like when the rows do not tile the structure.
 */
export function layout(name: string, bytes: number, rows: readonly LayoutRow[]): Layout {
  const names = new Set<string>();
  let expected = 0;
  for (const [offset, size, fieldName, kind] of rows) {
    const where = `${name}.${fieldName}`;
    if (!(Number.isInteger(size) && size > 0)) throw new RangeError(`${where}: size ${size}, expected 1 or more`);
    if (offset !== expected) throw new RangeError(`${where}: offset ${hex(offset)}, expected ${hex(expected)}`);
    if (names.has(fieldName)) throw new RangeError(`${where}: named twice`);
    checkKind(where, offset, size, kind ?? kindOf(size));
    names.add(fieldName);
    expected = offset + size;
  }
  if (expected !== bytes) throw new RangeError(`${name}: ends at ${hex(expected)}, expected ${hex(bytes)}`);
  return new Layout(
    name,
    bytes,
    rows.map(([offset, size, fieldName, kind]) => ({
      offset,
      bytes: size,
      name: fieldName,
      kind: kind ?? kindOf(size),
    })),
  );
}

const kindOf = (bytes: number): FieldKind =>
  bytes === 1 || bytes === 2 || bytes === 4 || bytes === 8 ? 'uint' : 'bytes';

function checkKind(where: string, offset: number, bytes: number, kind: FieldKind): void {
  if (kind === 'packed' && bytes > 16) throw new RangeError(`${where}: packed integer of ${bytes} bytes, at most 16`);
  if (kind !== 'uint') return;
  if (![1, 2, 4, 8, 16].includes(bytes))
    throw new RangeError(`${where}: integer of ${bytes} bytes, expected a power of 2`);
  const alignment = Math.min(bytes, 8);
  if (offset % alignment !== 0) {
    throw new RangeError(
      `${where}: offset ${hex(offset)} is not a multiple of ${alignment}, flag it packed if that is right`,
    );
  }
}

function readField(data: Uint8Array, at: number, { offset, bytes, kind }: LayoutField): FieldValue {
  const start = at + offset;
  if (kind === 'uint' || kind === 'packed') return readUnsigned(data, start, bytes);
  if (kind === 'ascii') return readAscii(data, start, bytes);
  return data.slice(start, start + bytes);
}

function writeField(owner: string, data: Uint8Array, at: number, field: LayoutField, value: FieldValue): void {
  const { offset, bytes, name, kind } = field;
  const start = at + offset;
  if (kind === 'uint' || kind === 'packed') {
    const wanted = toBigint(value);
    if (wanted === undefined || wanted < 0n || wanted >> BigInt(8 * bytes) !== 0n) {
      throw new RangeError(`${owner}.${name}: ${String(value)} is not an unsigned integer of ${bytes} bytes`);
    }
    for (let i = 0; i < bytes; i++) data[start + i] = Number((wanted >> BigInt(8 * i)) & 0xffn);
  } else if (kind === 'ascii' && typeof value === 'string') {
    writeAsciiPadded(data, start, bytes, value);
  } else if (value instanceof Uint8Array && value.length <= bytes) {
    data.fill(0, start, start + bytes);
    data.set(value, start);
  } else {
    throw new RangeError(
      `${owner}.${name}: expected ${kind === 'ascii' ? 'text' : `a Uint8Array of at most ${bytes} bytes`}`,
    );
  }
}

function formatField(data: Uint8Array, at: number, field: LayoutField): string {
  const value = readField(data, at, field);
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object') return `${value} (0x${value.toString(16)})`;
  if (isZero(value, 0, value.length)) return 'zeros';
  // A dump is for people: of a large field, the bytes up to the last that is not zero, and at most 32 of them.
  let used = value.length;
  while (value[used - 1] === 0) used--;
  const shown = Math.min(used, 32);
  const text = Array.from(value.subarray(0, shown), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return shown < value.length ? `${text} ..` : text;
}

const hex = (offset: number): string => `0x${offset.toString(16)}`;
const lineOf = ({ offset, bytes, name }: LayoutField): string =>
  `0x${offset.toString(16).padStart(3, '0')} ${String(bytes).padStart(4)} ${name}:`;

function toBigint(value: FieldValue): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : undefined;
}

function isZero(data: Uint8Array, start: number, bytes: number): boolean {
  for (let i = start; i < start + bytes; i++) if (data[i] !== 0) return false;
  return true;
}

function isEqual(a: Uint8Array, b: Uint8Array, { offset, bytes }: LayoutField): boolean {
  for (let i = offset; i < offset + bytes; i++) if (a[i] !== b[i]) return false;
  return true;
}
