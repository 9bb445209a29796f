import { joinU64 } from '@phasebit/core';
import {
  FEATURE_LBA_RANGE_TYPE_VALUE,
  LBA_RANGE_TYPE_ATTRB,
  LBA_RANGE_TYPE_BYTES,
  LBA_RANGE_TYPE_NLB0,
  LBA_RANGE_TYPE_SLBA,
  LBA_RANGE_TYPE_TYPE,
  LBA_RANGE_TYPES_BYTES,
  STATUS_INVALID_FIELD,
  STATUS_LBA_OUT_OF_RANGE,
  STATUS_OVERLAPPING_RANGE,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import { fetchData, sendData } from './admin-data.js';
import { refuse } from './admin-handler.js';
import { always, type Feature, type FeatureSelect } from './feature.js';
import { targetsOf } from './word-feature.js';

/** Types 05h to 7Fh are reserved. [NVM] 4.1.3.1 */
const TYPE_SWAP = 0x04;
const TYPE_VENDOR = 0x80;
/** Attribute bit 0: the range may be overwritten. */
const ATTRIBUTE_OVERWRITABLE = 0x01;

interface Range {
  readonly begin: number;
  readonly end: number;
}

/** LBA Range Type: what the host says its blocks are for. Nobody but hosts looks at it; it is kept across resets. [NVM] 4.1.3.1 */
export const lbaRangeType: Feature = { scope: 'namespace', isSaveable: false, isPresent: always, get, set };

function get(inside: Internals, command: Command, select: FeatureSelect): number {
  const { allocated } = inside.namespaces.get(command.nsid)!;
  const ranges = select === 'default' ? undefined : allocated.rangeTypes;
  const data = new Uint8Array(LBA_RANGE_TYPES_BYTES);
  data.set(ranges ?? oneRange(allocated.blocks));
  const count = (ranges?.length ?? LBA_RANGE_TYPE_BYTES) / LBA_RANGE_TYPE_BYTES;
  command.result = FEATURE_LBA_RANGE_TYPE_VALUE.NUM0.set(0, count - 1);
  return sendData(inside, command, data, 0, LBA_RANGE_TYPES_BYTES);
}

function set(inside: Internals, command: Command): number {
  const count = FEATURE_LBA_RANGE_TYPE_VALUE.NUM0.get(command.cdw(11)) + 1;
  const data = new Uint8Array(count * LBA_RANGE_TYPE_BYTES);
  const status = fetchData(inside, command, data);
  if (status !== 0) return status;
  const targets = targetsOf(inside, command);
  for (const { blocks } of targets) {
    const refusal = refusalOf(data, blocks);
    if (refusal !== 0) return refuse(command, refusal, -1);
  }
  for (const { allocated } of targets) allocated.rangeTypes = data;
  return 0;
}

/** Why a list of ranges cannot be one of a namespace, or 0. */
function refusalOf(data: Uint8Array, blocks: number): number {
  const view = new DataView(data.buffer);
  const ranges: Range[] = [];
  for (let at = 0; at < data.length; at += LBA_RANGE_TYPE_BYTES) {
    const type = view.getUint8(at + LBA_RANGE_TYPE_TYPE);
    if (type > TYPE_SWAP && type < TYPE_VENDOR) return STATUS_INVALID_FIELD;
    const begin = numberAt(view, at + LBA_RANGE_TYPE_SLBA);
    const last = begin + numberAt(view, at + LBA_RANGE_TYPE_NLB0);
    if (!(last < blocks)) return STATUS_LBA_OUT_OF_RANGE;
    if (ranges.some((each) => begin < each.end && each.begin <= last)) return STATUS_OVERLAPPING_RANGE;
    ranges.push({ begin, end: last + 1 });
  }
  return 0;
}

/** A 64-bit field; past 2^53 it is past every namespace. */
function numberAt(view: DataView, at: number): number {
  const value = joinU64(view.getUint32(at, true), view.getUint32(at + 4, true));
  return value < 0 ? Infinity : value;
}

/** The default: one range of the general type, the whole namespace, which may be overwritten. */
function oneRange(blocks: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(LBA_RANGE_TYPE_BYTES));
  view.setUint8(LBA_RANGE_TYPE_ATTRB, ATTRIBUTE_OVERWRITABLE);
  view.setUint32(LBA_RANGE_TYPE_NLB0, (blocks - 1) >>> 0, true);
  view.setUint32(LBA_RANGE_TYPE_NLB0 + 4, Math.floor((blocks - 1) / 2 ** 32), true);
  return new Uint8Array(view.buffer);
}
