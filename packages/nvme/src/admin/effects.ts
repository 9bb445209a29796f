import type { WaitOptions } from '@phasebit/core';
import {
  ADMIN_FORMAT_NVM,
  ADMIN_NAMESPACE_ATTACHMENT,
  ADMIN_NAMESPACE_MANAGEMENT,
  ADMIN_SANITIZE,
  CMDEFFECTS_ACS,
  CMDEFFECTS_BYTES,
  CMDEFFECTS_IOCS,
  COMMAND_EFFECTS,
  LOG_COMMAND_EFFECTS,
  readUint32,
} from '@phasebit/nvme-spec';
import type { AdminQueue } from '../admin-queue.js';
import { readLogPage } from './log-page.js';

/** CSER: only admin commands that affect a namespace have to wait. */
const CSER_ADMIN_ONLY = 1;

/** What a command does to what the host knows, from the Commands Supported and Effects log. [Base] 5.1.12.1.6 */
export interface CommandEffects {
  /** the controller has the command */
  readonly supported: boolean;
  /** it may change user data */
  readonly changesData: boolean;
  /** it may change what Identify Namespace says */
  readonly changesNamespaces: boolean;
  /** it may change which namespaces there are */
  readonly changesInventory: boolean;
  /** it may change what Identify Controller says */
  readonly changesController: boolean;
  /** what else may run meanwhile: `anything`; `io`, but no admin command on a namespace; nothing in its own namespace; nothing in any */
  readonly runsBeside: 'anything' | 'io' | 'not-in-namespace' | 'nothing';
}

const NO_EFFECTS: CommandEffects = {
  supported: false,
  changesData: false,
  changesNamespaces: false,
  changesInventory: false,
  changesController: false,
  runsBeside: 'anything',
};

/**
 * Effects of an admin command of a controller that does not say any: those that the command has by what it is.
 */
export function assumedEffects(opcode: number): CommandEffects {
  const supported = { ...NO_EFFECTS, supported: true };
  if (opcode === ADMIN_FORMAT_NVM)
    return { ...supported, changesData: true, changesNamespaces: true, runsBeside: 'nothing' };
  if (opcode === ADMIN_SANITIZE) return { ...supported, changesData: true, runsBeside: 'nothing' };
  const changesInventory = opcode === ADMIN_NAMESPACE_MANAGEMENT || opcode === ADMIN_NAMESPACE_ATTACHMENT;
  return { ...supported, changesInventory };
}

/** The effects of every command of a controller. */
export class EffectsLog {
  /** @param page - the log page, 4,096 bytes */
  constructor(private readonly page: Uint8Array) {
    if (page.length < CMDEFFECTS_BYTES) {
      throw new RangeError(`page: expected ${CMDEFFECTS_BYTES} bytes, got ${page.length}`);
    }
  }

  /** Effects of an admin command, by opcode. */
  ofAdmin(opcode: number): CommandEffects {
    return this.at(CMDEFFECTS_ACS, opcode);
  }

  /** Effects of an I/O command, by opcode. */
  ofIo(opcode: number): CommandEffects {
    return this.at(CMDEFFECTS_IOCS, opcode);
  }

  private at(base: number, opcode: number): CommandEffects {
    if (!(Number.isInteger(opcode) && opcode >= 0 && opcode <= 0xff)) {
      throw new RangeError(`opcode: expected 0 to 255, got ${opcode}`);
    }
    const word = readUint32(this.page, base + opcode * 4);
    if (COMMAND_EFFECTS.CSUPP.get(word) === 0) return NO_EFFECTS;
    return {
      supported: true,
      changesData: COMMAND_EFFECTS.LBCC.get(word) === 1,
      changesNamespaces: COMMAND_EFFECTS.NCC.get(word) === 1,
      changesInventory: COMMAND_EFFECTS.NIC.get(word) === 1,
      changesController: COMMAND_EFFECTS.CCC.get(word) === 1,
      runsBeside: runsBeside(COMMAND_EFFECTS.CSE.get(word), COMMAND_EFFECTS.CSER.get(word)),
    };
  }
}

/** A relaxation that is known takes the place of what CSE says. What is reserved is taken for the strictest. */
function runsBeside(execution: number, relaxation: number): CommandEffects['runsBeside'] {
  if (relaxation === CSER_ADMIN_ONLY) return 'io';
  if (execution === 0) return 'anything';
  return execution === 1 ? 'not-in-namespace' : 'nothing';
}

/** Reads the Commands Supported and Effects log. @throws DriverError as `readLogPage` */
export async function readEffects(
  admin: AdminQueue,
  options: { csi?: number } & WaitOptions = {},
): Promise<EffectsLog> {
  return new EffectsLog(await readLogPage(admin, LOG_COMMAND_EFFECTS, CMDEFFECTS_BYTES, options));
}
