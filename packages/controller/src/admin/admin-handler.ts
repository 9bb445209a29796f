import { STATUS_DNR } from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';

/** Executes one admin command: gives its 15-bit status, or PARKED when it completes later. */
export type AdminHandler = (inside: Internals, command: Command) => number;

/**
 * Refuses a command for good: the same command would fail again.
 *
 * @param errorByte - byte of the entry where the wrong parameter begins
 */
export function refuse(command: Command, status: number, errorByte: number): number {
  command.errorByte = errorByte;
  return status | STATUS_DNR;
}
