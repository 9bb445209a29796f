import {
  FEATURE_COMMAND_SET_PROFILE_VALUE,
  FEATURE_SANITIZE_CONFIG_VALUE,
  SQE_CDW11,
  STATUS_COMMAND_SET_COMBINATION_REJECTED,
} from '@phasebit/nvme-spec';
import { refuse } from './admin-handler.js';
import { always, type Feature } from './feature.js';

/** Sanitize Config: what a Sanitize command gets that asks for no deallocation where that is inhibited. [Base] 5.1.25.1.15 */
export const sanitizeConfig: Feature = {
  scope: 'subsystem',
  isSaveable: false,
  isPresent: always,
  get: ({ subsystem }, command, select) => {
    const isWarning = select === 'current' && subsystem.sanitizer.isWarningMode;
    command.result = FEATURE_SANITIZE_CONFIG_VALUE.NODRM.set(0, isWarning ? 1 : 0);
    return 0;
  },
  set: ({ subsystem }, command) => {
    subsystem.sanitizer.isWarningMode = FEATURE_SANITIZE_CONFIG_VALUE.NODRM.get(command.cdw(11)) === 1;
    return 0;
  },
};

/** I/O Command Set Profile: there is one combination, of the NVM Command Set alone. [Base] 5.1.25.1.17 */
export const commandSetProfile: Feature = {
  scope: 'controller',
  isSaveable: false,
  isPresent: always,
  get: (_, command) => {
    command.result = 0;
    return 0;
  },
  set: (_, command) => {
    const isFirst = FEATURE_COMMAND_SET_PROFILE_VALUE.IOCSCI.get(command.cdw(11)) === 0;
    return isFirst ? 0 : refuse(command, STATUS_COMMAND_SET_COMBINATION_REJECTED, SQE_CDW11);
  },
};
