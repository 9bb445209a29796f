import { BusSchedule } from './bus-schedule.js';
import type { NandProfile } from './nand-profile.js';

const NS_PER_US = 1000;

/**
 * The dies and channels: when they are free. Each die has a queue, which it works off in order; a transfer needs the die and its
 * channel. Die `d` is on channel `d % channels`.
 */
export class DieArray {
  /** dies in all */
  readonly dies: number;
  /** when the transfer of the last program began: until then the page could still be changed */
  programBeginNs = 0;
  private readonly freeNs: Float64Array;
  private readonly channels: BusSchedule[];
  private readonly readNs: number;
  private readonly programNs: number;
  private readonly eraseNs: number;
  private readonly nsPerByte: number;
  private busyNs = 0;

  constructor({ geometry, times }: NandProfile) {
    this.dies = geometry.channels * geometry.diesPerChannel;
    this.freeNs = new Float64Array(this.dies);
    this.channels = Array.from({ length: geometry.channels }, () => new BusSchedule());
    this.readNs = times.readUs * NS_PER_US;
    this.programNs = times.programUs * NS_PER_US;
    this.eraseNs = times.eraseUs * NS_PER_US;
    this.nsPerByte = 1000 / times.channelMBps;
  }

  /** Senses a row of a die and transfers `bytes` of it. @param nowNs - earliest begin @returns when the data is there */
  read(die: number, bytes: number, nowNs: number): number {
    const begin = Math.max(nowNs, this.freeNs[die]);
    const durationNs = bytes * this.nsPerByte;
    const end = this.channelOf(die).reserve(begin + this.readNs, durationNs) + durationNs;
    return this.occupy(die, begin, end);
  }

  /** Transfers `bytes` to a row of a die and programs it. @param nowNs - earliest begin @returns when it is programmed */
  program(die: number, bytes: number, nowNs: number): number {
    const durationNs = bytes * this.nsPerByte;
    const begin = this.channelOf(die).reserve(Math.max(nowNs, this.freeNs[die]), durationNs);
    this.programBeginNs = begin;
    return this.occupy(die, begin, begin + durationNs + this.programNs);
  }

  /** Copies rows inside a die, which takes no channel (Copyback), and erases a block of it. */
  collect(die: number, rowsRead: number, rowsProgrammed: number, nowNs: number): void {
    const begin = Math.max(nowNs, this.freeNs[die]);
    const copyNs = rowsRead * this.readNs + rowsProgrammed * this.programNs;
    this.occupy(die, begin, begin + copyNs + this.eraseNs);
  }

  /** Nothing asks for a time before `nowNs` any more. */
  forget(nowNs: number): void {
    for (const channel of this.channels) channel.forget(nowNs);
  }

  /** Power was lost: whatever was going on is over. */
  stop(nowNs: number): void {
    this.busyNs -= this.aheadNs(nowNs);
    this.freeNs.fill(nowNs);
    for (const channel of this.channels) channel.clear();
  }

  /** Nanoseconds that the dies were busy until `nowNs`, all of them together. */
  busyUntilNs(nowNs: number): number {
    return Math.max(0, this.busyNs - this.aheadNs(nowNs));
  }

  private aheadNs(nowNs: number): number {
    return this.freeNs.reduce((sum, freeNs) => sum + Math.max(0, freeNs - nowNs), 0);
  }

  private occupy(die: number, begin: number, end: number): number {
    this.busyNs += end - begin;
    this.freeNs[die] = end;
    return end;
  }

  private channelOf(die: number): BusSchedule {
    return this.channels[die % this.channels.length];
  }
}
