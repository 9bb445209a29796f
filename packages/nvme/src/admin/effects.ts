import type { WaitOptions } from '@phasebit/core';
import {
  CMDEFFECTS_ACS,
  CMDEFFECTS_BYTES,
  CMDEFFECTS_IOCS,
  COMMAND_EFFECTS,
  LOG_COMMAND_EFFECTS,
  readUint32,
} from '@phasebit/nvme-spec';
import type { AdminQueue } from '../admin-queue.js';
import { readLogPage } from './log-page.js';

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
  /** what else may run meanwhile: `anything`, nothing in its `namespace`, or nothing in the whole `controller` */
  readonly runsBeside: 'anything' | 'not-in-namespace' | 'nothing';
}

const NO_EFFECTS: CommandEffects = {
  supported: false,
  changesData: false,
  changesNamespaces: false,
  changesInventory: false,
  changesController: false,
  runsBeside: 'anything',
};

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
    const execution = COMMAND_EFFECTS.CSE.get(word);
    return {
      supported: true,
      changesData: COMMAND_EFFECTS.LBCC.get(word) === 1,
      changesNamespaces: COMMAND_EFFECTS.NCC.get(word) === 1,
      changesInventory: COMMAND_EFFECTS.NIC.get(word) === 1,
      changesController: COMMAND_EFFECTS.CCC.get(word) === 1,
      runsBeside: execution === 0 ? 'anything' : execution === 1 ? 'not-in-namespace' : 'nothing',
    };
  }
}

/** Reads the Commands Supported and Effects log. @throws DriverError as `readLogPage` */
export async function readEffects(
  admin: AdminQueue,
  options: { csi?: number } & WaitOptions = {},
): Promise<EffectsLog> {
  return new EffectsLog(await readLogPage(admin, LOG_COMMAND_EFFECTS, CMDEFFECTS_BYTES, options));
}
