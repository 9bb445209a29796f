import type { Clock } from '@phasebit/core';
import {
  LOG_PERSISTENT_EVENT,
  PEL_EVENT_CHANGE_NAMESPACE,
  PEL_EVENT_CNTLID,
  PEL_EVENT_EHAI,
  PEL_EVENT_EHL,
  PEL_EVENT_EL,
  PEL_EVENT_ET,
  PEL_EVENT_ETR,
  PEL_EVENT_ETSTP,
  PEL_EVENT_FIRMWARE_COMMIT,
  PEL_EVENT_FORMAT_COMPLETION,
  PEL_EVENT_FORMAT_START,
  PEL_EVENT_HARDWARE_ERROR,
  PEL_EVENT_HEADER_BYTES,
  PEL_EVENT_HEADER_LENGTH,
  PEL_EVENT_PORT_NONE,
  PEL_EVENT_POWER_ON_OR_RESET,
  PEL_EVENT_SANITIZE_COMPLETION,
  PEL_EVENT_SANITIZE_START,
  PEL_EVENT_SANITIZE_VERIFICATION,
  PEL_EVENT_SMART_SNAPSHOT,
  PEL_EVENT_TELEMETRY_CREATED,
  PEL_EVENT_THERMAL_EXCURSION,
  PEL_EVENT_TIMESTAMP_CHANGE,
  PEL_EVENTS,
  PEL_HEADER_BYTES,
  PEL_HEADER_LENGTH,
  PEL_REVISION,
  PEL_SEB,
  PersistentEventHeaderLayout,
} from '@phasebit/nvme-spec';
import type { Internals } from './internals.js';
import { PERSISTENT_EVENTS_MAX } from './limits.js';

/** The event types that the model records. */
const RECORDED: readonly number[] = [
  PEL_EVENT_SMART_SNAPSHOT,
  PEL_EVENT_FIRMWARE_COMMIT,
  PEL_EVENT_TIMESTAMP_CHANGE,
  PEL_EVENT_POWER_ON_OR_RESET,
  PEL_EVENT_HARDWARE_ERROR,
  PEL_EVENT_CHANGE_NAMESPACE,
  PEL_EVENT_FORMAT_START,
  PEL_EVENT_FORMAT_COMPLETION,
  PEL_EVENT_SANITIZE_START,
  PEL_EVENT_SANITIZE_COMPLETION,
  PEL_EVENT_SANITIZE_VERIFICATION,
  PEL_EVENT_TELEMETRY_CREATED,
  PEL_EVENT_THERMAL_EXCURSION,
];
const SNAPSHOT_INTERVAL_NS = 24 * 3600e9;
const NS_PER_HOUR = 3600e9;
/** RCI bits 17:16: the context was established through a port of the subsystem. */
const CONTEXT_EXISTS = (1 << 18) | (1 << 16);
const GENERATIONS = 0x1_0000;

/** A log as it was when somebody began to read it. */
interface Context {
  readonly page: Uint8Array;
  /** the controller through which it was established */
  readonly cntlid: number;
}

/** The Persistent Event log of a subsystem: what happened, newest first, across every reset. [Base] 5.1.12.1.14 */
export class PersistentEvents {
  private readonly events: Uint8Array[] = [];
  private context: Context | undefined = undefined;
  private generation = 0;
  private isChanged = true;
  private snapshotNs = -Infinity;
  private readonly poweredOnNs: number;

  constructor(private readonly clock: Clock) {
    this.poweredOnNs = clock.nowNs();
  }

  /** Whether somebody is reading the log. */
  get hasContext(): boolean {
    return this.context !== undefined;
  }

  /**
   * Adds an event, in the place of the oldest one when there is no room.
   *
   * @param member - the controller it has to do with, or one chosen to tell it
   * @param type - PEL_EVENT_*
   * @param data - event data
   */
  add(member: Internals, type: number, data: Uint8Array): void {
    const event = new Uint8Array(PEL_EVENT_HEADER_BYTES + data.length);
    const view = new DataView(event.buffer);
    view.setUint8(PEL_EVENT_ET, type);
    view.setUint8(PEL_EVENT_ETR, revisionOf(type));
    view.setUint8(PEL_EVENT_EHL, PEL_EVENT_HEADER_LENGTH);
    view.setUint8(PEL_EVENT_EHAI, PEL_EVENT_PORT_NONE);
    view.setUint16(PEL_EVENT_CNTLID, member.settings.cntlid, true);
    view.setUint16(PEL_EVENT_EL, data.length, true);
    event.set(member.features.timestampBytes, PEL_EVENT_ETSTP);
    event.set(data, PEL_EVENT_HEADER_BYTES);
    this.events.unshift(event);
    if (this.events.length > PERSISTENT_EVENTS_MAX) this.events.pop();
    this.isChanged = true;
  }

  /** Takes a SMART snapshot of each controller, if the last one is a day old. */
  snapshot(members: readonly Internals[]): void {
    const nowNs = this.clock.nowNs();
    if (nowNs - this.snapshotNs < SNAPSHOT_INTERVAL_NS) return;
    this.snapshotNs = nowNs;
    for (const member of members) this.add(member, PEL_EVENT_SMART_SNAPSHOT, member.health.page());
  }

  /** Makes the log that is read from now on. There must be no context. */
  establish(member: Internals): void {
    if (this.isChanged) this.generation = (this.generation + 1) % GENERATIONS;
    this.isChanged = false;
    this.context = { page: this.compose(member), cntlid: member.settings.cntlid };
  }

  /** The log of the context; there must be one. */
  get page(): Uint8Array {
    return this.context!.page;
  }

  /** The header of the context, as somebody sees it who finds that there is one already. */
  get headerOfExisting(): Uint8Array {
    const header = this.context!.page.slice(0, PEL_HEADER_BYTES);
    PersistentEventHeaderLayout.write(header, 'rci', CONTEXT_EXISTS);
    return header;
  }

  /** Nobody is reading the log any more. */
  release(): void {
    this.context = undefined;
  }

  /** A controller was reset: what it was reading is gone. */
  releaseOf(cntlid: number): void {
    if (this.context?.cntlid === cntlid) this.context = undefined;
  }

  private compose(member: Internals): Uint8Array {
    const bytes = this.events.reduce((sum, each) => sum + each.length, PEL_HEADER_BYTES);
    const page = new Uint8Array(bytes);
    const { serial, model, subnqn } = member.subsystem.settings;
    const { vendorId } = member.settings;
    const put = (name: string, value: number | string | Uint8Array): void =>
      PersistentEventHeaderLayout.write(page, name, value);
    put('lid', LOG_PERSISTENT_EVENT);
    put('tnev', this.events.length);
    put('tll', bytes);
    put('lrev', PEL_REVISION);
    put('lhl', PEL_HEADER_LENGTH);
    put('tstmp', member.features.timestampBytes);
    put('poh', Math.floor((this.clock.nowNs() - this.poweredOnNs) / NS_PER_HOUR));
    put('pwrcc', member.health.powerCycles);
    put('vid', vendorId);
    put('ssvid', vendorId);
    put('sn', serial);
    put('mn', model);
    put('gnum', this.generation);
    page.set(
      Uint8Array.from(subnqn, (each) => each.charCodeAt(0)),
      PersistentEventHeaderLayout.field('subnqn').offset,
    );
    for (const type of RECORDED) page[PEL_SEB + (type >> 3)] |= 1 << (type & 7);
    let at = PEL_HEADER_BYTES;
    for (const event of this.events) {
      page.set(event, at);
      at += event.length;
    }
    return page;
  }
}

function revisionOf(type: number): number {
  return PEL_EVENTS.find(([each]) => each === type)?.[3] ?? 1;
}
