/**
 * What the NVMe specification demands of a controller, as cases that run against anything that {@link ConformanceTarget} reaches. Start with
 * {@link runConformance} and {@link CONFORMANCE_CASES}.
 *
 * @packageDocumentation
 */

// 1. Run them
export { CONFORMANCE_CASES } from './conformance-cases.js';
export { caseTable } from './case-table.js';
export { type ConformanceTarget } from './conformance-target.js';
export { type ConformanceResult, runCase, runConformance } from './run-conformance.js';
export { gatherFacts } from './gather-facts.js';
export { type ControllerFacts, type NamespaceFacts } from './controller-facts.js';

// 2. Write more of them
export { type CaseDetails, CaseList, type ConformanceCase } from './conformance-case.js';
export { ConformanceHost, type EnableOptions } from './conformance-host.js';
export { HostMemory, type Prps } from './host-memory.js';
export { encodeRawCommand, type RawCommand } from './raw-command.js';
export { decodeRawCompletion, type RawCompletion } from './raw-completion.js';
export {
  makeRawQueues,
  RawCompletionQueue,
  type RawQueueShape,
  RawSubmissionQueue,
  type RingAllocator,
} from './raw-queue.js';
export { ConformanceFailure, demand, demandBytes, demandEqual, demandStatus, demandSuccess } from './failure.js';
