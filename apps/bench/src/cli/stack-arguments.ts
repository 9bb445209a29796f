import type { StackOptions } from './bench-options.js';
import { faultText } from './fault-choice.js';
import { mediaName } from './own-options.js';
import { arbitrationText } from './queue-choices.js';

/** The options that make exactly this stack: what `readStackOptions` reads, written back. */
export function stackArguments(stack: StackOptions): string[] {
  const { media, metadataBytes, arbitration } = stack;
  const values: Readonly<Record<string, string | number | undefined>> = {
    layer: stack.layer,
    device: stack.device,
    media: mediaName(media),
    'media-size': stack.mediaBytes,
    'lba-bytes': stack.lbaBytes,
    'queue-pairs': stack.queuePairs,
    ring: stack.ringEntries,
    requests: stack.requests,
    controllers: stack.controllers,
    'fail-controller-after': stack.failControllerAfter,
    'sq-doorbell': stack.sqDoorbell,
    'cq-doorbell': stack.cqDoorbell,
    'completions-per-poll': stack.completionsPerPollMax,
    'callback-in': stack.callbackIn,
    scatter: stack.scatterSeed,
    seed: stack.seed,
    format: metadataBytes === undefined ? undefined : `${stack.lbaBytes}+${metadataBytes}`,
    'pi-type': stack.piType,
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
    ...given.map(([name, value]) => `--${name}=${value}`),
    ...(stack.faults ?? []).map((fault) => `--fault=${faultText(fault)}`),
    stack.lookAhead ? '--look-ahead' : '--no-look-ahead',
  ];
}
