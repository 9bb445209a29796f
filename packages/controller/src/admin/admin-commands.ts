import {
  ADMIN_ABORT,
  ADMIN_ASYNC_EVENT_REQUEST,
  ADMIN_CREATE_IO_CQ,
  ADMIN_CREATE_IO_SQ,
  ADMIN_DELETE_IO_CQ,
  ADMIN_DELETE_IO_SQ,
  ADMIN_GET_FEATURES,
  ADMIN_GET_LOG_PAGE,
  ADMIN_IDENTIFY,
  ADMIN_KEEP_ALIVE,
  ADMIN_SET_FEATURES,
  COMMAND_EFFECTS,
} from '@phasebit/nvme-spec';
import { abort } from './abort.js';
import type { AdminHandler } from './admin-handler.js';
import { getFeatures } from './get-features.js';
import { identify } from './identify.js';
import { getLogPage } from './log-page.js';
import {
  createCompletionQueue,
  createSubmissionQueue,
  deleteCompletionQueue,
  deleteSubmissionQueue,
} from './queue-commands.js';
import { setFeatures } from './set-features.js';

/** An admin command: its opcode, its dword of the Commands Supported and Effects log, and what executes it. */
export interface AdminCommand {
  readonly opcode: number;
  readonly effects: number;
  readonly handler: AdminHandler;
}

const SUPPORTED = COMMAND_EFFECTS.CSUPP.mask;

/** Every admin command there is. What is not here is an invalid opcode. */
export const ADMIN_COMMANDS: readonly AdminCommand[] = [
  { opcode: ADMIN_DELETE_IO_SQ, effects: SUPPORTED, handler: deleteSubmissionQueue },
  { opcode: ADMIN_CREATE_IO_SQ, effects: SUPPORTED, handler: createSubmissionQueue },
  { opcode: ADMIN_GET_LOG_PAGE, effects: SUPPORTED, handler: getLogPage },
  { opcode: ADMIN_DELETE_IO_CQ, effects: SUPPORTED, handler: deleteCompletionQueue },
  { opcode: ADMIN_CREATE_IO_CQ, effects: SUPPORTED, handler: createCompletionQueue },
  { opcode: ADMIN_IDENTIFY, effects: SUPPORTED, handler: identify },
  { opcode: ADMIN_ABORT, effects: SUPPORTED, handler: abort },
  { opcode: ADMIN_SET_FEATURES, effects: SUPPORTED, handler: setFeatures },
  { opcode: ADMIN_GET_FEATURES, effects: SUPPORTED, handler: getFeatures },
  {
    opcode: ADMIN_ASYNC_EVENT_REQUEST,
    effects: SUPPORTED,
    handler: (inside, command) => inside.events.request(command.cid),
  },
  {
    opcode: ADMIN_KEEP_ALIVE,
    effects: SUPPORTED,
    handler: (inside) => {
      inside.features.restartKeepAlive();
      return 0;
    },
  },
];
