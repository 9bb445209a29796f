import { ADMIN_QUEUE_CASES } from './cases/admin-queue.js';
import { ARBITRATION_CASES } from './cases/arbitration.js';
import { CONSISTENCY_CASES } from './cases/consistency.js';
import { COPY_CASES } from './cases/copy.js';
import { CREATE_QUEUE_CASES } from './cases/create-queues.js';
import { DATASET_CASES } from './cases/dataset-management.js';
import { DELETE_QUEUE_CASES } from './cases/delete-queues.js';
import { DIRECTIVE_CASES } from './cases/directives.js';
import { DOORBELL_CASES } from './cases/doorbells.js';
import { ENABLE_CASES } from './cases/enable.js';
import { EVENT_AND_ABORT_CASES } from './cases/events-and-abort.js';
import { FEATURE_CASES } from './cases/features.js';
import { FIRMWARE_CASES } from './cases/firmware.js';
import { FORMAT_CASES } from './cases/format.js';
import { FUSED_CASES } from './cases/fused.js';
import { HOST_IDENTITY_CASES } from './cases/host-identity.js';
import { IDENTIFY_CASES } from './cases/identify.js';
import { INTERRUPT_CASES } from './cases/interrupts.js';
import { LOG_CASES } from './cases/logs.js';
import { METADATA_CASES } from './cases/metadata.js';
import { NAMESPACE_ATTACHMENT_CASES } from './cases/namespace-attachment.js';
import { NAMESPACE_MANAGEMENT_CASES } from './cases/namespace-management.js';
import { OTHER_IO_CASES } from './cases/other-io.js';
import { PERSISTENT_EVENT_CASES } from './cases/persistent-events.js';
import { PROTECTION_CASES } from './cases/protection.js';
import { PRP_CASES } from './cases/prp.js';
import { READ_WRITE_CASES } from './cases/read-write.js';
import { REGISTER_CASES } from './cases/registers.js';
import { RESERVATION_REFUSAL_CASES } from './cases/reservation-refusals.js';
import { RESERVATION_CASES } from './cases/reservations.js';
import { SANITIZE_CASES } from './cases/sanitize.js';
import { SECURITY_CASES } from './cases/security.js';
import { SELF_TEST_CASES } from './cases/self-test.js';
import { SGL_CASES } from './cases/sgl.js';
import { SHADOW_DOORBELL_CASES } from './cases/shadow-doorbells.js';
import { SUBSYSTEM_REGISTER_CASES } from './cases/subsystem-registers.js';
import { WRITE_PROTECTION_CASES } from './cases/write-protection.js';
import type { ConformanceCase } from './conformance-case.js';

/** Every case, in the order in which they are best run: what later ones build upon comes first. */
export const CONFORMANCE_CASES: readonly ConformanceCase[] = [
  ...REGISTER_CASES,
  ...ENABLE_CASES,
  ...ADMIN_QUEUE_CASES,
  ...CREATE_QUEUE_CASES,
  ...DELETE_QUEUE_CASES,
  ...DOORBELL_CASES,
  ...IDENTIFY_CASES,
  ...FEATURE_CASES,
  ...LOG_CASES,
  ...EVENT_AND_ABORT_CASES,
  ...READ_WRITE_CASES,
  ...PRP_CASES,
  ...SGL_CASES,
  ...OTHER_IO_CASES,
  ...DATASET_CASES,
  ...FUSED_CASES,
  ...COPY_CASES,
  ...INTERRUPT_CASES,
  ...SHADOW_DOORBELL_CASES,
  ...DIRECTIVE_CASES,
  ...FIRMWARE_CASES,
  ...FORMAT_CASES,
  ...NAMESPACE_ATTACHMENT_CASES,
  ...NAMESPACE_MANAGEMENT_CASES,
  ...SANITIZE_CASES,
  ...SECURITY_CASES,
  ...SELF_TEST_CASES,
  ...HOST_IDENTITY_CASES,
  ...RESERVATION_CASES,
  ...RESERVATION_REFUSAL_CASES,
  ...WRITE_PROTECTION_CASES,
  ...METADATA_CASES,
  ...PROTECTION_CASES,
  ...ARBITRATION_CASES,
  ...PERSISTENT_EVENT_CASES,
  ...CONSISTENCY_CASES,
  ...SUBSYSTEM_REGISTER_CASES,
];
