import type { StackOptions } from './bench-options.js';

/** The options that make exactly this stack: what `readStackOptions` reads, written back. */
export function stackArguments(stack: StackOptions): string[] {
  const { media } = stack;
  const values: Readonly<Record<string, string | number | undefined>> = {
    layer: stack.layer,
    device: stack.device,
    media: media.kind === 'file' ? `file:${media.path}` : media.kind,
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
  };
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return [...given.map(([name, value]) => `--${name}=${value}`), stack.lookAhead ? '--look-ahead' : '--no-look-ahead'];
}
