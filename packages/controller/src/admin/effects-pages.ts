import {
  CC,
  CC_CSS_ALL,
  CMDEFFECTS_ACS,
  CMDEFFECTS_BYTES,
  CMDEFFECTS_IOCS,
  CSI_NVM,
  FEATURE_EFFECTS,
  FEATURE_EFFECTS_BYTES,
  FEATURE_SCOPE_CONTROLLER,
  FEATURE_SCOPE_NAMESPACE,
  FEATURE_SCOPE_SUBSYSTEM,
  GET_LOG_PAGE_CDW14,
} from '@phasebit/nvme-spec';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import { IO_EFFECTS } from '../io/io-commands.js';
import type { FeatureScope } from './feature.js';
import { FEATURE_TABLE } from './feature-table.js';

// Logs that are generated from the tables that commands and features are looked up in, so that the two cannot disagree.

const SCOPES: Readonly<Record<FeatureScope, number>> = {
  controller: FEATURE_SCOPE_CONTROLLER,
  namespace: FEATURE_SCOPE_NAMESPACE,
  subsystem: FEATURE_SCOPE_SUBSYSTEM,
};

/** Commands Supported and Effects. The command set matters only to hosts that have enabled several. [Base] 5.1.12.1.6 */
export function commandEffects({ registers, adminEffects }: Internals, command: Command): Uint8Array {
  const view = new DataView(new ArrayBuffer(CMDEFFECTS_BYTES));
  for (const [opcode, effects] of adminEffects) view.setUint32(CMDEFFECTS_ACS + opcode * 4, effects, true);
  const isAsked = CC.CSS.get(registers.cc) === CC_CSS_ALL;
  if (!isAsked || GET_LOG_PAGE_CDW14.CSI.get(command.cdw(14)) === CSI_NVM) {
    for (const [opcode, effects] of IO_EFFECTS) view.setUint32(CMDEFFECTS_IOCS + opcode * 4, effects, true);
  }
  return new Uint8Array(view.buffer);
}

/** Feature Identifiers Supported and Effects. [Base] 5.1.12.1.18 */
export function featureEffects(inside: Internals): Uint8Array {
  const view = new DataView(new ArrayBuffer(FEATURE_EFFECTS_BYTES));
  for (const [id, { isPresent, scope }] of FEATURE_TABLE) {
    if (!isPresent(inside)) continue;
    view.setUint32(id * 4, FEATURE_EFFECTS.FSP.set(FEATURE_EFFECTS.FSUPP.set(0, 1), SCOPES[scope]), true);
  }
  return new Uint8Array(view.buffer);
}
