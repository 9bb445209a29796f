import {
  LOG_TELEMETRY_CONTROLLER,
  LOG_TELEMETRY_HOST,
  PEL_EVENT_TELEMETRY_CREATED,
  TELEMETRY_BLOCK_BYTES,
  TELEMETRY_DA1LB,
  TELEMETRY_DA2LB,
  TELEMETRY_DA3LB,
  TELEMETRY_LID,
  TELEMETRY_RID,
  TELEMETRY_SCOPE_CONTROLLER,
  TELEMETRY_TCDA,
  TELEMETRY_TCDGN,
  TELEMETRY_TCS,
  TELEMETRY_THDGN,
  TELEMETRY_THS,
} from '@phasebit/nvme-spec';
import type { Internals } from '../internals.js';
import { noticeTelemetry } from '../notices.js';
import { describeState } from './state-description.js';

/** What was written down at one time: whole blocks. */
interface Capture {
  /** why, up to 128 ASCII characters */
  readonly reason: string;
  readonly blocks: Uint8Array;
}

const NOTHING: Capture = { reason: '', blocks: new Uint8Array(0) };

/**
 * The telemetry of one controller: its state in words, when the host asked for it, and when the controller failed. All of it is in data
 * area 1, which areas 2 and 3 repeat. [Base] 5.1.12.1.8, 5.1.12.1.9
 */
export class Telemetry {
  private host: Capture = NOTHING;
  private controller: Capture = NOTHING;
  private hostGeneration = 0;
  private controllerGeneration = 0;
  private isAvailable = false;

  /** The host asked to have the state written down. */
  captureForHost(inside: Internals): void {
    this.host = capture(inside, 'asked for by the host');
    this.hostGeneration = (this.hostGeneration + 1) & 0xff;
    inside.subsystem.persistentEvents.add(inside, PEL_EVENT_TELEMETRY_CREATED, header(this.hostPage()));
  }

  /** The controller failed; what it wrote down before and nobody has read stays. */
  captureFailure(inside: Internals): void {
    if (this.isAvailable) return;
    this.controller = capture(inside, 'controller fatal status');
    this.controllerGeneration = (this.controllerGeneration + 1) & 0xff;
    this.isAvailable = true;
    inside.subsystem.persistentEvents.add(inside, PEL_EVENT_TELEMETRY_CREATED, header(this.controllerPage()));
  }

  /** Tells a host that asks to hear of it that the controller has written something down: after a failure, that is after a reset. */
  judge(inside: Internals): void {
    if (this.isAvailable) noticeTelemetry(inside);
  }

  /** The host has read what the controller wrote down, without RAE. */
  acknowledge(): void {
    this.isAvailable = false;
  }

  /** The Telemetry Host-Initiated log. */
  hostPage(): Uint8Array {
    const page = this.page(LOG_TELEMETRY_HOST, this.host);
    page[TELEMETRY_THS] = TELEMETRY_SCOPE_CONTROLLER;
    page[TELEMETRY_THDGN] = this.hostGeneration;
    return page;
  }

  /** The Telemetry Controller-Initiated log. */
  controllerPage(): Uint8Array {
    const page = this.page(LOG_TELEMETRY_CONTROLLER, this.controller);
    page[TELEMETRY_TCS] = TELEMETRY_SCOPE_CONTROLLER;
    return page;
  }

  private page(id: number, { reason, blocks }: Capture): Uint8Array {
    const page = new Uint8Array(TELEMETRY_BLOCK_BYTES + blocks.length);
    const view = new DataView(page.buffer);
    const last = blocks.length / TELEMETRY_BLOCK_BYTES;
    view.setUint8(TELEMETRY_LID, id);
    for (const at of [TELEMETRY_DA1LB, TELEMETRY_DA2LB, TELEMETRY_DA3LB]) view.setUint16(at, last, true);
    view.setUint8(TELEMETRY_TCDA, this.isAvailable ? 1 : 0);
    view.setUint8(TELEMETRY_TCDGN, this.controllerGeneration);
    page.set(ascii(reason), TELEMETRY_RID);
    page.set(blocks, TELEMETRY_BLOCK_BYTES);
    return page;
  }
}

function capture(inside: Internals, reason: string): Capture {
  const text = ascii(describeState(inside));
  const blocks = new Uint8Array(Math.ceil(text.length / TELEMETRY_BLOCK_BYTES) * TELEMETRY_BLOCK_BYTES);
  blocks.set(text);
  return { reason, blocks };
}

function header(page: Uint8Array): Uint8Array {
  return page.subarray(0, TELEMETRY_BLOCK_BYTES);
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (each) => each.charCodeAt(0));
}
