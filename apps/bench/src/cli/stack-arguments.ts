import type { StackOptions } from './bench-options.js';
import { deviceTexts, isMadeForRun } from './device-choice.js';
import { faultText } from './fault-choice.js';
import { mediaName } from './media-choice.js';
import { arbitrationText } from './queue-choices.js';

/** The options that make exactly this stack: what `readStackOptions` reads, written back. */
export function stackArguments(stack: StackOptions): string[] {
  const { arbitration } = stack;
  const values: Readonly<Record<string, string | number | undefined>> = {
    layer: stack.layer,
    nsid: stack.nsid,
    ...(isMadeForRun(stack.device) ? makingOf(stack) : {}),
    'queue-pairs': stack.queuePairs,
    ring: stack.ringEntries,
    requests: stack.requests,
    'fail-controller-after': stack.failControllerAfter,
    'sq-doorbell': stack.sqDoorbell,
    'cq-doorbell': stack.cqDoorbell,
    'completions-per-poll': stack.completionsPerPollMax,
    'callback-in': stack.callbackIn,
    scatter: stack.scatterSeed,
    seed: stack.seed,
    pi: stack.pi === true ? 'on' : undefined,
    payload: stack.payload,
    iovecs: stack.iovecs,
    'shadow-doorbells': stack.shadowDoorbells,
    arbitration: arbitration === undefined ? undefined : arbitrationText(arbitration),
    completion: stack.completion,
    'fault-seed': stack.faultSeed,
    'io-timeout': stack.ioTimeoutMs,
    'on-lost': stack.onLost,
    retries: stack.retriesMax,
  };
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return [
    ...deviceTexts(stack.device).map((text) => `--device=${text}`),
    ...given.map(([name, value]) => `--${name}=${value}`),
    ...(stack.faults ?? []).map((fault) => `--fault=${faultText(fault)}`),
    ...(stack.allowWritesTo ?? []).map((serial) => `--allow-writes-to=${serial}`),
    stack.lookAhead ? '--look-ahead' : '--no-look-ahead',
  ];
}

function makingOf(stack: StackOptions): Readonly<Record<string, string | number | undefined>> {
  const { media, mediaBytes, lbaBytes, metadataBytes, piType, guardBits, controllers } = stack;
  return {
    media: mediaName(media),
    'media-size': mediaBytes,
    'lba-bytes': lbaBytes,
    format: metadataBytes === undefined ? undefined : `${lbaBytes}+${metadataBytes}`,
    'pi-type': piType,
    'pi-guard': guardBits,
    controllers,
  };
}
