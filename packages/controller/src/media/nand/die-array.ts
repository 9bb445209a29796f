import { BusSchedule } from './bus-schedule.js';
import type { NandProfile } from './nand-profile.js';
import type { Timing } from './timing.js';

const NS_PER_US = 1000;

/**
 * The dies and channels: when they are free. Each die has a queue, which it works off in order; a transfer needs the die and its
 * channel. Die `d` is on channel `d % channels`.
 */
export class DieArray {
  /** dies in all */
  readonly dies: number;
  private readonly freeNs: Float64Array;
  private readonly channels: BusSchedule[];
  private readonly readNs: number;
  private readonly programNs: number;
  private readonly eraseNs: number;
  private readonly nsPerByte: number;
  /** nanoseconds that the dies are busy, all of them together */
  private readonly busy = new Float64Array(1);

  /** @param timing - where times are asked for and answered */
  constructor(
    { geometry, times }: NandProfile,
    private readonly timing: Timing,
  ) {
    this.dies = geometry.channels * geometry.diesPerChannel;
    this.freeNs = new Float64Array(this.dies);
    this.channels = Array.from({ length: geometry.channels }, () => new BusSchedule(timing));
    this.readNs = times.readUs * NS_PER_US;
    this.programNs = times.programUs * NS_PER_US;
    this.eraseNs = times.eraseUs * NS_PER_US;
    this.nsPerByte = 1000 / times.channelMBps;
  }

  /** Senses a row of a die from `atNs` on and transfers `bytes` of it; `endNs` becomes when the data is there. */
  read(die: number, bytes: number): void {
    const { timing } = this;
    const begin = Math.max(timing.atNs, this.freeNs[die]);
    timing.earliestNs = begin + this.readNs;
    timing.durationNs = bytes * this.nsPerByte;
    this.channelOf(die).reserve();
    timing.endNs = timing.beginNs + timing.durationNs;
    this.busy[0] += timing.endNs - begin;
    this.freeNs[die] = timing.endNs;
  }

  /**
   * Transfers `bytes` to a row of a die from `atNs` on and programs it; `endNs` becomes when it is programmed, and `beginNs` when the
   * transfer begins: until then the page can still be changed.
   */
  program(die: number, bytes: number): void {
    const { timing } = this;
    timing.earliestNs = Math.max(timing.atNs, this.freeNs[die]);
    timing.durationNs = bytes * this.nsPerByte;
    this.channelOf(die).reserve();
    timing.endNs = timing.beginNs + timing.durationNs + this.programNs;
    this.busy[0] += timing.endNs - timing.beginNs;
    this.freeNs[die] = timing.endNs;
  }

  /** Copies rows inside a die from `atNs` on, which takes no channel (Copyback), and erases a block of it. */
  collect(die: number, rowsRead: number, rowsProgrammed: number): void {
    const begin = Math.max(this.timing.atNs, this.freeNs[die]);
    const copyNs = rowsRead * this.readNs + rowsProgrammed * this.programNs;
    this.busy[0] += copyNs + this.eraseNs;
    this.freeNs[die] = begin + copyNs + this.eraseNs;
  }

  /** Nothing asks for a time before `nowNs` any more. */
  forget(): void {
    for (let i = 0; i < this.channels.length; i++) this.channels[i].forget();
  }

  /** Power was lost: whatever was going on is over. */
  stop(nowNs: number): void {
    this.busy[0] -= this.aheadNs(nowNs);
    this.freeNs.fill(nowNs);
    for (const channel of this.channels) channel.clear();
  }

  /** Nanoseconds that the dies were busy until `nowNs`, all of them together. */
  busyUntilNs(nowNs: number): number {
    return Math.max(0, this.busy[0] - this.aheadNs(nowNs));
  }

  private aheadNs(nowNs: number): number {
    return this.freeNs.reduce((sum, freeNs) => sum + Math.max(0, freeNs - nowNs), 0);
  }

  private channelOf(die: number): BusSchedule {
    return this.channels[die % this.channels.length];
  }
}
