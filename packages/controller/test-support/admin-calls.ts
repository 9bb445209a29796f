import {
  ADMIN_ASYNC_EVENT_REQUEST,
  ADMIN_GET_FEATURES,
  ADMIN_GET_LOG_PAGE,
  ADMIN_IDENTIFY,
  ADMIN_SET_FEATURES,
  ASYNC_EVENT_RESULT,
  FEATURE_HOST_IDENTIFIER,
  IDENTIFY_BYTES,
  REG_CC,
} from '@phasebit/nvme-spec';
import type { RawCommand, RawCompletion, RawHost } from './raw-host.js';

/** An asynchronous event that a host was told of. */
export interface RawEvent {
  readonly cid: number;
  readonly type: number;
  readonly information: number;
  readonly page: number;
}

/** Memory of `bytes` bytes, all of them `fill`: where the host writes and reads it, and what the device calls it. */
export function buffer(
  host: RawHost,
  bytes: number,
  fill = 0,
): { readonly data: Uint8Array; readonly fields: RawCommand } {
  const address = host.data(Math.max(bytes, 4096));
  const data = host.dma.bytes(address, bytes).fill(fill);
  if (bytes > 8192) throw new Error('expected at most two pages');
  const prp2 = bytes > 4096 ? host.iova(address + 4096) : 0;
  return { data, fields: { opcode: 0, prp1: host.iova(address), prp2 } };
}

/** Runs a command that sends `bytes` to the device. */
export function send(host: RawHost, bytes: Uint8Array, command: RawCommand): RawCompletion {
  const { data, fields } = buffer(host, bytes.length);
  data.set(bytes);
  return host.run({ ...fields, ...command });
}

/** Runs a command that must succeed and receives `bytes` bytes. */
export function receive(host: RawHost, bytes: number, command: RawCommand): Uint8Array {
  const { data, fields } = buffer(host, bytes, 0xee);
  const { code } = host.run({ ...fields, ...command });
  if (code !== 0) throw new Error(`expected success, got status ${code.toString(16)}`);
  return data;
}

/** Identify, of a structure that there is. */
export function identify(host: RawHost, cns: number, nsid = 0, cdw11 = 0): Uint8Array {
  return receive(host, IDENTIFY_BYTES, { opcode: ADMIN_IDENTIFY, nsid, cdw10: cns, cdw11 });
}

/** Dword 10 of Get Log Page. */
export function logDword(id: number, bytes: number, flags = 0): number {
  return id | flags | ((bytes / 4 - 1) << 16);
}

/** A part of a log page that there is. */
export function readLog(host: RawHost, id: number, bytes = 512, from = 0, flags = 0): Uint8Array {
  return receive(host, bytes, { opcode: ADMIN_GET_LOG_PAGE, cdw10: logDword(id, bytes, flags), cdw12: from });
}

/** Get Features. */
export function getFeature(host: RawHost, id: number, fields: Partial<RawCommand> = {}): RawCompletion {
  return host.run({ opcode: ADMIN_GET_FEATURES, cdw10: id, ...fields });
}

/** Set Features of a dword. */
export function setFeature(host: RawHost, id: number, cdw11: number, fields: Partial<RawCommand> = {}): RawCompletion {
  return host.run({ opcode: ADMIN_SET_FEATURES, cdw10: id, cdw11, ...fields });
}

/** Tells the controller who the host is, with an identifier of 8 bytes. */
export function sayWho(host: RawHost, id: number): RawCompletion {
  const bytes = new Uint8Array(8);
  bytes[0] = id;
  return send(host, bytes, { opcode: ADMIN_SET_FEATURES, cdw10: FEATURE_HOST_IDENTIFIER });
}

/** Gives the controller event requests. */
export function listen(host: RawHost, ...cids: number[]): void {
  for (const cid of cids) host.admin.push({ opcode: ADMIN_ASYNC_EVENT_REQUEST, cid });
  host.admin.ring();
  host.settle();
}

/** The events that have arrived, and nothing else has. */
export function heard(host: RawHost): RawEvent[] {
  host.settle();
  return host.admin.completions.drain().map(({ cid, code, result }) => {
    if (code !== 0) throw new Error(`expected an event, got status ${code.toString(16)}`);
    return {
      cid,
      type: ASYNC_EVENT_RESULT.AET.get(result),
      information: ASYNC_EVENT_RESULT.AEI.get(result),
      page: ASYNC_EVENT_RESULT.LID.get(result),
    };
  });
}

/** A command that is not over when it was taken: it is pushed, and what arrives is for the caller to look at. */
export function begin(host: RawHost, command: RawCommand): void {
  host.admin.push(command);
  host.admin.ring();
  host.settle();
}

/** Controller reset, and up again. */
export function resetController(host: RawHost): void {
  host.write32(REG_CC, 0);
  host.enable();
}
