import {
  ADMIN_ABORT,
  ADMIN_ASYNC_EVENT_REQUEST,
  ADMIN_CREATE_IO_CQ,
  ADMIN_CREATE_IO_SQ,
  ADMIN_DELETE_IO_CQ,
  ADMIN_DELETE_IO_SQ,
  ADMIN_DEVICE_SELF_TEST,
  ADMIN_DIRECTIVE_RECEIVE,
  ADMIN_DIRECTIVE_SEND,
  ADMIN_DOORBELL_BUFFER_CONFIG,
  ADMIN_FIRMWARE_COMMIT,
  ADMIN_FIRMWARE_DOWNLOAD,
  ADMIN_FORMAT_NVM,
  ADMIN_GET_FEATURES,
  ADMIN_GET_LOG_PAGE,
  ADMIN_IDENTIFY,
  ADMIN_KEEP_ALIVE,
  ADMIN_NAMESPACE_ATTACHMENT,
  ADMIN_NAMESPACE_MANAGEMENT,
  ADMIN_SANITIZE,
  ADMIN_SECURITY_RECEIVE,
  ADMIN_SECURITY_SEND,
  ADMIN_SET_FEATURES,
  COMMAND_EFFECTS,
  COMMAND_SCOPE_NAMESPACE,
  COMMAND_SCOPE_SUBSYSTEM,
} from '@phasebit/nvme-spec';
import type { Settings } from '../settings.js';
import { abort } from './abort.js';
import type { AdminHandler } from './admin-handler.js';
import { directiveReceive, directiveSend } from './directives.js';
import { configureDoorbellBuffers } from './doorbell-buffer-config.js';
import { firmwareCommit, firmwareDownload } from './firmware-commands.js';
import { formatNvm } from './format.js';
import { getFeatures } from './get-features.js';
import { identify } from './identify.js';
import { getLogPage } from './log-page.js';
import { namespaceAttachment } from './namespace-attachment.js';
import { namespaceManagement } from './namespace-management.js';
import {
  createCompletionQueue,
  createSubmissionQueue,
  deleteCompletionQueue,
  deleteSubmissionQueue,
} from './queue-commands.js';
import { sanitize } from './sanitize.js';
import { securityReceive, securitySend } from './security.js';
import { deviceSelfTest } from './self-test.js';
import { setFeatures } from './set-features.js';

/** An admin command: its opcode, its dword of the Commands Supported and Effects log, and what executes it. */
export interface AdminCommand {
  readonly opcode: number;
  readonly effects: number;
  readonly handler: AdminHandler;
  /** whether a controller of these settings has it; default every one */
  readonly isOffered?: (settings: Settings) => boolean;
}

/** Whether a controller of these settings has a command. */
export function isOffered(command: AdminCommand, settings: Settings): boolean {
  return command.isOffered === undefined || command.isOffered(settings);
}

const SUPPORTED = COMMAND_EFFECTS.CSUPP.mask;
/** CSE: no other command should be outstanding to any namespace. */
const ALONE = 2;
/** Commands that may change data, and what namespaces there are, of a whole subsystem. */
const CHANGES_DATA = effectsOf(COMMAND_EFFECTS.LBCC.mask, ALONE, COMMAND_SCOPE_SUBSYSTEM);
const CHANGES_NAMESPACES = effectsOf(COMMAND_EFFECTS.NIC.mask, ALONE, COMMAND_SCOPE_NAMESPACE);

function effectsOf(changes: number, execution: number, scope: number): number {
  return COMMAND_EFFECTS.CSP.set(COMMAND_EFFECTS.CSE.set(SUPPORTED | changes, execution), scope);
}

/** Makes the handler of a command that is not allowed while a sanitize operation is in progress, or has failed. [Base] 5 */
function heldBySanitize(handler: AdminHandler): AdminHandler {
  return (inside, command) => inside.subsystem.sanitizer.restriction || handler(inside, command);
}

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
  {
    opcode: ADMIN_DOORBELL_BUFFER_CONFIG,
    effects: SUPPORTED,
    handler: heldBySanitize(configureDoorbellBuffers),
    isOffered: (settings) => settings.shadowDoorbells !== 'off',
  },
  {
    opcode: ADMIN_NAMESPACE_MANAGEMENT,
    effects: CHANGES_NAMESPACES | COMMAND_EFFECTS.NCC.mask,
    handler: heldBySanitize(namespaceManagement),
  },
  {
    opcode: ADMIN_FIRMWARE_COMMIT,
    effects: SUPPORTED | COMMAND_EFFECTS.CCC.mask,
    handler: heldBySanitize(firmwareCommit),
  },
  { opcode: ADMIN_FIRMWARE_DOWNLOAD, effects: SUPPORTED, handler: heldBySanitize(firmwareDownload) },
  { opcode: ADMIN_DEVICE_SELF_TEST, effects: SUPPORTED, handler: heldBySanitize(deviceSelfTest) },
  { opcode: ADMIN_NAMESPACE_ATTACHMENT, effects: CHANGES_NAMESPACES, handler: heldBySanitize(namespaceAttachment) },
  { opcode: ADMIN_DIRECTIVE_SEND, effects: SUPPORTED, handler: heldBySanitize(directiveSend) },
  { opcode: ADMIN_DIRECTIVE_RECEIVE, effects: SUPPORTED, handler: heldBySanitize(directiveReceive) },
  { opcode: ADMIN_FORMAT_NVM, effects: CHANGES_DATA | COMMAND_EFFECTS.NCC.mask, handler: heldBySanitize(formatNvm) },
  { opcode: ADMIN_SECURITY_SEND, effects: SUPPORTED, handler: heldBySanitize(securitySend) },
  { opcode: ADMIN_SECURITY_RECEIVE, effects: SUPPORTED, handler: heldBySanitize(securityReceive) },
  { opcode: ADMIN_SANITIZE, effects: CHANGES_DATA, handler: sanitize },
];
