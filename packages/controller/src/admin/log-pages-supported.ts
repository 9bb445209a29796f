import {
  GET_LOG_PAGE_CDW10,
  LOG_ANA,
  LOG_ANA_LSP_GROUPS_ONLY,
  LOG_CHANGED_ALLOCATED_NAMESPACES,
  LOG_CHANGED_NAMESPACES,
  LOG_COMMAND_EFFECTS,
  LOG_DEVICE_SELF_TEST,
  LOG_ERROR_INFORMATION,
  LOG_FEATURE_EFFECTS,
  LOG_FIRMWARE_SLOT,
  LOG_PERSISTENT_EVENT,
  LOG_RESERVATION_NOTIFICATION,
  LOG_SANITIZE_STATUS,
  LOG_SMART,
  LOG_SUPPORT,
  LOG_SUPPORTED_PAGES,
  LOG_TELEMETRY_CONTROLLER,
  LOG_TELEMETRY_HOST,
  LOG_TELEMETRY_LSP_CREATE,
  SUPPORTED_LOGS_BYTES,
  TELEMETRY_BLOCK_BYTES,
} from '@phasebit/nvme-spec';
import { entryOfAnaPage } from '../ana-groups.js';
import type { Command } from '../command.js';
import type { Internals } from '../internals.js';
import { commandEffects, featureEffects } from './effects-pages.js';
import { always } from './feature.js';
import type { LogPageSource } from './log-page-source.js';
import { persistentEventPage } from './persistent-event-page.js';

/** Every log page there is. What is not here, or not present, is an invalid log page. [Base] 5.1.12.1 */
export const LOG_PAGES_SUPPORTED: ReadonlyMap<number, LogPageSource> = new Map<number, LogPageSource>([
  [LOG_SUPPORTED_PAGES, { isPresent: always, isAllowedBySanitize: false, page: supportedPages }],
  [LOG_ERROR_INFORMATION, { isPresent: always, isAllowedBySanitize: true, page: errorInformation }],
  [LOG_SMART, { isPresent: always, isAllowedBySanitize: true, page: ({ health }) => health.page() }],
  [
    LOG_FIRMWARE_SLOT,
    { isPresent: always, isAllowedBySanitize: false, page: ({ subsystem }) => subsystem.firmware.page() },
  ],
  [
    LOG_CHANGED_NAMESPACES,
    {
      isPresent: always,
      isAllowedBySanitize: true,
      page: ({ changedNamespaces }) => changedNamespaces.page(),
      cleared: ({ changedNamespaces }) => changedNamespaces.clear(),
    },
  ],
  [LOG_COMMAND_EFFECTS, { isPresent: always, isAllowedBySanitize: false, page: commandEffects }],
  [LOG_DEVICE_SELF_TEST, { isPresent: always, isAllowedBySanitize: false, page: ({ selfTest }) => selfTest.page() }],
  [
    LOG_TELEMETRY_HOST,
    { isPresent: always, isAllowedBySanitize: false, page: hostTelemetry, granularityBytes: TELEMETRY_BLOCK_BYTES },
  ],
  [
    LOG_TELEMETRY_CONTROLLER,
    {
      isPresent: always,
      isAllowedBySanitize: false,
      page: ({ telemetry }) => telemetry.controllerPage(),
      granularityBytes: TELEMETRY_BLOCK_BYTES,
      cleared: ({ telemetry }) => telemetry.acknowledge(),
    },
  ],
  [
    LOG_ANA,
    {
      isPresent: ({ subsystem }) => subsystem.settings.anaGroups > 0,
      isAllowedBySanitize: true,
      page: anaGroups,
      entryAt: entryOfAnaPage,
    },
  ],
  [LOG_PERSISTENT_EVENT, persistentEventPage],
  [LOG_FEATURE_EFFECTS, { isPresent: always, isAllowedBySanitize: false, page: featureEffects }],
  [
    LOG_CHANGED_ALLOCATED_NAMESPACES,
    {
      isPresent: always,
      isAllowedBySanitize: false,
      page: ({ changedAllocated }) => changedAllocated.page(),
      cleared: ({ changedAllocated }) => changedAllocated.clear(),
    },
  ],
  [
    LOG_RESERVATION_NOTIFICATION,
    { isPresent: always, isAllowedBySanitize: true, page: ({ reservationLog }) => reservationLog.take() },
  ],
  [
    LOG_SANITIZE_STATUS,
    { isPresent: always, isAllowedBySanitize: true, page: ({ subsystem }) => subsystem.sanitizer.page() },
  ],
]);

function supportedPages(inside: Internals): Uint8Array {
  const view = new DataView(new ArrayBuffer(SUPPORTED_LOGS_BYTES));
  for (const [id, { isPresent, entryAt, specific = 0 }] of LOG_PAGES_SUPPORTED) {
    if (!isPresent(inside)) continue;
    const word = LOG_SUPPORT.IOS.set(LOG_SUPPORT.LSUPP.set(0, 1), entryAt === undefined ? 0 : 1);
    view.setUint32(id * 4, LOG_SUPPORT.LIDSP.set(word, specific), true);
  }
  return new Uint8Array(view.buffer);
}

/** While a sanitize operation goes on, the log does not say which blocks were concerned. [Base] 5 */
function errorInformation({ errors, subsystem }: Internals): Uint8Array {
  return errors.page(subsystem.sanitizer.restriction === 0);
}

function hostTelemetry(inside: Internals, command: Command): Uint8Array {
  const parameter = GET_LOG_PAGE_CDW10.LSP.get(command.cdw(10));
  if ((parameter & LOG_TELEMETRY_LSP_CREATE) !== 0) inside.telemetry.captureForHost(inside);
  return inside.telemetry.hostPage();
}

function anaGroups({ ana }: Internals, command: Command): Uint8Array {
  const parameter = GET_LOG_PAGE_CDW10.LSP.get(command.cdw(10));
  return ana.page((parameter & LOG_ANA_LSP_GROUPS_ONLY) !== 0);
}
