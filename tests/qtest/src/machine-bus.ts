import type { U64 } from '@phasebit/core';
import type { QtestSocket } from './qtest-socket.js';

const ALL_ONES = 0xffff_ffff;
const HIGH_DIGITS = 8;

/** The memory and the ports of the machine as its processor would reach them. What is no longer there reads as all ones. */
export class MachineBus {
  constructor(private readonly socket: QtestSocket) {}

  /** A 32-bit load. */
  read32(address: number): number {
    const value = this.socket.ask(`readl ${hex(address)}`);
    return value === undefined ? ALL_ONES : Number(value);
  }

  /** A 64-bit load, in one access. */
  read64(address: number): U64 {
    const value = this.socket.ask(`readq ${hex(address)}`);
    if (value === undefined) return { low: ALL_ONES, high: ALL_ONES };
    const both = BigInt(value);
    return { low: Number(both & 0xffff_ffffn), high: Number(both >> 32n) };
  }

  /** A 32-bit store: posted. */
  write32(address: number, value: number): void {
    this.socket.postText(`writel ${hex(address)} ${hex(value)}`);
  }

  /** A 64-bit store, in one access: posted. */
  write64(address: number, low: number, high: number): void {
    const digits = (low >>> 0).toString(16).padStart(HIGH_DIGITS, '0');
    this.socket.postText(`writeq ${hex(address)} ${hex(high)}${digits}`);
  }

  /** Reads a 32-bit port. */
  in32(port: number): number {
    const value = this.socket.ask(`inl ${hex(port)}`);
    return value === undefined ? ALL_ONES : Number(value);
  }

  /** Writes a 32-bit port: posted. */
  out32(port: number, value: number): void {
    this.socket.postText(`outl ${hex(port)} ${hex(value)}`);
  }
}

function hex(value: number): string {
  return `0x${value < 0 ? (value >>> 0).toString(16) : value.toString(16)}`;
}
